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
import itertools
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
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

ALLOWED = 1.05
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


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: tokens of its prompt, those that the server evaluated, milliseconds to the first word."""

    prompt: int
    evaluated: int
    first_word: float


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation: tokens of its first prompt, seconds to the first word and to the request."""

    name: str
    prompt: int
    first_word: float
    before: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A second question after other work: its prompt, what the prompt grew by, what the server evaluated."""

    name: str
    prompt: int
    grown: int
    evaluated: int


async def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else ChatSettings().reading_seconds
    async with open_model(default_weights()) as model:
        print_questions(await conversation(model))
        print_interruptions(await interruptions(model))
        print_explanations(seconds, await explanations(model, seconds))


async def conversation(model: Model) -> list[Asked]:
    """Ask ten questions about one file."""
    text = Path(ast.__file__).with_name("bisect.py").read_text("utf-8")
    document = Document.create("file:///w/bisect.py", "python", 1, text)
    found: list[Asked] = []
    # Everything is read, and answers are short: ten of them fit the context without being shortened.
    async with engine_on(model, ChatSettings(max_tokens=192, reading_seconds=600)) as engine:
        going = Conversation("benchmark")
        for question in QUESTIONS:
            reply = await ask(engine, question, conversation=going, document=document)
            record = engine.audit.last(going.uri)
            assert record is not None
            assert record.evaluated_tokens is not None
            assert not any(left.uri == going.uri for left in reply.left_out), "a turn was shortened"
            first_word = record.timings["first_token"]
            found.append(Asked(record.prompt_tokens, record.evaluated_tokens, first_word))
    return found


async def interruptions(model: Model) -> list[Interrupted]:
    """Ask a second question after other work; each time in a conversation of its own."""
    library = Path(ast.__file__).parent
    document = Document.create("file:///w/bisect.py", "python", 1, (library / "bisect.py").read_text("utf-8"))
    other = Document.create(
        "file:///w/colorsys.py", "python", 1, (library / "colorsys.py").read_text("utf-8")
    )
    found: list[Interrupted] = []
    async with (
        engine_on(model, ChatSettings(max_tokens=96, reading_seconds=600)) as engine,
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
            before = _record(engine, going)
            await between(going)
            attached = [Attached((await attach_document(engine, other),))] if "attached" in name else []
            await ask(engine, QUESTIONS[2], conversation=going, attachments=attached)
            after = _record(engine, going)
            assert after.evaluated_tokens is not None
            grown = after.prompt_tokens - before.prompt_tokens
            found.append(Interrupted(name, after.prompt_tokens, grown, after.evaluated_tokens))
    return found


def _record(engine: Engine, going: Conversation) -> PromptRecord:
    record = engine.audit.last(going.uri)
    assert record is not None
    return record


async def explanations(model: Model, seconds: float) -> list[Explained]:
    """Explain three spans of a long file; yields the time to the first word of each."""
    document = long_document()
    middle = document.text.index("def ", document.line_starts[LINES // 2])
    first, last = document.line_starts[1000], document.line_starts[1000 + SELECTED_LINES]
    wanted = (
        ("the function around the cursor", Span(middle + 4, middle + 4)),
        ("the whole file, by its outline", None),
        (f"{SELECTED_LINES} selected lines, the first part", Span(first, last)),
    )
    found: list[Explained] = []
    for name, span in wanted:
        async with engine_on(model, ChatSettings(max_tokens=64, reading_seconds=seconds)) as engine:
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
            record = engine.audit.last(document.uri)
            assert record is not None
            found.append(Explained(name, record.prompt_tokens, waited, record.when - clock))
    return found


@asynccontextmanager
async def engine_on(model: Model, chat: ChatSettings) -> AsyncGenerator[Engine]:
    """An engine whose chats the given host answers."""
    backend = BackendSettings(kind="llama.cpp", url=model.url, api_key=model.key)
    chat = ChatSettings(
        max_tokens=chat.max_tokens, reading_seconds=chat.reading_seconds, backend=backend, temperature=0.0
    )
    async with open_engine(Settings(backend=backend, chat=chat)) as engine:
        yield engine


def long_document() -> Document:
    """5,000 lines of Python."""
    library = Path(ast.__file__).parent
    names = ("argparse.py", "typing.py", "inspect.py")
    text = "".join((library / name).read_text("utf-8") for name in names)
    text = "".join(text.splitlines(keepends=True)[:LINES])
    return Document.create("file:///w/long.py", "python", 1, text)


def print_questions(found: list[Asked]) -> None:
    """Print the cost of each question."""
    rows: list[list[str]] = []
    worst = 0.0
    for number, (before, asked) in enumerate(itertools.pairwise(found), 2):
        grown = asked.prompt - before.prompt
        worst = max(worst, asked.evaluated / grown)
        rows.append(
            [
                str(number),
                str(asked.prompt),
                str(grown),
                str(asked.evaluated),
                percent(asked.evaluated, grown),
                f"{asked.first_word:.0f}",
            ]
        )
    title = f"Questions two to ten; the most {100 * worst:.1f} %, allowed {100 * ALLOWED:.0f} %"
    print_table(
        title, ["question", "prompt", "own + last answer", "evaluated", "part", "first word, ms"], rows
    )


def print_interruptions(found: list[Interrupted]) -> None:
    """Print what a second question cost after other work."""
    print_table(
        f"The second question after other work; allowed {100 * ALLOWED:.0f} %",
        ["between the questions", "prompt", "own + last answer", "evaluated", "part"],
        [
            [one.name, str(one.prompt), str(one.grown), str(one.evaluated), percent(one.evaluated, one.grown)]
            for one in found
        ],
    )


def print_explanations(seconds: float, found: list[Explained]) -> None:
    """Print the time to the first word."""
    title = f"First word in a file of {LINES} lines; reading budget {seconds:g} s, allowed {seconds + 1:g} s"
    print_table(
        title,
        ["explained", "prompt tokens", "first word, s", "of it before, s"],
        [[one.name, str(one.prompt), f"{one.first_word:.2f}", f"{one.before:.2f}"] for one in found],
    )


if __name__ == "__main__":
    asyncio.run(main())
