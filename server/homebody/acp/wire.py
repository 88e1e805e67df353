"""JSON-RPC 2.0, one object per line: bytes to messages and back.

Knows nothing of ACP's methods.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import msgspec

from homebody.jsonrpc import INVALID_REQUEST, PARSE_ERROR, RpcError, to_rpc_error

NOT_FOUND = -32002
"""ACP's code for a resource that does not exist."""

Json: TypeAlias = Mapping[str, object]
Id: TypeAlias = int | float | str


@dataclass(frozen=True, slots=True)
class Call:
    """A request, or a notification if ``id`` is ``None``."""

    id: Id | None
    method: str
    params: object


@dataclass(frozen=True, slots=True)
class Response:
    """The client's answer to a request from Homebody: either ``error`` or ``result``."""

    id: object
    result: object
    error: RpcError | None


def decode(line: bytes) -> Call | Response:
    """Read one line.

    Raises
    ------
    RpcError
        The line is not JSON, or not a JSON-RPC message.

    """
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"This line is not JSON: {error}"
        raise RpcError(PARSE_ERROR, message) from error
    if not isinstance(found, dict):
        message = "A message is one JSON object per line; batches are not supported."
        raise RpcError(INVALID_REQUEST, message)
    fields = cast("dict[str, object]", found)
    method, message_id = fields.get("method"), fields.get("id")
    if isinstance(method, str) and "id" not in fields:
        return Call(None, method, fields.get("params"))
    if isinstance(method, str) and isinstance(message_id, int | float | str):
        return Call(message_id, method, fields.get("params"))
    if method is None and ("result" in fields or "error" in fields):
        error = fields.get("error")
        return Response(message_id, fields.get("result"), None if error is None else to_rpc_error(error))
    message = "A message has a method, or a result or error; its id is a number or a string."
    raise RpcError(INVALID_REQUEST, message)


def encode(message: Json) -> bytes:
    """Encode a message as one line."""
    return msgspec.json.encode({"jsonrpc": "2.0", **message}) + b"\n"


def error_fields(error: RpcError) -> Json:
    """Return the error object of a response, without ``data``: some clients fail on ``data: null``."""
    return {"code": error.code, "message": str(error)}
