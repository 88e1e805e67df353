"""Merge all sources of settings, in order.

In: files, variables and what the editor or the command line sent. Out: ``Settings`` and problems.
Invalid content never raises: for an invalid value, that of an earlier source or the default is used.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from homebody.settings import paths, trust
from homebody.settings.files import Unreadable, read_tree
from homebody.settings.keys import Key, all_keys, by_path
from homebody.settings.options import KeyPath, Options, Problem, Source, from_texts, from_tree
from homebody.settings.schema import Settings

_USE_BLOCKS = (("completion", "backend"), ("chat", "backend"))
_BLOCKS: tuple[KeyPath, ...] = (("backend",), *_USE_BLOCKS)
# They belong to one server: a source that names another server does not inherit them.
_OF_ONE_SERVER = ("url", "model", "api_key", "context_length")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, problems, and the source of each value (by snake-case key)."""

    settings: Settings
    problems: tuple[Problem, ...]
    origins: Mapping[str, str]


def load_settings(
    *,
    workspace: Path | None = None,
    user_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    initialization_options: object = None,
    configuration: object = None,
    flags: Mapping[str, str] | None = None,
) -> tuple[Settings, list[Problem]]:
    """Read every source; later ones win.

    Parameters
    ----------
    workspace
        Folder whose ``.homebody.toml`` is read; trusted only if the user's file says so.
    user_file
        Used instead of ``paths.user_file()``.
    environ
        Used instead of ``os.environ``.
    initialization_options, configuration
        Plain values from the client: the object, or one with a ``homebody`` object in it.
    flags
        Texts by key, snake or camel case: ``{"completion.max_tokens": "64"}``.

    """
    loaded = load(
        workspace=workspace,
        user_file=user_file,
        environ=environ,
        initialization_options=initialization_options,
        configuration=configuration,
        flags=flags,
    )
    return loaded.settings, list(loaded.problems)


def load(
    *,
    workspace: Path | None = None,
    user_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    initialization_options: object = None,
    configuration: object = None,
    flags: Mapping[str, str] | None = None,
) -> Loaded:
    """Read every source as ``load_settings`` does, and record where each value comes from."""
    environ = os.environ if environ is None else environ
    user_file = user_file or paths.user_file()
    here = Path.cwd() if workspace is None else workspace
    merge = _Merge(environ, user_file)

    own = Source(str(user_file), "snake", base=user_file.parent)
    options, problems = _from_file(user_file, own)
    folders, options = _without_trust(options)
    trusted = trust.is_trusted(workspace, folders)
    merge.add(options, problems)
    merge.trust(folders, own.name)
    if workspace is not None:
        source = Source(".homebody.toml", "snake", base=workspace, folder=workspace, trusted=trusted)
        merge.add(*_from_file(paths.workspace_file(workspace), source))
    variables = [(name, environ[name]) for name in sorted(environ) if _is_setting(name)]
    merge.add(*from_texts(variables, Source("environment", "variable", base=Path.cwd())))
    source = Source("editor settings", "camel", base=here)
    merge.add(*_from_client(initialization_options, source))
    source = Source("editor settings", "camel", base=here, folder=here, trusted=trusted)
    merge.add(*_from_client(configuration, source))
    source = Source("command line", "snake", base=Path.cwd())
    merge.add(*from_texts((flags or {}).items(), source))
    return merge.finish()


