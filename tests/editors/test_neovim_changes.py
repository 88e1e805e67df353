"""Changes in a real Neovim: shown as a diff, accepted, discarded, refined, or applied immediately."""

import pytest

from support.neovim import Neovim
from support.plugin import BOTH, reply


@BOTH
def test_code_of_an_answer_is_applied_as_a_change(open_editor):
    code = [
        "def area(width, height):",
        '    """Area.',
        "",
        "    ```",
        "    area(1, 2)",
        "    ```",
        '    """',
        "    return width * height",
    ]
    editor = open_editor(reply("\n".join(["So:", "", "```python", *code, "```"])), code=AREA)
    editor.command("1,3Homebody ask shorter?")
    editor.sees(" of 8192 tokens")
    editor.command("wincmd j")
    editor.command("3")
    editor.keys("/return<CR>")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "n")
    editor.keys("ga")
    editor.sees("ga accept")
    editor.command("Homebody accept")
    editor.until(lambda: editor.lua(_FILE) == code)


AREA = "def area(width, height):\n    result = width * height\n    return result\n"
SHORTER = "```python\ndef area(width, height):\n    return width * height\n```"


@pytest.fixture
def with_change(open_editor) -> Neovim:
    editor = open_editor(reply(SHORTER), code=AREA + "\n\nprint(area(1, 2))\n")
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga accept")
    return editor


def test_a_change_is_shown_as_a_diff_and_accepted_as_one_undo(with_change):
    """The file is not changed until then; one undo reverts it."""
    code = with_change.lua(_FILE)
    assert code == [*AREA.splitlines(), "", "", "print(area(1, 2))"]
    assert with_change.lua("return vim.wo.diff")
    with_change.keys("ga")
    with_change.until(lambda: len(with_change.call("nvim_list_tabpages")) == 1)
    assert with_change.lines[1] == "    return width * height"
    with_change.command("undo")
    assert with_change.lines == code


def test_a_discarded_change_leaves_nothing_behind(with_change):
    code = with_change.lua(_FILE)
    with_change.keys("gx")
    with_change.until(lambda: len(with_change.call("nvim_list_tabpages")) == 1)
    assert with_change.lines == code
    assert "there is no change to accept" in with_change.command("Homebody accept")


@BOTH
def test_a_hunk_is_reverted_before_the_rest_is_accepted(open_editor):
    both = "```python\na = 10\nb = 2\nc = 3\nd = 40\n```"
    editor = open_editor(reply(both), code="a = 1\nb = 2\nc = 3\nd = 4\n")
    editor.command("1,4Homebody refactor ten times")
    editor.sees("ga accept")
    editor.keys("Gdo")
    editor.until(lambda: editor.lines[3] == "d = 4")
    editor.keys("ga")
    editor.until(lambda: len(editor.call("nvim_list_tabpages")) == 1)
    assert editor.lines == ["a = 10", "b = 2", "c = 3", "d = 4"]


def test_a_change_is_accepted_after_edits_elsewhere_and_a_restart_of_the_server(with_change):
    """The server remembers nothing of it; the user's own lines stay."""
    _write(with_change, 0, 0, "# mine")
    _write(with_change, -1, -1, "# too")
    before = with_change.lua(_CLIENT)
    with_change.command("Homebody restart")
    with_change.until(lambda: with_change.lua(_CLIENT) not in {before, None})
    with_change.command("Homebody accept")
    merged = ["# mine", *_SHORTER, "", "", "print(area(1, 2))", "# too"]
    with_change.until(lambda: with_change.lua(_FILE) == merged)


def test_a_change_in_lines_that_were_edited_is_refused(with_change):
    _write(with_change, 1, 2, "    mine = 1")
    with_change.command("Homebody accept")
    with_change.until(lambda: "edited meanwhile" in with_change.command("messages"))
    assert with_change.lua(_FILE)[1] == "    mine = 1"
    assert len(with_change.call("nvim_list_tabpages")) == 2


@BOTH
def test_a_refined_change_takes_the_place_of_the_one_in_view(open_editor):
    """It is not applied at once, even if it only adds a few lines."""
    documented = AREA.replace(":\n", ':\n    """Multiply."""\n', 1)
    replies = [{"contains": "only a docstring", "text": f"```python\n{documented}```"}, *reply(SHORTER)]
    editor = open_editor(
        replies, code=AREA, setup="vim.ui.input = function(_, done) done('only a docstring') end"
    )
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga accept")
    editor.keys("gr")
    editor.until(lambda: editor.lines == documented.splitlines())
    assert editor.lua(_FILE) == AREA.splitlines()
    assert len(editor.call("nvim_list_tabpages")) == 2


