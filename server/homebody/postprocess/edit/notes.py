"""Notes on an edit: what its tokens say that goes or comes, for the person who reviews the diff.

A note is no judgement: ``db.commit()`` that is gone may be what was asked for, or a mistake of the model.
Tokens are counted before and after; their order is compared if all counts are equal.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
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

    ``kind`` is that of a token (``call``, ``string``, …), ``own`` for one on a variable that is gone too,
    ``undefined`` and ``broken`` for code that cannot be right, whatever was asked for.
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
    old, new = _counted(before), _counted(after)
    for kind, counted in old.items():
        gone, come = counted - new[kind], new[kind] - counted
        added = list(_changes(kind, gone, come, mentioned, before.local - after.local))
        mentioned = " ".join([mentioned, *(note.text for note in added)])
        notes += added
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
    for before, after in _pairs((old - new).elements(), (new - old).elements(), lambda each: each[:2]):
        if before and after:
            left, added = map(_short, differing_tokens(before.head, after.head))
            what = f"changes `{left}` to `{added}` in" if left and added else ""
            what = what or (f"removes `{left}` from" if left else f"adds `{added}` to")
            changed.append(Note(f"{what} the head of `{after.name}`"))
        elif before:
            place = _used_in(edit, before.name) if before.name not in names else ""
            kind = "undefined" if place == _NEW_CODE else "broken" if place else ""
            used = f", which {place} still uses" if place else ""
            gone.append(Note(f"removes the {before.shown}{used}", kind=kind))
        elif after:
            place = _defined_in(edit, after)
            again = f", which {place} defines too" if place else ""
            more = again or ("" if _used_in(edit, after.name, but=1) else ", which nothing in the file uses")
            come.append(Note(f"adds the {after.shown}{more}", bool(more), "broken" if again else ""))
    return [*gone, *come, *changed]


def _pairs(
    lost: Iterable[T], added: Iterable[T], same: Callable[[T], object]
) -> Iterator[tuple[T | None, T | None]]:
    """Pair, in order, what is the ``same``; the rest has nothing beside it."""
    groups: defaultdict[object, tuple[list[T], list[T]]] = defaultdict(lambda: ([], []))
    for side, several in enumerate((lost, added)):
        for each in several:
            groups[same(each)][side].append(each)
    for old, new in groups.values():
        yield from zip_longest(old, new)


def _arranged(edit: Edited) -> Iterator[Note]:
    """Where code that keeps all its words has another order, other blocks or other brackets."""
    before, after = (
        [token for token in same_tokens(side.all_tokens) if not token[1] or token[1].strip("\"'`")]
        for side in (edit.before, edit.after)
    )
    if before == after:
        return
    old, new = ([text for _, text in tokens if text not in _MARKS and text] for tokens in (before, after))
    is_moved = Counter(before) == Counter(after)
    if is_moved or old == new:
        what = "the order of the code" if is_moved else "punctuation"
        at = first_difference(before, after)
        near = _joined([text for _, text in after[max(0, at - 2) : at + 3] if text])
        yield Note(f"changes only {what}, near `{_short(near)}`")


def _counted(side: Side) -> Mapping[str, Counter[str]]:
    """What a version has, by kind, in the order of the notes."""
    counts = {kind: Counter[str]() for kind in _KINDS}
    tokens, (texts, comments) = side.tokens, side.texts
    bound = {name.start for name in side.names if name.binds}
    starts = [token.start for token in tokens]
    in_heads = {at for head in side.head_spans for at in _places_in(starts, head)}
    # Of a string that is in another one, the outer counts.
    with_code = [span for span, parts in texts if len(parts) > 1]
    strings = {at: span.start for span in reversed(with_code) for at in _places_in(starts, span)}
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
            if kind == "name" and (call := _call(tokens, at, bound, strings)):
                counts["call"][call] += 1
        if "assign" in token.parent:
            counts["assignment"].update(_assigned(tokens, at))
    parts_of_all = [parts for _, parts in texts] or [[token.text] for token in tokens if token.is_string]
    counts["string"].update(_QUOTES.sub("", "…".join(parts)) for parts in parts_of_all)
    counts["comment"].update(" ".join(side.document.slice(span).split()) for span in comments)
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


def _call(tokens: Sequence[Token], at: int, bound: set[int], strings: Mapping[int, int]) -> str:
    """The call whose function's name is at ``at``, without the arguments of calls in it; or nothing.

    A name at one of ``bound`` is no receiver: it is the parameter of a function in the form ``x -> x.a()``.
    """
    opening = _behind_types(tokens, at + 1)
    mark = "!" if opening < len(tokens) and tokens[opening].text == "!" else ""
    opening += len(mark)
    if opening >= len(tokens) or tokens[opening].text != "(":
        return ""
    first = at
    while first >= 2 and tokens[first - 1].text in _JOINS and _WORD.fullmatch(tokens[first - 2].text):
        if tokens[first - 1].text == "->" and tokens[first - 2].start in bound:
            break
        first -= 2
    depth, inner, shown = 0, 0, [token.text for token in tokens[first : at + 1]]
    shown[-1] += mark
    for place in range(opening, len(tokens)):
        before, token = tokens[place - 1 : place + 1]
        # Code in a string begins with `${` or `\(`.
        depth += token.text.endswith(("(", "[", "{")) - (token.text in (")", "]", "}"))
        is_call = token.text == "(" and depth > 1 and _WORD.fullmatch(before.text) is not None
        if is_call and not inner:
            inner = depth
            shown += ["(", "…"]
        if inner and depth >= inner:
            continue
        inner = 0
        is_in_string = place in strings and strings[place] == strings.get(place - 1)
        if is_in_string or (token.is_string and before.is_string):
            shown[-1] += token.text
        elif token.text:
            shown.append(token.text)
        if not depth:
            break
    chained = first and tokens[first - 1].text in _JOINS and tokens[first - 2].start not in bound
    return f"{'…' + tokens[first - 1].text if chained else ''}{_joined(shown)}"


def _assigned(tokens: Sequence[Token], at: int) -> Iterator[str]:
    """What is assigned to, if the sign is at ``at``: ``=``, ``+=``, a type's ``:``.

    Members, elements, and what a pointer points to; what becomes of variables shows where they are used.
    """
    while tokens[at].text.endswith(("=", ":", ",")):
        first, depth = at, 0
        while first:
            before, behind = tokens[first - 1].text, tokens[first].text
            is_joined = first == at or behind == "[" or behind in _JOINS
            if not (depth or before in _JOINS or (is_joined and (before == "]" or _WORD.fullmatch(before)))):
                break
            first -= 1
            depth += (before == "]") - (before == "[")
        is_pointed_to = (
            first and tokens[first - 1].text == "*" and re.search("pointer|unary", tokens[first - 1].parent)
        )
        first -= bool(is_pointed_to)
        target = [token.text for token in tokens[first:at]]
        if len(target) > 1 or (target and target[0].startswith("@")):
            yield _joined(target)
        if not target or not first or tokens[first - 1].text != ",":
            return
        at = first - 1


def _behind_types(tokens: Sequence[Token], at: int) -> int:
    """The place behind the type arguments at ``at``, if there are some."""
    start = at + (at < len(tokens) and tokens[at].text == "::")
    depth = 0
    for place in range(start, len(tokens)):
        if tokens[place].is_mark:
            depth += {"<": 1, ">": -1}.get(tokens[place].text, 0)
        if not depth:
            return place + 1 if place > start else at
    return at


def _changes(
    kind: str, gone: Counter[str], come: Counter[str], mentioned: str, lost_names: frozenset[str]
) -> Iterator[Note]:
    """Notes on one kind; a call that changes its arguments, and other things in order, are pairs."""
    lost, added = (
        [text for text, number in texts.items() if not _is_in(text, mentioned) for _ in range(number)]
        for texts in (gone, come)
    )
    in_order = kind in _PAIRED or (kind == "operator" and len(lost) == len(added) == 1)

    def same(text: str) -> str:
        return "" if in_order else text.partition("(")[0] if kind == "call" else text

    what = "" if kind in ("effect", "word") else f"the {kind} {'to ' * (kind == 'assignment')}"
    mark = '"{}"' if kind == "string" else "`{}`"
    for old, new in _pairs(lost, added, same):
        verb = "adds" if not old else "changes" if new else "removes"
        more = f" to {mark.format(_short(new))}" if old and new else ""
        # What is written to a variable that is gone, nothing reads any more.
        is_own = not new and kind in ("call", "assignment") and re.split(r"\W", old or "")[0] in lost_names
        if not (is_own and kind == "assignment"):
            text = f"{verb} {what}{mark.format(_short(old or new or ''))}{more}"
            yield Note(text, goes=bool(old), kind="own" if is_own else kind)


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


def _joined(tokens: Sequence[str]) -> str:
    """Tokens as code on one line."""
    text = ""
    for token in tokens:
        is_after_value = bool(text) and (text[-1].isalnum() or text[-1] in "_)]}\"'")
        is_operator = not token[0].isalnum() and token not in _MARKS and token[0] not in "_\"'"
        if is_operator and is_after_value:
            text += f" {token} "
        elif text.endswith(",") or (is_after_value and (token[0].isalnum() or token[0] == "_")):
            text += f" {token}"
        else:
            text += token
    return re.sub(r",?\s*([)\]}])", r"\1", text.strip())


def _short(text: str) -> str:
    text = " ".join(text.split()) or text
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
