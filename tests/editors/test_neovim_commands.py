"""Commands and messages of the Neovim plugin, in a real Neovim."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.git import committed, git
from support.neovim import binaries, binary
from support.plugin import BOTH, PLUGIN, environ_in, reply

AREA = "def area(width, height):\n    result = width * height\n    return result\n"


@pytest.mark.parametrize("length", [60, 79, 400])
def test_no_message_asks_for_a_key(open_editor, length):
    editor = open_editor(reply("x"), code=AREA)
    text = "word " * (length // 5) + "end"
    editor.lua("for _ = 1, 3 do require('homebody.messages').say(...) end", text)

    editor.call("nvim_input", f":lua require('homebody.messages').say('{text}')<CR>")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] != "c")

    assert editor.call("nvim_get_mode")["blocking"] is False
    assert editor.command("messages").count("word end") == 4


@BOTH
@pytest.mark.parametrize("mode", ["n", "i"])
def test_a_message_that_is_longer_than_the_command_line_is_seen_whole(open_editor, mode):
    """What to do stands at its end."""
    editor = open_editor(reply(""), code=AREA)
    editor.keys("A" if mode == "i" else "0")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == mode)
    editor.lua("require('homebody.messages').say(...)", "word " * 30 + "then do this")
    editor.sees("then do this")
    assert editor.call("nvim_get_mode")["blocking"] is False


def test_the_status_line_follows_the_server(open_editor):
    """Without a key, and without a plugin that draws it again and again."""
    editor = open_editor(reply("x"), code=AREA)
    editor.command("set laststatus=2 statusline=%{v:lua.require'homebody'.statusline()}")
    editor.sees("homebody ✓")
    editor.command("lua vim.lsp.stop_client(vim.lsp.get_clients())")
    editor.until(lambda: "homebody ✓" not in editor.screen)


def test_the_status_line_has_the_time_of_the_last_answer_on_request(open_editor):
    editor = open_editor(reply("return width * height"), code=AREA, times=True)
    editor.keys("jA")
    editor.sees("return width * height")
    status = "return require('homebody').statusline()"
    editor.until(lambda: re.fullmatch(r"homebody ✓ \d+ ms", editor.lua(status)))


@BOTH
def test_the_names_of_actions_are_completed(open_editor):
    """Those for the range, or for the code at the cursor."""
    editor = open_editor(reply("x"), code=AREA + "\n\nx = 1\n")
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    assert editor.lua(complete, "Homebody sta") == ["status"]
    assert "write-tests" in editor.lua(complete, "Homebody action ")
    editor.command("$")
    assert editor.lua(complete, "Homebody action ") == []
    assert editor.lua(complete, "1,3Homebody action doc") == ["docstring"]


def test_a_choice_from_a_list_asks_for_no_key(open_editor):
    editor = open_editor(reply("x"), code=AREA)
    editor.keys(":Homebody attach app<CR>")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "c")
    editor.settle()
    editor.keys("1<CR>")
    editor.until(lambda: editor.call("nvim_get_mode") == {"mode": "n", "blocking": False})
    assert "attached to the next question: app.py" in editor.command("messages")


@BOTH
def test_a_message_is_seen_while_typing(open_editor):
    """Neovim itself would write "-- INSERT --" over it. In normal mode it is said again."""
    editor = open_editor(reply(""), code=AREA)
    editor.keys("A<M-Bslash>")
    editor.sees("homebody: the model has nothing to suggest here")
    editor.keys("<Esc>")
    editor.until(lambda: "nothing to suggest here" in editor.command("messages"))
    assert len(editor.call("nvim_list_wins")) == 1


def test_a_commit_message_is_put_into_the_buffer_of_git(open_editor, tmp_path):
    """`:Homebody commit` writes it above git's comments, and says if it is about what is not staged."""
    editor = open_editor(reply("Compute the area"), code=AREA)
    committed(tmp_path)
    (tmp_path / "app.py").write_text("")
    editor.command(f"edit {tmp_path}/.git/COMMIT_EDITMSG")
    editor.command("set filetype=gitcommit")
    editor.command("Homebody commit")
    editor.until(lambda: editor.lines[0] == "Compute the area")
    editor.until(lambda: "Nothing is staged: this is about all" in editor.command("messages"))
    git(tmp_path, "add", "app.py")
    editor.command("messages clear | undo | Homebody commit")
    editor.until(lambda: "a commit message; u undoes it" in editor.command("messages"))
    assert editor.lines[0] == "Compute the area"


