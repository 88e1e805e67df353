"""Files, links and tests that the documentation names exist."""

import re
import subprocess
from pathlib import Path

import pytest

from support.tracked import tracked_texts

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\(([^)#\s]+)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_SOURCES = {".py", ".ts", ".lua", ".sh", ".toml", ".mjs", ".scm"}
# Not inside an address or another path, and with an extension, so that it is a file's name.
_CITED = re.compile(
    r"(?<![\w/.:-])((?:docs|tests|server|clients|benchmarks|requirements|changelog\.d)/[\w./-]*\w\.[a-z]+)\b"
)
_PLACE = re.compile(r"`((?:server|tests|docs|clients|benchmarks|prompts|requirements)/[\w./-]+)`")


def pages() -> list[str]:
    """Every page of the project's own, from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    # A page in an archive counts even if git does not know it.
    found = listed or [
        str(path.relative_to(ROOT)) for path in (ROOT, *ROOT.glob("docs")) for path in path.glob("*.md")
    ]
    return [page for page in found if not page.startswith(("tests/support/published/", "tests/cases/"))]


@pytest.mark.parametrize("page", pages())
def test_what_a_page_points_to_is_there(page: str):
    path = ROOT / page
    text = path.read_text("utf-8") if path.is_file() else ""
    linked = [link for link in _LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]
    missing = [link for link in linked if not (path.parent / link).exists()]
    named = [place for place in _PLACE.findall(text) if not place.endswith("node_modules")]  # made by npm
    missing += [place for place in named if not (ROOT / place).exists()]

    assert missing == []


@pytest.mark.parametrize("page", pages())
def test_the_tests_that_a_page_names_are_there(page: str):
    path = ROOT / page
    named = _TEST.findall(path.read_text("utf-8")) if path.is_file() else []
    missing = [f"{file}::{test}" for file, test in named if not _defines(ROOT / file, test)]

    assert missing == []


def test_what_comments_and_docstrings_point_to_is_there():
    """Paths of the repository in the sources, such as a page cited in a docstring, exist."""
    missing = [
        f"{path}: {place}"
        for path, text in tracked_texts()
        if path.suffix in _SOURCES and path.parts[0] not in {"tests", "requirements"}
        for place in _CITED.findall(text)
        if not (ROOT / place).exists()
    ]

    assert missing == []


def _defines(path: Path, test: str) -> bool:
    return path.is_file() and re.search(rf"def {test}\(", path.read_text("utf-8")) is not None
