"""The Neovim plugin in a real Neovim: what the screen shows, and what the keys do."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.neovim import Neovim, binaries
from support.plugin import PLUGIN, RUN, environ_in

BOTH = pytest.mark.parametrize("open_editor", ["0.11", "0.10"], indirect=True)
"""For what differs between the two Neovims, or is used the most."""

CODE = "def area(width, height):\n    \n\n\ndef other():\n    pass\n"


@pytest.fixture
def open_editor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Neovim]]:
    """Start Neovim with the plugin, a scripted model behind it, and a file."""
    program = binaries()[request.param] if hasattr(request, "param") else None
    with ExitStack() as stack:

        def start(
            replies: list[dict[str, Any]],
            code: str = CODE,
            setup: str = "",
            settings: dict[str, Any] | None = None,
        ) -> Neovim:
            script = tmp_path / "script.json"
            script.write_text(json.dumps({"name": "scripted", "reply": replies}))
            path = tmp_path / "app.py"
            path.write_text(code)
            editor = stack.enter_context(
                Neovim(runtime=PLUGIN, environ=environ_in(tmp_path), program=program)
            )
            editor.command(f"edit {path}")
            editor.lua(setup)
            used = settings or {"backend": {"kind": "scripted", "model": str(script)}}
            editor.lua("require('homebody').setup(...)", {"cmd": RUN, "settings": used})
            editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
            return editor

        yield start


_KEEP_SHOWN = """
vim.api.nvim_create_autocmd("User", { pattern = "HomebodySuggestion", callback = function(event)
  _G.shown = event.data
end })
"""


def _reply(text: str, **more: object) -> list[dict[str, Any]]:
    return [{"text": text, "probability": 0.95, **more}]


def test_a_block_in_a_file_with_crlf_is_taken_without_its_line_ends(open_editor):
    """Neovim keeps line ends apart from lines: none of them shows up as ``^M``."""
    editor = open_editor(_reply("if width:\n        return width * height"), code=CODE.replace("\n", "\r\n"))
    assert editor.lua("return vim.bo.fileformat") == "dos"
    editor.keys("jA")
    editor.sees("    if width:\n        return width * height\n\n")
    editor.keys("<Tab>")
    editor.until(lambda: len(editor.lines) == 7)

    assert editor.lines[1:3] == ["    if width:", "        return width * height"]


def test_the_visible_place_is_reported_as_soon_as_the_server_is_ready(open_editor):
    """The first file of a session is read ahead too, before anything is typed."""
    spy = """
        vim.api.nvim_create_autocmd("LspNotify", {callback = function(event)
            _G.told = _G.told or {}
            table.insert(_G.told, event.data.method)
        end})
    """
    editor = open_editor(_reply("x"), setup=spy)
    editor.until(lambda: "textDocument/didFocus" in (editor.lua("return _G.told") or []))


@BOTH
def test_next_and_previous_go_round_the_suggestions(open_editor):
    """The first `next` requests more; each is on screen, and the last one leads to the first."""
    several = [{"text": text, "probability": 0.95, "times": 1} for text in ("alpha", "beta", "gamma") * 5]
    editor = open_editor(several, code="x = \n", setup=_KEEP_SHOWN)
    editor.keys("A")
    first = editor.until(lambda: editor.lua("return _G.shown"))["text"]
    seen = [first]
    for key in ("<M-]>", "<M-]>"):
        editor.keys(key)
        editor.until(lambda: editor.lua("return _G.shown.text") not in seen)
        seen.append(editor.lua("return _G.shown.text"))
        editor.sees(f"x = {seen[-1]}")
    assert sorted(seen) == ["alpha", "beta", "gamma"]
    editor.keys("<M-]>")
    editor.sees(f"x = {first}")
    editor.keys("<M-[>")
    editor.sees(f"x = {seen[-1]}")
    editor.keys("<Tab>")
    editor.until(lambda: editor.lines == [f"x = {seen[-1]}"])


def test_the_default_weights_write_what_is_accepted(open_editor, weights):
    """A real model's suggestion is on screen, and `<Tab>` puts it into the file."""
    metals = '["tungsten", "rhodium", "gallium"]'
    code = f'metals = {metals}\nfor metal in {metals}:\n    print(metal)\nassert metals == ["tungsten",\n'
    backend = {"kind": "embedded", "model": str(weights), "contextLength": 2048}
    settings = {"backend": backend, "completion": {"minConfidence": 0}}
    editor = open_editor([], code=code, setup=_KEEP_SHOWN, settings=settings)
    editor.keys("3jA ")
    shown = editor.until(lambda: editor.lua("return _G.shown"))["text"]
    assert '"rhodium"' in shown
    before = 'assert metals == ["tungsten", '
    editor.sees((before + shown).splitlines()[0])
    editor.keys("<Tab>")
    editor.until(lambda: "\n".join(editor.lines[3:]) == before + shown)


