"""Collects the tokens of an answer as the model generated them.

In: the events of one answer. Out: its text and token ids, for the next prompt of the conversation.
Tokenizing the text again may give other tokens; the server would then evaluate the answer and everything
after it again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from homebody.backend.answer import CONTROL_TEXTS
from homebody.backend.servers.llama_cpp_api import CompletionEvent


@dataclass(frozen=True, slots=True)
class _Piece:
    """One event: its text, its last token, and the number of preceding tokens that were not reported."""

    text: str
    token: int
    unreported: int


class WrittenTokens:
    """Collects the tokens of one answer.

    The server reports one token with each event. It sends no event for a token that ends within a character,
    so the tokens of such a character are looked up by its text.

    Attributes
    ----------
    reported
        The tokens that the server has reported so far.

    """

    def __init__(self) -> None:
        self.reported: list[int] = []
        self._pieces: list[_Piece] = []
        self._predicted = 0
        self._ends_unshown = False
        self._is_unknown = False

    def add(self, event: CompletionEvent) -> None:
        """Add the next event."""
        self.reported += event.tokens
        predicted = event.tokens_predicted or 0
        new = predicted - self._predicted
        self._predicted = predicted
        if not event.content:
            # A progress event has no new token; a new token without text is a control token.
            self._ends_unshown = self._ends_unshown or new > 0
        elif self._ends_unshown or new < 1 or len(event.tokens) != 1:
            self._is_unknown = True
        else:
            self._pieces.append(_Piece(event.content, event.tokens[0], new - 1))

    async def tokens(
        self, tokenize: Callable[[Sequence[str]], Awaitable[list[list[int]]]]
    ) -> tuple[str, list[int]] | None:
        """Return the answer's text and its tokens; ``None`` if the tokens are not certain."""
        text = "".join(piece.text for piece in self._pieces)
        if self._is_unknown or any(control in text for control in CONTROL_TEXTS):
            return None
        split = [piece for piece in self._pieces if piece.unreported]
        found = await tokenize([piece.text for piece in split]) if split else []
        if any(
            len(ids) != piece.unreported + 1 or ids[-1] != piece.token
            for piece, ids in zip(split, found, strict=True)
        ):
            return None
        whole = iter(found)
        ids: list[int] = []
        for piece in self._pieces:
            ids += next(whole) if piece.unreported else [piece.token]
        return text, ids
