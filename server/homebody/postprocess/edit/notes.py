"""Notes on an edit: what its tokens say that goes or comes, for the person who reviews the diff.

A note is no judgement: ``db.commit()`` that is gone may be what was asked for, or a mistake of the model.
Tokens are counted before and after, so code that moves has no note.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from homebody.postprocess.edit.edited import Edited, Side
from homebody.syntax.compare import Token
from homebody.syntax.language import language_of
from homebody.syntax.opaque import comments_in, string_parts_in
from homebody.syntax.scope import Definition, definitions
from homebody.text import Span

_MOST = 5
_LONGEST = 60
"""Characters of code in a note."""

_WORD = re.compile(r"[^\W\d]\w*[?!]?")
_NUMBER = re.compile(r"-?\.?\d[\w.']*")
_QUOTES = re.compile(r"\A[A-Za-z@$]{0,3}#*[\"'`]+|[\"'`]+#*\Z")
_PLAIN_TOKENS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\w+|[^\w\s]")
_JOINS = frozenset({".", "?.", "!.", "::", "->"})
_MARKS = frozenset({*"()[]{},;:=@#$\\\"'`", *_JOINS, "=>", ":=", "...", "${", "#{"})
"""Tokens that are neither names nor operators."""
_WORD_OPERATORS = frozenset({"and", "or", "not", "xor", "is", "is not", "not in"})


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence without its full stop; ``goes`` unless it only says what comes."""

    text: str
    goes: bool = True


def notes_of(edit: Edited) -> list[Note]:
    """Return all notes, the most important ones first; none where there was no code before."""
    if not edit.old_code.strip() or language_of(edit.old.language_id, edit.old.uri).prose:
        return []
    notes = [*_definitions(edit), *_heads(edit)]
    mentioned = " ".join(note.text for note in notes)
    old, new = _counted(edit.before), _counted(edit.after)
    for kind, counted in old.items():
        gone, come = counted - new[kind], new[kind] - counted
        added = list(_changes(kind, gone, come, mentioned))
        mentioned = " ".join([mentioned, *(note.text for note in added)])
        notes += added
    return [
        note if number == 1 else Note(f"{note.text}, {number} times", note.goes)
        for note, number in Counter(notes).items()
    ]


def sentences(notes: Sequence[Note]) -> tuple[str, ...]:
    """Return the first notes as text, and how many more there are."""
    more = len(notes) - _MOST
    return (*(note.text for note in notes[:_MOST]), *([f"and {more} more"] if more > 0 else ()))


def _definitions(edit: Edited) -> Iterator[Note]:
    """Definitions that are gone or new, with the line that still uses one, or defines it too."""
    old, new = Counter(map(_key, edit.before.own)), Counter(map(_key, edit.after.own))
    for one in edit.before.own:
        if (old - new)[_key(one)]:
            line = (
                _line_with(edit, one.name) if all(one.name != other.name for other in edit.after.own) else 0
            )
            used = f", which line {line} still uses" if line else ""
            yield Note(f"removes the {one.kind} `{_qualified(one)}`{used}")
    for one in edit.after.own:
        if (new - old)[_key(one)]:
            line = _defined_outside(edit, one)
            again = f", which line {line} defines too" if line else ""
            yield Note(f"adds the {one.kind} `{_qualified(one)}`{again}", goes=bool(line))


def _heads(edit: Edited) -> Iterator[Note]:
    """Decorators, modifiers, parameters and types of definitions that both versions have."""
    old = {_key(one): edit.before.head(one) for one in edit.before.own}
    for one in edit.after.own:
        head = old.get(_key(one))
        if head is None or head == (now := edit.after.head(one)):
            continue
        start, end = _common(head, now)
        gone, come = (_joined(part[start : len(part) - end]) for part in (head, now))
        where = f"the head of `{one.name}`"
        if gone and come:
            yield Note(f"changes `{_short(gone)}` to `{_short(come)}` in {where}")
        elif gone or come:
            yield Note(
                f"removes `{_short(gone)}` from {where}" if gone else f"adds `{_short(come)}` to {where}"
            )


def _counted(side: Side) -> Mapping[str, Counter[str]]:
    """What a version has, by kind, in the order of the notes."""
    counts = {
        kind: Counter[str]() for kind in ("call", "", "string", "number", "name", "operator", "comment")
    }
    document, tree = side.document, side.tree
    language = language_of(document.language_id, document.uri)
    effects = language.effects | {language.opens}
    tokens = side.tokens or [
        Token("", text, 0, text[0] in "\"'") for text in _PLAIN_TOKENS.findall(side.code)
    ]
    for at, token in enumerate(tokens):
        text = token.text
        if token.is_string:
            continue
        if _NUMBER.fullmatch(text):
            counts["number"][text] += 1
        elif text in effects:
            counts[""][text] += 1
        elif text in _WORD_OPERATORS or not (_WORD.search(text) or text in _MARKS or text.isspace()):
            counts["operator"][text] += 1
        elif _WORD.fullmatch(text) and token.kind != text and not side.in_head(token):
            if call := _call(tokens, at):
                counts["call"][call] += 1
            if text not in side.local:
                counts["name"][text] = 1
    strings = string_parts_in(document, tree, side.span) or [[t.text] for t in tokens if t.is_string]
    counts["string"].update(_QUOTES.sub("", "…".join(parts)) for parts in strings)
    for span in comments_in(document, tree, side.span):
        counts["comment"][" ".join(document.slice(span).split())] += 1
    return counts


