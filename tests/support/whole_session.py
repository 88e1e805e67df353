"""A whole session with Homebody, as a script: `python whole_session.py FOLDER`.

The language server indexes the workspace, explains, completes and rewrites; then commands do the same from a
terminal, and measure; finally the embedded model's process is ended. Prints one JSON object: the result of
each step, and the process ids of the models. Settings and folders come from the environment; the folders have
to be empty.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from homebody.host.shared import HostFiles, read_state
from homebody.settings import paths
from homebody.text import Span
from support.editor import start_client
from support.forked import COMMAND

SOURCE = '''\
"""Shapes and their areas."""


def area_of_rectangle(width, height):
    return width * height


def area_of_square(side):
    return side *
'''
NEIGHBOUR = """\
from shapes import area_of_square


def area_of_room(length):
    return area_of_square(length)
"""
COMMANDS = {
    "complete": ("complete", "shapes.py:9:18", "--json"),
    "refactor": ("refactor", "shapes.py:4-5", "--action", "docstring", "--diff"),
    "doctor": ("doctor", "--json"),
    "bench": ("bench", "--json"),
    "list": ("models", "list"),
    "log": ("log",),
}


async def main(folder: Path) -> None:
    """Run every step and print its result."""
    (folder / "shapes.py").write_text(SOURCE)
    (folder / "rooms.py").write_text(NEIGHBOUR)
    steps = await use_editor(folder)
    steps |= {f"homebody {name}": run_command(folder, *words) for name, words in COMMANDS.items()}
    sys.stdout.write(json.dumps({"steps": steps, "hosts": end_hosts()}))


async def use_editor(folder: Path) -> dict[str, object]:
    """Use the language server like an editor."""
    async with start_client([*COMMAND, "lsp"], root=folder) as client:
        document = client.open(folder / "shapes.py")
        function = Span(document.text.index("def "), document.text.index("\n\n\ndef area_of_square"))
        explanation = await client.explain(document.uri, function)  # waits until the model is ready
        completions = await client.complete(document.uri, 8, 17, invoked=True)
        actions = await client.actions(document.uri, function)
        refactored = await client.refactor(document.uri, function, action="docstring")
        shown = await client.execute("homebody.showPrompt", {"textDocument": {"uri": document.uri}})
        # The indexing process has the lowest priority, so all of this may be over before it begins.
        index = paths.cache_dir() / "index"
        async with asyncio.timeout(60):
            while not any(index.glob("*")):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.05)
        return {
            "completion": [item["insertText"] for item in completions],
            "explanation": explanation["markdown"],
            "actions": [action["title"] for action in actions],
            "refactoring": refactored["status"],
            "prompt": shown["text"],
            "indexed": [path.name for path in index.iterdir()],
        }


def run_command(folder: Path, *words: str) -> dict[str, object]:
    """Run a command of Homebody's; return its exit code and its output."""
    ran = subprocess.run([*COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False)
    return {"code": ran.returncode, "stdout": ran.stdout, "stderr": ran.stderr}


def end_hosts() -> list[int]:
    """End the model's processes by deleting their lock files; return their ids once they have ended."""
    locks = list((paths.state_dir() / "hosts").glob("*.lock"))
    states = [state for lock in locks if (state := read_state(HostFiles(lock)))]
    hosts = [psutil.Process(state.pid) for state in states]
    for lock in locks:
        lock.unlink()
    _, alive = psutil.wait_procs(hosts, timeout=60)
    if alive:
        sys.exit(f"still there a minute after their files was taken away: {alive}")
    return [host.pid for host in hosts]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
