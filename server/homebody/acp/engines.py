"""The engines of the open chats: one for each folder, and one for each model that is chosen there.

Each is opened once, and closed when no chat needs it any more.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

import msgspec

from homebody.engine import Engine, open_engine
from homebody.settings import BackendSettings, Settings
from homebody.settings.watch import SettingsSource

Key: TypeAlias = tuple[Path, BackendSettings | None]
"""A folder, and the ``chat.backend`` that the user chose there, if any."""


@dataclass(slots=True)
class ChatEngine:
    """An engine, and sentences that the user has not seen yet."""

    engine: Engine
    notices: list[str] = field(default_factory=list[str])

    def take_notices(self) -> list[str]:
        """Return the sentences, and forget them."""
        notices, self.notices = self.notices, []
        return notices


@dataclass(slots=True, eq=False)
class _Place:
    """An engine that is being opened, and how many use it."""

    opening: asyncio.Task[ChatEngine]
    stack: AsyncExitStack
    users: int = 0


class Engines:
    """Opens engines with the settings of the user, of the folder, and of the command line."""

    def __init__(self, values: Mapping[str, str], user_file: Path | None = None) -> None:
        self._values = values
        self._user_file = user_file
        self._places: dict[Key, _Place] = {}

    @asynccontextmanager
    async def use(self, key: Key) -> AsyncGenerator[ChatEngine]:
        """Lend the engine of ``key``; it stays open meanwhile.

        Raises
        ------
        SettingsBroken
            The user's own settings are wrong, so nothing may be sent to a model.

        """
        place = await self._place(key)
        try:
            # A cancelled turn does not cancel the opening: other turns wait for it too.
            yield await asyncio.shield(place.opening)
        finally:
            place.users -= 1

    async def keep(self, keys: Collection[Key]) -> None:
        """Close the engines that no chat needs any more."""
        for key in set(self._places) - set(keys):
            if key in self._places and not self._places[key].users:
                await self._close(key)

    async def aclose(self) -> None:
        """Close all engines."""
        for key in list(self._places):
            await self._close(key)

    async def _place(self, key: Key) -> _Place:
        if key in self._places and _has_failed(self._places[key].opening):
            await self._close(key)
        if key not in self._places:
            stack = AsyncExitStack()
            self._places[key] = _Place(asyncio.create_task(self._open(key, stack)), stack)
        place = self._places[key]
        place.users += 1
        return place

    async def _open(self, key: Key, stack: AsyncExitStack) -> ChatEngine:
        folder, chat = key
        source = await asyncio.to_thread(
            SettingsSource, [folder], user_file=self._user_file, flags=self._values
        )
        adapt = partial(_with_chat, chat)
        engine = await stack.enter_async_context(open_engine(adapt(source.settings), folders=[folder]))
        engine.follow(source, adapt)
        opened = ChatEngine(engine, [problem.message for problem in source.loaded.problems])
        engine.audit.on_note = lambda note: opened.notices.append(note.text)
        if summary := engine.prompts.summary:
            opened.notices.append(summary)
        # The engines of other models read the same index, which the folder's own engine brings up to date.
        if engine.index is not None and chat is None:
            await engine.index.updated()
        return opened

    async def _close(self, key: Key) -> None:
        place = self._places.pop(key)
        place.opening.cancel()
        await asyncio.gather(place.opening, return_exceptions=True)
        await place.stack.aclose()


def _with_chat(chat: BackendSettings | None, settings: Settings) -> Settings:
    if chat is None:
        return settings
    return msgspec.structs.replace(settings, chat=msgspec.structs.replace(settings.chat, backend=chat))


def _has_failed(opening: asyncio.Task[ChatEngine]) -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)
