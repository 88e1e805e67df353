"""Ignore patterns: git's meaning, in linear time, whatever the repository wrote."""

import pytest

from homebody.workspace.patterns import MAX_CHARACTERS, MAX_PATTERNS, Patterns, TooManyPatterns

MANY = "*a" * 30 + "*b"


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a/**", "a/b a/b/c a/b/", "a a/ b"),
        ("[!a-c]x", "dx", "ax"),
        ("[]x]y", "]y xy", "ay"),
        (r"[\]]y", "]y", "\\y"),
        ("[a-]y", "ay -y", "by"),
        ("[[:digit:]]", "1", "a"),
        ("[z-a]", "", "a z"),
        ("[a", "", "a [a"),
        ("a\\", "", "a"),
        (r"\#a", "#a", "a"),
        (r"\!a", "!a", "a"),
        ("#a", "", "#a"),
        ("/", "", "a a/"),
        ("a//b", "", "a/b"),
    ],
)
def test_a_pattern_means_what_it_means_to_git(pattern, matching, other):
    """Cases that the comparison with git (``test_ignore``) does not draw."""
    patterns = Patterns.parse([pattern], "/w/")
    assert [True] * len(matching.split()) == [patterns.verdict(f"/w/{path}") for path in matching.split()]
    assert [None] * len(other.split()) == [patterns.verdict(f"/w/{path}") for path in other.split()]


def test_the_last_matching_line_wins():
    patterns = Patterns.parse(["*.py", "!a*", "ab*", "!abc.py", "*.txt"], "")
    verdicts = {path: patterns.verdict(path) for path in ("x.py", "a.py", "ab.py", "abc.py", "c.md")}
    assert verdicts == {"x.py": True, "a.py": False, "ab.py": True, "abc.py": False, "c.md": None}


@pytest.mark.parametrize("path", ["a" * 100, "a" * 4000, "a/" * 1500 + "c", ("a" * 200 + "/") * 15 + "a"])
def test_patterns_with_many_wildcards_are_matched_in_time(path):
    """A backtracking matcher would effectively never finish one of these."""
    hostile = [MANY, "**/a*a/" * 20 + "b", "*a*?*a?*a*?a*a*b", "[a-b]*" * 30 + "z", "a/**/" * 60 + "b"]
    assert Patterns.parse(hostile * 10, "").verdict(path) is None


def test_a_list_of_absurd_size_is_refused():
    """Compiling it would block the caller."""
    assert Patterns.parse([f"a{number}" for number in range(MAX_PATTERNS)], "").verdict("a7") is True
    many = iter(["a"] * 2 * MAX_PATTERNS)
    for lines in (many, ["a" * (MAX_CHARACTERS + 1)]):
        with pytest.raises(TooManyPatterns):
            Patterns.parse(lines, "")
    assert len(list(many)) == MAX_PATTERNS - 1, "it is read at each prompt, but not to its end"
