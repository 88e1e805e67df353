"""Follow the settings files: what they hold applies before the next prompt, without a watcher.

``Engine.follow`` connects it to the gate that every prompt passes.
"""

import asyncio
import errno
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypeVar, Unpack

from homebody.settings import paths
from homebody.settings.load import Loaded, Sources, load_folders
from homebody.settings.schema import Settings

_Value = TypeVar("_Value")
_Stamp: TypeAlias = tuple[object, ...]

_QUIET_SECONDS = 0.15
"""A file that changed less than this ago may still be written, or about to be replaced: it is read again."""

_LONGEST_SECONDS = 2.0
"""Maximum time to wait for that."""


class SettingsFiles:
    """The state of files at the moment this is made: make it before the files are read."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self._stamps = {path: _stamp(path) for path in self.paths}
        # A change right after this moment may leave the times of the file as they are.
        self.is_young = any(_age(path) < _QUIET_SECONDS for path in self.paths)

    def changed(self) -> bool:
        """Whether one of them has changed since, or may have."""
        return self.is_young or any(_stamp(path) != stamp for path, stamp in self._stamps.items())

    def lost(self) -> bool:
        """Whether one of them does not exist any more."""
        return any(stamp != _ABSENT and _stamp(path) == _ABSENT for path, stamp in self._stamps.items())


def read_again(before: SettingsFiles, read: Callable[[], _Value]) -> tuple[SettingsFiles, _Value]:
    """Call ``read`` once no file is just being written, and return the state of the files before that.

    Editors save in two steps: for a moment the file is empty or missing, and would have no rules. Blocks.
    """
    until = time.monotonic() + _LONGEST_SECONDS
    if before.lost():
        time.sleep(_QUIET_SECONDS)
    while True:
        files = SettingsFiles(before.paths)
        is_last = time.monotonic() > until
        if not files.is_young or is_last:
            value = read()
            if is_last or not files.changed():
                return files, value
        time.sleep(_QUIET_SECONDS / 3)


class SettingsSource:
    """The settings of the user, of folders and of a client, now and whenever one of their files changes.

    ``configurations`` are the client's for each folder, ``before`` what was read of the same files earlier.
    ``files`` is the state of the files before ``loaded`` was read.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        configurations: Mapping[Path, object] = MappingProxyType({}),
        *,
        before: "SettingsSource | None" = None,
        **sources: Unpack[Sources],
    ) -> None:
        self._read = partial(load_folders, folders, configurations, **sources)
        own = sources.get("user_file") or paths.user_file()
        names = (paths.machine_file(), own, *map(paths.workspace_file, folders))
        self.loaded: Loaded
        if before is not None and before.files.paths == names:
            self.files, self.loaded = read_again(before.files, self._read)
        else:
            self.files = SettingsFiles(names)
            self.loaded = self._read()

    @property
    def settings(self) -> Settings:
        """The settings that were read first.

        Raises
        ------
        SettingsBroken
            The user's own settings are wrong or cannot be read, so nothing may be sent to a model.

        """
        if (error := self.loaded.error) is not None:
            raise error
        return self.loaded.settings

    def follow(
        self, use: Callable[[Loaded], None]
    ) -> tuple[Callable[[], bool], Callable[[], Awaitable[None]]]:
        """Return what tells whether a file has changed, and what reads the files again and calls ``use``.

        Ask before each prompt, in a thread. Who asks long after the first reading gets the current settings.
        """
        files = self.files
        reading = asyncio.Lock()

        async def renew() -> None:
            nonlocal files
            async with reading:
                if not await asyncio.to_thread(files.changed):
                    return
                seen, loaded = await asyncio.to_thread(read_again, files, self._read)
                use(loaded)
                # Last: a prompt that finds nothing changed must find the new rules in force.
                files = seen

        def changed() -> bool:
            return files.changed()

        return changed, renew


def _stamp(path: Path) -> _Stamp:
    """Everything that tells one state of a file from another, also of a link and its target."""
    return (*_facts(path, os.lstat), *_facts(path, os.stat))


_ABSENT: _Stamp = ("FileNotFoundError", errno.ENOENT) * 2


def _facts(path: Path, look: Callable[[Path], os.stat_result]) -> _Stamp:
    try:
        facts = look(path)
    except (OSError, ValueError) as error:
        return (type(error).__name__, getattr(error, "errno", None))
    return (
        facts.st_mtime_ns,
        facts.st_ctime_ns,
        facts.st_size,
        facts.st_ino,
        facts.st_dev,
        facts.st_mode,
    )


def _age(path: Path) -> float:
    """Seconds since ``path`` changed; a missing file and one of the future are old."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return _LONGEST_SECONDS
    age = time.time() - max(facts.st_mtime, facts.st_ctime)
    return age if age >= 0 else _LONGEST_SECONDS
