"""The embedded backend with a separate host process, for tests that wait on a slow machine."""

from collections.abc import Callable

from homebody.backend.embedded import HostConnector
from homebody.backend.resilient import ResilientBackend
from homebody.host.shared import HostOptions


def embedded_backend(options: Callable[[], HostOptions], *, loading_seconds: float = 60) -> ResilientBackend:
    """Make the backend; it starts its host at the first request."""
    return ResilientBackend(HostConnector(options, loading_seconds=loading_seconds), patience_seconds=0)
