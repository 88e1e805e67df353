"""Take the pictures of VS Code that the documentation shows, in the real editor.

``make pictures`` takes those of ``docs/images``, and those of the extension's README in dark and light.
``--all FOLDER`` takes every view in dark, light and high contrast instead, to be looked at after a change of
the extension. The default weights answer, except for the change in the diff editor, which they are too small
for: a script answers there. Files are overwritten; look at them before they are committed.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from homebody.settings import paths
from support.vscode import CLIENT, ROOT, homebody, package, start_vscode

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
TOTAL = """\
def total(prices):
    sum = 0
    for price in prices:
        sum = sum + price
    return sum
"""
SUMMED = "```python\ndef total(prices):\n    return sum(prices)\n```"
THEMES = {"dark": "Dark Modern", "light": "Light Modern", "contrast": "Default High Contrast"}
IMAGES = ROOT / "docs" / "images"
# Views in the documentation: answered by the default weights, and by a script.
DOCUMENTED = {"completion": "vscode.png", "chat": "vscode-chat.png", "menu": "vscode-menu.png"}
# What is done in the editor is in the file already, so it comes last.
DOCUMENTED_CHANGE = {"diff": "vscode-diff.png", "instruction": "vscode-instruction.png"}
# Views in the extension's README, each in both themes.
README_THEMES = ("dark", "light")
README = ("completion", "chat")
README_CHANGE = ("diff",)
SETTINGS = {
    "editor.fontSize": 14,
    "homebody.server.command": homebody(),
    "homebody.backend.kind": "embedded",
    "workbench.activityBar.location": "hidden",
    "workbench.editor.showTabs": "single",
    "breadcrumbs.enabled": False,
    "editor.stickyScroll.enabled": False,
    "window.title": "${activeEditorShort}",
}
FAILURE = Path(tempfile.gettempdir()) / "homebody-picture-failed.png"


def main(arguments: list[str]) -> None:
    """Take them."""
    if arguments[:1] != ["--all"]:
        take("dark", {name: IMAGES / file for name, file in DOCUMENTED.items()})
        take("dark", {name: IMAGES / file for name, file in DOCUMENTED_CHANGE.items()}, scripted=SUMMED)
        for theme in README_THEMES:
            take(theme, {name: _in_readme(name, theme) for name in README})
            take(theme, {name: _in_readme(name, theme) for name in README_CHANGE}, scripted=SUMMED)
        return
    folder = Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        shots = ("completion", "chat", "menu", "models", "doctor", "walkthrough")
        take(theme, {shot: folder / f"{shot}-{theme}.png" for shot in shots})
        changes = ("diff", "instruction")
        take(theme, {shot: folder / f"{shot}-{theme}.png" for shot in changes}, scripted=SUMMED)


def take(theme: str, pictures: Mapping[str, Path], scripted: str | None = None) -> None:
    """Take pictures in one theme; with ``scripted`` as the only answer to questions and instructions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = folder / "shop"
        workspace.mkdir()
        (workspace / "shapes.py").write_text(SHAPES)
        (workspace / "total.py").write_text(TOTAL)
        settings: dict[str, object] = {**SETTINGS, "workbench.colorTheme": THEMES[theme]}
        if scripted is not None:
            script = folder / "script.json"
            script.write_text(json.dumps({"name": "scripted", "reply": [{"text": scripted}]}))
            settings |= {"homebody.backend.kind": "scripted", "homebody.backend.model": str(script)}
        weights = {"HOMEBODY_DATA_DIR": str(paths.data_dir())}
        with start_vscode(folder, settings, package(folder), **weights) as vscode:
            wanted = {shot: str(path.absolute()) for shot, path in pictures.items()}
            vscode.run("picture.js", workspace, pictures=wanted, scale=1.5, failure=str(FAILURE))


def _in_readme(shot: str, theme: str) -> Path:
    return CLIENT / "media" / f"{shot}-{theme}.webp"


if __name__ == "__main__":
    main(sys.argv[1:])
