"""Pieces of documents that may go into a prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece of text that may go into a prompt.

    Lines count from 0, both inclusive. ``why`` is a few words for the user; ``scopes`` are the
    signatures around it, the outermost first.
    """

    uri: str
    first_line: int
    last_line: int
    text: str
    why: str
    scopes: tuple[str, ...] = ()
