"""Checks the arguments of commands, which are in ``commands``, and params that are not part of LSP.

msgspec also checks lsprotocol's types.
"""

from typing import TypeAlias, TypeVar

import msgspec
from lsprotocol import types

from homebody.errors import UsageError

T = TypeVar("T")


TextDocument: TypeAlias = types.OptionalVersionedTextDocumentIdentifier
"""An open document; with a ``version``, a command is refused for any other version."""


class AcceptCompletion(msgspec.Struct, frozen=True):
    """``homebody.acceptCompletion``: the suggestion with this id was accepted."""

    id: str


class CursorPosition(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/didFocus`` and ``textDocument/copilotInlineEdit``: where the user is."""

    text_document: TextDocument
    position: types.Position = types.Position(0, 0)


def parse(params: types.ExecuteCommandParams, kind: type[T]) -> T:
    """Check the argument of a command; a missing one means ``{}``.

    Raises
    ------
    UsageError
        It is invalid; the message says where.

    """
    argument, *_ = params.arguments or ({},)
    return read(f"The argument of {params.command}", argument, kind)


def read(what: str, value: object, kind: type[T]) -> T:
    """Check a value. Raises ``UsageError`` as ``parse`` does."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = f"{what} is not valid: {error}."
        raise UsageError(message) from error
