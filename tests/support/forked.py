"""Starts `homebody` for tests by a fork of a process that has imported all of it.

Nine tenths of the processor time of a server's start are imports. The command that tests run instead is this
file as a script: it hands its arguments, environment and streams to that process over a socket and waits for
the exit code. The fork is killed when the script is.
"""

import functools
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import socket

_SERVE = "--serve"

# Without -P a folder "homebody" in the current directory would be imported instead.
COMMAND = [sys.executable, "-P", "-c", "import sys; from homebody.cli import main; sys.exit(main())"]
"""Runs ``homebody`` without a fork; arguments follow."""


def homebody_command() -> list[str]:
    """Return a command that runs like ``homebody``; arguments follow. On Windows it is a usual start."""
    if hasattr(os, "fork"):
        return [sys.executable, "-ISB", __file__, _forking_process()]
    return COMMAND


@functools.cache
def _forking_process() -> str:
    """Start the process that forks, which ends with this one; return the path of its socket."""
    import atexit
    import subprocess
    import tempfile

    folder = tempfile.mkdtemp(prefix="homebody-forked-")
    path = f"{folder}/socket"
    command = [sys.executable, "-P", __file__, _SERVE, path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    atexit.register(process.wait)
    atexit.register(process.stdin.close)
    return path


def _ask(path: str, arguments: list[str]) -> NoReturn:
    """Let a fork of the process at ``path`` run these arguments with the streams of this one."""
    import socket

    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    socket.send_fds(connection, [b"f"], [0, 1, 2])
    request = repr((arguments, os.getcwd(), dict(os.environ)))  # noqa: PTH109 - an import for each start
    connection.sendall(request.encode("utf-8", "backslashreplace") + b"\n")
    code = connection.recv(1)
    os._exit(code[0] if code else 1)


def _serve(path: str) -> None:
    """Fork for each connection until stdin ends."""
    import select
    import shutil
    import signal
    import socket
    from contextlib import suppress
    from pathlib import Path

    _import_everything()
    children: dict[socket.socket, tuple[int, socket.socket, socket.socket]] = {}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        os.write(1, b"ready\n")
        while 0 not in (ready := select.select([0, listener, *children], [], [])[0]):
            for source in ready:
                if source is listener:
                    asking, _ = listener.accept()
                    pid, alive = _fork(asking, (listener, *children))
                    children[asking] = children[alive] = (pid, asking, alive)
                elif source in children:
                    # Whoever asked has ended, or the fork itself.
                    pid, asking, alive = children[source]
                    os.kill(pid, signal.SIGKILL)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    with suppress(OSError):
                        asking.send(bytes([code % 256]))
                    for end in (asking, alive):
                        del children[end]
                        end.close()
    for pid in {pid for pid, _, _ in children.values()}:
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(Path(path).parent)


def _import_everything() -> None:
    import gc
    import pkgutil
    from importlib import import_module

    import homebody

    for module in pkgutil.walk_packages(homebody.__path__, "homebody."):
        # The model's own process loads a library that starts threads.
        if not module.name.endswith("__main__") and not module.name.startswith("homebody.host"):
            import_module(module.name)
    gc.collect()
    gc.freeze()


def _fork(asking: "socket.socket", others: "tuple[socket.socket, ...]") -> "tuple[int, socket.socket]":
    """Fork for a request; returns the process and a socket that ends with it."""
    import socket

    _, streams, _, _ = socket.recv_fds(asking, 1, 3)
    request = asking.makefile("rb").readline()
    alive, held = socket.socketpair()
    pid = os.fork()
    if not pid:
        for unused in (asking, alive, *others):
            unused.close()
        _run(request, streams)
    held.close()
    for stream in streams:
        os.close(stream)
    return pid, alive


def _run(request: bytes, streams: list[int]) -> NoReturn:
    """Be `homebody` with these arguments, folder, environment and streams."""
    import ast

    from homebody.cli import main

    arguments, folder, environ = ast.literal_eval(request.decode())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = ["homebody", *arguments]
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - they last as long as the process
        for number, mode in enumerate(("r", "w", "w"))
    )
    code = 1
    try:
        try:
            code = main()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(bool(error.code))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    if sys.argv[1] == _SERVE:
        _serve(sys.argv[2])
    else:
        _ask(sys.argv[1], sys.argv[2:])
