"""One run of ``homebody refactor``: settings, files, journal, engine, results.

Results go to stdout, everything else to stderr: on a terminal a live line, plain lines elsewhere, nothing
with ``--quiet``. With ``-``, the text comes from the standard input, for use as an editor's filter.
"""

import asyncio
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from homebody.cli.answers import show_prompt_text, update_index
from homebody.cli.edge import INTERRUPTED, has_terminal_input, read_bytes, warn
from homebody.cli.flags import Flags
from homebody.cli.refactor_options import RefactorOptions
from homebody.cli.terminal import Terminal, harmless
from homebody.engine import open_engine
from homebody.errors import HomebodyError, JournalUnusable, NothingSelected, UsageError
from homebody.features.refactor import prompt_of
from homebody.headless.apply import Applier
from homebody.headless.batch import Batch, Summary
from homebody.headless.diff import unified_diff
from homebody.headless.file_report import diff_of, to_json_line
from homebody.headless.find import Chosen, Selection, Wanted, described, select_files, shown_path, tree_of
from homebody.headless.journal import Journal, Work, create, list_runs, place_in, settle, tree_lock
from homebody.headless.run import Outcome, rewrite
from homebody.headless.select import SourceFile, source_of, workspace_of
from homebody.settings import Settings
from homebody.settings.watch import SettingsSource
from homebody.workspace.git import find_repository


def run_refactor(options: RefactorOptions, flags: Flags, command: Sequence[str]) -> int:
    """Process the files that ``options`` name; return the exit code.

    Raises ``HomebodyError``: the run could not start, or the only file failed.
    """
    root = tree_of(options.files)
    source = flags.source(root)
    wanted = Wanted(options.files, exclude=options.exclude, changed=options.changed, staged=options.staged)
    selection = select_files(root, wanted, source.settings)
    if not selection.files:
        left = f" ({described(selection.skipped)} left out)" if selection.skipped else ""
        warn(f"No source file is {'staged' if options.staged else 'changed'}: there is nothing to do{left}.")
        return 0
    selection = replace(selection, files=selection.files[: options.limit])
    if not options.write:
        return _finish(options, selection, source)
    _refuse_dirty(selection, options, source.settings)
    # Names of bytes that are not UTF-8 cannot be stored.
    text = shlex.join(command).encode("utf-8", "replace").decode()
    with tree_lock(root):
        _settle_killed(root)
        return _finish(options, selection, source, _journal(options, selection, flags, text))


def resume_run(name: str, flags: Flags) -> int:
    """Resume a run that ended early; return the exit code.

    Raises ``NothingSelected``: there is no unfinished run of that name.
    """
    root = tree_of([])
    with tree_lock(root):
        journal = _unfinished(root, name)
        header = journal.header()
        for sentence in settle(journal):
            warn(sentence)
        done = journal.done()
        left = tuple(
            Chosen(shown_path(root / work.path), work.lines) for work in header.files if work.path not in done
        )
        if not left:
            journal.mark("ended")
            warn(f"There is nothing left to do in the run {journal.run}: all of its files are done.")
            return 0
        try:
            options = msgspec.json.decode(header.request, type=RefactorOptions)
        except msgspec.DecodeError as error:
            message = f"The options of the run {journal.run} cannot be read: start a new run for the rest."
            raise JournalUnusable(message) from error
        source = Flags({**options.flags, **flags.values}, flags.config).source(root)
        return _finish(options, Selection(root, left), source, journal)


def refactor_stdin(options: RefactorOptions, flags: Flags) -> int:
    """Rewrite the text from the standard input as if it were the file that the options name.

    With ``--write`` the whole text is printed, changed or not. Returns the exit code.
    """
    path = Path(options.stdin_filename)
    root = workspace_of(path)
    source = flags.source(root)
    text = source_of(read_bytes(), path)

    async def rewritten() -> Outcome:
        async with open_engine(source, folders=[root]) as engine:
            return await rewrite(engine, options.request, text, with_prompts=options.show_prompt)

    display = Display(options, Selection(root, (Chosen(path),)), prints_text=options.write)
    began = time.monotonic()
    outcome = asyncio.run(rewritten())
    display.summary.counts[outcome.status] += 1
    display.finished(replace(outcome, seconds=time.monotonic() - began))
    return display.report()


def _finish(
    options: RefactorOptions, selection: Selection, source: SettingsSource, journal: Journal | None = None
) -> int:
    """Process the files until the end or Ctrl-C, and report the results; with a journal, they are written."""
    display = Display(options, selection)
    try:
        with display.terminal:
            asyncio.run(_work(options, selection, source, journal, display))
        # A single file's error ends the command.
        is_stopped = display.summary.stopped is not None and not display.is_single
    except (KeyboardInterrupt, asyncio.CancelledError):  # Ctrl-C; SIGTERM
        is_stopped = True
    except HomebodyError:
        # Nothing was started, so there is nothing to resume.
        if journal is not None:
            journal.mark("ended")
        raise
    if not is_stopped:
        if journal is not None:
            journal.mark("ended")
        return display.report()
    display.sum_up()
    error = display.summary.stopped
    sentences = [] if journal is None else settle(journal)
    if error is not None and options.quiet:  # otherwise the file's line has said it
        sentences.append(str(error))
    if journal is not None:
        sentences.append(
            "Finished files stay changed: `homebody refactor --resume` does the rest, "
            "`homebody undo` restores all files."
        )
    for sentence in sentences:
        warn(sentence)
    return INTERRUPTED if error is None else error.exit_code


