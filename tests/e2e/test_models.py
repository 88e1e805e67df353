"""The real server with real models: the tiny scripted one, also when it stops, and the default weights."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import psutil

from homebody.text import Span
from support.editor import start_client
from support.recording_proxy import RecordingProxy
from support.tiny_gguf import ENDLESS_SCRIPT, write_tiny_gguf
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    \n\ndef other():\n    pass\n"


def _embedded(model: object) -> dict[str, Any]:
    return {"backend": {"kind": "embedded", "model": str(model), "contextLength": 2048}}


async def test_a_place_focused_before_the_model_is_loaded_is_read_afterwards(host, environ, tmp_path):
    with RecordingProxy(host.url, host.key) as proxy:
        backend = {"kind": "llama.cpp", "url": proxy.url, "apiKey": host.key}
        async with start_client(options={"backend": backend}, environ=environ) as client:
            document = client.open(tmp_path / "values.py", "".join(f"value_{n} = {n}\n" for n in range(60)))
            client.focus(document.uri, 60, 0)
            await until(lambda: any(body["n_predict"] == 0 for body in proxy.bodies("/completion")))


async def test_cancelling_ends_the_models_work(environ, workspace, tmp_path):
    model = write_tiny_gguf(tmp_path / "endless.gguf", ENDLESS_SCRIPT)
    async with start_client(root=workspace, options=_embedded(model), environ=environ) as client:
        client.open(URI, CODE)
        await until(lambda: client.status.get("model"))
        pieces: list[str] = []
        asked = asyncio.ensure_future(client.explain(URI, on_text=pieces.append))
        await until(lambda: len(pieces) > 3)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        host = _host_process(environ)

        await until(lambda: _rests(host))
        assert len(pieces) < 512


async def test_the_default_weights_complete_from_the_prefix(weights, environ, workspace):
    text = (
        'metals = ["tungsten", "rhodium", "gallium"]\n'
        'for metal in ["tungsten", "rhodium", "gallium"]:\n    print(metal)\n'
        'assert metals == ["tungsten", '
    )
    async with start_client(root=workspace, options=_embedded(weights), environ=environ) as client:
        document = client.open(URI, text)
        await until(lambda: client.status.get("model"))
        (first, *_) = await client.complete(URI, *document.position_of(len(text)), invoked=True)

        assert '"rhodium", "gallium"]' in first["insertText"]


async def test_the_default_weights_explain_and_document_what_is_selected(weights, environ, workspace):
    text = "def convert(celsius):\n    fahrenheit = celsius * 9 / 5 + 32\n    return fahrenheit\n"
    async with start_client(root=workspace, options=_embedded(weights), environ=environ) as client:
        client.open(URI, text)
        pieces: list[str] = []
        result = await client.explain(URI, Span(0, len(text)), on_text=pieces.append)
        assert "fahrenheit" in result["markdown"].lower()
        assert "".join(pieces).strip() == result["markdown"]

        assert (await client.refactor(URI, Span(30, 30), action="docstring"))["status"] == "applied"
        document = client.documents[URI].text
        assert document.startswith('def convert(celsius):\n    """')
        assert "fahrenheit" in document.split('"""')[1].lower()


def _host_process(environ: Mapping[str, str]) -> psutil.Process:
    # Others, such as git, may end meanwhile: `process_iter` leaves them out.
    (host,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if environ["HOMEBODY_STATE_DIR"] in " ".join(process.info["cmdline"] or ())
    ]
    return host


def _rests(process: psutil.Process) -> bool:
    before = sum(process.cpu_times()[:2])
    time.sleep(0.2)
    return sum(process.cpu_times()[:2]) - before < 0.03


async def test_the_status_follows_a_server_that_stops_and_restarts(host, environ, workspace):
    with RecordingProxy(host.url) as server:
        block = {"url": server.url, "apiKey": host.key}
        async with start_client(root=workspace, options={"backend": block}, environ=environ) as client:
            client.open(URI, CODE)
            await until(lambda: client.status.get("model"))
            assert "since it is loaded and fills in the middle" in client.status["reasons"][-1]
            assert await client.complete(URI, 1, 4, invoked=True) != []

            server.stop()
            for column in (0, 1, 2, 3):
                assert await client.complete(URI, 1, column) == []
            await until(lambda: client.status["kind"] == "Error")
            assert [block["url"] in message for message in client.messages] == [True]

            server.start()
            await until(lambda: client.status["kind"] == "Normal")
            await until(lambda: client.status["backend"] == "llama.cpp")
            client.type(URI, len(CODE), "# More.\n")
            item, *_ = await client.complete(URI, 1, 4, invoked=True)
            assert item["insertText"] == "return a + b"
            assert len(client.messages) == 1
