"""Options of one source: each value checked by itself, nothing merged yet.

An invalid value is dropped; the other values of the source stay.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from homebody.settings.keys import (
    BadValue,
    Key,
    all_keys,
    camel_sections,
    checked,
    nearest,
    printable,
    read,
    sections,
    shorten,
)

Style: TypeAlias = Literal["snake", "camel", "variable"]
KeyPath: TypeAlias = tuple[str, ...]

# What all names begin with; in an editor, users read and search them with it.
_PREFIXES: Mapping[Style, str] = {"snake": "", "camel": "homebody.", "variable": "HOMEBODY_"}
# Problems of one source beyond this number are only counted: a hostile file could have a million.
_MAX_PROBLEMS = 10
# Similarity, by difflib, from which an unknown key may be meant as one that restricts.
_CLOSE = 0.8
# Unknown keys of one source beyond this number are all treated as close ones.
_MAX_COMPARED = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the settings that has no effect, and why.

    Attributes
    ----------
    key
        The key as the user wrote it, empty for a whole file.
    message
        One sentence, which begins with the source.
    file, line
        Where it stands, if it stands in a file; lines count from 1.
    stops
        Whether nothing may be sent to a model until it is corrected: a rule of the user's may be missing.

    """

    key: str
    message: str
    file: Path | None = None
    line: int | None = None
    stops: bool = False


@dataclass(frozen=True, slots=True)
class OptionsSource:
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
    file
        The file, if it is one.
    stops
        Which problems in it stop all prompts: ``"all"`` for what the user wrote for Homebody alone,
        ``"restricting"`` for an editor's settings, where other keys may be stale, ``"none"`` for a folder's.
    is_machines
        Whether it is the machine's file, which limits what users may set.

    """

    name: str
    style: Style
    base: Path
    folder: Path | None = None
    trusted: bool = False
    file: Path | None = None
    stops: Literal["all", "restricting", "none"] = "all"
    is_machines: bool = False

    def spelled(self, key: Key) -> str:
        """Name of ``key`` as it is written in this source."""
        names = {"snake": key.snake, "camel": self.full(key.camel), "variable": key.variable}
        return names[self.style]

    def full(self, name: str) -> str:
        """Put the section before a name, as it is written in an editor's settings."""
        return _PREFIXES["camel"] + name if self.style == "camel" else name


@dataclass(frozen=True, slots=True)
class SourceValues:
    """Options from one source. Every key is optional; every value is valid.

    ``is_closed`` if a pattern of ``context.ignore`` may be missing.
    """

    source: OptionsSource
    values: Mapping[Key, object]
    is_closed: bool = False


def from_tree(
    tree: Mapping[str, object],
    source: OptionsSource,
    line_of: Callable[[KeyPath], int | None] = lambda _: None,
) -> tuple[SourceValues, list[Problem]]:
    """Check a tree of tables. ``None`` (LSP's null) means not set."""
    keys = _keys_by_path(source.style)
    values: dict[Key, object] = {}
    problems = _ProblemList(source, line_of)
    tables = _tables(source.style)
    for path, sent in _leaves(tree, (), tables):
        key = keys.get(path)
        # An empty table of Lua arrives as an empty list.
        if sent is None or (path in tables and sent == []):
            continue
        if key is None:
            problems.add_unknown(path, sent)
        else:
            _take(key, sent, lambda key=key, sent=sent: checked(key, sent), values, problems)
    return SourceValues(source, values, problems.is_closed), problems.listed()


def from_texts(texts: Iterable[tuple[str, str]], source: OptionsSource) -> tuple[SourceValues, list[Problem]]:
    """Check texts by name, from variables and flags. An empty text means not set."""
    keys = _keys_by_any_name()
    values: dict[Key, object] = {}
    problems = _ProblemList(source)
    for name, text in texts:
        key = keys.get(name)
        if key is None:
            problems.add_unknown((name,), text)
        elif text:
            _take(key, text, lambda key=key, text=text: read(key, text), values, problems)
    return SourceValues(source, values, problems.is_closed), problems.listed()


