"""Diffs are split by file, and what may go into no prompt is taken out."""

import pytest

from homebody.workspace.diff import file_diffs, permitted
from homebody.workspace.secrets import holds_key_anywhere

_GIT = """\
diff --git a/one.py b/one.py
index 1..2 100644
--- a/one.py
+++ b/one.py
@@ -1 +1 @@
-x = 1
+x = 2
diff --git a/two words.py b/two words.py
new file mode 100644
--- /dev/null
+++ b/two words.py
@@ -0,0 +1 @@
+--- a/not a header
diff --git a/icon.png b/icon.png
Binary files a/icon.png and b/icon.png differ
"""

_PLAIN = (
    "--- old/a.py\t2026-01-01\n+++ new/a.py\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n"
    "--- c.py\n+++ c.py\n@@ -1 +1 @@\n-c\n+d\n"
)


def test_prefixes_that_are_folders_may_be_a_part_of_the_name():
    """Git's ``--src-prefix=old/``, or ``--no-prefix`` in a folder of that name: all readings are checked."""
    names = "old/app.py new/app.py"
    [part] = file_diffs(f"diff --git {names}\n--- old/app.py\n+++ new/app.py\n@@ -1 +1 @@\n-a\n+b\n")
    assert part.path == "app.py"
    assert set(part.paths) == {"app.py", "old/app.py", "new/app.py"}
    [part] = file_diffs("diff --git old/app.py new/other.py\nBinary files differ\n")
    assert part.paths == ()


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (_GIT, ["one.py", "two words.py", "icon.png"]),
        (_PLAIN, ["new/a.py", "c.py"]),
        ("no diff\n--- at all\n", []),
        ("", []),
        ("@@ -1 +1 @@\n-a\n+b\n", []),
    ],
)
def test_a_diff_is_split_at_its_files(text, paths):
    """Whoever wrote it; lines of the files that look like headers are none."""
    found = file_diffs(text)
    assert [one.path for one in found] == paths
    assert "".join(one.text for one in found) == (text if paths else "")


def test_files_of_secrets_and_with_a_key_are_taken_out():
    """Each hunk has a ``+`` before the key, so the check of the whole prompt would not see it."""
    diffs = [
        part
        for name, text in (
            ("id_rsa", "x"),
            ("test.txt", "-----BEGIN OPENSSH PRIVATE KEY-----"),
            ("fine.py", 'MARK = "-----BEGIN RSA PRIVATE KEY-----"'),
        )
        for part in file_diffs(f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-x\n+{text}\n")
    ]
    kept, dropped = permitted(diffs, lambda _path: None)
    assert [part.path for part in kept] == ["fine.py"]
    assert [(part.path, why) for part, why in dropped] == [
        ("id_rsa", "it is on the list of files that hold secrets"),
        ("test.txt", "it holds a private key"),
    ]


def test_a_key_is_found_wherever_it_stands():
    key = "-----BEGIN EC PRIVATE KEY-----\n"
    assert holds_key_anywhere("line\n" * 5000 + key)
    assert holds_key_anywhere("+x\n+" + key)
    assert not holds_key_anywhere(f"x = '{key}'")
