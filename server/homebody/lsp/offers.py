"""Suggestions that were sent, and whether they were shown and accepted.

In: suggestions, and the client's reports on them. Out: local counts of characters and times, never texts.
Knows nothing of LSP's methods; ``shown`` reads the client's reports.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homebody.lsp.convert import column_of

if TYPE_CHECKING:
    from homebody.audit import Audit
    from homebody.features.complete import Completion

_REMEMBERED = 100


@dataclass(slots=True)
class _Offer:
    text: str
    milliseconds: float
    is_shown: bool = False
    taken: int = 0


@dataclass(slots=True)
class Offers:
    """The last suggestions that were sent, by id; each is counted once as shown and once as accepted."""

    _offers: OrderedDict[str, _Offer] = field(default_factory=OrderedDict[str, _Offer])

    def add(self, completions: "Sequence[Completion]", asked: float) -> None:
        """Store suggestions; ``asked`` is the monotonic time of their request in seconds."""
        for completion in completions:
            self._offers[completion.id] = _Offer(completion.text, (time.monotonic() - asked) * 1000)
        while len(self._offers) > _REMEMBERED:
            self._offers.popitem(last=False)

    def show(self, offer_id: str, audit: "Audit") -> None:
        """Count a suggestion that the user saw."""
        offer = self._offers.get(offer_id)
        if offer is not None and not offer.is_shown:
            offer.is_shown = True
            audit.count_shown(len(offer.text), offer.milliseconds)

    def accept(self, offer_id: str, audit: "Audit") -> None:
        """Count a suggestion that was accepted."""
        if (offer := self._offers.pop(offer_id, None)) is not None:
            audit.count_accepted(len(offer.text) - offer.taken)

    def accept_part(self, offer_id: str, units: int, audit: "Audit") -> None:
        """Count a suggestion of which the first UTF-16 ``units`` are accepted so far."""
        if (offer := self._offers.get(offer_id)) is None:
            return
        characters = column_of(offer.text, units, "utf-16")
        if characters > offer.taken:
            audit.count_partly_accepted(characters - offer.taken)
            offer.taken = characters
