"""Values of a refactoring: the request and its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.audit import LeftOut, Source
from homebody.engine import Engine
from homebody.features.answer import ChatPrompt, Usage
from homebody.features.selection import FileOutline
from homebody.features.surroundings import language_values
from homebody.postprocess.edit.answer_imports import NewImport
from homebody.postprocess.edit.notes import Note
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.render import fill
from homebody.session.session import Session
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span, TextEdit

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
    document, tree
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
    outline
        What the file defines and imports, if it was read for several parts.
    parts
        Several places of a target that is larger than the context, to be changed together.
    base
        The first prompt of the same conversation: it is sent again unchanged, so that the server can reuse
        its cache.
    turns
        Earlier answers of the same conversation and the replies to them.

    """

    engine: Engine
    document: Document
    tree: Tree
    prompt: PromptFile
    target: Span
    definition: Definition | None
    instruction: str = ""
    problem: str = ""
    feedback: str = ""
    session: Session | None = None
    indent: str = ""
    outline: FileOutline | None = None
    parts: Parts | None = None
    base: ChatPrompt | None = None
    turns: tuple[Turn, ...] = ()

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
class Skipped:
    """Lines of a large target that were not rewritten, from 0 and both inclusive, and why.

    ``is_planned`` is true for lines that are left alone whatever the model answers, such as the first lines
    of a class whose members are rewritten.
    """

    first_line: int
    last_line: int
    reason: str
    is_planned: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """State that ``refine`` continues from: a request, the model's last answer to it, and what it changes.

    ``edits`` are those of the target, with their ``notes``; ``imports`` are those that the file needs in
    addition.
    """

    request: Request
    answer: str
    edits: tuple[TextEdit, ...] = ()
    imports: tuple[NewImport, ...] = ()
    notes: tuple[Note, ...] = ()


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
        above ``target``. A refused result has those that were refused, if a person can judge them.
    notes
        Short sentences on what the edits remove and add, for the person who reviews them.
    target
        Lines that the edits apply to: changes of the document elsewhere do not affect them.
    new_file
        Instead of edits, for prompts with ``output = "newFile"``.
    skipped
        Parts of a large target that are not changed.
    pending
        For ``refine``: one entry for each part that the model has answered.

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
    pending: tuple[Pending, ...] = ()
    notes: tuple[str, ...] = ()


def added(usages: Sequence[Usage]) -> Usage | None:
    """Sum of several answers' tokens; ``None`` without any."""
    if not usages:
        return None
    return Usage(
        sum(usage.prompt_tokens for usage in usages),
        sum(usage.output_tokens for usage in usages),
        usages[-1].context_length,
    )
