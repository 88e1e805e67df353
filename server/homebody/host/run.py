"""The host process: check the file, fit it into memory, load it into llama.cpp's server, serve, end.

The log of llama.cpp goes to stderr. The native server answers in its own threads; the main thread only
watches for a reason to end. The only code that knows ``xllamacpp``.
"""

import contextlib
import os
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec import structs

from homebody.errors import HomebodyError, ModelFileInvalid, StateUnwritable
from homebody.host import shared
from homebody.host.machine import CONTEXTS, available_memory, fit_context, usable_cores
from homebody.host.shared import HostFiles, HostOptions, Ready
from homebody.models.facts import Facts, read_facts


def run(options: HostOptions, files: HostFiles) -> NoReturn:
    """Serve until the host is no longer needed, then end the process."""
    # Only why it failed goes to stdout; output of native code goes to stderr.
    stdout = os.dup(1)
    os.dup2(2, 1)
    code = 0
    try:
        _serve(options, files)
    except HomebodyError as error:
        _report(stdout, error)
        # No native server runs. llama.cpp logs in a thread, which the end of the interpreter waits for:
        # it may still have to write the reason why the file cannot be loaded.
        sys.exit(error.exit_code)
    except OSError as error:  # reading the weights raises its own errors
        _report(stdout, StateUnwritable(shared.unwritable(files.lock.parent, error)))
        code = StateUnwritable.exit_code
    except KeyboardInterrupt:
        pass
    _end(code)


