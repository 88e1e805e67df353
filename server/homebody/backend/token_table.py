"""Caches the tokens of prompt parts, so that only new text is tokenized.

In: a part's text. Out: its token ids as JSON for the request, and their number.
Knows nothing of servers: the function that tokenizes is a parameter.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from homebody.backend.base import Marker, Part, Text
from homebody.text import common_start

Tokenize: TypeAlias = Callable[[Sequence[str], type[Part]], Awaitable[list[list[int]]]]

# Bytes of text and of ids together; a 32k-token prompt has about 300 kB.
_CAPACITY = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one part: ``json`` is ``1,22,333`` without brackets."""

    count: int
    first: int | None
    json: bytes

    @classmethod
    def of(cls, ids: Sequence[int]) -> "Tokens":
        """Create it from token ids."""
        return cls(len(ids), ids[0] if ids else None, ",".join(map(str, ids)).encode())

    @classmethod
    def joined(cls, parts: Sequence["Tokens"]) -> "Tokens":
        """Join the tokens of several parts."""
        some = [part for part in parts if part.count]
        first = some[0].first if some else None
        return cls(sum(part.count for part in some), first, b",".join(part.json for part in some))

    @property
    def json_array(self) -> bytes:
        """The ids as a JSON array."""
        return b"[" + self.json + b"]"

    def shared(self, other: "Tokens") -> int:
        """Number of tokens at the beginning of both."""
        end = common_start(self.json, other.json)
        # Where one of them ends, the other's last number may go on: 1,2 and 1,23.
        for tokens, rest in ((self, other.json), (other, self.json)):
            if end == len(tokens.json) and rest[end : end + 1] in {b"", b","}:
                return tokens.count
        return self.json.count(b",", 0, end)

    def first_tokens(self, count: int) -> "Tokens":
        """Return the first ``count`` tokens, or all if there are fewer."""
        if count >= self.count:
            return self
        return Tokens(count, self.first, b",".join(self.json.split(b",", count)[:count]))


class TokenTable:
    """Token ids by prompt part; the least recently used parts are evicted first."""

    def __init__(self, tokenize: Tokenize, capacity: int = _CAPACITY) -> None:
        self._tokenize = tokenize
        self._capacity = capacity
        self._size = 0
        self._known: OrderedDict[Part, Tokens] = OrderedDict()

    async def look_up(self, parts: Sequence[Part]) -> list[Tokens]:
        """Return the tokens of each part; all unknown parts of a kind are tokenized in one call."""
        here: dict[Part, Tokens] = {}
        unseen: dict[Part, None] = {}
        for part in parts:
            known = self._known.get(part)
            if known is None:
                unseen[part] = None
            else:
                self._known.move_to_end(part)
                here[part] = known
        for kind in (Text, Marker):
            new = [part for part in unseen if type(part) is kind]
            if new:
                found = await self._tokenize([part.text for part in new], kind)
                here |= {part: Tokens.of(ids) for part, ids in zip(new, found, strict=True)}
        for part in unseen:
            if part not in self._known:
                self.keep(part, here[part])
        return [here[part] for part in parts]

    def keep(self, part: Part, tokens: Tokens) -> None:
        """Use ``tokens`` for ``part`` from now on, because the server's cache has these for this text."""
        before = self._known.pop(part, None)
        if before is not None:
            self._size -= _size(part, before)
        self._known[part] = tokens
        self._size += _size(part, tokens)
        while self._size > self._capacity:
            self._size -= _size(*self._known.popitem(last=False))


def _size(part: Part, tokens: Tokens) -> int:
    # The constant accounts for the objects around them.
    return len(part.text) + len(tokens.json) + 400
