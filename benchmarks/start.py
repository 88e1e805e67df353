"""Measures the time from starting `homebody lsp` to the answer of `initialize`, and that of a bare pygls.

Prints a table of medians. Both are started alternately in one run, so that other load affects both equally.

    python benchmarks/start.py [ROUNDS]
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure.table import print_table

BARE = """
from pygls.lsp.server import LanguageServer
LanguageServer("bare", "1").start_io()
"""
SERVERS = {
    "a bare pygls server": [sys.executable, "-c", BARE],
    "homebody lsp": [str(Path(sys.executable).with_name("homebody")), "lsp"],
}
LIMIT = 1.3


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times: dict[str, list[float]] = {name: [] for name in SERVERS}
    for round_number in range(rounds + 1):
        for name, command in SERVERS.items():
            seconds = answered_after(command)
            if round_number:  # the first one fills the file cache
                times[name].append(seconds)
    medians = {name: statistics.median(found) for name, found in times.items()}
    bare = medians["a bare pygls server"]
    rows: list[list[str]] = []
    for name, found in times.items():
        cells = [f"{value * 1000:.0f}" for value in (medians[name], min(found), max(found))]
        rows.append([name, *cells, f"{medians[name] / bare:.2f}"])
    head = ("milliseconds", "median", "fastest", "slowest", f"ratio (at most {LIMIT})")
    print_table(f"Start to `initialize` answered, {rounds} rounds", head, rows)


def answered_after(command: list[str]) -> float:
    """Seconds until the server has answered `initialize`."""
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    body = json.dumps(request).encode()
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"Content-Length")
        seconds = time.perf_counter() - began
        process.kill()
    return seconds


if __name__ == "__main__":
    main()
