"""One connection: what pygls' dispatch does not do by itself.

pygls converts, calls the handlers, cancels, answers, and sends the server's own messages.
Before it comes a gate, ``handle_body``, which refuses the messages that pygls would leave unanswered, and
each handler gets a wrapper that turns every result and every error into something that can be sent.
docs/decisions/0031-pygls-behind-a-gate.md has the reasons.
"""

import asyncio
import json
import logging
import math
import re
from collections.abc import Awaitable, Callable, Generator, Hashable
from concurrent.futures import InvalidStateError
from contextlib import suppress
from typing import Any, TypeAlias, cast

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

from homebody.errors import HomebodyError, UsageError, sentence

logger = logging.getLogger(__name__)
# It logs a traceback of each error that a request is answered with; our own failures are logged here.
logging.getLogger("pygls").setLevel(logging.CRITICAL)

MsgId: TypeAlias = str | int | float
JsonObject: TypeAlias = dict[str, Any]

_MISSING = object()
_MAYBE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")
# The handlers of pygls that are used. Its others keep a second copy of each document, or run a command that
# its request's cancellation does not stop.
_BUILT_IN_REQUESTS = (types.INITIALIZE, types.SHUTDOWN)
_BUILT_IN_NOTICES = (types.CANCEL_REQUEST, types.EXIT)


