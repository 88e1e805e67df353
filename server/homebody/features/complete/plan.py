"""The plan of a completion: which prompt window it uses, and the exact prompt.

It runs at every keystroke, without disk access, and stores nothing: ``reader`` does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from homebody.backend.base import ModelInfo, Placement, Prompt
from homebody.context.markers import before_cursor, without_marked_lines
from homebody.context.select import KeptLines, select_completion
from homebody.context.window import UNMEASURED_SPEED, Keep, prompt_room
from homebody.engine import Engine
from homebody.prompt.fim import HASH, FimFormat, OtherFiles, PromptSnippet, completion_prompt, find_format
from homebody.session.prompt_window import PromptWindow, Windows, after_closers, anchor_for
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.syntax.language import language_of
from homebody.syntax.scope import scopes_at
from homebody.text import Document, Span, TextEdit
from homebody.workspace.uri import prompt_path, repository_name

_LEAST_TOKENS = 96
"""Minimum size of a narrow window, in tokens: with less the model sees too little for a useful suggestion."""

_READING_SECONDS = 5.0
"""Seconds in which a whole window is read, if it then has enough tokens."""

_ENOUGH_TOKENS = 1000
_LONGEST_SECONDS = 30.0
"""On a slower machine a whole window has this many tokens, or what is read in this many seconds: 450 tokens
completed no more of 343 lines exactly than a narrow window."""

_UNNOTICED_SECONDS = 0.1
"""Maximum seconds of reading that a request adds to start using a wider window with its own slot."""

_TYPED_SHARE = 3
"""Divisor of the budget: at most a third counts as typed when a window is chosen, even on a longer line."""

_LONGEST_TYPED = 1024
"""Maximum number of these tokens."""

_TYPED_TOKENS = 1024
"""Tokens left free for typing if a new window fills the context, at most an eighth of it: with fewer, another
one has to be read every few lines. One that is kept may grow into them, up to the last 32nd."""

Kind: TypeAlias = Literal["narrow", "wide"]
"""How much a new window has: what a request can read at once, or the whole completion budget."""

_OVERHEAD_TOKENS = 16
"""Tokens of markers, BOS, and the line ends between snippets."""

_LAST_TOKEN = re.compile(r" ?\w+\Z|\s+\Z| ?[^\w\s]{1,2}\Z")
"""Text that may be the beginning of a longer token: a word or a sign with the blank before it, or a line end
with the indentation after it. Measured on 156 holes: 28 % exact; with words and blanks only, 24 %."""

_LAST_BLANKS = re.compile(r"[ \t]+\Z")
"""The same for servers without grammars, where text that the model does not repeat needs a second request:
only blanks, which it repeats almost always. A word that it would repeat was suggested before it was typed."""

_LONGEST_TOKEN = 24
"""Maximum bytes that are forced: a longer run (prose without blanks, a hash) consists of many tokens."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in a document of a session, for one model and its prompt format (``None``: plain prefix)."""

    session: Session
    info: ModelInfo
    row: FimFormat | None
    document: Document
    offset: int

    @property
    def model(self) -> str:
        """Name of the model in the result cache."""
        return f"{self.info.kind} {self.info.name}"

    @property
    def engine(self) -> Engine:
        """The engine of the session."""
        return self.session.engine

    @property
    def windows(self) -> Windows:
        """The document's windows, and the imports and snippets for new ones."""
        return self.session.document_state(self.document.uri).windows

    @property
    def has_own_slot(self) -> bool:
        """Whether a wider window can be read while requests use another one.

        The server has to cache two prompts, and to accept token ids: others read a prompt as a whole.
        """
        info = self.info
        return self.session.slot == "completion" and info.completion_slots > 1 and info.takes_token_ids

    @property
    def counts_exactly(self) -> bool:
        """Whether the server's tokens of a prompt are known anyway, because it is sent as token ids."""
        return self.info.exact_tokenizer and self.info.takes_token_ids

    @property
    def at_once(self) -> int:
        """Tokens that may be read before a request is answered."""
        budget = self.engine.completion_settings(self.document).latency_budget_ms / 1000
        return max(_LEAST_TOKENS, int(self.speed * budget))

    @property
    def unnoticed(self) -> int:
        """Maximum unread tokens of a wider window for a request to start using it."""
        return int(self.speed * _UNNOTICED_SECONDS) if self.has_own_slot else self.at_once

    @property
    def whole(self) -> int:
        """Tokens of a whole window, at most: what is read in five seconds, or on a slow machine in pauses.

        If requests would make the server forget what it has read, it is read in one pause.
        """
        seconds = _LONGEST_SECONDS if self.has_own_slot else _READING_SECONDS
        tokens = max(self.speed * _READING_SECONDS, min(_ENOUGH_TOKENS, self.speed * seconds))
        return min(max(_LEAST_TOKENS, int(tokens)), self.info.context_length)

    @property
    def speed(self) -> float:
        """Tokens that are read in a second."""
        return self.engine.completion.speed.prompt or UNMEASURED_SPEED

    def moved(self, edit: TextEdit, document: Document) -> "Place":
        """Return the same place after an edit; ``document`` is the result."""
        start, end = edit.span.start, edit.span.end
        after = start + len(edit.new_text)
        offset = self.offset if self.offset < start else max(after, after + self.offset - end)
        return replace(self, document=document, offset=offset)

    def typed(self, window: PromptWindow) -> str | None:
        """Text typed since the window was frozen; ``None`` if the window cannot be used here."""
        return window.typed(self.document, self.offset)

    def prompt(self, window: PromptWindow) -> Prompt:
        """Lay out the window's frozen beginning and the text typed since.

        Text before the cursor that may be part of a longer token is removed and forced, so that the model
        begins at a token boundary (token healing; it doubled the exact matches of the default weights).
        """
        special, context = self.info.texts_to_leave_out, window.context
        typed = before_cursor(self.document.text[window.anchor : self.offset], special).text
        text, forced = healed(typed, _LAST_TOKEN if self.info.takes_token_ids else _LAST_BLANKS)
        return completion_prompt(
            self.row,
            prefix=without_marked_lines(context.headers + context.prefix, special).text,
            suffix=without_marked_lines(context.suffix, special).text,
            typed=text,
            files=_other_files(self, context.snippets) if context.snippets else OtherFiles(),
            forced=forced,
            uri=self.document.uri,
        )

    async def placed(self, window: PromptWindow, *, beside: PromptWindow | None = None) -> Placement:
        """Where the window's prompt is in the server's cache; not where that of ``beside`` is."""
        place, slot = self.engine.completion.backend.place, self.session.slot
        keep = None if beside is None else (await place(self.prompt(beside), slot=slot)).slot
        return await place(self.prompt(window), slot=slot, keep=keep)

    def window(self, kind: Kind, tokens: int | None = None) -> PromptWindow:
        """Freeze a new window here; a wide one has at most ``tokens``, if they are given.

        It keeps the start of the window in use if that is still suitable, so that the server can reuse its
        cache. Raises ``ContextTooLong`` if the served context length leaves no room for a prompt.
        """
        if kind == "narrow":
            return _window(self, self.at_once, (), None)
        return _window(self, tokens, self.windows.candidates, self.windows.current)


