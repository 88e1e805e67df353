"""New test files: where they are, how they begin, and checks that they test the right code."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import UsageError
from homebody.postprocess.edit.edited import CODE_KINDS
from homebody.postprocess.edit.imports import import_edits, imports_of
from homebody.syntax.import_block import WholeFile
from homebody.syntax.language import find
from homebody.syntax.nodes import count_errors
from homebody.syntax.tree import parse
from homebody.text import Document, apply_edits
from homebody.workspace.uri import path_of, uri_of

_MAX_NUMBER = 100

_PACKAGE = re.compile(r"^(?:package|namespace)[ \t]+[\w.]+;?", re.MULTILINE)
_MAIN = re.compile(r"(?<=/src/)main(?=/(?:java|kotlin|scala)/)")
"""The folder beside which Maven and Gradle have the tests."""


@dataclass(frozen=True, slots=True)
class NewTests:
    """The URI of a file of tests, and its first lines, with ``{name}`` for what they import from the code."""

    uri: str
    begin: str


async def new_tests(document: Document, folders: Sequence[Path]) -> NewTests:
    """Return where tests of ``document`` go, and how they begin. Raises ``UsageError``.

    In the workspace's ``tests`` folder if a Python project has one, in the folder that Maven and Gradle have
    for tests, otherwise next to the document; in Rust at its end.
    """
    path, language = path_of(document.uri), find(document.language_id, document.uri)
    if path is None or language is None or not language.tests:
        message = "Tests are written for saved files of a language that Homebody knows: save the file first."
        raise UsageError(message)
    name = language.tests.format(stem=path.stem)
    package = _PACKAGE.search(document.text)
    values = {"package": package.group() if package else "", "stem": path.stem, "name": "{name}"}
    is_common_js = "module.exports" in document.text
    begin = 'const {{ {name} }} = require("./{stem}");' if is_common_js else language.tests_begin
    if name == path.name:
        return NewTests(document.uri, begin.format(**values))
    beside = [folder / "tests" for folder in folders if path.is_relative_to(folder)]
    places = beside if document.language_id == "python" else []
    otherwise = Path(_MAIN.sub("test", path.as_posix())).with_name(name)
    uri = uri_of(await asyncio.to_thread(_unused, [place / name for place in places], otherwise))
    values["module"] = await asyncio.to_thread(_module, path)
    return NewTests(uri, begin.format(**values).strip() or f"{language.line_comment} {name}")


def tests_refusal(file: WholeFile, name: str, code: str) -> str:
    """Return why ``code`` has no tests for ``name`` of ``file``; empty if it has."""
    written = _read(file, code)
    if count_errors(written.tree):
        return "The answer has syntax errors, so its tests could not run."
    if name and not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code):
        return f"The answer does not mention {name}, which it should test."
    there = {each.qualified for each in file.definitions if each.kind in CODE_KINDS - {"module"}}
    copies = (each.qualified for each in written.definitions if each.qualified in there)
    if copy := next(copies, ""):
        return f"The answer has a copy of {copy}, which the tests should use as it is."
    return ""


def with_imports(file: WholeFile, begin: str, code: str) -> str:
    """``code`` with the imports that it lacks of what ``file`` defines and imports."""
    top = [each.name for each in file.definitions if not each.container and each.kind in CODE_KINDS]
    own = _read(file, begin.replace("{name}", ", ".join(top)))
    written = _read(file, code)
    used = {*re.findall(r"(?<![\w.])\w+", code)} - {each.name for each in written.definitions}
    lacking = [each for each in (*imports_of(own), *imports_of(file)) if each.local in used]
    return apply_edits(code, import_edits(written, len(code), lacking))


def _read(file: WholeFile, text: str) -> WholeFile:
    document = file.document.with_text(text)
    return WholeFile(document, parse(document))


def _module(path: Path) -> str:
    """Dotted name of a Python module, from its outermost package on."""
    parts = [path.stem]
    for folder in path.parents:
        if not (folder / "__init__.py").exists():
            break
        parts.insert(0, folder.name)
    return ".".join(parts)


def _unused(wanted: Sequence[Path], otherwise: Path) -> Path:
    """Return the first of ``wanted`` whose folder exists, or ``otherwise``, numbered if it is taken."""
    path = next((place for place in wanted if place.parent.is_dir()), otherwise)
    numbered = (path.with_stem(f"{path.stem}_{number}") for number in range(2, _MAX_NUMBER + 1))
    return next((place for place in (path, *numbered) if not place.exists()), path)
