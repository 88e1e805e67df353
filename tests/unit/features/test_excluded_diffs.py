"""Changes of excluded files reach no prompt, whatever git or a pasted diff calls the files."""

import os
import subprocess

import pytest

from homebody.errors import Excluded
from homebody.features.explain_text import commit_message, explain_text
from support.git import git

_SECRET = "s3cr3t-42"
_RULES = 'private/\n*.hidden\nprüvat/\nqu"ote.txt\ntab\t.txt\nback\\\\slash.txt\n'


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / ".homebodyignore").write_text(_RULES)
    (root / "private").mkdir()
    (root / "private" / "old.txt").write_text("".join(f"{_SECRET} {n}\n" for n in range(9)))
    (root / "link").symlink_to("private/old.txt")
    (root / "fine.py").write_text("fine = 1\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    (root / "fine.py").write_text("fine = 2\n")
    return root


async def prompt_of_staged(world, root):
    git(root, "add", "-A")
    async with world("Change it", folders=[root]) as w:
        await commit_message(w.engine, root)
        prompt = w.asked[0].prompt.text
    assert "+fine = 2" in prompt
    return prompt


@pytest.mark.parametrize(
    "name",
    [
        b"pr\xc3\xbcvat/x.txt",
        b'qu"ote.txt',
        b"tab\t.txt",
        b"private/new\nline.txt",
        b"back\\slash.txt",
        b"private/\xff.txt",
        b"private/x b/private y.txt",
        b".env.\xc3\xbc",
        b"x b/x.hidden",
        b"\xc3\xbc.hidden",
        b"one\ndiff --git a/fine.py b/fine.py.hidden",
    ],
)
async def test_a_name_that_git_quotes_is_excluded_like_any_other(world, root, name):
    path = root / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_SECRET)
    assert _SECRET not in await prompt_of_staged(world, root)