def test_an_action_that_only_adds_is_applied_at_once(open_editor):
    editor = open_editor(
        reply("Multiply width by height."),
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
    editor = open_editor(reply("Multiply width by height."), code=AREA)
    editor.command("Homebody action docstring")
    editor.until(lambda: '    """Multiply width by height."""' in editor.lines)
    editor.until(lambda: "Write a docstring (u undoes it)" in editor.command("messages"))
    assert "Write a docstring …" not in editor.command("messages")
    editor.command("Homebody action nix")
    editor.until(lambda: "There is no action 'nix'; did you mean 'fix'?" in editor.command("messages"))


def test_an_action_that_needs_a_larger_model_runs_for_who_names_it(open_editor, tmp_path):
    text = "from app import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n"
    backend = {"kind": "scripted", "model": str(tmp_path / "script.json")}
    settings = {"backend": backend, "chat": {"modelSize": 0.5}}
    editor = open_editor(reply(f"```python\n{text}```"), code=AREA, settings=settings)
    assert "write-tests" not in editor.lua("return vim.fn.getcompletion('Homebody action ', 'cmdline')")
    editor.command("Homebody action write-tests")
    editor.until(lambda: editor.lines == text.splitlines())


def test_tests_are_a_new_file_that_replaces_no_text(open_editor, tmp_path):
    """The second time, while the file has words of the user and is not saved, they are a change of it."""
    text = "from app import area\n\n\ndef test_area():\n    assert area(2, 3) == 6\n"
    editor = open_editor(reply(f"```python\n{text}```"), code=AREA)
    editor.command("Homebody action write-tests")
    editor.until(lambda: editor.lines == text.splitlines())
    editor.until(lambda: "a new file that is not saved yet; :w saves it" in editor.command("messages"))
    editor.keys("gg0iimport pytest<CR><Esc>")
    editor.until(lambda: editor.lines[0] == "import pytest")
    editor.command("tabprevious")
    editor.command("Homebody action write-tests")
    editor.sees("ga accept gx discard")
    editor.keys("gx")
    editor.until(lambda: len(editor.call("nvim_list_tabpages")) == 2)
    editor.command(f"buffer {tmp_path}/test_app.py | write")
    assert (tmp_path / "test_app.py").read_text() == f"import pytest\n{text}"


@BOTH
def test_a_code_action_of_neovim_itself_is_shown_first(open_editor):
    editor = open_editor(reply(SHORTER), code=AREA)
    editor.lua("""
        vim.lsp.buf.code_action({
          apply = true,
          filter = function(action) return action.title == "Simplify" end,
        })
    """)
    editor.sees("ga accept")
    assert editor.lua(_FILE) == AREA.splitlines()
    editor.keys("ga")
    editor.until(lambda: editor.lua(_FILE) == _SHORTER)


def test_problems_of_neovim_are_attached_to_a_question(open_editor):
    editor = open_editor(
        [{"contains": "area is never used", "text": "Call it."}, *reply("nothing")],
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

    ranges = editor.lua("""
        vim.cmd.buffer("app.py")
        vim.api.nvim_buf_set_lines(0, 0, 0, false, { "größe = area" })
        local found = { lnum = 0, col = 10, end_col = 14, message = "unknown", severity = 1 }
        vim.diagnostic.set(vim.api.nvim_create_namespace("test"), 0, { found })
        return vim.tbl_map(function(one)
          return { one.range.start.character, one.range["end"].character }
        end, require("homebody.diagnostics").by_document()[1].diagnostics)
    """)
    assert ranges == [[8, 12]]


def test_a_refactoring_is_stopped(open_editor, tmp_path):
    editor = open_editor(reply(SHORTER, gate_file=str(tmp_path / "never")), code=AREA)
    editor.command("1,3Homebody refactor make it shorter")
    editor.until(
        lambda: editor.lua("local c = vim.lsp.get_clients({ name = 'homebody' })[1]; return next(c.requests)")
    )
    editor.command("Homebody stop")
    editor.settle()
    assert editor.lines == AREA.splitlines()


def test_a_refusal_is_a_sentence(open_editor):
    editor = open_editor(reply("x"), code="\n\n")
    editor.command("Homebody refactor")
    editor.until(lambda: "there is nothing to refactor here" in editor.command("messages"))


@BOTH
def test_text_without_a_file_name_is_changed_once_it_is_saved(open_editor, tmp_path):
    """Only with a name it is known which rules apply to it."""
    editor = open_editor(reply(SHORTER))
    editor.command("enew | set filetype=python")
    editor.call("nvim_buf_set_lines", 0, 0, -1, 1, AREA.splitlines())
    assert _UNNAMED in editor.command("1,3Homebody refactor make it shorter")
    editor.command(f"write {tmp_path / 'new.py'}")
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 1)
    editor.until(lambda: editor.lua("return vim.lsp.get_clients({ bufnr = 0 })[1].initialized"))
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga accept")


_UNNAMED = "this text has no file name, so it is unknown which rules apply; save it first"


@BOTH
def test_a_change_that_arrives_while_the_user_types_waits(open_editor, tmp_path):
    """It is announced on the screen; the diff does not have what was typed meanwhile as a part of it."""
    gate = tmp_path / "gate"
    editor = open_editor(reply(SHORTER, gate_file=str(gate)), code=AREA + "\n\n# notes\n")
    editor.command("1,3Homebody refactor make it shorter")
    editor.keys("Gow0")
    editor.until(lambda: editor.lines[-1] == "w0")
    gate.touch()
    editor.sees("a change is ready (<M-CR>): make it shorter")
    editor.keys(" w1")

    editor.until(lambda: editor.lines == [*AREA.splitlines(), "", "", "# notes", "w0 w1"])
    editor.keys("<M-CR>")
    editor.sees("ga accept")
    assert editor.lines == [*_SHORTER, "", "", "# notes", "w0 w1"]
    editor.keys("uga")
    editor.until(lambda: editor.lua(_FILE) == [*_SHORTER, "", "", "# notes", "w0 w1"])


@BOTH
@pytest.mark.parametrize(
    ("begin", "end", "last"),
    [(":6delete", "<CR>", []), ("q:", ":quit<CR>", ["# notes"])],
    ids=["line", "window"],
)
def test_a_change_that_arrives_while_a_command_is_typed_waits(open_editor, tmp_path, begin, end, last):
    """The command is still one about the file."""
    gate = tmp_path / "gate"
    editor = open_editor(reply(SHORTER, gate_file=str(gate)), code=AREA + "\n\n# notes\n")
    editor.command("1,3Homebody refactor make it shorter")
    editor.keys(begin)
    editor.until(lambda: editor.lua("return vim.fn.mode() == 'c' or vim.fn.getcmdwintype() ~= ''"))
    gate.touch()
    editor.sees("a change is ready (<M-CR>): make it shorter")
    editor.keys(end)
    editor.until(lambda: "a change is ready" in editor.command("messages"))
    assert editor.lines == [*AREA.splitlines(), "", "", *last]
    editor.keys("<M-CR>")
    editor.sees("ga accept")


@BOTH
def test_notes_are_shown_below_the_change(open_editor):
    editor = open_editor(reply("```python\ndef area(width, height):\n    return 3\n```"), code=AREA)
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga accept")
    editor.sees("3")
    notes = editor.lua("""
        return vim.tbl_map(function(win)
            return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, false)
        end, vim.api.nvim_tabpage_list_wins(0))
    """)
    assert any(line.startswith("- ") for lines in notes for line in lines)


@BOTH
def test_a_refused_change_can_be_seen_and_applied_anyway(open_editor):
    """The reason stands below the diff; nothing is applied until the user wants it."""
    broken = "```python\ndef area(width, height):\n    return (width * height\n```"
    editor = open_editor(reply(broken), code=AREA)
    editor.command("1,3Homebody refactor make it shorter")
    editor.sees("ga apply anyway")
    editor.sees("Refused: ")
    assert editor.lua(_FILE) == AREA.splitlines()
    editor.keys("ga")
    editor.until(lambda: editor.lua(_FILE) == ["def area(width, height):", "    return (width * height"])


@pytest.mark.parametrize(
    ("command", "accepted"), [("quit", False), ("tabclose", False), ("write", True), ("wq", True)]
)
def test_quitting_a_change_discards_it_and_writing_accepts_it(with_change, command, accepted):
    with_change.command(command)
    with_change.until(lambda: len(with_change.call("nvim_list_tabpages")) == 1)
    with_change.until(lambda: not with_change.lua("return require('homebody.preview').is_open()"))
    assert (with_change.lua(_FILE)[1] == "    return width * height") is accepted
    assert with_change.lua("return vim.wo.diff") is False


def test_an_edited_change_is_in_the_file_when_neovim_ends(with_change, tmp_path):
    with_change.keys("Gofoot()<Esc>")
    with_change.until(lambda: with_change.lines[-1] == "foot()")
    with_change.keys(":wqa<CR>")
    with_change.ends()
    assert (tmp_path / "app.py").read_text().splitlines() == [
        *_SHORTER,
        "",
        "",
        "print(area(1, 2))",
        "foot()",
    ]


def test_neovim_stays_while_an_edited_change_cannot_be_applied(with_change, tmp_path):
    _write(with_change, 1, 2, "    mine = 1")
    with_change.keys("Gofoot()<Esc>:wqa<CR><CR>")
    with_change.until(lambda: "edited meanwhile" in with_change.command("messages"))
    assert with_change.lua("return require('homebody.preview').is_open()")
    assert (tmp_path / "app.py").read_text().splitlines()[1] == "    mine = 1"


def test_neovim_does_not_end_with_an_edited_change_that_is_undecided(with_change):
    with_change.keys("Gofoot()<Esc>:qa<CR><CR>")
    with_change.until(lambda: "No write since last change" in with_change.command("messages"))
    with_change.keys(":q<CR>")
    with_change.until(lambda: not with_change.lua("return require('homebody.preview').is_open()"))


_SHORTER = ["def area(width, height):", "    return width * height"]
_CLIENT = "return (vim.lsp.get_clients({ bufnr = vim.fn.bufnr('app.py'), name = 'homebody' })[1] or {}).id"
_FILE = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr('app.py'), 0, -1, false)"


def _write(editor: Neovim, first: int, end: int, line: str) -> None:
    """Replace lines of the file by one, like a user who continues typing there."""
    buffer = editor.lua("return vim.fn.bufnr('app.py')")
    editor.call("nvim_buf_set_lines", buffer, first, end, 0, [line])
