"""Follow the settings files: what they hold applies before the next prompt, without a watcher.

``Engine.follow`` connects it to the gate that every prompt passes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar, Unpack

from homebody.regular_file import read_regular
from homebody.settings import paths
from homebody.settings.files import MAX_BYTES
from homebody.settings.load import Loaded, Sources, load_folders
from homebody.settings.schema import Settings

_Value = TypeVar("_Value")

_QUIET_SECONDS = 0.15
"""A file that changed less than this ago may still be written, or about to be replaced."""

_LONGEST_SECONDS = 2.0
"""Maximum time to wait for that."""


class SettingsFiles:
    """The content of files at the moment this is made: make it before the files are read."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self._content = [*map(_content, self.paths)]

    def changed(self) -> bool:
        """Whether one of them has another content now."""
        return [*map(_content, self.paths)] != self._content


def read_again(before: SettingsFiles, read: Callable[[], _Value]) -> tuple[SettingsFiles, _Value]:
    """Call ``read`` once no file is just being written, and return the content of the files before that.

    Editors save in two steps: for a moment the file is empty or missing, and would have no rules. Blocks.
    """
    until = time.monotonic() + _LONGEST_SECONDS
    files = before
    while files.changed() and time.monotonic() < until:
        files = SettingsFiles(before.paths)
        time.sleep(_QUIET_SECONDS)
    return files, read()


class SettingsSource:
    """The settings of the user, of folders and of a client, now and whenever one of their files changes.

    ``configurations`` are the client's for each folder, ``before`` what was read of the same files earlier.
    ``files`` is the content of the files before ``loaded`` was read.
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


def _content(path: Path) -> bytes | str:
    """What a file holds, or why it cannot be read."""
    try:
        return read_regular(path, max_bytes=MAX_BYTES)
    except OSError as error:
        return repr(error)
