"""Write changes to the tree, one file at a time, so that every step can be undone.

The order of each change: store the old content in the journal, replace the file, run the command, record the
verdict. A process that is killed in between leaves a complete file and a journal that records both contents.
What the file holds after the command, if it is not what the run wrote, is the user's: it stays and is named.
"""

import asyncio
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from homebody.errors import DocumentChanged, EditRefused, HomebodyError, RunError, VerifyFailed
from homebody.headless.find import is_internal
from homebody.headless.journal import Journal, Record, RecordedChange, put_back
from homebody.headless.select import SourceFile
from homebody.headless.write import check_replaceable, content_digest, digest, put_bytes, temporary_name
from homebody.text import Document

_OUTPUT_LINES = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a command ended.

    Attributes
    ----------
    passed
        Exit code 0 within the time limit.
    why
        How it failed, in one clause: ``exit code 1``, ``it did not end within 300 s``.
    output
        The last 64 KiB of its output.

    """

    passed: bool
    why: str
    output: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Result of writing one change to the tree.

    ``reason`` says why it was undone; ``verdict`` is the result of the command, if one ran.
    """

    kept: bool
    reason: str | None = None
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None


@dataclass
class Applier:
    """Applies the changes of one run. ``command`` is the ``--verify`` command, or empty.

    The command may run what the model wrote, so ``may_run`` is asked about each text before it is written.
    """

    journal: Journal
    command: str = ""
    timeout_seconds: float = 300.0
    on_verify: Callable[[SourceFile], None] = lambda _source: None
    may_run: Callable[[SourceFile, str], bool] = lambda _source, _text: True
    # The command checks the whole tree, so the tree may hold only one unverified change at a time.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def check_command(self) -> None:
        """Run the command once before anything is changed, unless it checks one file only.

        Raises ``VerifyFailed``: it fails on the unchanged tree.
        """
        if not self.command or FILE in self.command:
            return
        verdict = await run_command(self.command, self.journal.root, None, self.timeout_seconds)
        if not verdict.passed:
            message = (
                f"The command of --verify fails before anything is changed ({verdict.why}): make it pass, or "
                f"give it {FILE} to look at the changed file alone. Its output ends: {_last_line(verdict)}"
            )
            raise VerifyFailed(message)

    async def apply(self, source: SourceFile, text: str) -> Applied:
        """Replace the file, verify it, and restore the old content if verification fails.

        Raises
        ------
        DocumentChanged
            Others changed the file: before, and nothing was written; or while the command ran, and what
            they wrote stays.
        EditRefused
            Nothing was written.
        JournalUnusable
            The journal cannot be written, so nothing was written to the tree.
        VerifyFailed
            The command failed, and the old content cannot be restored.

        """
        async with self.turn:
            place = _place(source.target, self.journal.root)
            self._ask(source, text)
            check_replaceable(source)
            mode = source.target.stat().st_mode & 0o7777
            return await self._written(source, place, source.encode(text), digest(source.data), mode)

    async def create(self, source: SourceFile, target: Path, text: str) -> Applied:
        """Create a file, verify it, and remove it if verification fails; it is made for ``source``.

        Raises ``EditRefused``: something of that name exists already, or the file lies outside of the tree or
        cannot be written; ``DocumentChanged`` or ``JournalUnusable`` or ``VerifyFailed``: see ``apply``.
        """
        async with self.turn:
            target = _free_place(target)
            place = _place(target, self.journal.root)
            self._ask(SourceFile(target, target, b"", Document.create("", "", 0, "")), text)
            made = SourceFile(target, target, b"", source.document)
            return await self._written(made, place, text.encode(), None, 0o666 & ~_umask())

    def _ask(self, source: SourceFile, text: str) -> None:
        """Raise ``EditRefused`` if the command may not run with the change."""
        if self.command and not self.may_run(source, text):
            message = f"You declined to run the command with this change, so {source.path} is not changed."
            raise EditRefused(message)

    def finished(self, path: Path) -> None:
        """Record that a file is done, so that a resumed run skips it."""
        self.journal.finished(path)

    async def _written(
        self, source: SourceFile, place: str, data: bytes, old: str | None, mode: int
    ) -> Applied:
        """Record and make one change; ``old`` is the digest of the current content, if there is a file."""
        target = source.target
        record = Record(place, old, digest(data), mode, temporary_name(target))
        change = self.journal.begin(record, source.data, is_kept=not self.command)
        try:
            notes = put_bytes(target, data, old=old, temporary=record.temporary, mode=mode, shown=source.path)
        except EditRefused:
            with suppress(RunError):
                self.journal.drop(change)
            raise
        if not self.command:
            return Applied(kept=True, notes=notes)
        return await self._verified(source, change, notes)

    async def _verified(self, source: SourceFile, change: RecordedChange, notes: tuple[str, ...]) -> Applied:
        try:
            self.on_verify(source)
            verdict = await run_command(self.command, self.journal.root, source.target, self.timeout_seconds)
        except BaseException:  # cancelled: ``settle`` reports what cannot be put back
            with suppress(HomebodyError):
                put_back(self.journal, change, source.data)
            raise
        record = change.record
        try:
            content = _content(source.target)
            if verdict.passed and content not in {None, record.old}:
                self.journal.keep(change)
                if content != record.new:
                    note = f"{source.path} was changed while the command ran: that stays, also at an undo."
                    notes = (*notes, note + change.where)
                return Applied(kept=True, notes=notes, verdict=verdict)
            put_back(self.journal, change, source.data)
        except DocumentChanged as error:
            with suppress(RunError):
                self.journal.keep(change)
            failed = "" if verdict.passed else f"`{self.command}` failed ({verdict.why}). "
            message = f"{failed}{error}"
            raise DocumentChanged(message) from error
        except HomebodyError as error:
            message = (
                f"{source.path} holds an unverified change: {error} `homebody undo` tries to restore it."
            )
            raise VerifyFailed(message) from error
        if verdict.passed:
            message = f"`{self.command}` reverted or removed {source.path} itself; it has its old content."
            raise EditRefused(message)
        reason = f"`{self.command}` failed with it ({verdict.why}), so the old text was restored."
        return Applied(kept=False, reason=reason, notes=notes, verdict=verdict)


