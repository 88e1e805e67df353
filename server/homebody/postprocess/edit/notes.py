"""Notes on an edit: what its tokens say that goes or comes, for the person who reviews the diff.

A note is no judgement: ``db.commit()`` that is gone may be what was asked for, or a mistake of the model.
Tokens are counted before and after; their order is compared if all counts are equal.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise, zip_longest
from typing import NamedTuple, TypeVar

from homebody.postprocess.edit.edited import Edited, Side
from homebody.postprocess.edit.imports import NewImport
from homebody.postprocess.edit.undefined import undefined_names
from homebody.syntax.compare import EFFECTS, Token, first_difference, same_tokens
from homebody.syntax.language import language_of
from homebody.syntax.opaque import opaque_spans
from homebody.text import Span, differing_tokens

T = TypeVar("T")

_NAMES = frozenset({"", "constant", "name", "word", "variable_name", "instance_variable", "global_variable"})
"""Kinds of nodes that are names, in addition to identifiers of any sort."""
_MOST = 5
_MOST_PLACES = 100
"""Places of a name that are looked at outside of the code."""
_LONGEST = 60
"""Characters of code in a note."""

_WORD = re.compile(r"[$@]*[^\W\d]\w*[?!]?")
_NUMBER = re.compile(r"-?\.?\d[\w.']*")
_QUOTES = re.compile(r"\A[A-Za-z@$]{0,3}#*(?:\"{3}|'{3}|[\"'`])|(?:\"{3}|'{3}|[\"'`])#*\Z")
_JOINS = frozenset({".", "?.", "!.", "::", "->"})
_EMBEDS = frozenset({"${", "#{", "\\("})
"""What begins code in a string."""
_CLOSING = frozenset({")", "]", "}"})
_PATH = r"(?:(?:[?!]?\.|->|::)#?\w+|\[[^\[\]\n]*\])"
_TARGET = rf"[$@*]*\w+{_PATH}*"
_TARGETS = re.compile(rf"{_TARGET}(?:\s*,\s*{_TARGET})*\s*\Z")
"""What is assigned to, before the sign: ``=``, ``+=``, a type's ``:``."""
_MEMBER = re.compile(rf"[$@*]*\w+{_PATH}+|[@*]+\w+")
"""A member, an element, or what a pointer points to; what becomes of variables shows where they are used."""
_CONSTANTS = frozenset({"true", "false", "null", "nil", "none", "undefined"})
_MARKS = frozenset({*"()[]{},;:=@#$\\\"'`", *_JOINS, "#[", "=>", ":=", "...", "${", "#{"})
"""Tokens that are neither names nor operators."""
_KINDS = ("call", "assignment", "effect", "string", "number", "value", "name", "operator", "comment", "word")
_NEW_CODE = "the new code"
_PAIRED = frozenset({"number", "value", "string", "comment"})
_WORD_OPERATORS = frozenset({"and", "or", "not", "xor", "is", "is not", "not in"})


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence without its full stop; ``goes`` unless it only says what comes.

    ``kind`` is that of a token (``call``, ``string``, …), or ``undefined`` or ``broken`` for code that cannot
    be right, whatever was asked for.
    """

    text: str
    goes: bool = True
    kind: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether the code cannot be right: names are undefined, or defined twice, or used and gone."""
        return self.kind in {"undefined", "broken"}


def notes_of(edit: Edited, imports: Sequence[NewImport] = ()) -> list[Note]:
    """Return all notes, the most important ones first; ``imports`` are added to those of the file.

    Where there was no code before, only on what cannot be right; beside a comment, also on definitions.
    """
    before, after = edit.before, edit.after
    language = language_of(before.document.language_id, before.document.uri)
    if language.prose and language.blocks == "none":
        return []
    what = "which nothing in the file defines or imports"
    unknown = undefined_names(edit, imports) or ()
    notes = [*_definitions(edit), *(Note(f"uses `{name}`, {what}", kind="undefined") for name in unknown)]
    unused = before.local & before.used & after.local - after.used
    notes += [Note(f"no longer uses `{name}`") for name in sorted(unused)]
    mentioned = " ".join(note.text for note in notes)
    shown: dict[str, str] = {}
    old, new = _counted(before, shown), _counted(after, shown)
    for kind, counted in old.items():
        gone, come = (
            [
                (text, code)
                for text in texts.elements()
                if not _is_in(code := _short(shown.get(text, text)), mentioned)
            ]
            for texts in (counted - new[kind], new[kind] - counted)
        )
        changes = list(_changes(kind, gone, come, before.local - after.local))
        mentioned = " ".join([mentioned, *(note.text for note in changes)])
        notes += changes
    notes = notes or list(_arranged(edit))
    if not before.without_comments(before.span).strip():
        is_comment = bool(before.code.strip())
        notes = [note for note in notes if note.is_broken or (is_comment and (note.goes or not note.kind))]
    return [
        note if number == 1 else replace(note, text=f"{note.text}, {number} times")
        for note, number in Counter(notes).items()
    ]


