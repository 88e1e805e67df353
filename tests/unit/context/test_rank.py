"""Candidates are included best first, each once, and none that repeats the prompt."""

from homebody.audit import Source
from homebody.context.select import CELL_ABOVE, choose
from homebody.syntax.chunk import Candidate

_NOWHERE = Source("file:///w/here.py", 0, 0, 0, "")
_TEXT = "def total(prices):\n    added = sum(prices)\n    return added\n"


def _candidate(name: str, text: str, why: str = "resembles the code at the cursor") -> Candidate:
    return Candidate(f"file:///w/{name}", 0, text.count("\n") - 1, text, why)


def test_cells_keep_the_notebooks_order():
    names = ["nb#Z3", "nb#10", "nb#9", "nb#2", "nb#X1"]
    cells = [_candidate(name, f"cell = '{name}'\n", CELL_ABOVE) for name in names]
    others = [_candidate("b.py", "second = 2\n"), _candidate("a.py", "first = 1\n")]
    ranked = choose([*cells, *others], 1000, len, _NOWHERE)
    chosen = [candidate.uri.rsplit("/", 1)[-1] for candidate, _ in ranked.chosen]
    assert chosen == ["a.py", "b.py", "nb#X1", "nb#2", "nb#9", "nb#10", "nb#Z3"]


def test_the_nearest_cells_are_taken_first():
    cells = [_candidate(f"nb#{n}", f"cell_{n} = {n}\n", CELL_ABOVE) for n in range(9, -1, -1)]
    ranked = choose(cells, 50, len, _NOWHERE)
    assert [candidate.uri[-1] for candidate, _ in ranked.chosen] == ["8", "9"]
    assert {left.why for left in ranked.left_out} == {"cell above; did not fit the prompt"}


def test_of_two_copies_one_is_in_the_prompt():
    other = "\n".join(f"    {line}" for line in _TEXT.splitlines()) + "\n\n}\n"
    ranked = choose([_candidate("one.py", _TEXT), _candidate("two.py", other)], 1000, len, _NOWHERE)
    assert [candidate.uri for candidate, _ in ranked.chosen] == ["file:///w/one.py"]
