"""A reply of the scripted backend: its text, condition, timing and fault.

Values only; used by ``scripted``.
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
    BackendFailed,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
)

Fault: TypeAlias = Literal["unavailable", "loading", "timeout", "refused", "protocol", "cut"]

FAULTS: Mapping[Fault, tuple[type[BackendError], str]] = {
    "unavailable": (BackendFailed, "is not running"),
    "loading": (BackendLoading, "is still loading its model"),
    "timeout": (BackendTimeout, "did not answer in time"),
    "refused": (BackendRefused, "refused the request"),
    "protocol": (BackendProtocolError, "answered garbage"),
    "cut": (BackendFailed, "closed the connection during an answer"),
}
# Seconds between two checks for a gate's file.
_GATE_SECONDS = 0.005


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer, and its conditions, timing and faults.

    Attributes
    ----------
    text
        The answer; from Python also a function of the prompt's text.
    pieces
        The answer already cut into pieces, in place of ``text``.
    contains, regex
        Condition on the prompt's text; both may be left out.
    times
        How often it answers before it is skipped; ``None``: always.
    probability, probabilities
        Probability of every piece, or of each piece in order (the last one applies to the rest).
    delay_ms, piece_delay_ms
        Milliseconds before the first piece, and before each later one.
    fault, fault_after
        The fault, and the number of pieces before it.
    gate_file
        Path of a file; the reply also waits until the file exists, so that another process can open the gate.
    gate, gate_after
        From Python: an event that the pieces from this index on, and the answer's end, wait for.
    finish
        ``"length"`` simulates a model that was stopped by its own limit.

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
