"""JSON-RPC as LSP uses it: bytes of a message in, handlers called, exactly one response per request.

In: the body of one message at a time. Out: responses, and the server's own messages through ``outgoing``.
Knows nothing of methods, documents or models; ``methods`` has the table of handlers.

Types and their conversion are lsprotocol's; the dispatch is Homebody's own
(docs/decisions/0031-own-dispatch-on-lsprotocol.md).
"""

import asyncio
import json
import logging
import math
from collections.abc import Callable, Coroutine, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast
from typing import Protocol as Interface

from lsprotocol import types
from lsprotocol.converters import get_converter

from homebody.errors import HomebodyError, UsageError
from homebody.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    PARSE_ERROR,
    REQUEST_CANCELLED,
    REQUEST_FAILED,
    RpcError,
)
from homebody.lsp.outgoing import JsonObject, Outgoing, reason_of

logger = logging.getLogger(__name__)

MsgId: TypeAlias = str | int | float

_MISSING = object()


class Writer(Interface):
    """Receives whole messages."""

    def write(self, data: bytes) -> None:
        """Accept one message, without waiting; raises ``OSError`` if the client has disconnected."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """How to answer one kind of request.

    Attributes
    ----------
    answer
        Takes the params, returns the result. Runs as a task; cancelling it cancels the request.
    replaces
        Returns a key; an earlier request with the same key is superseded. ``None``: none is superseded.
    superseded
        Returns the result of a superseded request.

    """

    answer: Callable[[Any], Coroutine[Any, Any, object]]
    replaces: Callable[[Any], Hashable] | None = None
    superseded: Callable[[], object] = lambda: None


@dataclass(slots=True, eq=False)
class _Running:
    """A request that is not answered yet."""

    msg_id: MsgId
    request: Request
    task: asyncio.Task[object]
    key: Hashable = None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Handlers:
    """The table of supported methods.

    Attributes
    ----------
    unreadable
        Called with the raw params of a notification that could not be handled, if ignoring it would leave a
        wrong state.

    """

    requests: Mapping[str, Request] = field(default_factory=dict[str, Request])
    notifications: Mapping[str, Callable[[Any], None]] = field(
        default_factory=dict[str, Callable[[Any], None]]
    )
    unreadable: Mapping[str, Callable[[object], None]] = field(
        default_factory=dict[str, Callable[[object], None]]
    )


class Protocol:
    """One connection to one client."""

    def __init__(self, handlers: Handlers | None = None) -> None:
        self.handlers = handlers or Handlers()
        self.on_closed: Callable[[], None] = lambda: None
        self.is_shut_down = False
        self._converter = get_converter()
        self.outgoing = Outgoing(self._send, self._converter)
        self._writer: Writer | None = None
        self._running: dict[MsgId, _Running] = {}
        self._newest: dict[Hashable, _Running] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._initialized = False

    def connect(self, writer: Writer, on_closed: Callable[[], None]) -> None:
        """Send to ``writer`` from now on; ``on_closed`` is called once, when the client disconnects."""
        self._writer = writer
        self.on_closed = on_closed

    def handle_body(self, body: bytes) -> None:
        """Handle one message. Never raises; a request's task starts in the event loop's next iteration."""
        try:
            message = json.loads(body, parse_constant=_not_json)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "The message is not JSON.")
            return
        if not isinstance(message, dict):
            self._refuse(None, INVALID_REQUEST, "A message is one JSON object.")
            return
        self._handle_object(cast("JsonObject", message))

    def start_task(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` in the background; its errors are logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._end_background)

    def end_requests(self) -> None:
        """Cancel running requests and refuse later ones; each is answered as it ends."""
        for running in tuple(self._running.values()):
            if running.task is not asyncio.current_task():
                running.task.cancel()
        self.is_shut_down = True

    async def aclose(self) -> None:
        """Send nothing more, cancel all tasks, and wait for them."""
        self._writer = None
        tasks = [*self._background, *(running.task for running in self._running.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.outgoing.cancel()

    def _handle_object(self, message: JsonObject) -> None:
        method, msg_id = message.get("method"), message.get("id", _MISSING)
        if method is None and msg_id is not _MISSING and ("result" in message or "error" in message):
            self.outgoing.take_response(message)
        elif msg_id is _MISSING:
            self._handle_notice(method, message.get("params"))
        elif not _is_id(msg_id):
            self._refuse(None, INVALID_REQUEST, "A request's id is a text or a number.")
        elif not isinstance(method, str):
            self._refuse(msg_id, INVALID_REQUEST, "A request names its method as text.")
        else:
            self._handle_call(msg_id, method, message)

    def _handle_call(self, msg_id: MsgId, method: str, message: JsonObject) -> None:
        if self.is_shut_down:
            self._refuse(msg_id, INVALID_REQUEST, "The server is shutting down.")
            return
        if (method == types.INITIALIZE) is self._initialized:
            code = INVALID_REQUEST if self._initialized else NOT_INITIALIZED
            text = "is initialized already" if self._initialized else "waits for `initialize`"
            self._refuse(msg_id, code, f"The server {text}.")
            return
        if msg_id in self._running:
            self._refuse(msg_id, INVALID_REQUEST, f"A request with id {msg_id!r} is still being answered.")
            return
        request = self.handlers.requests.get(method)
        if request is None:
            self._refuse(msg_id, METHOD_NOT_FOUND, f"There is no method {method!r} here.")
            return
        try:
            params = self._params(method, message.get("params"))
        except Exception as error:  # noqa: BLE001 - cattrs and the types' own checks raise all kinds
            self._refuse(
                msg_id, INVALID_PARAMS, f"The params of {method!r} are not valid: {reason_of(error)}."
            )
            return
        self._initialized = True
        self._start(msg_id, request, params)

    def _start(self, msg_id: MsgId, request: Request, params: object) -> None:
        task = asyncio.get_running_loop().create_task(request.answer(params))
        running = self._running[msg_id] = _Running(msg_id, request, task)
        if request.replaces is not None:
            running.key = request.replaces(params)
            older = self._newest.get(running.key)
            self._newest[running.key] = running
            if older is not None:
                older.superseded = True
                older.task.cancel()
        task.add_done_callback(lambda _: self._respond(running))

    def _respond(self, running: _Running) -> None:
        """Answer a request whose task has ended, with a result, an error or a cancellation."""
        del self._running[running.msg_id]
        if self._newest.get(running.key) is running:
            del self._newest[running.key]
        task = running.task
        if task.cancelled():
            if running.superseded:
                self._reply(running.msg_id, running.request.superseded())
            else:
                self._refuse(running.msg_id, REQUEST_CANCELLED, "The request was cancelled.")
        elif (error := task.exception()) is not None:
            self._refuse_for(running.msg_id, error)
        else:
            self._reply(running.msg_id, task.result())

    def _refuse_for(self, msg_id: MsgId, error: BaseException) -> None:
        match error:
            case RpcError():
                self._refuse(msg_id, error.code, str(error))
            case HomebodyError():
                code = INVALID_PARAMS if isinstance(error, UsageError) else REQUEST_FAILED
                self._refuse(msg_id, code, str(error), {"kind": type(error).__name__})
            case _:
                logger.error("a request failed", exc_info=error)
                text = f"Homebody failed here, which is a bug: {type(error).__name__}: {error}"
                self._refuse(msg_id, INTERNAL_ERROR, text)

    def _handle_notice(self, method: object, params: object) -> None:
        if not isinstance(method, str):
            self._refuse(None, INVALID_REQUEST, "A message has a method or a result.")
            return
        if method == types.CANCEL_REQUEST:
            self._cancel(params)
            return
        handler = self.handlers.notifications.get(method)
        if handler is None or (not self._initialized and method != types.EXIT):
            return
        try:
            typed = self._params(method, params)
        except Exception as error:  # noqa: BLE001 - cattrs and the types' own checks raise all kinds
            logger.warning("the params of %r are not valid: %s", method, reason_of(error))
            self._give_up(method, params)
            return
        try:
            handler(typed)
        except Exception:
            logger.exception("the notification %r was not followed, which is a bug", method)
            self._give_up(method, params)

    def _give_up(self, method: str, params: object) -> None:
        if handler := self.handlers.unreadable.get(method):
            handler(params)

    def _cancel(self, params: object) -> None:
        msg_id = cast("JsonObject", params).get("id") if isinstance(params, dict) else None
        if isinstance(msg_id, str | int | float) and (running := self._running.get(msg_id)):
            running.task.cancel()

    def _params(self, method: str, params: object) -> Any:  # noqa: ANN401 - one type a method
        """Params in the type of their method; unchanged if LSP has no such method."""
        if method not in types.METHOD_TO_TYPES:
            return params
        message: JsonObject = {"jsonrpc": "2.0", "id": 0, "method": method}
        if params is not None:
            message["params"] = params
        return self._converter.structure(message, types.METHOD_TO_TYPES[method][0]).params

    def _reply(self, msg_id: MsgId, result: object) -> None:
        try:
            body = self._converter.unstructure(result)
            self._send({"jsonrpc": "2.0", "id": msg_id, "result": body})
        except (TypeError, ValueError, AttributeError) as error:
            self._refuse_for(msg_id, error)

    def _refuse(self, msg_id: MsgId | None, code: int, message: str, data: JsonObject | None = None) -> None:
        error: JsonObject = {"code": code, "message": message}
        if data is not None:
            error["data"] = data
        self._send({"jsonrpc": "2.0", "id": msg_id, "error": error})

    def _send(self, message: JsonObject) -> None:
        if self._writer is None:
            return
        body = json.dumps(message, separators=(",", ":")).encode()
        try:
            self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        except OSError:
            # The client has disconnected or stopped reading, so its requests are dropped.
            self._writer = None
            self.on_closed()

    def _end_background(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)


def _not_json(constant: str) -> None:
    """Refuse ``NaN`` and ``Infinity``, which Python's parser accepts although they are not JSON."""
    raise ValueError(constant)


def _is_id(value: object) -> bool:
    """Whether this is a valid id of a request; ``1e999`` is infinity, which JSON cannot represent."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return not isinstance(value, float) or math.isfinite(value)
