"""Docstrings for functions of the standard library: how many are offered, and how many make sense.

    .venv/bin/python benchmarks/docstrings.py
    .venv/bin/python benchmarks/docstrings.py --count 30 --verbose

Takes functions whose docstring is known, removes it, and has the default weights write one with the action
``docstring``. A description makes sense by rule if it is one to three lines without code, and shares at least
two words with the function's name and the docstring that its authors wrote. The rule is lenient: it finds
descriptions that are about something else, not wrong details.
"""

import argparse
import ast
import asyncio
import importlib
import inspect
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from homebody.engine import open_engine
from homebody.errors import HomebodyError
from homebody.features.refactor import refactor
from homebody.settings import BackendSettings, ChatSettings, Settings
from homebody.text import Document, Span, apply_edits

MODULES = (
    "bisect", "calendar", "colorsys", "copy", "difflib", "fnmatch", "fractions", "getpass", "glob",
    "heapq", "imghdr", "inspect", "keyword", "linecache", "mimetypes", "numbers", "posixpath", "quopri",
    "random", "shlex", "shutil", "stat", "statistics", "string", "tempfile", "textwrap", "timeit",
    "tokenize", "traceback", "types", "urllib.parse", "warnings", "webbrowser", "wsgiref.util",
)  # fmt: skip

LINES = range(6, 41)
"""Number of lines of a selected function, including its docstring."""

PER_MODULE = 2


@dataclass(frozen=True)
class Sample:
    """A function without its docstring, and the docstring."""

    name: str
    code: str
    docstring: str


@dataclass(frozen=True)
class Outcome:
    """``kind`` is ``sensible``, ``offered`` (and not sensible), ``refused`` or ``unchanged``."""

    name: str
    kind: str
    words: str
    seconds: float


async def main() -> None:
    """Write the docstrings and print a table."""
    options = _options()
    samples = list(_samples())[: options.count]
    backend = BackendSettings(kind="embedded", context_length=4096)
    outcomes: list[Outcome] = []
    async with open_engine(Settings(backend=backend, chat=ChatSettings(backend=backend))) as engine:
        for sample in samples:
            document = Document.create(f"file:///{sample.name}.py", "python", 1, sample.code)
            began = time.perf_counter()
            try:
                done = await refactor(engine, document, Span(0, 0), action="docstring")
            except HomebodyError as error:
                outcomes.append(Outcome(sample.name, "refused", str(error), time.perf_counter() - began))
                continue
            seconds = time.perf_counter() - began
            if done.status != "changed":
                outcomes.append(Outcome(sample.name, done.status, done.reason or "", seconds))
                continue
            found = _docstring(apply_edits(document.text, done.edits))
            kind = "sensible" if _makes_sense(found, sample) else "offered"
            outcomes.append(Outcome(sample.name, kind, found, seconds))
    counts = Counter(one.kind for one in outcomes)
    seconds = sorted(one.seconds for one in outcomes)
    print(
        f"{len(outcomes)} functions: {counts['sensible'] + counts['offered']} offered and passed the guard, "
    )
    print(f"  {counts['sensible']} sensible by rule, {counts['refused']} refused,", end=" ")
    print(f"{counts['unchanged']} unchanged; {seconds[len(seconds) // 2]:.1f} s at the median")
    if options.verbose:
        for one in outcomes:
            print(f"  {one.kind:<9} {one.seconds:4.1f} s  {one.name}: {' '.join(one.words.split())[:100]}")


def _samples() -> Iterator[Sample]:
    """Functions of the top level, by module."""
    for name in MODULES:
        try:
            text = inspect.getsource(importlib.import_module(name))
        except (ImportError, OSError, TypeError):
            continue
        lines = text.splitlines()
        taken = 0
        for node in ast.parse(text).body:
            if not isinstance(node, ast.FunctionDef) or node.end_lineno is None or taken == PER_MODULE:
                continue
            docstring = ast.get_docstring(node)
            if not docstring or node.end_lineno - node.lineno + 1 not in LINES:
                continue
            taken += 1
            literal = node.body[0]
            body = (
                lines[node.lineno - 1 : literal.lineno - 1] + lines[literal.end_lineno or 0 : node.end_lineno]
            )
            yield Sample(f"{name}.{node.name}", "\n".join(body) + "\n", docstring)


def _docstring(code: str) -> str:
    (function,) = ast.parse(code).body
    return ast.get_docstring(function) or "" if isinstance(function, ast.FunctionDef) else ""


def _makes_sense(found: str, sample: Sample) -> bool:
    if not 1 <= len(found.splitlines()) <= 3 or re.search(r"[{}=;]|\bdef\b|\breturn [a-z_]+\(", found):
        return False
    return len(_stems(found) & (_stems(sample.docstring) | _stems(sample.name))) >= 2


def _stems(text: str) -> set[str]:
    """The first five letters of each word with at least four, in lower case."""
    return {word[:5].lower() for word in re.findall(r"[A-Za-z]{4,}", text.replace("_", " "))} - {
        "funct",
        "this",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
