"""Measures the memory of the language server with an open file of 10,000 lines, without the model.

The file is edited and completed, so that its tree and its line index exist. The model is scripted: the
embedded model would run in a separate process.

    python benchmarks/memory.py
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from support.editor import Client, start_client

LINES = 10_000
LIMIT_MB = 150
SCRIPT = '[[reply]]\ntext = "return value + 1"\nprobability = 0.9\n'
FUNCTION = '''def function_{0}(value: int, other: str = "x") -> int:
    """Return something for {0}."""
    if value > {0} and other:
        return value * {0}
    return len(other)

'''


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "script.toml").write_text(SCRIPT)
        (folder / "large.py").write_text(source())
        options = {"backend": {"kind": "scripted", "model": str(folder / "script.toml")}}
        async with start_client(root=folder, options=options) as client:
            await report(client, folder)


async def report(client: Client, folder: Path) -> None:
    """Print one line for each stage."""
    server = psutil.Process().children()[0]

    def print_memory(stage: str) -> None:
        print(f"{stage:<44}{server.memory_info().rss / 1e6:>8.0f} MB")

    print_memory("initialized")
    document = client.open(folder / "large.py")
    await client.execute("homebody.status")
    await client.complete(document.uri, 5, 0)
    await settled(server)
    print_memory(f"{document.line_count} lines open, features loaded")
    for _ in range(200):
        document = client.type(document.uri, len(document.text) // 2, "x")
        await client.complete(document.uri, *document.position_of(len(document.text) // 2))
    await settled(server)
    print_memory("after 200 keys, each completed")
    print(f"\nat most {LIMIT_MB} MB")


async def settled(server: psutil.Process) -> None:
    """Wait until the server is idle for half a second."""
    while True:
        before = sum(server.cpu_times()[:2])
        await asyncio.sleep(0.5)
        if sum(server.cpu_times()[:2]) - before < 0.02:
            return


def source() -> str:
    """Python source with this number of lines."""
    functions = LINES // FUNCTION.count("\n")
    return "".join(FUNCTION.format(number) for number in range(functions + 1))


if __name__ == "__main__":
    began = time.perf_counter()
    asyncio.run(main())
    print(f"{time.perf_counter() - began:.0f} s")
