"""New test files: their paths, and checks that they test the right code."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from homebody.errors import UsageError
from homebody.syntax.language import find
from homebody.syntax.nodes import count_errors
from homebody.syntax.scope import imports
from homebody.syntax.tree import parse
from homebody.text import Document
from homebody.workspace.uri import path_of, uri_of

_MAX_NUMBER = 100


async def tests_uri(document: Document, folders: Sequence[Path]) -> str:
    """Return the URI of a new file for tests of ``document``. Raises ``UsageError``.

    In the workspace's ``tests`` folder if a Python project has one, otherwise next to the document.
    """
    path, language = path_of(document.uri), find(document.language_id, document.uri)
    if path is None or language is None or not language.tests:
        message = "Tests are written for saved files of a language that Homebody knows: save the file first."
        raise UsageError(message)
    name = language.tests.format(stem=path.stem)
    beside = [folder / "tests" for folder in folders if path.is_relative_to(folder)]
    places = beside if document.language_id == "python" else []
    return uri_of(await asyncio.to_thread(_unused, [place / name for place in places], path.with_name(name)))


def tests_refusal(document: Document, name: str, code: str) -> str:
    """Return why ``code`` is not a test file for ``name`` of ``document``; empty if it is one."""
    language = find(document.language_id, document.uri)
    written = document.with_text(code)
    tree = parse(written)
    if language is not None and count_errors(tree):
        return f"The answer has syntax errors as {language.title} code, so no file is made."
    if name and not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code):
        return f"The answer does not mention {name}, which it should test."
    if language is None or not language.tests_import:
        return ""
    stem = PurePosixPath(document.uri).stem
    imported = " ".join(written.slice(each.span) for each in imports(written, tree))
    if re.search(rf"(?<![^\W_]){re.escape(stem)}(?![^\W_])", imported):
        return ""
    return f"The answer does not import {stem}, so its tests could not run."


def _unused(wanted: Sequence[Path], otherwise: Path) -> Path:
    """Return the first of ``wanted`` whose folder exists, or ``otherwise``, numbered if it is taken."""
    path = next((place for place in wanted if place.parent.is_dir()), otherwise)
    numbered = (path.with_stem(f"{path.stem}_{number}") for number in range(2, _MAX_NUMBER + 1))
    return next((place for place in (path, *numbered) if not place.exists()), path)