def _end(code: int) -> NoReturn:
    """End the process immediately, without releasing the native server: there is nothing to save.

    Releasing it first would wait for the answers that it is writing.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _report(stdout: int, error: HomebodyError) -> None:
    # If the process that started the host has ended, the report is lost.
    with contextlib.suppress(OSError):
        os.write(stdout, msgspec.json.encode(shared.HostFailed(type(error).__name__, str(error))))


def _serve(options: HostOptions, files: HostFiles) -> NoReturn:
    """Serve all clients of this user as long as they need the host."""
    lock = shared.claim(files)
    if lock is None:
        _end(shared.TAKEN)
    try:
        with contextlib.suppress(OSError):
            os.ftruncate(2, 0)  # the log of the last host
        # The file is checked before native code reads it.
        facts = read_facts(options.model.absolute())
        fit = fit_context(facts, options.context_length, available_memory())
        key = secrets.token_urlsafe(24)
        state = Ready(
            port=shared.LOADING,
            api_key=key,
            pid=os.getpid(),
            model=str(facts.path),
            architecture=facts.architecture,
            context_length=fit.context_length,
            fim=facts.fim,
            note=fit.note,
        )
        shared.write_state(files, state)
        threads = min(options.threads or usable_cores(), usable_cores())
        server = NativeServer(facts, fit.context_length, threads, key)
        # From now on, a termination signal ends it cleanly; before, immediately.
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: ended.set())
        shared.write_state(files, structs.replace(state, port=server.port))
        _watch(server, files, options, ended)
    finally:
        files.state.unlink(missing_ok=True)
    _end(0)


# A cancelled prompt is evaluated to the end of its batch: 64 tokens take 0.1 to 0.6 s on
# two cores, llama.cpp's default of 2,048 takes seven seconds, at the same throughput.
_BATCH = 64
# Cache of prompts for documents that the user returns to; llama.cpp's default limit is 8 GiB.
_PROMPT_CACHE_MIB = 256
# Four slots cache prompts of places, a fifth evaluates a wider window in advance, the sixth is for jobs of
# scripts, the last for chat.
_SLOTS = 7
# Each connection that an editor keeps open occupies a sleeping thread of the server's pool.
_HTTP_THREADS = 32
# Warnings and errors. Level 3 adds a line for each request, level 4 their text.
_VERBOSITY = 2


class NativeServer:
    """A loaded model that answers on ``port`` until the process ends.

    Parameters
    ----------
    context_length
        In tokens, of one request.

    Raises
    ------
    ModelFileInvalid
        llama.cpp cannot load the file; the reason is on stderr.

    """

    def __init__(self, facts: Facts, context_length: int, threads: int, api_key: str) -> None:
        parameters = _parameters(facts, context_length, threads, api_key)
        try:
            self._server: Any = _native().Server(parameters)
        except RuntimeError as error:
            message = f"llama.cpp cannot load {facts.path}"
            raise ModelFileInvalid(message) from error
        self.port = int(self._server.listening_address.rpartition(":")[2])

    def activity(self) -> tuple[int, int]:
        """(running requests, tokens read and written so far).

        Do not call it every second without need: it wakes the server, and a server that is woken at least
        once per second does not notice that a client disconnected.
        """
        figures = dict(_FIGURE.findall(self._server.handle_metrics()))
        busy = int(figures["requests_processing"]) + int(figures["requests_deferred"])
        return busy, sum(int(figures[name]) for name in _COUNTERS)


def limit_spinning(environ: MutableMapping[str, str]) -> None:
    """Make waiting threads go to sleep soon instead of spinning, unless the user has chosen.

    GNU OpenMP reads ``environ`` once, when the native library is loaded. The number of rounds takes
    precedence over ``OMP_WAIT_POLICY``, so it is not set beside one.
    """
    if "OMP_WAIT_POLICY" not in environ:
        environ.setdefault("GOMP_SPINCOUNT", "300")


_FIGURE = re.compile(r"^llamacpp:(\w+) (\d+)", re.MULTILINE)


_COUNTERS = ("prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total")


def _native() -> Any:  # noqa: ANN401 - xllamacpp has no types
    limit_spinning(os.environ)
    return import_module("xllamacpp")


def _parameters(facts: Facts, context_length: int, threads: int, api_key: str) -> Any:  # noqa: ANN401 - xllamacpp has no types
    native = _native()
    parameters = native.CommonParams()
    parameters.model.path = str(facts.path)
    parameters.model_alias = {facts.name}
    parameters.port = 0  # any free one
    parameters.api_keys = [api_key]
    parameters.cors_origins = "http://localhost"  # web pages must not use this server
    parameters.n_parallel = _SLOTS
    parameters.n_ctx = context_length * CONTEXTS
    # All slots share one cache; when it is full, llama.cpp drops the prompt of an idle slot.
    parameters.kv_unified = True
    # Otherwise a request with a slot id would clear the other slots.
    parameters.cache_idle_slots = False
    parameters.n_batch = _BATCH
    parameters.n_ubatch = _BATCH
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.n_threads_http = _HTTP_THREADS
    parameters.cache_ram_mib = _PROMPT_CACHE_MIB
    # Sliding-window models keep the whole cache: a truncated one cannot be reused at the next keystroke.
    parameters.swa_full = facts.sliding_window
    # Never truncate a prompt silently: one that is too long is refused.
    parameters.ctx_shift = False
    parameters.endpoint_metrics = True
    parameters.endpoint_slots = True
    parameters.ui = False
    parameters.ui_mcp_proxy = False
    parameters.server_tools = []
    parameters.offline = True
    parameters.verbosity = _VERBOSITY
    has_graphics_card = any(device["type"].value for device in native.get_device_info())
    # Reads the weights a second time, and is useful only if a graphics card's memory has to be shared.
    parameters.fit_params = has_graphics_card
    if not has_graphics_card:
        # On cores alone, 24 tokens after 1,900 others are read in two thirds of the time without it.
        parameters.flash_attn_type = native.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return parameters


_POLL_SECONDS = 1.0
# A query to the native server is cheap, but see ``NativeServer.activity``.
_ASK_SECONDS = 15.0


def _watch(server: NativeServer, files: HostFiles, options: HostOptions, ended: threading.Event) -> None:
    """Return once nobody needs the host.

    That is when it has had no client for a few seconds, when it has had no request for the idle time, or
    when its folder is removed.
    """
    idle_seconds = options.idle_minutes * 60
    client_at = active_at = asked_at = time.monotonic()
    tokens = 0
    while not ended.wait(_POLL_SECONDS) and files.lock.exists():
        now = time.monotonic()
        if shared.has_clients(files):
            client_at = now
        if now - asked_at >= min(_ASK_SECONDS, idle_seconds / 4):
            asked_at, before = now, tokens
            busy, tokens = server.activity()
            if busy or tokens != before:
                active_at = now
        if now - client_at >= options.linger_seconds or now - active_at >= idle_seconds:
            return


if __name__ == "__main__":
    run(HostOptions.from_json(sys.argv[1]), HostFiles(Path(sys.argv[2])))
