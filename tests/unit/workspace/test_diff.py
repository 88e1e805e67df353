"""Every file that a diff in a text may be about is known, whoever wrote the diff."""

import pytest

from homebody.workspace.diff import is_diff, paths_in
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
diff --git a/icon.png b/icon.png
Binary files a/icon.png and b/icon.png differ
diff --git a/old.py b/new.py
similarity index 100%
rename from old.py
rename to new.py
"""
_PLAIN = "--- old/a.py\t2026-01-01\n+++ new/a.py\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n"
_WITH_PREFIXES = "diff --git old/app.py new/app.py\n--- old/app.py\n+++ new/app.py\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (_GIT, {"one.py", "two words.py", "icon.png", "old.py", "new.py"}),
        (_PLAIN, {"a.py"}),
        # Git's ``--src-prefix=old/``, or ``--no-prefix`` in a folder of that name.
        (_WITH_PREFIXES, {"app.py", "old/app.py", "new/app.py"}),
        ("diff --git old/app.py new/other.py\nBinary files differ\n", None),
    ],
)
def test_paths_of_a_diff(text, paths):
    assert is_diff(text)
    named = paths_in(text)
    assert paths is named is None or paths <= set(named)


@pytest.mark.parametrize("text", ["", "@@ -1 +1 @@\n-a\n+b\nindex 3 is out of range\ndiff of two lists\n"])
def test_other_text_names_no_files(text):
    assert not is_diff(text)
    assert paths_in(text) == ()


def test_a_key_is_found_wherever_it_stands():
    key = "-----BEGIN EC PRIVATE KEY-----\n"
    assert holds_key_anywhere("line\n" * 5000 + key)
    assert holds_key_anywhere("+x\n+" + key)
    assert not holds_key_anywhere(f"x = '{key}'")
