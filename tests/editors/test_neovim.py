"""The Neovim plugin in a real Neovim: what the screen shows, and what the keys do."""

import json

import pytest

from support.images import encoded
from support.plugin import BOTH, CODE, reply

_KEEP_SHOWN = """
vim.api.nvim_create_autocmd("User", { pattern = "HomebodySuggestion", callback = function(event)
  _G.shown = event.data
end })
"""


def test_a_block_in_a_file_with_crlf_is_taken_without_its_line_ends(open_editor):
    editor = open_editor(reply("if width:\n        return width * height"), code=CODE.replace("\n", "\r\n"))
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
            _G.sent = _G.sent or {}
            table.insert(_G.sent, event.data.method)
        end})
    """
    editor = open_editor(reply("x"), setup=spy)
    editor.until(lambda: "textDocument/didFocus" in (editor.lua("return _G.sent") or []))


def test_keys_before_the_server_is_ready_get_a_suggestion(open_editor):
    editor = open_editor(
        reply("width * height"), code="area = \n", setup="vim.cmd.startinsert({ bang = true })"
    )
    editor.sees("area = width * height")


def test_a_suggestion_that_needs_more_of_the_file_comes_late(open_editor):
    """The first request has the lines around the cursor; the rest is read in a pause."""
    replies = [*reply("42", regex="(?s)size_0.*total ="), {"text": "42", "probability": 0.1}]
    editor = open_editor(replies, code="".join(f"size_{n} = {n} * width\n" for n in range(40)) + "total = \n")
    editor.keys("GA")
    editor.sees("total = 42")


@BOTH
def test_next_and_previous_go_round_the_suggestions(open_editor):
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


@BOTH
def test_an_explanation_streams_below_and_leaves_the_focus(open_editor):
    editor = open_editor(reply("It multiplies **width** by height. " * 20, piece_delay_ms=30))
    editor.command("1,2Homebody explain")
    editor.sees("It multiplies **width**")
    assert editor.lua("return vim.bo.filetype") == "python"
    assert len(editor.call("nvim_list_wins")) == 2
    editor.command("wincmd j")
    assert editor.lua("return vim.bo.filetype") == "markdown"
    editor.keys("q")
    editor.until(lambda: len(editor.call("nvim_list_wins")) == 1)
    editor.settle()


@BOTH
def test_a_place_in_an_answer_opens_in_the_window_above(open_editor):
    editor = open_editor(reply("Größe: `other()` calls [no](file:///etc/hosts.py) at app.py:1."))
    editor.command("1,2Homebody explain")
    editor.sees(" of 8192 tokens")
    editor.command("wincmd j")
    marks = editor.lua(
        "local space = vim.api.nvim_get_namespaces()['homebody-answers'];"
        "return vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })"
    )
    linked = [editor.lines[row].encode()[column : more["end_col"]] for _, row, column, more in marks]
    assert linked == [b"`other()`", b"app.py:1"]
    editor.command("call search('no](')")
    editor.keys("<CR>")
    editor.until(lambda: "there is no place of the code here" in editor.command("messages"))
    editor.command("call search('other()')")
    editor.keys("<CR>")
    editor.until(lambda: editor.lua("return vim.bo.filetype") == "python")
    assert editor.lua("return vim.api.nvim_win_get_cursor(0)[1]") == 5
    editor.until(lambda: len(editor.call("nvim_list_wins")) == 2)


def test_what_the_model_did_not_read_is_listed_and_can_be_read(open_editor):
    code = "".join(f"def f{n}(value):\n    return value + {n} * value - {n}\n\n\n" for n in range(900))
    replies = [{"contains": "outline", "text": "An outline."}, {"text": "All of it."}]
    editor = open_editor(replies, code=code)
    editor.command("%Homebody explain")
    editor.sees(" of 8192 tokens")
    editor.command("wincmd j")
    # The screen wraps long paths.
    shown = "\n".join(editor.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)"))
    assert "> Not read: " in shown
    assert "app.py:1-3600: only the" in shown
    editor.keys("r")
    editor.sees("All of it.")
    editor.sees(" of 8192 tokens")
    assert "Not read" not in editor.screen


def test_an_explanation_that_fails_says_why(open_editor):
    """The window shows the server's sentence instead of staying empty; a requested suggestion, too."""
    editor = open_editor(reply("x", fault="refused"))
    editor.command("1,2Homebody explain")
    editor.sees("> ")
    editor.sees("refused the request")
    editor.keys("jA<M-Bslash>")
    editor.sees("homebody: The scripted backend refused the request")
    assert "nothing to suggest" not in editor.screen


