"""ACP's methods, and the open chats. A turn's updates precede its response."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import acp
from acp import schema
from acp.helpers import update_available_commands

from homebody import __version__
from homebody.acp.question import Block, UserPrompt, read_blocks
from homebody.acp.session import AcpSession, Engines, StopReason
from homebody.acp.turns import answer, list_commands, run_command
from homebody.errors import HomebodyError, sentence
from homebody.features.models_here import chat_models

logger = logging.getLogger(__name__)

_NOT_FOUND = -32002
"""ACP's code for a resource that does not exist."""

_MOST_SESSIONS = 16
"""Maximum number of chats that are kept, with their engines; the least recently used is dropped first."""

_MODELS_SECONDS = 3.0
"""Seconds that a new session waits for the names of the models; later they are sent as an update."""


class Agent:
    """Serves one client. ``notify`` sends an update at once; ``on_connect`` sets what sends requests."""

    def __init__(self, engines: Engines, notify: Callable[[acp.SessionNotification], None]) -> None:
        self._engines = engines
        self._notify = notify
        self._fs = schema.FileSystemCapabilities()
        self._sessions: OrderedDict[str, AcpSession] = OrderedDict()

    def on_connect(self, conn: acp.Client) -> None:
        """Send requests by ``conn``."""
        self._client = conn

    async def aclose(self) -> None:
        """End all turns and close the engines."""
        for session in self._sessions.values():
            await session.aclose()
        await self._engines.aclose()

    async def initialize(
        self, client_capabilities: schema.ClientCapabilities | None = None, **_more: object
    ) -> acp.InitializeResponse:
        """Exchange capabilities; a client that offers another version is answered with this one."""
        self._fs = (client_capabilities and client_capabilities.fs) or schema.FileSystemCapabilities()
        return acp.InitializeResponse(
            protocol_version=acp.PROTOCOL_VERSION,
            agent_capabilities=schema.AgentCapabilities(
                load_session=False,
                prompt_capabilities=schema.PromptCapabilities(embedded_context=True, image=True),
                session_capabilities=schema.SessionCapabilities(close=schema.SessionCloseCapabilities()),
            ),
            agent_info=schema.Implementation(name="homebody", title="Homebody", version=__version__),
            auth_methods=[],
        )

    async def new_session(self, cwd: str, **_more: object) -> acp.NewSessionResponse:
        """Start a chat; the MCP servers that the client offers are ignored."""
        folder = Path(cwd)
        if "\0" in cwd or not folder.is_absolute() or not await asyncio.to_thread(folder.is_dir):
            reason = f"cwd {cwd!r} is not an absolute path of a folder."
            raise acp.RequestError.invalid_params({"reason": reason})
        session = AcpSession(folder, self._fs, self._client, self._notify)
        self._sessions[session.id] = session
        idle = [other for other in self._sessions.values() if other.turn is None and other is not session]
        if len(self._sessions) > _MOST_SESSIONS and idle:
            await self.close_session(idle[0].id)

        loading = session.start(self._load_models(session))
        await asyncio.wait({loading}, timeout=_MODELS_SECONDS)
        # It runs after the response is sent: clients drop updates for a session that they do not know yet.
        session.start(self._introduce(session, loading))
        return acp.NewSessionResponse(session_id=session.id, config_options=[*session.options] or None)

    async def close_session(self, session_id: str, **_more: object) -> None:
        """Drop a chat, and the engines that only it used."""
        session = self._session(session_id)
        del self._sessions[session_id]
        await session.aclose()
        await self._close_engines()

    async def set_config_option(
        self, config_id: str, session_id: str, value: object, **_more: object
    ) -> acp.SetSessionConfigOptionResponse:
        """Choose a model; the engine of the one before is closed if no chat uses it."""
        session = self._session(session_id)
        session.choose(config_id, value)
        await self._close_engines()
        return acp.SetSessionConfigOptionResponse(config_options=[*session.options])

    async def prompt(self, prompt: Sequence[Block], session_id: str, **_more: object) -> acp.PromptResponse:
        """Run one turn."""
        session = self._session(session_id)
        if session.turn is not None:
            reason = "A turn is running in this session: cancel it first."
            raise acp.RequestError.invalid_request({"reason": reason})
        self._sessions.move_to_end(session.id)
        # A separate task: a cancelled turn is still answered.
        turn = session.turn = session.start(self._turn(session, read_blocks(prompt, session.cwd)))
        stopped: StopReason = "cancelled"
        try:
            stopped = await turn
        except asyncio.CancelledError:
            turn.cancel()
        finally:
            session.turn = None
        return acp.PromptResponse(stop_reason=stopped)

    async def cancel(self, session_id: str, **_more: object) -> None:
        """Cancel the running turn, if there is one."""
        session = self._sessions.get(session_id)
        if session is not None and session.turn is not None:
            session.turn.cancel()

    async def _load_models(self, session: AcpSession) -> None:
        """Start the model, and list the other available models."""
        try:
            async with self._engines.use((session.cwd, None)) as opened:
                session.models = await chat_models(opened.engine)
        except HomebodyError as error:
            logger.warning("%s", error)  # the first question reports the failure

    async def _introduce(self, session: AcpSession, loading: asyncio.Task[None]) -> None:
        """Send the commands, and the models, which the client may not have yet."""
        try:
            async with self._engines.use((session.cwd, None)) as opened:
                session.send(update_available_commands(list_commands(opened.engine)))
        except HomebodyError:
            return  # the first question reports the failure
        await loading
        if session.models:
            kind: Literal["config_option_update"] = "config_option_update"
            session.send(schema.ConfigOptionUpdate(session_update=kind, config_options=[*session.options]))

    async def _turn(self, session: AcpSession, question: UserPrompt) -> StopReason:
        """Answer one prompt; a failure is sent to the client as text."""
        try:
            async with self._engines.use(session.engine_key) as opened:
                engine = opened.engine
                while opened.notices:
                    session.say(f"*{opened.notices.pop(0)}*\n\n")
                await asyncio.to_thread(engine.prompts.refresh)
                session.send(update_available_commands(list_commands(engine)))
                if (command := question.command) is not None:
                    return await run_command(engine, session, question, *command)
                return await answer(engine, session, question)
        except HomebodyError as error:
            session.say(sentence(str(error)))
            return "end_turn"

    async def _close_engines(self) -> None:
        """Close the engines that no chat needs any more."""
        chats = self._sessions.values()
        await self._engines.keep({key for chat in chats for key in ((chat.cwd, None), chat.engine_key)})

    def _session(self, session_id: str) -> AcpSession:
        session = self._sessions.get(session_id)
        if session is None:
            message = f"There is no session {session_id!r}: start one with session/new."
            raise acp.RequestError(_NOT_FOUND, message)
        return session
