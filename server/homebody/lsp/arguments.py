"""What the client sends beyond LSP: parts that the arguments of commands share, params of our notifications.

In: plain values, one object each. Out: typed, checked values.
The argument of a command is in the command's module, in ``commands``.
"""

from collections.abc import Sequence
from typing import Annotated, TypeAlias, TypeVar, cast

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.convert import to_text

T = TypeVar("T", bound=msgspec.Struct)

# They are compared with what the client sent elsewhere, or sent back to it.
_NAMES = frozenset({"uri", "token"})


# LSP's ``uinteger``.
Uinteger: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Position(msgspec.Struct, frozen=True):
    """Line and character from 0, in the encoding that was negotiated."""

    line: Uinteger
    character: Uinteger

    def to_lsp(self) -> types.Position:
        """Return it as LSP's own type."""
        return types.Position(self.line, self.character)


class Range(msgspec.Struct, frozen=True):
    """From ``start`` up to and without ``end``."""

    start: Position
    end: Position

    def to_lsp(self) -> types.Range:
        """Return it as LSP's own type."""
        return types.Range(start=self.start.to_lsp(), end=self.end.to_lsp())


class TextDocument(msgspec.Struct, frozen=True):
    """An open document; with a ``version``, only while the document is at that version."""

    uri: str
    version: int | None = None


class AcceptCompletion(msgspec.Struct, frozen=True):
    """``homebody.acceptCompletion``: the suggestion with this id was accepted."""

    id: str


class DidFocus(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/didFocus``: the user looks at this document, at this position."""

    text_document: TextDocument
    position: Position | None = None


class AcceptCommand(msgspec.Struct, frozen=True):
    """The command that a suggestion carries; its argument names the suggestion."""

    arguments: tuple[AcceptCompletion]


class Item(msgspec.Struct, frozen=True):
    """A suggestion, as the client received it."""

    command: AcceptCommand

    @property
    def id(self) -> str:
        """Return the suggestion's id."""
        return self.command.arguments[0].id


class DidShowCompletion(msgspec.Struct, frozen=True):
    """``textDocument/didShowCompletion``: the user saw this suggestion."""

    item: Item


class DidPartiallyAcceptCompletion(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/didPartiallyAcceptCompletion``: so many of its first UTF-16 units were accepted."""

    item: Item
    accepted_length: int


def read(params: object, kind: type[T]) -> T | None:
    """Read the params of a notification; ``None`` where they are not valid: there is no answer to send."""
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError:
        return None


def parse(command: str, arguments: Sequence[object] | None, kind: type[T]) -> T:
    """Check the one argument of ``command``; none means ``{}``.

    Half surrogate pairs in its texts become U+FFFD, so that a prompt made of them can be encoded.

    Raises
    ------
    UsageError
        It does not fit; the message says where.

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
    """Return ``value`` with all texts as they may be stored, but for names that the client gave and knows."""
    if isinstance(value, str):
        return to_text(value)
    if isinstance(value, list):
        return [_encodable(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {key: item if key in _NAMES else _encodable(item) for key, item in items}
    return value
