"""Bringing the index up to date: what changed is read, the rest is not; any file may be there."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from homebody.workspace import store
from homebody.workspace.extract import extract
from homebody.workspace.indexer import update
from homebody.workspace.process import Done, IndexJob
from homebody.workspace.store import IndexWriter

OLD = 1_000_000_000


class Place:
    """A workspace with an index, and what was last done to it."""

    def __init__(self, root: Path, writer: IndexWriter) -> None:
        self.root = root
        self.writer = writer
        self.reports: list[tuple[int, int]] = []

    def write(self, path: str, text: str | bytes, *, time: int = OLD) -> Path:
        where = self.root / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(where, (time, time))
        return where

    def scan(self, max_file_bytes: int = 1024 * 1024) -> Done:
        job = IndexJob(root=str(self.root), database="", max_file_bytes=max_file_bytes)
        return update(job, extract, self.writer, lambda done, total: self.reports.append((done, total)))

    def names(self) -> str:
        return " ".join(sorted(name for (name,) in self.rows("SELECT name FROM definitions")))

    def texts(self) -> int:
        return self.rows("SELECT count(*) FROM chunks")[0][0]

    def rows(self, query: str) -> list[tuple]:
        return self.writer._connection.execute(query).fetchall()


@pytest.fixture
def place(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    with closing(IndexWriter(store.create(tmp_path / "index/a.sqlite3"))) as writer:
        yield Place(root, writer)


def test_a_scan_reads_what_changed_and_nothing_else(place):
    place.write("a.py", "def alpha(): pass\n")
    place.write("b.py", "def beta(): pass\n")
    place.write("c.py", "def gamma(): pass\n")
    assert place.scan() == Done(files=3, indexed=3)
    assert place.names() == "alpha beta gamma"
    assert place.reports[-1] == (3, 3)
    assert place.scan() == Done(files=3)
    place.write("a.py", "def delta(): pass\n", time=OLD + 1)
    place.write("b.py", "def beta(): pass\n", time=OLD + 1)
    (place.root / "c.py").unlink()
    assert place.scan() == Done(files=2, indexed=2, dropped=1)
    assert (place.names(), place.texts()) == ("beta delta", 2)
    assert place.rows("SELECT rowid FROM chunk_words WHERE chunk_words MATCH 'alpha OR gamma'") == []
    assert place.scan() == Done(files=2)
    place.write(".homebodyignore", "b.py\n.homebodyignore\n")
    assert place.scan().dropped == 1
    assert (place.names(), place.texts()) == ("delta", 1)


def test_an_unavailable_workspace_keeps_its_index(place):
    place.write("a.py", "def alpha(): pass\n")
    place.scan()
    place.root.rename(place.root.with_name("away"))
    assert place.scan() == Done()
    assert place.names() == "alpha"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"def a\0b(): pass\n",
        "def größe(): pass\n".encode("latin-1"),
        b"\xff\xfe\x00d",
        b"x = '" + b"a" * 900_000 + b"'\n",
        b"var a=1;" * 100_000,
        b"-----BEGIN PRIVATE KEY-----\nMIIE\n",
    ],
    ids=["empty", "NUL", "Latin-1", "UTF-16", "one long line", "minified", "private key"],
)
def test_the_text_of_an_unindexed_file_is_not_stored(place, data):
    place.write("a.py", data)
    assert place.scan() == Done(files=1, indexed=1)
    assert (place.names(), place.texts()) == ("", 0)
    assert place.scan() == Done(files=1)


def test_a_definition_is_shown_by_its_signature_a_short_type_whole(place):
    place.write(
        "a.py",
        "class Order(Base):\n    total: int\n    def sum(self, *, tax: float) -> float:\n        return 1\n"
        "class Large:\n" + "    x = 1\n" * 50,
    )
    place.scan()
    rows = place.rows(
        "SELECT name, kind, text, first_line, last_line, scopes FROM definitions WHERE kind <> 'variable'"
    )
    whole = (place.root / "a.py").read_text().partition("class Large")[0].rstrip("\n")
    assert rows == [
        ("Order", "class", whole, 0, 3, ""),
        ("sum", "method", "    def sum(self, *, tax: float) -> float:", 2, 2, "class Order(Base):"),
        ("Large", "class", "class Large:\n" + "    x = 1\n" * 24 + "    ...", 4, 4, ""),
    ]


def test_tables_and_views_of_sql_are_found_with_their_columns(place):
    place.write("a.sql", "CREATE TABLE orders (\n  id INT,\n  total INT\n);\nCREATE VIEW paid AS SELECT 1;\n")
    place.write("b.sql", "WITH recent AS (SELECT 1) SELECT * FROM recent;\n")
    place.write("c.toml", "[tool.shop]\nname = 1\n")
    place.scan()
    assert place.rows("SELECT name, kind, text FROM definitions ORDER BY name") == [
        ("orders", "table", "CREATE TABLE orders (\n  id INT,\n  total INT\n)"),
        ("paid", "table", "CREATE VIEW paid AS SELECT 1"),
    ]
