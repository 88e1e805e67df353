"""ACP's methods, and the open chats.

In: a method and its parameters. Out: results; the updates of a turn are sent before its response.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from homebody import __version__
from homebody.acp.answers import answer
from homebody.acp.commands import list_commands, run_command
from homebody.acp.connection import Connection, Reply
from homebody.acp.engines import Engines
from homebody.acp.models import choose_option, config_options
from homebody.acp.params import (
    Cancel,
    FileSystem,
    Initialize,
    NewSession,
    Prompt,
    SetConfigOption,
    parse,
)
from homebody.acp.question import Question, read_blocks
from homebody.acp.session import Session, StopReason
from homebody.acp.wire import NOT_FOUND
from homebody.errors import HomebodyError
from homebody.features.answer import Usage
from homebody.features.chat_models import chat_models
from homebody.jsonrpc import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, RpcError

logger = logging.getLogger(__name__)

_VERSION = 1
"""Version of the protocol; a client that offers another version is answered with this one."""

_MOST_SESSIONS = 64
"""Maximum number of chats that are kept; the least recently used is dropped first."""

_MODELS_SECONDS = 3.0
"""Seconds that a new session waits for the names of the models; later they are sent as an update."""

_Method: TypeAlias = Callable[[object], Awaitable[Reply]]


class Agent:
    """Serves one client."""

    def __init__(self, connection: Connection, engines: Engines) -> None:
        self._connection = connection
        self._engines = engines
        self._fs = FileSystem()
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._methods: dict[str, _Method] = {
            "initialize": self._initialize,
            "session/new": self._new_session,
            "session/prompt": self._prompt,
            "session/cancel": self._cancel,
            "session/set_config_option": self._set_option,
        }

    async def handle(self, method: str, params: object) -> Reply:
        """Handle a request or a notification.

        Raises
        ------
        RpcError
            The method does not exist, or its parameters are wrong.

        """
        run = self._methods.get(method)
        if run is None:
            message = f"Homebody has no method {method!r}."
            raise RpcError(METHOD_NOT_FOUND, message)
        return await run(params)

    async def aclose(self) -> None:
        """End all turns and close the engines."""
        await self._connection.aclose()
        await self._engines.aclose()

    async def _initialize(self, params: object) -> Reply:
        capabilities = parse(params, Initialize).client_capabilities
        self._fs = capabilities.fs if capabilities is not None else FileSystem()
        return Reply(
            {
                "protocolVersion": _VERSION,
                "agentCapabilities": {"loadSession": False, "promptCapabilities": {"embeddedContext": True}},
                "agentInfo": {"name": "homebody", "title": "Homebody", "version": __version__},
                "authMethods": [],
            }
        )

    async def _new_session(self, params: object) -> Reply:
        cwd = Path(parse(params, NewSession).cwd)
        if not cwd.is_absolute() or not await asyncio.to_thread(cwd.is_dir):
            message = f"cwd {str(cwd)!r} is not an absolute path of a folder."
            raise RpcError(INVALID_PARAMS, message)
        session = Session.create(cwd, self._fs, self._connection)
        self._sessions[session.id] = session
        idle = [one for one in self._sessions.values() if one.turn is None and one is not session]
        if len(self._sessions) > _MOST_SESSIONS and idle:
            del self._sessions[idle[0].id]

        loading = self._connection.start(self._load_models(session))
        await asyncio.wait({loading}, timeout=_MODELS_SECONDS)
        options = config_options(session)

        # Clients drop updates for a session that they do not know yet.
        def then() -> None:
            self._connection.start(self._introduce(session, loading, has_options=bool(options)))

        return Reply({"sessionId": session.id} | ({"configOptions": options} if options else {}), then)

    async def _load_models(self, session: Session) -> None:
        """Start the model, and list the other available models."""
        try:
            engine = (await self._engines.open(session.cwd)).engine
            session.models = await chat_models(engine)
        except HomebodyError as error:
            logger.warning("%s", error)  # the first question reports the failure

    async def _introduce(self, session: Session, loading: asyncio.Task[None], *, has_options: bool) -> None:
        """Send the commands, the context length, and, unless the client has them already, the models."""
        try:
            engine = (await self._engines.open(session.cwd)).engine
            session.send_commands(list_commands(engine))
            await loading
            if not has_options and session.models:
                session.send_options(config_options(session))
            info = await engine.chat.describe()
            if not session.conversation.turns:
                session.send_usage(Usage(0, 0, info.context_length))
        except HomebodyError as error:
            logger.warning("%s", error)  # the first question reports the failure

    async def _set_option(self, params: object) -> Reply:
        wanted = parse(params, SetConfigOption)
        session = self._session(wanted.session_id)
        choose_option(session, wanted)
        return Reply({"configOptions": config_options(session)})

    async def _prompt(self, params: object) -> Reply:
        prompt = parse(params, Prompt)
        session = self._session(prompt.session_id)
        if session.turn is not None:
            message = "A turn is running in this session: cancel it first."
            raise RpcError(INVALID_REQUEST, message)
        self._sessions.move_to_end(session.id)
        question = read_blocks(prompt.prompt, session.cwd)
        # A separate task: a cancelled turn is still answered.
        session.turn = asyncio.create_task(self._turn(session, question))
        try:
            stopped: StopReason = await session.turn
        except asyncio.CancelledError:
            session.turn.cancel()
            stopped = "cancelled"
        finally:
            session.fail_open_calls()
            session.turn = None
        return Reply({"stopReason": stopped})

    async def _cancel(self, params: object) -> Reply:
        session = self._session(parse(params, Cancel).session_id)
        if session.turn is not None:
            session.turn.cancel()
        return Reply({})

    async def _turn(self, session: Session, question: Question) -> StopReason:
        """Answer one prompt; a failure is sent to the client as text."""
        try:
            chosen = session.model
            opened = await self._engines.open(session.cwd, None if chosen is None else chosen.block)
            engine = opened.engine
            for notice in opened.take_notices():
                session.say(f"*{notice}*\n\n")
            changed = await asyncio.to_thread(engine.prompts.refresh)
            if changed or not session.commands_sent:
                session.commands_sent = True
                session.send_commands(list_commands(engine))
            if (command := question.command) is not None:
                return await run_command(engine, session, question, *command)
            return await answer(engine, session, question)
        except HomebodyError as error:
            session.say(str(error))
            return "end_turn"

    def _session(self, session_id: str) -> Session:
        found = self._sessions.get(session_id)
        if found is None:
            message = f"There is no session {session_id!r}: start one with session/new."
            raise RpcError(NOT_FOUND, message)
        return found
