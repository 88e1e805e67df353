"""Merge all sources of settings, in order.

In: files, variables and what the editor or the command line sent. Out: ``Settings`` and problems.
Invalid content never raises: an invalid value is left out. If a rule of the user's may be missing then,
``Loaded.stops`` has the problem, and nothing may be sent to a model.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from homebody.errors import SettingsBroken
from homebody.settings import paths, trust
from homebody.settings.files import Unreadable, read_tree
from homebody.settings.keys import Key, by_path
from homebody.settings.options import KeyPath, Options, Problem, Source, from_texts, from_tree
from homebody.settings.schema import FolderIgnore, Settings

_USE_BLOCKS = (("completion", "backend"), ("next_edit", "backend"), ("chat", "backend"))
_BLOCKS: tuple[KeyPath, ...] = (("backend",), *_USE_BLOCKS)
# Maximum number of patterns of all the user's sources together (``workspace/patterns.py``).
_MOST_PATTERNS = 2_000
# Maximum number of problems that an error shows in full.
_MOST_SHOWN = 3
# Variables that are no settings: of folders, of commands that Homebody runs, and of its development.
_OTHER_VARIABLES = frozenset(
    {"CACHE_DIR", "CONFIG_DIR", "CONFIG_FILE", "DATA_DIR", "DEBUG", "EDITORS_DIR", "FILE", "STATE_DIR"}
)
# They belong to one server: a source that names another server does not inherit them.
_OF_ONE_SERVER = ("url", "model", "api_key", "context_length")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, problems, and the source of each value (by snake-case key)."""

    settings: Settings
    problems: tuple[Problem, ...]
    origins: Mapping[str, str]

    @property
    def stops(self) -> tuple[Problem, ...]:
        """The problems because of which nothing may be sent to a model."""
        return tuple(problem for problem in self.problems if problem.stops)

    @property
    def error(self) -> SettingsBroken | None:
        """The error that every prompt ends with until ``stops`` is empty."""
        return error_of(self.problems)


def error_of(problems: Iterable[Problem]) -> SettingsBroken | None:
    """Return the error for the problems that stop all prompts, ``None`` if none of them does."""
    stops = list(dict.fromkeys(problem.message for problem in problems if problem.stops))
    if not stops:
        return None
    rest = len(stops) - _MOST_SHOWN
    more = [f"{rest} more of your settings are wrong."] if rest > 0 else []
    advice = "Nothing is sent to a model until this is corrected."
    return SettingsBroken(" ".join([*stops[:_MOST_SHOWN], *more, advice]))


def load_settings(
    *,
    workspace: Path | None = None,
    user_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    initialization_options: object = None,
    configuration: object = None,
    flags: Mapping[str, str] | None = None,
) -> tuple[Settings, list[Problem]]:
    """Read every source as ``load`` does; return the settings and the problems."""
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
    folder_configuration: object = None,
    flags: Mapping[str, str] | None = None,
) -> Loaded:
    """Read every source; later ones win, except that rules add up and a folder can only narrow.

    Parameters
    ----------
    workspace
        Folder whose ``.homebody.toml`` is read; trusted only if the user's file says so.
    user_file
        Used instead of ``paths.user_file()``.
    environ
        Used instead of ``os.environ``.
    initialization_options, configuration, folder_configuration
        Plain values from the client: the object, or one with a ``homebody`` object in it. The last one is
        the configuration of ``workspace`` alone, in a window with several folders.
    flags
        Texts by key, snake or camel case: ``{"completion.max_tokens": "64"}``.

    """
    environ = os.environ if environ is None else environ
    user_file = user_file or paths.user_file()
    here = Path.cwd() if workspace is None else workspace

    own = Source(str(user_file), "snake", base=user_file.parent, file=user_file)
    options, problems = _from_file(user_file, own)
    if user_file == paths.named_file() and not os.path.lexists(user_file):
        message = f"HOMEBODY_CONFIG_FILE: {user_file} does not exist; check the path."
        problems.append(Problem("", message, stops=True))
    folders, options = _without_trust(options)
    trusted = trust.is_trusted(workspace, folders)
    sources = [(options, problems)]
    if workspace is not None:
        file = paths.workspace_file(workspace)
        source = Source(".homebody.toml", "snake", workspace, workspace, trusted, file, "none")
        sources.append(_from_file(file, source))
    variables = [(name, environ[name]) for name in sorted(environ) if _is_setting(name)]
    sources.append(from_texts(variables, Source("environment", "variable", base=Path.cwd())))
    source = Source("editor settings", "camel", base=here, stops="restricting")
    sources.append(_from_client(initialization_options, source))
    source = Source("editor settings", "camel", here, here, trusted, stops="restricting")
    sources.append(_from_client(configuration, source))
    sources.append(_from_client(folder_configuration, source))
    source = Source("command line", "snake", base=Path.cwd())
    sources.append(from_texts((flags or {}).items(), source))

    merge = _Merge(environ, user_file, workspace, [options for options, _ in sources])
    merge.trust(folders, own.name)
    for options, problems in sources:
        merge.add(options, problems)
    return merge.finish()


def narrowed(settings: Settings, of_folders: Sequence[Settings]) -> Settings:
    """Return the settings of a workspace with what any of its folders excludes or limits."""
    every = (settings, *of_folders)
    context = msgspec.structs.replace(
        settings.context,
        snippets=all(one.context.snippets for one in every),
        max_file_bytes=min(one.context.max_file_bytes for one in every),
    )
    ignore = dict.fromkeys(rules for one in every for rules in one.folder_ignore)
    return msgspec.structs.replace(settings, context=context, folder_ignore=tuple(ignore))


