"""Checks that an edit keeps the literals of code: numbers and strings, regular expressions among them.

A rewrite may use a value once instead of twice, so values are compared, and not their places.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited, docstrings, within
from homebody.syntax.compare import Token
from homebody.syntax.opaque import string_parts_in
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_NUMBER = re.compile(r"-?\.?\d[\w.']*")
"""A number; in C the sign belongs to it."""
_INTEGER = re.compile(r"(0x[\da-f]+|0b[01]+|0o[0-7]+|\d+)(?:[uln]+|[iu](?:8|16|32|64|128|size))?")
_FLOAT = re.compile(r"((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:f32|f64|[fdml])?")
_MAY_GO = frozenset({"0", "1"})
"""Numbers that an idiom saves: ``range(0, n)``, ``len(a) > 0``, ``total = 0`` before a loop."""
_MAY_COME = frozenset({"0", "1", "2"})
"""Numbers that an idiom adds: ``a[0]``, ``a[-1]``, ``a ** 2``."""

_TEXTS_THAT_MAY_GO = ("", r"\0")
"""Texts that an idiom saves: ``*s != '\\0'`` in C."""
_DEFAULT = re.compile(
    r"\.(?:en|de)code\(\s*[\"'](utf-?8)[\"']\s*\)"
    r"|(?:(?<![\w.])|\b(?:io|codecs|File)\.)open\([^()\n]*,\s*(?:mode\s*=\s*)?[\"'](rt?)[\"']"
    r"|\.open\(\s*(?:mode\s*=\s*)?[\"'](rt?)[\"']",
    re.IGNORECASE,
)
"""Arguments that are the default: of Python's ``str.encode``, ``bytes.decode``, ``open`` and ``Path.open``,
and of Ruby's ``File.open``; not of ``gzip.open`` or ``shelve.open``, whose defaults are others."""

_CALL = re.compile(r"(?<!\w)(\w++)\??\s*+\((?=([^()\n]*))")
"""Name and arguments of a call.

Begins where a word does: a text in base64 is one long word, which would be searched from each letter.
"""
_AFFIX = re.compile(r"starts?_?with|ends?_?with|prefix|suffix", re.IGNORECASE)
"""Part of the name of a function that compares or cuts a beginning or an end, in all languages."""
_CUT = (
    r"\[:?-?{0}:?\]|\[\.\.=?{0}\]|\b(?:sub\w*|slice|left|right|take|drop)\([^()\n]*\b{0}\)"
    r"|(?:\blen\([^()\n]*\)|\.(?:len|length|size)\b(?:\(\))?)\s*>=\s*{0}\b"
)
"""A number of characters that are compared or cut: ``s[:3]``, ``&s[..3]``, ``s.substring(0, 3)``."""

_LONGEST = 100
"""Digits that are read as a number; Python refuses to read more than some thousands."""

_OPENING = re.compile(r"\A[A-Za-z@$]{0,3}#*(?:\"{3}|'{3}|[\"'`/])")
_CLOSING = re.compile(r"(?:\"{3}|'{3}|[\"'`/])#*\Z")
_ESCAPED_QUOTE = re.compile(r"\\([\"'`])")
_ESCAPE = re.compile(r"\\([\"'`\\nt])")
_ESCAPES: Mapping[str, str] = {"n": "\n", "t": "\t"}
_REGEX = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_RAW = re.compile(r"[A-Za-z]*[rR][A-Za-z]?[\"'`#]|\$?@|/")
"""Beginning of a string or a regular expression in which a backslash stands for itself."""
_DOUBLE_BRACE = re.compile(r"([{}])\1")
"""A brace in a text that has values in braces."""
_HAS_VALUES = re.compile(r"[A-Za-z]*[fF][A-Za-z]?[\"']|@?\$")
"""Beginning of a string with values in braces: Python's ``f""`` and C#'s ``$""``."""
_LINE_END = re.compile(r"[ \t]*\r?\n[ \t]*")
_WORD = re.compile(r"(?<!\w)\w++(?![\"'])")
"""A word that is no prefix of a string."""
_SEPARATOR = re.compile(r"\s+|[^\w\s%{}]")
"""A text that is found in many others by chance, so that it must be there as it is."""
_PLACEHOLDER = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh?|ll?|z)?[sdifgeuxXrqvpc%]|\{[^{}\n]*\}")
"""Values in a text, in the notations of ``%`` and ``format``."""

