"""Put old content back: a whole run (``undo``), or what a killed run left unverified (``settle``).

A file is replaced or deleted only while it holds exactly what the run wrote; anything else is the user's,
stays, and is named.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import DocumentChanged, HomebodyError
from homebody.headless.journal import Journal, RecordedChange
from homebody.headless.write import content_digest, put_bytes, remove


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
    """Restore what a stopped run left unverified, and forget changes that were never made.

    Returns a sentence for each file that was restored or that holds something else.
    """
    sentences: list[str] = []
    for change in journal.changes()[0]:
        record = change.record
        _remove_temporary(journal, change)
        try:
            is_made = change.is_kept and content_digest(journal.root / record.path) != record.old
            if not is_made and put_back(journal, change):
                sentences.append(f"{record.path} has its old content again: it was not verified.")
        except HomebodyError as error:
            sentences.append(str(error))
            if isinstance(error, DocumentChanged):
                with suppress(HomebodyError):
                    journal.keep(change)
    return sentences


def put_back(journal: Journal, change: RecordedChange, old: bytes | None = None) -> bool:
    """Restore the old content of one file, and forget the change; return whether the file differed.

    ``old`` is the old content if the caller has it. A file that is gone is restored only if its change was
    never verified: no user can have removed it on purpose.

    Raises ``DocumentChanged``: the file holds something else than the run wrote; ``EditRefused`` or
    ``JournalUnusable``: the file cannot be replaced, or the old content is lost.
    """
    record = change.record
    target = journal.root / record.path
    _remove_temporary(journal, change)
    content = _replaceable(target, change)
    if content != record.old:
        if record.old is None:
            remove(target)
        else:
            data = journal.old(change) if old is None else old
            put_bytes(target, data, old=content, temporary=record.temporary, mode=record.mode)
    journal.drop(change)
    return content != record.old


def _replaceable(target: Path, change: RecordedChange) -> str | None:
    """Return the digest of a file that may be restored. Raises ``DocumentChanged`` for any other."""
    record = change.record
    try:
        content = content_digest(target)
    except DocumentChanged as error:
        message = f"{error}{change.where}"
        raise DocumentChanged(message) from error
    if content is None and record.old is not None and change.is_kept:
        message = f"{record.path} no longer exists, so it is not restored.{change.where}"
        raise DocumentChanged(message)
    if content not in {None, record.old, record.new}:
        message = f"{record.path} was changed since, and is not touched.{change.where}"
        raise DocumentChanged(message)
    return content


def _remove_temporary(journal: Journal, change: RecordedChange) -> None:
    """Remove the file that a killed process did not rename."""
    with suppress(OSError):
        (journal.root / change.record.path).with_name(change.record.temporary).unlink(missing_ok=True)
