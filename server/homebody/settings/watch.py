"""Follow the settings files: what they hold applies before the next prompt, without a watcher.

``Engine.follow`` connects it to the gate that every prompt passes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Unpack

from homebody.regular_file import read_regular
from homebody.settings import paths
from homebody.settings.load import MAX_BYTES, Loaded, Sources, load_folders
from homebody.settings.schema import Settings

_QUIET_SECONDS = 0.15
"""A file that changed less than this ago may still be written, or about to be replaced."""

_LONGEST_SECONDS = 2.0
"""Maximum time to wait for that."""


class SettingsSource:
    """The settings of the user, of folders and of a client, now and whenever one of their files changes.

    ``configurations`` are the client's for each folder, ``before`` what was read of the same files earlier.
    ``seen`` is what the files at ``paths`` held before ``loaded`` was read.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        configurations: Mapping[Path, object] = MappingProxyType({}),
        *,
        before: "SettingsSource | None" = None,
        **sources: Unpack[Sources],
    ) -> None:
        own = sources.get("user_file") or paths.user_file()
        self.paths = (paths.machine_file(), own, *map(paths.workspace_file, folders))
        self._load = partial(load_folders, folders, configurations, **sources)
        self.loaded: Loaded
        if before is not None and before.paths == self.paths:
            self.seen, self.loaded = self._read_again(before.seen)
        else:
            self.seen = contents(self.paths)
            self.loaded = self._load()

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

    def changed(self) -> bool:
        """Whether a file holds something else than when the settings were read first."""
        return contents(self.paths) != self.seen

    def follow(
        self, use: Callable[[Loaded], None]
    ) -> tuple[Callable[[], bool], Callable[[], Awaitable[None]]]:
        """Return what tells whether a file has changed, and what reads the files again and calls ``use``.

        Ask before each prompt, in a thread. Who asks long after the first reading gets the current settings.
        """
        seen, reading = self.seen, asyncio.Lock()

        def changed() -> bool:
            return contents(self.paths) != seen

        async def renew() -> None:
            nonlocal seen
            async with reading:
                if not await asyncio.to_thread(changed):
                    return
                now, loaded = await asyncio.to_thread(self._read_again, seen)
                use(loaded)
                # Last: a prompt that finds nothing changed must find the new rules in force.
                seen = now

        return changed, renew

    def _read_again(self, before: Sequence[bytes | str]) -> tuple[Sequence[bytes | str], Loaded]:
        """Read the settings once no file is just being written; also returns what the files held before that.

        Editors save in two steps: for a moment the file is empty or missing, and would have no rules. Blocks.
        """
        until = time.monotonic() + _LONGEST_SECONDS
        while (now := contents(self.paths)) != before and time.monotonic() < until:
            before = now
            time.sleep(_QUIET_SECONDS)
        return now, self._load()


def contents(paths: Iterable[Path]) -> list[bytes | str]:
    """Return what each file holds, or why it cannot be read."""
    held: list[bytes | str] = []
    for path in paths:
        try:
            held.append(read_regular(path, max_bytes=MAX_BYTES))
        except OSError as error:
            held.append(repr(error))
    return held
