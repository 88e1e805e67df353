"""``make pythons``: install the wheel on every Python of this machine that Homebody supports, and run it.

For each Python: a fresh environment with the locked versions, then the demo, a completion by the installed
language server, and doctor. Prints one line for each Python and exits with 1 if one failed.
The packages come from the index that pip or uv is configured for; the default weights have to be installed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import dist

UV = str(Path(sys.executable).with_name("uv"))
LOCK = dist.ROOT / "requirements" / "run.txt"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")

# Run by the installed interpreter: drives its own `homebody lsp` with pygls' client, which is installed too.
_COMPLETES = """
import asyncio
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from homebody.installation import LSP_COMMAND

async def session():
    client = LanguageClient("pythons", "1")
    await client.start_io(*LSP_COMMAND)
    options = {"backend": {"kind": "embedded"}}
    capabilities = types.ClientCapabilities(experimental={"homebody": {"status": False}})
    await client.initialize_async(types.InitializeParams(capabilities, initialization_options=options))
    client.initialized(types.InitializedParams())
    item = types.TextDocumentItem("untitled:add.py", "python", 1, "def add(left, right):\\n    return left ")
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    document = types.TextDocumentIdentifier(item.uri)
    wait = types.ExecuteCommandParams("homebody.showPrompt", [{"textDocument": document}])
    await client.workspace_execute_command_async(wait)
    by_key = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    place = types.InlineCompletionParams(by_key, document, types.Position(1, 16))
    found = await client.text_document_inline_completion_async(place)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return found.items[0].insert_text

print(repr(asyncio.run(session())))
"""


class PythonFailed(Exception):
    """One of the steps failed on one Python; the message is what it printed."""


def main() -> int:
    """Try every Python that was named or found."""
    parser = argparse.ArgumentParser(description="Install the wheel on other Pythons, and run it.")
    parser.add_argument("pythons", nargs="*", default=VERSIONS, help="versions or paths of interpreters")
    pythons: Sequence[str] = parser.parse_args().pythons
    failed = 0
    with tempfile.TemporaryDirectory(prefix="homebody-pythons-") as folder:
        try:
            dist.build_python(Path(folder))
        except dist.BuildFailed as error:
            sys.stderr.write(f"homebody: {error}\n")
            return 1
        wheel = next(Path(folder).glob("*.whl"))
        for number, python in enumerate(pythons):
            try:
                sys.stdout.write(f"{python}: {tried(python, wheel, Path(folder, str(number)))}\n")
            except PythonFailed as error:
                failed += 1
                sys.stdout.write(f"{python}: failed: {error}\n")
            sys.stdout.flush()
    return 1 if failed else 0


def tried(python: str, wheel: Path, folder: Path) -> str:
    """Install the wheel for ``python`` and run it; return what was seen, in one line."""
    if run([UV, "python", "find", "--no-python-downloads", python], missing="") == "":
        return "not on this machine"
    run([UV, "venv", "--quiet", "--no-python-downloads", "--python", python, str(folder)])
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [UV, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", str(interpreter)]
    run([*install, "--require-hashes", "--requirement", str(LOCK)])
    run([*install, "--no-deps", str(wheel)])
    program = str(interpreter.with_name("homebody.exe" if os.name == "nt" else "homebody"))
    number = run([str(interpreter), "-c", "import platform; print(platform.python_version())"])
    run([program, "demo"], cwd=folder)
    completed = run([str(interpreter), "-c", _COMPLETES], cwd=folder)
    doctor = run([program, "--backend", "embedded", "doctor"], cwd=folder).partition("\n")[0]
    if str(interpreter) not in doctor:
        raise PythonFailed(doctor)
    return f"Python {number}: installed from wheels; demo, doctor and lsp run (completed {completed})"


def run(command: Sequence[str], *, cwd: Path = dist.ROOT, missing: str | None = None) -> str:
    """Return what a program printed; ``missing`` instead of an error where it fails."""
    ran = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if ran.returncode == 0:
        return ran.stdout.strip()
    if missing is not None:
        return missing
    raise PythonFailed((ran.stderr or ran.stdout).strip()[-500:])


if __name__ == "__main__":
    sys.exit(main())