def test_an_excluded_file_says_why(open_editor, tmp_path):
    (tmp_path / ".homebody.toml").touch()
    backend = {"kind": "scripted", "model": str(tmp_path / "script.json")}
    settings = {"backend": backend, "context": {"ignore": ["app.py"]}}
    editor = open_editor(reply("x"), settings=settings)
    sentence = "app.py is never put into a prompt: "
    editor.keys("A<M-Bslash>")
    editor.sees(f"homebody: {sentence}")
    editor.until(lambda: editor.lua("return require('homebody').statusline()") == "homebody off")
    editor.keys("<Esc>")
    editor.command("messages clear")
    editor.command("1,2Homebody refactor with sum()")
    editor.until(lambda: sentence in editor.command("messages"))
    editor.command("1,2Homebody explain")
    editor.sees(f"> {sentence}")


@BOTH
def test_a_broken_config_file_is_named_without_a_prompt(open_editor, tmp_path):
    """The message of the server is one line, although it has a button; nothing waits for a key."""
    editor = open_editor(reply("return width * height"))
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir(exist_ok=True)
    config.write_text("[context]\nignor = ['private/']\n")
    editor.until(lambda: "`context.ignor`" in editor.command("messages"))
    assert editor.call("nvim_get_mode")["blocking"] is False
    editor.until(lambda: editor.lua("return require('homebody').statusline()") == "homebody ✗")
    config.write_text("")
    editor.until(lambda: editor.lua("return require('homebody').statusline()") != "homebody ✗")
    editor.keys("jA")
    editor.sees("return width * height")


@BOTH
def test_a_question_is_answered_and_followed_up(open_editor):
    replies = [
        {"contains": "and for circles", "text": "Use pi."},
        {"contains": "how to call it", "text": "Call `area(2, 3)`."},
        {"text": ""},
    ]
    editor = open_editor(replies, setup="vim.ui.input = function(_, done) done('and for circles?') end")
    editor.command("1,2Homebody ask how to call it?")
    editor.sees("Call `area(2, 3)`.")
    editor.sees(" of 8192 tokens")
    editor.command("wincmd j")
    editor.keys("i")
    editor.sees("Use pi.")
    assert "Call `area(2, 3)`." in editor.screen


def test_a_conversation_goes_on_after_the_server_was_restarted(open_editor):
    """Another server does not know it: what stands in the window goes with the question."""
    replies = [
        {"contains": "Use nine", "text": "It is odd."},
        *reply("Use nine.\n\n```python\ndef area(w, h):\n    return 9\n```"),
    ]
    editor = open_editor(replies)
    editor.command("1,2Homebody ask which number?")
    editor.sees(" of 8192 tokens")
    client = "return (vim.lsp.get_clients({ name = 'homebody' })[1] or {}).id"
    before = editor.lua(client)
    editor.command("Homebody restart")
    editor.until(lambda: editor.lua(client) not in {before, None})
    editor.command("wincmd j")
    editor.command("/return")
    editor.keys("ga")
    editor.sees("There is no conversation of this id any more")
    editor.command("$ | wincmd k")
    editor.command("Homebody ask is it odd?")
    editor.sees("It is odd.")


@BOTH
def test_a_text_without_a_name_can_be_asked_beside(open_editor):
    """The question goes without the text, since it is not known which rules apply to it."""
    editor = open_editor([{"contains": "secret", "text": "Leaked."}, *reply("With `sorted()`.")])
    editor.command("enew")
    editor.call("nvim_buf_set_lines", 0, 0, -1, 1, ["secret = 1"])
    assert "this text has no file name" in editor.command("1Homebody ask what is this?")
    said = editor.command("Homebody ask how are lists sorted?")
    assert "this text has no file name: asked without it" in said
    editor.sees("With `sorted()`.")


def test_what_is_attached_stays_until_a_question_is_answered(open_editor, tmp_path):
    """Lines of a file, by a range and in the question; what is chosen again is taken back."""
    other = tmp_path / "other.py"
    other.write_text("one = 1\ntwo = 2\nthree = 3\n")
    replies = [
        {"contains": "fail", "text": "", "fault": "refused"},
        {"regex": "(?s)\\A(?=.*two = 2)(?=.*def area)(?!.*three = 3)(?!.*def other)", "text": "Both."},
        *reply("Missing."),
    ]
    editor = open_editor(replies)
    editor.command("enew")
    editor.command(f"edit {other}")
    editor.command("3Homebody attach")
    assert editor.command("2Homebody attach").endswith(": other.py:3-3, other.py:2-2")
    assert editor.command("3Homebody attach").endswith(": other.py:2-2")
    editor.command("enew")
    editor.command("Homebody ask does it fail?")
    editor.sees("refused the request")
    editor.command(f"Homebody ask and with @{tmp_path / 'app.py'}:1-2?")
    editor.sees("Both.")


@BOTH
def test_a_picture_that_a_question_names_goes_with_it(open_editor, tmp_path):
    shot, script = tmp_path / "shot.png", tmp_path / "sees.json"
    shot.write_bytes(encoded())
    replies = [{"contains": "[shot.png: picture, 80 x 60]", "text": "A red button."}]
    script.write_text(json.dumps({"name": "scripted", "sees": True, "reply": replies}))
    editor = open_editor([], settings={"backend": {"kind": "scripted", "model": str(script)}})
    editor.command(f"Homebody ask what is in @{shot}?")
    editor.sees("A red button.")
    editor.sees("> shot.png: picture, 80 x 60, 1024 tokens")


