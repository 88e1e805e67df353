"""Measures the tokens read for a first and a second instruction about the same code, and for a refinement.

    .venv/bin/python benchmarks/second_instruction.py

With the default weights, in files of the standard library. Answers are cut short; only the prompts are
measured.
"""

import asyncio
import importlib
import inspect

from homebody.audit import Audit, PromptRecord
from homebody.engine import open_engine
from homebody.features.refactor import refactor, refine
from homebody.session.session import Session
from homebody.settings import BackendSettings, ChatSettings, Settings
from homebody.text import Document, Span

PLACES = (
    ("textwrap", "def dedent("),
    ("shlex", "def quote("),
    ("heapq", "def heapreplace("),
    ("statistics", "def correlation("),
    ("shutil", "def chown("),
    ("random", "def getrandbits("),
)
INSTRUCTIONS = (
    "Use shorter variable names.",
    "Give each variable a name that says what it holds, and split lines that are longer than 60 characters.",
    "Use early returns.",
)


async def main() -> None:
    """Print a row for each place."""
    backend = BackendSettings(kind="embedded", context_length=4096)
    settings = Settings(backend=backend, chat=ChatSettings(backend=backend))
    print("place                    prompt  first  second  third  refined   (tokens evaluated)")
    records = _Records()
    async with open_engine(settings) as engine:
        engine.audit = records
        session = Session(engine)
        for module, header in PLACES:
            text = inspect.getsource(importlib.import_module(module))
            document = Document.create(f"file:///{module}.py", "python", 1, text)
            at = text.index(header)
            evaluated: list[int] = []
            prompt = 0
            found = None
            for instruction in INSTRUCTIONS:
                found = await refactor(
                    engine, document, Span(at, at), instruction=instruction, session=session
                )
                tokens, read = records.read()
                prompt = prompt or tokens
                evaluated.append(read)
            if found is not None:
                await refine(found, "Keep the names.")
                evaluated.append(records.read()[1])
            columns = "  ".join(f"{number:>6}" for number in (prompt, *evaluated))
            print(f"{module + '.' + header[4:-1]:<24}{columns}", flush=True)
        await session.aclose()


class _Records(Audit):
    """Keeps the first prompt of each request: a retry of the same request is not counted."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[PromptRecord] = []

    def record(self, record: PromptRecord) -> None:
        self._kept.append(record)

    def read(self) -> tuple[int, int]:
        """Tokens of the prompt since the last call, and how many of them were evaluated."""
        first, *_ = self._kept
        self._kept.clear()
        return first.prompt_tokens, first.evaluated_tokens or 0


if __name__ == "__main__":
    asyncio.run(main())