async def _work(
    options: RefactorOptions,
    selection: Selection,
    source: SettingsSource,
    journal: Journal | None,
    display: "Display",
) -> None:
    terminal = display.terminal
    if (task := asyncio.current_task()) is not None:
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    is_asked = not (options.yes or options.as_json) and terminal.is_watched and has_terminal_input()

    def may_run(file: SourceFile, text: str) -> bool:
        """Show a change to the person at the terminal, and ask whether the command may run with it."""
        nonlocal is_asked
        if not is_asked:
            return True
        terminal.diff(unified_diff(file.path, file.document.text, text))
        terminal.write(f"Run `{options.verify}` with this change to {file.path}? [y]es, [n]o, [a]ll: ")
        # The event loop's own handler of Ctrl-C would let the read go on.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            answer = sys.stdin.readline().strip().lower()[:1]
        finally:
            signal.signal(signal.SIGINT, before)
        is_asked = answer != "a"
        return answer in {"y", "a"}

    async with open_engine(source, folders=[selection.root]) as engine:
        prompt_of(engine, options.request.action, options.request.instruction)
        if options.jobs > 1:
            engine.chat.slot = None
        terminal.progress("Indexing the workspace …")
        await update_index(engine, terminal)
        applier = None
        if journal is not None:
            applier = Applier(
                journal,
                options.verify,
                options.verify_timeout,
                on_verify=lambda file: display.progress(file.path, "verifying"),
                may_run=may_run,
            )
            await applier.check_command()
        batch = Batch(
            engine,
            options.request,
            display.progress,
            display.finished,
            options.jobs,
            applier,
            with_prompts=options.show_prompt,
            summary=display.summary,
        )
        await batch.run(selection.files)


def _settle_killed(root: Path) -> None:
    """Restore and report the files that a killed run left unverified. The caller holds the lock."""
    for journal in list_runs(root):
        is_ended = journal.has("ended")
        if is_ended and not any(journal.folder.glob("*.open")):
            continue
        sentences = settle(journal)
        if sentences and not is_ended:
            warn(f"The run {journal.run} was killed; `homebody refactor --resume` continues it.")
        for sentence in sentences:
            warn(sentence)


def _refuse_dirty(selection: Selection, options: RefactorOptions, settings: Settings) -> None:
    """Refuse to overwrite uncommitted changes when many files are selected.

    ``--changed`` selects such files on purpose and is allowed; ``--staged`` refuses partly staged files,
    because only their staged part was selected.
    """
    repository = find_repository(selection.root, settings.trusted_folders)
    if options.allow_dirty or options.changed is not None or len(selection.files) < 2 or repository is None:
        return
    dirty = set(repository.unstaged() if options.staged else repository.uncommitted())
    files = [file.path for file in selection.files if Path(file.path).absolute() in dirty]
    if files:
        shown = ", ".join(map(str, files[:3])) + ", …" * (len(files) > 3)
        message = (
            f"{len(files)} of the {len(selection.files)} files have uncommitted changes ({shown}): "
            "commit or stash them first, or give --allow-dirty."
        )
        raise UsageError(message)


def _journal(options: RefactorOptions, selection: Selection, flags: Flags, command: str) -> Journal:
    root = selection.root
    files = tuple(Work(place_in(root, file.path), file.lines) for file in selection.files)
    kept = {key: value for key, value in flags.values.items() if not key.endswith(("api_key", "apiKey"))}
    request = msgspec.structs.replace(options, flags=kept, places=[])
    return create(root, command, msgspec.json.encode(request), files)


def _unfinished(root: Path, name: str) -> Journal:
    for journal in list_runs(root):
        if name in {"last", journal.run} and not journal.has("ended"):
            return journal
    which = "" if name == "last" else f" {name}"
    message = f"There is no unfinished run{which} in {root}; `homebody undo --list` shows the runs."
    raise NothingSelected(message)


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
        self.is_single = len(selection.files) == 1 and not selection.skipped
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
        if self.is_single or outcome.status == "empty":
            self._error = self._error or outcome.error
        has_more = outcome.written or outcome.reason or outcome.notes or outcome.remarks
        if self.is_single:
            is_shown = outcome.error is None and (has_more or outcome.status != "changed")
        else:
            is_shown = outcome.status != "empty" and (has_more or not sys.stderr.isatty())
        if is_shown:
            self.terminal.report(f"{self._count(self.summary.done)}{line_of(outcome)}")
        self._print(outcome)

    def report(self) -> int:
        """Report the end of a run; return the exit code. Raises the error of a single file."""
        options, counts = self._options, self.summary.counts
        if self._error is not None and (self.is_single or counts["empty"] == self.summary.total):
            raise self._error
        if not self.is_single:
            self.sum_up()
            if self.summary.written:
                self.terminal.report("`homebody undo` restores all files.")
        failed = counts["refused"] + counts["failed"] + self.summary.partly
        return 1 if failed or (options.check and counts["changed"]) else 0

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
            show_prompt_text(terminal, record)
        if options.diff or not (options.write or options.check):
            terminal.diff(diff_of(outcome))
        elif options.check and outcome.status == "changed":
            terminal.write(f"would change {outcome.path}\n")
        elif self._prints_text and not outcome.is_new:
            terminal.write(outcome.mark + outcome.after)

    def sum_up(self) -> None:
        """Print the summary."""
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
        self.terminal.report(f"{summary.total} file{'s' * (summary.total != 1)}: {what}.")
        if skipped:
            self.terminal.report(f"Left out: {described(skipped)}.")
        tokens = f"{summary.prompt_tokens} tokens in, {summary.output_tokens} out"
        self.terminal.report(f"{tokens}, {duration(summary.seconds)}.")


def line_of(outcome: Outcome) -> str:
    """Describe the result of a file in one line."""
    changes = [line[0] for line in diff_of(outcome).split("\n")[2:] if line[:1] in {"+", "-"}]
    shown = f" (+{changes.count('+')} -{changes.count('-')} lines)" if changes else ""
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