def _content(path: Path) -> str | None:
    """Return the content's digest; ``None`` too if something else than a file is there."""
    with suppress(DocumentChanged):
        return content_digest(path)
    return None


def _free_place(path: Path) -> Path:
    """Return the real path of a new file. Raises ``EditRefused`` if the name is taken."""
    # The last part is not resolved: a link to a missing file would have the run create that one.
    target = Path(os.path.realpath(path.parent), path.name)
    if os.path.lexists(target):
        message = f"{target} exists already: nothing was written."
        raise EditRefused(message)
    return target


def _place(target: Path, root: Path) -> str:
    """Return the path of a file in the tree. Raises ``EditRefused`` for one outside or of the repository."""
    if not target.is_relative_to(root) or is_internal(target.relative_to(root)):
        message = f"{target} is outside of {root}, or in its .git: nothing was written."
        raise EditRefused(message)
    return target.relative_to(root).as_posix()


def _umask() -> int:
    """Return the process's umask: the permission bits that new files do not get."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def feedback_of(command: str, verdict: Verdict) -> str:
    """Describe a failed command for the model: how it failed, and the end of its output."""
    lines = verdict.output.strip().splitlines()[-_OUTPUT_LINES:]
    return "\n".join([f"`{command}` failed ({verdict.why}):", *lines])


def _last_line(verdict: Verdict) -> str:
    lines = verdict.output.strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing."


_KEPT_BYTES = 64 * 1024
_CLOSING_SECONDS = 0.5
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
FILE = "{file}"
"""Stands for the changed file's path in a command."""


async def run_command(command: str, root: Path, file: Path | None, timeout_seconds: float) -> Verdict:
    """Run ``command`` in ``root`` and wait for it; a cancel or the time limit ends all its processes.

    ``{file}`` is replaced by the path of the changed file.
    """
    printed = _Printed()
    try:
        process = await asyncio.create_subprocess_shell(
            command if file is None else command.replace(FILE, _quoted(file)),
            cwd=root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=printed.write_end,
            stderr=asyncio.subprocess.STDOUT,
            # Its own process group, so that every process it starts can be ended.
            start_new_session=os.name != "nt",
            creationflags=_NEW_GROUP,
        )
    finally:
        printed.start()
    why = ""
    try:
        code = await asyncio.wait_for(process.wait(), timeout_seconds)
        if code:
            why = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
    except TimeoutError:
        why = f"it did not end within {timeout_seconds:g} s"
    finally:
        _end_group(process.pid)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    output = await asyncio.to_thread(printed.finish)
    return Verdict(not why, why, output)


class _Printed:
    """The end of a command's output, read by a thread.

    It uses a separate pipe: a process that outlives the command may hold it open without blocking us.
    """

    def __init__(self) -> None:
        self._read_end, self.write_end = os.pipe()
        self._tail = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True, name="homebody-verify")

    def start(self) -> None:
        """Start reading, once the command has its end of the pipe."""
        os.close(self.write_end)
        self._thread.start()

    def finish(self) -> str:
        """Return the end of the output, without waiting for processes that outlive the command."""
        self._thread.join(_CLOSING_SECONDS)
        return bytes(self._tail).decode("utf-8", "replace")

    def _read(self) -> None:
        with suppress(OSError):
            while piece := os.read(self._read_end, _KEPT_BYTES):
                self._tail += piece
                del self._tail[:-_KEPT_BYTES]
        os.close(self._read_end)


def _quoted(file: Path) -> str:
    return subprocess.list2cmdline([str(file)]) if os.name == "nt" else shlex.quote(str(file))


def _end_group(leader: int) -> None:
    """End every process that the command started: of its group (POSIX), or its descendants."""
    with suppress(psutil.Error):
        members = (
            psutil.Process(leader).children(recursive=True)
            if sys.platform == "win32"
            else [process for process in psutil.process_iter() if _group_of(process.pid) == leader]
        )
        for process in members:
            with suppress(psutil.Error):
                process.kill()


def _group_of(pid: int) -> int:
    if sys.platform != "win32":
        with suppress(OSError):
            return os.getpgid(pid)
    return -1
