"""Values of a refactoring: the request, what becomes of the model's answer, and the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.audit import LeftOut, Source
from homebody.engine import Engine
from homebody.features.answer import Answer, ChatPrompt, Usage
from homebody.features.surroundings import language_values
from homebody.postprocess.edit.answer_imports import NewImport
from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.edit.notes import Note
from homebody.prompt.front_matter import PromptFile, fill
from homebody.session.session import Session
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span, TextEdit, apply_edits

_PART = "Part $name:\n```$language\n$code\n```"

Status: TypeAlias = Literal["changed", "refused", "unchanged"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer of the model, and the user's next message."""

    answer: str
    reply: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Whole lines of the document, in order; ``before`` is the position for new top-level code."""

    spans: tuple[Span, ...]
    before: int

    def shown(self, document: Document) -> str:
        """The parts as shown in the prompt."""
        language = language_values(document.language_id, document.uri)
        parts = [
            fill(
                _PART,
                {"name": f"{number} (line {document.line_of(span.start) + 1})", **language}
                | {"code": document.slice(span)},
            )
            for number, span in enumerate(self.spans, 1)
        ]
        return "\n\n".join(parts)


@dataclass(frozen=True, slots=True)
class Request:
    """One piece of code to rewrite.

    Attributes
    ----------
    file
        The snapshot that everything refers to.
    prompt
        The action's prompt file, or the one for instructions.
    target
        Whole lines that may change; for an insertion, the lines that it belongs to.
    definition
        The function or class around the target, if there is one.
    instruction, problem
        The user's instruction; the text of the diagnostics.
    feedback
        The error of an answer to an earlier request.
    indent
        Indentation of new code where the target has none.
    parts
        Several places of a target that is larger than the context, to be changed together.
    base
        The first prompt of the same conversation: it is sent again unchanged, so that the server can reuse
        its cache.
    turns
        Earlier answers of the same conversation and the replies to them.
    new_uri
        URI of the file that the action creates.

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
    indent: str = ""
    parts: Parts | None = None
    base: ChatPrompt | None = None
    turns: tuple[Turn, ...] = ()
    new_uri: str = ""

    @property
    def document(self) -> Document:
        """The document."""
        return self.file.document

    @property
    def tree(self) -> Tree:
        """Its tree."""
        return self.file.tree

    @property
    def name(self) -> str:
        """Name of the definition that is rewritten; empty if only a part of one is, or more."""
        one = self.definition
        return one.qualified if one is not None and self.target.covers(one.span) else ""

    @property
    def code(self) -> str:
        """Text of the target, or of its parts."""
        if self.parts is not None:
            return self.parts.shown(self.document)
        return self.document.slice(self.target)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A new file; it does not exist yet."""

    uri: str
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What becomes of an answer: edits (none if nothing changes), or a new file.

    Attributes
    ----------
    edits
        Those of the target.
    imports
        Imports that the file needs in addition.
    notes
        What the edits remove and add, for the person who reviews them.
    refusal
        Why it is not offered, in a sentence; if there are edits, a person may still see and apply them.

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
    """A request, the model's last answer to it, and what becomes of that. ``refine`` continues from it."""

    request: Request
    answer: Answer
    offer: Offer


@dataclass(frozen=True, slots=True)
class Skipped:
    """Lines that were not rewritten, from 0 and both inclusive, and why.

    ``is_planned`` is true for lines that are left alone whatever the model answers, such as the first lines
    of a class whose members are rewritten. ``name`` is that of the definition, if the lines are one.
    """

    first_line: int
    last_line: int
    reason: str
    is_planned: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Refactoring:
    """Result of a refactoring request.

    Attributes
    ----------
    status
        ``changed`` with edits or a new file, ``refused`` with a reason, or ``unchanged``.
    reason
        One sentence for the user; ``None`` unless it is refused.
    edits
        They refer to ``version`` of the document and do not overlap. Imports that new code needs are added
        above ``target``. A refused result of one part has those that were refused, if there are some.
    notes
        Short sentences on what the edits remove and add, for the person who reviews them.
    target
        Lines that the edits apply to: changes of the document elsewhere do not affect them.
    new_file
        Instead of edits, for prompts with ``output = "newFile"``.
    skipped
        Parts of a large target, or of several, that are not changed.
    parts
        What the model has answered, for ``refine``.

    """

    status: Status
    reason: str | None
    edits: tuple[TextEdit, ...]
    version: int
    usage: Usage | None = None
    sources: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    target: Span | None = None
    new_file: NewFile | None = None
    skipped: tuple[Skipped, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()


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


def total_usage(usages: Sequence[Usage]) -> Usage | None:
    """Sum of several answers' tokens; ``None`` without any."""
    if not usages:
        return None
    return Usage(
        sum(usage.prompt_tokens for usage in usages),
        sum(usage.output_tokens for usage in usages),
        usages[-1].context_length,
    )
