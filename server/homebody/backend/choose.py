"""Chooses the model that best suits a use, among those that servers list. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homebody.backend.base import Purpose
from homebody.errors import BackendRefused, ModelNotServed
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


def choose_any(candidates: Iterable[AvailableModel], use: Purpose) -> AvailableModel | None:
    """Return the best suited model of a server that the user named; otherwise a loaded one, otherwise any."""
    here = [c for c in candidates if c.remote_host is None]
    return max(
        here,
        key=lambda c: (c.suits(use) and c.loaded, c.suits(use), c.loaded, -(c.size or 0)),
        default=None,
    )


def pick(
    candidates: Sequence[AvailableModel], model: str | None, use: Purpose, *, server: str, advice: str
) -> AvailableModel:
    """Return the named model of a server, or without a name the best suited one.

    Raises
    ------
    ModelNotServed
        The server does not have the named one.
    BackendRefused
        It has no model; ``advice`` says how to get one.

    """
    if model is None:
        chosen = choose_any(candidates, use)
        if chosen is None:
            message = f"{server} has no model of its own; {advice}"
            raise BackendRefused(message)
        return chosen
    named = next((candidate for candidate in candidates if candidate.model == model), None)
    if named is None:
        names = ", ".join(candidate.model for candidate in candidates[:5]) or "none"
        message = f"{server} has no model {model} (it has: {names}); change backend.model"
        raise ModelNotServed(message)
    return named
