"""Conversations: questions and answers as they were sent, and which of them the next prompt contains.

The next prompt begins like the last one, so that the server can reuse its cache. Turns are kept in memory;
``condense`` shortens the oldest ones if the context has no room for all.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Literal, TypeAlias

from homebody.audit import AnswerUsage, LeftOut, Source, uris_of
from homebody.backend.base import OWN, TYPED, Message
from homebody.media import Media

Kept: TypeAlias = Literal["whole", "short", "left out", "excluded"]
"""How much of a turn the next prompt holds.

``short``: the question without the code that was read for it, and the beginning of the answer.
``excluded``: nothing, since the user excluded something that the turn's prompt contained.
"""

_DONE: Mapping[str, str] = {
    "short": "shortened to make room",
    "left out": "left out to make room",
    "excluded": "left out, because a file in it is excluded from prompts by now",
}

_MOST_CONVERSATIONS = 64
"""Conversations that are kept in memory; the least recently used is dropped first."""

_URI = "homebody:conversation/"
"""Beginning of the URIs under which the prompts of conversations are recorded."""

_QUESTION_CHARACTERS = 2_000
"""A question stays whole up to this length: a longer one holds pasted text."""

_ANSWER_CHARACTERS = 600
"""What is left of a shortened answer."""

_AFTER_CONDENSING = 0.5
"""Share of the room that the history fills after it was condensed; low, so that this happens rarely."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer.

    Attributes
    ----------
    question
        The text that the user wrote.
    message
        The message that was sent: code and attachments, then the question.
    answer
        The model's text exactly as generated; a trimmed text would not match the server's cache.
    kept
        How much of the turn the next prompt contains.
    media
        Pictures of the question.
    uris
        All that the turn's prompt contained, earlier turns included: the answer may quote it.
    when
        Seconds since the epoch.

    """

    question: str
    message: str
    answer: str
    complete: bool = True
    sources: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    kept: Kept = "whole"
    when: float = field(default_factory=time.time)
    uris: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    usage: AnswerUsage | None = None

    @property
    def read(self) -> tuple[str, ...]:
        """URIs of everything that the turn's texts may contain."""
        return tuple(dict.fromkeys((OWN, TYPED, *self.uris, *uris_of(self.sources))))

    @property
    def messages(self) -> tuple[Message, ...]:
        """Messages of the turn in the next prompt."""
        if self.kept in {"left out", "excluded"}:
            return ()
        if self.kept == "whole":
            question = Message("user", self.message, self.read, self.media)
            return question, Message("assistant", self.answer, self.read)
        question = shortened(self.question, _QUESTION_CHARACTERS)
        answer = shortened(self.answer, _ANSWER_CHARACTERS)
        return Message("user", question, self.read), Message("assistant", answer, self.read)


