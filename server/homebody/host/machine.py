"""The cores and memory that this process may use, including the limits of containers.

In: the operating system's figures. Out: numbers. Knows nothing about models.
"""

import os
import sys
from pathlib import Path

import psutil


def usable_cores() -> int:
    """Physical cores that this process may use; at least 1.

    More threads than that slow llama.cpp down: its threads wait for each other by spinning.
    """
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return max(1, min(physical, _affinity(physical), _quota(physical)))


def available_memory() -> int:
    """Bytes that can be allocated without swapping."""
    free = psutil.virtual_memory().available
    if sys.platform == "linux":
        limit = _number(_CGROUP / "memory.max")
        used = _number(_CGROUP / "memory.current")
        if limit is not None and used is not None:
            # The system reclaims inactive file pages when memory runs low.
            free = min(free, limit - used + _cached())
    return max(0, free)


_CGROUP = Path("/sys/fs/cgroup")


def _affinity(otherwise: int) -> int:
    """Logical processors that the process is bound to; not known on macOS."""
    if sys.platform == "darwin":
        return otherwise
    return len(psutil.Process().cpu_affinity() or ()) or otherwise


def _quota(otherwise: int) -> int:
    """Whole processors that a container may use at a time."""
    if sys.platform != "linux":
        return otherwise
    try:
        quota, period = (_CGROUP / "cpu.max").read_text().split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no cgroup 2, or "max"
        return otherwise


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _cached() -> int:
    try:
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