def test_the_last_prompt_is_shown(open_editor):
    editor = open_editor(reply("return width * height"))
    editor.keys("jA")
    editor.sees("return width * height")
    editor.keys("<Esc>")
    editor.command("Homebody prompt")
    editor.sees("Sent to scripted:")
    assert any("app.py, lines 1 to" in line for line in editor.lines)
    editor.command("quit | 1,2Homebody ask wherefore?")
    editor.sees(" of 8192 tokens")
    editor.command("Homebody prompt")
    editor.until(lambda: any("wherefore?" in line for line in editor.lines))


@BOTH
def test_a_killed_server_is_restarted_and_a_message_says_so(open_editor):
    """Suggestions continue without a restart of the editor."""
    editor = open_editor(reply("return width * height"))
    before = editor.lua("return vim.lsp.get_clients({ name = 'homebody' })[1].id")
    editor.kill_server()
    editor.sees("the server ended unexpectedly and is restarted")
    assert editor.call("nvim_get_mode")["blocking"] is False
    assert "quit with exit code" not in editor.command("messages")
    again = "local c = vim.lsp.get_clients({ name = 'homebody' })[1]; return c and c.id"
    editor.until(lambda: editor.lua(again) not in (None, before))
    editor.until(lambda: editor.lua("return (vim.g.homebody_status or {}).model"))
    editor.keys("jA")
    editor.sees("return width * height")


@BOTH
def test_an_answer_of_a_server_that_ends_says_so(open_editor):
    """What was written stays; nothing seems to be running."""
    editor = open_editor(reply("Very slow. " * 500, piece_delay_ms=100))
    editor.command("1,2Homebody ask how slow?")
    editor.sees("Very slow.")
    editor.kill_server()
    editor.sees("> the server ended before it answered")
    editor.sees("ask: failed")
    assert "Very slow." in editor.screen


def test_without_a_server_one_line_says_what_to_do(open_editor):
    editor = open_editor(reply("x"))
    editor.command("lua vim.lsp.stop_client(vim.lsp.get_clients())")
    editor.lua("require('homebody').setup({cmd = 'no-such-homebody'})")
    editor.until(lambda: "there is no program `no-such-homebody`" in editor.command("messages"))
    assert editor.call("nvim_get_mode")["blocking"] is False
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients()") == 0)
    with pytest.raises(AssertionError, match="there is no program"):  # an error message ends a command
        editor.command("Homebody explain")


@pytest.mark.parametrize("cmd", ["homebody-here", "bin/homebody-here"])
def test_a_program_of_the_project_is_never_run(open_editor, tmp_path, cmd):
    """Neither a relative path nor a relative folder of the PATH leads to it."""
    editor = open_editor(reply("x"))
    program = tmp_path / cmd
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    editor.command(f"cd {tmp_path}")
    editor.lua("vim.env.PATH = '.:' .. vim.env.PATH")
    assert editor.lua("return vim.fn.executable(...)", cmd) == 1
    editor.lua("require('homebody').setup({ cmd = ... })", cmd)
    editor.command("Homebody restart")
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients()") == 0)
    editor.until(lambda: f"there is no program `{cmd}`" in editor.command("messages"))
    assert not (tmp_path / "ran").exists()


def test_options_that_are_not_valid_are_named(open_editor):
    editor = open_editor(reply("x"))
    keys = "keys = {dismis = '<C-x>', accept = 3}, window = {height = 'big'}"
    editor.lua(f"require('homebody').setup({{cmd = {{}}, acept = '<C-y>', settings = 3, {keys}}})")
    editor.until(
        lambda: "there is no option `acept`: there are auto, beside_menu, cmd," in editor.command("messages")
    )
    assert "the option `settings` has to be a table" in editor.command("messages")
    assert "the option `keys.accept` has to be a string or false" in editor.command("messages")
    assert "the option `window.height` has to be a number above 0" in editor.command("messages")
    assert "the option `cmd` is empty" in editor.command("messages")
    assert "there is no key `dismis`: there are accept, accept_line," in editor.command("messages")


@BOTH
def test_checkhealth_reports_server_model_and_key_and_the_manual_is_found(open_editor):
    editor = open_editor(reply("x"))
    editor.command("checkhealth homebody")
    report = "\n".join(editor.lines)
    assert "model: scripted (scripted)" in report
    assert "suggestions are accepted with <Tab>" in report
    # In a folder that was added after the start, as lazy.nvim does, and where nobody has run `:helptags`.
    editor.command("help homebody")
    assert editor.lua("return vim.api.nvim_buf_get_name(0)").endswith("doc/homebody.txt")
