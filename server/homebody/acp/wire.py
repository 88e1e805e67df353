"""JSON-RPC 2.0, one object per line: bytes to messages and back.

Knows nothing of ACP's methods.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import msgspec

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_FOUND = -32002

Json: TypeAlias = Mapping[str, object]
Id: TypeAlias = int | float | str


class RpcError(Exception):
    """An error response, sent or received; ``code`` is JSON-RPC's or ACP's."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, or a notification where ``id`` is ``None``."""

    id: Id | None
    method: str
    params: object


@dataclass(frozen=True, slots=True)
class Response:
    """The client's answer to a request of ours: ``error`` or else ``result``."""

    id: object
    result: object
    error: RpcError | None


def decode(line: bytes) -> Call | Response:
    """Read one line.

    Raises
    ------
    RpcError
        It is not JSON, or not a JSON-RPC message.

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
        return Response(message_id, fields.get("result"), _error_of(fields.get("error")))
    message = "A message has a method, or a result or error; its id is a number or a string."
    raise RpcError(INVALID_REQUEST, message)


def encode(message: Json) -> bytes:
    """Write one line."""
    return msgspec.json.encode({"jsonrpc": "2.0", **message}) + b"\n"


def error_fields(error: RpcError) -> Json:
    """Return the error object of a response, without ``data``: some clients fail on ``data: null``."""
    return {"code": error.code, "message": str(error)}


def _error_of(found: object) -> RpcError | None:
    if found is None:
        return None
    fields: dict[str, object] = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    code = fields.get("code")
    text = fields.get("message", "an error without a message")
    return RpcError(code if isinstance(code, int) else INTERNAL_ERROR, str(text))
