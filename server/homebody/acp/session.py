"""One chat: its conversation, its running turn, and the updates that the client shows."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import acp
import msgspec
from acp import schema
from acp.helpers import SessionUpdate

from homebody.acp.question import Reference
from homebody.audit import AnswerUsage
from homebody.engine import Engine, open_engine
from homebody.features.models_here import ChatModel
from homebody.features.refactor import Refactoring
from homebody.postprocess.edit.code_blocks import CodeBlock
from homebody.session.conversation import Conversation
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


StopReason: TypeAlias = Literal["end_turn", "max_tokens", "cancelled"]

_MODEL = "model"


@dataclass(slots=True, eq=False)
class AcpSession:
    """One chat of a client.

    Attributes
    ----------
    cwd
        Its folder; relative paths in commands start there.
    fs
        Which file requests the client supports.
    client
        The client, for requests.
    notify
        Sends an update at once.
    last
        The file that was referred to last.
    blocks
        Code blocks of the last answer, for ``/apply``.
    proposal
        The last proposed edit, for ``/refine``.
    models
        Models that the user can choose, the one from the settings first; empty until they are known.
    model
        The user's choice; ``None``: the model from the settings.
    turn
        The running turn.

    """

    cwd: Path
    fs: schema.FileSystemCapabilities
    client: acp.Client
    notify: Callable[[acp.SessionNotification], None]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    last: Reference | None = None
    blocks: tuple[CodeBlock, ...] = ()
    proposal: Refactoring | None = None
    models: tuple[ChatModel, ...] = ()
    model: ChatModel | None = None
    turn: "asyncio.Task[StopReason] | None" = None
    conversation: Conversation = field(init=False)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.id)

    @property
    def engine_key(self) -> Key:
        """Its engine: that of its folder, with the chosen model."""
        if self.model is None or self.model == self.models[0]:
            return self.cwd, None
        return self.cwd, self.model.block

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run ``work`` in the background until it or the chat ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """Cancel everything that is still running."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def options(self) -> list[schema.SessionConfigOptionSelect]:
        """All config options: the model; none until the models are known."""
        if not self.models:
            return []
        return [
            schema.SessionConfigOptionSelect(
                id=_MODEL,
                name="Model",
                category="model",
                type="select",
                current_value=(self.model or self.models[0]).name,
                options=[
                    schema.SessionConfigSelectOption(
                        value=each.name,
                        name=each.name,
                        description="sees pictures" if each.sees else None,
                    )
                    for each in self.models
                ],
            )
        ]

    def choose(self, option: str, value: object) -> None:
        """Use another model, starting with the next turn.

        Raises
        ------
        RequestError
            There is no such option, or no such model.

        """
        model = next((each for each in self.models if (option, value) == (_MODEL, each.name)), None)
        if model is None:
            names = ", ".join(repr(each.name) for each in self.models) or "not known yet"
            reason = f"There is no {option} {value!r}; the models are {names}."
            raise acp.RequestError.invalid_params({"reason": reason})
        self.model = model

    def say(self, text: str) -> None:
        """Send a piece of the answer."""
        self.send(acp.update_agent_message_text(text))

    def think(self, text: str) -> None:
        """Send a line about the progress."""
        self.send(acp.update_agent_thought_text(text))

    def send_usage(self, usage: AnswerUsage) -> None:
        """Report the tokens of the last answer against the context length."""
        used = usage.prompt_tokens + usage.output_tokens
        self.send(schema.UsageUpdate(session_update="usage_update", used=used, size=usage.context_length))

    def send(self, update: SessionUpdate | schema.UsageUpdate | schema.ConfigOptionUpdate) -> None:
        """Send any update."""
        self.notify(acp.SessionNotification(session_id=self.id, update=update))
