"""Messages that the server initiates: notifications, and requests that the client answers.

In: a method with its params, in LSP's types or as plain JSON. Out: JSON-RPC messages through ``send``,
and the client's results in LSP's types.
Knows nothing of handlers, documents or models.
"""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from lsprotocol import types

from homebody.jsonrpc import INTERNAL_ERROR, RpcError, to_rpc_error

if TYPE_CHECKING:
    from cattrs import Converter

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that the client has not answered yet."""

    method: str
    future: asyncio.Future[Any]


class Outgoing:
    """Notifications and requests of one connection."""

    def __init__(self, send: Callable[[JsonObject], None], converter: "Converter") -> None:
        self._send = send
        self._converter = converter
        self._ids = itertools.count(1)
        self._asked: dict[int, _Asked] = {}

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": self._converter.unstructure(params)})

    async def request(self, method: str, params: object = None) -> Any:  # noqa: ANN401 - one type per method
        """Send a request and wait for its result, without a time limit.

        Returns
        -------
        object
            The result in the type that LSP has for ``method``.

        Raises
        ------
        RpcError
            The client answered with an error, or with a result of another type.

        """
        msg_id = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[msg_id] = _Asked(method, future)
        body = self._converter.unstructure(params)
        try:
            self._send({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": body})
            return await future
        finally:
            self._asked.pop(msg_id, None)

    def take_response(self, response: JsonObject) -> None:
        """Deliver a response to the request that waits for it; a response without one is ignored."""
        msg_id = response["id"]
        asked = self._asked.pop(msg_id, None) if type(msg_id) is int else None
        if asked is None or asked.future.done():
            return
        if (error := response.get("error")) is not None:
            asked.future.set_exception(to_rpc_error(error))
            return
        try:
            result = self._result(asked.method, response.get("result"))
        except Exception as error:  # noqa: BLE001 - cattrs raises all kinds; the request must not wait forever
            text = f"The client's answer to {asked.method} is not valid: {reason_of(error)}."
            asked.future.set_exception(RpcError(INTERNAL_ERROR, text))
        else:
            asked.future.set_result(result)

    def cancel(self) -> None:
        """Cancel all requests that are still waiting."""
        for asked in self._asked.values():
            asked.future.cancel()

    def _result(self, method: str, result: object) -> object:
        """Result in the type of its method."""
        response_type = types.METHOD_TO_TYPES[method][1]
        message: JsonObject = {"jsonrpc": "2.0", "id": 0, "result": result}
        return self._converter.structure(message, response_type).result if response_type else result


def reason_of(error: Exception) -> str:
    """Describe on one line what was wrong with a message, by the innermost error."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    text = str(error) if error.args else type(error).__name__
    if isinstance(error, KeyError):
        text = f"{error.args[0]!r} is missing"
    return " ".join(text.split())[:200].rstrip(".")