@pytest.mark.parametrize("name", ["SmolLM2.gguf", "sweep-next-edit-1.5b.gguf"])
def test_a_model_is_chosen_from_a_list(open_editor, weights, tmp_path, name):
    """A model that is made for one use, such as next edits, answers that one alone."""
    models = tmp_path / "data" / "models"
    models.mkdir(parents=True)
    (models / name).symlink_to(weights)
    choose = """
        vim.ui.select = function(items, opts, done)
          for _, item in ipairs(items) do
            if opts.format_item(item) and item.kind == "embedded" then return done(item) end
          end
        end
    """
    editor = open_editor(reply("x"), code=AREA, setup=choose)
    editor.command("Homebody model")
    editor.until(lambda: "answers from now on" in editor.command("messages"))
    settings = editor.lua("return require('homebody.config').options.settings")
    chosen = [use for use in ("completion", "chat", "nextEdit") if use in settings]
    assert (chosen == ["nextEdit"]) is name.startswith("sweep")
    assert "embedded" in str(settings)


def test_doctor_examines_the_settings_of_the_plugin(open_editor):
    """The report is a page of the editor, about the model that the plugin's settings name."""
    editor = open_editor(reply("x"), code=AREA)
    editor.command("Homebody doctor")
    editor.until(lambda: "  · scripted (scripted), 8192 tokens of context" in editor.lines)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("Homebody toggle everything", "`toggle` has no argument `everything`: there are buffer, filetype"),
        ("Homebody status now", "`status` has no argument `now`: it takes none"),
        ("Homebody review", "there is no change to review"),
        ("Homebody log", "the server has logged nothing"),
    ],
)
def test_a_command_with_a_wrong_argument_says_which_there_are(open_editor, command, sentence):
    editor = open_editor(reply("x"), code=AREA)
    assert sentence in editor.command(command)


def test_the_help_is_found(tmp_path: Path):
    tags = (PLUGIN / "doc" / "tags").read_text()
    shutil.copy(PLUGIN / "doc" / "homebody.txt", tmp_path)
    subprocess.run([binary(), "--clean", "--headless", f"+helptags {tmp_path}", "+quit"], check=True)

    assert (tmp_path / "tags").read_text() == tags


@pytest.mark.parametrize("version", ["0.11", "0.10"])
def test_the_folder_is_a_package_and_a_plugin_of_lazy(tmp_path: Path, version: str):
    """Linked below `pack`, Neovim loads it by itself; for `opts`, lazy.nvim needs one module in `lua`."""
    package = tmp_path / "pack" / "homebody" / "start" / "homebody"
    package.parent.mkdir(parents=True)
    package.symlink_to(PLUGIN)
    report = """
        vim.cmd.help("homebody")
        local found = vim.loader.find("*", { all = true, rtp = false, paths = { vim.env.PLUGIN } })
        local modules = vim.tbl_map(function(each) return each.modname end, found)
        io.stdout:write(vim.fn.expand("%:t"), vim.fn.exists(":Homebody"), " ", table.concat(modules, " "))
    """
    script = tmp_path / "report.lua"
    script.write_text(report)
    ended = subprocess.run(
        [
            binaries()[version],
            "--clean",
            "--headless",
            "--cmd",
            f"set packpath^={tmp_path}",
            f"+luafile {script}",
            "+qa!",
        ],
        env=environ_in(tmp_path) | {"PLUGIN": str(PLUGIN)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "homebody.txt2 homebody"


def test_the_log_is_shown_with_its_newest_line(open_editor):
    editor = open_editor(reply("x"), code=AREA)
    editor.lua("""
        local program, lines = require("homebody.config").options.cmd[1], {}
        for number = 1, 60 do
          table.insert(lines, ('[ERROR] "rpc"\\t"%s"\\t"stderr"\\t"line %d\\\\n"'):format(program, number))
        end
        vim.fn.mkdir(vim.fs.dirname(require("vim.lsp.log").get_filename()), "p")
        vim.fn.writefile(lines, require("vim.lsp.log").get_filename())
    """)
    editor.command("Homebody log")
    editor.sees("line 60")
    assert editor.cursor[0] == len(editor.lines)
