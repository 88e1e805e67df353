"""Conversations that a client asked to store: one file each in the user's state folder.

Only the user can read the files; an invalid file is ignored.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from homebody.errors import StateUnwritable
from homebody.regular_file import UNFINISHED, read_in_time, write_file
from homebody.session.conversation import Conversation
from homebody.settings.paths import state_dir

_ID = re.compile(r"[0-9a-f]{16}")
_MOST_BYTES = 64 * 1024 * 1024


def store_conversation(conversation: Conversation) -> Path:
    """Write a conversation to disk; a file with the same id is replaced. Raises ``StateUnwritable``."""
    # The message of a shortened turn is never sent again, nor are its pictures.
    turns = [
        turn if turn.kept == "whole" else replace(turn, message="", media=()) for turn in conversation.turns
    ]
    data = msgspec.json.encode(replace(conversation, turns=turns, is_answering=False))
    folder = _folder()
    path = folder / f"{conversation.id}.json"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(path, data)
    except OSError as error:
        message = f"The conversation was not stored in {folder}: {error.strerror or error}."
        raise StateUnwritable(message) from error
    return path


def load_conversation(conversation_id: str) -> Conversation | None:
    """Read a conversation from disk; ``None`` if there is none with that id."""
    return _read(_folder() / f"{conversation_id}.json") if _ID.fullmatch(conversation_id) else None


def stored_conversations() -> list[Conversation]:
    """Read all stored conversations, the newest first."""
    stored = [each for path in _files() if (each := _read(path)) is not None and each.turns]
    return sorted(stored, key=lambda each: each.last_asked, reverse=True)


def forget_stored(conversation_id: str | None = None) -> list[str]:
    """Delete one stored conversation, or all; returns the ids."""
    unfinished = sorted(_folder().glob(f"*{UNFINISHED}"))  # of processes that were killed while writing
    gone: list[str] = []
    for path in (*unfinished, *_files()):
        if conversation_id in {None, path.name.partition(".")[0]}:
            with suppress(OSError):
                path.unlink()
                gone.append(path.stem)
    return [stem for stem in gone if _ID.fullmatch(stem)]


def _folder() -> Path:
    return state_dir() / "conversations"


def _files() -> Iterator[Path]:
    return (path for path in sorted(_folder().glob("*.json")) if _ID.fullmatch(path.stem))


def _read(path: Path) -> Conversation | None:
    try:
        stored = msgspec.json.decode(read_in_time(path, max_bytes=_MOST_BYTES), type=Conversation)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return replace(stored, id=path.stem)
