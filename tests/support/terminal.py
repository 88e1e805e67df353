"""Programs in a terminal: an editor by tmux, whose screen is read, or a command until it ends."""

import os
import pty
import shlex
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from support.needs import needs
from support.until import until


class Terminal:
    """A terminal that runs one program."""

    def __init__(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        # A short path: Unix sockets have about 100 bytes.
        self._tmux = [needs("tmux"), "-f", os.devnull, "-L", f"homebody-{os.getpid()}"]
        line = shlex.join(["exec", "env", *(f"{name}={value}" for name, value in environ.items()), *command])
        window = ["-d", "-s", "editor", "-x", "100", "-y", "30", "-c", str(folder)]
        subprocess.run([*self._tmux, "new-session", *window, line], check=True)
        self._run("set-option", "-s", "escape-time", "0")

    def press(self, *keys: str) -> None:
        self._run("send-keys", "-t", "editor", *keys)

    def screen(self) -> str:
        return self._run("capture-pane", "-p", "-t", "editor")

    async def shows(self, text: str) -> None:
        await self.has(lambda screen: text in screen)

    async def has(self, holds: Callable[[str], bool]) -> None:
        """Wait until ``holds`` is true for the screen."""
        try:
            await until(lambda: holds(self.screen()))
        except AssertionError as error:
            raise AssertionError(self.screen()) from error

    def kill_server(self) -> None:
        """Kill the language server that the editor has started."""
        editor = psutil.Process(int(self._run("display-message", "-p", "-t", "editor", "#{pane_pid}")))
        (server,) = [child for child in editor.children() if "lsp" in child.cmdline()]
        server.kill()

    def end(self) -> None:
        self._run("kill-server")

    def _run(self, *arguments: str) -> str:
        ended = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=False)
        return ended.stdout


@contextmanager
def terminal(command: list[str], folder: Path, environ: dict[str, str]) -> Generator[Terminal]:
    """Run ``command`` in ``folder``, with ``environ`` added to the environment."""
    started = Terminal(command, folder, environ)
    try:
        yield started
    finally:
        started.end()


def on_a_terminal(
    command: Sequence[str], typed: bytes = b"", *, shows_errors: bool = False, **environ: str
) -> bytes:
    """Run a command whose input and output are a terminal; return all that it shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if shows_errors else subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", **environ},
    ):
        os.close(theirs)
        os.write(ours, typed)
        shown = b""
        with suppress(OSError):  # how the end of a terminal looks
            while piece := os.read(ours, 65536):
                shown += piece
    os.close(ours)
    return shown
