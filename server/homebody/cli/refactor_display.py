"""Shows the progress of a run: live lines on a terminal, plain lines elsewhere, nothing with ``--quiet``."""

import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from homebody.cli.terminal import harmless
from homebody.headless.batch import Summary
from homebody.headless.file_report import diff_of
from homebody.headless.find import described
from homebody.headless.run import Outcome

_REASONS_SHOWN = 20
_UNITS = ((3600, "h"), (60, "min"))


class Display:
    """Prints each result, and lines about the progress on stderr.

    ``is_live``: a line for each file in progress, and one for the run, updated in place. Otherwise a line for
    each finished file, but only what was written if there is a single one.
    """

    def __init__(
        self, print_outcome: Callable[[Outcome], None], total: int, *, is_live: bool, is_quiet: bool
    ) -> None:
        self._print = print_outcome
        self._total = total
        self._done = 0
        self._is_quiet = is_quiet
        self._began = time.monotonic()
        self._rows: dict[Path, TaskID] = {}
        self._progress: Progress | None = None
        if is_live and not is_quiet:
            self._progress = Progress(
                SpinnerColumn(finished_text=" "),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[state]}", style="dim", markup=False),
                console=Console(file=sys.stderr, highlight=False, soft_wrap=False),
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            files = "1 file" if total == 1 else f"{total} files"
            self._run = self._progress.add_task(files, total=total, state="")
            self._progress.start()

    def started(self, path: Path) -> None:
        """Open the file's line."""
        if self._progress is not None:
            self._rows[path] = self._progress.add_task(harmless(str(path)), total=None, state="reading")

    def progress(self, path: Path, what: str, characters: int) -> None:
        """Show the current step, and how many characters of the answer have arrived."""
        if self._progress is not None and path in self._rows:
            state = f"{what}: " * bool(what) + f"{characters:,} characters"
            self._progress.update(self._rows[path], state=state)

    def finished(self, outcome: Outcome) -> None:
        """Close the file's line, and print the result."""
        self._done += 1
        if self._progress is not None:
            if (row := self._rows.pop(outcome.worked_on, None)) is not None:
                self._progress.remove_task(row)
            left = self._total - self._done
            seconds = left * (time.monotonic() - self._began) / self._done
            state = f"about {duration(seconds)} left" if left else ""
            self._progress.update(self._run, advance=1, state=state)
        with self.paused():
            self._line(outcome)
            self._print(outcome)

    @contextmanager
    def paused(self) -> Generator[None]:
        """Remove the lines while something is printed: both may go to the same terminal."""
        if self._progress is not None:
            self._progress.stop()
        yield
        if self._progress is not None:
            self._progress.start()

    def close(self) -> None:
        """Remove the lines."""
        if self._progress is not None:
            self._progress.stop()

    def _line(self, outcome: Outcome) -> None:
        is_of_many = self._total > 1 and outcome.status != "empty"
        is_told = outcome.written or (is_of_many and (self._progress is None or outcome.reason is not None))
        if is_told and not self._is_quiet:
            count = f"[{self._done}/{self._total}] " if self._total > 1 else ""
            sys.stderr.write(f"{count}{harmless(line_of(outcome))}\n")
            sys.stderr.flush()


def line_of(outcome: Outcome) -> str:
    """Describe the result of a file in one line."""
    changes = [line[0] for line in diff_of(outcome).split("\n")[2:] if line[:1] in {"+", "-"}]
    facts = [f"+{changes.count('+')} -{changes.count('-')} lines"] if changes else []
    if outcome.prompt_tokens:
        facts.append(f"{outcome.prompt_tokens:,} + {outcome.output_tokens:,} tokens")
    if outcome.seconds >= 1:
        facts.append(duration(outcome.seconds))
    shown = f" ({', '.join(facts)})" if facts else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    notes = f" (note: it {', '.join(outcome.notes)})" if outcome.notes else ""
    remarks = "".join(f" {remark}" for remark in outcome.remarks)
    return " ".join(f"{outcome.status} {outcome.path}{shown}{reason}{notes}{remarks}".split())


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
