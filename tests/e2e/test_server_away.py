"""A llama.cpp that stops and restarts on its port while the language server keeps running."""

from support.editor import start_client
from support.recording_proxy import RecordingProxy
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    \n\ndef other():\n    pass\n"


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
