"""Undo a whole run.

In: a journal. Out: which files were restored, and which have changed since and were not touched.
"""

from dataclasses import dataclass

from homebody.errors import HomebodyError
from homebody.headless.apply import put_back
from homebody.headless.journal import Event, Journal


@dataclass(frozen=True, slots=True)
class Undone:
    """Result: restored paths, relative to the tree, and a sentence per file that was not touched."""

    restored: tuple[str, ...]
    left: tuple[str, ...]


def undo(journal: Journal) -> Undone:
    """Restore every file that still holds the text that the run wrote, in reverse order.

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
            left.append(f"{file.path} no longer exists, so it is not restored.")
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
