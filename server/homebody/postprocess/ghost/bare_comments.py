"""Rule: take off last lines that are a comment mark and nothing more, as models in a loop write them."""

import re

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason

_BARE_COMMENTS = re.compile(r"(?:(?:\A|\n)[ \t]*+(?:#|//[/!]?|--+|;+|%|\*)?+[ \t]*+)++\Z")


def without_bare_comments(draft: Draft) -> Draft | DropReason:
    """Take off last lines that hold a comment mark and nothing more."""
    found = _BARE_COMMENTS.search(draft.text)
    if found is None or (found.start() == 0 and draft.cursor.line_prefix.strip()):
        return draft
    text = draft.text[: found.start()]
    return structs.replace(draft, text=text) if text.strip() else "empty"
