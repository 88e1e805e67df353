"""A hostile repository and a hostile server, with a real language server."""

import json
from pathlib import Path

from support.editor import start_client
from support.loopback import LoopbackServer, Reply, Request
from support.until import until

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


async def test_a_workspace_cannot_script_suggestions(serve, workspace: Path):
    (workspace / "evil.json").write_text(json.dumps({"name": "qwen", "reply": [{"text": "evil()"}]}))
    (workspace / "evil.gguf").write_bytes(b"GGUF")
    (workspace / ".homebody.toml").write_text("[backend]\nkind = 'scripted'\nmodel = './evil.json'\n")
    async with serve("x)") as client:
        client.configuration = {"chat": {"backend": {"kind": "embedded", "model": "./evil.gguf"}}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        client.open(URI, CODE)
        (item, *_) = await client.complete(URI, 1, 6, invoked=True)

        assert "x)" in item["insertText"]
        assert (await client.explain(URI))["markdown"] == "x)"
        await until(lambda: len(client.messages) > 1)
        result = sorted(client.messages)
        assert [one.partition(":")[0] for one in result] == [".homebody.toml", "editor settings"]
        assert all("trusted_folders" in one for one in result)


async def test_a_server_that_redirects_gets_no_further(environ, workspace: Path):
    with LoopbackServer(_greedy) as greedy:

        async def redirect(request: Request, reply: Reply) -> None:
            await reply.json({}, 307, {"location": greedy.url + request.target})

        with LoopbackServer(redirect) as redirecting:
            options = {"backend": {"kind": "llama.cpp", "url": redirecting.url}}
            async with start_client(root=workspace, options=options, environ=environ) as client:
                client.open(URI, CODE)
                await until(lambda: client.messages)
                assert await client.complete(URI, 1, 6, invoked=True) == []
                assert greedy.url in client.messages[0]
                assert "redirect" in client.messages[0]
                assert client.status["kind"] == "Error"
            assert redirecting.requests != []
        assert greedy.requests == []
        assert all(b"hunter2" not in request.body for request in redirecting.requests)


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
