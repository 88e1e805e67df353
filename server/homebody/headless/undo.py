"""Put old content back: a whole run (``undo``), or what a killed run left unverified (``settle``).

A file is replaced or deleted only while it holds exactly what the run wrote; anything else is the user's,
stays, and is named.
"""

from contextlib import suppress
from dataclasses import dataclass

from homebody.errors import DocumentChanged, EditRefused, HomebodyError
from homebody.headless.journal import Change, Journal
from homebody.headless.write import content_digest, put_bytes


@dataclass(frozen=True, slots=True)
class Undone:
    """Result: paths that have their old content, relative to the tree, and a sentence for each other file."""

    restored: tuple[str, ...]
    left: tuple[str, ...]


def undo(journal: Journal) -> Undone:
    """Restore every file that still holds what the run wrote, in reverse order."""
    changes, left = journal.changes()
    restored: list[str] = []
    for change in reversed(changes):
        try:
            put_back(journal, change)
        except HomebodyError as error:
            left.append(str(error))
        else:
            restored.append(change.record.path)
    if not left:
        journal.mark("ended")
        journal.mark("undone")
    return Undone(tuple(restored), tuple(left))


def settle(journal: Journal) -> list[str]:
    """Restore what a stopped run left unverified; keep what needed no verification and was written.

    Returns a sentence for each file that was restored or that holds something else.
    """
    sentences: list[str] = []
    for change in journal.changes()[0]:
        record = change.record
        if change.is_kept:
            continue
        try:
            found = content_digest(journal.root / record.path)
            if found == record.new and not record.is_verified:
                _remove_temporary(journal, change)
                journal.keep(change)
            elif put_back(journal, change):
                sentences.append(f"{record.path} has its old content again: it was not verified.")
        except DocumentChanged as error:
            sentences.append(str(error))
            with suppress(HomebodyError):
                journal.keep(change)
        except HomebodyError as error:
            sentences.append(str(error))
    return sentences


def put_back(journal: Journal, change: Change, old: bytes | None = None) -> bool:
    """Restore the old content of one file, and forget the change; return whether the file differed.

    ``old`` is the old content if the caller has it. A file that is gone is restored only if its change was
    never verified: then no user can have seen it.

    Raises
    ------
    DocumentChanged
        The file holds something else than the run wrote.
    EditRefused, JournalUnusable
        The file cannot be replaced, or the old content is lost.

    """
    record = change.record
    target = journal.root / record.path
    was = f" Its old content is {change.old_place}." if record.old else ""
    _remove_temporary(journal, change)
    try:
        found = content_digest(target)
    except DocumentChanged as error:
        message = f"{error}{was}"
        raise DocumentChanged(message) from error
    differs = found != record.old
    if differs:
        if found is None and change.is_kept:
            message = f"{record.path} no longer exists, so it is not restored.{was}"
            raise DocumentChanged(message)
        if found not in {None, record.new}:
            message = f"{record.path} was changed since, and is not touched.{was}"
            raise DocumentChanged(message)
        if record.old is None:
            try:
                target.unlink(missing_ok=True)
            except OSError as error:
                message = f"{record.path} cannot be removed ({error.strerror})."
                raise EditRefused(message) from error
        else:
            data = journal.old(change) if old is None else old
            put_bytes(target, data, old=found, temporary=record.temporary, mode=record.mode)
    journal.drop(change)
    return differs


def _remove_temporary(journal: Journal, change: Change) -> None:
    """Remove the file that a killed process did not rename."""
    with suppress(OSError):
        (journal.root / change.record.path).with_name(change.record.temporary).unlink(missing_ok=True)
