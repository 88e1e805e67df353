"""An answer links to what it names in the workspace."""

import pytest

from homebody.audit import Source
from homebody.features.links import linked, linked_text, named_places
from homebody.text import Document

_CODE = "class Stock:\n    def reorder(self):\n        return 1\n\n\ndef area(w, h):\n    return w * h\n"


@pytest.fixture
def files(tmp_path):
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
    app, other = (files / "src" / "app.py").as_uri(), (files / "other.py").as_uri()
    async with world(folders=[files]) as w:
        document = Document.create(app, "python", 1, _CODE)
        sources = [Source(other, 0, 0, 5, "defines helper")]
        found = await linked(w.engine, text, sources, document)
    assert found == expected.replace("APP", app).replace("OTHER", other)


async def test_definitions_in_an_attached_file_are_linked(world, files):
    """Those in the lines that the model read; of the open file, as it is in the editor."""
    app = (files / "src" / "app.py").as_uri()
    async with world(folders=[files]) as w:
        sources = [Source(app, 0, 3, 20, "attached")]
        found = await linked(w.engine, "`Stock`, `Stock.reorder()` and `area`", sources)
        changed = Document.create(app, "python", 1, "\n\n" + _CODE.replace("reorder", "renew"))
        unsaved = await linked(w.engine, "`reorder`, `renew`", sources, changed)
    assert found == f"[`Stock`]({app}#L1), [`Stock.reorder()`]({app}#L2) and `area`"
    assert unsaved == f"`reorder`, [`renew`]({app}#L4)"


async def test_a_link_out_of_the_workspace_is_no_link(world, files):
    (files / "away.py").symlink_to(files.parent / "outside.py")
    async with world(folders=[files]) as w:
        assert await linked(w.engine, "See away.py.", ()) == "See away.py."


async def test_a_share_of_another_machine_is_not_looked_at(world, files):
    """On Windows that would connect to it, with the user's name."""
    app = files / "src" / "app.py"
    names = [f"`/{app}`", f"`/\\{str(app)[1:]}`", f"`\\\\{str(app)[1:]}`"]
    async with world(folders=[files]) as w:
        assert await linked(w.engine, f"`{app}`", ()) != f"`{app}`"
        for name in names:
            assert await linked(w.engine, name, ()) == name


async def test_links_are_ranges_where_the_text_is_shown_as_it_is(world, files):
    app = (files / "src" / "app.py").as_uri()
    async with world(folders=[files]) as w:
        document = Document.create(app, "python", 1, _CODE)
        markdown = "### src/app.py:1-3\n\n`area()` [x](file:///etc/hosts)\n\n```\narea()\n```\n`w`"
        text, links = await linked_text(w.engine, markdown, (), document)
        named = await named_places(w.engine, markdown, (), document)
    assert text == markdown
    places = [("src/app.py:1-3", f"{app}#L1"), ("`area()`", f"{app}#L6")]
    assert [(text[link.start : link.end], link.uri) for link in links] == places
    assert named == {f"{app}#L1": "src/app.py:1-3", f"{app}#L6": "area()"}
