"""A reply of the scripted backend: what it answers, when, how fast, and what goes wrong.

Values only; ``scripted`` gives them out.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from homebody.backend.base import FinishReason
from homebody.errors import (
    BackendError,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
)

Fault: TypeAlias = Literal["unavailable", "loading", "timeout", "refused", "protocol", "cut"]

FAULTS: Mapping[Fault, tuple[type[BackendError], str]] = {
    "unavailable": (BackendUnavailable, "is not running"),
    "loading": (BackendLoading, "still loads its model"),
    "timeout": (BackendTimeout, "did not answer in time"),
    "refused": (BackendRefused, "refused the request"),
    "protocol": (BackendProtocolError, "answered garbage"),
    "cut": (BackendUnavailable, "went away in the middle"),
}
# Interval between two looks for a gate's file.
_GATE_SECONDS = 0.005


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer, when it is given and how.

    Attributes
    ----------
    text
        The answer; from Python also a function of the prompt's text.
    pieces
        The answer already cut into pieces, in place of ``text``.
    contains, regex
        What the prompt's text has to contain; both may be left out.
    times
        How often it answers before it is passed over; ``None``: always.
    probability, probabilities
        Of every piece, or of one piece each (the last one holds for the rest).
    delay_ms, piece_delay_ms
        Milliseconds before the first piece, and before each later one.
    fault, fault_after
        What goes wrong, and after how many pieces.
    gate_file
        Path of a file; the reply also waits until it exists, so that another process can open the gate.
    gate, gate_after
        From Python: an event that the pieces from this index on, and the answer's end, wait for.
    finish
        ``"length"`` plays a model that was stopped by a limit of its own.

    """

    text: str | Callable[[str], str] = ""
    pieces: tuple[str, ...] = ()
    contains: str | None = None
    regex: str | None = None
    times: int | None = None
    probability: float | None = None
    probabilities: tuple[float, ...] = ()
    delay_ms: float = 0
    piece_delay_ms: float = 0
    fault: Fault | None = None
    fault_after: int = 0
    finish: FinishReason = "stop"
    gate: asyncio.Event | None = None
    gate_after: int = 0
    gate_file: str | None = None

    async def pass_gate(self) -> None:
        """Wait until the gate is open."""
        if self.gate is not None:
            await self.gate.wait()
        while self.gate_file is not None and not _exists(self.gate_file):  # noqa: ASYNC110 - opened by another process
            await asyncio.sleep(_GATE_SECONDS)

    def matches(self, prompt: str) -> bool:
        """Whether this reply may answer ``prompt``."""
        if self.contains is not None and self.contains not in prompt:
            return False
        return self.regex is None or re.search(self.regex, prompt) is not None


def _exists(path: str) -> bool:
    return Path(path).exists()
