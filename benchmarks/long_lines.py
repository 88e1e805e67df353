"""Measures the cost of very long lines on the event loop: 36 shapes in eight languages, at three cursors.

For each, the work for a keystroke and its answer: the context at the cursor, the scopes and names around it,
each piece of a streamed answer, the finished suggestion, and a whole request with a scripted model. Prints
the maximum of each step in milliseconds of the thread's processor time, which excludes other processes, and
the slowest lines.

    python benchmarks/long_lines.py [SIZES, by default 20000,200000 [LANGUAGES, by default eight]]
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec

from homebody.backend.base import Backend, Piece
from homebody.backend.gate import Gated
from homebody.backend.scripted import Reply, ScriptedBackend
from homebody.engine import Engine, Use
from homebody.features.complete import complete
from homebody.postprocess.ghost.finish import finish
from homebody.postprocess.ghost.stop import StopChecker
from homebody.session.session import Session
from homebody.settings import CompletionSettings, Settings
from homebody.syntax.cursor import cursor_context
from homebody.syntax.identifiers import identifiers_near
from homebody.syntax.scope import scopes_at
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit

LANGUAGES = ("python", "javascript", "rust", "c", "ruby", "html", "yaml", "unknown")
UNITS = {
    "minified": "var a=b(c,{d:1,e:[2,3]}),f=function(g){return g+1};",
    "letters": "a",
    "hexadecimal": "9f3a",
    "words": "lorem ipsum ",
    "digits": "7",
    "numbers": "12, ",
    "underscores": "_",
    "blanks": " ",
    "tabs": "\t",
    "round open": "(",
    "square open": "[",
    "curly open": "{",
    "round closed": ")",
    "mixed open": "([{",
    "mixed closed": ")]}",
    "pairs": "()",
    "strings": '"a", ',
    "characters": "'a', ",
    "lone quotes": "'",
    "double quotes": '"',
    "triple quotes": '"""',
    "backticks": "`",
    "backslashes": "\\",
    "escaped quotes": '\\"',
    "comments opened": "/* ",
    "comments": "/* a */ ",
    "slashes": "/",
    "hashes": "#",
    "dashes": "-",
    "tags opened": "<a",
    "tags": "<p>a</p>",
    "dots": ".",
    "colons": "a: ",
    "semicolons": ";",
    "keywords": "return lambda function ",
    "emoji": "😀",
}
_P = ParamSpec("_P")
ANSWERS = ("a);\n", ")" * 40 + ";\n", "9f3a9f3a\n", " value(1, [2, 3])\n    return 1\n\n")


@dataclass
class Worst:
    """Longest time of each step in milliseconds, and its line."""

    found: dict[str, tuple[float, str]] = field(default_factory=dict[str, tuple[float, str]])

    def step(self, name: str, line: str, do: Callable[_P, object], *args: _P.args, **kw: _P.kwargs) -> None:
        """Time one call of ``do``."""
        began = time.thread_time()
        do(*args, **kw)
        self.note(name, line, (time.thread_time() - began) * 1e3)

    def note(self, name: str, line: str, milliseconds: float) -> None:
        """Keep the time if it is the longest."""
        if milliseconds > self.found.get(name, (0.0, ""))[0]:
            self.found[name] = milliseconds, line


async def main() -> None:
    """Measure and print."""
    sizes = [int(size) for size in (sys.argv[1] if len(sys.argv) > 1 else "20000,200000").split(",")]
    languages = sys.argv[2].split(",") if len(sys.argv) > 2 else LANGUAGES
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("CONFIG", "CACHE", "STATE"):
            os.environ[f"HOMEBODY_{kind}_DIR"] = f"{folder}/{kind}"
        for size in sizes:
            worst = Worst()
            requests: list[tuple[float, str]] = []
            for language in languages:
                for name, unit in UNITS.items():
                    await _line(f"{name} in {language}", language, _repeated(unit, size), worst, requests)
            print(f"\nLines of {size:,} characters, {len(requests):,} cursors\n")
            for step, (milliseconds, line) in worst.found.items():
                print(f"{step:<24}{milliseconds:>9.1f} ms  {line}")
            slowest = (f"{milliseconds:.0f} ms {line}" for milliseconds, line in sorted(requests)[-3:])
            print("\nslowest requests:", *slowest, sep="\n  ")


def _repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


async def _line(name: str, language: str, text: str, worst: Worst, requests: list[tuple[float, str]]) -> None:
    """Run every step at the beginning, in the middle and at the end of a line."""
    head = "x = 1\n"
    document = Document.create("file:///long", language, 1, f"{head}f(a{text}\ny = 2\n")
    tree = parse(document)
    start = len(head) + 3
    for where, offset in (("start", start), ("middle", start + len(text) // 2), ("end", start + len(text))):
        line = f"{name}, {where}"
        worst.step("edit", line, document.edited, TextEdit(Span(offset, offset), "x"), 2)
        worst.step("scopes and names", line, _around, document, tree, offset)
        worst.step("facts at the cursor", line, cursor_context, document, tree, offset)
        cursor = cursor_context(document, tree, offset)
        for answer in ANSWERS:
            checker = StopChecker(cursor, wanted="block")
            for piece in _pieces(answer):
                worst.step("piece of an answer", line, checker.feed, piece)
            worst.step("finished suggestion", line, finish, document, offset, answer, cursor)
        milliseconds = await _request(document, offset)
        worst.note("request", line, milliseconds)
        requests.append((milliseconds, line))


def _around(document: Document, tree: Tree, offset: int) -> None:
    scopes_at(document, tree, offset)
    identifiers_near(document, tree, offset)


def _pieces(answer: str) -> Iterator[Piece]:
    return (Piece(answer[at : at + 4]) for at in range(0, len(answer), 4))


async def _request(document: Document, offset: int) -> float:
    """Milliseconds from the request to its answer, with a model that answers immediately."""
    backend = ScriptedBackend(*(Reply(answer) for answer in ANSWERS))
    engine = _Scripted(backend)
    session = Session(engine)
    try:
        began = time.thread_time()
        await complete(engine, document, offset, session=session)
        return (time.thread_time() - began) * 1e3
    finally:
        await session.aclose()
        await engine.aclose()


class _Scripted(Engine):
    """An engine over one given backend."""

    def __init__(self, backend: Backend) -> None:
        completion = CompletionSettings(min_confidence=0.0, debounce_ms=0)
        super().__init__(Settings(completion=completion), ())
        self._uses = dict.fromkeys(("completion", "chat"), Use(Gated(backend, self.gate.check)))


if __name__ == "__main__":
    asyncio.run(main())
