"""One run of ``homebody refactor``: settings, files, journal, engine, results.

With ``-``, the text from the standard input, for use as an editor's filter.
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

from homebody.cli.answers import update_index
from homebody.cli.edge import INTERRUPTED, has_terminal_input, read_bytes, warn
from homebody.cli.flags import Flags
from homebody.cli.refactor_display import Display
from homebody.cli.refactor_options import RefactorOptions
from homebody.engine import open_engine
from homebody.errors import HomebodyError, JournalUnusable, NothingSelected, UsageError
from homebody.features.refactor import prompt_of
from homebody.headless.apply import Applier
from homebody.headless.batch import Batch
from homebody.headless.diff import unified_diff
from homebody.headless.find import Chosen, Selection, Wanted, described, select_files, shown_path, tree_of
from homebody.headless.journal import Journal, Work, create, list_runs, place_in, tree_lock
from homebody.headless.run import Outcome, rewrite
from homebody.headless.select import SourceFile, source_of, workspace_of
from homebody.headless.undo import settle
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
    with tree_lock(root, text):
        _settle_killed(root)
        return _finish(options, selection, source, _journal(options, selection, flags, text))


def resume_run(name: str, flags: Flags) -> int:
    """Resume a run that ended early; return the exit code.

    Raises ``NothingSelected``: there is no unfinished run of that name.
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
        is_stopped = display.stopped_early
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
    display: Display,
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
            display,
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
