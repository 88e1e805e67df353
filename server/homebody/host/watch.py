"""Whether anybody still needs a shared host.

A host ends when it has had no client for a few seconds, when it has had no request for the idle time, or when
its folder is removed.
"""

import time

from homebody.host import shared
from homebody.host.options import HostOptions
from homebody.host.server import NativeServer
from homebody.host.shared import HostFiles

# A query to the native server is cheap, but see ``NativeServer.activity``.
_ASK_SECONDS = 15.0


class Need:
    """Watches one shared host; call ``is_there`` about once per second."""

    def __init__(self, files: HostFiles, options: HostOptions) -> None:
        self._files = files
        self._idle_seconds = options.idle_minutes * 60
        self._linger_seconds = options.linger_seconds
        self._client_at = self._active_at = self._asked_at = time.monotonic()
        self._tokens = 0

    def is_there(self, server: NativeServer) -> bool:
        """Whether the host should keep running."""
        now = time.monotonic()
        if shared.has_clients(self._files):
            self._client_at = now
        if now - self._asked_at >= min(_ASK_SECONDS, self._idle_seconds / 4):
            self._ask(server, now)
        return (
            now - self._client_at < self._linger_seconds
            and now - self._active_at < self._idle_seconds
            and self._files.lock.exists()
        )

    def idle_seconds(self) -> float:
        """Approximate number of seconds since the last request."""
        return time.monotonic() - self._active_at

    def is_busy(self, server: NativeServer) -> bool:
        """Whether the model is processing a request."""
        busy, _ = server.activity()
        return busy > 0

    def _ask(self, server: NativeServer, now: float) -> None:
        self._asked_at = now
        busy, tokens = server.activity()
        if busy or tokens != self._tokens:
            self._active_at = now
        self._tokens = tokens
