"""Params that are not part of LSP: Homebody's own notifications, and how arguments of commands are checked.

The argument of a command is in the command's module, in ``commands``. msgspec also checks lsprotocol's types.
"""

from collections.abc import Sequence
from typing import TypeAlias, TypeVar, cast

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.convert import to_text

T = TypeVar("T", bound=msgspec.Struct)

# These names are compared with others from the client, or are sent back to it.
_NAMES = frozenset({"uri", "token"})


class NoArguments(msgspec.Struct, frozen=True):
    """The argument is empty."""


TextDocument: TypeAlias = types.OptionalVersionedTextDocumentIdentifier
"""An open document; with a ``version``, a command is refused for any other version."""


class AcceptCompletion(msgspec.Struct, frozen=True):
    """``homebody.acceptCompletion``: the suggestion with this id was accepted."""

    id: str


class DidFocus(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/didFocus``: the user looks at this document, at this position."""

    text_document: TextDocument
    position: types.Position | None = None


class AcceptCommand(msgspec.Struct, frozen=True):
    """The command of a suggestion; its argument has the suggestion's id."""

    arguments: tuple[AcceptCompletion]


class ShownItem(msgspec.Struct, frozen=True):
    """A suggestion, as the client received it."""

    command: AcceptCommand

    @property
    def id(self) -> str:
        """Return the suggestion's id."""
        return self.command.arguments[0].id


class DidShowCompletion(msgspec.Struct, frozen=True):
    """``textDocument/didShowCompletion``: the user saw this suggestion."""

    item: ShownItem


class DidPartiallyAcceptCompletion(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/didPartiallyAcceptCompletion``; ``accepted_length`` is in UTF-16 units."""

    item: ShownItem
    accepted_length: int


class InlineEdit(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/copilotInlineEdit``: what comes after the last edit, with the cursor at ``position``."""

    text_document: TextDocument
    position: types.Position


class AcceptNextEdit(msgspec.Struct, frozen=True, tag_field="command", tag="homebody.acceptNextEdit"):
    """The command of a next edit; its argument is the edit's id."""

    arguments: tuple[str]


class NextEditItem(msgspec.Struct, frozen=True):
    """A next edit, as the client received it."""

    command: AcceptNextEdit


class DidShowInlineEdit(msgspec.Struct, frozen=True):
    """``textDocument/didShowInlineEdit``: the user saw this edit."""

    item: NextEditItem


class DidRejectInlineEdit(msgspec.Struct, frozen=True):
    """``homebody/didRejectInlineEdit``: the user rejected the edit with this id."""

    id: str


def read(params: object, kind: type[T]) -> T | None:
    """Read the params of a notification; ``None`` if they are invalid, as a notification has no response."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError:
        return None


def parse(command: str, arguments: Sequence[object] | None, kind: type[T]) -> T:
    """Check the argument of ``command``; a missing one means ``{}``.

    Half surrogate pairs in its texts become U+FFFD, so that prompts with these texts can be encoded.

    Raises
    ------
    UsageError
        It is invalid; the message says where.

    """
    given = arguments or ({},)
    if len(given) > 1:
        message = f"{command} takes one object, and got {len(given)} arguments."
        raise UsageError(message)
    try:
        return msgspec.convert(_encodable(given[0]), kind)
    except msgspec.ValidationError as error:
        message = f"The argument of {command} is not valid: {error}."
        raise UsageError(message) from error


def _encodable(value: object) -> object:
    """Replace half surrogate pairs in all texts of ``value``, except in names that the client compares."""
    if isinstance(value, str):
        return to_text(value)
    if isinstance(value, list):
        return [_encodable(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {key: item if key in _NAMES else _encodable(item) for key, item in items}
    return value
