"""Measures the checks of one answer in a file of 10,000 lines, without a model.

Python's own standard library, joined; the answer repeats the code and adds a blank line, so that every check
of the action runs to its end. Prints processor time in milliseconds, the least of several runs.

    python benchmarks/edit_checks.py [RUNS]
"""

import sys
import time

from homebody.postprocess.edit.common_checks import common_refusal
from homebody.postprocess.edit.edited import Edited, edited
from homebody.postprocess.edit.guards import refused_by
from homebody.postprocess.edit.resolved import undefined_names
from homebody.syntax.scope import definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit
from syntax import library

GUARDS = ("none", "behaviour", "documentation", "types", "rename", "flow")


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    text = "".join(library((1 << 20) - 20_000).splitlines(keepends=True)[:10_000])
    document = Document.create("file:///bench.py", "python", 0, text)
    tree = parse(document)
    function = _function(document, tree)
    print(f"{'code':<12}{'guard':<16}{'common':>8}{'guard':>8}{'names':>8}{'all':>8}")
    for name, span in (("a function", function), ("the file", Span(0, len(text)))):
        for guard in GUARDS:
            times = [_times(document, tree, span, function.end, guard) for _ in range(runs)]
            least = min(times, key=sum)
            print(f"{name:<12}{guard:<16}" + "".join(f"{one:8.0f}" for one in (*least, sum(least))))


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
    edit: Edited = edited(document, tree, span, [TextEdit(Span(end, end), "\n")])
    checks = (
        lambda: common_refusal(edit, "Simplify the code."),
        lambda: refused_by(guard, edit),
        lambda: undefined_names(edit, "Simplify the code."),
    )
    times: list[float] = []
    for check in checks:
        start = time.process_time()
        refusal = check()
        times.append(1000 * (time.process_time() - start))
        if refusal is not None:
            sys.exit(f"The answer is refused: {refusal.reason}")
    return times


if __name__ == "__main__":
    main()
