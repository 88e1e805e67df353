"""Which of Homebody's modules and functions one completion runs through: what a newcomer has to read.

A real ``homebody lsp`` over the scripted backend answers two requests for ghost text, each after a key. From
the second change on, until its answer is returned, a profile hook in every thread records the calls. What is
defined inside a function counts to that function, and a call across modules counts once for each pair of
functions. The modules of the rules that ``postprocess/ghost/rules.py`` lists are counted once more on their
own: each can be read alone.

    python benchmarks/completion_path.py [--source FOLDER] [--list]

``--source`` is the folder ``server`` of another version.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from support.editor import start_client

_PACKAGE = Path(__file__).parents[1] / "server"
_TEXT = '''\
"""Shapes."""

import math


class Circle:
    """A circle."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def area(self) -> float:
        """Area of the circle."""
        '''
# The answer does not agree with the second key, so the model is asked again.
_KEYS = "ab"
_ANSWER = "rea = math.pi * self.radius**2\n"
_LSP = ("lsp/", "cli/", "outbox.py")

# Runs in the server's process: `python -c _HOOK FOLDER RESULT lsp`.
_HOOK = r"""
import json, os, sys, threading
folder, result = sys.argv[1:3]
sys.path.insert(0, folder)
sys.argv = ["homebody", *sys.argv[3:]]
top = os.path.join(os.path.realpath(folder), "homebody") + os.sep
names, calls, changes = {}, [], 0

def place(code):
    if code not in names:
        path = os.path.realpath(code.co_filename)
        names[code] = path.removeprefix(top) if path.startswith(top) else None
    return names[code]

def owner(code):
    return code.co_qualname.split(".<locals>")[0] if hasattr(code, "co_qualname") else code.co_name

def hook(frame, event, arg):
    global changes
    code = frame.f_code
    module = place(code)
    if module is None:
        return
    if event == "call":
        changes += code.co_name == "did_change" and module == "lsp/sync.py"
        if changes < 2:
            return
        caller = frame.f_back
        while caller is not None and place(caller.f_code) is None:
            caller = caller.f_back
        from_module = None if caller is None else place(caller.f_code)
        calls.append((module, owner(code), from_module or "", owner(caller.f_code) if caller else ""))
    elif event == "return" and changes >= 2 and module == "lsp/inline_completion.py":
        if isinstance(arg, list) or type(arg).__name__ == "InlineCompletionList":
            sys.setprofile(None)
            threading.setprofile(None)
            with open(result, "w") as file:
                json.dump(calls, file)
            changes = -10**6

threading.setprofile(hook)
sys.setprofile(hook)
from homebody.cli import main
sys.exit(main())
"""


class Call(NamedTuple):
    """One call. The caller is the last function of Homebody's on the stack; empty where there is none."""

    module: str
    function: str
    caller_module: str
    caller: str


async def main() -> None:
    """Print the numbers."""
    parser = argparse.ArgumentParser(description="Count what one completion runs through.")
    parser.add_argument("--source", type=Path, default=_PACKAGE)
    parser.add_argument("--list", action="store_true", help="the modules, with the functions of each counted")
    options = parser.parse_args()
    source = options.source.resolve()
    calls = await _record(source)
    below = [call for call in calls if not call.module.startswith(_LSP)]
    rules = [call for call in below if call.module in _rule_modules(source)]
    print(f"{'':24}{'all':>8}{'below LSP':>12}{'rules of them':>16}")
    for title, count in (("modules", _modules), ("functions", _functions), ("calls across modules", _across)):
        print(f"{title:24}{count(calls):8,}{count(below):12,}{count(rules):16,}")
    if options.list:
        functions = Counter(module for module, _ in {(call.module, call.function) for call in calls})
        for module in dict.fromkeys(call.module for call in calls):
            print(f"{functions[module]:4} {module}")


def _rule_modules(source: Path) -> set[str]:
    table = source / "homebody" / "postprocess" / "ghost" / "rules.py"
    if not table.exists():
        return set()
    names = set(re.findall(r"from homebody\.postprocess\.ghost\.(\w+)", table.read_text())) - {"draft"}
    return {f"postprocess/ghost/{name}.py" for name in names}


def _modules(calls: Sequence[Call]) -> int:
    return len({call.module for call in calls})


def _functions(calls: Sequence[Call]) -> int:
    return len({(call.module, call.function) for call in calls})


def _across(calls: Sequence[Call]) -> int:
    return len({call for call in calls if call.caller_module not in {"", call.module}})


async def _record(source: Path) -> list[Call]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script, result = folder / "script.json", folder / "calls.json"
        reply = {"text": _ANSWER, "probability": 0.99}
        script.write_text(json.dumps({"name": "scripted", "reply": [reply]}))
        kinds = ("CONFIG", "CACHE", "STATE", "DATA")
        environ = dict(os.environ) | {f"HOMEBODY_{kind}_DIR": str(folder / kind.lower()) for kind in kinds}
        command = (sys.executable, "-P", "-c", _HOOK, str(source), str(result), "lsp")
        backend = {"kind": "scripted", "model": str(script)}
        async with start_client(command, options={"backend": backend}, environ=environ) as client:
            await client.wait_for_model()
            document = client.open("file:///shapes.py", _TEXT, "python")
            for key in _KEYS:
                document = client.type(document.uri, len(document.text), key)
                line, column = document.position_of(len(document.text))
                if await client.complete(document.uri, line, column) == []:
                    sys.exit("Nothing was suggested, so the path is not a whole one.")
        return [Call(*fields) for fields in json.loads(result.read_text())]


if __name__ == "__main__":
    asyncio.run(main())