_Texts: TypeAlias = list[tuple[str, ...]]
"""Contents of strings, each parted where code is embedded."""


def changed_literals(edit: Edited) -> Refusal | None:
    """Refuse a number or a text that the code did not have, and to lose one."""
    old_texts, new_texts = _both_texts(edit)
    old, new = _both_numbers(edit)
    old -= _saved_lengths(edit, new_texts)
    return (
        _dropped_number(old, new)
        or _dropped_text(edit, old_texts, new_texts)
        or _added_number(old, new)
        or _added_text(edit, old_texts, new_texts)
    )


def dropped_literals(edit: Edited) -> Refusal | None:
    """Refuse to lose a number or a text, such as an error message or a docstring."""
    return _dropped_number(*_both_numbers(edit)) or _dropped_text(edit, *_both_texts(edit))


def _saved_lengths(edit: Edited, texts: _Texts) -> Counter[str]:
    """Lengths of texts that ``s.startswith("abc")`` saves instead of ``s[:3] == "abc"``."""
    if not _AFFIX.search(edit.new_code):
        return Counter()
    added = set(_CALL.findall(edit.new_code)) - set(_CALL.findall(edit.old_code))
    arguments = [one for name, one in added if _AFFIX.search(name)]
    lengths = {
        str(len(part)) for parts in texts for part in parts if part and any(part in one for one in arguments)
    }
    return Counter({one: len(re.findall(_CUT.format(one), edit.old_code)) for one in lengths})


def _dropped_number(old: Counter[str], new: Counter[str]) -> Refusal | None:
    fewer = old - new
    lost = {number for number in fewer if number not in new and number not in _MAY_GO}
    # These may go, but not in exchange for another number.
    lost = lost or (set(fewer) & _MAY_GO if set(new - old) & _MAY_COME else set[str]())
    return Refusal(f"The answer drops or changes the number {min(lost)[:60]}.") if lost else None


def _added_number(old: Counter[str], new: Counter[str]) -> Refusal | None:
    added = set(new) - set(old) - _MAY_COME
    if not added:
        return None
    return Refusal(f"The answer has the number {min(added)[:60]}, which the code did not have.")


def _dropped_text(edit: Edited, old: _Texts, new: _Texts) -> Refusal | None:
    defaults = _defaults(edit.old_code) - _defaults(edit.new_code)
    fewer = Counter(old) - Counter(new)
    kept = [parts for parts in old if fewer[parts] > defaults["".join(parts)] or not fewer[parts]]
    lost = _not_in(kept, new, edit.new_code)
    return Refusal(f"The answer drops or changes the text “{lost[:60]}”.") if lost is not None else None


def _defaults(code: str) -> Counter[str]:
    """Arguments that are the default, without quotes."""
    return Counter(name for match in _DEFAULT.findall(code) for name in match if name)


def _added_text(edit: Edited, old: _Texts, new: _Texts) -> Refusal | None:
    own = {_contents(parts) for parts in _own_docstrings(edit)}
    added = _not_in([parts for parts in new if parts not in own], old, edit.old_code)
    if added is None:
        return None
    return Refusal(f"The answer has a text that the code did not have: “{added[:60]}”.")


def _both_numbers(edit: Edited) -> tuple[Counter[str], Counter[str]]:
    return (
        Counter(_numbers(edit.old_tokens)),
        Counter(_numbers(edit.new_tokens)),
    )


def _numbers(tokens: Sequence[Token]) -> Iterator[str]:
    """Numbers among ``tokens``, each written in one way."""
    for token in tokens:
        if not token.is_string and _NUMBER.fullmatch(token.text):
            yield _value(token.text)


