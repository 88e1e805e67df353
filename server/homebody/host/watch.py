"""Whether anybody still needs a shared host.

In: its place, its counters. Out: yes or no, once a second.
A host ends when no client has been there for a few seconds, when there was no request for the idle
time, and when its folder is taken away.
"""

import time

from homebody.host import shared
from homebody.host.options import HostOptions
from homebody.host.server import NativeServer
from homebody.host.shared import Place

# Asking the native server is cheap, but see ``NativeServer.activity``.
_ASK_SECONDS = 15.0


class Need:
    """Watches over one shared host; ``is_there`` is to be asked about once a second."""

    def __init__(self, place: Place, options: HostOptions) -> None:
        self._place = place
        self._idle_seconds = options.idle_minutes * 60
        self._linger_seconds = options.linger_seconds
        self._client_at = self._active_at = self._asked_at = time.monotonic()
        self._tokens = 0

    def is_there(self, server: NativeServer) -> bool:
        """Whether the host should go on."""
        now = time.monotonic()
        if shared.has_clients(self._place):
            self._client_at = now
        if now - self._asked_at >= min(_ASK_SECONDS, self._idle_seconds / 4):
            self._ask(server, now)
        return (
            now - self._client_at < self._linger_seconds
            and now - self._active_at < self._idle_seconds
            and self._place.lock.exists()
        )

    def idle_seconds(self) -> float:
        """Seconds since the last request, a little more or less."""
        return time.monotonic() - self._active_at

    def is_busy(self, server: NativeServer) -> bool:
        """Whether the model is at work."""
        busy, _ = server.activity()
        return busy > 0

    def _ask(self, server: NativeServer, now: float) -> None:
        self._asked_at = now
        busy, tokens = server.activity()
        if busy or tokens != self._tokens:
            self._active_at = now
        self._tokens = tokens
