"""One run of ``homebody refactor``: settings, files, journal, engine, results.

With ``-``, the text from the standard input, for use as an editor's filter.
"""

import asyncio
import difflib
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import msgspec

from homebody.cli.answers import show_prompt_text, update_index
from homebody.cli.arguments import has_terminal_input, read_bytes
from homebody.cli.edge import INTERRUPTED, warn
from homebody.cli.flags import Flags
from homebody.cli.refactor_display import Display, summary_of
from homebody.cli.refactor_options import RefactorOptions, places_of
from homebody.cli.terminal import Terminal, harmless
from homebody.engine import Tuning, open_engine
from homebody.errors import HomebodyError, JournalUnusable, NothingSelected, UsageError
from homebody.features.refactor import prompt_of
from homebody.headless.apply import Applier
from homebody.headless.batch import Batch, Summary
from homebody.headless.diff import unified_diff
from homebody.headless.file_report import diff_of, to_json_line
from homebody.headless.find import Chosen, Selection, Wanted, described, select_files, shown_path, tree_of
from homebody.headless.journal import Journal, Work, create, list_runs, place_in, tree_lock
from homebody.headless.report import to_prompt
from homebody.headless.run import Outcome, rewrite
from homebody.headless.select import SourceFile, read_source, source_of, workspace_of
from homebody.headless.targets import symbol_names
from homebody.headless.undo import settle
from homebody.settings import Settings
from homebody.settings.watch import SettingsSource
from homebody.workspace.git import find_repository

_NAMES_LOOKED_AT = 200
_NAMED_FILES = 3


@dataclass(slots=True)
class Run:
    """Inputs of a run, and its results so far; ``filter_of`` is the name of the text from standard input."""

    options: RefactorOptions
    selection: Selection
    source: SettingsSource
    terminal: Terminal
    journal: Journal | None = None
    summary: Summary = field(default_factory=Summary)
    last: Outcome | None = None
    filter_of: Path | None = None

    @property
    def is_single(self) -> bool:
        """Whether a single file was named: then its errors and remarks are printed instead of a summary."""
        return len(self.selection.files) == 1 and not self.selection.skipped


def run_refactor(options: RefactorOptions, flags: Flags, command: Sequence[str]) -> int:
    """Process the files that ``options`` name; return the exit code.

    Raises
    ------
    HomebodyError
        The run could not start, or the only file failed.

    """
    places = places_of(options)
    if options.select and any(place.lines for place in places):
        message = "Lines and --select are two ways to choose a part of a file: give only one of them."
        raise UsageError(message)
    root = tree_of(places)
    source = flags.source(root)
    settings = source.settings
    wanted = Wanted(
        places,
        exclude=options.exclude,
        changed=options.changed,
        staged=options.staged,
        to_write=options.mode == "write",
    )
    selection = select_files(root, wanted, settings)
    if not selection.files:
        left = f" ({described(selection.skipped)} left out)" if selection.skipped else ""
        warn(f"No source file is {'staged' if options.staged else 'changed'}: there is nothing to do{left}.")
        return 0
    if options.limit is not None:
        selection = Selection(root, selection.files[: options.limit], selection.skipped)
    if options.mode == "write":
        _refuse_dirty(selection, options, settings)
    # Names of bytes that are not UTF-8 cannot be stored.
    text = shlex.join(command).encode("utf-8", "replace").decode()
    with tree_lock(root, text) if options.mode == "write" else nullcontext():
        run = Run(options, selection, source, Terminal())
        if options.mode == "write":
            settle_killed(root)
            run.journal = _journal(run, flags, text)
        return _finish(run)


def resume_run(name: str, flags: Flags) -> int:
    """Resume a run that ended early; return the exit code.

    Raises
    ------
    NothingSelected
        There is no unfinished run of that name.

    """
    root = tree_of([])
    with tree_lock(root, "homebody refactor --resume"):
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
        run = Run(options, Selection(root, left), source, Terminal(), journal)
        return _finish(run)


