"""Code from other files and cells in a completion's prompt, and how the user can see it."""

import json
import subprocess
from pathlib import Path

from support.editor import Client, Json, start_client
from support.forked import homebody_command
from support.until import until

_PRICES = '''\
def with_tax(amount, rate=0.19):
    """Add the tax."""
    return amount * (1 + rate)
'''
_SHOP = "from prices import with_tax\n\n\ndef total(amount):\n    return with_tax("


async def test_a_definition_from_another_file_arrives_in_the_prompt(serve, workspace: Path, tmp_path: Path):
    (workspace / "prices.py").write_text(_PRICES)
    asked = tmp_path / "asked.jsonl"
    async with serve("amount)", requests_file=str(asked)) as client:
        document = client.open(workspace / "shop.py", _SHOP)
        await until(lambda: _is_indexed(client))
        shown = await _shown_with(client, asked, document.uri, 4, 20, "def with_tax(amount, rate=0.19):")

        [source] = [part for part in shown["sources"] if part["uri"].endswith("/prices.py")]
        assert source["why"]
        assert source["tokens"] > 0
        assert shown["notes"] == []


async def test_cells_above_arrive_in_the_prompt(serve, tmp_path: Path):
    book = "file:///w/a.ipynb"
    names = ["9", "10", "11", "2", "inserted", "A", "0", "1"]
    cells = [f"vscode-notebook-cell:/w/a.ipynb#{name}" for name in names]
    above = [f"value_{name} = '{name}'\n" for name in names[:5]]
    texts = [*above, "threshold = 17\n", "over = threshold + ", "later = 99\n"]
    asked = tmp_path / "asked.jsonl"
    async with serve("1", requests_file=str(asked)) as client:
        client.open_notebook(book, dict(zip(cells, texts, strict=True)))
        shown = await _shown_with(client, asked, cells[6], 0, 19, "threshold = 17")

        assert "later" not in shown["text"]
        positions = [shown["text"].index(text.strip()) for text in texts[:7]]
        assert positions == sorted(positions)
        assert [source["why"] for source in shown["sources"]].count("cell above") == 6


async def test_the_log_of_a_session_is_read_from_the_command_line(environ, workspace: Path, scripted):
    logging = dict(environ) | {"HOMEBODY_LOG_ENABLED": "true"}
    options = scripted("compute(1)\n")
    async with start_client(root=workspace, options=options, environ=logging) as client:
        document = client.open(workspace / "a.py", "start = 0\nx = ")
        await client.execute("homebody.showPrompt")  # waits until there is an engine
        for column, key in ((4, "c"), (5, "o"), (6, "m")):
            assert await client.complete(document.uri, 1, column, invoked=False) != []
            client.type(document.uri, len(client.documents[document.uri].text), key)
        await client.explain(document.uri)

    read = _homebody(environ, "log", "--json")
    entries = [json.loads(line) for line in read.splitlines()]
    assert [entry["feature"] for entry in entries] == ["complete", "explain"]
    assert entries[0]["outcome"] == "shown"
    assert entries[0]["prompt"]["sources"] != []
    assert {entry["answer"] for entry in entries} == {""}
    assert "compute" not in _homebody(environ, "log")


async def _shown_with(client: Client, asked: Path, uri: str, line: int, column: int, text: str) -> Json:
    """Ask, wait until the model has read a prompt with ``text`` ahead, and ask one character further.

    After an answer a wider window is read ahead, and the next request uses it. Returns that prompt.
    """
    client.focus(uri, line, column - 1)
    await client.complete(uri, line, column - 1)
    await until(lambda: any(text in one["prompt"] and one["read"] == one["of"] for one in _asked(asked)))
    for _ in range(5):
        await client.execute("homebody.status")  # what is read is used a few steps of the event loop later
    await client.complete(uri, line, column, invoked=True)
    shown = await client.execute("homebody.showPrompt", {"textDocument": {"uri": uri}})
    assert text in shown["text"]
    return shown


def _asked(path: Path) -> list[Json]:
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _is_indexed(client: Client) -> bool:
    result = [
        status["message"] for method, status in client.notifications if method.endswith("didChangeStatus")
    ]
    return any("Indexing" in message for message in result) and "Indexing" not in result[-1]


def _homebody(environ, *words: str) -> str:
    command = [*homebody_command(), *words]
    return subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=True).stdout
