"""The index as the server uses it: with its process, on an event loop."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path

import pytest

from homebody.settings import ContextSettings, Settings
from homebody.syntax import scope
from homebody.syntax.tree import parse
from homebody.text import Document
from homebody.workspace.index import Question, WorkspaceIndex
from homebody.workspace.process import IndexProgress
from homebody.workspace.uri import path_of

FILES = {
    "shop/order.py": "class Order:\n    def add_line(self, line): ...\n\ndef invoice_total(order): ...\n",
    "shop/main.py": "from shop.order import Order as O\n\nO().add_line(1)\n",
    "shop/other.py": "def unrelated_zebra(): ...\n",
    ".env": "TOKEN=invoice_total\n",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HOMEBODY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "root"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


class Reported(list[IndexProgress]):
    """Progress reports of an index."""

    @property
    def notices(self) -> list[str]:
        return [progress.notice for progress in self if progress.notice]


@asynccontextmanager
async def opened(*roots: Path, result: Reported | None = None, settings: Settings | None = None):
    progress = (Reported() if result is None else result).append
    async with aclosing(WorkspaceIndex(roots, settings or Settings(), progress)) as index:
        assert await index.updated(60)
        yield index


async def defining(index: WorkspaceIndex, *names: str, near: Path | None = None, imports=()) -> list[str]:
    answer = await index.ask(
        lambda reader: reader.definitions(names, language="python", near_path=near, imports=imports)
    )
    return [candidate.uri.rsplit("/", 1)[-1] for candidate in answer]


async def said(index: WorkspaceIndex, question: Question) -> list[str]:
    return [candidate.why for candidate in await index.ask(question)]


async def similar(index: WorkspaceIndex, text: str, *exclude: str) -> list[str]:
    answer = await index.ask(lambda reader: reader.similar(text, exclude=exclude))
    return [candidate.uri for candidate in answer]


async def test_what_the_workspace_holds_is_found(root):
    result = Reported()
    main = root / "shop/main.py"
    async with opened(root, result=result) as index:
        document = Document.create("", "python", 0, main.read_text())
        imports = scope.imports(document, parse(document))
        assert await defining(index, "O", near=main, imports=imports) == ["order.py"]
        assert await defining(index, "unrelated_zebra", "nothing", near=main) == ["other.py"]
        order = (root / "shop/order.py").as_uri()
        assert await similar(index, "the invoice total", main.as_uri()) == [order]
        assert await similar(index, "the invoice total", order, "untitled:1") == []
    assert (result[0].state, result[-1].state, result.notices) == ("indexing", "ready", [])
    assert any(progress.total == len(FILES.keys() - {".env"}) for progress in result)


async def test_a_saved_file_is_indexed_again(root):
    async with opened(root) as index:
        (root / "shop/order.py").write_text("def re_named(): ...\n")
        (root / "shop/new.py").write_text("def brand_new(): ...\n")
        (root / "shop/other.py").unlink()
        index.refresh([root / "shop" / name for name in ("order.py", "new.py", "other.py")])
        index.refresh([root.parent / "elsewhere.py", root])
        await asyncio.wait_for(index.settled(), 60)
        assert await defining(index, "re_named", "brand_new", "Order", "unrelated_zebra") == [
            "order.py",
            "new.py",
        ]


async def test_the_next_start_finds_everything_there(root):
    """Also without starting it: a script may query what an editor has indexed."""
    async with opened(root):
        pass
    async with aclosing(WorkspaceIndex([root], Settings())) as index:
        assert await defining(index, "invoice_total") == ["order.py"]
        await asyncio.wait_for(index.settled(), 60)


async def test_several_roots_are_one_workspace(root, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    (second / "b.py").write_text("def invoice_total(b): ...\n")
    async with opened(root, root / "shop", second) as index:
        assert await defining(index, "invoice_total", near=root / "shop/main.py") == ["order.py", "b.py"]
        uris = [(root / "shop/order.py").as_uri(), (second / "b.py").as_uri()]
        assert await similar(index, "invoice total") == uris


def spoil_words(database: Path) -> None:
    """Only similarity notices that."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE chunk_words_data SET block = x'00'")


def spoil(database: Path) -> None:
    database.write_bytes(b"garbage" * 10_000)


