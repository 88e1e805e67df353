"""Merge all sources of settings, in order.

Invalid content never raises: an invalid value is left out. If a rule of the user's may be missing then,
``Loaded.error`` says so, and nothing may be sent to a model.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack, cast

import msgspec

from homebody.errors import SettingsBroken
from homebody.regular_file import FileRefused, read_in_time
from homebody.settings import paths, trust
from homebody.settings.keys import Key, by_path
from homebody.settings.options import KeyPath, OptionsSource, Problem, SourceValues, from_texts, from_tree
from homebody.settings.schema import FolderIgnore, Settings

MAX_BYTES = 1_048_576
"""Size of the largest settings file."""

_USE_BLOCKS = (("completion", "backend"), ("next_edit", "backend"), ("chat", "backend"))
# Maximum number of patterns of all the user's sources together (``workspace/patterns.py``).
_MOST_PATTERNS = 2_000
STOPPED = "Nothing is sent to a model until this is corrected."
"""What an error of the user's settings ends with."""
# Maximum number of problems that an error shows in full.
_MOST_SHOWN = 3
# Variables that are no settings: of folders, of commands that Homebody runs, and of its development.
_OTHER_VARIABLES = frozenset(
    {"CACHE_DIR", "CONFIG_DIR", "CONFIG_FILE", "DATA_DIR", "DEBUG", "EDITORS_DIR", "FILE", "STATE_DIR"}
)
# They belong to one server: a source that names another server does not inherit them.
_OF_ONE_SERVER = ("url", "model", "api_key", "api_key_env", "context_length")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, problems, and the source of each value (by snake-case key)."""

    settings: Settings
    problems: tuple[Problem, ...]
    origins: Mapping[str, str]

    @property
    def error(self) -> SettingsBroken | None:
        """The error that every prompt ends with while problems stop them."""
        stops = list(dict.fromkeys(problem.message for problem in self.problems if problem.stops))
        if not stops:
            return None
        rest = len(stops) - _MOST_SHOWN
        more = [f"{rest} more of your settings are wrong."] if rest > 0 else []
        return SettingsBroken(" ".join([*stops[:_MOST_SHOWN], *more, STOPPED]))


class Sources(TypedDict, total=False):
    """Arguments of ``load`` that are the same for all folders."""

    user_file: Path | None
    initialization_options: object
    configuration: object
    flags: Mapping[str, str] | None


def load_folders(
    folders: Sequence[Path], configurations: Mapping[Path, object], **sources: Unpack[Sources]
) -> Loaded:
    """Read the settings of a workspace; ``configurations`` are those from the client for one folder alone.

    The first folder's file applies to the whole workspace. If there are several, each folder's own settings
    apply to completion in it, except for the model and its layout, because all folders use one model. What
    any of them excludes or limits applies.
    """
    whole = load(workspace=next(iter(folders), None), **sources)
    own = {
        folder: load(workspace=folder, folder_configuration=configurations.get(folder), **sources)
        for folder in (folders if len(folders) > 1 else ())
    }
    every, settings = (whole, *own.values()), whole.settings
    context = msgspec.structs.replace(
        settings.context,
        snippets=all(each.settings.context.snippets for each in every),
        max_file_bytes=min(each.settings.context.max_file_bytes for each in every),
    )
    ignore = dict.fromkeys(rules for each in every for rules in each.settings.folder_ignore)
    backend, fim = settings.completion.backend, settings.completion.fim
    settings = msgspec.structs.replace(
        settings,
        context=context,
        folder_ignore=tuple(ignore),
        folder_completion={
            folder: msgspec.structs.replace(each.settings.completion, backend=backend, fim=fim)
            for folder, each in own.items()
        },
    )
    problems = {problem.message: problem for each in every for problem in each.problems}
    return Loaded(settings, tuple(problems.values()), whole.origins)


def load(
    *,
    workspace: Path | None = None,
    user_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    initialization_options: object = None,
    configuration: object = None,
    folder_configuration: object = None,
    flags: Mapping[str, str] | None = None,
    machine_file: Path | None = None,
) -> Loaded:
    """Read every source; later ones win, except that rules add up and a folder can only narrow.

    Parameters
    ----------
    machine_file
        Used instead of ``paths.machine_file()``: defaults for all users, and limits that they cannot widen.
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
    machine_file = machine_file or paths.machine_file()
    here = Path.cwd()
    machine = _from_file(
        OptionsSource(str(machine_file), "snake", machine_file.parent, file=machine_file, is_machines=True)
    )
    own = _from_file(OptionsSource(str(user_file), "snake", user_file.parent, file=user_file))
    if user_file == paths.named_file() and not os.path.lexists(user_file):
        message = f"HOMEBODY_CONFIG_FILE: {user_file} does not exist; check the path."
        own = replace(own, problems=[*own.problems, Problem("", message, stops=True)])
    own = trust.within(machine, own)
    key = by_path()["trusted_folders",]
    trusted_folders = cast("tuple[str, ...]", own.values.get(key, machine.values.get(key, ())))
    trusted = trust.is_trusted(workspace, trusted_folders)
    sources: list[SourceValues] = []
    if workspace is not None:
        file = paths.workspace_file(workspace)
        sources.append(
            _from_file(OptionsSource(".homebody.toml", "snake", workspace, workspace, trusted, file, "none"))
        )
    variables = [(name, environ[name]) for name in sorted(environ) if _is_setting(name)]
    editor = OptionsSource("editor settings", "camel", workspace or here, stops="restricting")
    of_folder = replace(editor, folder=editor.base, trusted=trusted)
    sources += [
        from_texts(variables, OptionsSource("environment", "variable", here)),
        _from_client(initialization_options, editor),
        _from_client(configuration, of_folder),
        _from_client(folder_configuration, of_folder),
        from_texts((flags or {}).items(), OptionsSource("command line", "snake", here)),
    ]
    limited = (trust.within(machine, source) for source in sources)
    return _merged([machine, own, *limited], environ, user_file, workspace)


