"""The tokens of prompts and answers of a llama.cpp server: asked once for each text, and cached."""

from array import array
from binascii import crc32
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from homebody.backend.answer import CONTROL_TEXTS
from homebody.backend.base import Marker, Message, Part, Text
from homebody.backend.http import ModelServer
from homebody.backend.servers import llama_cpp_api as api
from homebody.backend.servers.openai import to_chat
from homebody.errors import BackendFailed, BackendProtocolError, BackendRefused
from homebody.media import Media

# Bytes of text and of ids together; a 32k-token prompt has about 300 kB.
_CAPACITY = 8 * 1024 * 1024

# No token has this id; /tokenize returns numbers unchanged.
_BETWEEN = -1


Ids: TypeAlias = "array[int]"
"""Token ids of a prompt, or of a part of it."""


def to_ids(ids: Iterable[int] = ()) -> Ids:
    """Pack token ids: prompts are compared with those in the cache at each keystroke."""
    return array("q", ids)


class Tokenizer:
    """Tokenizes for one model of one server; the least recently used parts are evicted first.

    Parameters
    ----------
    bos
        The token that the model expects before a prompt.
    lead
        Tokens of the line feed that is put before a text and removed again; empty if the model does not need
        it.

    """

    def __init__(self, server: ModelServer, model: str | None, bos: int | None, lead: Sequence[int]) -> None:
        self._server = server
        self._model = model
        self._bos = bos
        self._lead = lead
        self._size = 0
        self._known: OrderedDict[Part, Ids] = OrderedDict()

    @classmethod
    async def of(cls, server: ModelServer, model: str | None) -> "Tokenizer":
        """Ask a server for the BOS that the model expects, and the tokens that have to precede a text.

        SentencePiece models put a blank before a text at the beginning, but not after a line feed.
        """
        newline = "\n"
        sample = [newline, _BETWEEN, "a", _BETWEEN, newline + "a", _BETWEEN, newline]
        body = {"content": sample, "add_special": True, "parse_special": False, "model": model}
        reply = await server.post("/tokenize", body, api.Tokenized)
        first, alone, behind, lead = _split(reply.tokens, 4, server.url)
        bos = first[0] if len(first) > len(lead) and first[1:][: len(lead)] == lead else None
        prefixed = behind != lead + alone and behind[: len(lead)] == lead
        return cls(server, model, bos, tuple(lead) if prefixed else ())

    async def ids(self, texts: Sequence[str], kind: type[Part] = Text) -> list[list[int]]:
        """Tokenize all texts in one request, separated by an id that no model uses."""
        if not texts:
            return []
        content: list[str | int] = []
        for text in texts:
            content += [_BETWEEN, "\n" + text if self._lead else text]
        body = {
            "content": content[1:],
            "add_special": False,
            "parse_special": kind is Marker,
            "model": self._model,
        }
        reply = await self._server.post("/tokenize", body, api.Tokenized)
        return [ids[len(self._lead) :] for ids in _split(reply.tokens, len(texts), self._server.url)]

    async def _count_media(self, media: Media) -> int:
        """Ask for the tokens of a picture.

        The estimate is returned if the server is older, or cannot read it: then it refuses the prompt.
        """
        counts: list[int] = []
        for message in (Message("user", "x", media=(media,)), Message("user", "x")):
            body = {"model": self._model, "messages": [to_chat(message)]}
            try:
                reply = await self._server.post("/v1/chat/completions/input_tokens", body, api.Counted)
            except (BackendRefused, BackendFailed):
                return media.tokens
            counts.append(reply.input_tokens)
        return counts[0] - counts[1]

    async def encode(self, parts: Sequence[Part]) -> Ids:
        """Return the tokens of a prompt, BOS included."""
        parts = [part for part in parts if part.text]
        tokens = {part: self._known[part] for part in parts if part in self._known}
        # All unknown parts of a kind are tokenized in one call.
        for kind in (Text, Marker):
            new = [part for part in dict.fromkeys(parts) if type(part) is kind and part not in tokens]
            if new:
                answers = await self.ids([part.text for part in new], kind)
                tokens |= zip(new, map(to_ids, answers), strict=True)
        for part in dict.fromkeys(parts):
            if isinstance(part, Media) and part not in tokens:
                # Numbers that are no ids stand for it, the same ones for the same bytes.
                tokens[part] = to_ids([-2 - crc32(part.data)] * await self._count_media(part))
            self._keep(part, tokens[part])
        ids = to_ids()
        for part in parts:
            ids += tokens[part]
        if self._bos is not None and (not ids or ids[0] != self._bos):
            ids.insert(0, self._bos)
        return ids

    def keep(self, written: "WrittenTokens") -> None:
        """Use the tokens of an answer in later prompts, because the server's cache has those."""
        if (answer := written.tokens) is not None:
            text, ids = answer
            self._keep(Text(text), to_ids(ids))

    def _keep(self, part: Part, tokens: Ids) -> None:
        """Keep the tokens of a part as the most recently used."""
        before = self._known.pop(part, None)
        if before is not None:
            self._size -= _size(part, before)
        self._known[part] = tokens
        self._size += _size(part, tokens)
        while self._size > _CAPACITY:
            self._size -= _size(*self._known.popitem(last=False))


def _size(part: Part, ids: Ids) -> int:
    # The constant accounts for the objects around them.
    return len(part.data if isinstance(part, Media) else part.text) + ids.itemsize * len(ids) + 400


class WrittenTokens:
    """Collects the tokens of one answer: tokenizing its text again may give others, and the server would then
    evaluate the answer and everything after it again.

    They are not certain, so not used, if an event does not have exactly one new token: several tokens make up
    one character of a rare script, or a control token stands within the answer.
    """

    def __init__(self) -> None:
        self._text = ""
        self._ids: list[int] = []
        self._is_certain = True

    def add(self, event: api.CompletionEvent) -> None:
        """Add the next event."""
        if event.content:
            self._text += event.content
            self._ids += event.tokens
            # A control token before it has no text.
            is_last_of_all = len(self._ids) == event.tokens_predicted
            self._is_certain &= is_last_of_all and len(event.tokens) == 1

    @property
    def tokens(self) -> tuple[str, list[int]] | None:
        """The answer's text and its tokens; ``None`` if the tokens are not certain."""
        if not self._is_certain or any(control in self._text for control in CONTROL_TEXTS):
            return None
        return self._text, self._ids


def _split(ids: Sequence[int], count: int, url: str) -> list[list[int]]:
    """Split joined tokens at the separators."""
    groups: list[list[int]] = [[]]
    for token in ids:
        if token == _BETWEEN:
            groups.append([])
        else:
            groups[-1].append(token)
    if len(groups) != count:
        message = f"The server at {url} tokenized {count} texts into {len(groups)}; it is not llama.cpp"
        raise BackendProtocolError(message)
    return groups
