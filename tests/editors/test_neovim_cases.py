"""The Neovim plugin as data, in both Neovims: keys in, screen and buffer out (``neovim_cases.toml``)."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.forked import homebody_command
from support.neovim import Neovim, binaries
from support.plugin import PLUGIN, environ_in

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "neovim_cases.toml").read_text("utf-8"))[
    "case"
]
LONG = ", ".join(str(number) for number in range(3000)) + ", "


def mark(number: int) -> str:
    """Return the marker that names a case in its file, by which the script selects the reply."""
    return f"# case {number}:"


@pytest.fixture(scope="module", params=["0.11", "0.10"])
def editor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    folder = tmp_path_factory.mktemp("neovim")
    replies = [
        {
            "contains": case.get("contains", mark(number)),
            "text": case["reply"],
            "probability": case.get("probability", 0.95),
        }
        for number, case in enumerate(CASES)
    ]
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": [*replies, {"text": ""}]}))
    with Neovim(runtime=PLUGIN, environ=environ_in(folder), program=binaries()[request.param]) as opened:
        settings = {"backend": {"kind": "scripted", "model": str(script)}, "context": {"snippets": False}}
        opened.lua("_G.base = ...", {"cmd": [*homebody_command(), "lsp"], "settings": settings})
        yield opened


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["claim"] for case in CASES])
def test_case(editor: Neovim, number: int, tmp_path: Path):
    """The keys, the screen and the file's content match the case."""
    case = CASES[number]
    path = tmp_path / "app.py"
    path.write_text(f"{mark(number)}\n{case['code'].replace('LONG', LONG)}")
    editor.keys("<C-\\><C-n>")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "n")
    editor.lua(_RESET)
    editor.command(f"edit +2 {path}")
    editor.lua(case.get("lua", ""))
    editor.lua(
        "require('homebody').setup(vim.tbl_extend('force', _G.base, ...))", case.get("option", {"auto": True})
    )
    editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
    held = case.get("holds", [""] * len(case["keys"]))
    for keys, seen, text in zip(case["keys"], case["sees"], held, strict=True):
        editor.keys(keys)
        if seen:
            editor.sees(seen)
        editor.until(lambda text=text: text in "\n".join(editor.lines))
        editor.settle()
    if "lines" in case:
        wanted = [mark(number), *case["lines"]]
        editor.until(lambda: editor.lines == wanted)
    if "ends" in case:
        editor.until(lambda: editor.lines[1].endswith(case["ends"]))
    for text in case.get("never", []):
        editor.until(lambda text=text: text not in editor.screen)
    if "cursor" in case:
        line, byte = case["cursor"]
        assert editor.cursor == (line + 1, byte)


_RESET = """
vim.cmd("silent! only! | silent! %bwipeout!")
vim.o.foldmethod = "manual"
vim.g.homebody_auto = nil
package.loaded["cmp"] = nil
for _, map in ipairs(vim.api.nvim_get_keymap("i")) do
  if not map.lhs:match("^<Plug>") then
    pcall(vim.keymap.del, "i", map.lhs)
  end
end
vim.cmd("messages clear | echo ''")
"""
