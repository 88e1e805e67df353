"""Next edits in a real Neovim, by rules without a model: shown, gone to, applied, undone, rejected."""

import pytest

from support.neovim import Neovim
from support.plugin import BOTH, reply

CALL = "    {} = read_file(path, encoding='{}')"
OLD, NEW = "latin-1", "utf-8"
CODE = "\n".join(
    [
        "def load(path):",
        CALL.format("first", OLD),
        CALL.format("second", OLD),
        *["    # nothing"] * 6,
        CALL.format("third", OLD),
        "    return first",
        "",
    ]
)
SITE = 10
LABEL = f"<Tab> to line {SITE}"
WITHOUT_GHOST_TEXT = "vim.g.homebody_auto = false"


def change_two(editor: Neovim) -> list[str]:
    for line in (2, 3):
        editor.keys(f"{line}Gf'ci'{NEW}")
        editor.until(lambda line=line: NEW in editor.lines[line - 1])
        if line == 2:
            editor.keys("<Esc>")
    return list(editor.lines)


@pytest.fixture
def typing(open_editor) -> Neovim:
    """An editor without ghost text that shows the third change, in insert mode, seven lines above it."""
    editor = open_editor(reply("x"), code=CODE, setup=WITHOUT_GHOST_TEXT)
    change_two(editor)
    editor.sees(LABEL)
    return editor


@pytest.fixture
def with_edit(typing) -> Neovim:
    typing.keys("<Esc>")
    typing.until(lambda: _mode(typing) == "n")
    typing.sees(LABEL)
    return typing


@BOTH
def test_tab_goes_there_and_tab_again_applies_it_as_one_undo_step(open_editor):
    """The new text stands behind the old one until then; ``<C-o>`` leads back."""
    editor = open_editor(reply("x"), code=CODE, setup=WITHOUT_GHOST_TEXT)
    before = change_two(editor)
    editor.keys("<Esc>")
    editor.sees(LABEL)
    editor.sees(f"'{OLD}{NEW}'")
    assert editor.cursor[0] == 3
    editor.keys("<Tab>")
    editor.until(lambda: editor.cursor == (SITE, CALL.format("third", OLD).index(OLD)))
    assert LABEL not in editor.screen
    assert before == editor.lines
    editor.keys("<Tab>")
    editor.until(lambda: NEW in editor.lines[SITE - 1])
    assert f"{OLD}{NEW}" not in editor.screen
    editor.keys("u")
    editor.until(lambda: before == editor.lines)
    editor.keys("<C-o>")
    editor.until(lambda: editor.cursor[0] == 3)


def test_tab_in_insert_mode_does_the_same(typing):
    before = list(typing.lines)
    typing.keys("<Tab>")
    typing.until(lambda: typing.cursor[0] == SITE)
    typing.keys("<Tab>")
    typing.until(lambda: NEW in typing.lines[SITE - 1])
    typing.keys("!<Esc>")
    typing.until(lambda: f"{NEW}!" in typing.lines[SITE - 1])
    typing.keys("u")
    typing.until(lambda: typing.lines[SITE - 1] == CALL.format("third", NEW))
    typing.keys("u")
    typing.until(lambda: before == typing.lines)


def test_the_rest_of_it_stays_while_it_is_typed(with_edit):
    """Also while the old text is deleted; another key ends it."""
    with_edit.keys(f"{SITE}Gf'ci'")
    with_edit.sees(f"encoding='{NEW}'")
    with_edit.keys(NEW[:2])
    with_edit.until(lambda: with_edit.lines[SITE - 1] == CALL.format("third", NEW[:2]))
    with_edit.settle()
    with_edit.sees(f"encoding='{NEW}'")
    with_edit.keys("<Tab>")
    with_edit.until(lambda: with_edit.lines[SITE - 1] == CALL.format("third", NEW))
    with_edit.keys("<Esc>2u")
    with_edit.until(lambda: with_edit.lines[SITE - 1] == CALL.format("third", OLD))


def test_other_text_than_it_has_ends_it(with_edit):
    with_edit.keys(f"{SITE}Gf'ci'{NEW[:2]}")
    with_edit.sees(f"encoding='{NEW}'")
    with_edit.keys("x")
    with_edit.until(lambda: f"'{NEW[:2]}x'" in with_edit.screen)


