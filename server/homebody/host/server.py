"""llama.cpp's server inside this process: the only code that knows ``xllamacpp``."""

import os
import re
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any

from homebody.errors import ModelFileInvalid
from homebody.host.fit import CONTEXTS
from homebody.models.facts import Facts

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
    port
        0 chooses a free port.

    Raises
    ------
    ModelFileInvalid
        llama.cpp cannot load the file; the reason is on stderr.

    """

    def __init__(self, facts: Facts, context_length: int, threads: int, api_key: str, port: int = 0) -> None:
        parameters = _parameters(facts, context_length, threads, api_key, port)
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


def _parameters(facts: Facts, context_length: int, threads: int, api_key: str, port: int) -> Any:  # noqa: ANN401 - xllamacpp has no types
    native = _native()
    parameters = native.CommonParams()
    parameters.model.path = str(facts.path)
    parameters.model_alias = {facts.name}
    parameters.port = port
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
    # Reads the weights a second time, and is useful only if a graphics card's memory has to be shared.
    parameters.fit_params = any(device["type"].value for device in native.get_device_info())
    return parameters
