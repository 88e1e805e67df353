"""Shows the progress of a run: live lines on a terminal, plain lines elsewhere, nothing with ``--quiet``."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from homebody.cli.terminal import harmless
from homebody.headless.batch import Outcome, Summary
from homebody.headless.find import described

_REASONS_SHOWN = 20
_UNITS = ((3600, "h"), (60, "min"))


class QuietDisplay:
    """Shows no progress; only prints results."""

    def __init__(self, print_outcome: Callable[[Outcome], None]) -> None:
        self._print = print_outcome

    def started(self, path: Path) -> None:
        """Do nothing."""

    def progress(self, path: Path, what: str, characters: int) -> None:
        """Do nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Print the result."""
        self._print(outcome)

    def close(self) -> None:
        """Do nothing."""


class LineDisplay(QuietDisplay):
    """One line per file, for logs."""

    def __init__(self, print_outcome: Callable[[Outcome], None], total: int) -> None:
        super().__init__(print_outcome)
        self._total = total
        self._done = 0

    def finished(self, outcome: Outcome) -> None:
        """Print the result, and a line on stderr."""
        super().finished(outcome)
        self._done += 1
        if outcome.status != "empty":
            sys.stderr.write(f"[{self._done}/{self._total}] {line_of(outcome)}\n")
            sys.stderr.flush()


@dataclass(slots=True)
class _Row:
    """A file in progress: its line, and when the first piece of the answer arrived."""

    task: TaskID
    pieces: int = 0
    first: float = 0.0
    began: float = field(default_factory=time.monotonic)


class LiveDisplay(QuietDisplay):
    """A line for each file in progress, and one for the run, updated in place."""

    def __init__(self, print_outcome: Callable[[Outcome], None], total: int, jobs: int) -> None:
        super().__init__(print_outcome)
        console = Console(file=sys.stderr, highlight=False, soft_wrap=False)
        columns: tuple[ProgressColumn, ...] = (
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            _State(),
        )
        self._progress = Progress(
            *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._rows: dict[Path, _Row] = {}
        self._jobs = jobs
        self._began = time.monotonic()
        self._total = self._progress.add_task(f"{total} files", total=total, state="")
        self._progress.start()

    def started(self, path: Path) -> None:
        """Open the file's line."""
        task = self._progress.add_task(harmless(str(path)), total=None, state="reading")
        self._rows[path] = _Row(task)

    def progress(self, path: Path, what: str, characters: int) -> None:
        """Show tokens per second: nearly every server sends one token per piece."""
        row = self._rows.get(path)
        if row is None:
            return
        row.pieces += 1
        now = time.monotonic()
        row.first = row.first or now
        speed = f", {row.pieces / (now - row.first):.0f} tokens/s" if now - row.first > 1 else ""
        begun = f"{what}: " if what else ""
        self._progress.update(row.task, state=f"{begun}{characters:,} characters{speed}")

    def finished(self, outcome: Outcome) -> None:
        """Close the file's line, and show the estimated remaining time."""
        row = self._rows.pop(outcome.worked_on, None)
        if row is not None:
            self._progress.remove_task(row.task)
        self._progress.update(self._total, advance=1)
        task = self._progress.tasks[0]
        left = (task.total or 0) - task.completed
        each = (time.monotonic() - self._began) / max(1.0, task.completed)
        self._progress.update(self._total, state=f"about {duration(left * each)} left" if left else "")
        # Remove the lines while a result is printed: both may go to the same terminal.
        self._progress.stop()
        if outcome.reason and outcome.status != "empty":
            self._progress.console.print(Text(harmless(line_of(outcome)), style="yellow"))
        super().finished(outcome)
        self._progress.start()

    def close(self) -> None:
        """Remove the lines."""
        self._progress.stop()


class _State(ProgressColumn):
    """The state text of a task."""

    def render(self, task: Task) -> Text:
        """Show it, dimmed."""
        return Text(str(task.fields.get("state", "")), style="dim")


def line_of(outcome: Outcome) -> str:
    """Describe the result of a file in one line."""
    seconds = f", {duration(outcome.seconds)}" if outcome.seconds >= 1 else ""
    tokens = f" ({outcome.prompt_tokens:,} + {outcome.output_tokens:,} tokens{seconds})"
    used = tokens if outcome.prompt_tokens else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    notes = f" (note: it {', '.join(outcome.notes)})" if outcome.notes else ""
    remarks = "".join(f" {remark}" for remark in outcome.remarks)
    return " ".join(f"{outcome.status} {outcome.path}{used}{reason}{notes}{remarks}".split())


def summary_of(summary: Summary, skipped: Mapping[str, int]) -> list[str]:
    """Describe the result of a run in a few lines."""
    counts = [f"{count} {status}" for status, count in sorted(summary.counts.items()) if status != "empty"]
    if left := summary.total - summary.done:
        counts.append(f"{left} not done")
    if empty := summary.counts["empty"]:
        counts.append(f"{empty} with nothing to rewrite")
    what = ", ".join(counts) or "nothing done"
    lines = [f"{summary.total} file{'s' * (summary.total != 1)}: {what}."]
    if skipped:
        lines.append(f"Left out: {described(skipped)}.")
    tokens = f"{summary.prompt_tokens:,} tokens in, {summary.output_tokens:,} out"
    lines.append(f"{tokens}, {duration(summary.seconds)}.")
    lines += [f"{status} {path}: {reason}" for path, status, reason in summary.reasons[:_REASONS_SHOWN]]
    if (more := len(summary.reasons) - _REASONS_SHOWN) > 0:
        lines.append(f"… and {more} more")
    return lines


def duration(seconds: float) -> str:
    """Format seconds: ``45 s``, ``3 min 5 s``."""
    whole = round(seconds)
    for size, unit in _UNITS:
        if whole >= size:
            smaller = {"h": (60, "min"), "min": (1, "s")}[unit]
            return f"{whole // size} {unit} {whole % size // smaller[0]} {smaller[1]}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
