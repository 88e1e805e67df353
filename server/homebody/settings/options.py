"""Options of one source: each value checked by itself, nothing merged yet.

In: a tree of tables (TOML, LSP) or names with texts (variables, flags). Out: ``Options`` and the
problems found. An invalid value is dropped; the other values of the source are kept.
Knows nothing of files or of other sources.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from homebody.settings.keys import Key, all_keys, nearest, sections
from homebody.settings.values import BadValue, checked, printable, read, shorten

Style: TypeAlias = Literal["snake", "camel", "variable"]
KeyPath: TypeAlias = tuple[str, ...]

# Section of the settings in an editor: what the user reads and searches there begins with it.
_SECTION = "homebody"
# Problems of one source beyond this number are only counted: a hostile file could have a million.
_MAX_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the settings that has no effect, and why.

    ``key`` is the key as the user wrote it, empty for a whole file; ``message`` is one sentence.
    """

    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source of options.

    Attributes
    ----------
    name
        For messages: ``".homebody.toml"``, ``"command line"``.
    style
        How keys are written there.
    base
        Folder that relative paths start from.
    folder
        Folder whose files control its content; ``None`` for the user's own sources.
    trusted
        Whether the user trusts that folder.

    """

    name: str
    style: Style
    base: Path
    folder: Path | None = None
    trusted: bool = False

    def spelled(self, key: Key) -> str:
        """Name of ``key`` as it is written in this source."""
        names = {"snake": key.snake, "camel": self.full(key.camel), "variable": key.variable}
        return names[self.style]

    def full(self, name: str) -> str:
        """Put the section before a name, as it is written in an editor's settings."""
        return f"{_SECTION}.{name}" if self.style == "camel" else name


@dataclass(frozen=True, slots=True)
class Options:
    """Options from one source. Every key is optional; every value is valid."""

    source: Source
    values: Mapping[Key, object]


def from_tree(tree: Mapping[str, object], source: Source) -> tuple[Options, list[Problem]]:
    """Check a tree of tables. ``None`` (LSP's null) means not set."""
    keys = _keys_by_path(source.style)
    values: dict[Key, object] = {}
    problems = _Problems(source)
    for path, sent in _leaves(tree, ()):
        key = keys.get(path)
        if sent is None:
            continue
        if key is None:
            name = source.full(".".join(path))
            problems.add(name, lambda path=path, sent=sent: _unknown(path, sent, source))
        else:
            _take(key, sent, lambda key=key, sent=sent: checked(key, sent), values, problems)
    return Options(source, values), problems.listed()


def from_texts(texts: Iterable[tuple[str, str]], source: Source) -> tuple[Options, list[Problem]]:
    """Check texts by name, from variables and flags. An empty text means not set."""
    keys = _keys_by_any_name()
    values: dict[Key, object] = {}
    problems = _Problems(source)
    for name, text in texts:
        key = keys.get(name)
        if key is None:
            problems.add(name, lambda name=name, text=text: _unknown((name,), text, source))
        elif text:
            _take(key, text, lambda key=key, text=text: read(key, text), values, problems)
    return Options(source, values), problems.listed()


class _Problems:
    """Problems of one source, the first few in full."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._listed: list[Problem] = []
        self._more = 0

    def add(self, key: str, message: Callable[[], str]) -> None:
        if len(self._listed) < _MAX_PROBLEMS:
            self._listed.append(Problem(printable(key), f"{self.source.name}: {message()}."))
        else:
            self._more += 1

    def listed(self) -> list[Problem]:
        if not self._more:
            return self._listed
        more = Problem("", f"{self.source.name}: {self._more} more keys have problems.")
        return [*self._listed, more]


def _take(
    key: Key, sent: object, convert: Callable[[], object], values: dict[Key, object], problems: _Problems
) -> None:
    """Store the value, or report what is wrong with it."""
    try:
        value = convert()
    except BadValue:
        name = problems.source.spelled(key)
        shown = "the value given" if key.secret else shorten(sent)
        problems.add(name, lambda: f"`{name}` cannot be {shown}; it has to be {key.allowed}")
    else:
        if value is not None:
            values[key] = value


def _leaves(tree: Mapping[str, object], path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """All values with their paths; only known sections are entered, so the depth is bounded.

    A dotted name counts as nested, since some clients send settings flat.
    """
    for name, value in tree.items():
        here = (*path, *name.split("."))
        # Names of sections are single words, so they are the same in both styles.
        if here in sections() and isinstance(value, Mapping):
            yield from _leaves(cast("Mapping[str, object]", value), here)
        else:
            yield here, value


@cache
def _keys_by_path(style: Style) -> Mapping[KeyPath, Key]:
    return {tuple((key.snake if style == "snake" else key.camel).split(".")): key for key in all_keys()}


@cache
def _keys_by_any_name() -> Mapping[str, Key]:
    return {name: key for key in all_keys() for name in (key.snake, key.camel, key.variable)}


def _unknown(path: KeyPath, sent: object, source: Source) -> str:
    name = source.full(".".join(path))
    if path in sections():
        return f"`{name}` cannot be {shorten(sent)}; it is a table of settings"
    if source.style == "snake" and len(path) > 1:  # TOML: what stands below a [section] belongs to it
        last = path[-1:]
        if last in _keys_by_path("snake"):
            return f"there is no setting `{printable(name)}`; put `{path[-1]}` above the first [section]"
        if last in sections():
            return (
                f"there is no setting `{printable(name)}`; write its keys under [{path[-1]}], "
                f"without `{path[-1]}.`"
            )
    if isinstance(sent, Mapping):
        names = [source.full(".".join(section)) for section in sections() if section]
    else:
        names = [source.spelled(key) for key in all_keys()]
    return f"there is no setting `{printable(name)}`; the nearest is `{nearest(name, names)}`"
