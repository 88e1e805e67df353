"""One chat: its conversation, its running turn, and the updates that the client shows."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from acp import (
    Client,
    RequestError,
    SessionNotification,
    update_agent_message_text,
    update_agent_thought_text,
)
from acp.helpers import SessionUpdate
from acp.schema import (
    ConfigOptionUpdate,
    FileSystemCapabilities,
    SessionConfigOptionSelect,
    SessionConfigSelectOption,
    UsageUpdate,
)

from homebody.acp.engines import Key
from homebody.acp.question import Reference
from homebody.audit import AnswerUsage
from homebody.features.models_here import ChatModel
from homebody.features.refactor import Refactoring
from homebody.postprocess.edit.code_blocks import CodeBlock
from homebody.session.conversation import Conversation

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
    fs: FileSystemCapabilities
    client: Client
    notify: Callable[[SessionNotification], None]
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
    def options(self) -> list[SessionConfigOptionSelect]:
        """All config options: the model; none until the models are known."""
        if not self.models:
            return []
        return [
            SessionConfigOptionSelect(
                id=_MODEL,
                name="Model",
                category="model",
                type="select",
                current_value=(self.model or self.models[0]).name,
                options=[
                    SessionConfigSelectOption(
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
        chosen = {(_MODEL, model.name): model for model in self.models}
        if (option, str(value)) not in chosen:
            names = ", ".join(repr(model.name) for model in self.models)
            reason = f"There is no {option} {value!r}; the models are {names or 'not known yet'}."
            raise RequestError.invalid_params({"reason": reason})
        self.model = chosen[option, str(value)]

    def say(self, text: str) -> None:
        """Send a piece of the answer."""
        self.send(update_agent_message_text(text))

    def think(self, text: str) -> None:
        """Send a line about the progress."""
        self.send(update_agent_thought_text(text))

    def send_usage(self, usage: AnswerUsage) -> None:
        """Report the tokens of the last answer against the context length."""
        used = usage.prompt_tokens + usage.output_tokens
        self.send(UsageUpdate(session_update="usage_update", used=used, size=usage.context_length))

    def send(self, update: SessionUpdate | UsageUpdate | ConfigOptionUpdate) -> None:
        """Send any update."""
        self.notify(SessionNotification(session_id=self.id, update=update))
