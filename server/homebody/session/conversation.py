"""Conversations: questions and answers as they were sent, and which of them the next prompt still holds.

In: turns as they are answered. Out: the messages of the next prompt, which begins like the last one, so
that the server reuses what it has read.
Turns are kept in memory; ``condense`` shortens the oldest ones where the context has no room for all.
Knows nothing of what a prompt says.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from homebody.audit import LeftOut, Source
from homebody.backend.base import Message
from homebody.postprocess import condensed, shortened

Kept: TypeAlias = Literal["whole", "without code", "condensed", "left out"]
"""How much of a turn the next prompt holds.

``without code``: the question with the names of what was read for it, and the whole answer.
``condensed``: the question with these names, and the main points of the answer.
"""

_KEPT: tuple[Kept, ...] = ("whole", "without code", "condensed", "left out")
_DONE: Mapping[Kept, str] = {
    "without code": "the code was left out",
    "condensed": "the code was left out and the answer condensed",
    "left out": "left out",
}

_MOST_CONVERSATIONS = 64
"""Conversations that are kept in memory; the one that was used longest ago is dropped first."""

_URI = "homebody:conversation/"
"""Beginning of the URIs under which the prompts of conversations are recorded."""

_QUESTION_CHARACTERS = 2_000
"""A question stays whole up to this length: a longer one holds pasted text."""

_ANSWER_CHARACTERS = 600
"""What is left of a condensed answer."""

_AFTER_CONDENSING = 0.5
"""Part of the room that the history may fill after it was condensed, so that this is rarely done."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer.

    Attributes
    ----------
    question
        As the user wrote it.
    message
        As it was sent: with the code and the attachments in front of it.
    short
        As it is sent once there is no room for these; empty where there were none.
    answer
        The model's text exactly as it was generated: changed at its ends, it would not be in the
        server's cache.
    kept
        How much of it the next prompt holds.
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
    short: str = ""
    when: float = field(default_factory=time.time)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turn in the next prompt."""
        if self.kept == "left out":
            return ()
        if self.kept == "whole":
            return Message("user", self.message), Message("assistant", self.answer)
        question = self.short or self.question
        if len(question) > _QUESTION_CHARACTERS:
            question = shortened(question, _QUESTION_CHARACTERS)
        is_condensed = self.kept == "condensed"
        answer = condensed(self.answer, _ANSWER_CHARACTERS) if is_condensed else self.answer
        return Message("user", question), Message("assistant", answer)


@dataclass(slots=True, eq=False)
class Conversation:
    """One conversation.

    ``system`` stays what it was at the first question. ``is_answering`` is true while a question is being
    answered: a second one would be built on a history that is about to change.
    """

    id: str
    system: str = ""
    turns: list[Turn] = field(default_factory=list[Turn])
    is_answering: bool = False

    @property
    def uri(self) -> str:
        """What its prompts are recorded under."""
        return f"{_URI}{self.id}"

    @property
    def title(self) -> str:
        """The first question, shortened."""
        return shortened(self.turns[0].question, 80) if self.turns else ""

    @property
    def history(self) -> tuple[Message, ...]:
        """All messages before the next question, the system message first."""
        system = (Message("system", self.system),) if self.system else ()
        return (*system, *(message for turn in self.turns for message in turn.messages))

    @property
    def shortened(self) -> tuple[LeftOut, ...]:
        """Turns that the next prompt does not hold whole, those next to each other together.

        Lines are turns, from 0.
        """
        groups: list[tuple[Kept, int, int]] = []
        for number, turn in enumerate(self.turns):
            if groups and groups[-1][0] == turn.kept:
                groups[-1] = (turn.kept, groups[-1][1], number)
            else:
                groups.append((turn.kept, number, number))
        return tuple(
            LeftOut(self.uri, first, last, _why_shortened(kept, first, last))
            for kept, first, last in groups
            if kept != "whole"
        )

    def copy(self) -> "Conversation":
        """Return a conversation that later questions do not change."""
        return Conversation(self.id, self.system, list(self.turns))

    def condense(self, room: int, count: Callable[[str], int]) -> None:
        """Shorten the oldest turns where the history has more than ``room`` tokens.

        It is brought down to half of that: what comes before the change is read again each time.
        Step by step, the oldest turns first: their code is left out, their answers are condensed, they are
        left out. The last turn, which the next question is probably about, loses its code when the others
        are condensed, and more only when the others are left out.
        """
        if self._tokens(count) <= room:
            return
        target = int(room * _AFTER_CONDENSING)
        older = range(len(self.turns) - 1)
        newest = range(len(older), len(self.turns))
        steps: tuple[tuple[Kept, Sequence[int]], ...] = (
            ("without code", older),
            ("condensed", older),
            ("without code", newest),
            ("left out", older),
            ("condensed", newest),
            ("left out", newest),
        )
        for kept, numbers in steps:
            for number in numbers:
                if self._tokens(count) <= target:
                    return
                turn = self.turns[number]
                if _KEPT.index(turn.kept) < _KEPT.index(kept):
                    self.turns[number] = replace(turn, kept=kept)

    def to_markdown(self) -> str:
        """Write it down for people: each question as a heading, the answers as they came."""
        parts: list[str] = []
        for turn in self.turns:
            heading = " ".join(turn.question.split())
            parts += f"## {heading}\n", turn.answer.strip() + "\n"
            if not turn.complete:
                parts.append("*The answer was cut here.*\n")
        return "\n".join(parts)

    def _tokens(self, count: Callable[[str], int]) -> int:
        return sum(count(message.text) for message in self.history)


class Conversations:
    """The conversations of one client, by id.

    Attributes
    ----------
    on_disk
        Held while a conversation is stored or forgotten, so that a forgotten one is not written again.

    """

    def __init__(self) -> None:
        self.on_disk = asyncio.Lock()
        self._known: OrderedDict[str, Conversation] = OrderedDict()

    def add(self, conversation: Conversation) -> Conversation:
        """Keep a conversation, as the newest."""
        self._known[conversation.id] = conversation
        self._known.move_to_end(conversation.id)
        idle = [one.id for one in self._known.values() if not one.is_answering and one is not conversation]
        for one in idle[: max(0, len(self._known) - _MOST_CONVERSATIONS)]:
            del self._known[one]
        return conversation

    def find(self, conversation_id: str) -> Conversation | None:
        """Return the conversation of that id."""
        found = self._known.get(conversation_id)
        if found is not None:
            self._known.move_to_end(conversation_id)
        return found

    def all(self) -> list[Conversation]:
        """Return those with a question, the newest first."""
        return [one for one in reversed(self._known.values()) if one.turns]

    def forget(self, conversation_id: str | None = None) -> int:
        """Drop one conversation, or all. Returns how many."""
        if conversation_id is not None:
            return 0 if self._known.pop(conversation_id, None) is None else 1
        count = len(self._known)
        self._known.clear()
        return count


def new_conversation() -> Conversation:
    """Begin a conversation, with an id of its own."""
    return Conversation(secrets.token_hex(8))


def is_prompt_of(conversation_id: str | None) -> Callable[[str], bool]:
    """Return what tells the URI of a conversation's prompts; without an id, those of all conversations."""
    if conversation_id is None:
        return lambda uri: uri.startswith(_URI)
    return lambda uri: uri == _URI + conversation_id


def _why_shortened(kept: Kept, first: int, last: int) -> str:
    which = f"question {first + 1}" if first == last else f"questions {first + 1} to {last + 1}"
    return f"{which} of this conversation: {_DONE[kept]} to make room"
