"""Take the pictures of VS Code that the documentation shows, in the real editor.

``make pictures`` takes those of ``docs/images``, and those of the extension's README in dark and light.
``--all FOLDER`` takes every view in dark, light and high contrast instead, to be looked at after a change of
the extension. Ghost text is that of the default weights. They are too small for answers and changes: a script
gives those. Files are overwritten; look at them before they are committed.
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
EXPLAINED = """\
`total` adds up the prices and returns their sum; for an empty list, that is `0`.

The variable `sum` hides Python's function of that name, which does the same:

```python
return sum(prices)
```
"""
REPLIES = ({"text": EXPLAINED, "contains": "What does total do?"}, {"text": SUMMED})
THEMES = {"dark": "Dark Modern", "light": "Light Modern", "contrast": "Default High Contrast"}
IMAGES = ROOT / "docs" / "images"
# Views in the documentation, with the default weights and with a script. What is done in the editor stays in
# the file, so it comes last.
DOCUMENTED = {"completion": "vscode.png", "menu": "vscode-menu.png"}
DOCUMENTED_SCRIPTED = {
    "chat": "vscode-chat.png",
    "diff": "vscode-diff.png",
    "instruction": "vscode-instruction.png",
}
# Views in the extension's README, each in both themes.
README_THEMES = ("dark", "light")
README = ("completion",)
README_SCRIPTED = ("chat", "diff")
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
        take("dark", {name: IMAGES / file for name, file in DOCUMENTED_SCRIPTED.items()}, is_scripted=True)
        for theme in README_THEMES:
            take(theme, {name: _in_readme(name, theme) for name in README})
            take(theme, {name: _in_readme(name, theme) for name in README_SCRIPTED}, is_scripted=True)
        return
    folder = Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        shots = ("completion", "menu", "models", "doctor", "walkthrough")
        take(theme, {shot: folder / f"{shot}-{theme}.png" for shot in shots})
        scripted = ("chat", "diff", "instruction")
        take(theme, {shot: folder / f"{shot}-{theme}.png" for shot in scripted}, is_scripted=True)


def take(theme: str, pictures: Mapping[str, Path], *, is_scripted: bool = False) -> None:
    """Take pictures in one theme, with the default weights or a script as the model."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = folder / "shop"
        workspace.mkdir()
        (workspace / "shapes.py").write_text(SHAPES)
        (workspace / "total.py").write_text(TOTAL)
        settings: dict[str, object] = {**SETTINGS, "workbench.colorTheme": THEMES[theme]}
        if is_scripted:
            script = folder / "script.json"
            script.write_text(json.dumps({"name": "scripted", "reply": REPLIES}))
            settings |= {"homebody.backend.kind": "scripted", "homebody.backend.model": str(script)}
        weights = {"HOMEBODY_DATA_DIR": str(paths.data_dir())}
        with start_vscode(folder, settings, package(folder), **weights) as vscode:
            wanted = {shot: str(path.absolute()) for shot, path in pictures.items()}
            vscode.run("picture.js", workspace, pictures=wanted, scale=1.5, failure=str(FAILURE))


def _in_readme(shot: str, theme: str) -> Path:
    return CLIENT / "media" / f"{shot}-{theme}.webp"


if __name__ == "__main__":
    main(sys.argv[1:])
