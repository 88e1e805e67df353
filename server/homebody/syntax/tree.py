"""The tree of a document, and the trees of all open documents kept up to date.

Each edit adjusts the tree's offsets immediately; a parse in a thread then makes it exact again. Broken code
has a tree too; text that is too large, or takes too long to parse, has a blank one.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, TypeAlias

from homebody.syntax.language import block_kinds, find
from homebody.syntax.parsing import Units, encode, is_parsable, parse_in_thread, parse_text
from homebody.syntax.row import Language
from homebody.text import Document, Span, TextEdit, smallest_edit

if TYPE_CHECKING:
    import tree_sitter

# After a slow parse (an error in the middle of a large file) the next one waits for a pause in typing, twice
# as long as the last parse took and 0.2 s at most, so that parsing costs at most a third of one core.
_PAUSES_PER_PARSE = 2
_LONGEST_PAUSE = 0.2
_SHORT_PARSE = 0.005
# After a parse that took too long, the next one starts after this many edits.
_RETRY_EDITS = 100
# No hand-written program is nested more deeply.
_MAX_DEPTH = 1_000


_Point: TypeAlias = tuple[int, int]
_Move: TypeAlias = tuple[int, int, int, _Point, _Point, _Point]
"""An edit in tree-sitter's form: its start, old end and new end, in bytes, then as (row, column in bytes)."""


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """The tree that fits one version of a document.

    Attributes
    ----------
    language
        ``None`` for a language that is not in the table.
    length
        Code points of the text that its offsets refer to.
    changed
        Span of that text which was edited since it was parsed: nodes there may be stale, all
        others have correct offsets. ``None`` when the tree is exact.
    units
        Code points to bytes and back.
    handle
        The parser's own tree; ``None`` if there is none, and lines and indentation are used instead.

    """

    language: Language | None
    length: int
    changed: Span | None
    units: Units
    handle: "tree_sitter.Tree | None"

    @classmethod
    def blank(cls, document: Document) -> "Tree":
        """Return a tree without nodes, with the language only."""
        language = find(document.language_id, document.uri)
        return cls(language, len(document.text), None, Units(), None)

    @property
    def exact(self) -> bool:
        """Whether it was parsed from exactly this text."""
        return self.handle is not None and self.changed is None

    @property
    def block_kinds(self) -> frozenset[str]:
        """Kinds of nodes that are blocks in its language."""
        return block_kinds(self.language) if self.language else frozenset()

    def span(self, node: "tree_sitter.Node") -> Span:
        """Span of ``node`` in code points."""
        start, end = node.byte_range
        if not self.units.astral:
            return Span(start // 2, end // 2)
        return Span(self.units.to_offset(start), self.units.to_offset(end))

    def byte_range(self, span: Span) -> tuple[int, int]:
        """Bytes of ``span`` in the parser's encoding."""
        return self.units.to_byte(span.start), self.units.to_byte(span.end)

    def fits(self, document: Document) -> bool:
        """Whether there are nodes, and their offsets are this document's."""
        return self.handle is not None and self.length == len(document.text)


def parse(document: Document) -> Tree:
    """Parse immediately; for scripts and separate processes.

    Blank if the language is unknown, or if ``parsing.parse_text`` has no tree for the text.
    """
    tree = Tree.blank(document)
    units = Units.of(document.text)
    handle = parse_text(document.text, tree.language, units)
    return replace(tree, units=units, handle=handle) if handle is not None else tree


def leave(cursor: "tree_sitter.TreeCursor") -> int | None:
    """Move to the next node that is not a descendant of this one.

    Returns the number of levels that it is further up, and ``None`` at the end of the tree.
    """
    levels = 0
    while not cursor.goto_next_sibling():
        levels += 1
        if not cursor.goto_parent():
            return None
    return levels


def walk(
    cursor: "tree_sitter.TreeCursor", enter: "Callable[[tree_sitter.Node], bool]"
) -> "Iterator[tuple[tree_sitter.Node, int]]":
    """Yield the cursor's node and those after it, each with its depth.

    ``enter`` moves the cursor to the first child that is wanted, and returns whether it did.
    """
    depth = 0
    while (node := cursor.node) is not None:
        yield node, depth
        if depth < _MAX_DEPTH and enter(node):
            depth += 1
            continue
        if (levels := leave(cursor)) is None:
            return
        depth -= levels


def edited(tree: Tree, old: Document, edit: TextEdit) -> Tree:
    """Return ``tree`` adjusted to ``edit`` of ``old``, without a parse."""
    return _moved(tree, old, edit)[0]


def reparsed(tree: Tree, old: Document, edit: TextEdit, new: Document) -> Tree:
    """Parse ``new``, which is ``old`` with ``edit``; what did not change is not parsed again."""
    if not tree.exact:
        return parse(new)
    moved = edited(tree, old, edit)
    handle = parse_text(new.text, tree.language, moved.units, moved.handle)
    return replace(moved, handle=handle, changed=None)


class Trees:
    """The trees of the open documents.

    ``open``, ``edit`` and ``close`` report the editor's changes and take microseconds. If an event loop is
    running, ``open`` and ``edit`` start a parse in a thread; otherwise ``ready`` has to be called.
    Call all methods from the same thread.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _OpenDocument] = {}

    def open(self, document: Document) -> None:
        """Start tracking ``document``, discarding any earlier tree of it."""
        self.close(document.uri)
        entry = self._entries[document.uri] = _OpenDocument(document)
        self._start(entry)

    def follows(self, document: Document) -> bool:
        """Whether ``document`` is open, and this is its newest version."""
        entry = self._entries.get(document.uri)
        return entry is not None and entry.document is document

    def edit(self, old: Document, edit: TextEdit, new: Document) -> None:
        """Adjust the tree to ``edit``, which changes ``old`` into ``new``."""
        entry = self._entries.get(old.uri)
        if entry is None or entry.document is not old:
            self.open(new)
            return
        entry.edit(edit, new)
        self._start(entry)

    def close(self, uri: str) -> None:
        """Drop the document's tree."""
        entry = self._entries.pop(uri, None)
        if entry is not None:
            entry.give_up.set()

    def newest(self, document: Document) -> Tree:
        """Return the newest tree immediately, adjusted to the edits since its parse.

        Blank when nothing was parsed yet, or when ``document`` is not the newest version.
        """
        entry = self._entries.get(document.uri)
        if entry is None or entry.document is not document:
            return Tree.blank(document)
        return entry.tree

    async def ready(self, document: Document) -> Tree:
        """Wait for the exact tree.

        Returns early, with the result of ``newest``, when a newer edit supersedes ``document`` or the text
        cannot be parsed.
        """
        while (entry := self._entries.get(document.uri)) is not None and entry.document is document:
            self._start(entry)
            if entry.parsing is None:
                break
            entry.hurry.set()
            await asyncio.shield(entry.parsing)
        return self.newest(document)

    def _start(self, entry: "_OpenDocument") -> None:
        """Start a parse if one is needed and none is running."""
        if entry.parsing is None and entry.wants_parse():
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return
            entry.parsing = loop.create_task(self._parse(entry))

    async def _parse(self, entry: "_OpenDocument") -> None:
        """Parse once, and again if edits arrived meanwhile."""
        try:
            await entry.wait_for_pause()
            await entry.parse()
        finally:
            entry.parsing = None
        if self._entries.get(entry.document.uri) is entry:
            self._start(entry)


class _OpenDocument:
    """One open document: its newest version, its newest tree, and the parse that is running."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tree = replace(Tree.blank(document), units=Units.of(document.text))
        self.parsing: asyncio.Task[None] | None = None
        self.give_up = Event()
        self.moves: list[tuple[_Move, TextEdit]] = []
        self.since_failure = _RETRY_EDITS
        self.last_seconds = 0.0
        self.hurry = asyncio.Event()

    def wants_parse(self) -> bool:
        """Whether the tree is not exact and a parse would be worth it."""
        return (
            not self.tree.exact
            and self.since_failure >= _RETRY_EDITS
            and is_parsable(self.document.text, self.tree.language)
        )

    def edit(self, edit: TextEdit, new: Document) -> None:
        """Adjust the tree, and also the tree that is being parsed once it is ready."""
        edit = smallest_edit(self.document.slice(edit.span), edit.new_text, edit.span.start)
        if not edit.new_text and not edit.span:
            self.document = new
            return
        self.tree, move = _moved(self.tree, self.document, edit)
        self.document = new
        self.since_failure += 1
        if self.parsing is not None:
            self.moves.append((move, edit))

    async def wait_for_pause(self) -> None:
        """Wait for a pause after a slow parse, unless the tree is being waited for."""
        if self.last_seconds > _SHORT_PARSE:
            pause = min(_LONGEST_PAUSE, _PAUSES_PER_PARSE * self.last_seconds)
            # Not wait_for: in Python 3.11 it loses a cancel that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.hurry.wait()
        self.hurry.clear()

    async def parse(self) -> None:
        """Parse the newest version; store the tree, adjusted to the edits meanwhile."""
        text, tree, give_up = self.document.text, self.tree, Event()
        if tree.language is None:
            return
        self.give_up, self.moves, started = give_up, [], time.monotonic()
        try:
            handle = await asyncio.to_thread(
                parse_in_thread, text, tree.language, tree.units, tree.handle, give_up
            )
        except asyncio.CancelledError:
            give_up.set()
            raise
        self.last_seconds = time.monotonic() - started
        if handle is None:
            if not give_up.is_set():
                self.since_failure = 0
            return
        changed = None
        for move, edit in self.moves:
            handle.edit(*move)
            changed = _grown(changed, edit)
        self.tree = replace(self.tree, handle=handle, changed=changed)


def _moved(tree: Tree, old: Document, edit: TextEdit) -> tuple[Tree, _Move]:
    """Return the tree adjusted to ``edit``, and the edit in tree-sitter's form."""
    units = tree.units.edited(edit)
    start, end = edit.span.start, edit.span.end
    start_byte, old_end_byte = tree.units.to_byte(start), tree.units.to_byte(end)
    new_end_byte = units.to_byte(start + len(edit.new_text))
    # tree-sitter's rows end at "\n" alone; the document's own lines end at "\r" too.
    row = old.text.count("\n", 0, start)
    column = start_byte - tree.units.to_byte(old.text.rfind("\n", 0, start) + 1)
    point = row, column
    ends = _point_after(point, old.slice(edit.span)), _point_after(point, edit.new_text)
    move = start_byte, old_end_byte, new_end_byte, point, *ends
    handle = tree.handle
    if handle is not None:
        handle = handle.copy()
        handle.edit(*move)
    length = tree.length + len(edit.new_text) - len(edit.span)
    changed = _grown(tree.changed, edit) if handle is not None else None
    return Tree(tree.language, length, changed, units, handle), move


def _point_after(point: _Point, text: str) -> _Point:
    """Row and column after ``text`` that begins at ``point``."""
    rows = text.count("\n")
    width = len(encode(text[text.rfind("\n") + 1 :]))
    return (point[0] + rows, width) if rows else (point[0], point[1] + width)


def _grown(changed: Span | None, edit: TextEdit) -> Span:
    """Span of the text after ``edit`` that contains it and the earlier changes."""
    start, end = edit.span.start, edit.span.end
    new_end = start + len(edit.new_text)
    if changed is None:
        return Span(start, new_end)
    shift = new_end - end
    return Span(
        min(changed.start, start), max(changed.end + shift if changed.end > end else new_end, new_end)
    )
