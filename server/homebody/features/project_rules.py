"""The project's rules for the system message: ``AGENTS.md``, ``CONTRIBUTING.md``.

Text of a repository is untrusted: rules are read only in folders that the user trusts.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from homebody.audit import LeftOut, Source
from homebody.context.markers import MARKED, without_marked_lines
from homebody.engine import Engine
from homebody.features.budgets import ChatRoom, reason_beyond, whole_lines
from homebody.prompt.front_matter import fill_shipped
from homebody.regular_file import read_off_loop
from homebody.settings.trust import is_trusted
from homebody.workspace.secrets import holds_private_key
from homebody.workspace.uri import folder_around, path_of, prompt_path, uri_of

RULES = "project rules"
"""Why rules are in a prompt, and the beginning of why others are not."""

_MOST_BYTES = 64 * 1024
_SHARE = 5
"""Share of the tokens read before the first word that rules may use."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules for the system message; empty text if there are none."""

    text: str = ""
    sources: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


async def project_rules(engine: Engine, uri: str, room: ChatRoom, special_texts: AbstractSet[str]) -> Rules:
    """Return the rules of the workspace folder of ``uri``; without one, those of the first folder.

    They get a fifth of the tokens that the model reads before its first word. A file that cannot be read is
    ignored, and so are lines with one of the ``special_texts``.
    """
    is_file = path_of(uri) is not None
    folder = folder_around(uri, engine.folders) if is_file else next(iter(engine.folders), None)
    if folder is None or not is_trusted(folder, engine.settings.trusted_folders):
        return Rules()
    count = engine.chat.tokens.count
    rest = room.readable // _SHARE
    why = f"{RULES}, at most a fifth of the prompt; {reason_beyond(room.readable, room.fits, room)}"
    parts: list[str] = []
    sources: list[Source] = []
    left_out: list[LeftOut] = []
    for name in engine.settings.context.project_rules:
        rules_uri = uri_of(folder / name)
        cleaned = without_marked_lines(await _read(engine, folder, name), special_texts)
        left_out += [LeftOut(rules_uri, line, line, MARKED) for line in cleaned.lines]
        if not cleaned.text.strip():
            continue
        lines = cleaned.text.splitlines(keepends=True)
        kept = whole_lines(lines, rest, count)
        if kept < len(lines):
            left_out.append(LeftOut(rules_uri, kept, len(lines) - 1, why))
        if kept:
            used = sum(map(count, lines[:kept]))
            rest -= used
            sources.append(Source(rules_uri, 0, kept - 1, used, RULES))
            path = prompt_path(rules_uri, engine.folders)
            parts.append(fill_shipped("rules", path=path, context="".join(lines[:kept]).strip()))
    return Rules("\n\n".join(parts), tuple(sources), tuple(left_out))


async def _read(engine: Engine, folder: Path, name: str) -> str:
    """Text of a rules file; empty if it is missing, outside of the folder, or excluded from prompts."""
    path = folder / name
    if await engine.gate.refusal(uri_of(path)) is not None:
        return ""
    try:
        text = (await read_off_loop(path, max_bytes=_MOST_BYTES, inside=folder)).decode()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if holds_private_key(text) else text
