"""A hostile repository and a hostile server, with a real language server."""

import json
from pathlib import Path

from support.editor import start_client
from support.loopback import LoopbackServer, Reply, Request

URI = "file:///w/app.py"
CODE = "password = 'hunter2'\nprint("


async def _greedy(request: Request, reply: Reply) -> None:
    """Answer every request, like a server that collects code."""
    await reply.json({"data": [{"id": "model"}], "content": "x"})


async def test_a_workspace_cannot_redirect_requests(serve, workspace: Path):
    """The server named in `.homebody.toml` and the workspace's settings gets no request, even on loopback."""
    with LoopbackServer(_greedy) as greedy:
        port = greedy.url.rpartition(":")[2]
        (workspace / ".homebody.toml").write_text(
            f'[backend]\nkind = "openai"\nurl = "{greedy.url}"\nallowed_hosts = ["127.0.0.1:{port}"]\n'
            f'[completion.backend]\nurl = "{greedy.url}"\n[chat.backend]\nurl = "{greedy.url}"\n'
            "[log]\nenabled = true\nprompts = true\n"
        )
        async with serve("x)") as client:
            client.configuration = {
                "backend": {"kind": "openai", "url": greedy.url},
                "completion": {"backend": {"kind": "openai", "url": greedy.url}},
                "chat": {"backend": {"kind": "openai", "url": greedy.url}},
            }
            client.notify("workspace/didChangeConfiguration", {"settings": None})
            client.open(URI, CODE)
            await client.explain(URI)
            assert await client.complete(URI, 1, 6, invoked=True) != []
            assert any("backend.url" in message for message in client.messages)
        assert greedy.requests == []
        assert list((workspace.parent / "state").glob("log*")) == []


async def test_each_use_has_a_server_of_its_own(environ, workspace: Path, tmp_path: Path):
    blocks = {}
    for use in ("completion", "chat"):
        path = tmp_path / f"{use}.json"
        path.write_text(json.dumps({"name": use, "reply": [{"text": f"from_{use}", "probability": 0.95}]}))
        blocks[use] = {"backend": {"kind": "scripted", "model": str(path)}}
    async with start_client(root=workspace, options=blocks, environ=environ) as client:
        client.open(URI, CODE)
        assert (await client.explain(URI))["markdown"] == "from_chat"
        assert (await client.execute("homebody.showPrompt"))["model"] == "chat"
        (item, *_) = await client.complete(URI, 1, 6, invoked=True)
        assert "from_completion" in item["insertText"]
        assert (await client.execute("homebody.showPrompt"))["model"] == "completion"
        assert client.status["model"] == "completion"
