"""Rule: tabs or spaces as in the file, and no white space that is before the cursor already."""

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft
from homebody.syntax.cursor import CursorContext
from homebody.syntax.indentation import indent_of


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
    """Remove indentation, except that of a body; a single blank is the beginning of a token everywhere."""
    lead = indent_of(line)
    is_due = cursor.at_block_start and cursor.width(cursor.line_prefix) <= cursor.level
    return line if is_due and lead != " " else line[len(lead) :]


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
