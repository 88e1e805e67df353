"""The Neovim plugin in a real Neovim: what stands on the screen, and what the keys do."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.neovim import Neovim

PLUGIN = Path(__file__).parents[2] / "clients" / "neovim"
RUN = [sys.executable, "-c", "import sys; from homebody.cli import main; sys.exit(main())", "lsp"]
CODE = "def area(width, height):\n    \n\n\ndef other():\n    pass\n"


@pytest.fixture
def open_editor(tmp_path: Path) -> Iterator[Callable[..., Neovim]]:
    """Start Neovim with the plugin, a scripted model behind it, and a file."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HOMEBODY_")}
    environ |= {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "STATE", "DATA", "CACHE")}
    environ |= {f"HOMEBODY_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "STATE", "DATA", "CACHE")}

    with ExitStack() as stack:

        def start(replies: list[dict[str, Any]], code: str = CODE, setup: str = "") -> Neovim:
            script = tmp_path / "script.json"
            script.write_text(json.dumps({"name": "scripted", "reply": replies}))
            path = tmp_path / "app.py"
            path.write_text(code)
            editor = stack.enter_context(Neovim(runtime=PLUGIN, environ=environ))
            editor.command(f"edit {path}")
            editor.lua(setup)
            settings = {"backend": {"kind": "scripted", "model": str(script)}}
            editor.lua("require('homebody').setup(...)", {"cmd": RUN, "settings": settings})
            editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
            return editor

        yield start


def _reply(text: str, **more: object) -> list[dict[str, Any]]:
    return [{"text": text, "probability": 0.95, **more}]


def _answered(editor: Neovim) -> None:
    """Wait until the server has answered all that it was asked."""
    client = "vim.lsp.get_clients({ name = 'homebody' })[1]"
    editor.until(lambda: editor.lua(f"return next({client}.requests) == nil"))


def test_ghost_text_is_seen_and_taken_with_tab(open_editor):
    """A suggestion stands behind the cursor, is not in the file, and Tab puts it there."""
    editor = open_editor(_reply("return width * height"))
    editor.keys("jA")
    editor.sees("    return width * height")
    assert "\n".join(editor.lines) == CODE.rstrip("\n")
    editor.keys("<Tab>")
    editor.until(lambda: editor.lines[1] == "    return width * height")

    assert editor.cursor == (2, 25)
    assert editor.lua("return vim.fn.mode()") == "i"


def test_a_block_is_shown_below_and_typed_through(open_editor):
    """Several lines show as they will stand; typing what they say leaves the rest on screen."""
    editor = open_editor(_reply("if width:\n        return width * height"))
    editor.keys("jA")
    editor.sees("    if width:\n        return width * height\n\n")
    editor.keys("if wi")
    editor.until(lambda: editor.lines[1] == "    if wi")
    _answered(editor)
    editor.sees("    if width:\n        return width * height\n\n")
    editor.keys("<Tab>")
    editor.until(lambda: len(editor.lines) == 7)

    assert editor.lines[1:3] == ["    if width:", "        return width * height"]
    assert editor.cursor == (3, 29)


def test_a_block_in_a_file_with_crlf_is_taken_without_its_line_ends(open_editor):
    """Neovim keeps line ends apart from lines: none of them shows up as ``^M``."""
    editor = open_editor(_reply("if width:\n        return width * height"), code=CODE.replace("\n", "\r\n"))
    assert editor.lua("return vim.bo.fileformat") == "dos"
    editor.keys("jA")
    editor.sees("    if width:\n        return width * height\n\n")
    editor.keys("<Tab>")
    editor.until(lambda: len(editor.lines) == 7)

    assert editor.lines[1:3] == ["    if width:", "        return width * height"]


def test_the_place_in_view_is_told_as_soon_as_the_server_is_there(open_editor):
    """The first file of a session is read ahead too, before anything is typed."""
    spy = """
        vim.api.nvim_create_autocmd("LspNotify", {callback = function(event)
            _G.told = _G.told or {}
            table.insert(_G.told, event.data.method)
        end})
    """
    editor = open_editor(_reply("x"), setup=spy)
    editor.until(lambda: "textDocument/didFocus" in (editor.lua("return _G.told") or []))


def test_tab_without_a_suggestion_is_the_key_that_it_was(open_editor):
    """Where nothing is shown, Tab indents, or does what the user had mapped it to."""
    editor = open_editor([{"text": ""}])
    editor.keys("jA<Tab>")
    editor.until(lambda: editor.lines[1] == "        ")

    mapped = open_editor(
        [{"text": ""}], setup="vim.keymap.set('i', '<Tab>', function() return 'mine' end, {expr = true})"
    )
    mapped.keys("jA<Tab>")
    mapped.until(lambda: mapped.lines[1] == "    mine")


def test_closers_that_are_there_are_not_shown_twice(open_editor):
    """Before a bracket the suggestion is shown without its own, and taken with one."""
    editor = open_editor(_reply("width, height)"), code="area(ü)\n")
    editor.keys("0f)i")
    editor.until(lambda: "width, height" in editor.screen)
    assert "))" not in editor.screen
    editor.keys("<Tab>")
    editor.until(lambda: editor.lines == ["area(üwidth, height)"])


def test_leaving_insert_mode_takes_the_suggestion_away(open_editor):
    """In normal mode nothing is on the screen that is not in the file."""
    editor = open_editor(_reply("return width * height"))
    editor.keys("jA")
    editor.sees("return width * height")
    editor.keys("<Esc>")
    editor.until(lambda: "return width * height" not in editor.screen)

    assert "\n".join(editor.lines) == CODE.rstrip("\n")


def test_an_explanation_streams_into_a_window(open_editor):
    """Text appears while the model writes; closing the window ends the answer."""
    editor = open_editor(_reply("It multiplies **width** by height. " * 20, piece_delay_ms=30))
    editor.command("1,2Homebody explain")
    editor.sees("It multiplies **width**")
    streaming = "return vim.tbl_count(require('homebody.commands').streams)"
    assert editor.lua(streaming) == 1
    assert editor.lua("return vim.bo.filetype") == "markdown"
    editor.keys("q")
    editor.until(lambda: editor.lua(streaming) == 0)

    assert len(editor.call("nvim_list_wins")) == 1


def test_an_action_is_picked_and_applied(open_editor):
    """`:Homebody refactor` lists what the server can do, and the chosen edit is in the file, once to undo."""
    editor = open_editor(
        _reply("Multiply width by height."),
        setup="""
        vim.ui.select = function(items, opts, done)
          vim.g.titles = vim.tbl_map(opts.format_item, items)
          for _, item in ipairs(items) do
            if opts.format_item(item) == "Write a docstring" then return done(item) end
          end
        end
    """,
        code="def area(width, height):\n    return width * height\n",
    )
    editor.command("Homebody refactor")
    editor.until(lambda: '    """Multiply width by height."""' in editor.lines)

    assert "Simplify" in editor.lua("return vim.g.titles")
    editor.command("undo")
    assert editor.lines == ["def area(width, height):", "    return width * height"]


def test_a_refusal_is_a_sentence(open_editor):
    """What the server refuses is told below, and so is a command that there is not."""
    editor = open_editor(_reply("x"), code="\n\n")
    editor.command("Homebody refactor make it shorter")
    editor.until(lambda: "homebody:" in editor.command("messages"))

    assert "say explain or refactor" in editor.command("Homebody nix")


def test_a_missing_server_is_told_with_what_to_do(open_editor, tmp_path):
    """Without `homebody` on the path the plugin says so, and nothing else happens."""
    editor = open_editor(_reply("x"))
    editor.lua("require('homebody').setup({cmd = {'no-such-homebody', 'lsp'}})")

    assert "there is no no-such-homebody" in editor.command("messages")
