"""Draw the pictures of Neovim: ghost text from the default weights, and a change shown as a diff.

``.venv/bin/python packaging/neovim_pictures.py docs/images``, after ``make test`` has installed what it
needs. It writes ``neovim.svg`` and ``neovim-change.svg``; look at them before you commit them.
The change is written by a scripted model, since the default weights cannot rewrite code.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from grid import Grid
from svg_grid import draw
from vscode_pictures import SHAPES

from homebody.models.library import DEFAULT_WEIGHTS, models_dir
from support.forked import homebody_command
from support.neovim import Neovim
from support.plugin import PLUGIN, environ_in

SIZE = (92, 26)
PRICES = '''\
"""Prices and taxes."""


def total(prices, country):
    result = 0
    for price in prices:
        if price is not None:
            if price > 0:
                result = result + price
    if country == "DE":
        result = result * 1.19
    return result
'''
REWRITTEN = """\
```python
def total(prices, country):
    result = sum(price for price in prices if price is not None and price > 0)
    if country == "DE":
        result *= 1.19
    return result
```"""


class DrawnNeovim(Neovim):
    """A Neovim whose screen is kept, with its colours."""

    def __init__(self, **options: object) -> None:
        self.grid = Grid()
        super().__init__(**options)

    def notified(self, message: Sequence[Any]) -> None:
        """Draw what Neovim has sent."""
        if message[:2] == [2, "redraw"]:
            self.grid.redraw(message[2])

    def drawn(self, shows: Callable[[Grid], bool]) -> None:
        """Wait until the screen shows something."""
        self.until(lambda: self.call("nvim_get_mode") and shows(self.grid))


def main(folder: Path) -> None:
    """Draw both."""
    weights = models_dir() / DEFAULT_WEIGHTS
    with tempfile.TemporaryDirectory(prefix="homebody-picture-", ignore_cleanup_errors=True) as name:
        _ghost_text(Path(name) / "ghost", {"kind": "embedded", "model": str(weights)}, folder / "neovim.svg")
        script = Path(name) / "script.json"
        script.write_text(json.dumps({"name": "scripted", "reply": [{"text": REWRITTEN}]}))
        _change(
            Path(name) / "change", {"kind": "scripted", "model": str(script)}, folder / "neovim-change.svg"
        )


def _ghost_text(workspace: Path, backend: dict[str, Any], picture: Path) -> None:
    with ExitStack() as stack:
        editor = _open(stack, workspace, "shapes.py", SHAPES, backend)
        editor.keys("Go    def area(self) -> float:<CR>")
        editor.keys('"""Return the area."""<CR>return ')
        editor.drawn(_has_ghost_text)
        picture.write_text(draw(editor.grid, "Ghost text in Neovim"), "utf-8")


def _change(workspace: Path, backend: dict[str, Any], picture: Path) -> None:
    with ExitStack() as stack:
        editor = _open(stack, workspace, "prices.py", PRICES, backend)
        editor.command("4,12Homebody refactor simplify the loop")
        editor.drawn(lambda grid: any("ga accept" in line for line in grid.lines))
        editor.settle()
        picture.write_text(draw(editor.grid, "A change in Neovim, shown as a diff"), "utf-8")


def _open(stack: ExitStack, workspace: Path, name: str, code: str, backend: dict[str, Any]) -> DrawnNeovim:
    workspace.mkdir()
    (workspace / name).write_text(code)
    editor = stack.enter_context(DrawnNeovim(runtime=PLUGIN, environ=environ_in(workspace), size=SIZE))
    editor.command(f"cd {workspace}")
    editor.command("set termguicolors background=dark noruler")
    editor.command(f"edit {name}")
    editor.lua(
        "require('homebody').setup(...)",
        {"cmd": [*homebody_command(), "lsp"], "settings": {"backend": backend}},
    )
    editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
    return editor


def _has_ghost_text(grid: Grid) -> bool:
    return any(run.style.italic and run.text.strip() for run in grid.runs(grid.cursor[0]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