def test_escape_rejects_it_for_good(with_edit):
    with_edit.keys("<Esc>")
    with_edit.until(lambda: LABEL not in with_edit.screen)
    with_edit.keys("jGgg")
    with_edit.keys("GA + 1<Esc>")
    with_edit.until(lambda: with_edit.lines[-1].endswith("+ 1"))
    with_edit.settle()
    assert OLD in with_edit.lines[SITE - 1]
    assert NEW not in with_edit.screen.splitlines()[SITE - 1]
    assert "to line" not in with_edit.screen


def test_the_key_for_dismissing_rejects_it_in_insert_mode(typing):
    typing.keys("<C-]><Esc>")
    typing.until(lambda: _mode(typing) == "n" and LABEL not in typing.screen)
    typing.settle()
    assert LABEL not in typing.screen


@pytest.mark.parametrize("event", ["another program", "a selection", "a click"])
def test_it_vanishes_without_a_word(with_edit, event):
    if event == "another program":
        with_edit.call("nvim_buf_set_lines", 0, SITE - 1, SITE, 1, [CALL.format("third", "ascii")])
    elif event == "a selection":
        with_edit.keys("v")
    else:
        with_edit.call("nvim_input_mouse", "left", "press", "", 0, 5, 0)
    with_edit.until(lambda: LABEL not in with_edit.screen)
    before = list(with_edit.lines)
    with_edit.keys("<Esc><Tab>")
    with_edit.settle()
    assert before == with_edit.lines
    assert with_edit.command("messages") == ""


def test_keys_keep_their_meaning_without_an_edit(open_editor):
    setup = f"{WITHOUT_GHOST_TEXT} vim.keymap.set('n', '<Esc>', function() vim.g.escaped = true end)"
    editor = open_editor(reply("x"), code=CODE, setup=setup)
    editor.keys("G<C-o>")
    editor.until(lambda: editor.cursor[0] == 1)
    editor.keys("<Tab>")
    editor.until(lambda: editor.cursor[0] == SITE + 1)
    editor.keys("<Esc>")
    editor.until(lambda: editor.lua("return vim.g.escaped"))
    editor.keys("A<Tab>")
    editor.until(lambda: editor.lines[-1] != "    return first")
    assert editor.lines[-1].strip() == "return first"


@pytest.mark.parametrize("keys", ["<Home>", "<C-x><C-n>", "<C-o>:lua vim.snippet.expand('f($1)$0')<CR>"])
def test_tab_is_not_taken_from_indentation_menus_and_snippets(typing, keys):
    typing.lua("vim.o.completeopt = 'menuone,noinsert'")
    typing.keys(keys)
    typing.until(lambda: typing.cursor[1] == 0 or LABEL not in typing.screen)
    row = typing.cursor[0]
    typing.keys("<Tab>")
    typing.settle()
    assert OLD in typing.lines[SITE - 1]
    assert row == typing.cursor[0]


def test_it_is_shown_again_when_a_menu_has_closed(typing):
    typing.lua("vim.o.completeopt = 'menuone,noinsert'")
    for _ in range(3):
        typing.keys("<Cmd>call complete(col('.') - 1, ['8', '80'])<CR>")
        typing.until(lambda: typing.lua("return vim.fn.pumvisible()") == 1 and LABEL not in typing.screen)
        typing.keys("<C-e>")
        typing.sees(LABEL)


def test_the_label_is_seen_beside_a_line_that_is_as_wide_as_the_screen(open_editor):
    code = CODE.replace("second =", f"second{'_' * 26} =")
    editor = open_editor(reply("x"), code=code, setup=WITHOUT_GHOST_TEXT)
    change_two(editor)
    editor.sees(LABEL)


def test_ghost_text_wins(open_editor):
    editor = open_editor(reply("_sig"), code=CODE)
    change_two(editor)
    editor.sees(f"{NEW}_sig'")
    editor.settle()
    assert LABEL not in editor.screen
    editor.keys("<Tab>")
    editor.until(lambda: f"{NEW}_sig'" in editor.lines[2])
    assert editor.cursor[0] == 3


def test_a_hint_marks_the_line_and_shows_the_text_there(open_editor, tmp_path):
    """With `nextEdit.enabled` = `hint`, nothing else changes on screen before the user goes there."""
    script = tmp_path / "script.json"
    settings = {"backend": {"kind": "scripted", "model": str(script)}, "nextEdit": {"enabled": "hint"}}
    editor = open_editor(reply("x"), code=CODE, setup=WITHOUT_GHOST_TEXT, settings=settings)
    change_two(editor)
    editor.sees(LABEL)
    editor.sees(f"→     third = read_file(path, encoding='{OLD}')")
    editor.keys("<Tab>")
    editor.sees(f"'{OLD}{NEW}'")
    editor.keys("<Tab>")
    editor.until(lambda: NEW in editor.lines[SITE - 1])


