"""Explain what is not a document: the output of a program, a diff, attachments; write a commit message."""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Unpack

from homebody.audit import BEYOND_CONTEXT, BEYOND_DIFF, BEYOND_TIME, LeftOut
from homebody.engine import Engine
from homebody.errors import NothingAnswered, NothingChanged, UsageError
from homebody.features.answer import ChatAnswer, ChatContext, Listeners, ask_model, open_chat
from homebody.features.ask_context import lay_out
from homebody.features.attachments import (
    PASTED,
    Attached,
    as_seen,
    attach_changes,
    attach_text,
)
from homebody.features.explain import Explanation
from homebody.features.refactor.model_size import lacks
from homebody.features.selection import lines_near, read_permitted
from homebody.features.surroundings import RULES, admitted, file_inside
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.prompt.front_matter import shipped_prompt
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span
from homebody.workspace.diff import is_diff
from homebody.workspace.uri import is_share, path_of, uri_of

_PATIENCE = {"explain-diff": 8, "commit-message": 8}
"""Prompts about changes may be read for as long as the eight parts of a long selection: half of a change says
something else than all of it."""

_NOTHING_STAGED = "Nothing is staged: this is about all changes of tracked files."

_MOST_PLACES = 6
_LINES_AROUND = 6


async def explain_text(
    engine: Engine,
    text: str,
    *,
    full: bool = False,
    open_document: Callable[[str], Document | None] = lambda _: None,
    **listeners: Unpack[Listeners],
) -> Explanation:
    """Explain pasted text: a traceback or other output, or a diff.

    Lines around the places that an output names are added to the prompt. Files outside the workspace are not
    opened.

    Raises ``UsageError``: the text is empty, or contains a private key.
    """
    text = as_seen(text)
    if not text.strip():
        message = "There is nothing to explain: paste some output or a diff."
        raise UsageError(message)
    if is_diff(text):
        attached = await attach_text(engine, text, "diff")
        return await explain_attached(engine, "explain-diff", attached, full=full, **listeners)
    attached = await attach_text(engine, text, "Output")
    # The end of an output contains the error.
    attached = replace(attached, items=tuple(replace(item, keep="end") for item in attached.items))
    places = await places_in(engine, text, _MOST_PLACES)
    helpful = await _lines_at(engine, places, open_document)
    return await explain_attached(
        engine, "explain-attached", attached, helpful=helpful, full=full, **listeners
    )


async def explain_attached(
    engine: Engine,
    name: str,
    attached: Attached,
    *,
    helpful: Sequence[Candidate] = (),
    full: bool = False,
    **listeners: Unpack[Listeners],
) -> ChatAnswer:
    """Answer the shipped prompt ``name`` about attachments.

    Without ``full`` their size is limited to what is read within ``chat.readingSeconds``, of changes in eight
    times that; the rest is listed.
    """
    prompt = shipped_prompt(name)
    material = replace(attached, helpful=tuple(helpful), media=await admitted(engine, attached.media))
    uri = attached.items[0].uri if attached.items else PASTED
    patience = _PATIENCE.get(name, 1)
    chat = await open_chat(engine, prompt, uri, material.texts, material.uris, patience=patience)
    readable = chat.readable(prompt, full=full or bool(material.media))

    def context(tokens: int) -> ChatContext:
        available = max(0, min(tokens, readable))
        return lay_out(engine, material, available, available, chat.beyond(prompt, readable, tokens))

    return await ask_model(chat, prompt, context, **listeners)


def unread_changes(left_out: Sequence[LeftOut]) -> list[str]:
    """Return why changes that may be sent were not read; rules of the project have a limit of their own."""
    limits = (BEYOND_TIME, BEYOND_CONTEXT, BEYOND_DIFF)
    return [unit.why for unit in left_out if unit.why.endswith(limits) and not unit.why.startswith(RULES)]


async def commit_message(
    engine: Engine, folder: Path, *, full: bool = False, **listeners: Unpack[Listeners]
) -> tuple[ChatAnswer, str]:
    """Return a message for the staged changes of the repository around ``folder``, in ``markdown``.

    If nothing is staged, it is about all changes of tracked files, as of ``git commit --all``; the second
    value is a sentence that says so, otherwise empty. Files that must not be sent to a model, or do not fit,
    are left out and listed.

    Raises ``UsageError``: there is no repository, or nothing has changed; ``NothingAnswered``: the answer is
    no message, but comments or repetitions.
    """
    note = ""
    try:
        attached = await attach_changes(engine, "staged", folder)
    except NothingChanged:
        attached, note = await attach_changes(engine, "uncommitted", folder), _NOTHING_STAGED
    answer = await explain_attached(engine, "commit-message", attached, full=full, **listeners)
    message = _message(answer.markdown)
    if answer.looped or _says_nothing(message):
        reason = "The model wrote only comments or repetitions, no commit message: choose a larger model."
        raise NothingAnswered(reason)
    return replace(answer, text=message), note


async def advice_on_model(engine: Engine) -> str:
    """Return that the model is too small for commit messages; empty if it is not."""
    lack = lacks(shipped_prompt("commit-message"), await engine.chat.describe(), engine.settings.chat)
    return f"A commit message {lack}." if lack else ""


