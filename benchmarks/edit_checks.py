"""Measures the checks and notes of one answer in a file of 10,000 lines, without a model.

Python's own standard library, joined; the answer repeats the code and adds a blank line. Prints processor
time in milliseconds, the least of several runs: of parsing the new version, of the checks, and of the notes.

    python benchmarks/edit_checks.py [RUNS]
"""

import sys
import sysconfig
import time
from pathlib import Path

from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.notes import notes_of
from homebody.postprocess.edit.refusals import refusal_of
from homebody.syntax.scope import definitions
from homebody.syntax.tree import Tree, parse
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span, TextEdit
from measure.table import print_table

GUARDS = ("none", "documentation", "types")


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    text = _library(10_000)
    document = Document.create("file:///bench.py", "python", 0, text)
    tree = parse(document)
    function = _function(document, tree)
    rows: list[list[str]] = []
    for name, span in (("a function", function), ("the file", Span(0, len(text)))):
        for guard in GUARDS:
            times = [_times(document, tree, span, function.end, guard) for _ in range(runs)]
            least = min(times, key=sum)
            rows.append([name, guard, *(f"{one:.0f}" for one in (*least, sum(least)))])
    print_table("Milliseconds", ("code", "guard", "parse", "checks", "notes", "all"), rows)


def _library(lines: int) -> str:
    """Source of the standard library, joined to a number of lines."""
    joined = ""
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        joined += path.read_text(encoding="utf-8") + "\n\n"
        if joined.count("\n") > lines:
            break
    return "".join(joined.splitlines(keepends=True)[:lines])


def _function(document: Document, tree: Tree) -> Span:
    """Lines of a function of 25 to 40 lines in the middle of the file."""
    middle = document.line_count // 2
    found = [
        document.lines_of(one.span)
        for one in definitions(document, tree)
        if one.is_function and 25 <= len(document.slice(one.span).splitlines()) <= 40
    ]
    first, last = min(found, key=lambda lines: abs(lines[0] - middle))
    return Span(document.line_starts[first], document.line_span(last).end)


def _times(document: Document, tree: Tree, span: Span, end: int, guard: str) -> list[float]:
    started = time.process_time()
    edit = edited(WholeFile(document, tree), span, [TextEdit(Span(end, end), "\n")])
    parsed = time.process_time()
    refusal = refusal_of(edit, guard)
    checked = time.process_time()
    notes = notes_of(edit)
    noted = time.process_time()
    if refusal or notes:
        sys.exit(f"The answer is not accepted: {refusal}, {notes}")
    return [1000 * (parsed - started), 1000 * (checked - parsed), 1000 * (noted - checked)]


if __name__ == "__main__":
    main()
