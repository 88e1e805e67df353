"""Measures the plugin's cost in Neovim: from a keystroke to ghost text on the screen, and for each typed key.

A real Neovim draws to an attached user interface, which reads the screen cell by cell.

*Ghost text*: the time from sending a key until its ghost text is drawn, minus the server's own time for that
request, in the same run. The server's time is measured by ``measure/tap.py``, which forwards its messages.

*Typing*: the time from sending a key until its character is drawn, alternately in a Neovim with the plugin,
whose model writes an explanation meanwhile, and in a Neovim without it, at the same time on the same machine.

    python benchmarks/neovim.py [--keys N] [--scripted]

With ``--scripted``, a scripted model replaces the default weights: it answers immediately and uses no
processor time.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure.model import default_weights
from measure.sources import standard_library
from measure.table import print_table
from measure.tap import read_exchanges
from support.grid import Grid
from support.neovim import Neovim
from support.plugin import PLUGIN, RUN, environ_in

_SOURCE = "textwrap.py"
_CUT = "def wrap("
"""The file ends before this line; lines after it are typed."""

_EXPLAINED_LINES = 60
_TYPED = "total = sum(len(word) for word in words) + 1"
_KEY_SECONDS = 0.06
_SUGGESTION_SECONDS = 2.0
_GHOST_TARGET_MS, _TYPING_TARGET_MS = 20, 2
_BUSY = """
local client = vim.lsp.get_clients({ name = "homebody" })[1]
for _, request in pairs(client.requests) do
  if request.type == "pending" and request.method == "workspace/executeCommand" then
    return true
  end
end
"""
_REPLY = "alpha + beta"
_EXPLANATION = "This function wraps a paragraph of text. " * 400


@dataclass(frozen=True, slots=True)
class Ghost:
    """One ghost text; seconds from its key to the request, in the server, and to the screen."""

    before: float
    server: float
    after: float

    @property
    def added(self) -> float:
        """Time of Neovim and the plugin."""
        return self.before + self.after


def main() -> None:
    """Measure both and print tables."""
    options = _options()
    with (
        tempfile.TemporaryDirectory(prefix="homebody-neovim-", ignore_cleanup_errors=True) as name,
        ExitStack() as stack,
    ):
        folder = Path(name)
        settings = _scripted(folder) if options.scripted else _embedded()
        log = folder / "tap.tsv"
        with_plugin = _open(stack, folder / "with", log, settings)
        without = _open(stack, folder / "without", None, {})
        _print_ghosts(_ghosts(with_plugin, log, options.keys))
        _print_typing(*_typing(with_plugin, without, options.keys))


def _open(stack: ExitStack, folder: Path, log: Path | None, settings: dict[str, Any]) -> Neovim:
    """Open a file of the standard library; with a ``log``, with the plugin."""
    folder.mkdir()
    path = folder / "wrap.py"
    before, _ = _parts()
    path.write_text(before)
    editor = stack.enter_context(Neovim(runtime=PLUGIN, environ=environ_in(folder), size=(120, 40)))
    editor.command(f"edit {path}")
    editor.command("setlocal noautoindent indentexpr=")
    if log is not None:
        tap = Path(__file__).parent / "measure" / "tap.py"
        command = [sys.executable, str(tap), str(log), *RUN]
        editor.lua("require('homebody').setup(...)", {"cmd": command, "settings": settings})
        editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
    return editor


def _parts() -> tuple[str, str]:
    """Return the initial content of the file, and the text to type."""
    before, _, after = (standard_library() / _SOURCE).read_text("utf-8").partition(_CUT)
    return before, after


def _ghosts(editor: Neovim, log: Path, count: int) -> list[Ghost]:
    """Repeatedly type the beginning of a line as one keystroke, and measure its ghost text."""
    found: list[Ghost] = []
    beginnings = _beginnings(count * 2)
    for beginning in beginnings:
        if len(found) == count:
            break
        editor.keys("<Esc>Go")
        editor.settle()
        editor.keys("<C-]>")
        editor.drawn(lambda grid: "-- INSERT --" in grid.lines and not _ghost(grid))
        sent = time.perf_counter()
        editor.keys(beginning)
        try:
            _, drawn = editor.drawn(
                lambda grid, text=beginning: _row(grid).startswith(text.strip()) and _ghost(grid),
                _SUGGESTION_SECONDS,
            )
        except AssertionError:
            continue  # the model's confidence was too low: there is nothing to show
        exchanges = [one for one in read_exchanges(log) if sent < one.asked and one.answered < drawn]
        if exchanges:
            last = exchanges[-1]
            found.append(Ghost(last.asked - sent, last.answered - last.asked, drawn - last.answered))
    editor.keys("<Esc>")
    return found


def _beginnings(count: int) -> list[str]:
    """Beginnings of real lines, up to a blank."""
    _, after = _parts()
    code = [
        line.strip() for line in after.splitlines() if len(line.strip()) > 16 and line.strip()[0].isalpha()
    ]
    halves = [line[: len(line) // 2].rpartition(" ")[0] for line in code]
    typed = [f"{half} ".replace("<", "<lt>") for half in halves if half]
    return (typed * (count // len(typed) + 1))[:count]


def _row(grid: Grid) -> str:
    return grid.lines[grid.cursor[0]].strip()


def _ghost(grid: Grid) -> bool:
    """Whether there is ghost text in the cursor's row: only ghost text is in italics."""
    return any(run.style.italic and run.text.strip() for run in grid.runs(grid.cursor[0]))


