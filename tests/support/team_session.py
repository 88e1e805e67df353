"""A team's server beyond this machine, as a script for a network namespace: `python team_session.py HOST`.

HOST is an address that is not loopback and belongs to this namespace. Two servers run there; the results of
requests to them, with and without an entry in ``allowedHosts``, are printed as one JSON object.
"""

import asyncio
import json
import sys

from homebody.backend import open_backend
from homebody.backend.base import Backend, Message, Piece, Prompt, Text
from homebody.errors import BackendError
from homebody.settings import BackendSettings, Settings
from support.loopback import LoopbackServer, Reply, Request
from support.openai_double import OpenAiDouble, OpenAiModel
from support.passes import everything
from support.streams import MANY, chat


async def complete(backend: Backend) -> str:
    """Complete once, or print the error's name."""
    try:
        stream = backend.complete(Prompt((Text("secret = 1\n"),)), MANY)
        return "".join([item.text async for item in stream if isinstance(item, Piece)])
    except BackendError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        await backend.aclose()


async def main(host: str) -> None:
    async def redirect(request: Request, reply: Reply) -> None:
        await reply.whole(b"", 307, {"location": team.url + request.target})

    models = [OpenAiModel("qwen2.5-coder-7b-instruct", context_length=16384)]
    with (
        OpenAiDouble(models, "vllm", host=host) as team,
        OpenAiDouble(models, "vllm", host=host) as other,
        LoopbackServer(redirect) as redirecting,
    ):
        allowed = (f"{host}:{team.port}",)

        def open_at(url: str, allowed_hosts: tuple[str, ...]) -> Backend:
            block = BackendSettings(kind="openai", url=url, allowed_hosts=allowed_hosts, timeout_seconds=60)
            return open_backend(block, Settings(), use="completion", passes=everything)

        results = {
            "without an entry": await complete(open_at(team.url, ())),
            "with it": await complete(open_at(team.url, allowed)),
            "on another port": await complete(open_at(other.url, allowed)),
            "by redirect": await complete(open_at(redirecting.url, allowed)),
        }
        heard = {
            "team": len(team.requests),
            "other": len(other.requests),
            "redirecting": len(redirecting.requests),
        }
        chatting = open_at(team.url, allowed)
        info = await chatting.describe()
        stream = chat(chatting, [Message("user", "hi")])
        results["chat"] = "".join([item.text async for item in stream if isinstance(item, Piece)])
        await chatting.aclose()
    report = {"results": results, "heard": heard, "context_length": info.context_length}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
