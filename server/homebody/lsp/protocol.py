"""JSON-RPC as LSP uses it: bytes of a message in, handlers called, exactly one response a request.

In: the body of one message at a time. Out: responses, notifications and requests through ``writer``.
Knows nothing of methods, documents or models; ``server`` hands it the table of handlers.

pygls gives types, the converter and the sending of requests. Its own dispatch is not used: it leaves
requests unanswered whose params do not parse, shows a message for each error, and keeps a copy of
every document.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from homebody.errors import HomebodyError, UsageError

logger = logging.getLogger(__name__)

MsgId: TypeAlias = str | int | float
JsonObject: TypeAlias = dict[str, Any]

INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
PARSE_ERROR = -32700
NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Request:
    """How a request is answered.

    Attributes
    ----------
    answer
        Takes the params, returns the result. Runs as a task; cancelling it cancels the request.
    replaces
        Says which earlier requests this one supersedes: those with an equal key. ``None``: none.
    superseded
        Makes the result of a superseded request.

    """

    answer: Callable[[Any], Coroutine[Any, Any, object]]
    replaces: Callable[[Any], Hashable] | None = None
    superseded: Callable[[], object] = lambda: None


@dataclass(slots=True, eq=False)
class _Running:
    """A request whose response is still to come."""

    msg_id: MsgId
    request: Request
    task: asyncio.Task[object]
    key: Hashable = None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Handlers:
    """The table of what the server understands, by method."""

    requests: Mapping[str, Request] = field(default_factory=dict[str, Request])
    notifications: Mapping[str, Callable[[Any], None]] = field(
        default_factory=dict[str, Callable[[Any], None]]
    )


class Protocol(LanguageServerProtocol):
    """One connection to one client."""

    handlers = Handlers()
    on_closed: Callable[[], None] | None = None

    def _register_builtin_features(self) -> None:
        """Leave pygls' own handlers out: ``handlers`` is the whole table."""

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has asked to shut down."""
        return self._shutdown

    def begin(self) -> None:
        """Make the state of this connection."""
        self._running: dict[MsgId, _Running] = {}
        self._newest: dict[Hashable, _Running] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._initialized = False
        self._closed = False

    def handle_body(self, body: bytes) -> None:
        """Handle one message. Never raises; the task of a request starts at the next turn."""
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
        """Run ``work`` beside the requests; an error of it is logged and harms nothing."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._end_background)

    def end_requests(self) -> None:
        """Cancel what runs; each request is answered as it ends."""
        for running in tuple(self._running.values()):
            if running.task is not asyncio.current_task():
                running.task.cancel()
        self._shutdown = True

    async def aclose(self) -> None:
        """End all that still runs, and wait for it; nothing is sent any more."""
        self._closed = True
        tasks = [*self._background, *(running.task for running in self._running.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for future in self._request_futures.values():
            future.cancel()

    def _handle_object(self, message: JsonObject) -> None:
        method, msg_id = message.get("method"), message.get("id", _MISSING)
        if method is None and msg_id is not _MISSING and ("result" in message or "error" in message):
            self._handle_reply(message)
        elif msg_id is _MISSING:
            self._handle_notice(method, message.get("params"))
        elif isinstance(msg_id, bool) or not isinstance(msg_id, str | int | float):
            self._refuse(None, INVALID_REQUEST, "A request's id is a text or a number.")
        elif not isinstance(method, str):
            self._refuse(msg_id, INVALID_REQUEST, "A request names its method as text.")
        else:
            self._handle_call(msg_id, method, message)

    def _handle_call(self, msg_id: MsgId, method: str, message: JsonObject) -> None:
        if self._shutdown:
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
            self._refuse(msg_id, INVALID_PARAMS, f"The params of {method!r} are not valid: {_reason(error)}.")
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
        """Answer a request whose task has ended, in whatever way."""
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
            case JsonRpcException():
                self._refuse(msg_id, error.code, error.message)
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
            logger.warning("the params of %r are not valid: %s", method, _reason(error))
            return
        try:
            handler(typed)
        except Exception:
            logger.exception("the notification %r was not followed, which is a bug", method)

    def _cancel(self, params: object) -> None:
        msg_id = cast("JsonObject", params).get("id") if isinstance(params, dict) else None
        if isinstance(msg_id, str | int | float) and (running := self._running.get(msg_id)):
            running.task.cancel()

    def _handle_reply(self, message: JsonObject) -> None:
        """Hand the client's response to whoever asked."""
        msg_id = message["id"]
        future = self._request_futures.pop(msg_id, None) if isinstance(msg_id, str) else None
        if future is None or future.done():
            return
        result_type = self._result_types.pop(msg_id, None)
        if (error := message.get("error")) is not None:
            future.set_exception(_client_error(error))
            return
        try:
            result = self._converter.structure(message, result_type).result if result_type else None
        except Exception as error:  # noqa: BLE001 - whatever the client sent, the asker is not left waiting
            future.set_exception(JsonRpcException(f"The client's answer is not valid: {_reason(error)}."))
        else:
            future.set_result(result)

    def _params(self, method: str, params: object) -> Any:  # noqa: ANN401 - one type a method
        """Params in the type of their method; as they came where LSP has no such method."""
        message_type = self.get_message_type(method)
        if message_type is None:
            return params
        message: JsonObject = {"jsonrpc": self.VERSION, "id": 0, "method": method}
        if params is not None:
            message["params"] = params
        return self._converter.structure(message, message_type).params

    def _reply(self, msg_id: MsgId, result: object) -> None:
        try:
            body = self._converter.unstructure(result)
            self._send_object({"jsonrpc": self.VERSION, "id": msg_id, "result": body})
        except (TypeError, ValueError, AttributeError) as error:
            self._refuse_for(msg_id, error)

    def _refuse(self, msg_id: MsgId | None, code: int, message: str, data: JsonObject | None = None) -> None:
        error: JsonObject = {"code": code, "message": message}
        if data is not None:
            error["data"] = data
        self._send_object({"jsonrpc": self.VERSION, "id": msg_id, "error": error})

    def _send_data(self, data: object) -> None:
        """Send what pygls has made: a notification, or a request to the client."""
        self._send_object(self._converter.unstructure(data))

    def _send_object(self, message: JsonObject) -> None:
        if self._closed or self.writer is None:
            return
        body = json.dumps(message, separators=(",", ":")).encode()
        try:
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        except (OSError, ValueError):
            # The client has gone, and its requests with it.
            self._closed = True
            if self.on_closed is not None:
                self.on_closed()

    def _end_background(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a task beside the requests failed", exc_info=error)


def _not_json(constant: str) -> None:
    """Refuse ``NaN`` and its like, which Python reads though JSON has no such thing."""
    raise ValueError(constant)


def _reason(error: Exception) -> str:
    """Say on one line what was wrong, in the innermost words that there are."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    text = str(error) if error.args else type(error).__name__
    if isinstance(error, KeyError):
        text = f"{error.args[0]!r} is missing"
    return " ".join(text.split())[:200].rstrip(".")


def _client_error(error: object) -> JsonRpcException:
    if isinstance(error, dict):
        told = cast("JsonObject", error)
        return JsonRpcException(message=str(told.get("message", "")), code=_int(told.get("code")))
    return JsonRpcException(message="The client answered with an error.")


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None
