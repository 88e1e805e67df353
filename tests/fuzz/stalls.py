"""Measures how long callbacks block the event loop of this process, and where the longest ones were.

In: nothing; call ``watch`` before the event loop starts. Out: the longest wall and processor times.
The wall time of a callback may be long because of other processes; processor time is that of all threads of
this process, since another thread may have blocked the interpreter.
"""

import asyncio
import sys
import threading
import time
import traceback
from typing import Any

_LOOK_SECONDS = 0.01
_LONG_SECONDS = 0.05


class Stalls:
    """Measures every callback.

    Attributes
    ----------
    wall, cpu
        The longest callback, in seconds.
    slow
        The longest callbacks above 50 ms: wall seconds, processor seconds, the stack in the middle.

    """

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu = 0.0
        self.slow: list[tuple[float, float, str]] = []
        self._began: float | None = None
        self._stack = ""

    def watch(self) -> None:
        """Measure from now on; for the thread that calls this."""
        run = asyncio.Handle._run

        def measured(handle: asyncio.Handle) -> None:
            cpu, wall = time.process_time(), time.perf_counter()
            self._stack, self._began = "", wall
            run(handle)
            self._began = None
            self._add(time.perf_counter() - wall, time.process_time() - cpu)

        asyncio.Handle._run = measured
        looking = threading.Thread(target=self._look, args=(threading.get_ident(),), daemon=True)
        looking.start()

    def to_json(self) -> dict[str, Any]:
        found = {"wall": self.wall, "cpu": self.cpu, "slow": self.slow}
        self.wall, self.cpu, self.slow = 0.0, 0.0, []
        return found

    def _add(self, wall: float, cpu: float) -> None:
        self.wall = max(self.wall, wall)
        self.cpu = max(self.cpu, cpu)
        if wall > _LONG_SECONDS:
            self.slow = sorted([*self.slow, (wall, cpu, self._stack)], reverse=True)[:3]

    def _look(self, thread: int) -> None:
        """Record the stack of a long callback, from a separate thread."""
        while True:
            time.sleep(_LOOK_SECONDS)
            began = self._began
            if began is not None and not self._stack and time.perf_counter() - began > _LONG_SECONDS:
                frames = traceback.extract_stack(sys._current_frames()[thread])[-6:]
                places = [
                    f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames
                ]
                if self._began == began:
                    self._stack = " < ".join(reversed(places))
