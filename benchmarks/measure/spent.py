"""Measures steps of one thread's work with three clocks, and prints a table.

Out: medians and 99th percentiles. Create the first ``Spent`` in the measured thread, which must be the one
that imports this module.
"""

import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from measure.table import print_table

_SCHEDSTAT = os.open("/proc/thread-self/schedstat", os.O_RDONLY) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of wall time, of waiting for a core, and of processor time of the server's thread."""

    wall: float
    queued: float
    cpu: float

    @classmethod
    def now(cls) -> "Spent":
        """Read the clocks. Only Linux reports how long a runnable thread waited for a core."""
        queued = int(os.pread(_SCHEDSTAT, 64, 0).split()[1]) / 1e9 if _SCHEDSTAT is not None else 0.0
        return cls(time.perf_counter(), queued, time.thread_time())

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.wall - before.wall, self.queued - before.queued, self.cpu - before.cpu)

    @property
    def own(self) -> float:
        """Wall time on a machine with a free core."""
        return self.wall - self.queued


class Times:
    """Measurements by step."""

    def __init__(self) -> None:
        self.found: dict[str, list[Spent]] = defaultdict(list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a block."""
        before = Spent.now()
        try:
            yield
        finally:
            self.found[name].append(Spent.now() - before)

    def print(self, title: str) -> None:
        """Print medians and 99th percentiles in milliseconds."""
        head = (
            "milliseconds",
            "times",
            *(f"{what} {value}" for what in _CLOCKS for value in ("median", "p99")),
        )
        rows: list[list[str]] = []
        for name, spent in sorted(self.found.items(), key=lambda item: item[0].startswith("in ")):
            values: list[float] = []
            for take in _CLOCKS.values():
                ordered = sorted(map(take, spent))
                values += [statistics.median(ordered), ordered[int(len(ordered) * 0.99)]]
            rows.append([name, f"{len(spent)}", *(f"{value * 1e3:.2f}" for value in values)])
        print_table(title, head, rows)


_CLOCKS: dict[str, Callable[[Spent], float]] = {
    "wall": lambda spent: spent.wall,
    "own": lambda spent: spent.own,
    "CPU": lambda spent: spent.cpu,
}
