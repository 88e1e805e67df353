"""Parse files that may crash the process: native code can crash, and deep nesting can take hours.

In: a path and bytes. Out: the result of ``extract``, or nothing for a file that has already crashed this
process twice.
The path of the file being parsed is written to disk first; if that note still exists at the next start,
it names the file that caused the crash.
"""

import faulthandler
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homebody.workspace.extract import Extract

# A file of 1 MiB takes 3 seconds.
_MOST_SECONDS = 60.0
# One crash may be a coincidence: the machine was switched off, or somebody ended the process.
_STRIKES = 2


class GuardedExtract:
    """Calls ``extract``, and ends the process if that takes longer than ``seconds``.

    They are seconds of processor time, except on Windows: this process has the lowest priority, so on a busy
    machine it may wait for minutes. ``note`` is the file that survives. Call ``done`` when all is well.
    """

    def __init__(self, note: Path, seconds: float = _MOST_SECONDS) -> None:
        self._note = note
        self._seconds = seconds
        self._suspect, self._strikes = _read(note)

    def __call__(self, path: str, data: bytes) -> "Extract | None":
        """Return what ``extract`` returns."""
        from homebody.workspace.extract import extract  # most starts have nothing to parse

        strikes = self._strikes if path == self._suspect else 0
        if strikes >= _STRIKES:
            return "", (), (), ()
        self._note.write_text(f"{strikes + 1} {path}", encoding="utf-8")
        _limit(self._seconds)
        try:
            return extract(path, data)
        finally:
            _limit(0)

    def done(self) -> None:
        """Delete the note: no file is being parsed."""
        self._note.unlink(missing_ok=True)


def note_beside(database: Path) -> Path:
    """Path of the note about the files of an index; it must not stay when an innocent process is killed."""
    return Path(f"{database}.trying")


def _limit(seconds: float) -> None:
    """End the process after ``seconds``; 0 for no limit.

    Native code that holds the interpreter's lock cannot be stopped in any other way.
    """
    if sys.platform != "win32":
        # Nobody handles the signal, so it ends the process.
        signal.setitimer(signal.ITIMER_PROF, seconds)
    elif seconds:
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def _read(note: Path) -> tuple[str, int]:
    """(path, number of failed attempts)."""
    try:
        strikes, _, path = note.read_text(encoding="utf-8").partition(" ")
        return path, int(strikes)
    except (OSError, ValueError):
        return "", 0
