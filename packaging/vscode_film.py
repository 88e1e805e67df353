"""Film VS Code: ghost text, next edits and an instruction, as ``docs/images/vscode.webp``.

``make pictures`` takes it again. Ghost text comes from the default weights; the instruction is answered by a
script, since these are too small for one. Look at it before it is committed.
"""

import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from vscode_pictures import FAILURE, SETTINGS, SHAPES, SUMMED, THEMES, TOTAL

from homebody.settings import paths
from support.vscode import package, start_vscode

# Without the circle, whose pi the default weights like too much.
PLAIN_SHAPES = SHAPES[: SHAPES.index("import math")] + SHAPES[SHAPES.index("from dataclasses") :].replace(
    SHAPES[SHAPES.index("@dataclass") : SHAPES.index("@dataclass(frozen=True)\nclass Rectangle")], ""
)
REPORT = """\
import logging

log = logging.getLogger(__name__)


def report(orders, prices, stores, offers):
    log.warn("orders: %d", len(orders))
    log.warn("prices: %d", len(prices))
    log.warn("stores: %d", len(stores))
    log.warn("offers: %d", len(offers))
"""
# 80 looks like 100 here, at a third of the bytes.
QUALITY = 80


def main(target: Path) -> None:
    """Film it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace, frames = folder / "shop", folder / "frames"
        workspace.mkdir()
        frames.mkdir()
        for file, text in {"shapes.py": PLAIN_SHAPES, "total.py": TOTAL, "report.py": REPORT}.items():
            (workspace / file).write_text(text)
        script = folder / "script.json"
        script.write_text(json.dumps({"name": "scripted", "reply": [{"text": SUMMED}]}))
        settings: dict[str, object] = {
            **SETTINGS,
            "workbench.colorTheme": THEMES["dark"],
            "homebody.chat.backend.kind": "scripted",
            "homebody.chat.backend.model": str(script),
        }
        weights = {"HOMEBODY_DATA_DIR": str(paths.data_dir())}
        with start_vscode(folder, settings, package(folder), **weights) as vscode:
            lines = {number: line.strip() for number, line in enumerate(REPORT.splitlines(), 1)}
            vscode.run(
                "film.js", workspace, frames=str(frames), retyped=lines, scale=1.25, failure=str(FAILURE)
            )
        milliseconds = json.loads((frames / "frames.json").read_text())
        first, *rest = (Image.open(frames / f"{number}.png") for number in range(len(milliseconds)))
        first.save(
            target,
            append_images=rest,
            duration=milliseconds,
            loop=0,
            quality=QUALITY,
            method=4,
            save_all=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
