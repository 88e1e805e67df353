"""Finds the code that a slash command refers to, in its arguments and in the files of the prompt."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from homebody.acp.files import read_file, span_of
from homebody.acp.question import Question, Reference
from homebody.acp.session import Session
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.selection import tree_of
from homebody.prompt.front_matter import Scope
from homebody.syntax.scope import Definition, definitions
from homebody.text import Document, Span
from homebody.workspace.uri import file_name, uri_of

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?)?", re.DOTALL)
_QUOTED = re.compile(r"""@?(?P<quote>["'`])(?P<name>.+?)(?P=quote)(?P<lines>:[0-9-]+)?(?=\s|$)""")
_END_OF_WORD = re.compile(r"(?=\s|$)")
_MOST_WORDS = 16
"""Maximum number of words, at the beginning of the arguments, that may be the name of a file."""

_SHOWN_NAMES = 12


@dataclass(frozen=True, slots=True)
class Target:
    """Code to work on, and the remaining arguments of the command."""

    document: Document
    span: Span
    words: str


async def find_target(
    engine: Engine, session: Session, question: Question, arguments: str, scope: Scope
) -> Target:
    """Find the code: ``FILE[:START[-END]]``, an attached file, or the previous file; optionally a name in it.

    Raises
    ------
    UsageError
        No file is named, the file cannot be read, or it has several functions and none is named.

    """
    named, words = _take_file(session, arguments)
    reference = named or next(iter(question.references), session.last)
    if reference is None:
        message = "Name a file, such as `app.py:10-20`, or attach one."
        raise UsageError(message)
    document = await read_file(engine, session, reference.uri)
    session.last = reference
    if reference.lines is not None:
        return Target(document, span_of(document, reference.lines), words)
    tree = await tree_of(engine, document)
    known = [each for each in definitions(document, tree) if each.name and each.kind != "variable"]
    name, _, rest = words.partition(" ")
    if same := [each for each in known if name.strip("`()") in {each.name, _full_name(each)}]:
        return Target(document, same[0].span, rest.strip())
    if scope in {"selection", "file"}:
        return Target(document, document.whole, words)
    outer = [each for each in known if not each.container]
    if scope == "function" and len(outer) != 1:
        raise UsageError(_which(document, known))
    return Target(document, outer[0].span if scope == "function" else Span(0, 0), words)


def _take_file(session: Session, arguments: str) -> tuple[Reference | None, str]:
    """Remove the place at the beginning of the arguments if its file exists, and return it."""
    for named, rest in _places(arguments):
        place = _PLACE.fullmatch(named)
        if place is None or not _is_file(path := session.cwd / place["file"]):
            continue
        lines = None
        if place["first"]:
            start = max(1, int(place["first"]))
            lines = start - 1, max(start, int(place["last"] or start)) - 1
        return Reference(uri_of(path), lines), rest.strip()
    return None, arguments


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):  # a name that is too long, or has a NUL
        return path.is_file()
    return False


def _places(arguments: str) -> Iterator[tuple[str, str]]:
    """Yield what may be the place, and the rest: the quoted text, else the first words, the fewest first."""
    if quoted := _QUOTED.match(arguments):
        yield quoted["name"] + (quoted["lines"] or ""), arguments[quoted.end() :]
    for end in islice(_END_OF_WORD.finditer(arguments, 1), _MOST_WORDS):
        yield arguments[: end.start()].removeprefix("@"), arguments[end.start() :]


def _full_name(definition: Definition) -> str:
    return f"{definition.container}.{definition.name}" if definition.container else definition.name


def _which(document: Document, known: list[Definition]) -> str:
    name = file_name(document.uri)
    lines = f'"{name}":10-20' if " " in name else f"{name}:10-20"
    if not known:
        return f"Name the lines, such as `{lines}`: no function was found in {name}."
    names = ", ".join(f"`{_full_name(each)}`" for each in known[:_SHOWN_NAMES])
    more = ", …" if len(known) > _SHOWN_NAMES else ""
    return f"Name a function or lines (`{lines}`). {name} has {names}{more}."
