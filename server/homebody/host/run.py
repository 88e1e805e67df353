"""Life cycle of a host process: check the file, fit it into memory, load it, report, serve, end.

In: ``HostOptions``. Out: one line of JSON on stdout (``options.Event``) and an exit code; the log of
llama.cpp goes to stderr.
The native server answers in its own threads; the main thread only watches for a reason to end.
"""

import contextlib
import os
import secrets
import signal
import sys
import threading
import time
from typing import NoReturn

from homebody.errors import HomebodyError, StateUnwritable
from homebody.host import shared
from homebody.host.fit import Fit, fit_context
from homebody.host.machine import available_memory, usable_cores
from homebody.host.options import LOADING, HostEvent, HostFailed, HostOptions, HostTaken, Ready, encode_event
from homebody.host.server import NativeServer
from homebody.host.shared import HostFiles
from homebody.models.facts import Facts, read_facts


def run(options: HostOptions) -> NoReturn:
    """Serve until the host is no longer needed, then end the process."""
    stdout = _claim_stdout()
    code = 0
    try:
        if options.shared is None:
            _serve_private(options, stdout)
        else:
            _serve_shared(options, HostFiles(options.shared), stdout)
    except HomebodyError as error:
        _say(stdout, HostFailed(type(error).__name__, str(error)))
        # No native server runs. llama.cpp logs in a thread, which the end of the interpreter waits for:
        # it may still have to write the reason why the file cannot be loaded.
        sys.exit(error.exit_code)
    except OSError as error:  # reading the weights raises its own errors
        folder = options.shared.parent if options.shared else ""
        reason = error.strerror or error
        message = f"the state folder {folder} cannot be written ({reason}): make room, or check permissions"
        _say(stdout, HostFailed(StateUnwritable.__name__, message))
        code = StateUnwritable.exit_code
    except KeyboardInterrupt:
        pass
    _end(code)


def _serve_private(options: HostOptions, stdout: int) -> None:
    """Serve the parent until stdin closes; the system closes it when the parent ends."""
    facts, fit = _look(options)
    key = secrets.token_urlsafe(24)
    server = NativeServer(facts, fit.context_length, _threads(options), key)
    ended = threading.Event()
    _on_terminate(ended)
    _say(stdout, _ready(server, facts, fit, key))
    threading.Thread(target=_wait_for_end_of_stdin, args=(ended,), daemon=True).start()
    ended.wait()
    _end(0)


def _serve_shared(options: HostOptions, files: HostFiles, stdout: int) -> None:
    """Serve all clients of this user, as long as the host is needed."""
    lock = shared.claim(files)
    if lock is None:
        _say(stdout, HostTaken())
        return
    with contextlib.suppress(OSError):
        os.ftruncate(2, 0)  # the log of the last host
    try:
        facts, fit = _look(options)
        key = secrets.token_urlsafe(24)
        shared.write_state(files, _ready(None, facts, fit, key))
        server = NativeServer(facts, fit.context_length, _threads(options), key)
        ready = _ready(server, facts, fit, key)
        ended = threading.Event()
        _on_terminate(ended)
        shared.write_state(files, ready)
        _say(stdout, ready)
        need = _Need(files, options)
        while not ended.wait(_POLL_SECONDS) and need.is_there(server):
            pass
        shared.remove_state(files)
        _end(0)
    finally:
        shared.remove_state(files)


_POLL_SECONDS = 1.0
# A query to the native server is cheap, but see ``NativeServer.activity``.
_ASK_SECONDS = 15.0


class _Need:
    """Watches whether anybody still needs a shared host; call ``is_there`` about once per second.

    It ends when it has had no client for a few seconds, when it has had no request for the idle time, or when
    its folder is removed.
    """

    def __init__(self, files: HostFiles, options: HostOptions) -> None:
        self._files = files
        self._idle_seconds = options.idle_minutes * 60
        self._linger_seconds = options.linger_seconds
        self._client_at = self._active_at = self._asked_at = time.monotonic()
        self._tokens = 0

    def is_there(self, server: NativeServer) -> bool:
        """Whether the host should keep running."""
        now = time.monotonic()
        if shared.has_clients(self._files):
            self._client_at = now
        if now - self._asked_at >= min(_ASK_SECONDS, self._idle_seconds / 4):
            self._asked_at = now
            busy, tokens = server.activity()
            if busy or tokens != self._tokens:
                self._active_at = now
            self._tokens = tokens
        return (
            now - self._client_at < self._linger_seconds
            and now - self._active_at < self._idle_seconds
            and self._files.lock.exists()
        )


def _look(options: HostOptions) -> tuple[Facts, Fit]:
    """Check the file before native code reads it, and compute the context length that fits."""
    facts = read_facts(options.model.absolute())
    return facts, fit_context(facts, options.context_length, available_memory())


def _threads(options: HostOptions) -> int:
    return min(options.threads or usable_cores(), usable_cores())


def _ready(server: NativeServer | None, facts: Facts, fit: Fit, key: str) -> Ready:
    return Ready(
        port=server.port if server else LOADING,
        api_key=key,
        pid=os.getpid(),
        version=shared.host_version(),
        model=str(facts.path),
        architecture=facts.architecture,
        context_length=fit.context_length,
        note=fit.note,
    )


def _claim_stdout() -> int:
    """Keep stdout for the line of JSON; output of native code goes to stderr."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return ours


def _say(stdout: int, event: HostEvent) -> None:
    # If the process that started the host has ended, the report is lost and a shared host keeps serving.
    with contextlib.suppress(OSError):
        os.write(stdout, encode_event(event))


def _wait_for_end_of_stdin(ended: threading.Event) -> None:
    # Not sys.stdin: a thread that holds its lock makes the interpreter abort at exit.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()


def _on_terminate(ended: threading.Event) -> None:
    """From now on, end the host cleanly on a termination signal; before, the signal ends it immediately."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())


def _end(code: int) -> NoReturn:
    """End the process immediately, without releasing the native server: there is nothing to save.

    Releasing it first would wait for the answers that it is writing.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