def refactor_stdin(options: RefactorOptions, flags: Flags) -> int:
    """Rewrite the text from the standard input as if it were the file that the options name.

    With ``--write`` the whole text is printed, changed or not. Returns the exit code.
    """
    path = Path(options.stdin_filename)
    root = workspace_of(path)
    source = flags.source(root)
    text = source_of(read_bytes(), path)
    run = Run(options, Selection(root, (Chosen(path),)), source, Terminal(), filter_of=path)

    async def rewritten() -> Outcome:
        async with open_engine(source, folders=[root]) as engine:
            engine.chat.tuning = Tuning(seed=options.seed, max_tokens=options.max_tokens)
            return await rewrite(engine, options.request, text, with_prompts=options.show_prompt)

    began = time.monotonic()
    outcome = asyncio.run(rewritten())
    run.summary.counts[outcome.status] += 1
    _print(run, replace(outcome, seconds=time.monotonic() - began))
    return _report_one(run)


def settle_killed(root: Path) -> None:
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


def _finish(run: Run) -> int:
    """Run the event loop until the end or Ctrl-C; report the results."""
    interrupted = False
    try:
        asyncio.run(_work(run))
    except (KeyboardInterrupt, asyncio.CancelledError):  # Ctrl-C; SIGTERM
        interrupted = True
    except HomebodyError:
        # Nothing was started, so there is nothing to resume.
        _end_journal(run)
        raise
    summary = run.summary
    if interrupted or (summary.stopped is not None and not run.is_single):
        return _report_stopped(run)
    _end_journal(run)
    if run.options.select and summary.counts["empty"] == summary.total:
        raise NothingSelected(_no_match(run))
    return _report_one(run) if run.is_single else _report_many(run)


def _report_stopped(run: Run) -> int:
    """Report a run that was stopped; the journal keeps it as unfinished."""
    _summarise(run)
    for sentence in settle(run.journal) if run.journal is not None else ():
        warn(sentence)
    stopped = run.summary.stopped
    if stopped is not None and run.options.quiet:  # otherwise the file's line has said it
        warn(str(stopped))
    if run.journal is not None and run.summary.written:
        warn(
            "Finished files stay changed: `homebody refactor --resume` does the rest, "
            "`homebody undo` restores all files."
        )
    elif run.journal is not None:
        warn("Nothing was changed since this command started: `homebody refactor --resume` does the rest.")
    return INTERRUPTED if stopped is None else stopped.exit_code


def _report_many(run: Run) -> int:
    _summarise(run)
    if run.journal is not None and run.summary.written and not run.options.quiet:
        sys.stderr.write("`homebody undo` restores all files.\n")
    return _exit_code(run)


def _summarise(run: Run) -> None:
    if not run.options.quiet:
        for line in summary_of(run.summary, run.selection.skipped):
            sys.stderr.write(line + "\n")


def _exit_code(run: Run) -> int:
    counts = run.summary.counts
    failed = counts["refused"] + counts["failed"]
    return 1 if failed or (run.options.mode == "check" and counts["changed"]) else 0


def _report_one(run: Run) -> int:
    """Report why one file did not change, and which of its attributes could not be kept."""
    outcome = run.last
    if outcome is None:
        return _exit_code(run)
    if outcome.error is not None:
        raise outcome.error
    sentence = outcome.reason
    if outcome.status == "refused":
        sentence = sentence or "The model's answer was refused."
    elif outcome.status != "changed" and not run.options.as_json:
        sentence = sentence or f"There is nothing to change in {outcome.path}."
    # The line of a file that was written has its notes; a refusal that is due to notes quotes them.
    has_notes = outcome.notes and outcome.status == "changed" and not outcome.written
    notes = [f"Note: it {', '.join(outcome.notes)}."] if has_notes else []
    for remark in (sentence, *notes, *outcome.remarks):
        if remark and not run.options.quiet:
            warn(remark)
    return _exit_code(run)


async def _work(run: Run) -> None:
    options = run.options
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; not the main thread
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    async with open_engine(run.source, folders=[run.selection.root]) as engine:
        prompt_of(engine, options.request.action, options.request.instruction)
        engine.chat.tuning = Tuning(
            slot="chat" if options.jobs == 1 else None, seed=options.seed, max_tokens=options.max_tokens
        )
        if not options.quiet:
            run.terminal.progress("Indexing the workspace …")
        await update_index(engine, None if options.quiet else run.terminal)
        run.terminal.progress("")
        display = Display(
            partial(_print, run),
            len(run.selection.files),
            run.terminal,
            is_single=run.is_single,
            is_quiet=options.quiet,
        )
        with closing(display):
            applier = None
            if run.journal is not None:
                applier = Applier(
                    run.journal,
                    options.verify,
                    options.verify_timeout,
                    on_verify=lambda source: display.progress(source.path, "verifying", 0),
                    may_run=partial(_may_run, run, display),
                )
                await applier.check_command()
            batch = Batch(
                engine,
                options.request,
                display,
                options.jobs,
                applier,
                with_prompts=options.show_prompt,
                summary=run.summary,
            )
            await batch.run(run.selection.files)


