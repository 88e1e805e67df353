"""Every `homebody …` and `make …` in a page or a message exists, with its options."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from homebody.cli.app import COMMANDS, load_command
from homebody.cli.flags import FLAGS
from support.tracked import tracked_texts

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
_HOMEBODY = re.compile(r"(?<![\w.-])(?<!from )(?<!import )homebody ([a-z-]+)(?![\w.(])([^`\n|;#&)]*)")
_MAKE = re.compile(r"(?:^|[$&;] ?)make (?!-)([a-z]+)", re.MULTILINE)
_PAGES = {".md"}
_SOURCES = {".py", ".ts", ".lua", ".el", ".sh", ".json", ".txt"}
# Commands that parse their own arguments have no table of options.
_COMMON = {"--help", *(name for flag in FLAGS.values() for name in flag.names)}
_OWN_PARSERS = {"lsp": {"--stdio", "--tcp"}, "host": set[str]()}


def named() -> Iterator[tuple[str, str]]:
    for path, text in tracked_texts():
        if path.parts[:2] in {("tests", "cases"), ("tests", "support")} or path.name == "package-lock.json":
            continue
        if path.suffix in _PAGES:
            for block, inline in _CODE.findall(text):
                yield str(path), block or inline
        elif path.suffix in _SOURCES and path.parts[0] in {"server", "clients", "packaging", "prompts"}:
            for inline in re.findall(r"`((?:homebody|make) [^`\n]+)`", text):
                yield str(path), inline


def calls() -> list[tuple[str, str, tuple[str, ...]]]:
    found = [
        (place, command, tuple(_words(rest)))
        for place, code in named()
        for command, rest in _HOMEBODY.findall(code)
    ]
    return sorted(set(found))


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError:  # a quote that a later line closes
        return rest.split()


@cache
def offered(*words: str) -> frozenset[str]:
    *path, last = words
    if not path:
        return frozenset(COMMANDS)
    if path[0] in _OWN_PARSERS or path[0] in _COMMON:
        return frozenset()
    command = load_command(path[0])
    for word in path[1:]:
        command = command.commands[word]
    if last == "--":
        return frozenset(name for option in command.params for name in option.opts)
    return frozenset(getattr(command, "commands", {}))


def problem(command: str, words: tuple[str, ...]) -> str:
    if command not in offered("") | {"host"} | _COMMON:
        return f"there is no command {command}"
    inner = offered(command, "")
    path = [command]
    if inner and words and re.fullmatch(r"[a-z]+", words[0]):
        if words[0] not in inner:
            return f"there is no {command} {words[0]}"
        path.append(words[0])
    options = {word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 2}
    known = _OWN_PARSERS.get(command) or offered(*path, "--")
    missing = options - known - _COMMON
    return f"{' '.join(path)} has no {', '.join(sorted(missing))}" if missing else ""


def test_the_commands_that_are_named_exist(own_folders: Path):
    found = calls()

    assert len(found) > 50
    assert [f"{place}: {why}" for place, command, words in found if (why := problem(command, words))] == []


def test_the_tasks_that_are_named_exist():
    """`make NAME` in a page or in backticks in a source is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    tasks = {(place, name) for place, code in named() for name in _MAKE.findall(code)}

    assert len(tasks) > 10
    assert sorted((place, name) for place, name in tasks if name not in targets) == []
