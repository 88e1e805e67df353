"""Rules: remove the end of an answer that is unfinished, empty or only a comment mark."""

import re
from collections.abc import Sequence

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import ScanState, code_of, opens_block, scan

_BARE_COMMENTS = re.compile(r"(?:(?:\A|\n)[ \t]*+(?:#|//[/!]?|--+|;+|%|\*)?+[ \t]*+)++\Z")


def without_partial_line(draft: Draft) -> Draft:
    """Remove an unfinished last line and the lines that it would have continued.

    For an answer that was cut at the token limit, or is shown before its end. Where indentation is syntax,
    the header of a block without its body is removed too. The first line stays.
    """
    if not draft.cut_by_length or not draft.is_whole:
        return draft
    kept = lines = draft.text.split("\n")[:-1]
    while kept and not draft.text.endswith("\n") and not _may_end(kept, draft.cursor):
        kept = kept[:-1]
    if not "".join(kept).strip():
        kept = lines
    kept = _without_bare_headers(kept, draft.cursor)
    return structs.replace(draft, text="\n".join(kept)) if "".join(kept).strip() else draft


def without_bare_comments(draft: Draft) -> Draft | DropReason:
    """Remove last lines that are only a comment mark, as models in a loop write them."""
    found = _BARE_COMMENTS.search(draft.text)
    if found is None or (found.start() == 0 and draft.cursor.line_prefix.strip()):
        return draft
    text = draft.text[: found.start()]
    return structs.replace(draft, text=text) if text.strip() else "empty"


def without_trailing_blanks(draft: Draft) -> Draft:
    """Remove blanks at the end, except before text that stays."""
    keeps_blanks = draft.cursor.line_suffix.strip()
    return structs.replace(draft, text=draft.text.rstrip("\n") if keeps_blanks else draft.text.rstrip())


def _without_bare_headers(lines: Sequence[str], cursor: CursorContext) -> Sequence[str]:
    """Remove headers of blocks from the end: ``else:``."""
    if cursor.language.blocks != "indentation":
        return lines
    first = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    end = len(lines)
    while end > first + 1 and (not lines[end - 1].strip() or opens_block(lines[end - 1], cursor.language)):
        end -= 1
    return lines[:end]


def _may_end(lines: Sequence[str], cursor: CursorContext) -> bool:
    """Whether a statement may end with the last of ``lines``: no open bracket or string, no operator."""
    state = scan("\n".join(lines), cursor.language, ScanState(region=cursor.state.region))
    code = code_of(lines[-1], cursor.language).rstrip()
    ends = not code.endswith(
        (",", "\\", "=", "&&", "||", "+", "-", "*", ".", " and", " or", " not", "?", "->")
    )
    values = ")]}" if cursor.language.braces_are_values else ")]"
    return ends and state.region is None and state.due[-1:] not in tuple(values)
