"""Values of a refactoring: the request, what becomes of the model's answer, and the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, TypeAlias

from homebody.audit import AnswerUsage
from homebody.engine import Engine
from homebody.features.answer import ChatAnswer, ChatPrompt
from homebody.features.refactor.tests_file import NewTests
from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.edit.imports import NewImport
from homebody.postprocess.edit.notes import Note
from homebody.prompt.front_matter import PromptFile
from homebody.session.session import Session
from homebody.syntax.import_block import WholeFile
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span, TextEdit, apply_edits

Status: TypeAlias = Literal["changed", "refused", "unchanged"]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An answer of the model, and the user's next message."""

    answer: str
    reply: str


@dataclass(frozen=True, slots=True)
class RewriteRequest:
    """One piece of code to rewrite.

    ``target`` are whole lines that may change (for an insertion, those that it belongs to), ``definition``
    is the function or class around them. New code on a blank line gets ``indent``. ``problem`` are
    diagnostics, ``feedback`` is the error of an earlier run.

    Later requests of a conversation send its first prompt, ``base``, again unchanged, so that the server can
    reuse its cache; ``follow_ups`` come after it. ``tests`` is the file that the action creates.
    """

    engine: Engine
    file: WholeFile
    prompt: PromptFile
    target: Span
    definition: Definition | None
    instruction: str = ""
    problem: str = ""
    feedback: str = ""
    session: Session | None = None
    indent: str | None = None
    base: ChatPrompt | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    tests: NewTests | None = None

    @property
    def document(self) -> Document:
        """The snapshot that everything refers to."""
        return self.file.document

    @property
    def tree(self) -> Tree:
        """Its tree."""
        return self.file.tree

    @property
    def name(self) -> str:
        """Name of the definition that is rewritten; empty if only a part of one is, or more."""
        own = self.definition
        return own.qualified if own is not None and self.target.covers(own.span) else ""

    @property
    def code(self) -> str:
        """Text of the target."""
        return self.document.slice(self.target)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A new file; it does not exist yet."""

    uri: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What becomes of an answer: edits of the target with the imports that they need, or a new file.

    ``refusal`` is why it is not offered, in a sentence; a person may still see and apply the edits.
    """

    edits: tuple[TextEdit, ...] = ()
    imports: tuple[NewImport, ...] = ()
    notes: tuple[Note, ...] = ()
    new_file: NewFile | None = None
    refusal: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not self.edits and not self.imports and self.new_file is None


@dataclass(frozen=True, slots=True)
class Part:
    """A request, and what becomes of it: the model's last answer, from which ``refine`` continues.

    Without an answer the model was not asked: the code does not fit its context.
    """

    request: RewriteRequest
    offer: Offer = Offer()
    answer: ChatAnswer | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Lines that should have been rewritten, from 0 and both inclusive, and why they were not.

    ``name`` if they are a definition.
    """

    first_line: int
    last_line: int
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Refactoring:
    """Result of a refactoring request.

    ``edits`` refer to ``version`` of the document, and are those of ``target`` and imports above it; of a
    refused result they are what was refused. ``reason`` is one sentence, ``None`` unless it is refused.
    ``notes`` say what the edits remove and add. ``new_file`` is there instead of edits, for prompts with
    ``output = "newFile"``. ``refine`` continues from ``parts``.
    """

    status: Status
    reason: str | None
    edits: tuple[TextEdit, ...]
    version: int
    usage: AnswerUsage | None = None
    target: Span | None = None
    new_file: NewFile | None = None
    skipped: tuple[Skipped, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()


def usage_of(parts: Sequence[Part]) -> AnswerUsage | None:
    """The usage of all answers together; ``None`` without any."""
    usages = [part.answer.usage for part in parts if part.answer is not None]
    return reduce(AnswerUsage.__add__, usages) if usages else None


def after_earlier_edits(
    document: Document, earlier: Refactoring, refined: Refactoring
) -> tuple[Document, tuple[TextEdit, ...], Span]:
    """Return the document with the edits of ``earlier``, the edits that refine it, and their span."""
    applied_text = apply_edits(document.text, earlier.edits)
    wanted = apply_edits(document.text, refined.edits)
    applied = Document.create(document.uri, document.language_id, document.version, applied_text)
    target = earlier.target or document.whole
    above = [edit for edit in earlier.edits if edit.span.end < target.start]
    start = target.start + sum(len(edit.new_text) - len(edit.span) for edit in above)
    end = target.end + len(applied_text) - len(document.text)
    return applied, tuple(hunks(applied_text, wanted)), Span(start, max(start, end))
