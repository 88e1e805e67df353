"""The prompt of a completion: what is frozen for a burst, and what was typed since.

In: engine, document, offset. Out: a ``Burst`` and the exact ``Prompt`` for the cursor.
Touches no disk and asks no server: it is on the way of every key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from homebody.audit import LeftOut
from homebody.backend.base import ModelInfo, Prompt
from homebody.context.budget import completion_budget
from homebody.context.markers import before_cursor, first_marker, without_marked_lines
from homebody.context.select import OF_THE_WINDOW, Header, select_completion
from homebody.context.window import Keep
from homebody.engine import Engine
from homebody.features.prompt_path import prompt_path, repository_name
from homebody.prompt.fim import (
    HASH,
    Comment,
    FimFormat,
    PromptSnippet,
    fim_prompt,
    find_format,
    prefix_prompt,
)
from homebody.session.burst import Burst, anchor_for
from homebody.syntax import language
from homebody.syntax.chunk import Candidate
from homebody.syntax.scope import scopes_at
from homebody.text import Document, Span

OVERHEAD_TOKENS = 16
"""Markers, BOS, and the line ends between snippets."""

_TYPED_SHARE = 3
"""A third of the budget at most counts as typed when a burst begins, also on a line longer than that."""

_LONGEST_TYPED = 1024
"""And so many tokens at most."""

_TYPED_TOKENS = 128
"""Left free for typing where the window fills the context: so many, or a 32nd of it where that is less."""

_LAST_TOKEN = re.compile(r" ?\w+\Z|\s+\Z| ?[^\w\s]{1,2}\Z")
"""What may be the beginning of a longer token: a word or a sign with its blank, a line end with the
indentation behind it. Measured on 156 holes: 28 % exact; words and blanks alone 24 %."""

_LAST_WORD = re.compile(r" ?\w+\Z|[ \t]+\Z")
"""The same where no grammar forces it: what the model does not repeat by itself is asked for twice."""

_LONGEST_TOKEN = 24
"""Bytes taken back at most: forcing more (prose without blanks, a hash) costs a token for each few."""

_MARKED = "holds a control token of the model"


@dataclass(frozen=True, slots=True)
class Target:
    """What a completion is made for: the model, how it wants its prompt, and the workspace's folders."""

    info: ModelInfo
    row: FimFormat | None
    folders: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """Names the model in the result cache."""
        return f"{self.info.kind} {self.info.name}"

    @property
    def special_texts(self) -> frozenset[str]:
        """Texts that must not stand in a prompt; none where prompts go as token ids."""
        return frozenset[str]() if self.info.takes_token_ids else self.info.special_texts


async def target_of(engine: Engine) -> Target:
    """Ask the completion backend what it serves. Raises ``BackendError``."""
    info = await engine.completion.describe()
    return Target(info, find_format(info), engine.folders)


