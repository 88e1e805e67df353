"""The rows of the table of servers with OpenAI's API."""

from pathlib import Path

import pytest

from homebody.backend.http import ModelServer
from homebody.backend.servers.openai import recognise
from homebody.backend.servers.openai_servers import SERVERS, UNKNOWN, Dialect
from support.loopback import LoopbackServer, Reply, Request

ROWS = {
    "vLLM": ("vllm", 8000, None),
    "SGLang": ("sglang", None, None),
    "llama.cpp": ("llamacpp", None, None),
    "LiteLLM": ("", None, "/health/liveliness"),
    "KoboldCpp": ("koboldcpp", 5001, "/api/extra/version"),
    "llama-cpp-python": ("", None, "/openapi.json"),
    "Jan": ("", 1337, None),
}


def test_the_table_has_these_servers():
    rows = {row.name: (row.owner, row.port, row.asked and row.asked[0]) for row in SERVERS}
    assert rows == ROWS
    page = (Path(__file__).parents[3] / "docs" / "backends.md").read_text("utf-8")
    assert [name for name in rows if name not in page] == []


@pytest.mark.parametrize("row", SERVERS, ids=lambda row: row.name)
async def test_a_server_is_recognised_by_what_its_row_names(row: Dialect):
    async def answer(request: Request, reply: Reply) -> None:
        path, words = row.asked or ("", "")
        await (reply.json({"text": words}) if request.path == path else reply.json({}, 404))

    with LoopbackServer(answer) as double:
        server = ModelServer(double.url)
        known = await recognise(server, row.owner or "somebody")
        await server.aclose()

    # A row with neither is recognised by its port, which another program may use here.
    assert known is (row if row.owner or row.asked else UNKNOWN)
