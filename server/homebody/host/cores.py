"""Sharing the cores among the hosts of one user: their threads together never exceed them.

In: what the other hosts say that they take. Out: the threads of this one.
Two hosts whose threads exceed the cores do not halve their speed but collapse (12 tokens a second
each where one alone has 107), since llama.cpp's threads wait for each other by spinning. So each
of n hosts takes at most one n-th of the cores (at least one): a host that starts waits until the
others have made room, and a host that has too many reloads as soon as it has nothing to do.
"""

import time
from collections.abc import Callable

from homebody.errors import BackendTimeout
from homebody.host import shared
from homebody.host.machine import usable_cores
from homebody.host.server import NativeServer
from homebody.host.shared import Place
from homebody.host.watch import Need

# As long as another model may take to finish its answer.
_WAIT_SECONDS = 120.0
# A host takes back cores that have become free only in a pause: reloading empties its prompt cache.
_PAUSE_SECONDS = 20.0


class SharedCores:
    """The cores from the point of view of one host.

    ``wanted`` is the most threads that it may have by its settings.
    """

    def __init__(self, place: Place, wanted: int | None) -> None:
        self._place = place
        self._cores = usable_cores()
        self._wanted = min(wanted or self._cores, self._cores)

    def wait_for_share(self, announce: Callable[[int], None]) -> int:
        """Announce a share, wait until no other host has more than its own, and return ours.

        Raises
        ------
        BackendTimeout
            Another host was busy all the time.

        """
        deadline = time.monotonic() + _WAIT_SECONDS
        announced = 0
        while time.monotonic() < deadline:
            others = shared.other_hosts(self._place)
            fair = max(1, self._cores // (1 + len(others)))
            threads = min(self._wanted, fair)
            if threads != announced:
                announce(threads)
                announced = threads
            elif all(other is None or other.threads <= fair for other in others):
                # One that has said nothing yet (None) looks for us after we have spoken.
                return threads
            time.sleep(0.1)
        message = "another model was busy for two minutes and left no core free: wait for it, then ask again"
        raise BackendTimeout(message)

    def due(self, threads: int, need: Need, server: NativeServer) -> int:
        """Threads that a host which runs ``threads`` should have from now on."""
        others = len(shared.other_hosts(self._place))
        share = min(self._wanted, max(1, self._cores // (1 + others)))
        if share < threads and not need.is_busy(server):
            return share
        if share > threads and need.idle_seconds() > _PAUSE_SECONDS:
            return share
        return threads
