"""One engine for each folder with chats, and for each model that is chosen there.

In: a folder, and optionally a model. Out: its engine, opened once, and the problems in the settings.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from homebody.engine import Engine, open_engine
from homebody.settings import BackendSettings, Settings
from homebody.settings.watch import SettingsSource

_INDEX_SECONDS = 2.0
"""Maximum time, in seconds, that the first question waits for the index of its folder."""


@dataclass(slots=True)
class Opened:
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
        self._opening: dict[tuple[Path, BackendSettings | None], asyncio.Task[Opened]] = {}
        self._stack = AsyncExitStack()

    async def open(self, folder: Path, chat: BackendSettings | None = None) -> Opened:
        """Return the engine of ``folder``; ``chat`` replaces its ``chat.backend`` if the user chose a model.

        Raises
        ------
        HomebodyError
            The settings cannot be used.

        """
        key = (folder, chat)
        task = self._opening.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._opening[key] = asyncio.create_task(self._open(folder, chat))
        # A cancelled turn does not cancel the opening: other turns wait for it too.
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Close all engines."""
        for task in self._opening.values():
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        await self._stack.aclose()

    async def _open(self, folder: Path, chat: BackendSettings | None) -> Opened:
        source = await asyncio.to_thread(
            SettingsSource, [folder], user_file=self._user_file, flags=self._values
        )
        settings, problems = source.settings, source.loaded.problems
        if chat is not None:
            settings = msgspec.structs.replace(
                settings, chat=msgspec.structs.replace(settings.chat, backend=chat)
            )
        engine = await self._stack.enter_async_context(open_engine(settings, folders=[folder]))
        opened = Opened(engine, [problem.message for problem in problems])
        engine.audit.on_note = lambda note: opened.notices.append(note.text)

        def with_chosen_model(renewed: Settings) -> Settings:
            backend = chat or renewed.chat.backend
            return msgspec.structs.replace(
                renewed, chat=msgspec.structs.replace(renewed.chat, backend=backend)
            )

        source.follow(engine, with_chosen_model)
        if summary := engine.prompts.summary:
            opened.notices.append(summary)
        if engine.index is not None:
            engine.index.start()
            with suppress(TimeoutError):
                await asyncio.wait_for(engine.index.settled(), _INDEX_SECONDS)
        return opened
