"""Choose the content of a prompt, within the budget, and report what was chosen and left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from homebody.audit import LeftOut, Source
from homebody.context.window import Count, Keep, Window, grid_step, window
from homebody.errors import ContextTooLong
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

CELL_ABOVE = "cell above"
"""Why a cell of the same notebook is a candidate; these stay in the notebook's order."""

_REPEATED = 0.8
"""A candidate is a duplicate if at least this share of its lines is in the prompt already."""

_UNFIT = "did not fit the prompt"


@dataclass(frozen=True, slots=True)
class Ranked:
    """Chosen candidates with the tokens of their text, and the candidates that were not chosen.

    ``tokens`` is the part of the budget that the chosen ones use, including their paths and markers.
    """

    chosen: tuple[tuple[Candidate, int], ...]
    left_out: tuple[LeftOut, ...]
    tokens: int

    @property
    def sources(self) -> tuple[Source, ...]:
        """The chosen candidates as sources."""
        return tuple(Source(c.uri, c.first_line, c.last_line, cost, c.why) for c, cost in self.chosen)


def choose(
    candidates: Sequence[Candidate],
    tokens: int,
    count: Count,
    around: Source,
    shown: str = "",
    *,
    beyond: str = _UNFIT,
) -> Ranked:
    """Take candidates while they fit ``tokens``; a smaller one may follow one that does not fit.

    ``around`` are the lines that the prompt already contains, ``shown`` is their text: a copy of it in
    another file (build folders have many) adds nothing. The chosen ones are ordered by file and line, not by
    rank, so that the order does not change with the ranking. Cells of a notebook follow in the notebook's
    order, the one nearest to the cursor last. ``beyond`` is the reason that is recorded for those that do
    not fit.
    """
    chosen: list[tuple[Candidate, int]] = []
    left_out: list[LeftOut] = []
    texts = [_lines(shown)] if candidates else []
    used = 0
    for candidate in candidates:
        if overlap(candidate, around) or any(overlap(candidate, other) for other, _ in chosen):
            continue
        lines = _lines(candidate.text)
        if any(_is_repeat(lines, text) for text in texts):
            left_out.append(_left_out(candidate, "repeats text that is already in the prompt"))
            continue
        # It is preceded by a path of up to four parts and one or two markers.
        text = count(candidate.text)
        cost = text + count("/".join(candidate.uri.split("/")[-4:])) + 4
        if used + cost > tokens:
            left_out.append(_left_out(candidate, beyond))
            continue
        used += cost
        chosen.append((candidate, text))
        texts.append(lines)
    return Ranked(tuple(_ordered(chosen)), tuple(left_out), used)


def _choose_beside(
    document: Document,
    whole: Window,
    candidates: Sequence[Candidate],
    tokens: int,
    count: Count,
    *,
    beyond: str = _UNFIT,
) -> Ranked:
    """Take candidates as ``choose`` does, beside the lines of a window."""
    shown = Span(whole.prefix.start, max(whole.prefix.end, whole.suffix.end))
    around = Source(document.uri, *document.lines_of(shown), 0, "")
    return choose(candidates, tokens, count, around, document.slice(shown), beyond=beyond)


def _ordered(chosen: Sequence[tuple[Candidate, int]]) -> list[tuple[Candidate, int]]:
    elsewhere = [counted for counted in chosen if counted[0].why != CELL_ABOVE]
    cells = [counted for counted in chosen if counted[0].why == CELL_ABOVE]
    elsewhere.sort(key=lambda counted: (counted[0].uri, counted[0].first_line))
    return [*elsewhere, *reversed(cells)]


def _left_out(candidate: Candidate, why: str) -> LeftOut:
    return LeftOut(candidate.uri, candidate.first_line, candidate.last_line, f"{candidate.why}; {why}")


def _lines(text: str) -> frozenset[str]:
    """Lines that identify a text, without indentation; lines such as a single bracket occur everywhere."""
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if any(sign.isalnum() for sign in line))


def _is_repeat(lines: frozenset[str], text: frozenset[str]) -> bool:
    return bool(lines) and len(lines & text) >= _REPEATED * len(lines)


