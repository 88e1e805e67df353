"""One chat: its conversation, its running turn, and the updates that the client shows.

In: text, token counts, tool calls. Out: ``session/update`` notifications.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from homebody.acp.connection import Connection
from homebody.acp.params import FileSystem
from homebody.acp.question import Reference
from homebody.acp.wire import Json
from homebody.features.answer import Usage
from homebody.features.chat_models import ChatModel
from homebody.features.refactor import Refactoring
from homebody.postprocess.edit.code_blocks import CodeBlock
from homebody.session.conversation import Conversation

StopReason: TypeAlias = Literal["end_turn", "max_tokens", "cancelled"]


@dataclass(slots=True, eq=False)
class Session:
    """One chat of a client.

    Attributes
    ----------
    cwd
        Its folder; relative paths in commands start there.
    fs
        Which file requests the client supports.
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

    id: str
    cwd: Path
    fs: FileSystem
    connection: Connection
    conversation: Conversation
    last: Reference | None = None
    blocks: tuple[CodeBlock, ...] = ()
    proposal: Refactoring | None = None
    models: tuple[ChatModel, ...] = ()
    model: ChatModel | None = None
    turn: "asyncio.Task[StopReason] | None" = None
    commands_sent: bool = False
    _open_calls: dict[str, Json] = field(default_factory=dict[str, Json])

    @classmethod
    def create(cls, cwd: Path, fs: FileSystem, connection: Connection) -> "Session":
        """Start a chat."""
        name = secrets.token_hex(8)
        return cls(name, cwd, fs, connection, Conversation(name))

    def say(self, text: str) -> None:
        """Send a piece of the answer."""
        self._update("agent_message_chunk", {"content": {"type": "text", "text": text}})

    def think(self, text: str) -> None:
        """Send a line about the progress."""
        self._update("agent_thought_chunk", {"content": {"type": "text", "text": text}})

    def send_usage(self, usage: Usage) -> None:
        """Report the tokens of the last answer against the context length."""
        used = usage.prompt_tokens + usage.output_tokens
        self._update("usage_update", {"used": used, "size": usage.context_length})

    def send_options(self, options: list[Json]) -> None:
        """List the config options."""
        self._update("config_option_update", {"configOptions": options})

    def send_commands(self, commands: list[Json]) -> None:
        """List the slash commands."""
        self._update("available_commands_update", {"availableCommands": commands})

    def open_call(self, call: Mapping[str, object]) -> Json:
        """Show a tool call; returns it with its id. It is open until ``end_call``."""
        call_id = secrets.token_hex(8)
        call = {"toolCallId": call_id, **call}
        self._open_calls[call_id] = call
        self._update("tool_call", call)
        return call

    def start_call(self, call: Json) -> None:
        """Show that an open tool call is running."""
        self._update("tool_call_update", {"toolCallId": call["toolCallId"], "status": "in_progress"})

    def end_call(self, call: Json, status: Literal["completed", "failed"]) -> None:
        """Show the outcome of a tool call."""
        if self._open_calls.pop(str(call["toolCallId"]), None) is not None:
            self._update("tool_call_update", {"toolCallId": call["toolCallId"], "status": status})

    def fail_open_calls(self) -> None:
        """End all tool calls of a turn that was cancelled or failed."""
        for call in list(self._open_calls.values()):
            self.end_call(call, "failed")

    def _update(self, kind: str, fields: Json) -> None:
        update = {"sessionUpdate": kind, **fields}
        self.connection.notify("session/update", {"sessionId": self.id, "update": update})
