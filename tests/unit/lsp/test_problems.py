"""Diagnostics of other servers, as clients send them."""

from lsprotocol.types import Diagnostic, DiagnosticSeverity, Position, Range

from homebody.lsp.problems import DocumentDiagnostics, Problems

URI = "file:///w/a.py"


def diagnostic(line: int, message: str, severity: int = 1) -> Diagnostic:
    return Diagnostic(Range(Position(line, 0), Position(line, 1)), message, DiagnosticSeverity(severity))


def test_diagnostics_of_one_range_leave_those_of_other_lines():
    problems = Problems()
    problems.seen(URI, (3, 3), [diagnostic(3, "first")])
    problems.seen(URI, (9, 9), [diagnostic(9, "second")])
    assert problems.find(URI) == "Line 4, error: first\nLine 10, error: second"
    problems.seen(URI, (3, 3), [diagnostic(3, "instead")])
    assert problems.find(URI) == "Line 4, error: instead\nLine 10, error: second"


def test_the_diagnostics_of_whole_documents_replace_all():
    problems = Problems()
    problems.seen(URI, (3, 3), [diagnostic(3, "first")])
    problems.take([DocumentDiagnostics(URI, (diagnostic(5, "all there is", 2),))])
    problems.seen(URI, (3, 3), [diagnostic(3, "first")])
    assert problems.find(URI) == "Line 6, warning: all there is"
    problems.take([DocumentDiagnostics(URI, ())])
    assert problems.find(URI) is None