def overlap(candidate: Candidate, other: Candidate | Source) -> bool:
    """Whether both are of one file and have lines in common."""
    are_apart = candidate.last_line < other.first_line or other.last_line < candidate.first_line
    return candidate.uri == other.uri and not are_apart


SUFFIX_SHARE = 0.25
"""The suffix's share of a completion prompt (llama.vim and Cody use about a fifth to a third)."""

SNIPPET_SHARE = 0.25
"""Share of a completion prompt for other files; more if the document does not use its own share."""

HEADER_SHARE = 0.1
"""Share for imports and headers of scopes that lie outside the window."""

_SNIPPET_SHARE_AROUND = 0.5
"""Snippets' share of the tokens that a selection leaves free; the surrounding lines get the rest."""

_AFTER_SHARE = 0.5
"""Share of the lines after a selection; those before it get what they do not need, and the reverse."""


@dataclass(frozen=True, slots=True)
class KeptLines:
    """Whole lines of the document that are kept although they are outside of the window, and why."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Context:
    """Content of a prompt around the code in question.

    Of a completion, ``prefix`` ends at the anchor, and ``suffix`` starts at the cursor; of a selection, both
    are whole lines. ``headers`` are lines of the same document before the window: imports and the headers of
    scopes that are still open. ``tokens`` is the total of all of them, with the selection.
    """

    prefix: str
    suffix: str
    snippets: tuple[Candidate, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    tokens: int
    window: Window
    headers: str = ""


def select_around(
    document: Document,
    selection: Span,
    *,
    tokens: int,
    count: Count,
    candidates: Sequence[Candidate],
    beyond: str,
) -> Context:
    """Keep the selection whole and fill the rest of ``tokens`` with its surroundings and snippets.

    A snippet whose lines are already in the surroundings is left out. ``beyond`` is the reason that is
    recorded for what does not fit.

    Raises
    ------
    ContextTooLong
        The selection itself does not fit.

    """
    used = count(document.slice(selection))
    if used > tokens:
        message = (
            f"The selection has {used} tokens and {tokens} fit the context: "
            "select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    rest = tokens - used
    first, last = document.lines_of(selection)
    lines = Span(document.line_starts[first], document.line_span_with_end(last).end)
    share = int(rest * _SNIPPET_SHARE_AROUND) if candidates else 0
    whole = window(document, lines, rest - share, _AFTER_SHARE, count)
    ranked = _choose_beside(document, whole, candidates, share, count, beyond=beyond)
    if ranked.tokens < share:
        # Unused tokens go to the surroundings; snippets that these now contain are removed.
        whole = window(document, lines, rest - ranked.tokens, _AFTER_SHARE, count)
        ranked = _choose_beside(document, whole, candidates, ranked.tokens, count, beyond=beyond)
    own = Source(document.uri, first, last, used, "selection")
    return _context(document, whole, ranked, [own], place="selection", beyond=beyond)


def select_completion(
    document: Document,
    gap: Span,
    *,
    tokens: int,
    count: Count,
    takes_suffix: bool,
    headers: Sequence[KeptLines] = (),
    candidates: Sequence[Candidate] = (),
    keep: Keep | None = None,
) -> Context:
    """Choose prefix, suffix, headers and snippets of at most ``tokens`` together.

    ``gap`` is the span between prefix and suffix: from the anchor to the cursor.
    ``headers`` are sorted best first; those inside the window are skipped.
    ``candidates`` are sorted best first. If the window of ``keep`` is kept, the whole prompt has at most
    ``keep.tokens``.
    """
    share = SUFFIX_SHARE if takes_suffix else 0.0
    whole = window(document, gap, tokens, share, count, keep=keep)
    kept = _kept_headers(document, headers, whole.prefix.start, int(tokens * HEADER_SHARE), count)
    room = _snippet_tokens(document, whole, tokens, takes_suffix=takes_suffix)
    ranked = _choose_beside(document, whole, candidates, room, count)
    needed = sum(cost for _, cost in kept) + ranked.tokens
    if needed > tokens - whole.tokens:
        less = None if keep is None else Keep(keep.start, keep.tokens - needed)
        whole = window(document, gap, tokens - needed, share, count, keep=less)
        # The window became smaller: it no longer contains headers between the old and the new start.
        kept = _kept_headers(document, headers, whole.prefix.start, int(tokens * HEADER_SHARE), count)
        stays = keep is not None and whole.prefix.start == keep.start
        most = max(tokens, keep.tokens) if keep is not None and stays else tokens
        spare = most - ranked.tokens - whole.tokens
        while kept and sum(cost for _, cost in kept) > spare:
            kept = kept[1:]
    own = [Source(document.uri, *document.lines_of(line.span), cost, line.why) for line, cost in kept]
    text = "".join(document.slice(header.span) for header, _ in kept)
    return _context(document, whole, ranked, own, place="cursor", headers=text)


def _snippet_tokens(document: Document, whole: Window, tokens: int, *, takes_suffix: bool) -> int:
    """Tokens for other files: their share, or all that a short document leaves unused.

    Rounded down to a grid, so that the few tokens of a keystroke do not change what is chosen.
    """
    room = int(tokens * SNIPPET_SHARE)
    ends = not takes_suffix or whole.suffix.end == len(document.text)
    if whole.prefix.start == 0 and ends:
        room = max(room, tokens - whole.tokens)
    return room // (step := grid_step(tokens)) * step


def _kept_headers(
    document: Document, headers: Sequence[KeptLines], before: int, tokens: int, count: Count
) -> list[tuple[KeptLines, int]]:
    """Return the headers that end before the window, as far as they fit, in document order."""
    kept: dict[Span, tuple[KeptLines, int]] = {}
    for header in headers:
        if header.span.end > before or header.span in kept:
            continue
        cost = count(document.slice(header.span))
        if cost > tokens:
            continue
        tokens -= cost
        kept[header.span] = header, cost
    return sorted(kept.values(), key=lambda item: item[0].span)


def _context(
    document: Document,
    whole: Window,
    ranked: Ranked,
    own: Sequence[Source],
    *,
    place: str,
    beyond: str = _UNFIT,
    headers: str = "",
) -> Context:
    """Return the context with a list of what it has and what it lacks; ``own`` is in no window."""
    before, after = f"before the {place}", f"after the {place}"
    parts = (whole.prefix, whole.prefix_tokens, before), (whole.suffix, whole.suffix_tokens, after)
    near = [Source(document.uri, *document.lines_of(span), size, why) for span, size, why in parts if span]
    sources = [*own, *ranked.sources, *near]
    above = document.line_of(whole.prefix.start) - 1  # a line that is included in part is a source
    below = document.line_of(whole.suffix.end - 1) + 1
    last = document.line_of(len(document.text) - 1)  # not the empty last line
    return Context(
        prefix=document.slice(whole.prefix),
        suffix=document.slice(whole.suffix),
        snippets=tuple(candidate for candidate, _ in ranked.chosen),
        sources=tuple(sources),
        left_out=(
            *ranked.left_out,
            *without(sources, LeftOut(document.uri, 0, above, f"{before}; {beyond}")),
            *without(sources, LeftOut(document.uri, below, last, f"{after}; {beyond}")),
        ),
        tokens=whole.tokens + ranked.tokens + sum(source.tokens for source in own),
        window=whole,
        headers=headers,
    )


def without(sources: Sequence[Source], left: LeftOut) -> list[LeftOut]:
    """Split the lines of ``left`` around those that were included."""
    rest: list[LeftOut] = []
    first = left.first_line
    inside = [source for source in sources if source.uri == left.uri and source.last_line >= first]
    for source in sorted(inside, key=lambda source: source.first_line):
        last = min(source.first_line - 1, left.last_line)
        if first <= last:
            rest.append(replace(left, first_line=first, last_line=last))
        first = max(first, source.last_line + 1)
    if first <= left.last_line:
        rest.append(replace(left, first_line=first))
    return rest
