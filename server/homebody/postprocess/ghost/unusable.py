"""Rules: drop a text with invisible characters, or that would break the cursor's line or change nothing."""

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.invisible import invisible_added


def without_invisible(draft: Draft) -> Draft | DropReason:
    """Drop an answer with an invisible character that the lines around the cursor do not have."""
    if draft.text.isascii() and draft.text.isprintable():
        return draft
    cursor = draft.cursor
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    return "invisible characters" if invisible_added(draft.text, "\n".join(lines)) else draft


def on_one_line(draft: Draft) -> Draft | DropReason:
    """Drop several lines inside a single-line string, or before text that would move to their end."""
    if "\n" not in draft.text:
        return draft
    region = draft.cursor.state.region
    in_short_string = draft.cursor.in_string and region is not None and not region.multiline
    rest = draft.rest.strip()
    closes = rest[:1] in tuple(")]}") or draft.cursor.language.closer.match(rest) is not None
    return "breaks the line" if in_short_string or (rest and not closes) else draft


def not_there_already(draft: Draft) -> Draft | DropReason:
    """Drop a text that equals the text that it would replace, except for blanks at its end."""
    return "empty" if draft.text.rstrip() == draft.cursor.line_suffix[: draft.swallowed].rstrip() else draft
