"""The index file: made, opened, thrown away, filled, and asked."""

import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from homebody.syntax.scope import Import, ImportedName
from homebody.text import Span
from homebody.workspace import store
from homebody.workspace.files import WalkedFile
from homebody.workspace.process import IndexJob
from homebody.workspace.query import answer
from homebody.workspace.store import IndexEntry, IndexWriter, StoreDamagedError


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache/index/a.sqlite3"


def file(
    path: str, text: str = "", *, names: str = "", language: str = "python"
) -> tuple[str, str, list[IndexEntry]]:
    """Return a file with one chunk, and one definition a line for each of ``names``.

    The file is there too: what is gone is not offered.
    """
    where = Path("root", path)
    where.parent.mkdir(parents=True, exist_ok=True)
    where.touch()
    pieces = [
        IndexEntry(path, name, "function", i, i, f"def {name}()") for i, name in enumerate(names.split())
    ]
    chunk = IndexEntry(path, "", "", 0, text.count("\n"), text, ("class Outer",))
    return path, language, [*pieces, *([chunk] if text else [])]


def imported(module: str, *names: tuple[str, str]) -> Import:
    nowhere = Span(0, 0)
    return Import(nowhere, module, tuple(ImportedName(name, alias, nowhere) for name, alias in names))


def fill(database: Path, *files: tuple[str, str, list[IndexEntry]]) -> None:
    with closing(IndexWriter(store.create(database))) as writer, writer.transaction():
        for path, language, pieces in files:
            writer.put(WalkedFile(path, 1, 1), language, pieces)


@pytest.fixture
def ask(tmp_path, database):
    root = str(tmp_path / "root")
    return partial(answer, IndexJob(root=root, real=root, database=str(database)))


def similar(ask, text: str, *, exclude=(), limit: int = 5) -> list[str]:
    uris = [Path("root", path).absolute().as_uri() for path in exclude]
    found = ask(lambda index: index.similar(text, exclude=uris, limit=limit))
    return [candidate.uri.rsplit("/", 1)[-1] for candidate in found]


def definitions(ask, names, path: str | None, imports=(), language="python"):
    near = Path("root", path).absolute() if path else None
    asked = {"names": names, "language": language, "near_path": near, "imports": imports}
    return ask(lambda index: index.definitions(**asked))


def defining(ask, *names: str, path: str | None = "a.py", **asked):
    return [each.uri.partition("/root/")[2] for each in definitions(ask, names, path, **asked)]


def test_an_index_belongs_to_its_user_alone(database):
    fill(database)
    if os.name != "nt":
        assert (database.stat().st_mode & 0o077, database.parent.stat().st_mode & 0o077) == (0, 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"this is no database at all" * 100),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: run(path, "DROP TABLE pieces"),
    ],
    ids=["foreign", "empty", "truncated", "without a table"],
)
def test_a_damaged_index_file_is_recognised(database, spoil):
    fill(database, file("a.py", "total order\n" * 50))
    spoil(database)
    with pytest.raises(StoreDamagedError):
        store.connect(database).close()
    store.create(database).close()
    store.connect(database).close()


def run(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_the_chunk_that_shares_the_rarest_words_comes_first(database, ask):
    common = [file(f"c{i}.py", f"order number {i}{i}{i} total") for i in range(30)]
    rare = file("rare.py", "def parseInvoice(): invoice_total")
    twin = file("twin.py", "def parseInvoice(): invoice_total")
    one = file("one.py", "invoice zebra yak xerox")
    fill(database, *common, rare, twin, one)
    assert similar(ask, "parse the invoice total")[0] == "rare.py"
    assert "twin.py" not in similar(ask, "parse the invoice total", limit=50)
    assert similar(ask, "invoice parse", exclude={"rare.py"}) == ["twin.py"]
    assert similar(ask, "nothing here is known") == []
    assert similar(ask, "") == []
    assert similar(ask, '" OR * NEAR(') == []


def test_a_name_is_looked_for_in_imported_files_first(database, ask):
    fill(
        database,
        file("app/a.py", names="here_too"),
        file("app/near.py", names="Order add_up rare_one"),
        file("far/off/shop/order.py", names="Order"),
        *(file(f"m{i}/x.py", names="add_up") for i in range(5)),
        file("app/b.js", names="add_up", language="javascript"),
    )
    order = [imported("shop.order", ("Order", "O"))]
    assert defining(ask, "O", path="app/a.py", imports=order) == ["far/off/shop/order.py"]
    assert defining(ask, "Order", path="app/a.py") == ["app/near.py", "far/off/shop/order.py"]
    assert defining(ask, "add_up", "rare_one", "O", path="app/a.py", imports=order) == [
        *("far/off/shop/order.py", "app/near.py", "m0/x.py", "m1/x.py"),
    ]
    assert defining(ask, "add_up", path=None, language="typescript") == ["app/b.js"]


def test_a_name_that_is_in_every_file_is_not_looked_up(database, ask):
    fill(database, *(file(f"m{i}/x.py", names="run_all") for i in range(40)))
    assert defining(ask, "run_all") == []
    assert defining(ask, "run_all", imports=[imported("m7.x")]) == ["m7/x.py"]


def test_a_lower_case_word_is_looked_for_where_it_is_imported(database, ask):
    fill(database, file("shop/total.py", names="total __init__"), file("b.go", names="total", language="go"))
    assert defining(ask, "total") == []
    assert defining(ask, "total", "__init__", imports=[imported("shop", ("total", "total"))]) == [
        "shop/total.py"
    ]
    assert defining(ask, "total", language="go", path="a.go") == ["b.go"]


def test_the_file_at_hand_comes_first(database, ask):
    _, _, own = file("a.py", names="find_me add_up")
    method = IndexEntry("a.py", "add_up", "method", 90, 90, "    def add_up(self):", ("class Cache:",))
    fill(database, ("a.py", "python", [own[0], method]), file("b.py", names="find_me add_up"))
    answer = definitions(ask, ["add_up", "find_me"], "a.py")
    assert [(each.uri.rsplit("/", 1)[-1], each.text) for each in answer] == [
        ("a.py", "class Cache:\n    def add_up(self):"),
        ("a.py", "def find_me()"),
        ("b.py", "def add_up()"),
    ]
    assert defining(ask, "find_me", imports=[imported("b", ("find_me", "find_me"))]) == ["b.py"]


def test_a_file_that_is_gone_is_not_offered(database, ask):
    fill(database, *(file(f"m{i}.py", f"invoice total {i}", names="add_up") for i in range(5)))
    for name in ("m0.py", "m2.py"):
        Path("root", name).unlink()
    Path("root/m2.py").mkdir()
    assert similar(ask, "invoice total", limit=2) == ["m1.py", "m3.py"]
    assert defining(ask, "add_up", path=None) == ["m1.py", "m3.py", "m4.py"]
    Path("root/m0.py").touch()
    assert defining(ask, "add_up", path=None) == ["m0.py", "m1.py", "m3.py"]


def test_rules_younger_than_the_index_hold(database, ask, tmp_path):
    fill(database, file("src/a.py", "invoice total", names="add_up"), file(".env", "invoice total sum"))
    assert similar(ask, "invoice total sum") == ["a.py"]
    (tmp_path / "root/.homebodyignore").write_text("src/\n")
    assert (similar(ask, "invoice total"), defining(ask, "add_up")) == ([], [])