def sentences(notes: Sequence[Note]) -> tuple[str, ...]:
    """Return the first notes as text, and how many more there are.

    First is what cannot be right, then what goes (``raise`` before all else), what comes, and keywords.
    """
    first = sorted(notes, key=_rank)[:_MOST]
    more = len(notes) - len(first)
    return (*(note.text for note in first), *([f"and {more} more"] if more else ()))


def _rank(note: Note) -> tuple[int, bool]:
    if note.is_broken:
        return 0, False
    return {"effect": 1 if note.goes else 2, "word": 3}.get(note.kind, 2), not note.goes


class _Defined(NamedTuple):
    """What is compared of a definition."""

    container: str
    name: str
    shown: str
    head: str


def _definitions(edit: Edited) -> list[Note]:
    """What is gone or new, with the line that still uses it or defines it too; then heads that change.

    A head has decorators, modifiers, parameters and types.
    """
    old, new = (
        Counter(
            _Defined(each.container, each.name, f"{each.kind} `{each.qualified}`", side.heads[each.span])
            for each in side.own
        )
        for side in (edit.before, edit.after)
    )
    names = {each.name for each in new}
    gone, come, changed = list[Note](), list[Note](), list[Note]()
    # One of several overloads may be unchanged.
    nothing = _Defined("", "", "", "")
    for before, after in _pairs(
        (old - new).elements(), (new - old).elements(), lambda each: each[:2], nothing
    ):
        if before.shown and after.shown:
            left, added = map(_short, differing_tokens(before.head, after.head))
            what = f"changes `{left}` to `{added}` in" if left and added else ""
            what = what or (f"removes `{left}` from" if left else f"adds `{added}` to")
            changed.append(Note(f"{what} the head of `{after.name}`"))
        elif before.shown:
            place = _used_in(edit, before.name) if before.name not in names else ""
            kind = "undefined" if place == _NEW_CODE else "broken" if place else ""
            used = f", which {place} still uses" if place else ""
            gone.append(Note(f"removes the {before.shown}{used}", kind=kind))
        else:
            place = _defined_in(edit, after)
            again = f", which {place} defines too" if place else ""
            more = again or ("" if _used_in(edit, after.name, but=1) else ", which nothing in the file uses")
            come.append(Note(f"adds the {after.shown}{more}", bool(more), "broken" if again else ""))
    return [*gone, *come, *changed]


def _pairs(
    lost: Iterable[T], added: Iterable[T], same: Callable[[T], object], nothing: T
) -> Iterator[tuple[T, T]]:
    """Pair, in order, what is the ``same``; the rest has ``nothing`` beside it."""
    groups: defaultdict[object, tuple[list[T], list[T]]] = defaultdict(lambda: ([], []))
    for side, several in enumerate((lost, added)):
        for each in several:
            groups[same(each)][side].append(each)
    for old, new in groups.values():
        yield from zip_longest(old, new, fillvalue=nothing)


def _arranged(edit: Edited) -> Iterator[Note]:
    """Where code that keeps all its words has another order, other blocks or other brackets."""
    sides = [
        [token for token in side.all_tokens if not token.text or token.text.strip(" \t\r\n\"'`")]
        for side in (edit.before, edit.after)
    ]
    before, after = map(same_tokens, sides)
    if before == after:
        return
    old, new = ([text for _, text in tokens if text not in _MARKS and text] for tokens in (before, after))
    is_moved = Counter(before) == Counter(after)
    if is_moved or old == new:
        what = "the order of the code" if is_moved else "punctuation"
        at = first_difference(before, after)
        near = [token for token in sides[1][max(0, at - 2) : at + 3] if token.text]
        code = edit.after.document.slice(Span(near[0].start, near[-1].start + len(near[-1].text)))
        yield Note(f"changes only {what}, near `{_short(code)}`")


