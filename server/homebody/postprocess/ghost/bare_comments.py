"""Rule: remove last lines that are only a comment mark, as models in a loop write them."""

import re

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason

_BARE_COMMENTS = re.compile(r"(?:(?:\A|\n)[ \t]*+(?:#|//[/!]?|--+|;+|%|\*)?+[ \t]*+)++\Z")


def without_bare_comments(draft: Draft) -> Draft | DropReason:
    """Remove last lines that are only a comment mark."""
    found = _BARE_COMMENTS.search(draft.text)
    if found is None or (found.start() == 0 and draft.cursor.line_prefix.strip()):
        return draft
    text = draft.text[: found.start()]
    return structs.replace(draft, text=text) if text.strip() else "empty"