@BOTH
def test_an_explanation_streams_below_and_leaves_the_focus(open_editor):
    """Text appears while the model writes, the cursor stays in the code, and `q` ends the answer."""
    editor = open_editor(_reply("It multiplies **width** by height. " * 20, piece_delay_ms=30))
    editor.command("1,2Homebody explain")
    editor.sees("It multiplies **width**")
    assert editor.lua("return vim.bo.filetype") == "python"
    assert len(editor.call("nvim_list_wins")) == 2
    editor.command("wincmd j")
    assert editor.lua("return vim.bo.filetype") == "markdown"
    editor.keys("q")
    editor.until(lambda: len(editor.call("nvim_list_wins")) == 1)
    editor.settle()


def test_an_explanation_that_fails_says_why(open_editor):
    """The window shows the server's sentence instead of staying empty."""
    editor = open_editor(_reply("x", fault="refused"))
    editor.command("1,2Homebody explain")
    editor.sees("> ")
    editor.sees("refused the request")


@BOTH
def test_a_question_is_answered_and_followed_up(open_editor):
    """The second question goes on in the same conversation, below the first."""
    replies = [
        {"contains": "and for circles", "text": "Use pi."},
        {"contains": "how to call it", "text": "Call `area(2, 3)`."},
        {"text": ""},
    ]
    editor = open_editor(replies, setup="vim.ui.input = function(_, done) done('and for circles?') end")
    editor.command("1,2Homebody ask how to call it?")
    editor.sees("Call `area(2, 3)`.")
    editor.sees(" tokens")
    editor.command("wincmd j")
    editor.keys("i")
    editor.sees("Use pi.")
    assert "Call `area(2, 3)`." in editor.screen


@BOTH
def test_code_of_an_answer_is_applied_as_a_change(open_editor):
    """`ga` on a code block opens what it changes in the file."""
    block = "```python\ndef area(width, height):\n    return width * height\n```"
    editor = open_editor(_reply(f"So:\n\n{block}"), code=AREA)
    editor.command("1,3Homebody ask shorter?")
    editor.sees(" tokens")
    editor.command("wincmd j")
    editor.command("3")
    editor.keys("/return<CR>")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "n")
    editor.keys("ga")
    editor.sees("ga accept")
    editor.command("Homebody accept")
    editor.until(lambda: editor.lua(_FILE) == ["def area(width, height):", "    return width * height"])


AREA = "def area(width, height):\n    result = width * height\n    return result\n"
SHORTER = "```python\ndef area(width, height):\n    return width * height\n```"


@pytest.fixture
def with_change(open_editor) -> Neovim:
    """An editor that shows a proposed change."""
    editor = open_editor(_reply(SHORTER), code=AREA + "\n\nprint(area(1, 2))\n")
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga accept")
    return editor


def test_a_change_is_shown_as_a_diff_and_accepted_as_one_undo(with_change):
    """The file stays as it is until then; one undo takes it back."""
    code = with_change.lua(_FILE)
    assert code == [*AREA.splitlines(), "", "", "print(area(1, 2))"]
    assert with_change.lua("return vim.wo.diff")
    with_change.keys("ga")
    with_change.until(lambda: with_change.lines[1] == "    return width * height")
    assert len(with_change.call("nvim_list_tabpages")) == 1
    with_change.command("undo")
    assert with_change.lines == code


def test_a_discarded_change_leaves_nothing_behind(with_change):
    """No window, no buffer, no edit."""
    code = with_change.lua(_FILE)
    with_change.keys("gx")
    with_change.until(lambda: len(with_change.call("nvim_list_tabpages")) == 1)
    assert with_change.lines == code
    assert "there is no change to accept" in with_change.command("Homebody accept")