def _call(tokens: Sequence[Token], at: int) -> str:
    """The call whose function's name is at ``at``, without the arguments of calls in it; or nothing."""
    opening = at + 1 + (at + 1 < len(tokens) and tokens[at + 1].text == "!")
    if opening >= len(tokens) or tokens[opening].text != "(":
        return ""
    first = at
    while first >= 2 and tokens[first - 1].text in _JOINS and _WORD.fullmatch(tokens[first - 2].text):
        first -= 2
    depth, inner, shown = 0, 0, [token.text for token in tokens[first:opening]]
    for before, token in pairwise(tokens[opening - 1 :]):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        is_call = token.text == "(" and depth > 1 and _WORD.fullmatch(before.text) is not None
        if is_call and not inner:
            inner = depth
            shown += ["(", "…"]
        if inner and depth >= inner:
            continue
        inner = 0
        if token.is_string and before.is_string:
            shown[-1] += token.text
        elif token.text:
            shown.append(token.text)
        if not depth:
            break
    chained = first and tokens[first - 1].text in _JOINS
    return f"{'…' + tokens[first - 1].text if chained else ''}{_joined(shown)}"


def _changes(kind: str, gone: Counter[str], come: Counter[str], mentioned: str) -> Iterator[Note]:
    """Notes on one kind; a call that changes its arguments, and other things in order, are pairs."""
    what = {"": "", "call": "the call "}.get(kind, f"the {kind} ")
    form = f'{what}"{{}}"' if kind == "string" else f"{what}{{}}"
    lost = [text for text in gone.elements() if not _is_in(text, mentioned)]
    added = [text for text in come.elements() if not _is_in(text, mentioned)]
    pairs: list[tuple[str, str]] = []
    if kind == "call":
        for old in list(lost):
            new = next((text for text in added if _callee(text) == _callee(old)), None)
            if new is not None:
                lost.remove(old)
                added.remove(new)
                pairs.append((old, new))
    elif kind in ("number", "string", "operator", "comment"):
        pairs, lost, added = list(zip_longest(lost, added, fillvalue="")), [], []
    for old, new in (*pairs, *((text, "") for text in lost), *(("", text) for text in added)):
        yield from _change(form, old, new, quoted=kind == "string")


def _change(form: str, old: str, new: str, *, quoted: bool = False) -> Iterator[Note]:
    mark: Callable[[str], str] = (lambda text: text) if quoted else (lambda text: f"`{text}`")
    if old and new:
        after = f'"{_short(new)}"' if quoted else mark(_short(new))
        yield Note(f"changes {form.format(mark(_short(old)))} to {after}")
    elif old or new:
        verb = "removes" if old else "adds"
        yield Note(f"{verb} {form.format(mark(_short(old or new)))}", goes=bool(old))


def _key(one: Definition) -> tuple[str, str]:
    return one.container, one.name


def _qualified(one: Definition) -> str:
    return f"{one.container}.{one.name}" if one.container else one.name


def _line_with(edit: Edited, name: str) -> int:
    """First line, from 1, that has ``name`` as a word; 0 without one."""
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", edit.new.text)
    return 0 if match is None else edit.new.line_of(match.start()) + 1


def _defined_outside(edit: Edited, one: Definition) -> int:
    """Line, from 1, on which code outside the span defines the same; 0 without one."""
    for match in re.finditer(rf"(?<!\w){re.escape(one.name)}(?!\w)", edit.new.text):
        at = Span(*match.span())
        if not edit.new_span.covers(at) and any(
            _key(other) == _key(one) and other.header.covers(at)
            for other in definitions(edit.new, edit.new_tree, at)
        ):
            return edit.new.line_of(at.start) + 1
    return 0


def _callee(call: str) -> str:
    return call.partition("(")[0]


def _is_in(text: str, mentioned: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", mentioned) is not None


def _common(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Number of equal tokens at both beginnings, and at both ends after these."""
    limit = min(len(old), len(new))
    start = next((n for n in range(limit) if old[n] != new[n]), limit)
    end = next((n for n in range(limit - start) if old[-1 - n] != new[-1 - n]), limit - start)
    return start, end


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
    return re.sub(r",\s*([)\]}])", r"\1", text.strip())


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
