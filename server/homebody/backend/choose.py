"""Chooses the model that best suits a use, among those that servers list. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from homebody.backend.base import Purpose
from homebody.models.families import family_of, fills_in, takes_chat


@dataclass(frozen=True, slots=True)
class AvailableModel:
    """A model that some server has.

    Attributes
    ----------
    loaded
        Whether it is in memory: it answers immediately, and evicts no other model.
    fim, chat
        Whether it can fill in the middle, and whether it can chat; ``None`` if the server does not report it:
        then its name decides.
    size
        Bytes on disk, ``None`` if unknown.
    remote_host
        Set if the model runs on another machine; then it is never chosen.
    sees
        Whether it takes pictures, if the server reports it.

    """

    model: str
    loaded: bool = True
    fim: bool | None = None
    chat: bool | None = None
    size: int | None = None
    remote_host: str | None = None
    sees: bool | None = None

    @property
    def is_next_edit(self) -> bool:
        """Whether it was trained to suggest next edits, by its name."""
        return family_of(self.model).next_edit is not None

    def suits(self, use: Purpose) -> bool:
        """Whether the model suits ``use``."""
        if use == "completion":
            return fills_in(self.model) if self.fim is None else self.fim
        if use == "chat":
            return not self.is_next_edit and (takes_chat(self.model) if self.chat is None else self.chat)
        return self.is_next_edit


def choose(
    candidates: Iterable[AvailableModel], use: Purpose, *, most_bytes: int | None = None
) -> AvailableModel | None:
    """Return the best suited model: a loaded one first, then the largest that fits.

    A model for next edits that also fills in the middle completes only if there is no other.

    Parameters
    ----------
    most_bytes
        Maximum size, in bytes, of a model that is not loaded yet.

    """
    here = [c for c in candidates if c.remote_host is None and c.suits(use)]
    fitting = [c for c in here if c.loaded or most_bytes is None or (c.size or 0) <= most_bytes]
    return max(
        fitting,
        key=lambda c: (use == "next_edit" or not c.is_next_edit, c.loaded, c.size or 0),
        default=None,
    )