class _ProblemList:
    """Problems of one source, the first few in full."""

    def __init__(
        self, source: OptionsSource, line_of: Callable[[KeyPath], int | None] = lambda _: None
    ) -> None:
        self.source = source
        self.is_closed = False
        self._line_of = line_of
        self._listed: list[Problem] = []
        self._more = 0
        self._more_stop = False
        self._compared = 0

    def add(self, key: str, message: Callable[[], str], path: KeyPath, *, restricting: bool) -> None:
        source = self.source
        stops = source.stops == "all" or (source.stops == "restricting" and restricting)
        if len(self._listed) < _MAX_PROBLEMS:
            line = self._line_of(path)
            where = source.name if line is None else f"{source.name}:{line}"
            problem = Problem(printable(key), f"{where}: {message()}.", source.file, line, stops)
            self._listed.append(problem)
        else:
            self._more += 1
            self._more_stop |= stops

    def add_unknown(self, path: KeyPath, sent: object) -> None:
        source = self.source
        name = source.full(".".join(path))
        self._compared += 1
        if self._compared > _MAX_COMPARED:
            self.is_closed = restricting = True
        else:
            meant = {inner: _resembled(inner) for inner in _nested(path, sent)}
            restricting = path in _tables(source.style) or any(
                known or inner[0] == "context" for inner, known in meant.items()
            )
            self.is_closed |= path == ("context",) or _IGNORE in meant.values()
        self.add(name, lambda: _unknown(path, sent, source), path, restricting=restricting)

    def listed(self) -> list[Problem]:
        if not self._more:
            return self._listed
        source = self.source
        message = f"{source.name}: {self._more} more keys have problems."
        return [*self._listed, Problem("", message, source.file, stops=self._more_stop)]


_IGNORE = "context.ignore"


def _nested(path: KeyPath, sent: object) -> Iterator[KeyPath]:
    """Yield the paths of the values below an unknown key, for a misspelt name of a section."""
    if isinstance(sent, Mapping) and len(path) <= 3:
        for name, value in cast("Mapping[str, object]", sent).items():
            yield from _nested((*path, *name.split(".")), value)
    else:
        yield path


def _resembled(path: KeyPath) -> str:
    """Return the key that restricts and that ``path`` looks like, in lower case; empty if there is none."""
    # difflib is quadratic in the length, which a hostile file controls.
    name = ".".join(path)[:80].lower().replace("_", "")
    names = _restricting()
    # A key that lies deeper belongs to another program: ``yaml.completion.enabled``.
    as_deep = [known for known in names if known.count(".") + 1 >= len(path)]
    close = difflib.get_close_matches(name, as_deep, n=1, cutoff=_CLOSE)
    last = [known for known in names if len(path) == 1 and known.endswith(f".{name}")]
    # Below a section of another name, such as ``settings.context.ignore``.
    inner = [known for known in names if known.startswith("context.") and name.endswith(f".{known}")]
    return next(iter((*close, *last, *inner)), "")


@cache
def _restricting() -> tuple[str, ...]:
    return tuple(key.camel.lower() for key in all_keys() if key.restricts)


def _take(
    key: Key, sent: object, convert: Callable[[], object], values: dict[Key, object], problems: _ProblemList
) -> None:
    """Store the value, or report what is wrong with it."""
    try:
        value = convert()
    except BadValue:
        name = problems.source.spelled(key)
        shown = "the value given" if key.secret else shorten(sent)
        problems.is_closed |= key.camel == _IGNORE
        problems.add(
            name,
            lambda: f"`{name}` cannot be {shown}; it has to be {key.allowed}",
            key.path,
            restricting=key.restricts,
        )
    else:
        if value is not None and key.camel == _IGNORE:
            # A client may send the list flat and nested, a flag may be repeated: patterns add up.
            value = (*cast("tuple[str, ...]", values.get(key, ())), *cast("tuple[str, ...]", value))
        if value is not None:
            values[key] = value


def _leaves(
    tree: Mapping[str, object], path: KeyPath, tables: Collection[KeyPath]
) -> Iterator[tuple[KeyPath, object]]:
    """All values with their paths; only known sections are entered, so the depth is bounded.

    A dotted name counts as nested, since some clients send settings flat.
    """
    for name, value in tree.items():
        here = (*path, *name.split("."))
        if here in tables and isinstance(value, Mapping):
            yield from _leaves(cast("Mapping[str, object]", value), here, tables)
        else:
            yield here, value


def _tables(style: Style) -> Collection[KeyPath]:
    return sections() if style == "snake" else camel_sections()


@cache
def _keys_by_path(style: Style) -> Mapping[KeyPath, Key]:
    return {tuple((key.snake if style == "snake" else key.camel).split(".")): key for key in all_keys()}


@cache
def _keys_by_any_name() -> Mapping[str, Key]:
    return {name: key for key in all_keys() for name in (key.snake, key.camel, key.variable)}


def _unknown(path: KeyPath, sent: object, source: OptionsSource) -> str:
    name = source.full(".".join(path))
    if path in _tables(source.style):
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
        names = [source.full(".".join(section)) for section in _tables(source.style) if section]
    else:
        names = [source.spelled(key) for key in all_keys()]
    prefix = _PREFIXES[source.style]
    meant = nearest(name.removeprefix(prefix), [known.removeprefix(prefix) for known in names])
    advice = f"the nearest is `{prefix}{meant}`" if meant else "`homebody config show` lists all of them"
    return f"there is no setting `{printable(name)}`; {advice}"
