"""A path for a new file that does not exist yet."""

from collections.abc import Sequence
from pathlib import Path

_MOST = 100


def unused(wanted: Sequence[Path], otherwise: Path) -> Path:
    """Return the first of ``wanted`` whose folder exists, or ``otherwise``, numbered if it is taken.

    Accesses the disk, so it must not run on the event loop.
    """
    path = next((one for one in wanted if one.parent.is_dir()), otherwise)
    for number in range(2, _MOST):
        if not path.exists():
            break
        base = path.stem.removesuffix(f"_{number - 1}")
        path = path.with_stem(f"{base}_{number}")
    return path
