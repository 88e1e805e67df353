"""Extracts the question, and the files that it refers to, from the content blocks of a prompt. Pure."""

import re
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urldefrag

from acp import schema

from homebody.workspace.uri import file_name, uri_of

Block: TypeAlias = (
    schema.TextContentBlock
    | schema.ImageContentBlock
    | schema.AudioContentBlock
    | schema.ResourceContentBlock
    | schema.EmbeddedResourceContentBlock
)

_LINES = re.compile(r"L(?P<first>[0-9]{1,9})(?:[:-]L?(?P<last>[0-9]{1,9}))?")
# avante.nvim sends all earlier messages again, the newest first.
_AVANTE = re.compile(r"<previous_user_message>\s*(.*?)\s*</previous_user_message>", re.DOTALL)
# codecompanion.nvim names attached files in the text.
_CODECOMPANION = re.compile(r"^Sharing the following file as context: *(.+?) *$", re.MULTILINE)
_COMMAND = re.compile(r"[/\\](?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*)(?:\s+(?P<rest>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """A file, lines of it, or text without a file.

    Attributes
    ----------
    uri
        As sent by the client, without its fragment.
    lines
        First and last line, from 0; ``None`` for the whole file.
    text
        The text that the client embedded; ``None`` if the file has to be read.
    data
        A picture that the client embedded.
    sent
        The URI as sent, with its query and fragment: a client that does not encode them means a name.

    """

    uri: str
    lines: tuple[int, int] | None = None
    text: str | None = None
    sent: str = ""
    data: bytes | None = None

    @property
    def name(self) -> str:
        """The file's name; of what was pasted, what it is."""
        return file_name(self.uri).removeprefix("homebody:")


@dataclass(frozen=True, slots=True)
class UserPrompt:
    """What the user asked, and the files that it refers to."""

    text: str
    references: tuple[Reference, ...] = ()

    @property
    def command(self) -> tuple[str, str] | None:
        """Name and arguments, if the text is a slash command."""
        match = _COMMAND.fullmatch(self.text)
        return None if match is None else (match["name"], (match["rest"] or "").strip())


def read_blocks(blocks: Sequence[Block], cwd: Path) -> UserPrompt:
    """Combine the blocks of one prompt."""
    parts: list[str] = []
    references: list[Reference] = []
    for number, block in enumerate(blocks):
        match block:
            case schema.TextContentBlock():
                parts.append(block.text)
                continue
            case schema.ResourceContentBlock():
                reference = _located(block.uri, None)
            case schema.EmbeddedResourceContentBlock(resource=resource):
                if isinstance(resource, schema.TextResourceContents):
                    reference = _located(resource.uri, resource.text)
                else:
                    reference = Reference(resource.uri, sent=resource.uri, data=_decoded(resource.blob))
            case schema.ImageContentBlock():
                name = block.uri or "homebody:pasted image"
                references.append(Reference(name, sent=name, data=_decoded(block.data)))
                continue
            case schema.AudioContentBlock():
                parts.append("[a sound, which is not read]")
                continue
        references.append(reference)
        # A file that is mentioned within a sentence stays at its position there.
        later = (each.text for each in blocks[number + 1 :] if isinstance(each, schema.TextContentBlock))
        if any(map(str.strip, parts)) and any(map(str.strip, later)):
            parts.append(reference.name)
    text = "".join(parts)
    if repeated := _AVANTE.findall(text):
        text = f"{repeated[0]}\n\n{_AVANTE.sub('', text).strip()}"
    references += [Reference(uri_of(cwd / path)) for path in _CODECOMPANION.findall(text)]
    text = _CODECOMPANION.sub("", text).strip()
    return UserPrompt(text, tuple(dict.fromkeys(references)))


def _decoded(data: str) -> bytes:
    """Decode base64; what is none becomes bytes that are refused as no picture."""
    with suppress(ValueError):
        return b64decode(data)
    return b""


def _located(uri: str, text: str | None) -> Reference:
    whole, fragment = urldefrag(uri)
    lines = _LINES.fullmatch(fragment)
    if lines is None:
        return Reference(whole.partition("?")[0], None, text, uri)
    first = max(1, int(lines["first"]))
    last = max(first, int(lines["last"] or first))
    return Reference(whole.partition("?")[0], (first - 1, last - 1), text, uri)
