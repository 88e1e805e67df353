"""A hostile repository, a hostile server, and an administrator's file, with the real program."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

from support.editor import start_client
from support.forked import COMMAND
from support.llama_double import LlamaDouble
from support.loopback import LoopbackServer, Reply, Request
from support.needs import needs, needs_network_namespace

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


def test_a_forbidden_model_gets_no_code(tmp_path: Path, environ):
    etc = tmp_path / "etc"
    (etc / "homebody").mkdir(parents=True)
    for name in ("ld.so.cache", "passwd"):  # what Python needs of it
        shutil.copy(Path("/etc", name), etc)
    (etc / "homebody" / "config.toml").write_text('[backend]\nallowed_models = ["qwen*"]\n')
    config = Path(environ["HOMEBODY_CONFIG_DIR"], "config.toml")
    config.parent.mkdir(exist_ok=True)
    (tmp_path / "app.py").write_text("def add(a, b):\n    \n")
    with LlamaDouble() as server:
        allow = '[backend]\nkind = "llama.cpp"\nurl = "{}"\nallowed_models = ["*"]\n'
        config.write_text(allow.format(server.url))
        mount = f"mount --bind {shlex.quote(str(etc))} /etc"
        command = shlex.join([*COMMAND, "complete", "app.py:2:5"])
        unshare = [needs("unshare", "util-linux"), "--mount", *needs_network_namespace()[2:]]
        ran = subprocess.run(
            [*unshare, "sh", "-c", f"{mount} && exec {command}"],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    assert ran.returncode == 2, ran.stderr
    assert "allowed_models" in ran.stderr
    assert "(qwen*)" in ran.stderr
