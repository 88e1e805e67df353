"""Options of one source: each value checked by itself, nothing merged yet.

An invalid value is dropped; the other values of the source stay.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from homebody.settings.keys import (
    BadValue,
    Key,
    Style,
    all_keys,
    checked,
    nearest,
    printable,
    read,
    shorten,
)

KeyPath: TypeAlias = tuple[str, ...]

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
    stops
        Whether nothing may be sent to a model until it is corrected: a rule of the user's may be missing.
    file
        The file to correct, if it is one.

    """

    key: str
    message: str
    stops: bool = False
    file: Path | None = None


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
        return self.full(key.named(self.style))

    def full(self, name: str) -> str:
        """Put the section before a name, as it is written in an editor's settings."""
        return f"homebody.{name}" if self.style == "camel" else name


@dataclass(frozen=True, slots=True)
class SourceValues:
    """Options from one source, and what is wrong there. Every key is optional; every value is valid.

    ``is_closed`` if a pattern of ``context.ignore`` may be missing.
    """

    source: OptionsSource
    values: Mapping[Key, object] = field(default_factory=dict[Key, object])
    problems: Sequence[Problem] = ()
    is_closed: bool = False


def from_tree(tree: Mapping[str, object], source: OptionsSource) -> SourceValues:
    """Check a tree of tables. ``None`` (LSP's null) means not set."""
    tables = _tables(source.style)
    leaves = _leaves(tree, "", tables)
    sent = ((name, value) for name, value in leaves if value is not None)
    # An empty table of Lua arrives as an empty list.
    sent = ((name, value) for name, value in sent if name not in tables or value != [])
    return _checked(sent, _by_name(source.style), checked, source)


def from_texts(texts: Iterable[tuple[str, str]], source: OptionsSource) -> SourceValues:
    """Check texts by name, from variables and flags. An empty text means not set."""
    keys = {**_by_name("snake"), **_by_name("camel"), **_by_name("variable")}
    return _checked(texts, keys, lambda key, text: read(key, str(text)) if text else None, source)


def _checked(
    sent: Iterable[tuple[str, object]],
    keys: Mapping[str, Key],
    convert: Callable[[Key, object], object],
    source: OptionsSource,
) -> SourceValues:
    """Return the values by key, and a problem for each name or value that is not allowed."""
    values: dict[Key, object] = {}
    wrong: list[_Wrong] = []
    for name, given in sent:
        key = keys.get(name)
        try:
            value = None if key is None else convert(key, given)
        except BadValue:
            value = None
            wrong.append((name, key, given))
        if key is None:
            wrong.append((name, None, given))
        elif value is not None and key.camel == _IGNORE:
            # A client may send the list flat and nested, a flag may be repeated: patterns add up.
            values[key] = (*cast("tuple[str, ...]", values.get(key, ())), *cast("tuple[str, ...]", value))
        elif value is not None:
            values[key] = value
    rules = [
        _rules_in(item, source) if number < _MAX_COMPARED else {_IGNORE} for number, item in enumerate(wrong)
    ]
    stops = [source.stops == "all" or (source.stops == "restricting" and bool(meant)) for meant in rules]
    problems = [
        _problem(item, source, stops=stop) for item, stop in zip(wrong[:_MAX_PROBLEMS], stops, strict=False)
    ]
    if (more := len(wrong) - _MAX_PROBLEMS) > 0:
        message = f"{source.name}: {more} more keys have problems."
        problems.append(Problem("", message, any(stops[_MAX_PROBLEMS:]), source.file))
    return SourceValues(source, values, problems, is_closed=any(_IGNORE in meant for meant in rules))


def _problem(wrong: "_Wrong", source: OptionsSource, *, stops: bool) -> Problem:
    name, key, sent = wrong
    if key is None:
        spelled, message = source.full(name), _unknown(name, sent, source)
    else:
        shown, spelled = "the value given" if key.secret else shorten(sent), source.spelled(key)
        message = f"`{spelled}` cannot be {shown}; it has to be {key.allowed}"
    return Problem(printable(spelled), f"{source.name}: {message}.", stops, source.file)


def _rules_in(wrong: "_Wrong", source: OptionsSource) -> set[str]:
    """Return the keys that restrict and that may be meant by what is wrong."""
    name, key, sent = wrong
    if key is not None:
        return {key.camel} if key.restricts else set()
    restricting = [known for known in all_keys() if known.restricts]
    below = {known.camel for known in restricting if known.named(source.style).startswith(f"{name}.")}
    names = list(_nested(name, sent))
    return (
        below | {*map(_resembled, names)} - {""} | {inner for inner in names if inner.startswith("context.")}
    )


_Wrong: TypeAlias = tuple[str, Key | None, object]
"""A name, its key if there is one, and the value that was sent."""

_IGNORE = "context.ignore"


def _nested(name: str, sent: object) -> Iterator[str]:
    """Yield the names of the values below an unknown key, for a misspelt name of a section."""
    if isinstance(sent, Mapping) and name.count(".") < 3:
        for inner, value in cast("Mapping[str, object]", sent).items():
            yield from _nested(f"{name}.{inner}", value)
    else:
        yield name


def _resembled(name: str) -> str:
    """Return the key that restricts and that ``name`` looks like, in lower case; empty if there is none."""
    # difflib is quadratic in the length, which a hostile file controls.
    plain, depth = name[:80].lower().replace("_", ""), name.count(".")
    names = [key.camel.lower() for key in all_keys() if key.restricts]
    # A key that lies deeper belongs to another program: ``yaml.completion.enabled``.
    as_deep = [known for known in names if known.count(".") >= depth]
    close = difflib.get_close_matches(plain, as_deep, n=1, cutoff=_CLOSE)
    last = [known for known in names if not depth and known.endswith(f".{plain}")]
    # Below a section of another name, such as ``settings.context.ignore``.
    inner = [known for known in names if known.startswith("context.") and plain.endswith(f".{known}")]
    return next(iter((*close, *last, *inner)), "")


def _leaves(tree: Mapping[str, object], above: str, tables: Collection[str]) -> Iterator[tuple[str, object]]:
    """All values with their names; only known sections are entered, so the depth is bounded.

    A dotted name counts as nested, since some clients send settings flat.
    """
    for last, value in tree.items():
        name = f"{above}{last}"
        if name in tables and isinstance(value, Mapping):
            yield from _leaves(cast("Mapping[str, object]", value), f"{name}.", tables)
        else:
            yield name, value


@cache
def _by_name(style: Style) -> Mapping[str, Key]:
    return {key.named(style): key for key in all_keys()}


@cache
def _tables(style: Style) -> Collection[str]:
    return {name.rpartition(".")[0] for name in _by_name(style)} - {""}


def _unknown(name: str, sent: object, source: OptionsSource) -> str:
    shown, last = printable(source.full(name)), name.rpartition(".")[2]
    if name in _tables(source.style):
        return f"`{shown}` cannot be {shorten(sent)}; it is a table of settings"
    # TOML: what stands below a [section] belongs to it.
    if source.style == "snake" and last != name and last in _by_name("snake"):
        return f"there is no setting `{shown}`; put `{last}` above the first [section]"
    names = _tables(source.style) if isinstance(sent, Mapping) else _by_name(source.style)
    prefix = "HOMEBODY_" if source.style == "variable" else ""
    meant = nearest(name.removeprefix(prefix), [known.removeprefix(prefix) for known in names])
    advice = (
        f"the nearest is `{source.full(prefix + meant)}`"
        if meant
        else "`homebody config show` lists all of them"
    )
    return f"there is no setting `{shown}`; {advice}"