def _value(text: str) -> str:
    """``0x10`` and ``1_6`` as ``16``, ``1.0`` as ``1``; text that is no such number stays as it is."""
    text = text.removeprefix("-").replace("_", "").replace("'", "").lower()
    if found := _INTEGER.fullmatch(text):
        digits = found.group(1)
        return str(int(digits, _base(digits))) if len(digits) <= _LONGEST else text
    if found := _FLOAT.fullmatch(text):
        return f"{float(found.group(1)):.17g}"
    return text


def _base(digits: str) -> int:
    """Base for ``int``: 0 is the one of the prefix. ``017`` is octal in C; ``08`` is a decimal number."""
    if not digits.isdecimal():
        return 0
    return 8 if digits.startswith("0") and not digits.strip("01234567") else 10


def _both_texts(edit: Edited) -> tuple[_Texts, _Texts]:
    return (
        list(_texts(edit.old, edit.old_tree, edit.old_span)),
        list(_texts(edit.new, edit.new_tree, edit.new_span)),
    )


def _texts(document: Document, tree: Tree, span: Span) -> Iterator[tuple[str, ...]]:
    """Content of each string, parted where code is embedded."""
    return (_contents(parts) for parts in string_parts_in(document, tree, span))


def _contents(parts: Sequence[str]) -> tuple[str, ...]:
    """Parts of a string without its quotes; a regular expression and its flags."""
    is_raw = _RAW.match(parts[0]) is not None
    has_values = _HAS_VALUES.match(parts[0]) is not None
    texts = (_unescaped(_LINE_END.sub("\n", part), is_raw=is_raw) for part in parts)
    first, *others = (_single_braces(text) if has_values else text for text in texts)
    if not others and (found := _REGEX.fullmatch(first)):
        return found.group(1), found.group(2)
    *before, last = (_OPENING.sub("", first), *others)
    return (*before, _CLOSING.sub("", last))


def _own_docstrings(edit: Edited) -> list[Sequence[str]]:
    """Docstrings of functions that the code did not have."""
    known = {one.name for one in edit.old_definitions}
    added = [one for one in within(edit.new_definitions, edit.new_span) if one.name not in known]
    return docstrings(edit.new, edit.new_tree, added)


def _unescaped(text: str, *, is_raw: bool) -> str:
    """``text`` with the characters that its commonest escape sequences stand for."""
    if is_raw:
        return _ESCAPED_QUOTE.sub(r"\1", text)
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)


def _not_in(wanted: list[tuple[str, ...]], there: list[tuple[str, ...]], code: str) -> str | None:
    """First piece of ``wanted`` that is in no text of ``there``, and no word of ``code``; else ``None``.

    Texts may be divided and joined, and their values be put in by another kind of formatting.
    """
    everything = "\0".join("".join(map(_text_around_values, parts)) + "".join(parts) for parts in there)
    joined = "".join(part for parts in there for part in parts)
    pieces = {piece for parts in there for part in parts for piece in _PLACEHOLDER.split(part)}
    known = set(there)
    words = set(_WORD.findall(code))
    for parts in wanted:
        if parts in known:
            continue
        for part in parts:
            for piece in _PLACEHOLDER.split(part):
                one = _single_braces(piece) if piece != part else piece
                if piece in _TEXTS_THAT_MAY_GO or piece in words:
                    continue
                if _SEPARATOR.fullmatch(one) and one not in pieces:
                    return one
                if one not in everything and one not in joined:
                    return " ".join(piece.split()) or piece
    return None


def _text_around_values(part: str) -> str:
    """``part`` with a single brace for a doubled one if it has values in braces."""
    pieces = _PLACEHOLDER.split(part)
    return "".join(map(_single_braces, pieces)) if len(pieces) > 1 else ""


def _single_braces(text: str) -> str:
    return _DOUBLE_BRACE.sub(r"\1", text)