@dataclass(slots=True, eq=False)
class Conversation:
    """One conversation.

    ``system`` is that of the first question. ``folders`` are the workspace's when it began. ``is_answering``
    is true while a question is being answered; a second question would use a history that is about to change.
    """

    id: str
    system: str = ""
    turns: list[Turn] = field(default_factory=list[Turn])
    folders: tuple[str, ...] = ()
    is_answering: bool = False

    @property
    def uri(self) -> str:
        """URI under which its prompts are recorded."""
        return f"{_URI}{self.id}"

    @property
    def last_asked(self) -> float:
        """When its last question was asked, in seconds since the epoch."""
        return self.turns[-1].when if self.turns else 0.0

    @property
    def title(self) -> str:
        """The first question, shortened."""
        return shortened(" ".join(self.turns[0].question.split()), 80) if self.turns else ""

    def began_in(self, folders: Sequence[Path]) -> bool:
        """Whether it began in one of these folders or inside of one; without folders, in none."""
        if not folders:
            return not self.folders
        return any(Path(own).is_relative_to(folder) for own in self.folders for folder in folders)

    @property
    def history(self) -> tuple[Message, ...]:
        """All messages before the next question, the system message first."""
        # Its rules are among the sources of the turns.
        read = next((turn.read for turn in self.turns if turn.kept != "excluded"), (OWN,))
        system = (Message("system", self.system, read),) if self.system else ()
        return (*system, *(message for turn in self.turns for message in turn.messages))

    @property
    def shortened(self) -> tuple[LeftOut, ...]:
        """Ranges of turns that the next prompt does not contain completely.

        Line numbers are indexes of turns, from 0.
        """
        parts: list[LeftOut] = []
        for kept, group in groupby(enumerate(self.turns), key=lambda numbered: numbered[1].kept):
            if kept == "whole":
                continue
            numbers = [number for number, _ in group]
            first, last = numbers[0], numbers[-1]
            which = f"question {first + 1}" if first == last else f"questions {first + 1} to {last + 1}"
            parts.append(LeftOut(self.uri, first, last, f"{which} of this conversation: {_DONE[kept]}"))
        return tuple(parts)

    def copy(self) -> "Conversation":
        """Return a copy that later questions do not change."""
        return Conversation(self.id, self.system, list(self.turns), self.folders)

    def condense(self, room: int, count: Callable[[str], int]) -> None:
        """Shorten the oldest turns if the history has more than ``room`` tokens; then leave them out.

        The history is reduced to half of that, because each change makes the server read it again.
        """
        if self._tokens(count) <= room:
            return
        for kept in ("short", "left out"):
            for number, turn in enumerate(self.turns):
                if self._tokens(count) <= room * _AFTER_CONDENSING:
                    return
                if turn.kept in {"whole", "short"}:
                    self.turns[number] = replace(turn, kept=kept)

    def exclude(self, refused: AbstractSet[str]) -> None:
        """Leave out each turn whose prompt contained one of the URIs, earlier turns included."""
        for number, turn in enumerate(self.turns):
            if turn.kept != "excluded" and not refused.isdisjoint(turn.read):
                self.turns[number] = replace(turn, kept="excluded")
                self.system = ""  # it may contain the rules of the project

    def to_markdown(self) -> str:
        """Convert to Markdown for users: each question as a heading, followed by the unchanged answer."""
        parts: list[str] = []
        for turn in self.turns:
            heading = " ".join(turn.question.split())
            attached = "".join(f"*{each.name}: {each.label}*\n\n" for each in turn.media)
            parts += f"## {heading}\n", f"{attached}{turn.answer.strip()}\n"
            if not turn.complete:
                parts.append("*The answer was cut here.*\n")
        return "\n".join(parts)

    def _tokens(self, count: Callable[[str], int]) -> int:
        media = sum(media.tokens for message in self.history for media in message.media)
        return media + sum(count(message.text) for message in self.history)


class Conversations:
    """The conversations of one client, by id.

    Attributes
    ----------
    on_disk
        Lock that is held while a conversation is stored or deleted, so that a deleted one is not written
        again.

    """

    def __init__(self) -> None:
        self.on_disk = asyncio.Lock()
        self._known: OrderedDict[str, Conversation] = OrderedDict()

    def add(self, conversation: Conversation) -> Conversation:
        """Keep a conversation, as the newest."""
        self._known.pop(conversation.id, None)
        idle = [known.id for known in self._known.values() if not known.is_answering]
        if len(self._known) >= _MOST_CONVERSATIONS and idle:
            del self._known[idle[0]]
        self._known[conversation.id] = conversation
        return conversation

    def find(self, conversation_id: str) -> Conversation | None:
        """Return the conversation with that id."""
        return self._known.get(conversation_id)

    def all(self) -> list[Conversation]:
        """Return those with a question, the newest first."""
        return [known for known in reversed(self._known.values()) if known.turns]

    def forget(self, conversation_id: str | None = None) -> None:
        """Delete one conversation, or all."""
        if conversation_id is None:
            self._known.clear()
        else:
            self._known.pop(conversation_id, None)


def shortened(text: str, characters: int) -> str:
    """Return the paragraphs at the beginning of ``text``, or of the first one what fits."""
    text = text.strip()
    if len(text) <= characters:
        return text
    end = text.rfind("\n\n", 0, characters)
    text = f"{text[: characters - 1 if end < 0 else end].rstrip()}…"
    return f"{text}\n```" if text.count("```") % 2 else text


def new_conversation(folders: Sequence[Path] = ()) -> Conversation:
    """Start a conversation with a new id, in a workspace with these folders."""
    return Conversation(secrets.token_hex(8), folders=tuple(map(str, folders)))


def is_prompt_of(conversation_id: str | None) -> Callable[[str], bool]:
    """Return the test for URIs of a conversation's prompts; without an id, of all conversations."""
    if conversation_id is None:
        return lambda uri: uri.startswith(_URI)
    return lambda uri: uri == _URI + conversation_id
