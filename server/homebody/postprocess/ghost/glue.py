"""Rules: fit the answer into the cursor's line, and drop it if it would break the line or change nothing."""

import re

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext
from homebody.syntax.row import CSS_UNITS, QUANTITY_UNITS

_WORD_REVERSED = re.compile(r"\w*+")
_DIGITS = re.compile(r"\d*+")
_WORD_AFTER = re.compile(r"\w+")
_NUMBER_AT_END = re.compile(r"(?<![\w.])(?:\d+[dhm])*\d*\.?\d+\Z")
"""A number, also the last one of a duration: ``1h30``."""
_DIGIT_AT_END = re.compile(r"\d\.?\Z")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LONGEST_WORD = 200
_DOUBLED_ON_PURPOSE = frozenset({"long"})


def joined_to_line(draft: Draft) -> Draft:
    """Remove text of the cursor's line that the answer repeats."""
    cursor, text = draft.cursor, draft.text
    if cursor.holds_text:
        return draft
    text = _without_line_again(text, cursor.line_prefix)
    text = _without_word_again(text, cursor)
    if cursor.line_prefix.strip() and cursor.line_prefix.endswith((" ", "\t")):
        text = text.lstrip(" \t")
    return draft if text == draft.text else structs.replace(draft, text=text)


def not_glued(draft: Draft) -> Draft | DropReason:
    """Drop an answer that would run into the middle of a word or into a number."""
    text, cursor = draft.text, draft.cursor
    if text and re.search(r"\w\Z", text) and re.match(r"\w", draft.rest):
        number = _NUMBER_AT_END.search(cursor.line_prefix[-_LONGEST_WORD:] + text[-_LONGEST_WORD:])
        in_text = cursor.holds_text and not cursor.in_comment
        units = (CSS_UNITS, QUANTITY_UNITS) if in_text else (cursor.language.units,)
        # No name can follow a digit: what is after a number that is typed already is its unit.
        is_begun = _DIGIT_AT_END.search(cursor.line_prefix) is not None
        is_glued = number is None or (not is_begun and not any(one.match(draft.rest) for one in units))
    else:
        is_glued = bool(
            re.search(r"(?<![\w.])\d+\Z", cursor.line_prefix)
            and re.match(r"[^\W\d]\w*\s*(?:=(?!=)|\(|\.)", text)
            and not cursor.in_string
            and not cursor.in_comment
        )
    return "glued to a word" if is_glued else draft


def on_one_line(draft: Draft) -> Draft | DropReason:
    """Drop several lines inside a single-line string, or before text that would move to their end."""
    if "\n" not in draft.text:
        return draft
    region = draft.cursor.state.region
    in_short_string = draft.cursor.in_string and region is not None and not region.multiline
    rest = draft.rest.strip()
    closes = rest[:1] in tuple(")]}") or draft.cursor.language.closer.match(rest) is not None
    return "breaks the line" if in_short_string or (rest and not closes) else draft


def not_twice(draft: Draft) -> Draft | DropReason:
    """Drop a text that writes again what follows it: ``warn█("a", b)`` and ``("a", c)``.

    A model that does not read the text after the cursor does so. Another element of a list begins as the next
    one too, but ends with a separator, and is no second argument list of the word before it.
    """
    rest, text = _TOKEN.findall(draft.rest), _TOKEN.findall(draft.text)
    if draft.cursor.holds_text or not rest or not text or rest[0] != text[0]:
        return draft
    is_called = rest[0] == "(" and re.search(r"\w\Z", draft.cursor.line_prefix) is not None
    is_again = rest[:2] == text[:2] and re.search(r"[\w)\]}\"'`]\Z", draft.text.rstrip()) is not None
    return "repeats the line" if is_called or is_again else draft


def not_there_already(draft: Draft) -> Draft | DropReason:
    """Drop a text that equals the text that it would replace, except for blanks at its end."""
    return "empty" if draft.text.rstrip() == draft.cursor.line_suffix[: draft.swallowed].rstrip() else draft


def _without_line_again(text: str, line_prefix: str) -> str:
    """Drop the repeated beginning if the answer starts with the beginning of the cursor's line."""
    typed = line_prefix.strip()
    answer = text.lstrip(" \t\n")
    if not typed or not answer.startswith(typed):
        return text
    words = re.findall(r"\w+", typed)
    repeats = len(words) >= 2 or (bool(words) and "=" in typed)
    if not repeats:
        # A single word: a keyword before a blank, as in ``return return x``.
        alone = typed.isalpha() and line_prefix.endswith(" ") and typed not in _DOUBLED_ON_PURPOSE
        repeats = alone and answer[len(typed) : len(typed) + 1] == " "
    if not repeats:
        return text
    rest = answer[len(typed) :]
    return rest.lstrip(" \t") if line_prefix.endswith((" ", "\t")) else rest


def _without_word_again(text: str, cursor: CursorContext) -> str:
    """Drop the typed part of a word if the answer starts with the whole word: ``sel`` and ``self.x``."""
    begun = _begun_word(cursor.line_prefix)
    word = _WORD_AFTER.match(text)
    if not word or len(begun) < 2 or not word.group().startswith(begun):
        return text
    if _is_known(begun + word.group(), cursor):
        return text
    if len(begun) > 2 or _is_known(word.group(), cursor):
        return text[len(begun) :]
    return text


def _begun_word(line_prefix: str) -> str:
    """Identifier that ends at the cursor; empty if there is none, or it is too long to be one.

    Found backwards: a search for a word at the end of a line is quadratic in the line's length.
    """
    found = _WORD_REVERSED.match(line_prefix[: -_LONGEST_WORD - 2 : -1])
    run = found.group()[::-1] if found else ""
    return _DIGITS.sub("", run, count=1) if len(run) <= _LONGEST_WORD else ""


def _is_known(word: str, cursor: CursorContext) -> bool:
    """Whether the lines around the cursor contain this word."""
    pattern = re.compile(rf"\b{re.escape(word)}\b")
    return any(pattern.search(line) for line in (*cursor.previous_lines, *cursor.next_lines))