def _may_run(run: Run, display: Display, source: SourceFile, text: str) -> bool:
    """Show a change to the person at the terminal, and ask whether the command may run with it."""
    options = run.options
    is_asked = run.terminal.is_watched and has_terminal_input() and not options.as_json
    if options.yes or not is_asked:
        return True
    question = f"Run `{options.verify}` with this change to {source.path}? [y]es, [n]o, [a]ll: "
    with display.paused():
        run.terminal.diff(unified_diff(source.path, source.document.text, text))
        sys.stderr.write(harmless(question))
        sys.stderr.flush()
        # The event loop's own handler of Ctrl-C would let the read go on.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            answer = sys.stdin.readline().strip().lower()[:1]
        finally:
            signal.signal(signal.SIGINT, before)
    if answer == "a":
        run.options = msgspec.structs.replace(options, yes=True)
    return answer in {"y", "a"}


def _print(run: Run, outcome: Outcome) -> None:
    """Print one file's result on stdout."""
    run.last = outcome
    options, terminal = run.options, run.terminal
    if options.as_json:
        if outcome.status != "empty" and not (run.is_single and outcome.error is not None):
            terminal.write(to_json_line(outcome))
        return
    for record in outcome.prompts:
        show_prompt_text(terminal, to_prompt(record))
        terminal.write(record.answer.removesuffix("\n") + "\n")
    if options.mode == "write" and outcome.path == run.filter_of and not options.shows_diff:
        terminal.write(outcome.mark + outcome.after)
    elif options.prints_diff:
        terminal.diff(diff_of(outcome))
    elif options.mode == "check" and outcome.status == "changed":
        terminal.write(f"would change {outcome.path}\n")


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
        shown = ", ".join(map(str, files[:_NAMED_FILES])) + (", …" if len(files) > _NAMED_FILES else "")
        message = (
            f"{len(files)} of the {len(selection.files)} files have uncommitted changes ({shown}): "
            "commit or stash them first, or give --allow-dirty."
        )
        raise UsageError(message)


def _journal(run: Run, flags: Flags, command: str) -> Journal:
    root = run.selection.root
    files = tuple(Work(place_in(root, file.path), file.lines) for file in run.selection.files)
    kept = {key: value for key, value in flags.values.items() if not key.endswith(("api_key", "apiKey"))}
    request = msgspec.structs.replace(run.options, flags=kept, places=())
    return create(root, command, msgspec.json.encode(request), files)


def _unfinished(root: Path, name: str) -> Journal:
    runs = list_runs(root)
    if name != "last":
        runs = [journal for journal in runs if journal.run == name]
    for journal in runs:
        if not journal.has("ended"):
            return journal
    what = "There is no unfinished run" if name == "last" else f"There is no unfinished run {name}"
    message = f"{what} in {root}; `homebody undo --list` shows the runs."
    raise NothingSelected(message)


def _end_journal(run: Run) -> None:
    if run.journal is not None:
        run.journal.mark("ended")


def _no_match(run: Run) -> str:
    """Return a message that no symbol matches, with similar names."""
    patterns = run.options.select
    names: set[str] = set()
    for chosen in run.selection.files[:_NAMES_LOOKED_AT]:
        with suppress(HomebodyError):
            source = read_source(chosen.path, max_bytes=run.source.settings.context.max_file_bytes)
            names.update(symbol_names(source.document))
    near = [name for pattern in patterns for name in difflib.get_close_matches(pattern, sorted(names), 2)]
    hint = f"did you mean {' or '.join(near[:2])}?" if near else "patterns look like test_* or Class.method."
    count = len(run.selection.files)
    return f"--select {' '.join(patterns)} matches nothing in {count} file{'s' * (count != 1)}; {hint}"