async def place_at(session: Session, document: Document, offset: int) -> Place:
    """Return a place for the model that is served now. Raises ``BackendError``."""
    engine = session.engine
    info = await engine.completion.describe()
    return Place(session, info, find_format(info, engine.settings.completion.fim), document, offset)


async def best_window(place: Place) -> tuple[PromptWindow, Placement]:
    """Choose the best window that is ready for a request that has to be answered now.

    A window is kept while it matches and the server has it. Otherwise, if reading a full window would take
    longer than ``completion.latencyBudgetMs``, it is as narrow as that allows; reading ahead widens it.
    """
    windows, at_once = place.windows, place.at_once
    for window in (windows.coming, windows.current, *windows.earlier):
        if window is not None and place.typed(window) is not None:
            placed = await place.placed(window)
            most = place.unnoticed if window is windows.coming else at_once
            if window.is_awaited or placed.unread <= most:
                return window, placed
    narrow = place.window("narrow")
    if not narrow.narrow or narrow.start == 0 or _is_near(windows.current, place.offset):
        # Elsewhere no part of a full window has been read, and counting its lines would take 20 ms.
        wide = place.window("wide")
        placed = await place.placed(wide)
        if placed.unread <= at_once:
            return wide, placed
    return narrow, await place.placed(narrow)


