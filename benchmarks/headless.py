"""Measures the cost of `homebody refactor` over many files, without the model's own time.

Prints six tables: files a second with a scripted model for 1, 2 and 4 jobs; docstrings for one file with many
functions; the time in addition to the model's own with the default weights; memory over 2,000 files; reading
and splitting a file of 1 MB; tokens that are evaluated again for prompts with a common beginning.

    python benchmarks/headless.py [--quick]
"""

import argparse
import asyncio
import contextlib
import gc
import os
import platform
import re
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import psutil

from homebody.backend.base import Backend, Piece, Prompt, Sampling, Stats
from homebody.backend.scripted import Reply, ScriptedBackend
from homebody.engine import Engine, Tuning, Use, open_engine
from homebody.headless.apply import Applier
from homebody.headless.batch import Batch, BatchOptions, Summary
from homebody.headless.find import Chosen, Wanted, select_files
from homebody.headless.journal import Work, create
from homebody.headless.run import Outcome, RunRequest, rewrite
from homebody.headless.select import read_source
from homebody.models.library import DEFAULT_WEIGHTS, models_dir
from homebody.settings import BackendSettings, ChatSettings, ContextSettings, Settings
from homebody.syntax.chunk import chunk_document
from homebody.syntax.tree import parse
from support.gated import Gated

FILES = 200
SHORTEN = RunRequest(instruction="Shorten it.")
MANY = 2_000
MODEL_FILES = 24
DOCSTRING = '    """Sum up what the orders of one day cost."""\n'
FUNCTION = '''\
def total_{0}(orders, rate):
    """Sum up what the orders of one day cost."""
    result = 0.0
    for order in orders:
        if order.day == {0}:
            result = result + order.price * rate
    return result
'''


class Silent:
    """Stores only the times of files."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def started(self, path: Path) -> None:
        """Nothing."""

    def progress(self, path: Path, what: str, characters: int) -> None:
        """Nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Store the time."""
        self.seconds.append(outcome.seconds)


class TimedBackend:
    """A backend that sums up the server's reported times and tokens."""

    def __init__(self, inner: Backend) -> None:
        self._inner = inner
        self.milliseconds = 0.0
        self.prompt_tokens = self.evaluated_tokens = self.requests = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def complete(
        self, prompt: Prompt, sampling: Sampling, **how: object
    ) -> AsyncGenerator[Piece | Stats, None]:
        """Pass the stream on."""
        async with contextlib.aclosing(self._inner.complete(prompt, sampling, **how)) as stream:
            async for item in stream:
                if isinstance(item, Stats):
                    self.milliseconds += (item.prompt_ms or 0) + (item.output_ms or 0)
                    self.prompt_tokens += item.prompt_tokens or 0
                    self.evaluated_tokens += item.evaluated_tokens or 0
                    self.requests += 1
                yield item


def shorter(prompt: str) -> str:
    """Answer with a shorter function of the same name."""
    name = re.findall(r"def (total_\d+)", prompt)[-1]
    day = name.removeprefix("total_")
    code = (
        f'def {name}(orders, rate):\n    """Sum up what the orders of one day cost."""\n'
        f"    return sum((order.price * rate for order in orders if order.day == {day}), 0.0)\n"
    )
    return f"```python\n{code}```"


class ScriptedEngine(Engine):
    """An engine that answers every prompt immediately, by default with a shorter function."""

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__(Settings(context=ContextSettings(snippets=False)), ())
        self._uses = {
            "completion": Use(Gated(ScriptedBackend("x"), self.gate.check)),
            "chat": Use(Gated(ScriptedBackend(reply or Reply(shorter)), self.gate.check)),
        }


def make_files(folder: Path, count: int, first: int = 0) -> list[Chosen]:
    """Write files of one function each, and select them like the command."""
    for number in range(first, first + count):
        (folder / f"orders_{number:04}.py").write_text(FUNCTION.format(number))
    return list(select_files(folder, Wanted([Chosen(folder)]), Settings()).files)


async def run(
    engine: Engine, folder: Path, files: Sequence[Chosen], request: RunRequest, jobs: int, *, write: bool
) -> Summary:
    """Run a batch; with ``write`` the files are replaced and journalled."""
    applier = None
    if write:
        work = tuple(Work(file.path.name) for file in files)
        applier = Applier(create(folder, "benchmark", b"{}", work))
    engine.chat.tuning = Tuning(slot="chat" if jobs == 1 else None, seed=1)
    batch = Batch(engine, request, Silent(), BatchOptions(jobs), applier)
    await batch.run(files)
    return batch.summary


def throughput(counts: Sequence[int]) -> None:
    """Files per second with a model that takes no time."""
    print(f"\n{FILES} files, scripted model\n\n{'jobs':>6}{'diff':>14}{'write':>14}")
    for jobs in counts:
        speeds: list[float] = []
        for write in (False, True):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name).resolve()
                files = make_files(folder, FILES)
                summary = asyncio.run(
                    run(
                        ScriptedEngine(),
                        folder,
                        files,
                        SHORTEN,
                        jobs,
                        write=write,
                    )
                )
                assert summary.counts["changed"] == FILES, summary.counts
                speeds.append(FILES / summary.seconds)
        print(f"{jobs:>6}" + "".join(f"{speed:>9.0f} /s  " for speed in speeds))


