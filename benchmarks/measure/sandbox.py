"""Runs a program that a model wrote, in a separate process, with limits and without network.

In: source text. Out: whether it succeeded within its time.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from functools import cache

import psutil

SECONDS = 5.0
_MEMORY_BYTES = 512 * 1024 * 1024
_FILE_BYTES = 1024 * 1024

# The program waits for its source until its limits are set. Opening a socket or a process ends it, even if no
# separate network namespace is available.
_RUNNER = """
import sys
source = sys.stdin.read()
forbidden = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.kill")
def look(event, _arguments):
    if event.startswith(forbidden):
        raise PermissionError(event)
compiled = compile(source, "program", "exec")
sys.addaudithook(look)
exec(compiled, {"__name__": "__main__"})
"""


def passes(source: str) -> bool:
    """Run ``source``; true if it ends without an error in time."""
    command = [*_without_network(), sys.executable, "-I", "-c", _RUNNER]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
        ) as process,
    ):
        _limit(process.pid)
        try:
            process.communicate(source.encode(), timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return False
        return process.returncode == 0


@cache
def _without_network() -> tuple[str, ...]:
    """Command that runs a process in an empty network namespace; empty if there is none."""
    if shutil.which("unshare") is None:
        return ()
    for command in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return ()


def has_network_of_its_own() -> bool:
    """Whether the system keeps the programs from the network, not only Python's audit hooks."""
    return bool(_without_network())


def _limit(pid: int) -> None:
    if sys.platform != "linux":
        return
    # A process that has ended already needs none.
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.rlimit(psutil.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        process.rlimit(psutil.RLIMIT_CPU, (int(SECONDS), int(SECONDS)))
        process.rlimit(psutil.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
