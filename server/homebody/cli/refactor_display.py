"""Shows the progress of a run: a live line on a terminal, plain lines elsewhere, nothing with ``--quiet``."""

import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from homebody.cli.terminal import Terminal, harmless
from homebody.headless.batch import Summary
from homebody.headless.file_report import diff_of
from homebody.headless.find import described
from homebody.headless.run import Outcome

_UNITS = ((3600, "h"), (60, "min"))


class Display:
    """Prints each result, and lines about the progress on stderr.

    On a terminal, one line says what is worked on, and is overwritten; the lines of files that failed stay.
    Otherwise there is a line for each finished file, but only what was written if ``is_single``.
    """

    def __init__(
        self,
        print_outcome: Callable[[Outcome], None],
        total: int,
        terminal: Terminal,
        *,
        is_single: bool,
        is_quiet: bool,
    ) -> None:
        self._print = print_outcome
        self._total = total
        self._is_single = is_single
        self._done = 0
        self._terminal = terminal
        self._is_live = sys.stderr.isatty()
        self._is_quiet = is_quiet
        self._began = time.monotonic()

    def started(self, path: Path) -> None:
        """Show that a file is read."""
        self._show(path, "reading")

    def progress(self, path: Path, what: str, characters: int) -> None:
        """Show the current step, and how many characters of the answer have arrived."""
        self._show(path, f"{what}: " * bool(what) + f"{characters:,} characters")

    def finished(self, outcome: Outcome) -> None:
        """Print the result of a file."""
        self._done += 1
        with self.paused():
            self._line(outcome)
            self._print(outcome)

    @contextmanager
    def paused(self) -> Generator[None]:
        """Remove the line while something is printed: both may go to the same terminal."""
        self.close()
        yield

    def close(self) -> None:
        """Remove the line."""
        self._terminal.progress("")

    def _show(self, path: Path, state: str) -> None:
        if self._is_quiet:
            return
        seconds = (self._total - self._done) * (time.monotonic() - self._began) / max(1, self._done)
        left = f"; about {duration(seconds)} left" if self._done else ""
        self._terminal.progress(f"{self._count(self._done + 1)}{harmless(str(path))}: {state}{left}")

    def _count(self, number: int) -> str:
        return f"[{number}/{self._total}] " if self._total > 1 else ""

    def _line(self, outcome: Outcome) -> None:
        is_of_many = not self._is_single and outcome.status != "empty"
        is_told = outcome.written or (is_of_many and (not self._is_live or outcome.reason is not None))
        if is_told and not self._is_quiet:
            sys.stderr.write(f"{self._count(self._done)}{harmless(line_of(outcome))}\n")
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
    has_notes = outcome.notes and outcome.status == "changed"
    notes = f" (note: it {', '.join(outcome.notes)})" if has_notes else ""
    remarks = "".join(f" {remark}" for remark in outcome.remarks)
    status = _status(outcome.status, is_written=outcome.written)
    return " ".join(f"{status} {outcome.path}{shown}{reason}{notes}{remarks}".split())


def summary_of(summary: Summary, skipped: Mapping[str, int]) -> list[str]:
    """Describe the result of a run in a few lines."""
    counts = [
        f"{count} {_status(status, is_written=bool(summary.written))}"
        for status, count in sorted(summary.counts.items())
        if status != "empty"
    ]
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
    return lines


def _status(status: str, *, is_written: bool) -> str:
    return "would change" if status == "changed" and not is_written else status


def duration(seconds: float) -> str:
    """Format seconds: ``45 s``, ``3 min 5 s``."""
    whole = round(seconds)
    for size, unit in _UNITS:
        if whole >= size:
            smaller = {"h": (60, "min"), "min": (1, "s")}[unit]
            return f"{whole // size} {unit} {whole % size // smaller[0]} {smaller[1]}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
