"""What the index found, as a model should read it."""

from pathlib import Path

from homebody.workspace.candidates import candidates
from homebody.workspace.store import IndexEntry

CACHE = "class Cache:\n    def get(self, key): ...\n    def put(self, key): ..."


def method(name: str, line: int, *headers: str, path: str = "a.py") -> IndexEntry:
    indent = "    " * len(headers)
    return IndexEntry(path, name, "method", line, line, f"{indent}def {name}(self):", headers)


def result(*found: IndexEntry, own: str = "") -> list[tuple[str, int, int, str, str]]:
    return [
        (one.uri.rsplit("/", 1)[-1], one.first_line, one.last_line, one.text, one.why)
        for one in candidates(found, Path("/w"), own)
    ]


def test_neighbours_of_one_file_are_one_candidate():
    found = [
        method("put", 30, "class Cache:"),
        method("other", 5, path="b.py"),
        method("get", 20, "class Cache:"),
        method("last", 40),
        method("far", 400),
    ]
    text = "class Cache:\n    def get(self):\n    def put(self):\ndef last(self):"
    assert result(*found) == [
        ("a.py", 20, 40, text, "defines put, get, last"),
        ("b.py", 5, 5, "def other(self):", "defines other"),
        ("a.py", 400, 400, "def far(self):", "defines far"),
    ]
    (many,) = result(*(method(f"f{i}", i) for i in range(5)))
    assert many[4] == "defines f0, f1, f2 and 2 more"


def test_a_method_is_not_shown_beside_its_class():
    """The class takes the better rank; in the current file, whose lines the prompt may show, both stay."""
    get = IndexEntry("a.py", "get", "method", 400, 400, "    def get(self, key):", ("class Cache:",))
    found = [get, method("other", 5, path="b.py"), IndexEntry("a.py", "Cache", "class", 10, 10, CACHE)]
    assert [(one[0], one[4]) for one in result(*found)] == [
        ("a.py", "defines Cache, get"),
        ("b.py", "defines other"),
    ]
    assert [(one[0], one[1]) for one in result(*found, own="a.py")] == [
        ("a.py", 400),
        ("b.py", 5),
        ("a.py", 10),
    ]
