"""Runs the user's command on a tree that holds the change to one file.

The command runs in a shell; the only text inserted into it is the quoted path of the file, never text from a
model or from inside a file.
"""

import asyncio
import os
import shlex
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_KEPT_BYTES = 64 * 1024
_CLOSING_SECONDS = 0.5
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
FILE = "{file}"
"""Stands for the changed file's path in a command."""


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
