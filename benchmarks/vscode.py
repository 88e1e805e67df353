"""What the VS Code extension adds to the server's time, in a real VS Code with the scripted model.

Prints four tables: the way from a key to painted ghost text for models that take 0 to 150 ms for an answer
(until the server has the request, the server's own time, until the answer is painted, and what is added to
the server's time); the tasks of the chat's page while answers of 2,000 tokens stream; from Ctrl+I to its
input; activation, the start of the server, and the bundle.
``--install`` measures instead the first start: from the first click, without server and model, to ghost text
in the sample file, with wheels that are downloaded before.
In turn with this extension, the first table measures a bare one without a server, whose answer is ready so
many milliseconds after VS Code reports the change: what it adds is VS Code's own time.
Needs `sh requirements/setup.sh dev node editors` and Chromium.

    python benchmarks/vscode.py [--keys N] [--rounds N] [--delays 0,20,60,150]
    python benchmarks/vscode.py --install
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure.table import print_table

if TYPE_CHECKING:
    from support.vscode import VSCode

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "benchmarks" / "vscode_pages"
sys.path.insert(0, str(ROOT / "tests"))

KEYS = 10
ROUNDS = 2
# Milliseconds that the scripted model takes for a completion.
DELAYS = "0,20,60,150"
MOST_ACTIVATION_MILLISECONDS = 300
MOST_BUNDLE_KB = 800
ANSWER_TOKENS = 2000
# Each line of the file is completed by this one, so that every line gets ghost text.
COMPLETION = "value = first + second"
BARE = {
    "name": "bare",
    "version": "1.0.0",
    "publisher": "homebody-benchmarks",
    "engines": {"vscode": "^1.91.0"},
    "activationEvents": ["onStartupFinished"],
}
PARAGRAPH = "It adds `first` and **second**, then stores the sum in the table.\n\n"
FUNCTION = "def total(first, second):\n    return first + second\n\n"
# Answers of about so many tokens, by what they consist of. The last section of an answer is drawn anew while
# it grows, so one long section costs most.
ANSWERS = {
    "text and code": "".join(
        PARAGRAPH if at % 3 else f"```python\n{FUNCTION}```\n\n" for at in range(ANSWER_TOKENS // 12)
    ),
    "one code block": f"```python\n{FUNCTION * (ANSWER_TOKENS // 14)}```\n",
    "one list": f"- {PARAGRAPH.strip()}\n" * (ANSWER_TOKENS // 16),
}
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


Parts = tuple[float, float, float]
"""Milliseconds: from the key to the request at the server, to its answer, and until that is painted."""


KEY_HEAD = ("model", "keys", "to request", "server", "to paint", "whole", "added", "longest added")
STREAM_HEAD = ("answer", "tokens", "tasks over 50 ms", "longest", "longest by the processor")


def main(options: argparse.Namespace) -> None:
    """Measure and print."""
    from support.vscode import homebody, pack, package, start_vscode

    delays = [int(one) for one in options.delays.split(",")]
    parts: dict[tuple[int, str], list[Parts]] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        builds = {"this": package(folder), "bare": pack(folder, BARE, _bare(folder / "bare"))}
        windows: dict[str, VSCode] = {}
        for build, vsix in builds.items():
            settings = _settings(folder / build, delays, homebody())
            windows[build] = stack.enter_context(start_vscode(folder / build / "vscode", settings, vsix))
        for round_number in range(options.rounds):
            for delay in delays:
                for build, vscode in windows.items():
                    workspace = _workspace(folder / build / f"{round_number}-{delay}", _first_line(delay))
                    keystrokes = _numbers(vscode, str(SCRIPTS / "keys.js"), workspace, keys=options.keys)
                    served = _served(folder / build)
                    parts.setdefault((delay, build), []).extend(_parts(keystrokes, served))
        print_table("Key to ghost text painted, medians in milliseconds", KEY_HEAD, _key_rows(parts))
        questions = [_question(shape) for shape in ANSWERS]
        workspace = _workspace(folder / "chat", "# Sums.\n")
        tasks = _numbers(windows["this"], str(SCRIPTS / "stream.js"), workspace, questions=questions)
        print_table("The thread of the chat's page while an answer streams", STREAM_HEAD, _stream_rows(tasks))
        workspace = _workspace(folder / "instruction", "# Sums.\n")
        focused = _numbers(windows["this"], str(SCRIPTS / "instruction.js"), workspace, keys=options.keys)
        first, *others = [after - before for before, after in focused]
        row = [f"{value:.0f} ms" for value in (first, statistics.median(others), max(others))]
        print_table("Ctrl+I to its input (target: 100 ms)", ("first", "median", "longest"), [row])
        workspace = _workspace(folder / "activation", "# Sums.\n")
        suites = [str(SCRIPTS / "activation.js")]
        activation = _numbers(windows["this"], "exthost.js", workspace, suites=suites)
    print_table("The extension", ("", "measured", "target"), _other_rows(*activation[0]))


def install() -> None:
    """Measure the first start, without a server and a model."""
    from support.vscode import package, start_vscode

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        offline = folder / "offline"
        make = [sys.executable, ROOT / "packaging" / "offline.py", "--no-vsix", "--to", offline]
        subprocess.run(make, check=True, capture_output=True)
        settings = {"workbench.startupEditor": "readme"}
        vsix = package(folder)
        paths = [
            path for path in os.environ["PATH"].split(os.pathsep) if not (Path(path) / "homebody").exists()
        ]
        wheels = folder / "wheels"
        environ = {"PATH": os.pathsep.join(paths), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
        vscode = stack.enter_context(start_vscode(folder / "vscode", settings, vsix, **environ))
        for place in (next((vscode.data / "extensions").glob("homebody.*")) / "wheels", wheels):
            place.mkdir()
            for wheel in (next(offline.glob("homebody-*.whl")), *(offline / "wheels").glob("*.whl")):
                shutil.copy(wheel, place)
        workspace = _workspace(folder / "workspace", "# Sums.\n")
        [times] = _numbers(vscode, str(SCRIPTS / "install.js"), workspace, settings=settings)
    head = ("", "seconds after the first click")
    labels = ("the server runs", "the model is there", "ghost text in the sample (target: 60)")
    rows = [[label, f"{time / 1000:.1f}"] for label, time in zip(labels, times, strict=True)]
    print_table("The first start, with two clicks", head, rows)


def _settings(folder: Path, delays: Sequence[int], program: str) -> dict[str, object]:
    folder.mkdir()
    replies = [
        *(
            {"contains": _question(shape), "text": text, "piece_delay_ms": 5}
            for shape, text in ANSWERS.items()
        ),
        *(
            {"contains": _first_line(delay), "text": COMPLETION, "probability": 0.95, "delay_ms": delay}
            for delay in delays
        ),
    ]
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": replies}))
    clock = folder / "homebody"
    times = str(folder / "times")
    clock.write_text(CLOCK.format(python=sys.executable, homebody=program, times=times))
    clock.chmod(0o755)
    return {
        "homebody.server.command": str(clock),
        "homebody.backend.kind": "scripted",
        "homebody.backend.model": str(script),
        "homebody.chat.maxTokens": 4096,
        # The tests' windows save soon after each key.
        "files.autoSave": "off",
    }


def _bare(folder: Path) -> str:
    """Code of the bare extension, which writes down the times of its answers."""
    names = {"TIMES": str(folder / "times"), "COMPLETION": COMPLETION}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in names.items())
    return constants + (SCRIPTS / "bare.js").read_text()


def _first_line(delay: int) -> str:
    """First line of a file whose completions take so many milliseconds."""
    return f"# Sums; the model takes {delay} ms.\n"


def _question(shape: str) -> str:
    """Question that is answered in a shape; no other one contains it."""
    return f"Answer with {shape}."


def _workspace(folder: Path, text: str) -> Path:
    (folder / ".vscode").mkdir(parents=True)
    (folder / "sums.py").write_text(text)
    return folder


def _served(folder: Path) -> list[tuple[float, ...]]:
    """When each answered request came to the server, and when its answer left."""
    return [tuple(map(float, line.split())) for line in (folder / "times").read_text().splitlines()]


def _numbers(vscode: "VSCode", script: str, workspace: Path, **more: object) -> list[list[Any]]:
    """Run a script; its claims are lists of numbers."""
    return [json.loads(line) for line in vscode.run(script, workspace, **more)]


def _parts(keystrokes: Sequence[Sequence[float]], served: Sequence[tuple[float, ...]]) -> list[Parts]:
    """Take the last answer before each painting: that is the one on the screen."""
    parts: list[Parts] = []
    for pressed, painted in keystrokes:
        answers = [(began, ended) for began, ended in served if pressed <= began and ended <= painted]
        if answers:
            began, ended = answers[-1]
            parts.append((began - pressed, ended - began, painted - ended))
    return parts


def _key_rows(parts: Mapping[tuple[int, str], Sequence[Parts]]) -> list[list[str]]:
    rows: list[list[str]] = []
    for (delay, build), found in sorted(parts.items()):
        asked, own, shown = zip(*found, strict=True)
        added = [before + after for before, after in zip(asked, shown, strict=True)]
        columns = (asked, own, shown, [sum(one) for one in found], added)
        medians = [f"{statistics.median(column):.0f}" for column in columns]
        rows.append([f"{delay} ms, {build}", str(len(found)), *medians, f"{max(added):.0f}"])
    return rows


def _stream_rows(found: Sequence[Sequence[Any]]) -> list[list[str]]:
    """Rows of the three lines that the script prints for each answer."""
    rows: list[list[str]] = []
    for shape, long, busiest, (tokens,) in zip(ANSWERS, found[::3], found[1::3], found[2::3], strict=True):
        longest = f"{long[0][0]:.0f} ms, {long[0][1]:.0f} of the processor" if long else "none"
        rows.append([shape, f"{tokens:.0f}", str(len(long)), longest, f"{busiest[1]:.0f} ms"])
    return rows


def _other_rows(activation: float, ready: float) -> list[list[str]]:
    folder = ROOT / "clients" / "vscode" / "out"
    size = sum(
        (folder / name).stat().st_size
        for name in ("extension.js", "languageclient.js", "chat.js", "chat.css")
    )
    return [
        ["activation, loading included", f"{activation:.0f} ms", f"{MOST_ACTIVATION_MILLISECONDS} ms"],
        ["from there until the server is ready", f"{ready - activation:.0f} ms", ""],
        ["bundle", f"{size / 1024:.0f} KB", f"{MOST_BUNDLE_KB} KB"],
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=KEYS, help="keys in each window")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="windows for each build and model")
    parser.add_argument("--delays", default=DELAYS, help="milliseconds that the model takes, with commas")
    parser.add_argument("--install", action="store_true", help="measure the first start instead")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _options()
    if chosen.install:
        install()
    else:
        main(chosen)
