"""Measures the cost of syntax: a parse, a keystroke, lookups around the cursor, on 10,000 lines and on 1 MiB.

Python's own standard library, joined; the same with one code point in a hundred an emoji; the same
with an error in the middle. Prints a table of medians and 99th percentiles in milliseconds, and the longest
wait of the event loop while a thread parsed.

    python benchmarks/syntax.py [KEYS]
"""

import asyncio
import random
import statistics
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from homebody.syntax.chunk import chunk_document
from homebody.syntax.cursor import cursor_context
from homebody.syntax.identifiers import identifiers_near
from homebody.syntax.scope import definitions, imports, scopes_at
from homebody.syntax.tree import Trees, parse
from homebody.text import Document, Span, TextEdit

_P = ParamSpec("_P")
TYPED = "value = self.other(name, 1)"


def main() -> None:
    """Measure and print."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    large = library((1 << 20) - 20_000)
    medium = "".join(large.splitlines(keepends=True)[:10_000])
    middle = medium.index("\n\n\n", len(medium) // 2)
    texts = {
        "10,000 lines": medium,
        "10,000 lines with emoji": "".join(
            "😀" if i % 100 == 0 and c.isalpha() else c for i, c in enumerate(medium)
        ),
        "10,000 lines with an error": medium[:middle] + "\n\nx = foo(((\n" + medium[middle:],
        "1 MiB": large,
    }
    for name, text in texts.items():
        document = Document.create("file:///bench.py", "python", 0, text)
        print(f"\n{name}: {document.line_count:,} lines, {len(text):,} characters\n")
        print(f"{'milliseconds':<44}{'median':>9}{'p99':>9}{'most':>9}")
        whole_file(document)
        asyncio.run(typing(document, keys))


def library(size: int) -> str:
    """Source of the standard library, joined to ``size`` characters."""
    found: list[str] = []
    total = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(text + "\n\n")
        total += len(text) + 2
        if total > size:
            break
    return "".join(found)[:size]


def whole_file(document: Document) -> None:
    """Work that is done once for each file, not at keystrokes."""
    tree = parse(document)
    row("parse at once", lambda: parse(document), 7)
    row("definitions", lambda: definitions(document, tree), 5)
    row("imports", lambda: imports(document, tree), 5)
    row(
        "chunks of 512 tokens",
        lambda: chunk_document(document, tree, 512, lambda text: len(text) // 3),
        3,
    )


async def typing(document: Document, keys: int) -> None:
    """Type lines at random places; before each keystroke's parse, do the lookups of completion."""
    trees = Trees()
    trees.open(document)
    watch = asyncio.create_task(longest_pause())
    await trees.ready(document)
    watch.cancel()
    pause = await watch
    chosen = random.Random(1)
    times: dict[str, list[float]] = {}

    def timed(name: str, do: Callable[_P, object], *args: _P.args, **kw: _P.kwargs) -> None:
        began = time.perf_counter()
        do(*args, **kw)
        times.setdefault(name, []).append(time.perf_counter() - began)

    cursor, typed = 0, ""
    for key in range(keys):
        if not typed:
            line = chosen.randrange(document.line_count)
            cursor = document.line_span(line).end
            text = document.line_text(line)
            typed = "\n" + text[: len(text) - len(text.lstrip())] + TYPED
        # An editor sends the new line and its indentation as one edit.
        size = len(typed) - len(TYPED) if typed.startswith("\n") else 1
        edit = TextEdit(Span(cursor, cursor), typed[:size])
        typed = typed[size:]
        began = time.perf_counter()
        new = document.edited(edit, key + 1)
        times.setdefault("text: the edit", []).append(time.perf_counter() - began)
        timed("tree moved along", trees.edit, document, edit, new)
        document, cursor = new, cursor + size
        tree = trees.newest(document)
        at = cursor
        timed("scopes at the cursor", scopes_at, document, tree, at)
        timed("facts at the cursor", cursor_context, document, tree, at)
        timed("identifiers near", identifiers_near, document, tree, at)
        began = time.perf_counter()
        await trees.ready(document)
        times.setdefault("parsed again, in a thread", []).append(time.perf_counter() - began)
    for name, found in times.items():
        print_row(name, found)
    print(f"{'loop waited for the first parse, at most':<44}{'':>18}{pause * 1e3:>9.2f}")


async def longest_pause() -> float:
    """Longest time, in seconds, that the event loop kept a task waiting, until it is cancelled."""
    longest = 0.0
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began - 0.001)
    except asyncio.CancelledError:
        return longest


def row(name: str, do: Callable[[], object], rounds: int) -> None:
    """Measure ``do`` and print its row."""
    found: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    print_row(name, found)


def print_row(name: str, seconds: list[float]) -> None:
    """Print median, 99th percentile and maximum."""
    ordered = sorted(seconds)
    cells = (statistics.median(ordered), ordered[int(len(ordered) * 0.99)], ordered[-1])
    print(f"{name:<44}" + "".join(f"{cell * 1e3:>9.2f}" for cell in cells))


if __name__ == "__main__":
    main()