def _says_nothing(message: str) -> bool:
    """Whether a message has only comments, which git drops, or repeats itself."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith(("#", "//", "/*"))]
    return not words or (len(words) > 2 and len(set(words)) <= len(words) // 2)


def _message(answer: str) -> str:
    """Extract the message from an answer, which may be fenced or quoted, or followed by code."""
    blocks = code_blocks(answer)
    text = blocks[0].text if blocks and answer.lstrip().startswith(("```", "~~~")) else answer
    # A message has no code: from there on the model wrote something else.
    text = text.strip().partition("\n```")[0].partition("\n~~~")[0]
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if lines:
        lines[0] = lines[0].strip("`\"'* ").removeprefix("Commit message:").strip().rstrip(".:")
    return "\n".join(lines)


async def _lines_at(
    engine: Engine, places: Sequence[tuple[Path, int]], open_document: Callable[[str], Document | None]
) -> list[Candidate]:
    """Lines around each place, from the editor if the file is open, otherwise from disk."""
    around: list[Candidate] = []
    for path, line in places:
        uri = uri_of(path)
        document = await read_permitted(engine, uri, open_document)
        if document is not None and line < document.line_count:
            start = document.line_starts[line]
            lines = lines_near(document, Span(start, start), _LINES_AROUND)
            why = f"line {line + 1} is in the output"
            around.append(Candidate(uri, *document.lines_of(lines), document.slice(lines), why))
    return around


_LOOKED_AT = 200_000
"""Characters of an output that are searched for places, from its end."""

_MOST_NAMES = 60
"""Different names of files that are looked up."""

_FEWEST_PARTS = 2
"""Parts of a path that have to agree where its beginning is another machine's."""

# An output may be one line of any length, so a path starts only where no path is under way, and is never
# tried at a shorter length.
_LINE = r"(?:[:(]|:line | on line | line )(?P<line>\d{1,7})\b"
_PATTERNS = (
    # Python and others: File "app.py", line 3
    re.compile(r'File "(?P<path>[^"\n]{1,500}+)", line (?P<line>\d{1,7})'),
    # Java and Kotlin: at com.shop.Cart.total(Cart.java:12)
    re.compile(
        r"\bat (?:[\w.@-]{1,100}+//?)?(?P<package>(?:[a-z_]\w{0,99}\.){0,20})[\w$<>.]{1,300}+"
        r"\((?P<path>\w{1,100}\.\w{1,8}):(?P<line>\d{1,7})\)"
    ),
    # Node with blanks in a path: at f (/home/me/my app/x.js:3:5)
    re.compile(r"\((?:file://)?(?P<path>/[^()\n:]{1,500}+):(?P<line>\d{1,7})"),
    # Compilers, test runners, Node, Go, Rust, C#, PHP and Perl: src/app.ts(3,5), main.go:3, a.php on line 3
    re.compile(r"(?<![\w./\\@+-])(?P<path>(?:[A-Za-z]:)?[\w./\\@+-]{1,500}+)" + _LINE),
)
_FILE_NAME = re.compile(r"[^/\\]+\.\w{1,8}\Z|(?:^|[/\\])[A-Za-z]+\Z")


async def places_in(engine: Engine, output: str, limit: int) -> list[tuple[Path, int]]:
    """Return at most ``limit`` files with a line (from 0), the last first: errors are usually at the end."""
    known: dict[str, Path | None] = {}
    places: dict[tuple[Path, int], None] = {}
    for name, line in await asyncio.to_thread(_named, output):
        if name not in known and len(known) < _MOST_NAMES:
            known[name] = await _file(engine, name)
        if (path := known.get(name)) is not None:
            places[path, max(0, line - 1)] = None
        if len(places) == limit:
            break
    return list(places)


def _named(output: str) -> list[tuple[str, int]]:
    """Return what looks like the path of a file with a line, the last first."""
    named: dict[int, tuple[str, int]] = {}
    for pattern in _PATTERNS:
        for match in pattern.finditer(output, max(0, len(output) - _LOOKED_AT)):
            # What an earlier pattern has found at the same line number is the better reading.
            if _FILE_NAME.search(match["path"][-100:]):
                name = match["path"].removeprefix("file://").replace("\\", "/")
                package = (match.groupdict().get("package") or "").replace(".", "/")
                named.setdefault(match.start("line"), (package + name, int(match["line"])))
    return [named[at] for at in sorted(named, reverse=True)]


async def _file(engine: Engine, name: str) -> Path | None:
    """Return the file of the workspace that a name means, if it is clear."""
    if path := await asyncio.to_thread(_on_disk, engine, name):
        return path
    if engine.index is None:
        return None
    # A Java class is somewhere below a source folder; a compiler prints names relative to where it ran.
    wanted = PurePosixPath(name.lstrip("/"))
    rows = await engine.index.ask(lambda index: index.files(wanted.name, limit=50))
    paths = [path for row in rows if (path := path_of(row.uri)) is not None]
    same = [path for path in paths if path.as_posix().endswith(f"/{wanted.as_posix()}")]
    return same[0] if len(same) == 1 else None


def _on_disk(engine: Engine, name: str) -> Path | None:
    """Find a name below the workspace's folders and the current folder; then an absolute one by its end."""
    parts = PurePosixPath(name).parts
    ends = [] if is_share(name) else [name]
    if name.startswith("/") or ":" in name:
        ends += ["/".join(parts[first:]) for first in range(1, len(parts) - _FEWEST_PARTS + 1)]
    folders = [*engine.folders]
    with suppress(OSError):  # the current folder may be gone
        folders.append(Path.cwd())
    files = (file_inside(engine, folder / end) for end in ends for folder in folders)
    return next(filter(None, files), None)
