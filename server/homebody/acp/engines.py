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


@dataclass(slots=True, eq=False)
class ChatEngine:
    """An engine, sentences that the user has not seen yet, and how many use it."""

    opening: asyncio.Task[Engine] = field(init=False)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    notices: list[str] = field(default_factory=list[str])
    users: int = 0

    @property
    def engine(self) -> Engine:
        """The engine, once it is open."""
        return self.opening.result()


class Engines:
    """Opens engines with the settings of the user, of the folder, and of the command line."""

    def __init__(self, values: Mapping[str, str], user_file: Path | None = None) -> None:
        self._values = values
        self._user_file = user_file
        self._opened: dict[Key, ChatEngine] = {}

    @asynccontextmanager
    async def use(self, key: Key) -> AsyncGenerator[ChatEngine]:
        """Lend the engine of ``key``; it stays open meanwhile.

        Raises
        ------
        SettingsBroken
            The user's own settings are wrong, so nothing may be sent to a model.

        """
        if key in self._opened and _has_failed(self._opened[key].opening):
            await self._close(key)
        if key not in self._opened:
            self._opened[key] = ChatEngine()
            self._opened[key].opening = asyncio.create_task(self._open(key, self._opened[key]))
        opened = self._opened[key]
        opened.users += 1
        try:
            # A cancelled turn does not cancel the opening: other turns wait for it too.
            await asyncio.shield(opened.opening)
            yield opened
        finally:
            opened.users -= 1

    async def keep(self, keys: Collection[Key]) -> None:
        """Close the engines that no chat needs any more."""
        for key in set(self._opened) - set(keys):
            if key in self._opened and not self._opened[key].users:
                await self._close(key)

    async def aclose(self) -> None:
        """Close all engines."""
        for key in list(self._opened):
            await self._close(key)

    async def _open(self, key: Key, opened: ChatEngine) -> Engine:
        folder, chat = key
        source = await asyncio.to_thread(
            SettingsSource, [folder], user_file=self._user_file, flags=self._values
        )
        adapt = partial(_with_chat, chat)
        engine = await opened.stack.enter_async_context(open_engine(adapt(source.settings), folders=[folder]))
        engine.follow(source, adapt)
        opened.notices += [problem.message for problem in source.loaded.problems]
        engine.audit.on_note = lambda note: opened.notices.append(note.text)
        if summary := engine.prompts.summary:
            opened.notices.append(summary)
        # The engines of other models read the same index, which the folder's own engine brings up to date.
        if engine.index is not None and chat is None:
            await engine.index.updated()
        return engine

    async def _close(self, key: Key) -> None:
        opened = self._opened.pop(key)
        opened.opening.cancel()
        await asyncio.gather(opened.opening, return_exceptions=True)
        await opened.stack.aclose()


def _with_chat(chat: BackendSettings | None, settings: Settings) -> Settings:
    if chat is None:
        return settings
    return msgspec.structs.replace(settings, chat=msgspec.structs.replace(settings.chat, backend=chat))


def _has_failed(opening: asyncio.Task[Engine]) -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)