def _counted(side: Side, shown: dict[str, str]) -> Mapping[str, Counter[str]]:
    """What a version has, by kind, in the order of the notes; ``shown`` gets the text of its calls."""
    counts = {kind: Counter[str]() for kind in _KINDS}
    document, tokens, (texts, comments) = side.document, side.tokens, side.texts
    starts = [token.start for token in tokens]
    in_heads = {at for head in side.head_spans for at in _places_in(starts, head)}
    names: set[int] = set()
    kinds: dict[tuple[str, str], str] = {}
    for at, token in enumerate(tokens):
        if token.is_string or token.is_mark:
            continue
        key = token.kind, token.text
        kind = kinds[key] if key in kinds else kinds.setdefault(key, _kind_of(token))
        # Heads are compared as a whole.
        if kind and not (at in in_heads and kind in ("name", "word")):
            # Keywords of SQL and PHP may be in capitals.
            counts[kind][token.text.casefold() if kind in ("word", "operator") else token.text] += 1
            if kind == "name":
                names.add(at)
        if "assign" in token.parent and token.text.endswith(("=", ":")):
            line = document.text[document.line_start(token.start) : token.start]
            targets = _TARGETS.search(line[-_LONGEST:])
            counts["assignment"].update(_MEMBER.findall(targets.group()) if targets else ())
    bound = {name.start for name in side.names if name.binds}
    for first, last, call, inner in sorted(_calls(tokens, names, bound)):
        counts["call"][call] += 1
        if call not in shown:
            ends = [
                tokens[first].start,
                *(end for span in inner for end in (span.start, span.end)),
                tokens[last].start + 1,
            ]
            parts = [document.text[start:end] for start, end in pairwise(ends)]
            parts[1::2] = ["…" * bool(part) for part in parts[1::2]]
            shown[call] = "…" * call.startswith("…") + "".join(parts)
    parts_of_all = [parts for _, parts in texts] or [[token.text] for token in tokens if token.is_string]
    counts["string"].update(_QUOTES.sub("", "…".join(parts)) for parts in parts_of_all)
    counts["comment"].update(" ".join(document.slice(span).split()) for span in comments)
    # A name that stays has no note, however often it is used; nor has one that only this code can use.
    counts["name"] = Counter(dict.fromkeys(sorted(set(counts["name"]) - side.local), 1))
    return counts


def _places_in(starts: Sequence[int], span: Span) -> range:
    """Indices of the tokens, which begin at ``starts``, in ``span``."""
    return range(bisect_left(starts, span.start), bisect_left(starts, span.end))


def _kind_of(token: Token) -> str:
    """What a token of code counts as; empty for one that is not counted."""
    text = token.text
    if _NUMBER.fullmatch(text):
        return "number"
    is_name = "identifier" in token.kind or token.kind in _NAMES
    if text in EFFECTS and not is_name:
        return "effect"
    if text.casefold() in _CONSTANTS:
        return "value"
    is_operator = not is_name and text.casefold() in _WORD_OPERATORS
    if is_operator or not (_WORD.search(text) or text in _MARKS or text.isspace()):
        return "operator"
    if is_name:
        return "name" if _WORD.fullmatch(text) else "" if text in _MARKS else "value"
    return "word" if _WORD.search(text) else ""


def _calls(
    tokens: Sequence[Token], names: Container[int], bound: Container[int]
) -> Iterator[tuple[int, int, str, list[Span]]]:
    """Each call of ``names``: first and last token, text without types and inner arguments, and the latter.

    ``bound``: where names are bound. They are no receivers, but parameters as in ``x -> x.a()``.
    """
    brackets: list[tuple[Token, range]] = []
    texts: list[list[str]] = [[]]
    inner: list[list[Span]] = [[]]
    for at, token in enumerate(tokens):
        texts[-1].append(token.text)
        if token.text.endswith(("(", "[", "{")) and (not token.is_string or token.text in _EMBEDS):
            callee = _callee(tokens, at, names, bound) if token.text == "(" else range(0)
            brackets.append((token, callee))
            if callee:
                is_chained = tokens[callee[0]].text in _JOINS
                texts.append(["…" * is_chained, *(tokens[place].text for place in callee), "("])
                inner.append([])
        elif token.text in _CLOSING and brackets and brackets[-1][0].is_string == token.is_string:
            opening, callee = brackets.pop()
            if callee:
                key = "".join("".join(texts.pop()).split()).replace(",)", ")")
                yield callee[0], at, key, inner.pop()
                texts[-1].append(")")
                inner[-1].append(Span(opening.start + 1, token.start))


