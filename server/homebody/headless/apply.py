"""Write changes to the tree, one file at a time, so that every step can be undone.

In: a file as it was read and its new text. Out: ``Applied``: the change was kept, or the old text was
restored, with the reason. The order of each change: store the old text in the journal, replace the file,
run the command, record the verdict. A process that is killed in between leaves a complete file and a
journal that records which text it holds.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import EditRefused, VerifyFailed
from homebody.headless.journal import Event, FileState, Journal, RunState, digest
from homebody.headless.select import SourceFile
from homebody.headless.verify import FILE, Verdict, run_command
from homebody.headless.write import check_replaceable, put_bytes, temporary_name

_OUTPUT_LINES = 40


@dataclass(frozen=True, slots=True)
class Applied:
    """Result of writing one change to the tree.

    ``reason`` says why it was undone; ``verdict`` is the result of the command, if one ran.
    """

    kept: bool
    reason: str | None = None
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None


class Applier:
    """Applies the changes of one run. ``command`` is the ``--verify`` command, or empty."""

    def __init__(
        self,
        journal: Journal,
        command: str = "",
        timeout_seconds: float = 300.0,
        on_verify: Callable[[SourceFile], None] | None = None,
    ) -> None:
        self._journal = journal
        self._command = command
        self._timeout = timeout_seconds
        self._on_verify = on_verify
        # The command checks the whole tree, so the tree may hold only one unverified change at a time.
        self._turn = asyncio.Lock()

    async def check_command(self) -> None:
        """Run the command once before anything is changed, unless it checks one file only.

        Raises
        ------
        VerifyFailed
            It cannot be started, or it fails on the unchanged tree.

        """
        if not self._command or FILE in self._command:
            return
        verdict = await run_command(self._command, self._journal.root, None, self._timeout)
        if not verdict.passed:
            message = (
                f"The command of --verify fails before anything is changed ({verdict.why}): make it pass, or "
                f"give it {FILE} to look at the changed file alone. Its output ends: {_last_line(verdict)}"
            )
            raise VerifyFailed(message)

    async def apply(self, source: SourceFile, text: str) -> Applied:
        """Replace the file, verify it, and restore the old text if verification fails.

        Raises
        ------
        DocumentChanged, EditRefused
            Nothing was written.
        JournalUnusable
            The journal cannot be written, so nothing was written to the tree.
        VerifyFailed
            The command cannot be started; the old text was restored.

        """
        async with self._turn:
            path = source.target.relative_to(self._journal.root).as_posix()
            check_replaceable(source)
            data = source.encode(text)
            begin = Event(
                "begin",
                path,
                old=self._journal.keep_text(source.data),
                new=digest(data),
                mode=source.target.stat().st_mode & 0o7777,
                temporary=temporary_name(source.target),
            )
            self._journal.record(begin)
            try:
                notes = put_bytes(source.target, data, shown=source.path, temporary=begin.temporary)
            except EditRefused:
                self._journal.record(Event("restored", path))
                raise
            if not self._command:
                self._journal.record(Event("kept", path, new=begin.new))
                return Applied(kept=True, notes=notes)
            return await self._verified(source, begin, notes)

    async def create(self, source: SourceFile, target: Path, text: str) -> Applied:
        """Create a file, verify it, and remove it if verification fails; it is made for ``source``.

        Raises
        ------
        EditRefused
            The file already exists, lies outside of the tree, or cannot be written.
        JournalUnusable, VerifyFailed
            See ``apply``.

        """
        async with self._turn:
            target = _new_place(target, self._journal.root)
            data = text.encode()
            path = target.relative_to(self._journal.root).as_posix()
            begin = Event("begin", path, new=digest(data), temporary=temporary_name(target))
            self._journal.record(begin)
            put_bytes(target, data, temporary=begin.temporary, mode=0o666 & ~_umask())
            if not self._command:
                self._journal.record(Event("kept", path, new=begin.new))
                return Applied(kept=True)
            made = SourceFile(target, target, data, source.document)
            return await self._verified(made, begin, ())

    def finished(self, path: Path, status: str) -> None:
        """Record that a file is done, so that a resumed run skips it."""
        target = Path(os.path.realpath(path))
        root = Path(os.path.realpath(self._journal.root))
        self._journal.record(Event("done", target.relative_to(root).as_posix(), status=status))

    async def _verified(self, source: SourceFile, begin: Event, notes: tuple[str, ...]) -> Applied:
        kept = False
        try:
            if self._on_verify is not None:
                self._on_verify(source)
            verdict = await run_command(self._command, self._journal.root, source.target, self._timeout)
            kept = verdict.passed
        finally:
            # Also when cancelled: an unverified change must not stay in the tree.
            if kept:
                # The command may have changed the file itself, as a formatter does.
                self._journal.record(Event("kept", begin.path, new=_hash_of(source.target) or begin.new))
            else:
                put_back(self._journal, _state(begin), found_is_ours=True)
        if not verdict.started:
            message = f"The command of --verify cannot be started: {_last_line(verdict)}"
            raise VerifyFailed(message)
        reason = (
            None
            if kept
            else f"`{self._command}` failed with it ({verdict.why}), so the old text was restored."
        )
        return Applied(kept, reason, notes, verdict)


def settle(journal: Journal, state: RunState, *, is_verified: bool) -> list[str]:
    """Restore the files that a killed run left unverified, and remove its temporary files.

    ``is_verified`` tells whether the run has a ``--verify`` command; without one, a file that was written
    completely is kept. Returns a sentence for each file that was restored or has changed since.
    Raises ``JournalUnusable`` and ``EditRefused``.
    """
    sentences: list[str] = []
    for file in state.files.values():
        if not file.open:
            continue
        target = journal.root / file.path
        if file.temporary:
            target.with_name(file.temporary).unlink(missing_ok=True)
        if not is_verified and _hash_of(target) == file.new:
            journal.record(Event("kept", file.path, new=file.new))
            file.kept = True
        else:
            sentences += filter(None, [put_back(journal, file).sentence])
        file.open = False
    return sentences


@dataclass(frozen=True, slots=True)
class PutBack:
    """Result for one file: ``is_left`` if it has changed since and was not touched; a sentence or nothing."""

    is_left: bool
    sentence: str = ""


def put_back(journal: Journal, file: FileState, *, found_is_ours: bool = False) -> PutBack:
    """Restore the old text of one file, and record it.

    ``found_is_ours``: the run is still working on the file, so whatever text the command left there is
    stored in the journal and replaced. Otherwise a text that is neither the old nor the new one was
    written by another program.

    Raises
    ------
    JournalUnusable, EditRefused
        The old text is lost, or the file cannot be replaced.

    """
    target = journal.root / file.path
    try:
        found = target.read_bytes()
    except OSError:
        found = None
    if (digest(found) if found is not None else "") == file.old:
        journal.record(Event("restored", file.path))
        return PutBack(is_left=False)
    if found is not None and digest(found) != file.new:
        if not found_is_ours:
            journal.record(Event("left", file.path))
            kept_at = _kept_at(journal, file)
            return PutBack(
                is_left=True,
                sentence=f"{file.path} was changed since, and is not touched; its old text is {kept_at}.",
            )
        journal.keep_text(found)
    if file.old:
        put_bytes(target, journal.text(file.old), mode=file.mode)
    else:  # the run created it
        target.unlink(missing_ok=True)
    journal.record(Event("restored", file.path))
    return PutBack(is_left=False, sentence=f"{file.path} has its old text again: it was not verified.")


def _state(begin: Event) -> FileState:
    return FileState(begin.path, begin.old, begin.new, begin.mode, begin.temporary, open=True)


def _kept_at(journal: Journal, file: FileState) -> Path:
    return journal.folder / "texts" / file.old


def _new_place(path: Path, root: Path) -> Path:
    """Return the path of a new file. Raises ``EditRefused`` if it exists or lies outside of the tree."""
    target = Path(os.path.realpath(path))
    if target.exists() or not target.is_relative_to(root):
        message = f"{target} exists already, or is outside of {root}: nothing was written."
        raise EditRefused(message)
    return target


def _umask() -> int:
    """Return the process's umask: the permission bits that new files do not get."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _hash_of(path: Path) -> str:
    try:
        return digest(path.read_bytes())
    except OSError:
        return ""


def feedback_of(command: str, verdict: Verdict) -> str:
    """Describe a failed command for the model: how it failed, and the end of its output."""
    lines = verdict.output.strip().splitlines()[-_OUTPUT_LINES:]
    return "\n".join([f"`{command}` failed ({verdict.why}):", *lines])


def _last_line(verdict: Verdict) -> str:
    lines = verdict.output.strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing."
