"""Measures the cost of a conversation and an explanation: evaluated tokens, seconds to the first word.

Starts a host with the default weights and uses the features, as editors and the command line do.

A conversation of ten questions about one file. For each question from the second on: tokens that the
server evaluated, beside the question's own and those of the answer before it (the prompt's growth, by the
server's counts); at most five percent more than these is the goal.

The same for a second question after something else: with an attached file, after a regenerated answer, after
a question in another conversation, after an explanation, and after a completion in the same file. The other
work leaves the model's cache in another state.

An explanation in a file of 5,000 lines (modules of the standard library, one after the other): of the
function around the cursor, of the whole file, and of 1,500 selected lines. Seconds to the first word,
compared with the reading budget (`chat.readingSeconds`) plus one second; the model's cache is cold each time.
"Before" is the time until Homebody sends the request: parsing, choosing, counting, measuring.

    python benchmarks/ask.py [READING_SECONDS]
"""

import ast
import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from homebody.audit import PromptRecord
from homebody.engine import Engine, open_engine
from homebody.features.ask import ask, regenerate
from homebody.features.attachments import Attached, attach_document
from homebody.features.complete import complete
from homebody.features.explain import explain
from homebody.session.conversation import Conversation
from homebody.session.session import Session
from homebody.settings import BackendSettings, ChatSettings, Settings
from homebody.text import Document, Span
from measure.model import Model, default_weights, open_model
from measure.table import percent, print_table

_ALLOWED = "allowed 105 %"
_GROWN = ("prompt", "own + last answer", "evaluated", "part")
LINES = 5000
SELECTED_LINES = 1500
QUESTIONS = (
    "What does this file do?",
    "Which function would you read first, and why?",
    "What happens with an empty list?",
    "Is there anything in it that could raise an exception?",
    "How would you test it?",
    "Write a short test for the first function.",
    "What would you rename?",
    "Can the longest function be split in two?",
    "Which of these functions is the slowest, and how do you know that?",
    "Summarize this conversation.",
)


async def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else ChatSettings().reading_seconds
    async with open_model(default_weights()) as model:
        rows = await conversation(model)
        print_table(f"Questions two to ten; {_ALLOWED}", ("question", *_GROWN, "first word, ms"), rows)
        rows = await interruptions(model)
        print_table(f"The second question after other work; {_ALLOWED}", ("between", *_GROWN), rows)
        rows = await explanations(model, seconds)
        title = f"First word in {LINES} lines; reading budget {seconds:g} s, allowed {seconds + 1:g} s"
        print_table(title, ("explained", "prompt tokens", "first word, s", "of it before, s"), rows)


async def conversation(model: Model) -> list[list[str]]:
    """Ask ten questions about one file."""
    text = Path(ast.__file__).with_name("bisect.py").read_text("utf-8")
    document = Document.create("file:///w/bisect.py", "python", 1, text)
    rows: list[list[str]] = []
    before: PromptRecord | None = None
    # Everything is read, and answers are short: ten of them fit the context without being shortened.
    async with engine_on(model, 192, 600) as engine:
        going = Conversation("benchmark")
        for number, question in enumerate(QUESTIONS, 1):
            reply = await ask(engine, question, conversation=going, document=document)
            assert not any(left.uri == going.uri for left in reply.left_out), "a turn was shortened"
            record = _record(engine, going.uri)
            if before is not None:
                first_word = f"{record.timings['first_token']:.0f}"
                rows.append([f"{number}", *_grown(before, record), first_word])
            before = record
    return rows