class Protocol(LanguageServerProtocol):
    """One connection to one client.

    Has no properties: pygls reads every attribute before ``__init__`` ends.

    Attributes
    ----------
    on_initialize
        Called with the params of ``initialize``, before the capabilities are announced.

    """

    def __init__(self, server: Any, converter: Any) -> None:  # noqa: ANN401 - pygls' own are not exported
        super().__init__(server, converter)
        self.on_initialize: Callable[[types.InitializeParams], None] = lambda _: None
        self._peer = server
        self._conversion = converter
        self._registry: Any = self.fm  # it has no types
        for method in {*self._registry.builtin_features} - {*_BUILT_IN_REQUESTS, *_BUILT_IN_NOTICES}:
            del self._registry.builtin_features[method]
        self._requests = {*_BUILT_IN_REQUESTS}
        self._notices = {*_BUILT_IN_NOTICES}
        self._raw_notices: dict[str, Callable[[Any, object], None]] = {}
        self._unreadable: dict[str, Callable[[Any, Any], None]] = {}
        self._is_initialized = False
        self._is_shut_down = False
        # Requests that are not answered yet; `None` until the handler has started.
        self._running: dict[MsgId, asyncio.Task[Any] | None] = {}
        self._newest: dict[Hashable, asyncio.Task[Any] | None] = {}

    def on_request(
        self,
        method: str,
        answer: Callable[[Any, Any], Awaitable[object]],
        options: object = None,
        superseded: object = None,
    ) -> None:
        """Answer requests of ``method`` by ``answer(server, params)``, and announce ``options``.

        With ``superseded``, a request ends the older one for the same document, which has this result then.
        """

        async def handler(params: Any) -> object:  # noqa: ANN401 - pygls passes an `object` the server
            msg_id, task = cast("MsgId", self.msg_id), asyncio.current_task()
            key = task if superseded is None else (method, _uri_of(params))
            older = self._newest.get(key)
            self._running[msg_id] = self._newest[key] = task
            if older is not None:
                older.cancel()
            try:
                return self._to_json(await answer(self._peer, params))
            except asyncio.CancelledError:
                if superseded is None or self._newest.get(key) is task:
                    raise
                return self._to_json(superseded)
            except Exception as error:
                raise _to_json_rpc(error) from error
            finally:
                del self._running[msg_id]
                if self._newest.get(key) is task:
                    del self._newest[key]

        self._requests.add(method)
        self._registry.feature(method, options)(handler)

    def on_notice(
        self,
        method: str,
        follow: Callable[[Any, Any], None],
        options: object = None,
        unreadable: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """Follow notifications of ``method`` by ``follow(server, params)``, and announce ``options``.

        ``unreadable`` is called with the raw params of one that cannot be followed, if ignoring it would
        leave a wrong state.
        """

        def handler(params: Any) -> None:  # noqa: ANN401 - as above
            try:
                follow(self._peer, params)
            except Exception:
                logger.exception("the notification %r was not followed, which is a bug", method)
                self._give_up(method, self._conversion.unstructure(params))

        if unreadable is not None:
            self._unreadable[method] = unreadable
        self._notices.add(method)
        self._registry.feature(method, options)(handler)

    def on_raw_notice(self, method: str, follow: Callable[[Any, object], None]) -> None:
        """Follow notifications whose method LSP has as a request only; pygls cannot read those."""
        self._raw_notices[method] = follow

    def tasks(self) -> list["asyncio.Task[Any]"]:
        """Return the requests that still run."""
        return [task for task in self._running.values() if task is not None]

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Announce the capabilities of what is registered."""
        self.on_initialize(params)
        # pygls fails at a root that is no URI, and needs none: its own workspace stays empty.
        rootless = types.InitializeParams(params.capabilities, process_id=params.process_id)
        result = yield from super().lsp_initialize(rootless)
        # The names that pygls announces are those of commands that it runs itself.
        commands = self._registry.feature_options.get(types.WORKSPACE_EXECUTE_COMMAND)
        result.capabilities.execute_command_provider = commands
        return result

    def handle_body(self, body: bytes) -> None:
        """Handle one message. Raises nothing but ``SystemExit``, for ``exit``."""
        try:
            message = _parsed(body)
        except (ValueError, RecursionError):
            self._refuse(None, JsonRpcParseError("The message is not JSON."))
            return
        if not isinstance(message, dict):
            self._refuse(None, JsonRpcInvalidRequest("A message is one JSON object."))
            return
        message = cast("JsonObject", message)
        method, msg_id, params = message.get("method"), message.get("id", _MISSING), message.get("params")
        if method is None and ("result" in message or "error" in message):
            self._take_response(msg_id, message.get("result"), message.get("error"))
        elif msg_id is not _MISSING and not _is_id(msg_id):
            self._refuse(None, JsonRpcInvalidRequest("A request's id is a text or a number."))
        elif not isinstance(method, str):
            error = JsonRpcInvalidRequest("A message names its method as text.")
            self._refuse(None if msg_id is _MISSING else cast("MsgId", msg_id), error)
        elif msg_id is _MISSING:
            self._take_notice(method, params)
        else:
            self._take_request(cast("MsgId", msg_id), method, params)

    def _take_request(self, msg_id: MsgId, method: str, params: object) -> None:
        if self._is_shut_down:
            self._refuse(msg_id, JsonRpcInvalidRequest("The server is shutting down."))
        elif self._is_initialized and method == types.INITIALIZE:
            self._refuse(msg_id, JsonRpcInvalidRequest("The server is initialized already."))
        elif not self._is_initialized and method != types.INITIALIZE:
            self._refuse(msg_id, JsonRpcServerNotInitialized("The server waits for `initialize`."))
        elif msg_id in self._running:
            error = JsonRpcInvalidRequest(f"A request with id {msg_id!r} is still being answered.")
            self._refuse(msg_id, error)
        elif method not in self._requests:
            self._refuse(msg_id, JsonRpcMethodNotFound(f"There is no method {method!r} here."))
        elif isinstance(typed := self._structured(method, params, id=msg_id), JsonRpcException):
            self._refuse(msg_id, typed)
        else:
            self._is_initialized = True
            self._is_shut_down = method == types.SHUTDOWN
            if method not in _BUILT_IN_REQUESTS:
                self._running[msg_id] = None
            self.handle_message(typed)

    def _take_notice(self, method: str, params: object) -> None:
        if self._is_initialized and (follow := self._raw_notices.get(method)) is not None:
            follow(self._peer, params)
            return
        if method not in self._notices or (not self._is_initialized and method != types.EXIT):
            return
        typed = self._structured(method, params)
        if isinstance(typed, JsonRpcException):
            logger.warning("%s", typed)
            self._give_up(method, params)
            return
        if method == types.CANCEL_REQUEST:
            msg_id = typed.params.id
            if not _is_id(msg_id) or msg_id not in self._running:
                return
            if self._running[msg_id] is None:
                del self._running[msg_id]  # its handler will not start
        self.handle_message(typed)

    def _take_response(self, msg_id: object, result: object, error: object) -> None:
        # pygls would take it for the answer to any request with this id, also to one of the client's.
        if not isinstance(msg_id, str) or msg_id in self._running:
            return
        body = {"result": result} if error is None else {"error": error}
        try:
            typed: Any = self.structure_message({"jsonrpc": "2.0", "id": msg_id, **body})
        except JsonRpcException as wrong:
            text = f"The client's answer is not valid: {_reason_of(wrong)}."
            told = types.ResponseError(JsonRpcInternalError.CODE, text)
            typed = types.ResponseErrorMessage(error=told, id=msg_id)
        with suppress(InvalidStateError):  # nobody waits for it any more
            self.handle_message(typed)

    def _refuse(self, msg_id: MsgId | None, error: JsonRpcException) -> None:
        """Answer with an error. Not through pygls, which sends no id that is null."""
        refusal = {"code": error.code, "message": error.message}
        body = json.dumps({"jsonrpc": "2.0", "id": msg_id, "error": refusal})
        if self.writer is not None:
            self.writer.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def _structured(self, method: str, params: object, **msg_id: MsgId) -> Any:  # noqa: ANN401 - as above
        """Message in the type of its method, or the error that its params are not valid.

        Other members are dropped: one named `error` would make it a response for pygls.
        """
        try:
            return self.structure_message({"jsonrpc": "2.0", "method": method, "params": params, **msg_id})
        except JsonRpcException as error:
            return JsonRpcInvalidParams(f"The params of {method!r} are not valid: {_reason_of(error)}.")

    def _give_up(self, method: str, params: object) -> None:
        if handler := self._unreadable.get(method):
            handler(self._peer, params)

    def _to_json(self, result: object) -> object:
        """Result as JSON; pygls does not answer a request whose result is not."""
        plain = self._conversion.unstructure(result)
        json.dumps(plain)
        return plain


def _uri_of(params: Any) -> object:  # noqa: ANN401 - LSP's own params, or JSON of a method that LSP does not have
    """Document of a request; JSON that does not name one is refused by its handler."""
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            return uri
        case dict():
            return None
        case _:
            return params.text_document.uri


def _parsed(body: bytes) -> object:
    """Parse a message; halves of surrogate pairs, which cannot be encoded, become U+FFFD, but in its id.

    Both count one UTF-16 unit, so positions stay correct.
    """
    message = json.loads(body.decode(), parse_constant=_not_json)
    if not _MAYBE_HALF.search(body):
        return message
    whole = json.loads(_HALF.sub("\ufffd", json.dumps(message, ensure_ascii=False)))
    return whole | {"id": message["id"]} if isinstance(message, dict) and "id" in message else whole


def _not_json(constant: str) -> None:
    """Refuse ``NaN`` and ``Infinity``, which Python's parser accepts although they are not JSON."""
    raise ValueError(constant)


def _is_id(value: object) -> bool:
    """Whether this is a valid id of a request; ``1e999`` is infinity, which JSON cannot represent."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return not isinstance(value, float) or math.isfinite(value)


def _reason_of(error: BaseException) -> str:
    """Describe on one line what was wrong with a message, by the innermost error."""
    while isinstance(error, JsonRpcException) and error.__cause__ is not None:
        error = error.__cause__
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    text = str(error) if error.args else type(error).__name__
    if isinstance(error, KeyError):
        text = f"{error.args[0]!r} is missing"
    return " ".join(text.split())[:200].rstrip(".")


def _to_json_rpc(error: Exception) -> JsonRpcException:
    match error:
        case JsonRpcException():
            return error
        case HomebodyError():
            code = (
                JsonRpcInvalidParams.CODE
                if isinstance(error, UsageError)
                else types.LSPErrorCodes.RequestFailed
            )
            return JsonRpcException(sentence(str(error)), int(code), {"kind": type(error).__name__})
        case _:
            logger.error("a request failed", exc_info=error)
            text = f"Homebody failed here, which is a bug: {type(error).__name__}: {error}"
            return JsonRpcInternalError(text)