class _Merge:
    """Collects the values of all sources; later sources replace earlier ones."""

    def __init__(self, environ: Mapping[str, str], user_file: Path) -> None:
        self._environ = environ
        self._user_file = user_file
        self._values: dict[Key, object] = {}
        self._origins: dict[str, str] = {}
        self._problems: list[Problem] = []

    def add(self, options: Options, problems: list[Problem]) -> None:
        self._problems += problems
        options, refused = trust.vet(options, self._values, self._user_file)
        self._problems += refused
        for block in _BLOCKS:
            # Values that an earlier source set for another server do not apply to this one.
            if self._kind(block, options.values) != (kind := self._kind(block, {})) and kind != "auto":
                self._drop_server(block)
        for key, value in options.values.items():
            self._add_value(key, value, options)

    def trust(self, folders: tuple[str, ...], origin: str) -> None:
        """Store the trusted folders, which are only read from the user's file."""
        if folders:
            key = by_path()["trusted_folders",]
            self._values[key] = folders
            self._origins[key.snake] = origin

    def _kind(self, block: KeyPath, newer: Mapping[Key, object]) -> object:
        known = {**self._values, **newer}
        own, base = by_path()[*block, "kind"], by_path()["backend", "kind"]
        return known.get(own, known.get(base, "auto"))

    def _drop_server(self, block: KeyPath) -> None:
        for name in _OF_ONE_SERVER:
            key = by_path()[*block, name]
            self._values.pop(key, None)
            self._origins.pop(key.snake, None)

    def _add_value(self, key: Key, value: object, options: Options) -> None:
        source = options.source
        if key.path[-1] == "api_key_env":
            target = by_path()[*key.path[:-1], "api_key"]
            if target in options.values:
                return
            secret = self._environ.get(str(value))
            if not secret:
                message = (
                    f"{source.name}: `{source.spelled(key)}` names {value}, and no such variable is set."
                )
                self._problems.append(Problem(source.spelled(key), message))
                return
            key, value = target, secret
        before = self._values.get(key)
        if key.path == ("completion", "languages"):
            value = {**cast("dict[str, bool]", before or {}), **cast("dict[str, bool]", value)}
        self._values[key] = value
        self._origins[key.snake] = source.name

    def finish(self) -> Loaded:
        tree: dict[str, dict[str, object]] = {}
        trusted = self._values.pop(by_path()["trusted_folders",], ())
        for key, value in self._values.items():
            table = tree
            for part in key.path[:-1]:
                table = cast("dict[str, dict[str, object]]", table.setdefault(part, {}))
            cast("dict[str, object]", table)[key.path[-1]] = value
        for use, block in _USE_BLOCKS:
            section = tree.setdefault(use, {})
            section[block] = _inherited(
                tree.get("backend", {}), cast("dict[str, object]", section.get(block, {}))
            )
        settings = msgspec.convert({**tree, "trusted_folders": trusted}, Settings)
        return Loaded(settings, tuple(self._problems), self._origins)


def _without_trust(options: Options) -> tuple[tuple[str, ...], Options]:
    """Remove ``trusted_folders`` from the tree of the user's file, the only source where it has an effect."""
    values = dict(options.values)
    folders = values.pop(by_path()["trusted_folders",], ())
    return cast("tuple[str, ...]", folders), Options(options.source, values)


def _inherited(base: Mapping[str, object], override: Mapping[str, object]) -> dict[str, object]:
    """Fill in values that an override does not set; a key or a model is never used with another server."""
    kind = base.get("kind", "auto")
    moved = override.get("kind", kind) != kind or override.get("url", base.get("url")) != base.get("url")
    rest = {name: value for name, value in base.items() if not (moved and name in _OF_ONE_SERVER)}
    if "url" in override and kind in {"embedded", "scripted"}:  # these have no address
        rest.pop("kind", None)
    return {**rest, **override}


def _from_file(path: Path, source: Source) -> tuple[Options, list[Problem]]:
    try:
        return from_tree(read_tree(path), source)
    except Unreadable as error:
        return Options(source, {}), [Problem("", f"{source.name}: {error}, so the whole file is ignored.")]


def _from_client(sent: object, source: Source) -> tuple[Options, list[Problem]]:
    if sent is None:
        return Options(source, {}), []
    if not isinstance(sent, Mapping):
        return Options(source, {}), [
            Problem("", f"{source.name}: settings must be an object, so it is ignored.")
        ]
    tree = cast("Mapping[str, object]", sent)
    inner = tree.get("homebody")
    if isinstance(inner, Mapping):
        tree = cast("Mapping[str, object]", inner)
    return from_tree({name.removeprefix("homebody."): value for name, value in tree.items()}, source)


def _is_setting(variable: str) -> bool:
    """Whether a variable is meant to be a setting: Homebody has other variables too."""
    if not variable.startswith("HOMEBODY_"):
        return False
    names = [key.variable for key in all_keys()]
    section = variable.split("_")[1]
    return any(name.split("_")[1] == section for name in names) or bool(
        difflib.get_close_matches(variable, names, n=1, cutoff=0.85)
    )