def _merged(
    sources: Sequence[SourceValues],
    environ: Mapping[str, str],
    user_file: Path,
    workspace: Path | None,
) -> Loaded:
    """Merge the values of all sources; later sources replace earlier ones, and rules add up."""
    values, origins = trust.limits_of(sources)
    problems: list[Problem] = []
    for options in sources:
        accepted, refused = trust.vet(options, values, user_file)
        problems += [*options.problems, *refused]
        for block in (("backend",), *_USE_BLOCKS):
            # Values that an earlier source set for another server do not apply to this one.
            if _kind(block, {**values, **accepted}) != (kind := _kind(block, values)) and kind != "auto":
                for key in (by_path()[*block, name] for name in _OF_ONE_SERVER):
                    values.pop(key, None)
                    origins.pop(key.snake, None)
        for key, value in accepted.items():
            values[key], origins[key.snake] = value, options.source.name
            if key.path[-1] == "api_key_env":
                secret = by_path()[*key.path[:-1], "api_key"]
                if secret in accepted:
                    continue
                if held := environ.get(str(value)):
                    values[secret], origins[secret.snake] = held, f"variable {value}"
                else:
                    name = options.source.spelled(key)
                    message = f"{options.source.name}: `{name}` names {value}, and no such variable is set."
                    problems.append(Problem(name, message))
    ignore, folder_ignore = _patterns(sources, workspace)
    if len(ignore) > _MOST_PATTERNS:
        message = (
            f"{user_file} and your other settings: `context.ignore` has {len(ignore)} "
            f"patterns in all, and no more than {_MOST_PATTERNS} can be applied."
        )
        problems.append(Problem("context.ignore", message, stops=True))
    settings = _settings(values)
    # Set after the check: all sources together may have more patterns than one.
    context = msgspec.structs.replace(settings.context, ignore=ignore)
    settings = msgspec.structs.replace(settings, context=context, folder_ignore=folder_ignore)
    return Loaded(settings, tuple(problems), origins)


def _kind(block: KeyPath, values: Mapping[Key, object]) -> object:
    own, base = by_path()[*block, "kind"], by_path()["backend", "kind"]
    return values.get(own, values.get(base, "auto"))


def _patterns(
    every: Sequence[SourceValues], workspace: Path | None
) -> tuple[tuple[str, ...], tuple[FolderIgnore, ...]]:
    """Return the user's patterns of ``context.ignore``, and those of the folder; none is ever taken away."""
    key = by_path()["context", "ignore"]
    own: list[str] = []
    of_machine: list[str] = []
    of_folder: list[tuple[str, ...]] = []
    for options in every:
        patterns = cast("tuple[str, ...]", options.values.get(key, ()))
        if options.source.is_machines:
            # Last, so that no user includes again what it excludes; it includes nothing itself.
            of_machine += (pattern for pattern in patterns if not pattern.startswith("!"))
        elif options.source.folder is None:
            own += patterns
        elif options.is_closed:
            # What the list would exclude is not known, so no file of the folder is sent.
            of_folder.append(("*",))
        elif patterns:
            of_folder.append(patterns)
    if workspace is None:
        # Without a folder, an editor's settings are the user's. They come first, so that none of them
        # includes again what the user's own files exclude.
        return (*(pattern for patterns in of_folder for pattern in patterns), *own, *of_machine), ()
    folder = str(workspace.absolute())
    return (*own, *of_machine), tuple(FolderIgnore(folder, patterns) for patterns in of_folder)


