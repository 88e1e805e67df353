"""Input and result of an explanation: values shared by ``explain`` and its parts."""

from collections.abc import Callable
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.backend.base import ModelInfo, OnRead
from homebody.engine import Engine
from homebody.features.answer import Usage
from homebody.features.project_rules import Rules
from homebody.syntax.tree import Tree
from homebody.text import Document


@dataclass(frozen=True, slots=True)
class Explanation:
    """An explanation and its sources.

    ``complete`` is false if the token limit cut it, if parts of a long selection were not explained, or if
    only the outline of a long file was read; ``left_out`` lists the rest. ``usage`` is the sum of all its
    requests. ``links`` are the links in ``markdown`` that Homebody wrote, literally; all others are the
    model's.
    """

    markdown: str
    complete: bool
    usage: Usage
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One document to explain, the rules of its project, and the progress callbacks."""

    engine: Engine
    document: Document
    tree: Tree
    info: ModelInfo
    rules: Rules
    on_text: Callable[[str], None] | None = None
    on_read: OnRead | None = None

    def write(self, text: str) -> None:
        """Stream text that is not the model's: headings."""
        if self.on_text is not None:
            self.on_text(text)
