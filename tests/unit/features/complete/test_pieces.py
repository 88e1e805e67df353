"""Reading a prompt's beginning ahead, piece by piece."""

from contextlib import aclosing, asynccontextmanager

from homebody.engine import open_engine
from homebody.features.complete import complete, prepare
from homebody.features.complete.reader import piece_tokens
from homebody.session.session import Session
from homebody.settings import BackendSettings
from homebody.text import Document
from support.documents import numbered, typed
from support.gated import settings_for
from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel
from support.until import until


async def test_a_request_reads_all_but_its_last_piece_in_pieces(world):
    async with world("x\n", context_length=4096) as w:
        w.engine.completion.speed.prompt = 400
        document = numbered("alpha")
        await complete(w.engine, document, len(document.text), session=w.session)
        await w.session.stop_background()
        piece = piece_tokens(w.engine.completion)
        *pieces, asked = w.backend.requests[: w.backend.requests.index(w.asked[0]) + 1]
        tokens = await w.backend.count_prompt(asked.prompt)
        assert {request.sampling for request in pieces} == {None}
        assert 0 < tokens - piece * len(pieces) <= piece


_CODE = "".join(f"    total = total + value_{number}\n" for number in range(4000))


@asynccontextmanager
async def _ollama(reading_speed: float):
    with OllamaDouble([OllamaModel("qwen2.5-coder:7b", fim=True)], default_num_ctx=32_768) as double:
        double.reading_speed = reading_speed
        settings = settings_for(BackendSettings(kind="ollama", url=double.url))
        async with open_engine(settings) as engine, aclosing(Session(engine)) as session:

            def prompts() -> list[str]:
                sent = (r.json for r in double.requests if r.path == "/api/generate")
                return [body["prompt"] for body in sent if body.get("prompt")]

            yield engine, session, prompts


async def test_a_slow_server_without_token_ids_gets_no_more_than_it_reads_in_time(own_folders):
    async with _ollama(reading_speed=100.0) as (engine, session, prompts):
        document = Document.create("file:///long.py", "python", 1, f"def main(total):\n{_CODE}    ")
        engine.trees.open(document)
        await prepare(engine, document, len(document.text), session=session)
        await until(lambda: session.document_state(document.uri).windows.current is not None)
        await complete(engine, document, len(document.text), session=session)

        assert 50 <= engine.completion.speed.prompt <= 200
        counts = [engine.completion.tokens.count(prompt) for prompt in prompts()]
        assert max(counts) <= 1000


async def test_on_a_server_without_token_ids_a_key_is_one_request(own_folders):
    with OpenAiDouble([OpenAiModel("coder")], "vllm", answer=lambda _: "value_1\n") as double:
        settings = settings_for(BackendSettings(kind="openai", url=double.url))
        document, offset = numbered("alpha"), len(numbered("alpha").text)
        async with open_engine(settings) as engine, aclosing(Session(engine)) as session:
            for key in "qrs":
                document, offset = typed(document, offset, key)
                before = len(double.requests)
                await complete(engine, document, offset, session=session)
                paths = [request.path for request in double.requests[before:]]
                await session.stop_background()
        assert paths == ["/v1/completions"]
