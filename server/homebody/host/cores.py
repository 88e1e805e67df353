"""Divide the cores among the hosts of one user, so that their threads never exceed the cores.

If the threads of two hosts exceed the cores, their speed does not halve but collapses (12 tokens per second
each, compared with 107 for a single host), because llama.cpp's threads wait for each other by spinning. So
each of n hosts uses at most one n-th of the cores (at least one): a new host waits until the others have
reduced their threads, and a host with too many threads reloads as soon as it is idle.
"""

import time
from collections.abc import Callable

from homebody.errors import BackendTimeout
from homebody.host import shared
from homebody.host.machine import usable_cores
from homebody.host.server import NativeServer
from homebody.host.shared import HostFiles
from homebody.host.watch import Need

# Maximum wait for another host to finish its answer.
_WAIT_SECONDS = 120.0
# A host claims freed cores only after a pause, because reloading empties its prompt cache.
_PAUSE_SECONDS = 20.0


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