def _is_near(before: PromptWindow | None, offset: int) -> bool:
    """Whether a full window at ``offset`` may begin where the previous one does, growing by at most half."""
    if before is None or offset < before.start:
        return False
    return offset - before.start <= 2 * max(len(before.context.prefix), before.typed_limit)


def _window(
    place: Place, tokens: int | None, candidates: Sequence[Candidate], before: PromptWindow | None
) -> PromptWindow:
    """Freeze the beginning of prompts at the cursor: how much of the file and of the project they have."""
    info, row, document, offset = place.info, place.row, place.document, place.offset
    count, speed = place.engine.completion.tokens.count, place.engine.completion.speed.prompt
    output = min(place.engine.completion_settings(document).max_tokens, info.context_length // 4)
    fits = prompt_room(info.context_length, output + _OVERHEAD_TOKENS)
    whole = min(fits, place.whole)
    wanted = whole if tokens is None else min(whole, tokens)
    anchor = anchor_for(
        document,
        offset,
        after_marker=row is not None and row.typed_after_marker,
        tokens=min(whole // _TYPED_SHARE, _LONGEST_TYPED),
        count=count,
    )
    line = document.slice(Span(anchor, offset))
    line_tokens = count(line)
    room = max(wanted - line_tokens, wanted // 4)
    fits -= line_tokens
    # A window that was cut to ``tokens`` because it did not fit must not grow again.
    longest = min(fits - fits // 32, room * 3 // 2) if tokens is None else room
    imports = place.windows.imports_in(document)
    context = select_completion(
        document,
        Span(anchor, after_closers(document, offset)),
        tokens=min(room, fits - min(_TYPED_TOKENS, fits // 8)),
        count=count,
        takes_suffix=row is not None,
        headers=(*_scope_headers(place, anchor), *(KeptLines(span, "import") for span in imports)),
        candidates=candidates,
        keep=Keep(before.start, longest) if before is not None else None,
    )
    # Half as much again as the budget, at three characters a token; never more than fits, at two.
    free = fits - context.tokens
    to_the_end = row is not None and context.window.suffix.end == len(document.text)
    is_all = (
        context.window.prefix.start == 0
        and (row is None or to_the_end)
        and len(context.snippets) == len(place.windows.candidates)
    )
    return PromptWindow(
        uri=document.uri,
        context=context,
        start=context.window.prefix.start,
        anchor=anchor,
        # Before the speed is measured, the budget is provisional too.
        narrow=not is_all and (wanted < whole or (speed is None and room < fits)),
        typed_limit=max(len(line), min(free * 2, max(whole // 2, 64) * 3)),
        to_the_end=to_the_end,
    )


def _scope_headers(place: Place, offset: int) -> list[KeptLines]:
    """First lines of the scopes that are open at ``offset``, the innermost first."""
    document = place.document
    lines = [
        document.line_span_with_end(document.line_of(scope.header.start))
        for scope in scopes_at(document, place.engine.trees.newest(document), offset)
    ]
    return [KeptLines(span, "header of the scope") for span in reversed(dict.fromkeys(lines))]


def _other_files(place: Place, snippets: Sequence[Candidate]) -> OtherFiles:
    """Snippets, and the paths shown in the prompt; of a path with a control token, only the part after it."""
    special, folders, document = place.info.texts_to_leave_out, place.engine.folders, place.document

    def shown(uri: str) -> str:
        return before_cursor(prompt_path(uri, folders), special).text

    row = language_of(document.language_id, document.uri)
    return OtherFiles(
        [
            PromptSnippet(shown(snippet.uri), without_marked_lines(snippet.text, special).text, snippet.uri)
            for snippet in snippets
        ],
        path=shown(document.uri),
        repo=before_cursor(repository_name(document.uri, folders), special).text,
        comment=(row.line_comment, "") if row.line_comment else row.block_comment or HASH,
    )


def healed(typed: str, part: re.Pattern[str]) -> tuple[str, str]:
    """Split off the text that the answer has to begin with, at most the length of a token."""
    # Searching the whole text would be slow for a word of thousands of letters.
    found = part.search(typed, max(0, len(typed) - _LONGEST_TOKEN - 1))
    if not found:
        return typed, ""
    forced = found.group()
    while len(forced.encode()) > _LONGEST_TOKEN:
        forced = forced[1:]
    return typed[: len(typed) - len(forced)], forced
