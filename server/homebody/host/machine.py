"""The cores and memory that this process may use, graphics memory, and the context length that fits.

Includes the limits of containers. Opens no connection.
"""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import ModelTooLarge
from homebody.installation import program_on_path
from homebody.models.facts import Facts

_CGROUP = Path("/sys/fs/cgroup")
_DRM = Path("/sys/class/drm")
_TOOL_SECONDS = 3.0


def usable_cores() -> int:
    """Physical cores that this process may use; at least 1.

    More threads than that slow llama.cpp down: its threads wait for each other by spinning.
    """
    from psutil import cpu_count

    physical = cpu_count(logical=False) or os.cpu_count() or 1
    bound = len(os.sched_getaffinity(0)) if sys.platform == "linux" else physical
    return max(1, min(physical, bound, _quota(physical)))


def available_memory() -> int:
    """Bytes that can be allocated without swapping."""
    from psutil import virtual_memory

    free = virtual_memory().available
    if sys.platform == "linux":
        limit = _number(_CGROUP / "memory.max")
        used = _number(_CGROUP / "memory.current")
        if limit is not None and used is not None:
            # The system reclaims inactive file pages when memory runs low.
            free = min(free, limit - used + _cached())
    return max(0, free)


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


def has_unified_memory() -> bool:
    """Whether the graphics unit shares the processor's memory and the embedded model uses it."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def graphics_memory() -> int:
    """Bytes of the largest graphics card of NVIDIA or AMD; 0 without one."""
    return max(_nvidia(), _amd())


def _nvidia() -> int:
    program = program_on_path("nvidia-smi")
    if program is None:
        return 0
    command = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_SECONDS, check=True)  # noqa: S603 - the vendor's own tool
    except (OSError, subprocess.SubprocessError):
        return 0
    sizes = [int(line) for line in done.stdout.split() if line.isdigit()]
    return max(sizes, default=0) * 1024 * 1024


def _amd() -> int:
    try:
        files = list(_DRM.glob("card*/device/mem_info_vram_total"))
        return max((int(file.read_text()) for file in files), default=0)
    except (OSError, ValueError):
        return 0


CONTEXTS = 2
"""Number of full context lengths that the cache holds: one completion and one chat at the same time."""

DEFAULT_CONTEXT_LENGTH = 8192
MIN_CONTEXT_LENGTH = 1024
"""Minimum context length, in tokens; no useful prompt fits below it."""

# Memory besides weights and attention cache: Python, llama.cpp and its buffers take 60 MB with the default
# weights, plus 64 rows of probabilities with four bytes per token of the vocabulary.
_OVERHEAD = 96_000_000
_LOGIT_BYTES = 64 * 4
# Leave memory for other programs.
_SHARE = 0.9
_STEP = 256


@dataclass(frozen=True, slots=True)
class Fit:
    """The context length in tokens, and the reason (one sentence) if it is shorter than wanted."""

    context_length: int
    note: str | None = None


def fit_context(facts: Facts, wanted: int | None, available: int) -> Fit:
    """Choose the largest context length up to ``wanted`` that model and memory allow.

    Parameters
    ----------
    wanted
        In tokens; ``None``: the model's own, at most ``DEFAULT_CONTEXT_LENGTH``.
    available
        Free memory in bytes.

    Raises
    ------
    ModelTooLarge
        Not even ``MIN_CONTEXT_LENGTH`` tokens fit beside the weights.

    """
    trained = facts.context_length or DEFAULT_CONTEXT_LENGTH
    target = min(wanted or DEFAULT_CONTEXT_LENGTH, trained)
    least = min(target, MIN_CONTEXT_LENGTH)
    weights = facts.size + _OVERHEAD + facts.vocabulary * _LOGIT_BYTES
    per_token = max(1, facts.kv_bytes * CONTEXTS)
    free = int(available * _SHARE)
    affordable = (free - weights) // per_token
    if affordable < least:
        message = (
            f"{facts.name} needs {_gigabytes(weights + least * per_token)} of memory and {_gigabytes(free)} "
            "are free: close other programs, or choose a smaller model (`homebody models list`)"
        )
        raise ModelTooLarge(message)
    if affordable < target:
        fitting = max(least, affordable // _STEP * _STEP)
        reason = f"no more fits the {_gigabytes(free)} of memory that are free"
        return Fit(fitting, f"context length {fitting} instead of {target}: {reason}")
    if wanted is not None and wanted > trained:
        reason = f"{facts.name} supports at most that"
        return Fit(trained, f"context length {trained} instead of {wanted}: {reason}")
    return Fit(target)


def _gigabytes(size: int) -> str:
    return f"{max(0, size) / 1e9:.1f} GB"