def _callee(tokens: Sequence[Token], opening: int, names: Container[int], bound: Container[int]) -> range:
    """Tokens of the name of the function whose arguments begin at ``opening``; none if none do."""
    end = opening
    end -= end > 1 and tokens[end - 1].text == "!"
    depth = 0
    while end > 1 and (depth or (tokens[end - 1].is_mark and tokens[end - 1].text == ">")):
        end -= 1
        depth += {">": 1, "<": -1}.get(tokens[end].text, 0) * tokens[end].is_mark
        end -= not depth and tokens[end - 1].text == "::"
    first = end - 1
    if first not in names:
        return range(0)
    while first > 1 and tokens[first - 1].text in _JOINS and tokens[first - 2].start not in bound:
        is_chained = not _WORD.fullmatch(tokens[first - 2].text)
        first -= 2 - is_chained
        if is_chained:
            break
    return range(first, end)


def _changes(
    kind: str, gone: Sequence[tuple[str, str]], come: Sequence[tuple[str, str]], lost_names: frozenset[str]
) -> Iterator[Note]:
    """Notes on one kind, of whose texts each has the code that is shown.

    A call that changes its arguments, and other things in order, are pairs.
    """
    in_order = kind in _PAIRED or (kind == "operator" and len(gone) == len(come) == 1)

    def same(texts: tuple[str, str]) -> str:
        return "" if in_order else texts[0].partition("(")[0] if kind == "call" else texts[0]

    what = "" if kind in ("effect", "word") else f"the {kind} {'to ' * (kind == 'assignment')}"
    mark = '"{}"' if kind == "string" else "`{}`"
    for (old, old_code), (new, new_code) in _pairs(gone, come, same, ("", "")):
        verb = "adds" if not old else "changes" if new else "removes"
        more = f" to {mark.format(new_code)}" if old and new else ""
        # What is written to a variable that is gone, nothing reads any more.
        if not (kind == "assignment" and not new and re.split(r"\W", old)[0] in lost_names):
            text = f"{verb} {what}{mark.format(old_code or new_code)}{more}"
            yield Note(text, goes=bool(old), kind=kind)


def _used_in(edit: Edited, name: str, *, but: int = 0) -> str:
    """Where code has ``name``, more often than ``but`` times in the new code; empty if it has not.

    Strings and comments do not count.
    """
    document, span = edit.file.document, edit.span
    is_bound = not but and any(each.text == name and each.binds for each in edit.after.names)
    if not is_bound and sum(token.text == name and not token.is_string for token in edit.after.tokens) > but:
        return _NEW_CODE
    for match in islice(re.finditer(_alone(name), document.text), _MOST_PLACES):
        at = match.start()
        line = document.line_of(at)
        opaque = opaque_spans(document, edit.file.tree, document.line_span(line))
        if not (span.start <= at < span.end or any(part.start <= at < part.end for part in opaque)):
            return f"line {line + 1}"
    return ""


def _defined_in(edit: Edited, new: _Defined) -> str:
    """Where code outside the span defines the same; empty if none does."""
    for other in edit.file.by_name.get(new.name, ()):
        if other.container == new.container and not edit.span.covers(other.header):
            return f"line {edit.file.document.line_of(other.header.start) + 1}"
    return ""


def _is_in(text: str, mentioned: str) -> bool:
    return text in mentioned and re.search(_alone(text), mentioned) is not None


def _alone(text: str) -> str:
    """Pattern for ``text`` that is no part of a longer word; ``re`` is fast if it begins with plain text."""
    return rf"{re.escape(text)}(?<!\w{re.escape(text)})(?!\w)"


def _short(text: str) -> str:
    text = re.sub(r"(?<=[(\[{])\s*\n\s*|,?\s*\n\s*(?=[)\]}])", "", text)
    text = " ".join(text.split()) or text
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
