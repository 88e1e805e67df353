"""An answer links to what it names in the workspace."""

import pytest

from homebody.audit import Source
from homebody.features.links import linked
from homebody.text import Document

_CODE = "class Stock:\n    def reorder(self):\n        return 1\n\n\ndef area(w, h):\n    return w * h\n"


@pytest.fixture
def files(tmp_path):
    """A workspace with two files, and one file outside."""
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text(_CODE)
    (folder / "other.py").write_text("def helper(): ...\n")
    (tmp_path / "outside.py").write_text("")
    return folder


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`area()` and `Stock.reorder`", "[`area()`](APP#L6) and [`Stock.reorder`](APP#L2)"),
        ("app.py:3 and src/app.py", "[app.py:3](APP#L3) and [src/app.py](APP)"),
        ("other.py:1-9", "[other.py:1-9](OTHER#L1)"),
        ("`helper`", "[`helper`](OTHER#L1)"),
        ("missing.py, ../outside.py, /etc/hosts.py", "missing.py, ../outside.py, /etc/hosts.py"),
        ("`w` and `return`", "`w` and `return`"),
    ],
)
async def test_names_link_to_files_of_the_workspace_that_exist(world, files, text, expected):
    """By the path that the prompt showed, by the end of it, or by a definition's name."""
    app, other = (files / "src" / "app.py").as_uri(), (files / "other.py").as_uri()
    async with world(folders=[files]) as w:
        document = Document.create(app, "python", 1, _CODE)
        sources = [Source(other, 0, 0, 5, "defines helper")]
        found = await linked(w.engine, text, document=document, sources=sources)
    assert found == expected.replace("APP", app).replace("OTHER", other)


async def test_a_link_out_of_the_workspace_is_no_link(world, files):
    """A symbolic link in the folder leads nowhere either."""
    (files / "away.py").symlink_to(files.parent / "outside.py")
    async with world(folders=[files]) as w:
        assert await linked(w.engine, "See away.py.") == "See away.py."
