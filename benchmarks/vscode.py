"""What the VS Code extension adds to the server's time, in a real VS Code with the scripted model.

Prints a table: the way from a key to painted ghost text in three parts (until the server has the request, the
server's own time, and until the answer is painted), activation, the longest task of the chat's page while an
answer of 2,000 tokens streams, and the size of the bundle.
Needs `sh requirements/setup.sh dev node editors` and Chromium.

    python benchmarks/vscode.py [KEYS]
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from measure.table import print_table

if TYPE_CHECKING:
    from support.vscode import VSCode

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "benchmarks" / "vscode_pages"
sys.path.insert(0, str(ROOT / "tests"))

KEYS = 40
MOST_MILLISECONDS = {"added": 50, "activation": 300, "block": 50}
MOST_BUNDLE_KB = 800
# VS Code waits so long after a key before it asks any provider; only proposed API can shorten it.
VSCODE_DEBOUNCE_MILLISECONDS = 50
ANSWER_TOKENS = 2000
# Each line of the file is completed by this one, so that every line gets ghost text.
COMPLETION = "value = first + second"
PARAGRAPH = "It adds `first` and **second**, then stores the sum in the table.\n\n"
CODE = "```python\ndef total(first, second):\n    return first + second\n```\n\n"
# Passes everything on, and writes down when a suggestion was asked for and when the server answered.
CLOCK = """\
#!{python}
import subprocess, sys, threading, time
server = subprocess.Popen([{homebody!r}, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
times = open({times!r}, "a", buffering=1)
waiting = {{}}

def frames(source):
    while line := source.readline():
        length = int(line.split(b":")[1])
        head = line
        while (line := source.readline()) != b"\\r\\n":
            head += line
        yield head + line, source.read(length)

def answers():
    import json
    for head, body in frames(server.stdout):
        if b'"id"' in body and b'"method"' not in body:
            message = json.loads(body)
            began = waiting.pop(message["id"], None)
            if began is not None and (message.get("result") or {{}}).get("items"):
                print(began * 1000, time.time() * 1000, file=times)
        sys.stdout.buffer.write(head + body)
        sys.stdout.buffer.flush()

threading.Thread(target=answers, daemon=True).start()
import json
for head, body in frames(sys.stdin.buffer):
    if b"textDocument/inlineCompletion" in body:
        message = json.loads(body)
        if "id" in message:
            waiting[message["id"]] = time.time()
    server.stdin.write(head + body)
    server.stdin.flush()
server.stdin.close()
server.wait()
"""


def main(keys: int) -> None:
    """Measure and print."""
    from support.vscode import homebody, package, start_vscode

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = folder / "times"
        settings = _settings(folder, times, homebody())
        workspace = folder / "workspace"
        (workspace / ".vscode").mkdir(parents=True)
        (workspace / "sums.py").write_text("# Sums.\n")
        with start_vscode(folder / "vscode", settings, package(folder)) as vscode:
            activation = _numbers(vscode, "exthost.js", workspace, suite=str(SCRIPTS / "activation.js"))
            keystrokes = _numbers(vscode, str(SCRIPTS / "keys.js"), workspace, keys=keys)
            blocks = _numbers(vscode, str(SCRIPTS / "stream.js"), workspace)
        served = [tuple(map(float, line.split())) for line in times.read_text().splitlines()]
    rows = [*_key_rows(keystrokes, served), *_other_rows(activation[0], blocks)]
    print_table("The VS Code extension", ("", "median", "longest", "target"), rows)


def _settings(folder: Path, times: Path, program: str) -> dict[str, object]:
    answer = "".join((PARAGRAPH if at % 3 else CODE) for at in range(ANSWER_TOKENS // 12))
    replies = [
        {"contains": "For a long time", "text": answer, "piece_delay_ms": 5},
        {"text": COMPLETION, "probability": 0.95},
    ]
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": replies}))
    clock = folder / "homebody"
    clock.write_text(CLOCK.format(python=sys.executable, homebody=program, times=str(times)))
    clock.chmod(0o755)
    return {
        "homebody.server.command": str(clock),
        "homebody.backend.kind": "scripted",
        "homebody.backend.model": str(script),
        "homebody.chat.maxTokens": 4096,
    }


def _numbers(vscode: "VSCode", script: str, workspace: Path, **more: object) -> list[list[float]]:
    """Run a script; its claims are lists of numbers."""
    return [json.loads(line) for line in vscode.run(script, workspace, **more)]


def _key_rows(keystrokes: Sequence[Sequence[float]], served: Sequence[tuple[float, ...]]) -> list[list[str]]:
    """Take the last answer before each painting: that is the one on the screen."""
    parts: list[tuple[float, float, float]] = []
    for pressed, painted in keystrokes:
        answers = [(began, ended) for began, ended in served if pressed <= began and ended <= painted]
        if answers:
            began, ended = answers[-1]
            parts.append((began - pressed, ended - began, painted - ended))
    asked, own, shown = zip(*parts, strict=True)
    added = [before + after for before, after in zip(asked, shown, strict=True)]
    beyond = [one - VSCODE_DEBOUNCE_MILLISECONDS for one in added]
    return [
        _row(f"key to ghost text painted, {len(parts)} lines", [sum(one) for one in parts], ""),
        _row("key to request at the server", asked, ""),
        _row("the server's own time", own, ""),
        _row("answer to paint", shown, ""),
        _row("added to the server's time", added, f"{MOST_MILLISECONDS['added']} ms"),
        _row(f"without the {VSCODE_DEBOUNCE_MILLISECONDS} ms for which VS Code waits", beyond, ""),
    ]


def _other_rows(activation: Sequence[float], blocks: Sequence[Sequence[float]]) -> list[list[str]]:
    lengths, around, (tokens,) = blocks
    size = sum(
        (ROOT / "clients" / "vscode" / "out" / name).stat().st_size
        for name in ("extension.js", "chat.js", "chat.css")
    )
    block = f"{MOST_MILLISECONDS['block']} ms"
    return [
        _row("activation, loading included", activation, f"{MOST_MILLISECONDS['activation']} ms"),
        _row(f"long tasks of the chat's page, {tokens:.0f} tokens ({len(lengths)})", lengths or [0], block),
        _row(f"long tasks of the window around it ({len(around)})", around or [0], ""),
        ["bundle", "", f"{size / 1024:.0f} KB", f"{MOST_BUNDLE_KB} KB"],
    ]


def _row(title: str, found: Sequence[float], target: str) -> list[str]:
    return [title, f"{statistics.median(found):.0f} ms", f"{max(found):.0f} ms", target]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else KEYS)