class _Merge:
    """Collects the values of all sources; later sources replace earlier ones, and rules add up."""

    def __init__(
        self,
        environ: Mapping[str, str],
        user_file: Path,
        workspace: Path | None,
        sources: Iterable[Options],
    ) -> None:
        self._environ = environ
        self._user_file = user_file
        self._workspace = workspace
        self._values: dict[Key, object] = {}
        self._origins: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._ignore: tuple[str, ...] = ()
        self._folder_ignore: list[tuple[str, ...]] = []
        self._limits: dict[Key, object] = {}
        for options in sources:
            if options.source.folder is None:
                for key in options.values.keys() & {by_path()[path] for path in trust.NARROWED}:
                    self._limits[key] = _joined(self._limits.get(key), options.values[key])

    def add(self, options: Options, problems: list[Problem]) -> None:
        self._problems += problems
        self._add_patterns(options)
        sent, limits, is_own = options.values, dict(self._limits), options.source.folder is None
        options, refused = trust.vet(options, self._values, self._limits, self._user_file)
        self._problems += refused
        for key, value in self._limits.items():
            if (is_own and key in sent) or limits.get(key, key.default) != value:
                self._origins[key.snake] = options.source.name
        for block in _BLOCKS:
            # Values that an earlier source set for another server do not apply to this one.
            if self._kind(block, options.values) != (kind := self._kind(block, {})) and kind != "auto":
                self._drop_server(block)
        for key, value in options.values.items():
            self._add_value(key, value, options)

    def _add_patterns(self, options: Options) -> None:
        """Add the patterns of one source to those of the others; none of them is ever taken away."""
        key = by_path()["context", "ignore"]
        patterns = cast("tuple[str, ...]", options.values.get(key, ()))
        if options.source.folder is None:
            self._ignore += patterns
        elif options.is_closed:
            # What the list would exclude is not known, so no file of the folder is sent.
            self._folder_ignore.append(("*",))
        elif patterns:
            self._folder_ignore.append(patterns)
        if patterns:
            self._origins[key.snake] = options.source.name

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
        self._values[key] = value
        self._origins[key.snake] = source.name

    def finish(self) -> Loaded:
        tree: dict[str, dict[str, object]] = {}
        trusted = self._values.pop(by_path()["trusted_folders",], ())
        ignore = by_path()["context", "ignore"]
        folder_ignore: list[FolderIgnore] = []
        if self._workspace is None:
            # Without a folder, an editor's settings are the user's. They come first, so that none of them
            # includes again what the user's own files exclude.
            self._ignore = (*(one for patterns in self._folder_ignore for one in patterns), *self._ignore)
        else:
            folder = str(self._workspace.absolute())
            folder_ignore += [FolderIgnore(folder, patterns) for patterns in self._folder_ignore]
        if len(self._ignore) > _MOST_PATTERNS:
            message = (
                f"{self._user_file} and your other settings: `context.ignore` has {len(self._ignore)} "
                f"patterns in all, and no more than {_MOST_PATTERNS} can be applied."
            )
            self._problems.append(Problem(ignore.snake, message, stops=True))
        for key, value in {**self._values, **self._limits}.items():
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
        # Set after the check: all sources together may have more patterns than one.
        context = msgspec.structs.replace(settings.context, ignore=self._ignore)
        settings = msgspec.structs.replace(settings, context=context, folder_ignore=tuple(folder_ignore))
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


def _joined(before: object, value: object) -> object:
    """Return the later value of two; tables by name are joined."""
    if not (isinstance(before, Mapping) and isinstance(value, Mapping)):
        return value
    return {**cast("Mapping[str, object]", before), **cast("Mapping[str, object]", value)}


def _from_file(path: Path, source: Source) -> tuple[Options, list[Problem]]:
    try:
        file = read_tree(path, is_needed=source.folder is None)
    except Unreadable as error:
        stops = source.folder is None
        effect = "" if stops else ", so no file of this folder goes into a prompt: a rule may be missing"
        problem = Problem("", f"{source.name}: {error}{effect}.", path, error.line, stops)
        return Options(source, {}, is_closed=True), [problem]
    return from_tree(file.tree, source, file.line_of)


def _from_client(sent: object, source: Source) -> tuple[Options, list[Problem]]:
    if sent is None or sent == []:  # an empty table of Lua arrives as an empty list
        return Options(source, {}), []
    tree = cast("Mapping[str, object]", sent) if isinstance(sent, Mapping) else None
    inner = None if tree is None else tree.get("homebody")
    if inner == []:
        inner = dict[str, object]()
    if tree is None or not (inner is None or isinstance(inner, Mapping)):
        message = f"{source.name}: settings must be an object."
        return Options(source, {}, is_closed=True), [Problem("", message, stops=True)]
    own = {name.removeprefix("homebody."): value for name, value in tree.items() if name != "homebody"}
    if inner is not None:
        # What stands beside it belongs to other programs, unless its name says otherwise.
        flat = {name: value for name, value in own.items() if name not in tree}
        own = {**flat, **cast("Mapping[str, object]", inner)}
    return from_tree(own, source)


def _is_setting(variable: str) -> bool:
    """Whether a variable is a setting, or may be meant as one."""
    name = variable.removeprefix("HOMEBODY_")
    return name != variable and name not in _OTHER_VARIABLES and not name.startswith("TEST_")
