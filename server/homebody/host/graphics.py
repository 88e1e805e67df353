"""The graphics memory that models can use, as the system reports it.

In: the vendors' tools and files. Out: bytes. Opens no connection.
"""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

_SECONDS = 3.0
_DRM = Path("/sys/class/drm")


def has_unified_memory() -> bool:
    """Whether the graphics unit shares the processor's memory and the embedded model uses it."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def graphics_memory() -> int:
    """Bytes of the largest graphics card of NVIDIA or AMD; 0 without one."""
    return max(_nvidia(), _amd())


def _nvidia() -> int:
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    command = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603 - the vendor's own tool
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
