"""Links, folders, FIFOs and odd names in the place of files neither stop a run nor lead it elsewhere."""

import os
import sys
from pathlib import Path

import pytest

from support.written_runs import NAMES, NEW, OLD, RUN, WRITE_TESTS, shell, texts

MINE = "# mine\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.mark.parametrize("to", [".git/hooks/post-checkout", "../outside.py", "nothing.py"])
def test_a_new_file_follows_no_dangling_link(run, tests_written, to):
    (tests_written / ".git" / "hooks").mkdir(parents=True)
    (tests_written / "test_a.py").symlink_to(to)
    ended = run(*WRITE_TESTS)
    assert ended.code == 1
    assert "exists already" in ended.err
    assert not (tests_written / to).exists()


@pytest.mark.parametrize(
    ("name", "link", "to"),
    [
        ("link.py", "link.py", ".git/hooks/hook.py"),
        ("sub/hook.py", "sub", ".git/hooks"),
        ("sub", "sub", ".git/hooks"),
        ("sub/*.py", "sub", ".git/hooks"),
        (".git/hooks/hook.py", "x", "y"),
        ("sub/o.py", "sub", "../outside"),
        ("sub", "sub", "../outside"),
    ],
)
def test_links_into_the_repository_or_out_of_the_tree_are_refused(run, tree, name, link, to):
    (tree / ".git" / "hooks").mkdir(parents=True)
    (tree / "..").resolve().joinpath("outside").mkdir()
    for path in (tree / ".git/hooks/hook.py", tree.parent / "outside/o.py"):
        path.write_text(OLD)
    (tree / link).symlink_to(to)

    ended = run("refactor", "a.py", name, "--instruction", "x", "--write", "--allow-dirty")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "internal error" not in ended.err
    assert (tree / ".git/hooks/hook.py").read_text() == OLD
    assert (tree.parent / "outside/o.py").read_text() == OLD


@pytest.mark.parametrize(
    ("left", "code"),
    [
        ("os.mkfifo(f)", 0),
        ("f.symlink_to('/dev/zero')", 1),
        ("f.symlink_to('b.py')", 0),
        ("f.symlink_to('../outside.py')", 1),
        ("f.mkdir(); (f / 'mine').touch()", 0),
    ],
)
def test_whatever_a_command_leaves_in_place_of_the_file_is_reported(run, tree, left, code):
    (tree.parent / "outside.py").write_text(MINE)
    mine = shell(
        f"f.name == 'a.py' and (f.unlink(), exec(sys.argv[2])); sys.exit({code} if f.name == 'a.py' else 0)"
    )

    ended = run(*RUN, "--verify", f'{mine} "{left}"')

    assert ended.code == 1
    assert "a.py is no longer a regular file, and is not touched. Its old content is " in ended.err
    assert [(tree / name).read_text() for name in NAMES[1:]] == [NEW] * 2
    for ended in (run("undo"), run("undo")):
        assert ended.code == 1
        assert "a.py is no longer a regular file" in ended.err
    assert [(tree / name).read_text() for name in NAMES[1:]] == [OLD] * 2
    assert (tree.parent / "outside.py").read_text() == MINE
    assert not (tree / "a.py").is_file() or (tree / "a.py").is_symlink()


def test_a_later_file_that_became_a_link_is_refused(run, tree):
    outside = tree.parent / "outside.py"
    hook = tree / ".git" / "hooks" / "hook.py"
    hook.parent.mkdir(parents=True)
    for target in (outside, hook):
        target.write_text(OLD)
        for name in NAMES:
            (tree / name).unlink()
            (tree / name).write_text(OLD)
        code = f"b = f.parent / 'b.py'; f.name == 'a.py' and (b.unlink(), b.symlink_to('{target}'))"

        ended = run(*RUN, "--allow-dirty", "--verify", shell(code))

        assert ended.code == 1
        assert "refused b.py: " in ended.err
        assert target.read_text() == OLD
        assert (tree / "c.py").read_text() == NEW


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of text only")
@pytest.mark.parametrize("places", [(".",), ("a.py", "b.py", "c.py", "loop.py", os.fsdecode(b"\xff.py"))])
def test_an_odd_name_and_a_looping_link_do_not_end_a_run(run, tree, places):
    odd = os.fsdecode(b"\xff.py")
    (tree / odd).write_text(OLD)
    Path(os.fsdecode(b"\xfe")).mkdir()
    (tree / "loop.py").symlink_to("loop.py")

    ended = run("refactor", *places, "--instruction", "x", "--write")

    assert (ended.code, texts(tree)) == (0, [NEW] * 3)
    assert "1 linked" in ended.err
    assert "1 oddly named" in ended.err
    assert run("undo", "--list").code == 0
    assert (run("undo").code, texts(tree)) == (0, [OLD] * 3)
    for name in ("loop.py", odd):
        ended = run("refactor", name, "--instruction", "x", "--write")
        assert (ended.code, ended.err.count("\n"), "internal" in ended.err) == (2, 1, False)


def test_undo_follows_no_link_that_was_put_there_since(run, tree):
    """A folder that is a link now leads to other files, even if they hold the same text."""
    (tree / "sub").mkdir()
    (tree / "sub" / "d.py").write_text(OLD)
    run(*RUN)
    (tree / "sub").rename(tree.parent / "moved")
    (tree / "sub").symlink_to("../moved")
    ended = run("undo")
    assert (ended.code, texts(tree)) == (1, [OLD] * 3)
    assert (tree.parent / "moved" / "d.py").read_text() == NEW
