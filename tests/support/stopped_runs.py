"""Stops `homebody` at each of its changes on the disk, as a script that forks a process for each command.

A fault strikes at the n-th operation that changes the disk: the process is killed before it, the disk is full
from then on, or the process is killed in the middle of the next write that is longer than a few bytes.
Prints one JSON line for each trial: the fault, the exit codes and the files after each command.

    stopped_runs.py FOLDER FAULT ARGUMENTS… -- FOLLOWING…
"""

import json
import os
import resource  # noqa: TID251 - there is no fork on Windows either
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homebody.cli import main

_CHANGES = frozenset({"os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.truncate"})
_ROOM = 9
"""Bytes that still fit into a file once the disk is full."""
_WRITES = os.O_WRONLY | os.O_RDWR
_NOT_STRUCK = 100
"""Added to the exit code of a process that ended before the n-th operation."""


@dataclass
class Fault:
    """An audit hook that lets ``kind`` happen at the n-th operation in ``folders``."""

    kind: str
    left: int
    folders: tuple[bytes, ...]

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Receive an event of the interpreter before it happens."""
        if event not in _CHANGES and not (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        ):
            return
        if (
            not self.left
            or isinstance(arguments[0], int)
            or not os.fsencode(arguments[0]).startswith(self.folders)
        ):
            return
        self.left -= 1
        if self.left:
            return
        if self.kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "cut":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, resource.RLIM_INFINITY))


def run() -> None:
    """Try one fault at the operations of a command, and run the following command after it."""
    folder, fault = Path(sys.argv[1]), sys.argv[2]
    split = sys.argv.index("--")
    command, following = sys.argv[3:split], sys.argv[split + 1 :]
    watched = tuple(os.fsencode(folder / name) for name in ("tree", "state"))
    renew(folder)
    main(command)  # so that no forked process has to import anything
    # A full disk and a write in two are tried at every second operation.
    number, code, step = 0, 0, 1 if fault == "killed" else 2
    while code < _NOT_STRUCK:
        number += step
        renew(folder)
        code = forked(command, Fault(fault, number, watched))
        stopped = texts(folder)
        then = forked(following)
        report = {"number": number, "code": code, "stopped": stopped, "then": then, "files": texts(folder)}
        print(json.dumps(report), flush=True)  # noqa: T201 - the output of a script


def renew(folder: Path) -> None:
    """Put the original tree and state in place."""
    for name in ("tree", "state"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.copytree(folder / "original", folder, dirs_exist_ok=True, symlinks=True)
    os.chdir(folder / "tree")


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((folder / "tree").iterdir())}


def forked(arguments: Sequence[str], fault: Fault | None = None) -> int:
    """Run a command in a process of its own; return its exit code, negative for a signal."""
    child = os.fork()
    if not child:
        if fault is not None:
            sys.addaudithook(fault)
        code = main(arguments)
        sys.stdout.flush()
        os._exit(code if fault is None or not fault.left else code + _NOT_STRUCK)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    run()