@pytest.mark.parametrize("damage", [spoil, spoil_words])
async def test_a_bad_index_is_rebuilt(root, tmp_path, damage):
    async with opened(root):
        pass
    (database,) = (tmp_path / "cache/index").glob("*.sqlite3")
    damage(database)
    async with opened(root) as index:
        await similar(index, "invoice total")
        await asyncio.wait_for(index.settled(), 60)
        assert await similar(index, "invoice total") == [(root / "shop/order.py").as_uri()]


async def test_an_unwritable_cache_is_reported_and_not_tried_again(root, tmp_path):
    (tmp_path / "cache").write_text("")
    result = Reported()
    async with opened(root, result=result) as index:
        assert await defining(index, "invoice_total") == []
        assert index.state == "off"
    assert len(result.notices) == 1


async def test_without_snippets_there_is_no_index(root, tmp_path):
    async with opened(root, settings=Settings(context=ContextSettings(snippets=False))) as index:
        assert await defining(index, "invoice_total") == []
        assert await similar(index, "invoice total") == []
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the interpreter is replaced by a shell script")
async def test_a_process_that_dies_is_started_again(root, tmp_path, monkeypatch):
    once = tmp_path / "once"
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\n[ -e {once} ] || {{ : > {once}; exit 1; }}\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    async with opened(root) as index:
        assert once.exists()
        assert await defining(index, "invoice_total") == ["order.py"]


async def test_unusual_file_names_do_not_disable_the_index(root):
    """Bytes that are not UTF-8, a NUL, a name that is too long, a folder that may not be entered."""
    result = Reported()
    locked = root / "locked"
    locked.mkdir(mode=0)
    uris = [
        f"{root.as_uri()}/{name}" for name in ("caf%E9.py", "a%00b.py", "x" * 300, "locked/a.py", "%ED%A0%80")
    ]
    async with opened(root, result=result) as index:
        for uri in uris:
            index.refresh([path for path in (path_of(uri),) if path is not None])
            await asyncio.wait_for(index.settled(), 60)
        (root / "shop/new.py").write_text("def brand_new(): ...\n")
        index.refresh([Path(os.fsdecode(b"/\xff")), root / "shop/new.py"])
        await asyncio.wait_for(index.settled(), 60)
        assert await defining(index, "brand_new") == ["new.py"]
        assert index.state == "ready"
    assert result.notices == []


async def test_a_process_that_keeps_crashing_is_not_restarted_again(root, monkeypatch):
    """Here the interpreter cannot even start; the user gets one message, and nothing waits for it."""
    monkeypatch.setenv("PYTHONHOME", str(root / "gone"))
    result = Reported()
    async with opened(root, result=result) as index:
        assert await index.updated(60)
        assert index.state == "off"
    assert result.notices == [
        "The indexing process keeps crashing, so other files are not used for completion."
    ]


async def test_nothing_is_written_into_the_workspace(root):
    before = sorted(root.rglob("*"))
    async with opened(root):
        pass
    assert sorted(root.rglob("*")) == before


def test_a_hostile_folder_beside_it_is_not_run(root, tmp_path):
    (tmp_path / "homebody").mkdir()
    (tmp_path / "homebody/__init__.py").write_text("raise SystemExit(7)")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "homebody.workspace.indexer"],
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0


async def test_calls_files_and_symbols_are_looked_up_by_name(root):
    async with opened(root) as index:
        near = root / "shop/order.py"
        (call,) = await index.ask(
            lambda reader: reader.callers("add_line", language="python", near_path=near)
        )
        assert (path_of(call.uri), call.first_line, call.last_line) == (root / "shop/main.py", 0, 2)
        assert call.why == "calls add_line"
        assert await index.ask(lambda reader: reader.callers("add_line", language="go", near_path=None)) == []
        assert await said(index, lambda reader: reader.files("ORDER", limit=5)) == ["shop/order.py"]
        every = ["shop/main.py", "shop/order.py", "shop/other.py"]
        assert await said(index, lambda reader: reader.files("", limit=9)) == every
        assert await said(index, lambda reader: reader.symbols("order", limit=5)) == ["Order"]
        assert await said(index, lambda reader: reader.symbols("%", limit=5)) == []
        (root / ".homebodyignore").write_text("order.py\n")
        index.refresh([root / ".homebodyignore"])
        await asyncio.wait_for(index.settled(), 60)
        assert await said(index, lambda reader: reader.symbols("Order", limit=5)) == []