@BOTH
def test_a_hunk_is_taken_back_before_the_rest_is_accepted(open_editor):
    """`do` on the right side, as in any diff."""
    both = "```python\na = 10\nb = 2\nc = 3\nd = 40\n```"
    editor = open_editor(_reply(both), code="a = 1\nb = 2\nc = 3\nd = 4\n")
    editor.command("1,4Homebody refactor ten times")
    editor.sees("ga accept")
    editor.keys("Gdo")
    editor.until(lambda: editor.lines[3] == "d = 4")
    editor.keys("ga")
    editor.until(lambda: len(editor.call("nvim_list_tabpages")) == 1)
    assert editor.lines == ["a = 10", "b = 2", "c = 3", "d = 4"]


def test_a_change_survives_edits_elsewhere(with_change):
    """What was typed above and below stays."""
    _write(with_change, 0, 0, "# mine")
    _write(with_change, -1, -1, "# too")
    with_change.command("Homebody accept")
    assert with_change.lua(_FILE) == [
        "# mine",
        "def area(width, height):",
        "    return width * height",
        "",
        "",
        "print(area(1, 2))",
        "# too",
    ]


def test_a_change_in_lines_that_were_edited_is_refused(with_change):
    """Nothing is replaced, and the change stays in view."""
    _write(with_change, 1, 2, "    mine = 1")
    assert "edited meanwhile" in with_change.command("Homebody accept | messages")
    assert with_change.lua(_FILE)[1] == "    mine = 1"
    assert len(with_change.call("nvim_list_tabpages")) == 2


@BOTH
def test_a_change_is_refined_in_words(open_editor):
    """The new result takes the place of the first; the file is still as it was."""
    replies = [{"contains": "keep the name", "text": SHORTER.replace("return", "result =")}, *_reply(SHORTER)]
    editor = open_editor(
        replies, code=AREA, setup="vim.ui.input = function(_, done) done('keep the name') end"
    )
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga accept")
    editor.keys("gr")
    editor.until(lambda: "    result = width * height" in editor.lines and len(editor.lines) == 2)
    assert editor.lua(_FILE) == AREA.splitlines()


def test_an_action_that_only_adds_is_applied_at_once(open_editor):
    """`:Homebody refactor` lists what the server can do; a docstring is in the file, once to undo."""
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


def test_an_action_is_run_by_its_name(open_editor):
    """Without a list; an unknown name is answered with those that there are."""
    editor = open_editor(_reply("Multiply width by height."), code=AREA)
    editor.command("Homebody action docstring")
    editor.until(lambda: '    """Multiply width by height."""' in editor.lines)
    editor.command("Homebody action nix")
    editor.until(lambda: "there is no action `nix` here; there are" in editor.command("messages"))


def test_a_small_edit_that_replaces_code_is_shown_first(open_editor):
    """The server marks it with ``needsConfirmation``; a single changed line is a proposal, too."""
    editor = open_editor(_reply("```python\na = 10\n```"), code="a = 1\n")
    editor.command("1Homebody refactor ten times")
    editor.sees("ga accept")
    assert editor.lua(_FILE) == ["a = 1"]


@BOTH
def test_a_code_action_of_neovim_itself_is_shown_first(open_editor):
    """`vim.lsp.buf.code_action` (the key `gra`) leads to the same proposal as `:Homebody refactor`."""
    editor = open_editor(_reply(SHORTER), code=AREA)
    editor.lua("""
        vim.lsp.buf.code_action({
          apply = true,
          filter = function(action) return action.title == "Simplify" end,
        })
    """)
    editor.sees("ga accept")
    assert editor.lua(_FILE) == AREA.splitlines()
    editor.keys("ga")
    editor.until(lambda: editor.lines == ["def area(width, height):", "    return width * height"])


def test_problems_of_neovim_are_attached_to_a_question(open_editor):
    """`:Homebody attach` offers what Neovim's diagnostics say, and the next question carries them."""
    editor = open_editor(
        [{"contains": "area is never used", "text": "Call it."}, *_reply("nothing")],
        setup="vim.ui.select = function(items, _, done) done(items[1]) end",
        code=AREA,
    )
    editor.lua("""
        local found = { lnum = 0, col = 4, message = "area is never used", severity = 2, source = "lint" }
        vim.diagnostic.set(vim.api.nvim_create_namespace("test"), 0, { found })
    """)
    editor.command("Homebody attach problems")
    editor.until(lambda: "attached to the next question: Problems in app.py" in editor.command("messages"))
    editor.command("Homebody ask what now?")
    editor.sees("Call it.")


