"""Measures the speed of the workspace's index on CPython's standard library, with and without its tests.

    python benchmarks/indexing.py [--without-tests] [--folder PATH] [--questions N]

Copies the standard library's sources to a temporary folder, indexes them in the indexing process
(with the lowest priority, as for an editor), starts again without changes, and again after one file was
saved; then requests definitions and similar chunks around random lines. Prints the processor time of the
indexing process, since a busy machine only increases wall time.
"""

import argparse
import asyncio
import os
import random
import re
import shutil
import statistics
import sysconfig
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

import psutil

from homebody.settings import Settings
from homebody.workspace.index import WorkspaceIndex
from homebody.workspace.process import IndexProgress
from homebody.workspace.query import IndexReader
from measure.table import print_table

Question: TypeAlias = tuple[Path, str, list[str]]

_IDENTIFIER = re.compile(r"[A-Za-z_]\w{3,}")
_LEFT_OUT = shutil.ignore_patterns("site-packages", "__pycache__", "lib-dynload", "config-*", "*.so")
_TESTS = shutil.ignore_patterns("test", "tests", "idle_test")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--without-tests", action="store_true", help="leave the library's own tests out")
    parser.add_argument("--folder", type=Path, help="index a copy of this folder instead")
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary, "workspace")
        source = options.folder or Path(sysconfig.get_path("stdlib"))
        tests = _TESTS if options.without_tests else (lambda *_: set())
        shutil.copytree(source, root, ignore=lambda *a: _LEFT_OUT(*a) | tests(*a), symlinks=True)
        os.environ["HOMEBODY_CACHE_DIR"] = str(Path(temporary, "cache"))
        files = list_files(root)
        result = asyncio.run(
            measure(root, files, questions_about([p for p in files if p.suffix == ".py"], options.questions))
        )
        database = next(Path(temporary, "cache/index").glob("*.sqlite3"))
        result["index, MB"] = round(database.stat().st_size / 1e6, 1)
    print_table("The index", ("", ""), [(name, str(value)) for name, value in result.items()])


def list_files(root: Path) -> list[Path]:
    """All files below ``root``."""
    return [path for path in sorted(root.rglob("*")) if path.is_file()]


async def measure(root: Path, files: list[Path], asked: list[Question]) -> dict[str, object]:
    """Index ``root`` twice, refresh one file, send the queries ``asked``."""
    python = [path for path in files if path.suffix == ".py"]
    lines = sum(path.read_bytes().count(b"\n") for path in python)
    first, first_cpu, memory = await build(root)
    again, again_cpu, _ = await build(root)
    async with opened(root) as index:
        started = time.perf_counter()
        victim = python[len(python) // 2]
        victim.write_text(victim.read_text() + "\n# saved\n")
        index.refresh([victim])
        await index.settled()
        saved = time.perf_counter() - started
        definitions, similar, stall = await ask(index, asked)
    return {
        "files": len(files),
        "Python files": len(python),
        "lines of Python": lines,
        "first start, s": round(first, 2),
        "first start, processor s": round(first_cpu, 2),
        "lines a second": round(lines / first),
        "lines per processor second": round(lines / first_cpu),
        "indexing process, MB": round(memory),
        "second start, s": round(again, 2),
        "second start, % of first": round(100 * again / first, 1),
        "second start, % (processor)": round(100 * again_cpu / first_cpu, 1),
        "one file saved, s": round(saved, 2),
        "definitions, ms: median, p99": percentiles(definitions),
        "similar, ms: median, p99": percentiles(similar),
        "event loop blocked, ms: p99, maximum": (percentiles(stall)[1], round(max(stall), 1)),
    }


async def build(root: Path) -> tuple[float, float, float]:
    """Seconds until the index is ready; processor seconds and megabytes of the indexing process."""
    began, before = time.perf_counter(), os.times()
    memory = 0.0

    def look(_progress: IndexProgress) -> None:
        nonlocal memory
        with suppress(psutil.Error):  # it ends with its job
            memory = max([memory, *(child.memory_info().rss / 1e6 for child in psutil.Process().children())])

    async with opened(root, look) as index:
        seconds, after = time.perf_counter() - began, os.times()
        assert index.state == "ready"
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, spent, memory


@asynccontextmanager
async def opened(
    root: Path, on_progress: Callable[[IndexProgress], None] = lambda _: None
) -> AsyncIterator[WorkspaceIndex]:
    """Open the index and wait until it is up to date."""
    async with aclosing(WorkspaceIndex([root], Settings(), on_progress)) as index:
        index.start()
        await index.settled()
        yield index


def questions_about(files: list[Path], number: int) -> list[Question]:
    """Random places: the file, the lines around, the names in them."""
    chance = random.Random(7)
    found: list[Question] = []
    for _ in range(number):
        path = chance.choice(files)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        line = chance.randrange(max(1, len(lines)))
        around = "\n".join(lines[max(0, line - 20) : line + 5])
        found.append((path, around, list(dict.fromkeys(_IDENTIFIER.findall(around)))))
    return found


async def ask(
    index: WorkspaceIndex, questions: list[Question]
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each query, and of each pause of the event loop meanwhile."""
    pauses: list[float] = []
    watch = asyncio.create_task(_watch(pauses))
    definitions: list[float] = []
    similar: list[float] = []
    for path, around, names in questions:
        started = time.perf_counter()
        await index.ask(partial(IndexReader.definitions, names=names, language="python", near_path=path))
        middle = time.perf_counter()
        await index.ask(partial(IndexReader.similar, text=around, exclude=[path.as_uri()]))
        definitions.append(1000 * (middle - started))
        similar.append(1000 * (time.perf_counter() - middle))
    watch.cancel()
    return definitions, similar, pauses


async def _watch(pauses: list[float]) -> None:
    while True:
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        pauses.append(1000 * (time.perf_counter() - started) - 1)


def percentiles(values: list[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    cuts = statistics.quantiles(values, n=100)
    return round(cuts[49], 2), round(cuts[98], 2)


if __name__ == "__main__":
    main()