async def interruptions(model: Model) -> list[list[str]]:
    """Ask a second question after other work; each time in a conversation of its own."""
    library = Path(ast.__file__).parent
    document = Document.create("file:///w/bisect.py", "python", 1, (library / "bisect.py").read_text("utf-8"))
    other = Document.create(
        "file:///w/colorsys.py", "python", 1, (library / "colorsys.py").read_text("utf-8")
    )
    rows: list[list[str]] = []
    async with (
        engine_on(model, 96, 600) as engine,
        aclosing(Session(engine)) as session,
    ):
        completed = document.text.index("    while lo < hi:")
        elsewhere = Conversation("elsewhere")

        async def nothing(_: Conversation) -> None: ...

        async def again(going: Conversation) -> None:
            await regenerate(engine, going)

        async def second_conversation(_: Conversation) -> None:
            await ask(engine, "What does this file do?", conversation=elsewhere, document=other)

        async def explanation(_: Conversation) -> None:
            await explain(engine, other, Span(0, 0))

        async def completion(_: Conversation) -> None:
            await complete(engine, document, completed, session=session, trigger="invoked")

        work = {
            "nothing": nothing,
            "a file attached to the question": nothing,
            "a regenerated answer": again,
            "a question in another conversation": second_conversation,
            "an explanation": explanation,
            "a completion": completion,
        }
        for number, (name, between) in enumerate(work.items()):
            going = Conversation(f"benchmark{number}")
            # Each conversation begins in its own way, so that no cache of another one serves it.
            await ask(engine, f"{number}: {QUESTIONS[0]}", conversation=going, document=document)
            before = _record(engine, going.uri)
            await between(going)
            attached = [Attached((await attach_document(engine, other),))] if "attached" in name else []
            await ask(engine, QUESTIONS[2], conversation=going, attachments=attached)
            rows.append([name, *_grown(before, _record(engine, going.uri))])
    return rows


def _record(engine: Engine, uri: str) -> PromptRecord:
    record = engine.audit.last(uri)
    assert record is not None
    return record


def _grown(before: PromptRecord, after: PromptRecord) -> list[str]:
    """What a prompt grew by, and what the server evaluated of it."""
    assert after.evaluated_tokens is not None
    grown = after.prompt_tokens - before.prompt_tokens
    counts = (after.prompt_tokens, grown, after.evaluated_tokens)
    return [*map(str, counts), percent(after.evaluated_tokens, grown)]


async def explanations(model: Model, seconds: float) -> list[list[str]]:
    """Explain three spans of a long file; yields the time to the first word of each."""
    document = long_document()
    middle = document.text.index("def ", document.line_starts[LINES // 2])
    first, last = document.line_starts[1000], document.line_starts[1000 + SELECTED_LINES]
    wanted = (
        ("the function around the cursor", Span(middle + 4, middle + 4)),
        ("the whole file, by its outline", None),
        (f"{SELECTED_LINES} selected lines, the first part", Span(first, last)),
    )
    rows: list[list[str]] = []
    for name, span in wanted:
        async with engine_on(model, 64, seconds) as engine:
            # In normal use the speed is known: only the first request of a session has to measure it.
            await engine.chat.describe()
            began, clock = time.perf_counter(), time.time()
            came = asyncio.Event()

            def on_text(text: str, came: asyncio.Event = came) -> None:
                if text.strip() and not text.lstrip().startswith("#"):
                    came.set()

            task = asyncio.create_task(explain(engine, document, span, on_text=on_text))
            await came.wait()
            waited = time.perf_counter() - began
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            record = _record(engine, document.uri)
            times = (waited, record.when - clock)
            rows.append([name, f"{record.prompt_tokens}", *(f"{time:.2f}" for time in times)])
    return rows


@asynccontextmanager
async def engine_on(model: Model, tokens: int, seconds: float) -> AsyncGenerator[Engine]:
    """An engine whose chats the given host answers, of so many tokens, with this reading budget."""
    backend = BackendSettings(kind="llama.cpp", url=model.url, api_key=model.key)
    chat = ChatSettings(max_tokens=tokens, reading_seconds=seconds, backend=backend, temperature=0.0)
    async with open_engine(Settings(backend=backend, chat=chat)) as engine:
        yield engine


def long_document() -> Document:
    """5,000 lines of Python."""
    library = Path(ast.__file__).parent
    names = ("argparse.py", "typing.py", "inspect.py")
    text = "".join((library / name).read_text("utf-8") for name in names)
    text = "".join(text.splitlines(keepends=True)[:LINES])
    return Document.create("file:///w/long.py", "python", 1, text)


if __name__ == "__main__":
    asyncio.run(main())
