"""An editor that chats with ``homebody acp``, made of the protocol's own library, and the agent's command."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import acp
from acp import schema

from support.forked import homebody_command

_SECONDS = 120


@dataclass
class Editor:
    """The client's side: its open files, its answers, and all updates."""

    buffers: dict[str, str] = field(default_factory=dict)
    choice: str | None = "yes"
    updates: list[dict[str, Any]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def session_update(self, update, **_more):
        self.updates.append(update.model_dump(by_alias=True, exclude_none=True))

    async def read_text_file(self, path, **_more):
        """Read an open buffer; others do not exist."""
        self.read.append(path)
        if path not in self.buffers:
            raise acp.RequestError(-32002, "Resource not found")
        return schema.ReadTextFileResponse(content=self.buffers[path])

    async def write_text_file(self, content, path, **_more):
        self.buffers[path] = content
        return schema.WriteTextFileResponse()

    async def request_permission(self, **_more):
        self.asked.set()
        if self.choice is None:
            await asyncio.Event().wait()
        if self.choice == "cancelled":
            return schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))
        outcome = schema.AllowedOutcome(outcome="selected", option_id=self.choice)
        return schema.RequestPermissionResponse(outcome=outcome)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [update for update in self.updates if update["sessionUpdate"] == kind]

    @property
    def text(self) -> str:
        return "".join(update["content"]["text"] for update in self.of("agent_message_chunk"))

    @property
    def statuses(self) -> list[str]:
        """Statuses of the edit's tool call, in order."""
        calls = [call["toolCallId"] for call in self.of("tool_call") if call["kind"] == "edit"]
        updates = [*self.of("tool_call"), *self.of("tool_call_update")]
        return [update["status"] for update in updates if update["toolCallId"] in calls]


@dataclass
class Chat:
    """One session of a client."""

    connection: Any
    editor: Editor
    id: str
    options: list[Any]

    async def say(self, *blocks: Any) -> str:
        """Send a prompt; returns the stop reason."""
        sent = [acp.text_block(block) if isinstance(block, str) else block for block in blocks]
        return (await self.connection.prompt(session_id=self.id, prompt=sent)).stop_reason


@asynccontextmanager
async def start_chat(
    command: list[str], environ: Mapping[str, str], folder: Path, editor: Editor | None = None, **fs: bool
) -> AsyncGenerator[Chat]:
    editor = editor or Editor()
    fs = {"read_text_file": True, "write_text_file": True} | fs
    capabilities = schema.ClientCapabilities(fs=schema.FileSystemCapabilities(**fs))
    async with (
        asyncio.timeout(_SECONDS),
        acp.spawn_agent_process(editor, *command, env=dict(environ)) as (connection, _),
    ):
        await connection.initialize(protocol_version=1, client_capabilities=capabilities)
        session = await connection.new_session(cwd=str(folder), mcp_servers=[])
        yield Chat(connection, editor, session.session_id, session.config_options or [])


def link(path: Path, lines: str = "") -> Any:
    return schema.ResourceContentBlock(type="resource_link", uri=path.as_uri() + lines, name=path.name)


def agent_with(kind: str, *, program: list[str] | None = None, **values: str) -> list[str]:
    """Return the command of an agent with this backend for everything; ``program`` replaces ``homebody``."""
    pairs = {"kind": kind, **values}.items()
    blocks = ("", "chat.", "completion.")
    flags = [part for block in blocks for k, v in pairs for part in ("--set", f"{block}backend.{k}={v}")]
    return [*(program or homebody_command()), "acp", *flags]


def scripted_agent(settings: Mapping[str, Any], program: list[str] | None = None) -> list[str]:
    """Return the command of an agent that answers by the script of these settings (fixture ``scripted``)."""
    return agent_with("scripted", program=program, model=settings["backend"]["model"])
