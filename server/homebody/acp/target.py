"""Finds the code that a slash command refers to.

In: the command's arguments, the files of the prompt. Out: a document, a span, and the remaining arguments.
"""

import re
from dataclasses import dataclass

from homebody.acp.files import read_file, span_of
from homebody.acp.question import Question, Reference
from homebody.acp.session import Session
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.selection import tree_of
from homebody.prompt.front_matter import Scope
from homebody.syntax.scope import Definition, definitions
from homebody.text import Document, Span
from homebody.workspace.uri import uri_of

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?)?")
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
    found = [one for one in definitions(document, tree) if one.name and one.kind != "variable"]
    name, _, rest = words.partition(" ")
    if same := [one for one in found if name.strip("`()") in {one.name, _full_name(one)}]:
        return Target(document, same[0].span, rest.strip())
    if scope in {"selection", "file"}:
        return Target(document, Span(0, len(document.text)), words)
    outer = [one for one in found if not one.container]
    if scope == "function" and len(outer) != 1:
        raise UsageError(_which(document, found))
    return Target(document, outer[0].span if scope == "function" else Span(0, 0), words)


def _take_file(session: Session, arguments: str) -> tuple[Reference | None, str]:
    """Remove the first argument if it names an existing file, and return the file."""
    first, _, rest = arguments.partition(" ")
    found = _PLACE.fullmatch(first.strip("`").removeprefix("@"))
    if found is None or "\0" in first:
        return None, arguments
    path = session.cwd / found["file"]
    try:
        if not path.is_file():
            return None, arguments
    except OSError:  # a name that is too long
        return None, arguments
    lines = None
    if found["first"]:
        start = max(1, int(found["first"]))
        lines = start - 1, max(start, int(found["last"] or start)) - 1
    return Reference(uri_of(path), lines), rest.strip()


def _full_name(found: Definition) -> str:
    return f"{found.container}.{found.name}" if found.container else found.name


def _which(document: Document, found: list[Definition]) -> str:
    name = document.uri.rpartition("/")[2]
    if not found:
        return f"Name the lines, such as `{name}:10-20`: no function was found in {name}."
    names = ", ".join(f"`{_full_name(one)}`" for one in found[:_SHOWN_NAMES])
    more = ", …" if len(found) > _SHOWN_NAMES else ""
    return f"Name a function or lines (`{name}:10-20`). {name} has {names}{more}."
