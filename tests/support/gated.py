"""The gate before a backend that is always there."""

from homebody.backend.base import Backend
from homebody.backend.gate import Check
from homebody.backend.resilient import FixedConnector, ResilientBackend


def gated(backend: Backend, passes: Check) -> ResilientBackend:
    """Send what ``passes`` lets pass to ``backend``."""
    return ResilientBackend(FixedConnector(backend), patience_seconds=0, passes=passes)