def new_burst(
    engine: Engine,
    target: Target,
    document: Document,
    offset: int,
    *,
    tokens: int | None = None,
    candidates: Sequence[Candidate] = (),
    imports: Sequence[Span] = (),
    before: Burst | None = None,
) -> Burst:
    """Freeze a beginning for prompts at ``offset``.

    ``tokens`` narrows it below the budget, for a first answer that has to come soon. ``imports`` are
    lines of the document to keep where the window cuts them off, the most useful first. Where the window
    of the burst ``before`` still does, it is kept, so that what the server has read stays of use.

    Raises
    ------
    ContextTooLong
        The context length that is served leaves no room for a prompt.

    """
    use = engine.completion
    budget = completion_budget(
        target.info.context_length,
        max_tokens=engine.settings.completion.max_tokens,
        overhead=OVERHEAD_TOKENS,
        prompt_speed=use.speed.prompt,
    )
    wanted = budget.prompt if tokens is None else min(budget.prompt, tokens)
    row = target.row
    anchor = anchor_for(
        document,
        offset,
        after_marker=row is not None and row.typed_after_marker,
        tokens=min(budget.prompt // _TYPED_SHARE, _LONGEST_TYPED),
        count=use.tokens.count,
    )
    line = document.slice(Span(anchor, offset))
    room = max(wanted - use.tokens.count(line), wanted // 4)
    fits = budget.context_length - budget.output - budget.overhead - use.tokens.count(line)
    usable, marked = _without_marked(candidates, target.special_texts)
    # What was cut to ``tokens`` since it was too long may not grow again.
    longest = min(fits, room * 3 // 2) if tokens is None else room
    context = select_completion(
        document,
        Span(anchor, offset),
        tokens=min(room, fits - min(_TYPED_TOKENS, fits // 32)),
        count=use.tokens.count,
        takes_suffix=row is not None,
        headers=(*_headers(engine, document, anchor), *(Header(span, "import") for span in imports)),
        candidates=usable,
        keep=Keep(before.window_start, longest) if before is not None else None,
    )
    # At two characters a token: half as much again as the budget, and never more than fits.
    free = fits - context.tokens
    return Burst(
        uri=document.uri,
        context=replace(context, left_out=(*context.left_out, *marked)) if marked else context,
        start=context.window.prefix.start,
        anchor=anchor,
        # A budget of a speed that was not measured yet is no last word either.
        narrow=wanted < budget.prompt or (use.speed.prompt is None and room < fits),
        typed_limit=max(len(line), min(free, max(budget.prompt // 2, 64)) * 2),
        to_the_end=row is not None and context.window.suffix.end == len(document.text),
    )


def prompt_for(
    target: Target, burst: Burst, document: Document, typed: str, answer: str = "", *, heal: bool = True
) -> Prompt:
    """Lay out the burst's frozen beginning and what was typed since.

    ``answer`` continues an answer that was asked for in slices. With ``heal`` what may be a part of a
    token in front of the cursor is taken off and forced, so that the model begins at a token's
    boundary (measured: twice the exact matches, DESIGN).
    """
    special = target.special_texts
    forced = ""
    text = before_cursor(typed, special).text + answer
    if heal and not answer:
        text, forced = healed(text, _LAST_TOKEN if target.info.takes_token_ids else _LAST_WORD)
    context = burst.context
    snippets = [
        PromptSnippet(_path(target, c.uri), without_marked_lines(c.text, special).text)
        for c in context.snippets
    ]
    prefix = without_marked_lines(context.headers + context.prefix, special).text
    suffix = without_marked_lines(context.suffix, special).text
    path, comment = _path(target, document.uri), _comment(document)
    if target.row is None:
        return prefix_prompt(
            prefix=prefix, typed=text, snippets=snippets, comment=comment, path=path, forced=forced
        )
    return fim_prompt(
        target.row,
        prefix=prefix,
        suffix=suffix,
        typed=text,
        snippets=snippets,
        comment=comment,
        path=path,
        repo=before_cursor(repository_name(document.uri, target.folders), special).text,
        forced=forced,
    )


def _path(target: Target, uri: str) -> str:
    """Path for the model to see; of a name that holds a control text, what follows that."""
    return before_cursor(prompt_path(uri, target.folders), target.special_texts).text


def _comment(document: Document) -> Comment:
    """How the document's language writes a comment; a hash where that is not known."""
    found = language.find(document.language_id, document.uri)
    if found is None:
        return HASH
    return (found.line_comment, "") if found.line_comment else found.block_comment or HASH


def healed(typed: str, part: re.Pattern[str]) -> tuple[str, str]:
    """Split off what the model has to begin with, at most as much as a token may have."""
    # Looking at more would take long in front of a word of thousands of letters.
    found = part.search(typed, max(0, len(typed) - _LONGEST_TOKEN - 1))
    if not found:
        return typed, ""
    forced = found.group()
    while len(forced.encode()) > _LONGEST_TOKEN:
        forced = forced[1:]
    return typed[: len(typed) - len(forced)], forced


def _headers(engine: Engine, document: Document, offset: int) -> list[Header]:
    """First lines of the scopes that are open at the cursor, the innermost first."""
    tree = engine.trees.newest(document)
    lines = [
        document.line_span_with_end(document.line_of(scope.header.start))
        for scope in scopes_at(document, tree, offset)
    ]
    return [Header(span, "header of the scope") for span in reversed(dict.fromkeys(lines))]


def marked_lines(target: Target, burst: Burst, document: Document, offset: int) -> tuple[LeftOut, ...]:
    """Lines that ``prompt_for`` leaves out since they hold a control token of the model's."""
    special = target.special_texts
    if not special:
        return ()
    context = burst.context
    window = context.window
    typed = document.text[burst.anchor : offset]
    parts = (
        (window.prefix.start, without_marked_lines(context.prefix, special)),
        (burst.anchor, before_cursor(typed, special)),
        (offset, without_marked_lines(context.suffix, special)),
    )
    numbers = [document.line_of(start) + line for start, cleaned in parts for line in cleaned.lines]
    numbers = [*_marked_headers(target, burst, document), *numbers]
    mine = [LeftOut(document.uri, line, line, _MARKED) for line in numbers]
    others = [
        LeftOut(c.uri, c.first_line + line, c.first_line + line, _MARKED)
        for c in context.snippets
        for line in without_marked_lines(c.text, special).lines
    ]
    return tuple(dict.fromkeys((*others, *mine)))


def _marked_headers(target: Target, burst: Burst, document: Document) -> list[int]:
    """Lines of the document in front of the window that were chosen and hold a control token."""
    if first_marker(burst.context.headers, target.special_texts) is None:
        return []
    chosen = [
        line
        for source in burst.context.sources
        if source.uri == document.uri and source.why not in OF_THE_WINDOW
        for line in range(source.first_line, min(source.last_line + 1, document.line_count))
    ]
    return [line for line in chosen if first_marker(document.line_text(line), target.special_texts)]


def _without_marked(
    candidates: Sequence[Candidate], special: frozenset[str]
) -> tuple[list[Candidate], list[LeftOut]]:
    """Candidates of which something is left without their marked lines, and the others as left out."""
    usable: list[Candidate] = []
    marked: list[LeftOut] = []
    for one in candidates:
        if without_marked_lines(one.text, special).text.strip():
            usable.append(one)
        else:
            marked.append(LeftOut(one.uri, one.first_line, one.last_line, _MARKED))
    return usable, marked