def test_an_edit_of_another_file_is_a_place_to_go_to(open_editor, tmp_path):
    editor = open_editor(reply("x"), code=CODE)
    editor.command(f"edit {tmp_path / 'other.py'}")
    _show(editor, "app.py", [1, 0, 1, 9], "    last")
    editor.sees("<Tab> go to app.py:2")
    editor.keys("<Tab>")
    editor.until(lambda: editor.lua("return vim.fn.expand('%:t')") == "app.py")
    assert editor.cursor == (2, 4)
    editor.keys("<Tab>")
    editor.until(lambda: editor.lines[1] == CALL.format("last", OLD))


SHAPES = [
    ([1, 0, 1, 0], "x\ny\n", ["größe = 1", "x", "y", "b", "c"]),
    ([0, 0, 0, 0], "x\r\n", ["x", "größe = 1", "b", "c"]),
    ([1, 0, 2, 0], "", ["größe = 1", "c"]),
    ([0, 0, 3, 0], "x\n", ["x"]),
    ([3, 0, 3, 0], "x\n", ["größe = 1", "b", "c", "x"]),
    ([1, 1, 2, 1], "", ["größe = 1", "b"]),
    ([0, 2, 0, 5], "össte", ["grösste = 1", "b", "c"]),
    ([1, 0, 2, 1], "x\nc\ny", ["größe = 1", "x", "c", "y"]),
]


def test_every_shape_is_shown_and_applied(open_editor):
    before = ["größe = 1", "b", "c"]
    editor = open_editor(reply("x"), code="\n".join([*before, ""]))
    # The server's answer to a change is that there is no next edit, which would end the one in view.
    editor.command("set eventignore=TextChanged")
    for number, (place, text, expected) in enumerate(SHAPES):
        editor.command(str(min(place[0] + 1, len(before))))
        _show(editor, "app.py", place, text, number)
        if "x" in text and place != [0, 0, 0, 0]:  # Neovim scrolls to see what is above the first line
            editor.sees("x")
        editor.keys("<Tab>")
        editor.until(lambda expected=expected: expected == editor.lines)
        editor.keys("u")
        editor.until(lambda: before == editor.lines)


def test_without_the_option_nothing_is_asked_or_mapped(open_editor):
    editor = open_editor(reply("x"), code=CODE, setup=WITHOUT_GHOST_TEXT, next_edit=False)
    change_two(editor)
    editor.keys("<Esc>")
    editor.settle()
    assert [editor.lua(f"return vim.fn.maparg('{key}', 'n')") for key in ("<Tab>", "<Esc>")] == ["", ""]
    assert LABEL not in editor.screen


@pytest.mark.parametrize(
    ("where", "what"), [("", ""), ("_buffer", " in this buffer"), ("_filetype", " in python")]
)
def test_the_command_turns_them_off_and_on_again(open_editor, where, what):
    editor = open_editor(reply("x"), code=CODE, setup=WITHOUT_GHOST_TEXT)
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 }) == 1"))

    def toggle(state: str) -> None:
        said = editor.command(f"Homebody toggle next_edit{where}")
        editor.until(lambda: f"next edits{what} are {state}" in said + editor.command("messages"))

    toggle("off")
    change_two(editor)
    editor.keys("<Esc>")
    editor.settle()
    assert LABEL not in editor.screen
    toggle("on")
    editor.command("doautocmd FocusGained")
    editor.sees(LABEL)


def _show(editor: Neovim, name: str, place: list[int], text: str, number: int = 0) -> None:
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ bufnr = 0 }) == 1"))
    editor.lua(
        """
        local name, place, text, number = ...
        local buf = vim.fn.bufnr(name)
        local from, to = { line = place[1], character = place[2] }, { line = place[3], character = place[4] }
        require("homebody.next_edit").show(vim.lsp.get_clients({ name = "homebody" })[1], {
          textDocument = { uri = vim.uri_from_bufnr(buf), version = vim.lsp.util.buf_versions[buf] },
          range = { start = from, ["end"] = to },
          text = text,
          command = { title = "", command = "homebody.acceptNextEdit", arguments = { "test-" .. number } },
        })
        """,
        name,
        place,
        text,
        number,
    )


def _mode(editor: Neovim) -> str:
    return editor.call("nvim_get_mode")["mode"]
