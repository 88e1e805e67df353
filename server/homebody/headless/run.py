"""Run a refactoring on one file.

In: a file, lines, an action or an instruction. Out: a ``Change``; writing it is ``write``'s job.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.engine import Engine
from homebody.features.refactor import refactor
from homebody.headless.select import SourceFile
from homebody.headless.verify import edited_text
from homebody.text import Span, TextEdit

Status: TypeAlias = Literal["changed", "refused", "unchanged"]


@dataclass(frozen=True, slots=True)
class Change:
    """What the model wants to do to a file.

    ``text`` is the whole new text of the document, the old one unless ``status`` is ``"changed"``;
    ``reason`` tells why not.
    """

    status: Status
    reason: str | None
    edits: tuple[TextEdit, ...]
    text: str


async def refactor_source(
    engine: Engine,
    source: SourceFile,
    span: Span | None,
    *,
    action: str | None = None,
    instruction: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Change:
    """Refactor ``span`` of a file, or all of it.

    Raises
    ------
    UnknownAction, ContextTooLong, BackendError, EditRefused
        As the feature and ``edited_text`` say.

    """
    document = source.document
    whole = Span(0, len(document.text))
    found = await refactor(
        engine, document, span or whole, action=action, instruction=instruction, on_progress=on_progress
    )
    if found.status != "changed":
        return Change(found.status, found.reason, (), document.text)
    text = edited_text(document, found.edits)
    if text == document.text:
        return Change("unchanged", None, (), text)
    return Change("changed", found.reason, found.edits, text)