def functions(counts: Sequence[int]) -> None:
    """Time of a run over one file with many functions, each of which gets a docstring."""
    print("\nOne file, --action docstring, scripted model\n")
    print(f"{'functions':>10}{'lines':>8}{'wall':>9}{'CPU':>9}")
    request = RunRequest(action="docstring")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name).resolve() / "orders.py"
            path.write_text("\n\n".join(map(FUNCTION.format, range(count))).replace(DOCSTRING, ""))
            source = read_source(path, max_bytes=1 << 22)
            began, busy = time.perf_counter(), time.process_time()
            outcome = asyncio.run(rewrite(ScriptedEngine(Reply("Sum up the orders.")), request, source))
            assert outcome.after.count("Sum up the orders.") == count, outcome.reason
            wall, busy = time.perf_counter() - began, time.process_time() - busy
        print(f"{count:>10}{source.document.line_count:>8}{wall:>7.1f} s{busy:>7.1f} s")


def memory(count: int) -> None:
    """Resident memory in the course of a run."""
    print(f"\n{count} files, scripted model, written\n\n{'files':>8}{'MB':>8}")
    process = psutil.Process()

    class Watching(Silent):
        def finished(self, outcome: Outcome) -> None:
            super().finished(outcome)
            done = len(self.seconds)
            if done in {1, count // 10, count // 4, count // 2, count}:
                gc.collect()
                print(f"{done:>8}{process.memory_info().rss / 1e6:>8.1f}")

    async def go(folder: Path) -> None:
        files = make_files(folder, count)
        work = tuple(Work(file.path.name) for file in files)
        applier = Applier(create(folder, "benchmark", b"{}", work))
        batch = Batch(ScriptedEngine(), SHORTEN, Watching(), BatchOptions(2), applier)
        await batch.run(files)

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(go(Path(name).resolve()))


def large_file() -> None:
    """Read and split a file of 1 MB."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "large.py"
        text = "\n\n".join(FUNCTION.format(number) for number in range(4200))
        path.write_text(text[:1_048_000])
        began, busy = time.perf_counter(), time.process_time()
        source = read_source(path, max_bytes=1 << 20)
        read = time.perf_counter() - began
        engine = ScriptedEngine()
        document = source.document
        found = chunk_document(document, parse(document), 3000, engine.chat.tokens.count)
        whole, busy = time.perf_counter() - began, time.process_time() - busy
    print(f"\nA file of {path.name}: {len(source.data) / 1e6:.2f} MB read in {read * 1000:.0f} ms, ", end="")
    print(
        f"split into {len(found)} pieces after {whole * 1000:.0f} ms, {busy * 1000:.0f} ms of processor time"
    )


def beside_the_model(count: int) -> None:
    """Time and tokens with the default weights."""
    weights = models_dir() / DEFAULT_WEIGHTS
    if not weights.is_file():
        print("\nThe default weights are not installed: `homebody models install`.")
        return
    backend = BackendSettings(kind="embedded", model=str(weights))
    settings = Settings(chat=ChatSettings(backend=backend), context=ContextSettings(snippets=False))
    print(f"\n{count} files, {DEFAULT_WEIGHTS}\n")
    print(f"{'jobs':>6}{'wall':>9}{'model':>9}{'beside':>9}{'tokens in':>12}{'evaluated':>12}")

    async def go(jobs: int, folder: Path) -> None:
        files = make_files(folder, count, first=jobs * 1000)  # the server has read none of them before
        async with open_engine(settings) as engine:
            await engine.chat.describe()
            timed = TimedBackend(engine.chat.backend)
            engine.chat.backend = timed
            request = RunRequest(action="docstring", max_tokens=48)
            summary = await run(engine, folder, files, request, jobs, write=True)
            model = timed.milliseconds / 1000
            share = (summary.seconds - model) / model
            shown = f"{share:>8.1%} " if jobs == 1 else f"{'-':>9}"
            print(
                f"{jobs:>6}{summary.seconds:>7.1f} s{model:>7.1f} s{shown}"
                f"{timed.prompt_tokens:>12,}{timed.evaluated_tokens:>12,}"
            )

    for jobs in (1, 2):
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(go(jobs, Path(name).resolve()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer files, for a quick run")
    quick = parser.parse_args().quick
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as state:
        os.environ["HOMEBODY_STATE_DIR"] = state
        throughput((1, 2, 4))
        functions((250, 500) if quick else (250, 500, 1_000, 4_000))
        memory(MANY // 10 if quick else MANY)
        large_file()
        beside_the_model(6 if quick else MODEL_FILES)


if __name__ == "__main__":
    main()
