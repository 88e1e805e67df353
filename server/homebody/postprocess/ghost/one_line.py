"""Rules: fit the text into the cursor's line, and drop what would break that line or change nothing."""

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason


def without_trailing_blanks(draft: Draft) -> Draft:
    """Remove blanks at the end, except before text that stays."""
    keeps_blanks = draft.cursor.line_suffix.strip()
    return structs.replace(draft, text=draft.text.rstrip("\n") if keeps_blanks else draft.text.rstrip())


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
