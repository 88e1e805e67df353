"""Take the picture of the README: VS Code with ghost text from the default weights.

``.venv/bin/python tests/editors/picture.py docs/images/vscode.png``, after ``make test`` has installed
what it needs. The file is overwritten; look at it before it is committed.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from homebody.settings import paths
from support.vscode import homebody, package, start_vscode

SHAPES = '''\
"""Shapes and what they measure."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Circle:
    """A circle around the origin."""

    radius: float

    def area(self) -> float:
        """Return the area."""
        return math.pi * self.radius**2


@dataclass(frozen=True)
class Rectangle:
    """A rectangle, its sides along the axes."""

    width: float
    height: float

    def area(self) -> float:
        """Return the area."""
        return self.width * self.height


@dataclass(frozen=True)
class Square:
    """A square."""

    side: float

'''
SETTINGS = {
    "editor.fontSize": 15,
    "editor.lineHeight": 22,
    "homebody.backend.kind": "embedded",
    "homebody.server.command": homebody(),
    "workbench.activityBar.location": "hidden",
    "workbench.colorTheme": "Dark Modern",
    "workbench.editor.showTabs": "single",
    "breadcrumbs.enabled": False,
    "editor.stickyScroll.enabled": False,
    "window.title": "${activeEditorShort}",
}
FAILURE = Path(tempfile.gettempdir()) / "homebody-picture-failed.png"


def main(picture: Path) -> None:
    """Take it."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = folder / "shapes"
        workspace.mkdir()
        (workspace / "shapes.py").write_text(SHAPES)
        weights = {"HOMEBODY_DATA_DIR": str(paths.data_dir())}
        with start_vscode(folder, SETTINGS, package(folder), **weights) as vscode:
            vscode.run("picture.js", workspace, picture=str(picture.absolute()), failure=str(FAILURE))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
