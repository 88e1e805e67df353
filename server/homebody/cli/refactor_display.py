"""What a run of ``homebody refactor`` prints: results on stdout, everything else on stderr.

Its progress is a live line on a terminal, plain lines elsewhere, nothing with ``--quiet``.
"""

import sys
import time
from pathlib import Path

from homebody.cli.answers import show_prompt_text
from homebody.cli.refactor_options import RefactorOptions
from homebody.cli.terminal import Terminal, harmless
from homebody.errors import HomebodyError
from homebody.headless.batch import Summary
from homebody.headless.file_report import diff_of, to_json_line
from homebody.headless.find import Selection, described
from homebody.headless.report import to_prompt
from homebody.headless.run import Outcome


class Display:
    """Prints the results of one run, and sums them up. ``prints_text``: with ``--write``, print new texts.

    On a terminal, one line says what is worked on, and is overwritten; lines that say more than the result
    stay. Otherwise there is a line for each finished file. A single file that was named has no summary; its
    error ends the command.
    """

    def __init__(self, options: RefactorOptions, selection: Selection, *, prints_text: bool = False) -> None:
        self.terminal = Terminal(is_quiet=options.quiet)
        self.summary = Summary()
        self._options = options
        self._selection = selection
        self._prints_text = prints_text
        self._is_single = len(selection.files) == 1 and not selection.skipped
        self._error: HomebodyError | None = None
        self._began = time.monotonic()

    def progress(self, path: Path, step: str) -> None:
        """Show the current step, and how long the rest will take."""
        done, total = self.summary.done, self.summary.total
        seconds = (total - done) * (time.monotonic() - self._began) / max(1, done)
        left = f"; about {duration(seconds)} left" if done else ""
        self.terminal.progress(f"{self._count(done + 1)}{harmless(str(path))}: {step}{left}")

    def finished(self, outcome: Outcome) -> None:
        """Print the result of a file."""
        if self._is_single or outcome.status == "empty":
            self._error = self._error or outcome.error
        has_more = outcome.written or outcome.reason or outcome.notes or outcome.remarks
        if self._is_single:
            is_shown = outcome.error is None and (has_more or outcome.status != "changed")
        else:
            is_shown = outcome.status != "empty" and (has_more or not sys.stderr.isatty())
        if is_shown:
            self.terminal.report(f"{self._count(self.summary.done)}{line_of(outcome)}")
        self._print(outcome)

    def report(self) -> int:
        """Report the end of a run; return the exit code. Raises the error of a single file."""
        options, counts = self._options, self.summary.counts
        if self._error is not None and (self._is_single or counts["empty"] == self.summary.total):
            raise self._error
        if not self._is_single:
            self.sum_up()
            if self.summary.written:
                self.terminal.report("`homebody undo` restores all files.")
        failed = counts["refused"] + counts["failed"] + self.summary.partly
        return 1 if failed or (options.check and counts["changed"]) else 0

    def sum_up(self) -> None:
        """Print the summary."""
        self.terminal.report("\n".join(self._summary()))

    @property
    def stopped_early(self) -> bool:
        """Whether an error ended the run before its last file."""
        return self.summary.stopped is not None and not self._is_single

    def _count(self, number: int) -> str:
        return f"[{number}/{self.summary.total}] " if self.summary.total > 1 else ""

    def _print(self, outcome: Outcome) -> None:
        """Print one file's result on stdout."""
        options, terminal = self._options, self.terminal
        if options.as_json:
            if outcome.status != "empty" and self._error is None:
                terminal.write(to_json_line(outcome))
            return
        for record in outcome.prompts:
            show_prompt_text(terminal, to_prompt(record))
            terminal.write(record.answer.removesuffix("\n") + "\n")
        if options.prints_diff:
            terminal.diff(diff_of(outcome))
        elif options.check and outcome.status == "changed":
            terminal.write(f"would change {outcome.path}\n")
        elif self._prints_text and not outcome.is_new:
            terminal.write(outcome.mark + outcome.after)

    def _summary(self) -> list[str]:
        summary, skipped = self.summary, self._selection.skipped
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
        return [*lines, f"{tokens}, {duration(summary.seconds)}."]


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
    status = _status(outcome.status, is_written=outcome.written)
    return " ".join(f"{status} {outcome.path}{shown}{reason}{notes} {' '.join(outcome.remarks)}".split())


def _status(status: str, *, is_written: bool) -> str:
    words = {"changed": "changed" if is_written else "would change", "empty": "nothing to rewrite in"}
    return words.get(status, status)


def duration(seconds: float) -> str:
    """Format seconds: ``45.0 s``, ``3 min 5 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
