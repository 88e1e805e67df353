"""A team's own server: it is contacted only if the user's settings contain its exact address.

The second half is a script for a network namespace: `python test_team.py HOST` tries two servers at HOST, an
address there that is not loopback.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from homebody.backend import open_backend
from homebody.backend.base import Prompt, Text
from homebody.errors import BackendError
from homebody.settings import BackendSettings, Settings
from support.connections import ELSEWHERE, in_namespace
from support.openai_double import OpenAiDouble, OpenAiModel
from support.streams import MANY, any_prompt, read


def test_a_teams_server_is_contacted_only_at_the_address_that_the_settings_allow():
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = in_namespace([sys.executable, __file__, ELSEWHERE])
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    unlisted, listed, other_port, requests = json.loads(done.stdout)

    assert unlisted.startswith("ConnectionForbidden: ")
    assert f'add "{ELSEWHERE}:' in unlisted
    assert listed == "return a + b"
    assert other_port.startswith("ConnectionForbidden: ")
    assert requests == 0


async def main(host: str) -> None:
    models = [OpenAiModel("qwen2.5-coder-7b-instruct")]
    with OpenAiDouble(models, "vllm", host=host) as team, OpenAiDouble(models, "vllm", host=host) as other:
        allowed = f"{host}:{team.port}"
        answers = [
            await answer(team.url),
            await answer(team.url, allowed),
            await answer(other.url, allowed),
        ]
        sys.stdout.write(json.dumps([*answers, len(other.requests)]))


async def answer(url: str, *allowed: str) -> str:
    block = BackendSettings(kind="openai", url=url, allowed_hosts=allowed, timeout_seconds=60)
    backend = open_backend(block, Settings(), use="completion", passes=any_prompt)
    try:
        return (await read(backend.complete(Prompt((Text("secret = 1\n"),)), MANY)))[0]
    except BackendError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        await backend.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
