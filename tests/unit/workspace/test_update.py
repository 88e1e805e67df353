"""Bringing the index up to date: what changed is read, the rest is not; any file may be there."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from homebody.workspace import indexer, store
from homebody.workspace.indexer import run
from homebody.workspace.process import IndexJob, IndexProgress
from homebody.workspace.store import IndexEntry

OLD = 1_000_000_000


class Place:
    """A workspace with an index, and what was last done to it."""

    def __init__(self, root: Path, database: Path) -> None:
        self.root = root
        self.job = IndexJob(root=str(root), real=str(root), database=str(database), seconds=60)

    def write(self, path: str, text: str | bytes, *, time: int = OLD) -> Path:
        where = self.root / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(where, (time, time))
        return where

    def scan(self) -> int:
        """Update the index; the number of files that were read."""
        *reports, end = run(self.job)
        assert end == IndexProgress("ready")
        return max([0, *(report.done for report in reports)])

    def names(self) -> str:
        return " ".join(sorted(name for (name,) in self.rows("SELECT name FROM pieces WHERE name <> ''")))

    def texts(self) -> int:
        return self.rows("SELECT count(*) FROM pieces WHERE name = ''")[0][0]

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.job.database)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def place(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return Place(root, tmp_path / "index/a.sqlite3")


def test_a_scan_reads_what_changed_and_nothing_else(place):
    place.write("a.py", "def alpha(): pass\n")
    place.write("b.py", "def beta(): pass\n")
    place.write("c.py", "def gamma(): pass\n")
    assert place.scan() == 3
    assert place.names() == "alpha beta gamma"
    assert place.scan() == 0
    place.write("a.py", "def delta(): pass\n", time=OLD + 1)
    place.write("b.py", "def beta(): pass\n", time=OLD + 1)
    (place.root / "c.py").unlink()
    assert place.scan() == 2
    assert (place.names(), place.texts()) == ("beta delta", 2)
    assert place.rows("SELECT rowid FROM chunk_words WHERE chunk_words MATCH 'alpha OR gamma'") == []
    assert place.scan() == 0
    place.write(".homebodyignore", "b.py\n.homebodyignore\n")
    assert place.scan() == 0
    assert (place.names(), place.texts()) == ("delta", 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has priority classes")
def test_only_work_that_nobody_waits_for_has_the_lowest_priority(place):
    """On a busy machine, a question in a terminal would otherwise be asked without the index."""
    code = (
        "import os, sys, msgspec; from homebody.workspace.indexer import IndexJob, run; "
        "list(run(msgspec.json.decode(sys.argv[1], type=IndexJob))); print(os.nice(0))"
    )
    for seconds, nice in ((60, os.nice(0)), (0, 19)):
        job = msgspec.json.encode(msgspec.structs.replace(place.job, seconds=seconds))
        done = subprocess.run([sys.executable, "-c", code, job], capture_output=True, text=True, check=True)
        assert int(done.stdout) == nice


def test_an_unavailable_workspace_keeps_its_index(place):
    place.write("a.py", "def alpha(): pass\n")
    place.scan()
    place.root.rename(place.root.with_name("away"))
    assert place.scan() == 0
    assert place.names() == "alpha"


def test_what_is_excluded_now_is_not_kept_because_a_folder_cannot_be_listed(place, monkeypatch):
    place.write("a.py", "def alpha(): pass\n")
    (place.root / "volume").mkdir()
    place.scan()
    place.write(".homebodyignore", "*.py\n.homebodyignore\n")
    scandir = os.scandir

    def without_permission(path):
        if Path(path).name == "volume":
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(os, "scandir", without_permission)
    place.scan()
    assert (place.names(), place.texts()) == ("", 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="FIFOs are POSIX")
def test_a_file_that_becomes_a_pipe_is_not_waited_for(place, monkeypatch):
    path = place.write("a.py", "def alpha(): pass\n")

    def walked(*_):
        path.unlink()
        os.mkfifo(path)
        return set()

    monkeypatch.setattr(indexer.IndexWriter, "known", walked)
    assert place.scan() == 1
    assert (place.names(), place.texts()) == ("", 0)


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
    assert place.scan() == 1
    assert (place.names(), place.texts()) == ("", 0)
    assert place.scan() == 0


def test_a_definition_is_shown_by_its_signature_a_short_type_whole(place):
    place.write(
        "a.py",
        "class Order(Base):\n    total: int\n    def sum(self, *, tax: float) -> float:\n        return 1\n"
        "class Large:\n" + "    x = 1\n" * 50,
    )
    place.scan()
    whole = (place.root / "a.py").read_text().partition("class Large")[0].rstrip("\n")
    with closing(store.connect(Path(place.job.database))) as connection:
        pieces = list(store.read_pieces(connection, "WHERE kind NOT IN ('variable', '')", ()))
    assert pieces == [
        IndexEntry("a.py", "Order", "class", 0, 3, whole),
        IndexEntry(
            *("a.py", "sum", "method", 2, 2, "    def sum(self, *, tax: float) -> float:"),
            ("class Order(Base):",),
        ),
        IndexEntry("a.py", "Large", "class", 4, 4, "class Large:\n" + "    x = 1\n" * 24 + "    ..."),
    ]


def test_tables_and_views_of_sql_are_found_with_their_columns(place):
    place.write("a.sql", "CREATE TABLE orders (\n  id INT,\n  total INT\n);\nCREATE VIEW paid AS SELECT 1;\n")
    place.write("b.sql", "WITH recent AS (SELECT 1) SELECT * FROM recent;\n")
    place.write("c.toml", "[tool.shop]\nname = 1\n")
    place.scan()
    assert place.rows("SELECT name, kind, text FROM pieces WHERE name <> '' ORDER BY name") == [
        ("orders", "table", "CREATE TABLE orders (\n  id INT,\n  total INT\n)"),
        ("paid", "table", "CREATE VIEW paid AS SELECT 1"),
    ]
