"""Doctor and bench: what they say of a model that is there, and of one that is not."""

from homebody.audit import Audit
from homebody.backend.base import FimTokens
from homebody.backend.scripted import Reply
from homebody.features.bench import bench
from homebody.features.doctor import doctor

_QWEN = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


def _texts(findings) -> str:
    return "\n".join(finding.text for finding in findings)


async def test_a_model_without_fim_is_told_with_what_to_do(world):
    """The command that helps stands beside it."""
    async with world("word " * 64) as w:
        [completion, _] = (await doctor(w.engine)).uses
        [finding] = [found for found in completion.findings if "fill-in-the-middle" in found.text]
        assert "homebody models install" in (finding.command or "")


async def test_a_fim_model_is_named_by_its_family(world):
    """So that one sees how its prompts are laid out."""
    async with world("word " * 64, fim=_QWEN, architecture="qwen2") as w:
        [completion, _] = (await doctor(w.engine)).uses
        assert completion.fim == "Qwen2.5-Coder, Qwen3-Coder"


async def test_a_short_context_is_a_problem(world):
    """Served, not trained, is what counts."""
    async with world("word " * 64, context_length=1024) as w:
        diagnosis = await doctor(w.engine)
        assert "Only 1024 tokens of context are served" in _texts(diagnosis.uses[0].findings)


async def test_a_server_that_is_away_is_said_and_nothing_is_raised(world):
    """Its own sentence, once a use."""
    async with world(Reply(fault="unavailable")) as w:
        diagnosis = await doctor(w.engine)
        assert [use.model for use in diagnosis.uses] == [None, None]
        assert diagnosis.uses[0].findings[0].level == "problem"


async def test_a_model_without_chat_is_no_use_for_edits(world):
    """Each use is judged for itself."""
    async with world("word " * 64, chat_template=False) as w:
        diagnosis = await doctor(w.engine)
        assert "need an instruct model" in _texts(diagnosis.uses[1].findings)


async def test_wrong_settings_and_keys_in_files_are_pointed_at(world):
    """Beside what the sources said."""
    async with world("word " * 64) as w:
        origins = {"backend.api_key": "/home/me/config.toml"}
        diagnosis = await doctor(w.engine, problems=["backend.knid does not exist."], origins=origins)
        assert "backend.knid does not exist." in _texts(diagnosis.findings)
        assert "An API key stands in a file" in _texts(diagnosis.findings)


async def test_what_earlier_sessions_saw_is_kept(world):
    """A prompt that a server cut is no secret."""
    assert Audit().last() is None
    async with world("word " * 64) as w:
        assert (await doctor(w.engine)).findings == ()


async def test_bench_measures_as_far_as_the_context_goes(world):
    """And every prompt is a new one."""
    async with world("word " * 64, context_length=4096) as w:
        measured = await bench(w.engine)
        assert [row.prompt_tokens // 256 for row in measured.rows] in ([1, 7], [2, 8], [1, 8], [2, 7])
        prompts = [request.prompt.text for request in w.asked[::2]]
        assert len({text.splitlines()[0] for text in prompts}) == len(prompts)
