"""Lines of an answer as they will be in the file.

In: an answer and the cursor's context. Out: its non-blank lines, joined to the cursor's line.
"""

from homebody.syntax.cursor import CursorContext


def rows_of(text: str, cursor: CursorContext) -> tuple[list[tuple[int, str]], list[str]]:
    """Non-blank lines of ``text`` with their offsets, and as they will be in the file."""
    rows: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        if line.strip():
            rows.append((start, line))
        start += len(line) + 1
    full = [line if offset else cursor.line_prefix + line for offset, line in rows]
    if rows and not cursor.line_suffix.strip():
        return rows, full
    # The last line continues with the text after the cursor.
    return rows, [*full[:-1], full[-1] + cursor.line_suffix] if full else full
