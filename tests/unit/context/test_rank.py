"""Candidates are included best first, each once, and none that repeats the prompt."""

from homebody.audit import Source
from homebody.context.select import choose
from homebody.syntax.chunk import Candidate

_NOWHERE = Source("file:///w/here.py", 0, 0, 0, "")
_TEXT = "def total(prices):\n    added = sum(prices)\n    return added\n"


def _candidate(name: str, text: str, why: str = "resembles the code at the cursor") -> Candidate:
    return Candidate(f"file:///w/{name}", 0, text.count("\n") - 1, text, why)


def test_of_two_copies_one_is_in_the_prompt():
    other = "\n".join(f"    {line}" for line in _TEXT.splitlines()) + "\n\n}\n"
    ranked = choose([_candidate("one.py", _TEXT), _candidate("two.py", other)], 1000, len, _NOWHERE)
    assert [candidate.uri for candidate, _ in ranked.chosen] == ["file:///w/one.py"]
