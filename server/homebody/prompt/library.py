"""The prompt library: the actions of refactor, and the prompts of explain and ask.

A folder that the user does not trust is not read. An invalid file is skipped; the others still work.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.prompt.front_matter import (
    MAX_BYTES,
    PromptFile,
    parse,
    shipped_folder,
    shipped_prompt,
    with_system,
)
from homebody.regular_file import read_in_time

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class PromptFolder:
    """A folder of prompt files.

    Attributes
    ----------
    path
        The folder; it may be missing.
    root
        The workspace's folder, which ``path`` must not lead out of; ``None`` for the user's own prompts.
    trusted
        Whether the folder is read.

    """

    path: Path
    root: Path | None = None
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class PromptProblem:
    """One sentence about a prompt file or folder. ``is_notice`` is true if the file is used anyway."""

    message: str
    is_notice: bool = False


class PromptLibrary:
    """All prompt files: shipped ones, the user's, and those of trusted workspaces.

    A later one replaces an earlier one of the same name.

    ``refresh`` reads files that changed on disk; it may run in any thread. ``problems`` are in the order of
    the folders.
    """

    def __init__(self, folders: Iterable[PromptFolder] = ()) -> None:
        self._folders = tuple(folders)
        self.explain = shipped_prompt("explain")
        self.instruction = shipped_prompt("instruction")
        files = sorted((shipped_folder() / "actions").glob("*.md"))
        self._shipped_actions = {path.stem: shipped_prompt(f"actions/{path.stem}") for path in files}
        self._seen: Sequence[Mapping[Path, object]] = ()
        self._actions: Mapping[str, PromptFile] = self._shipped_actions
        self.problems: tuple[PromptProblem, ...] = ()
        self.refresh()

    @property
    def actions(self) -> tuple[PromptFile, ...]:
        """Actions, sorted by title."""
        return tuple(sorted(self._actions.values(), key=lambda action: action.title))

    @property
    def summary(self) -> str:
        """One or two sentences about all problems; empty if there are none."""
        if not self.problems:
            return ""
        first, more = self.problems[0].message.rstrip("."), len(self.problems) - 1
        return f"{first}; and {more} more: `homebody prompts` lists them." if more else f"{first}."

    def action(self, name: str) -> PromptFile | None:
        """Return the action of that name."""
        return self._actions.get(name)

    def refresh(self) -> bool:
        """Read the folders again if a file was added, removed or changed; return whether one was."""
        seen = [{path: _facts(path) for path in _files(folder.path)} for folder in self._folders]
        if seen == self._seen:
            return False
        self._seen = seen
        self._load()
        return True

    def _load(self) -> None:
        actions = dict(self._shipped_actions)
        problems: list[PromptProblem] = []
        for folder, paths in zip(self._folders, self._seen, strict=True):
            if not paths:
                continue
            if reason := _refusal(folder):
                problems.append(PromptProblem(f"{_printable(folder.path)}: {reason}"))
                continue
            for path in paths:
                name = _printable(path)
                try:
                    prompt = _read(path, folder)
                except (OSError, ValueError) as error:
                    problems.append(PromptProblem(f"{name}: {error}"))
                else:
                    if reason := _replaced(prompt, actions.get(prompt.name)):
                        problems.append(PromptProblem(f"{name}: {reason}", is_notice=True))
                    actions[prompt.name] = prompt
        self._actions, self.problems = actions, tuple(problems)


def _files(folder: Path) -> list[Path]:
    """List the prompt files of a folder; none if it cannot be read."""
    try:
        return sorted(folder.glob("*.md"))
    except OSError:
        return []


def _facts(path: Path) -> object:
    """Size and modification time; links are followed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _refusal(folder: PromptFolder) -> str:
    """Return the reason why a folder is not read; empty if it is read."""
    if not folder.trusted:
        return (
            "its prompts are ignored, since the folder is not trusted; to use them, add "
            f"{_printable(folder.root or folder.path)} to `trusted_folders` in your config.toml"
        )
    if folder.root is not None and not folder.path.resolve().is_relative_to(folder.root.resolve()):
        return "its prompts are ignored, since it is a link that leads out of the workspace"
    return ""


def _read(path: Path, folder: PromptFolder) -> PromptFile:
    if _NAME.fullmatch(path.stem) is None:
        message = "the file's name may have letters, digits, dots, dashes and underscores, up to 64"
        raise ValueError(message)
    inside, owner = (None, "user") if folder.root is None else (folder.path, "workspace")
    text = read_in_time(path, max_bytes=MAX_BYTES, inside=inside).decode("utf-8-sig")
    return with_system(parse(path.stem, text, owner))


def _replaced(new: PromptFile, old: PromptFile | None) -> str:
    """Say that a workspace's file replaces an action from another owner; empty if it does not."""
    if old is None or new.owner != "workspace" or old.owner == "workspace":
        return ""
    whose = "your own action" if old.owner == "user" else "the shipped action"
    return f"it replaces {whose} {new.name!r} in this workspace"


def _printable(path: Path) -> str:
    """Path without control characters or line breaks."""
    return "".join(char if char.isprintable() else "?" for char in str(path))
