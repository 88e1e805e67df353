"""Put the files of a whole run back.

In: a journal. Out: which files have their old text again, and which were changed since and are left alone.
"""

from dataclasses import dataclass

from homebody.errors import HomebodyError
from homebody.headless.apply import put_back
from homebody.headless.journal import Event, Journal


@dataclass(frozen=True, slots=True)
class Undone:
    """Result: paths below the tree, and sentences on what was left alone."""

    restored: tuple[str, ...]
    left: tuple[str, ...]


def undo(journal: Journal) -> Undone:
    """Put back every file that still holds what the run wrote, the last one first.

    Raises
    ------
    JournalUnusable
        The journal cannot be read or written.

    """
    restored: list[str] = []
    left: list[str] = []
    for file in reversed(journal.state().files.values()):
        if not file.kept and not file.open:
            continue
        target = journal.root / file.path
        if not target.is_file():
            left.append(f"{file.path} no longer exists, so it is left alone.")
            continue
        try:
            done = put_back(journal, file)
        except HomebodyError as error:
            left.append(str(error))
            continue
        if done.is_left:
            left.append(done.sentence)
        else:
            restored.append(file.path)
    if not left:
        journal.record(Event("undone"))
    return Undone(tuple(restored), tuple(left))