def _settings(values: Mapping[Key, object]) -> Settings:
    tree: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        table = tree
        for part in key.path[:-1]:
            table = cast("dict[str, dict[str, object]]", table.setdefault(part, {}))
        cast("dict[str, object]", table)[key.path[-1]] = value
    for use, block in _USE_BLOCKS:
        section = tree.setdefault(use, {})
        section[block] = _inherited(
            tree.get("backend", {}), cast("dict[str, object]", section.get(block, {}))
        )
    return msgspec.convert(tree, Settings)


def _inherited(base: Mapping[str, object], override: Mapping[str, object]) -> dict[str, object]:
    """Fill in values that an override does not set; a key or a model is never used with another server."""
    kind = base.get("kind", "auto")
    moved = override.get("kind", kind) != kind or override.get("url", base.get("url")) != base.get("url")
    rest = {name: value for name, value in base.items() if not (moved and name in _OF_ONE_SERVER)}
    if "url" in override and kind in {"embedded", "scripted"}:  # these have no address
        rest.pop("kind", None)
    return {**rest, **override}


def _from_file(source: OptionsSource) -> SourceValues:
    path, stops = cast("Path", source.file), source.folder is None
    try:
        return from_tree(_read_tree(path, is_needed=stops), source)
    except _Unreadable as error:
        effect = "" if stops else ", so no file of this folder goes into a prompt: a rule may be missing"
        problem = Problem("", f"{source.name}: {error}{effect}.", stops, path)
        return SourceValues(source, problems=[problem], is_closed=True)


def _from_client(sent: object, source: OptionsSource) -> SourceValues:
    sent = {} if sent is None or sent == [] else sent  # an empty table of Lua arrives as an empty list
    inner = cast("Mapping[str, object]", sent).get("homebody") if isinstance(sent, Mapping) else None
    inner = dict[str, object]() if inner == [] else inner
    if not isinstance(sent, Mapping) or not (inner is None or isinstance(inner, Mapping)):
        problem = Problem("", f"{source.name}: settings must be an object.", stops=True)
        return SourceValues(source, problems=[problem], is_closed=True)
    # What stands beside a section of our own belongs to other programs, unless its name says otherwise.
    own = {
        name.removeprefix("homebody."): value
        for name, value in cast("Mapping[str, object]", sent).items()
        if name != "homebody" and (inner is None or name.startswith("homebody."))
    }
    return from_tree({**own, **cast("Mapping[str, object]", inner or {})}, source)


def _is_setting(variable: str) -> bool:
    """Whether a variable is a setting, or may be meant as one."""
    name = variable.removeprefix("HOMEBODY_")
    return name != variable and name not in _OTHER_VARIABLES and not name.startswith("TEST_")


class _Unreadable(Exception):
    """The file exists and cannot be used; the message is a clause with the reason."""


def _read_tree(path: Path, *, is_needed: bool) -> dict[str, object]:
    """Read and parse ``path``. A missing file is an empty one.

    ``is_needed``: a file in the place of one of its folders is an error.

    Raises
    ------
    _Unreadable
        Not a regular file, too large, not permitted, not readable in time, not UTF-8 or not TOML, or a link
        on the way to it leads nowhere.

    """
    try:
        return tomllib.loads(read_in_time(path, max_bytes=MAX_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        if (link := _dangling(path)) is None:
            return {}
        reason = f"it cannot be read ({link} is a link to nothing)"
    except NotADirectoryError:
        if not is_needed:
            return {}
        reason = "it cannot be read (one of its folders is a file)"
    except FileRefused as error:
        reason = str(error)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror or error})"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        reason = f"it is not UTF-8 (line {line})"
    except tomllib.TOMLDecodeError as error:
        reason = f"it is not valid TOML ({error})"
    except (ValueError, RecursionError):  # numbers of thousands of digits, a thousand brackets
        reason = "it has too long a number or too many nested brackets"
    raise _Unreadable(reason)


def _dangling(path: Path) -> Path | None:
    """Return the link on the way to ``path`` whose target does not exist."""
    with suppress(OSError):
        for part in (path, *path.parents):
            if part.exists():
                break
            if part.is_symlink():
                return part
    return None
