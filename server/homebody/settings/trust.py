"""Removes values that a folder may not set: the user's own keys, and anything beyond what the user allows.

Never accesses a path that a folder chose.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from homebody.settings.keys import Key, by_path
from homebody.settings.options import KeyPath, Problem, SourceValues
from homebody.settings.schema import is_covered

# A bare name with such an ending is a file if one exists; names of models may contain dots too.
_FILE_ENDINGS = (".gguf", ".toml", ".json")


LIMITED = ("allowed_hosts", "allowed_models", "trusted_folders")
"""Last names of the keys that the machine's file limits for everyone."""


def limits_of(every: Sequence[SourceValues]) -> tuple[dict[Key, object], dict[str, str]]:
    """Return what the user's own sources set for the keys in ``NARROWED``, and each value's origin."""
    values: dict[Key, object] = {}
    origins: dict[str, str] = {}
    for options in every:
        if options.source.folder is None:
            for key in options.values.keys() & {by_path()[path] for path in NARROWED}:
                values[key] = _joined(values.get(key), options.values[key])
                origins[key.snake] = options.source.name
    return values, origins


def within(machine: SourceValues, options: SourceValues) -> SourceValues:
    """Return the options of another source without what the machine's file does not allow.

    Where the machine's file has a list of ``LIMITED``, others keep only entries that one of its entries
    covers; ``*`` stands for any characters.
    """
    values = dict(options.values)
    problems = [*options.problems]
    for key in options.values.keys() & {key for key in by_path().values() if key.path[-1] in LIMITED}:
        base = key if key in machine.values else by_path().get(("backend", key.path[-1]), key)
        if base not in machine.values:
            continue
        limits = cast("tuple[str, ...]", machine.values[base])
        sent = cast("tuple[str, ...]", options.values[key])
        kept = tuple(entry for entry in sent if is_covered(entry, limits))
        values[key] = kept
        if not kept and key.path[-1] == "allowed_models":
            # An empty list would allow every model.
            values[key] = limits
        if refused := [entry for entry in sent if entry not in kept]:
            name, source = options.source.spelled(key), options.source.name
            message = (
                f"{source}: {', '.join(map(repr, refused))} in `{name}` is ignored, because "
                f"{machine.source.name} does not allow it on this machine; ask who administers it."
            )
            problems.append(Problem(name, message))
    return replace(options, values=values, problems=problems)


def vet(
    options: SourceValues, effective: Mapping[Key, object], user_file: Path
) -> tuple[dict[Key, object], list[Problem]]:
    """Return the values that the source may set, with absolute paths, and a message about the others.

    ``effective`` has the values of earlier sources: an editor repeats the user's own values and the defaults
    in workspace/configuration, and a value that changes nothing causes no message. For the keys in
    ``NARROWED`` it begins as what ``limits_of`` returns, which a folder can only lower.
    """
    source = options.source
    accepted: dict[Key, object] = {}
    ignored: list[str] = []
    for key, value in options.values.items():
        before = effective.get(key, key.default)
        if _is_users_own(key, value, options):
            if source.style != "camel" or value not in (before, key.default):
                ignored.append(f"`{source.spelled(key)}`")
        elif key.path not in NARROWED:
            accepted[key] = _absolute(str(value), source.base) if key.path_like else value
        elif source.folder is not None:
            narrowed = NARROWED[key.path](before, value)
            if narrowed != value:
                ignored.append(f"`{source.spelled(key)}`")
            if (lowered := _joined(before, narrowed)) != before:
                accepted[key] = lowered
    if not ignored:
        return accepted, []
    names = ", ".join(ignored)
    verb = "are" if len(ignored) > 1 else "is"
    message = f"{source.name}: {names} {verb} ignored, because {_reason(options, user_file)}."
    return accepted, [Problem(names.replace("`", ""), message)]


def _joined(before: object, value: object) -> object:
    """Return the later value of two; tables by name are joined."""
    if not (isinstance(before, Mapping) and isinstance(value, Mapping)):
        return value
    return {**cast("Mapping[str, object]", before), **cast("Mapping[str, object]", value)}


def is_trusted(folder: Path | None, trusted_folders: Sequence[str]) -> bool:
    """Whether the user's file lists exactly this folder; symlinks are followed on both sides."""
    if folder is None:
        return False
    here = _real(folder)
    folders = (_real(expanded) for item in trusted_folders if (expanded := _expanded(item)).is_absolute())
    return here is not None and here in folders


def _is_users_own(key: Key, value: object, options: SourceValues) -> bool:
    """Whether the source may not set ``key`` to ``value`` at all."""
    source = options.source
    if source.folder is None:
        return key.user_file and source.file is None
    if key.user_file:
        return True
    # A scripted model is for tests; a folder must not select it for everyone who opens it.
    return (key.machine and not source.trusted) or (key.path[-1] == "kind" and value == "scripted")


def _reason(options: SourceValues, user_file: Path) -> str:
    """Return why a value is ignored, and what to do."""
    source = options.source
    if source.folder is None:
        return f"`trusted_folders` is read from {user_file} alone"
    if source.trusted:
        return f"only your own settings may choose it: set it in {user_file}"
    folder = str(source.folder).replace("\\", "/")
    return (
        f"this folder is not trusted; set such values in {user_file}, or trust the folder at the top of "
        f'that file with `trusted_folders = ["{folder}"]`'
    )


def _off_stays(before: Any, value: Any) -> object:  # noqa: ANN401 - values of settings are of any type
    """Languages by id: a language that the user switched off stays off."""
    user, sent = cast("Mapping[str, bool]", before), cast("Mapping[str, bool]", value)
    return {name: on and user.get(name, user.get("*", True)) for name, on in sent.items()}


NARROWED: Mapping[KeyPath, Callable[[Any, Any], Any]] = {
    ("completion", "enabled"): min,
    ("completion", "languages"): _off_stays,
    ("completion", "trigger"): partial(min, key=("manual", "automatic").index),
    ("next_edit", "enabled"): partial(min, key=("off", "hint", "full").index),
    ("next_edit", "languages"): _off_stays,
    ("context", "max_file_bytes"): min,
    ("context", "snippets"): min,
    ("log", "enabled"): min,
    ("log", "prompts"): min,
}
"""Keys of which a folder, trusted or not, can only lower what the user's own sources allow."""


def _absolute(value: str, base: Path) -> str:
    """Make a file's path absolute; a model's name is not changed."""
    path = base / _expanded(value)
    is_file = value.lower().endswith(_FILE_ENDINGS) and path.is_file()
    is_path = is_file or Path(value).is_absolute() or value.startswith(("~", ".", "/", "\\"))
    return str(path) if is_path else value


def _expanded(value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError:  # no such user
        return Path(value)


def _real(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a loop of symlinks
        return None
