"""The client's parameters as typed values; unknown fields are ignored.

In: decoded JSON. Out: structs, or ``RpcError`` with the reason.
"""

from typing import TypeVar

import msgspec

from homebody.jsonrpc import INVALID_PARAMS, RpcError


class _Struct(msgspec.Struct, frozen=True, rename="camel"):
    """Base of the structs; their fields are camelCase in JSON."""


class FileSystem(_Struct, frozen=True, rename="camel"):
    """Which file requests the client supports."""

    read_text_file: bool = False
    write_text_file: bool = False


class ClientCapabilities(_Struct, frozen=True, rename="camel"):
    """Capabilities of the client."""

    fs: FileSystem = FileSystem()


class Initialize(_Struct, frozen=True, rename="camel"):
    """``initialize``."""

    protocol_version: int
    client_capabilities: ClientCapabilities | None = None


class NewSession(_Struct, frozen=True, rename="camel"):
    """``session/new``; its MCP servers are ignored."""

    cwd: str


class Resource(_Struct, frozen=True, rename="camel"):
    """Text or binary data that the client embeds."""

    uri: str
    text: str | None = None
    blob: str | None = None


class Block(_Struct, frozen=True, rename="camel"):
    """One content block; which fields apply depends on ``type``."""

    type: str
    text: str | None = None
    uri: str | None = None
    name: str | None = None
    resource: Resource | None = None


class Prompt(_Struct, frozen=True, rename="camel"):
    """``session/prompt``."""

    session_id: str
    prompt: list[Block]


class Cancel(_Struct, frozen=True, rename="camel"):
    """``session/cancel``."""

    session_id: str


class SetConfigOption(_Struct, frozen=True, rename="camel"):
    """``session/set_config_option``."""

    session_id: str
    config_id: str
    value: str


class FileContent(_Struct, frozen=True, rename="camel"):
    """Result of ``fs/read_text_file``."""

    content: str


class Outcome(_Struct, frozen=True, rename="camel"):
    """What the user chose; ``option_id`` is set only if an option was selected."""

    outcome: str
    option_id: str | None = None


class Permission(_Struct, frozen=True, rename="camel"):
    """Result of ``session/request_permission``."""

    outcome: Outcome


_Params = TypeVar("_Params", bound=msgspec.Struct)


def parse(params: object, kind: type[_Params]) -> _Params:
    """Check ``params`` against ``kind``.

    Raises
    ------
    RpcError
        A field is missing or has another type.

    """
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise RpcError(INVALID_PARAMS, f"{error}.") from error