def _typing(busy: Neovim, bare: Neovim, count: int) -> tuple[list[float], list[float], int]:
    """Type the same text in both; returns the seconds for each key, and how many had a busy model."""
    times: tuple[list[float], list[float]] = [], []
    model_busy = 0
    text = (_TYPED * (count // len(_TYPED) + 1))[:count]
    for at, key in enumerate(text):
        if at % len(_TYPED) == 0:
            for editor in (busy, bare):
                editor.keys("<Esc>Go")
        if not busy.lua(_BUSY):
            busy.lua(f"require('homebody').explain(nil, 1, {_EXPLAINED_LINES})")
        model_busy += bool(busy.lua(_BUSY))
        for editor, found in zip((busy, bare), times, strict=True):
            column = at % len(_TYPED)
            editor.drawn(lambda grid, column=column: grid.cursor[1] == column)
            sent = time.perf_counter()
            editor.keys(key)
            _, drawn = editor.drawn(lambda grid, column=column: grid.cursor[1] == column + 1)
            found.append(drawn - sent)
        time.sleep(_KEY_SECONDS)
    return *times, model_busy


def _print_ghosts(found: Sequence[Ghost]) -> None:
    columns: dict[str, Callable[[Ghost], float]] = {
        "key to request": lambda one: one.before,
        "the server's own time": lambda one: one.server,
        "answer to screen": lambda one: one.after,
        f"on top of the server (target {_GHOST_TARGET_MS})": lambda one: one.added,
    }
    rows = [[name, *_milliseconds([take(one) for one in found])] for name, take in columns.items()]
    print_table(f"From a key to its ghost text, {len(found)} times", _HEAD, rows)


def _print_typing(busy: Sequence[float], bare: Sequence[float], model_busy: int) -> None:
    rows = [
        ["with the plugin, the model writing", *_milliseconds(busy)],
        ["without the plugin", *_milliseconds(bare)],
    ]
    print_table(
        f"From a key to its character, {len(bare)} keys, {model_busy} of them with a busy model", _HEAD, rows
    )
    more = statistics.median(busy) - statistics.median(bare)
    print(f"\nA key takes {more * 1000:+.2f} ms at the median (target {_TYPING_TARGET_MS}).")


_HEAD = ("milliseconds", "median", "p90", "p99")


def _milliseconds(seconds: Sequence[float]) -> list[str]:
    ordered = sorted(seconds)
    picked = [statistics.median(ordered), *(ordered[int(len(ordered) * share)] for share in (0.9, 0.99))]
    return [f"{one * 1000:.1f}" for one in picked]


def _embedded() -> dict[str, Any]:
    # Every suggestion is shown, so that there is something to measure.
    return {
        "backend": {"kind": "embedded", "model": str(default_weights())},
        "completion": {"minConfidence": 0},
    }


def _scripted(folder: Path) -> dict[str, Any]:
    replies = [
        {"contains": "xplain", "text": _EXPLANATION, "piece_delay_ms": 15},
        {"text": _REPLY, "probability": 0.95},
    ]
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": replies}))
    return {"backend": {"kind": "scripted", "model": str(script)}}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What the plugin costs in Neovim.")
    parser.add_argument("--keys", type=int, default=100, help="measured keys of each kind")
    parser.add_argument(
        "--scripted", action="store_true", help="a scripted model instead of the default weights"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
