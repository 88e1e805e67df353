"""Parsing as if any file might break the process: native code crashes, and nesting can take hours.

In: a path and bytes. Out: what ``extract`` makes of them, or nothing for a file that broke this
process twice already.
Notes on disk which file is tried; a note that is still there at the next start tells which one it was.
"""

import faulthandler
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homebody.workspace.extract import Extract

# A file of 1 MiB takes 3 seconds, and longer where the lowest priority gets nothing.
_MOST_SECONDS = 60.0
# Once may be chance: the machine went down, somebody ended the process.
_STRIKES = 2


class GuardedExtract:
    """Calls ``extract``, and ends the process when that takes longer than ``seconds``.

    ``note`` is the file that survives. Call ``done`` when all is well.
    """

    def __init__(self, note: Path, seconds: float = _MOST_SECONDS) -> None:
        self._note = note
        self._seconds = seconds
        self._suspect, self._strikes = _read(note)

    def __call__(self, path: str, data: bytes) -> "Extract | None":
        """Return what is kept of the file, as ``extract`` does."""
        from homebody.workspace.extract import extract  # most starts have nothing to parse

        strikes = self._strikes if path == self._suspect else 0
        if strikes >= _STRIKES:
            return "", (), (), ()
        self._note.write_text(f"{strikes + 1} {path}", encoding="utf-8")
        # Native code that holds the interpreter's lock can be stopped by no other means.
        faulthandler.dump_traceback_later(self._seconds, exit=True)
        try:
            return extract(path, data)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def done(self) -> None:
        """Nothing is being tried: forget the note."""
        self._note.unlink(missing_ok=True)


def _read(note: Path) -> tuple[str, int]:
    """(path, how often it was tried in vain)."""
    try:
        strikes, _, path = note.read_text(encoding="utf-8").partition(" ")
        return path, int(strikes)
    except (OSError, ValueError):
        return "", 0
