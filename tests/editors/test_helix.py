"""A real Helix in a terminal: uses the configuration of the page, types keys, and reads the screen."""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.folders import own_folders
from support.needs import needs
from support.terminal import Terminal, terminal
from support.until import until

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "editors" / "helix.md"
REPLIES = [
    {"contains": "one short sentence", "text": "Add two numbers."},
    {"contains": "xplain", "text": "It adds two numbers."},
    {"text": "return a + b", "probability": 0.99},
]


@dataclass(frozen=True)
class Helix:
    """Helix in a terminal, the file that it edits, and its log."""

    terminal: Terminal
    file: Path
    log: Path

    async def is_ready(self) -> None:
        """Wait until the server has reported its model, which Helix shows in its log alone."""
        await until(lambda: self.log.exists() and '"model": "scripted"' in self.log.read_text())

    async def types(self, text: str) -> None:
        """Type ``text``, a key at a time: Helix 25.01 sends changes of the same moment in any order."""
        for key in text:
            before = self._changes_sent()
            self.terminal.press(key)
            await until(lambda before=before: self._changes_sent() > before)

    def _changes_sent(self) -> int:
        return self.log.read_text().count('"method":"textDocument/didChange"')

    async def saves(self, text: str) -> None:
        self.terminal.press(":", "w", "Enter")

        def saved() -> str:
            with suppress(FileNotFoundError):
                return self.file.read_text()
            return ""

        await until(lambda: saved() == text)

    async def choose(self, title: str) -> None:
        """Choose a code action for the first line."""
        self.terminal.press("g", "g", "Space", "a")
        await self.terminal.has(lambda screen: title in screen and "Extract a function" in screen)
        lines = [line.strip(" ~0123456789") for line in self.terminal.screen().splitlines()]
        first = next(number for number, line in enumerate(lines) if line.endswith("Extract a function"))
        steps = next(number for number, line in enumerate(lines) if line.endswith(title)) - first
        # Helix selects the first one automatically.
        self.terminal.press(*["C-n"] * steps, "Enter")


@pytest.fixture
def helix(tmp_path: Path) -> Iterator[Helix]:
    """Start Helix on a file, with the configuration of the page and a scripted model."""
    hx = needs("hx")
    config, helix, workspace = (tmp_path / name for name in ("config", "xdg/helix", "workspace"))
    for folder in (config, helix, workspace):
        folder.mkdir(parents=True)
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": REPLIES}))
    (config / "config.toml").write_text(f"[backend]\nkind = 'scripted'\nmodel = '{script}'\n")
    (helix / "languages.toml").write_text(configuration())
    # A menu that opens by itself may do so between the next two keys.
    (helix / "config.toml").write_text("[editor]\nauto-completion = false\n")
    file, log = workspace / "app.py", tmp_path / "helix.log"
    file.write_text("def add(a, b):\n    \n")
    environ = own_folders(tmp_path) | {
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "XDG_CACHE_HOME": str(tmp_path / "data"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm-256color",
    }
    with terminal([hx, "-v", "--log", str(log), "app.py"], workspace, environ) as started:
        yield Helix(started, file, log)


async def test_suggestions_actions_and_explanations_work_with_the_configuration_of_the_page(helix: Helix):
    screen = helix.terminal
    await helix.is_ready()
    screen.press("j", "A")
    await helix.types("ret")
    screen.press("C-x")
    await screen.shows("return a + b")
    screen.press("C-n", "Enter")
    await screen.has(lambda text: re.search(r"2 +return a \+ b *$", text, re.MULTILINE) is not None)
    screen.press("Escape")
    await screen.shows("NOR")

    await helix.choose("Write a docstring")
    await screen.shows('"""Add two numbers."""')
    await helix.saves('def add(a, b):\n    """Add two numbers."""\n    return a + b\n')

    await helix.choose("Simplify")
    await screen.shows('Check this edit: it removes the string "Add two numbers."')
    screen.press("u")

    await helix.choose("Explain")
    await screen.shows("It adds two numbers.")


def configuration() -> str:
    """The first block of the page; the language's own server is left out, since it may not be installed."""
    (block, *_) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert '["pylsp", "homebody"]' in block
    return block.replace('"pylsp", ', "")
