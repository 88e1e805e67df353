"""What the server does before the first request."""

import asyncio
import subprocess
import sys

from homebody.lsp.service import refresh_slices
from homebody.workspace.uri import path_of

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
    script = tmp_path / "script.toml"
    script.write_text('[[reply]]\ntext = "x"\n')
    command = [sys.executable, "-c", _START, str(script)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"


async def test_other_work_gets_its_turn_while_many_files_have_changed():
    uris = [f"file:///w/{number}.py" for number in range(2_000)]
    turns = 0
    seen: list[tuple[int, list[object]]] = []

    class Index:
        def refresh(self, paths):
            seen.append((turns, list(paths)))

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await refresh_slices(Index(), uris)
    task.cancel()

    assert [path for _, paths in seen for path in paths] == [path_of(uri) for uri in uris]
    assert len({turn for turn, _ in seen}) >= 4
