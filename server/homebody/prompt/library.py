"""Prompt files: the actions of refactor, and the words of explain and ask.

In: folders of ``*.md`` files with TOML front matter. Out: ``PromptFile`` values and problems.
A file holds text and named ``$placeholders``, never code; a bad one is left out and told.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Literal, TypeAlias, cast, get_args

from homebody.prompt.files import shipped

Scope: TypeAlias = Literal["selection", "function", "file"]
Output: TypeAlias = Literal["replace", "insert", "explain"]

PLACEHOLDERS = frozenset({"code", "language", "path", "context", "instruction", "name"})
_MAX_BYTES = 64 * 1024
_FENCE = "+++"


@dataclass(frozen=True, slots=True)
class PromptFile:
    """One prompt file.

    ``sampling`` holds the numbers that the file sets for itself (``temperature``,
    ``repeat_penalty``, ``max_tokens`` in tokens); what is not there comes from the settings.
    """

    name: str
    title: str
    kind: str
    scope: Scope
    output: Output
    system: str
    body: str
    sampling: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def takes_context(self) -> bool:
        """Whether it shows the model what stands around the code."""
        return "context" in Template(self.body).get_identifiers()


@dataclass(frozen=True, slots=True)
class PromptProblem:
    """A prompt file that is left out, and why."""

    path: Path
    message: str


class PromptLibrary:
    """All prompt files: shipped ones, the user's, the workspace's; later ones win by name."""

    def __init__(self, user: Iterable[Path] = ()) -> None:
        base = shipped()
        self.problems: list[PromptProblem] = []
        self.explain = self._shipped(base / "explain.md")
        self.instruction = self._shipped(base / "instruction.md")
        self.surroundings = self._shipped(base / "surroundings.md")
        self.snippet = self._shipped(base / "snippet.md")
        self._actions: dict[str, PromptFile] = {}
        for folder in (base / "actions", *user):
            for item in self._read(folder):
                self._actions[item.name] = item

    @property
    def actions(self) -> tuple[PromptFile, ...]:
        """Actions in the order of their titles."""
        return tuple(sorted(self._actions.values(), key=lambda action: action.title))

    def action(self, name: str) -> PromptFile | None:
        """Return the action of that name."""
        return self._actions.get(name)

    def _shipped(self, path: Path) -> PromptFile:
        return parse(path.stem, path.read_text("utf-8"))

    def _read(self, folder: Path) -> Iterator[PromptFile]:
        root = folder.resolve()
        for path in sorted(folder.glob("*.md")):
            try:
                if not path.resolve().is_relative_to(root):
                    raise ValueError("it is a link that leads out of its folder")  # noqa: EM101, TRY003, TRY301 - told below with its path
                if path.stat().st_size > _MAX_BYTES:
                    raise ValueError("it is larger than 64 KiB")  # noqa: EM101, TRY003, TRY301 - told below with its path
                yield parse(path.stem, path.read_text("utf-8"))
            except (OSError, ValueError) as error:
                self.problems.append(PromptProblem(path, f"The prompt file {path} is left out: {error}."))


def parse(name: str, text: str) -> PromptFile:
    """Read one prompt file.

    Raises
    ------
    ValueError
        The front matter is missing or off, or a placeholder is unknown; the message says which.

    """
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].strip() != _FENCE:
        message = f"it does not begin with a line {_FENCE}"
        raise ValueError(message)
    try:
        end = next(i for i, line in enumerate(lines[1:], 1) if line.strip() == _FENCE)
    except StopIteration:
        message = f"its front matter has no closing line {_FENCE}"
        raise ValueError(message) from None
    head = tomllib.loads("".join(lines[1:end]))
    body = "".join(lines[end + 1 :]).strip()
    system = str(head.get("system", "")).strip()
    for template in (body, system):
        _check(template)
    numbers = {key: float(value) for key, value in head.items() if isinstance(value, int | float)}
    return PromptFile(
        name=name,
        title=str(head.get("title", name)),
        kind=_kind(str(head.get("kind", "refactor.rewrite"))),
        scope=cast("Scope", _one_of(head, "scope", get_args(Scope), "selection")),
        output=cast("Output", _one_of(head, "output", get_args(Output), "replace")),
        system=system,
        body=body,
        sampling=numbers,
    )


def _check(template: str) -> None:
    unknown = set(Template(template).get_identifiers()) - PLACEHOLDERS
    if unknown:
        known = ", ".join(f"${name}" for name in sorted(PLACEHOLDERS))
        message = f"it uses ${min(unknown)}, and there are only {known}"
        raise ValueError(message)


def _kind(kind: str) -> str:
    """Keep to kinds that no editor runs by itself at each save (FIELD-NOTES, Protocol)."""
    if kind.startswith(("source.fixAll", "source.organizeImports")):
        message = f"the kind {kind} would start the model at each save"
        raise ValueError(message)
    return kind


def _one_of(head: dict[str, object], key: str, allowed: tuple[str, ...], default: str) -> str:
    value = head.get(key, default)
    if value not in allowed:
        message = f"{key} is {value!r}, and may be {', '.join(allowed)}"
        raise ValueError(message)
    return str(value)
