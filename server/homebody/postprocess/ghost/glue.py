"""Rules: fit the answer into its place, and drop it if it would break the cursor's line or change nothing."""

import re

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext
from homebody.syntax.indentation import indent_of

_BARE_COMMENTS = re.compile(r"(?:(?:\A|\n)[ \t]*+(?:#|//[/!]?|--+|;+|%|\*)?+[ \t]*+)++\Z")
_TOKEN = re.compile(r"\w+|[^\w\s]")


def without_blank_again(draft: Draft) -> Draft:
    """Remove a blank at the beginning after a blank before the cursor."""
    prefix = draft.cursor.line_prefix
    if draft.cursor.holds_text or not prefix.strip() or not prefix.endswith((" ", "\t")):
        return draft
    text = draft.text.lstrip(" \t")
    return draft if text == draft.text else structs.replace(draft, text=text)


def indented_like_file(draft: Draft) -> Draft:
    """Convert the indentation; the levels themselves are the model's."""
    cursor = draft.cursor
    if cursor.holds_text:
        return draft
    first, *others = draft.text.split("\n")
    if cursor.line_prefix and not cursor.line_prefix.strip() and first.strip():
        first = _without_indent_again(first, cursor)
    text = "\n".join([first, *(_in_file_style(line, cursor) for line in others)])
    return draft if text == draft.text else structs.replace(draft, text=text)


def _without_indent_again(line: str, cursor: CursorContext) -> str:
    """Remove indentation, except that of a body, and what ends a step of which a part is there.

    A single blank is the beginning of a token everywhere.
    """
    lead, step = indent_of(line), cursor.indentation.columns
    width, whole = cursor.width(cursor.line_prefix), cursor.width(cursor.line_prefix + lead)
    is_due = cursor.at_block_start and width <= cursor.level
    ends_step = width % step and whole % step == 0 and whole <= cursor.level
    return line if (is_due or ends_step) and lead != " " else line[len(lead) :]


def _in_file_style(line: str, cursor: CursorContext) -> str:
    """Write the indentation with the file's tabs or spaces."""
    if cursor.indentation.mixed:
        return line
    indent = indent_of(line)
    tabs = cursor.indentation.unit == "\t"
    if tabs and indent.startswith("  ") and line.strip():
        step = 4 if len(indent) % 4 == 0 else 2
        return "\t" * (len(indent) // step) + " " * (len(indent) % step) + line[len(indent) :]
    if not tabs and "\t" in indent:
        return indent.expandtabs(len(cursor.indentation.unit)) + line[len(indent) :]
    return line


def without_partial_line(draft: Draft) -> Draft:
    """Remove the unfinished last line of an answer that was cut at the limit, or is shown before its end.

    The first line stays.
    """
    if not draft.cut_by_length or not draft.is_whole:
        return draft
    text = draft.text.rpartition("\n")[0]
    return structs.replace(draft, text=text) if text.strip() else draft


def without_bare_comments(draft: Draft) -> Draft | DropReason:
    """Remove last lines that are only a comment mark, as models in a loop write them."""
    bare = _BARE_COMMENTS.search(draft.text)
    if bare is None or (bare.start() == 0 and draft.cursor.line_prefix.strip()):
        return draft
    text = draft.text[: bare.start()]
    return structs.replace(draft, text=text) if text.strip() else "empty"


def without_trailing_blanks(draft: Draft) -> Draft:
    """Remove blanks at the end, except before text that stays."""
    keeps_blanks = draft.cursor.line_suffix.strip()
    return structs.replace(draft, text=draft.text.rstrip("\n") if keeps_blanks else draft.text.rstrip())


def not_glued(draft: Draft) -> Draft | DropReason:
    """Drop an answer that would run into a word."""
    glued = re.search(r"\w\Z", draft.text) and re.match(r"\w", draft.rest)
    return "glued to a word" if glued else draft


def on_one_line(draft: Draft) -> Draft | DropReason:
    """Drop several lines inside a single-line string, or before text that would move to their end."""
    if "\n" not in draft.text:
        return draft
    region = draft.cursor.state.region
    in_short_string = draft.cursor.state.in_string and region is not None and not region.multiline
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
