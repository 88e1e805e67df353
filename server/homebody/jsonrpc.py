"""JSON-RPC 2.0: what the Agent Client Protocol needs of it.

The codes of errors, and the error that a response carries. Each protocol has its own framing and dispatch.
Knows nothing of methods.
"""

from typing import cast

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class RpcError(Exception):
    """An error response: sent where a handler raises it, raised where the other side answers with one."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def to_rpc_error(error: object) -> RpcError:
    """Return the error of a response, also where the other side sent a malformed one."""
    fields = cast("dict[str, object]", error) if isinstance(error, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    return RpcError(
        code if isinstance(code, int) else INTERNAL_ERROR,
        message if isinstance(message, str) and message else "The client answered with an error.",
    )
