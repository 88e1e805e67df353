"""The engines of the open chats: one for each folder, and one for each model that is chosen there.

Each is opened once, and closed at the end: a chat that comes back finds its model ready.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
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


class Engines:
    """Opens engines with the settings of the user, of the folder, and of the command line."""

    def __init__(self, values: Mapping[str, str], user_file: Path | None = None) -> None:
        self._values = values
        self._user_file = user_file
        self._stack = AsyncExitStack()
        self._opening: dict[Key, asyncio.Task[ChatEngine]] = {}

    async def get(self, key: Key) -> ChatEngine:
        """Return the engine of ``key``; one that could not be opened is tried again.

        Raises
        ------
        SettingsBroken
            The user's own settings are wrong, so nothing may be sent to a model.

        """
        opening = self._opening.get(key)
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception() is not None)):
            opening = self._opening[key] = asyncio.create_task(self._open(key))
        # A cancelled turn does not cancel the opening: other turns wait for it too.
        return await asyncio.shield(opening)

    async def aclose(self) -> None:
        """Close all engines."""
        for opening in self._opening.values():
            opening.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        await self._stack.aclose()

    async def _open(self, key: Key) -> ChatEngine:
        folder, chat = key
        source = await asyncio.to_thread(
            SettingsSource, [folder], user_file=self._user_file, flags=self._values
        )
        adapt = partial(_with_chat, chat)
        engine = await self._stack.enter_async_context(open_engine(adapt(source.settings), folders=[folder]))
        engine.follow(source, adapt)
        opened = ChatEngine(engine, [problem.message for problem in source.loaded.problems])
        engine.audit.on_note = lambda note: opened.notices.append(note.text)
        if summary := engine.prompts.summary:
            opened.notices.append(summary)
        # The engines of other models read the same index, which the folder's own engine brings up to date.
        if engine.index is not None and chat is None:
            await engine.index.updated()
        return opened


def _with_chat(chat: BackendSettings | None, settings: Settings) -> Settings:
    if chat is None:
        return settings
    return msgspec.structs.replace(settings, chat=msgspec.structs.replace(settings.chat, backend=chat))
