"""What a workspace may not say: keys of the user's own, and files outside itself.

In: the options of one source. Out: the same without what it may not set, and one message.
Nothing here touches a path that a workspace chose before its spelling is known to be harmless.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from homebody.settings.keys import Key, by_path
from homebody.settings.options import Options, Problem

# A bare name with such an ending is a file if there is one; models are also called by names with dots.
_FILE_ENDINGS = (".gguf", ".toml", ".json")


def vet(
    options: Options, workspace: Path | None, effective: Mapping[Key, object], remedy: str
) -> tuple[Options, list[Problem]]:
    """Drop what the source may not set and make its file paths absolute.

    ``effective`` holds what other sources say so far: an editor repeats the user's own values and the
    defaults in workspace/configuration, and what changes nothing is not worth a message.
    """
    source = options.source
    kept: dict[Key, object] = {}
    ignored: list[str] = []
    for key, value in options.values.items():
        if key.user_file_only or (key.machine and not source.trusted):
            if source.style != "camel" or value not in (effective.get(key), key.default):
                ignored.append(f"`{source.spelled(key)}`")
        elif key.path_like and not source.trusted and _leads_outside(str(value), source.base, workspace):
            ignored.append(f"`{source.spelled(key)}` (a path outside the workspace)")
        else:
            kept[key] = _absolute(str(value), source.base) if key.path_like else value
    for key in [key for key in kept if key.path[-1] == "kind" and not source.trusted]:
        if _lacks_its_server(key, kept, options.values, effective):
            del kept[key]
            ignored.append(f"`{source.spelled(key)}`")
    if not ignored:
        return Options(source, kept), []
    names = ", ".join(ignored)
    verb = "are" if len(ignored) > 1 else "is"
    message = f"{source.name}: {names} {verb} ignored; {remedy}."
    return Options(source, kept), [Problem(names.replace("`", ""), message)]


def is_trusted(workspace: Path | None, trusted_folders: Sequence[str]) -> bool:
    """Whether the user's file names exactly this folder; symlinks are followed on both sides."""
    if workspace is None:
        return False
    here = _real(workspace)
    folders = (_real(expanded) for folder in trusted_folders if (expanded := _expanded(folder)).is_absolute())
    return here is not None and here in folders


def _lacks_its_server(
    key: Key, kept: Mapping[Key, object], said: Mapping[Key, object], effective: Mapping[Key, object]
) -> bool:
    """Whether a kind of server came with an address that is ignored, or needs one that is not there.

    Without it the user's own server would be left for one that does not work.
    """
    if kept[key] == effective.get(key, key.default):
        return False
    address = by_path()[*key.path[:-1], "url"]
    return kept[key] == "openai" or (address in said and address not in kept)


def _leads_outside(value: str, base: Path, workspace: Path | None) -> bool:
    if not _is_path(value, base):
        return False
    if workspace is None or value.startswith("~"):
        return True
    # By its spelling first: on Windows, looking at \\host\share already opens a connection.
    if _is_absolute(value) and not Path(value).is_relative_to(workspace):
        return True
    root = _real(workspace)
    # Both ways to read a backslash: as part of a name, and as Windows does.
    for spelled in (value, value.replace("\\", "/")):
        real = _real(base / spelled)
        if real is None or root is None or not real.is_relative_to(root):
            return True
    return False


def _absolute(value: str, base: Path) -> str:
    """Turn a file's path into an absolute one; leave a model's name alone."""
    return str(base / _expanded(value)) if _is_path(value, base) else value


def _is_path(value: str, base: Path) -> bool:
    if _is_absolute(value) or value.startswith(("~", "./", "../", ".\\", "..\\")):
        return True
    if ".." in value.replace("\\", "/").split("/"):
        return True
    return value.lower().endswith(_FILE_ENDINGS) and (base / value).is_file()


def _is_absolute(value: str) -> bool:
    """Whether it is absolute anywhere: a workspace may be opened on any system."""
    windows = PureWindowsPath(value)
    # One-letter model names with a tag ("m:7b") look like a drive; only Windows has drives.
    return (
        bool(windows.root) or PurePosixPath(value).is_absolute() or (os.name == "nt" and bool(windows.drive))
    )


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
