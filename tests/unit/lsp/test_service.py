"""What the server does before the first request."""

import subprocess
import sys

_START = """
import asyncio, sys
from homebody.lsp.peer import Peer
from homebody.lsp.service import Service

async def main():
    service = Service(Peer({"backend.kind": "scripted", "backend.model": sys.argv[1]}))
    await service.start()
    await asyncio.gather(*(task for task in asyncio.all_tasks() if "load_actions" in repr(task)))
    print("homebody.features.refactor" in sys.modules)
    await service.aclose()

asyncio.run(main())
"""


def test_what_lists_code_actions_is_loaded_before_the_first_request(tmp_path):
    """Loading it takes longer than such a request may."""
    script = tmp_path / "script.toml"
    script.write_text('[[reply]]\ntext = "x"\n')
    command = [sys.executable, "-c", _START, str(script)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"