@pytest.mark.parametrize(
    "setting",
    [
        ("diff.noPrefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.srcPrefix", "x-"),
        ("diff.dstPrefix", "y-"),
        ("color.ui", "always"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("diff.submodule", "log"),
        ("diff.wordRegex", "."),
        ("diff.suppressBlankEmpty", "true"),
        ("core.quotePath", "true"),
        ("diff.orderFile", "order"),
        ("core.attributesFile", "attributes"),
        ("diff.show.textconv", "cat"),
        ("diff.show.command", "cat private/old.txt #"),
        ("diff.external", "cat private/old.txt #"),
    ],
    ids=lambda setting: setting[0],
)
async def test_no_configuration_changes_how_files_are_told_apart(world, root, setting):
    git(root, "config", *setting)
    (root / "order").write_text("private/*\nfine.py\n")
    (root / "attributes").write_text("* diff=show\n")
    (root / "private" / "old.txt").write_text(f"{_SECRET} other\n")
    assert _SECRET not in await prompt_of_staged(world, root)


def _renamed(root):
    git(root, "mv", "private/old.txt", "public.txt")


def _copied(root):
    text = (root / "private" / "old.txt").read_text()
    (root / "public.txt").write_text(text + "one more\n")
    (root / "private" / "old.txt").write_text(text + "changed\n")


def _deleted(root):
    (root / "private" / "old.txt").unlink()


def _retyped(root):
    (root / "private" / "old.txt").unlink()
    (root / "private" / "old.txt").symlink_to(_SECRET)


def _link_to_excluded(root):
    (root / "other").symlink_to(f"private/{_SECRET}")


def _key(root):
    (root / "key.txt").write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{_SECRET}\n")


def _submodule(root):
    (root / "private" / "old.txt").unlink()
    (root / "private" / "old.txt").mkdir()
    git(root / "private" / "old.txt", "init", "-q")
    git(root / "private" / "old.txt", "commit", "-qm", _SECRET, "--allow-empty")


@pytest.mark.parametrize(
    "change",
    [_renamed, _copied, _deleted, _retyped, _link_to_excluded, _key, _submodule],
    ids=lambda c: c.__name__,
)
async def test_each_path_of_a_change_counts(world, root, change):
    change(root)
    assert _SECRET not in await prompt_of_staged(world, root)


async def test_a_conflict_shows_no_excluded_file(world, root):
    git(root, "stash", "-q")
    for branch, text in (("other", "theirs"), ("main", "ours")):
        git(root, "checkout", "-q", "-B", branch, "main")
        (root / "private" / "old.txt").write_text(f"{_SECRET} {text}\n")
        (root / "fine.py").write_text(f"{text} = 1\n")
        git(root, "commit", "-qam", text)
        git(root, "checkout", "-q", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "-q", "other")
    (root / "new.py").write_text("fine = 2\n")
    git(root, "add", "new.py")

    async with world("Merge it", folders=[root]) as w:
        await commit_message(w.engine, root)
    assert "+fine = 2" in w.asked[0].prompt.text
    assert _SECRET not in w.asked[0].prompt.text


_CONTEXT = "***************\n*** 1,1 ****\n! x\n--- 1,1 ----\n"
_HUNK = f"@@ -1 +1 @@\n-x\n+{_SECRET}\n"


def _git_diff(old, new, *more):
    return f"diff --git {old} {new}\n" + "".join(f"{line}\n" for line in more) + _HUNK


def _of(name, quoted=""):
    return _git_diff(*([quoted or name] * 2), f"--- {quoted or name}", f"+++ {quoted or name}")


@pytest.mark.parametrize(
    "diff",
    [
        _git_diff('"a/private/\\303\\274.txt"', '"b/private/\\303\\274.txt"'),
        _git_diff('"a/qu\\"o\\tte\\n.hidden"', '"b/qu\\"o\\tte\\n.hidden"', "index 1..2 100644"),
        _of("private/x.txt"),
        _git_diff("i/private/x.txt", "w/private/x.txt", "--- i/private/x.txt", "+++ w/private/x.txt"),
        _git_diff("old/private/x", "new/private/x", "--- old/private/x", "+++ new/private/x"),
        _git_diff("old-private/x", "new-private/x", "--- old-private/x", "+++ new-private/x"),
        _git_diff("a/private/x b/y", "b/private/x b/y", "--- a/private/x b/y\t", "+++ b/private/x b/y\t"),
        _git_diff("a/private/x", "b/public", "rename from private/x", "rename to public"),
        _git_diff("a/public", "b/private/x", "copy from public", "copy to private/x"),
        _git_diff(
            "a/private/x", "b/private/x", "deleted file mode 100644", "--- a/private/x", "+++ /dev/null"
        ),
        _git_diff("a/x", "b/x", "new file mode 120000", "--- /dev/null", "+++ b/x") + "+private/old.txt\n",
        _git_diff("a/x y", "b/z w"),
        _git_diff('"a/private/x', "b/private/x"),
        f"diff --cc private/x\n--- a/private/x\n+++ b/private/x\n@@@ -1,1 -1,1 +1,1 @@@\n++{_SECRET}\n",
        f'diff --combined "private/\\303\\274"\nindex 1,2..3\n@@@ -1,1 -1,1 +1,1 @@@\n++{_SECRET}\n',
        f"--- old/private/x.c\t2026-01-01 10:00:00\n+++ new/private/x.c\t2026-01-01 10:00:00\n{_HUNK}",
        f"--- x.hidden   2026-01-01 10:00\n+++ x.hidden 2026-01-01 10:00\n{_HUNK}",
        f'--- "a/private/\\303\\274"\n+++ "b/private/\\303\\274"\n{_HUNK}',
        f"--- a/x.hidden\r\n+++ b/x.hidden\r\n{_HUNK}",
        f"--- /dev/null\n+++ b/.env.ü\n{_HUNK}",
        f"*** old/private/x\n--- new/private/x\n{_CONTEXT}! {_SECRET}\n",
        f"diff -r old/private/x new/private/x\n1c1\n< x\n---\n> {_SECRET}\n",
        f"Binary files a/private/x and b/private/x differ\n{_SECRET}\n",
        _of("//there/share/x.py"),
    ],
)
async def test_every_name_of_a_pasted_diff_is_checked(world, root, diff):
    before = (
        "diff --git a/fine.py b/fine.py\n--- a/fine.py\n+++ b/fine.py\n@@ -1 +1 @@\n-fine = 1\n+fine = 2\n"
    )
    after = before.replace("fine.py", "also.py")
    async with world("It changes things", folders=[root]) as w:
        with pytest.raises(Excluded):
            await explain_text(w.engine, before + diff + after)
        assert w.asked == []
        await explain_text(w.engine, before + after)
        assert "+fine = 2" in w.asked[0].prompt.text


@pytest.mark.parametrize("margin", ["> ", "    ", "| ", "> | "])
async def test_a_quoted_diff_is_sent_only_if_none_of_its_files_is_excluded(world, root, margin):
    """In a mail, a list, or the graph of ``git log``."""
    lines = "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-old\n+" + _SECRET
    pasted = "Look:\n" + lines.replace("\n", "\n" + margin).replace("diff", margin + "diff", 1)
    async with world("A file changes.", folders=[root]) as w:
        await explain_text(w.engine, pasted.format("fine.py"))
        assert _SECRET in w.asked[-1].prompt.text
        asked = len(w.asked)
        with pytest.raises(Excluded, match=r"old\.txt is never put into a prompt"):
            await explain_text(w.engine, pasted.format("private/old.txt"))
        with pytest.raises(Excluded, match="never put into a prompt"):
            await explain_text(w.engine, pasted.format("/there/share/x.py").replace("a//", "//"))
        assert len(w.asked) == asked