def test_a_refactoring_is_stopped(open_editor):
    """`:Homebody stop` cancels it, and the file stays as it is."""
    editor = open_editor(_reply(SHORTER, piece_delay_ms=1000), code=AREA)
    editor.command("1,3Homebody refactor make it shorter")
    editor.until(
        lambda: editor.lua("local c = vim.lsp.get_clients({ name = 'homebody' })[1]; return next(c.requests)")
    )
    editor.command("Homebody stop")
    editor.settle()
    assert editor.lines == AREA.splitlines()


def test_a_refusal_is_a_sentence(open_editor):
    """Outside of code there is nothing to refactor, and the message says what to do."""
    editor = open_editor(_reply("x"), code="\n\n")
    editor.command("Homebody refactor")
    editor.until(lambda: "there is nothing to refactor here" in editor.command("messages"))


def test_the_last_prompt_is_shown(open_editor):
    """The exact text, and from which lines it came."""
    editor = open_editor(_reply("return width * height"))
    editor.keys("jA")
    editor.sees("return width * height")
    editor.keys("<Esc>")
    editor.command("Homebody prompt")
    editor.sees("Sent to scripted:")
    assert any("app.py, lines 1 to" in line for line in editor.lines)


@BOTH
def test_a_killed_server_is_restarted_and_a_message_says_so(open_editor):
    """Suggestions go on without a restart of the editor."""
    editor = open_editor(_reply("return width * height"))
    before = editor.lua("return vim.lsp.get_clients({ name = 'homebody' })[1].id")
    editor.kill_server()
    editor.until(lambda: "the server ended unexpectedly and is restarted" in editor.command("messages"))
    again = "local c = vim.lsp.get_clients({ name = 'homebody' })[1]; return c and c.id"
    editor.until(lambda: editor.lua(again) not in (None, before))
    editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
    editor.keys("jA")
    editor.sees("return width * height")


def test_without_a_server_one_line_says_what_to_do(open_editor):
    """No prompt to press Enter, no traceback; the command is there and says the same."""
    editor = open_editor(_reply("x"))
    editor.command("lua vim.lsp.stop_client(vim.lsp.get_clients())")
    editor.lua("require('homebody').setup({cmd = 'no-such-homebody'})")
    editor.until(lambda: "there is no program `no-such-homebody`" in editor.command("messages"))
    assert editor.call("nvim_get_mode")["blocking"] is False
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients()") == 0)
    with pytest.raises(AssertionError, match="there is no program"):  # an error message ends a command
        editor.command("Homebody explain")


def test_options_that_are_not_valid_are_named(open_editor):
    """With the nearest one; all others count."""
    editor = open_editor(_reply("x"))
    editor.lua("require('homebody').setup({cmd = 'true', acept = '<C-y>', settings = 3})")
    editor.until(lambda: "did you mean `accept`?" in editor.command("messages"))
    assert "the option `settings` has to be a table" in editor.command("messages")


def test_ghost_text_does_not_look_like_code_without_true_colours(open_editor):
    """Where a colour scheme gives comments no terminal colour, ghost text has one of its own."""
    editor = open_editor(_reply("x"))
    assert editor.lua("return vim.api.nvim_get_hl(0, { name = 'HomebodyGhost' }).ctermfg") is not None


@BOTH
def test_checkhealth_reports_server_model_and_key(open_editor):
    """One line for each of them."""
    editor = open_editor(_reply("x"))
    editor.command("checkhealth homebody")
    report = "\n".join(editor.lines)
    assert "model: scripted (scripted)" in report
    assert "suggestions are accepted with <Tab>" in report


def test_help_is_there(open_editor):
    """`:help homebody` finds the page."""
    editor = open_editor(_reply("x"))
    editor.lua("vim.cmd.helptags(vim.fs.joinpath(..., 'doc'))", str(PLUGIN))
    editor.command("help homebody")
    assert editor.lua("return vim.bo.filetype") == "help"
    (PLUGIN / "doc" / "tags").unlink()


_FILE = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr('app.py'), 0, -1, false)"


def _write(editor: Neovim, first: int, end: int, line: str) -> None:
    """Replace lines of the file by one, as somebody does who goes on typing there."""
    buffer = editor.lua("return vim.fn.bufnr('app.py')")
    editor.call("nvim_buf_set_lines", buffer, first, end, 0, [line])
