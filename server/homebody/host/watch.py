"""What a shared host watches: whether anybody still needs it, and how many cores it may use.

A host ends when it has had no client for a few seconds, when it has had no request for the idle time, or when
its folder is removed.

Its cores are shared with the hosts of other models. If the threads of two hosts exceed the cores, their speed
does not halve but collapses (12 tokens per second each, compared with 107 for a single host), because
llama.cpp's threads wait for each other by spinning. So each of n hosts uses at most one n-th of the cores (at
least one): a new host waits until the others have reduced their threads, and a host with too many threads
reloads as soon as it is idle.
"""

import time
from collections.abc import Callable

from homebody.errors import BackendTimeout
from homebody.host import shared
from homebody.host.machine import usable_cores
from homebody.host.options import HostOptions
from homebody.host.server import NativeServer
from homebody.host.shared import HostFiles

# A query to the native server is cheap, but see ``NativeServer.activity``.
_ASK_SECONDS = 15.0
# Maximum wait for another host to finish its answer.
_WAIT_SECONDS = 120.0
# A host claims freed cores only after a pause, because reloading empties its prompt cache.
_PAUSE_SECONDS = 20.0


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


class SharedCores:
    """One host's view of the shared cores.

    ``wanted`` is the maximum number of threads that its settings allow.
    """

    def __init__(self, files: HostFiles, wanted: int | None) -> None:
        self._files = files
        self._cores = usable_cores()
        self._wanted = min(wanted or self._cores, self._cores)

    def wait_for_share(self, announce: Callable[[int], None]) -> int:
        """Announce this host's share, wait until no other host exceeds its own, and return this host's share.

        Raises
        ------
        BackendTimeout
            Another host stayed busy until the timeout.

        """
        deadline = time.monotonic() + _WAIT_SECONDS
        announced = 0
        while time.monotonic() < deadline:
            others = shared.other_hosts(self._files)
            fair = max(1, self._cores // (1 + len(others)))
            threads = min(self._wanted, fair)
            if threads != announced:
                announce(threads)
                announced = threads
            elif all(other is None or other.threads <= fair for other in others):
                # A host that has announced nothing yet (None) will see our announcement.
                return threads
            time.sleep(0.1)
        message = "another model was busy for two minutes and left no core free: wait for it, then ask again"
        raise BackendTimeout(message)

    def due(self, threads: int, need: Need, server: NativeServer) -> int:
        """Number of threads that a host with ``threads`` threads should use from now on."""
        others = len(shared.other_hosts(self._files))
        share = min(self._wanted, max(1, self._cores // (1 + others)))
        if share < threads and not need.is_busy(server):
            return share
        if share > threads and need.idle_seconds() > _PAUSE_SECONDS:
            return share
        return threads
