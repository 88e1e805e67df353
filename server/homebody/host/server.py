"""llama.cpp's server inside this process: the only code that knows ``xllamacpp``.

In: a model, its context length, threads, a key. Out: a ``NativeServer`` that listens on a loopback port.
Knows nothing of clients, files of state, or why it should end.
"""

import os
import re
from importlib import import_module
from typing import Any

from homebody.errors import ModelFileInvalid
from homebody.host.fit import CONTEXTS
from homebody.models.facts import Facts

# A cancelled prompt is read on to the end of its batch: 64 tokens are 0.1 to 0.6 s on
# two cores where llama.cpp's default of 2,048 are seven seconds, at the same speed.
_BATCH = 64
# Prompts of documents that one comes back to; llama.cpp's default lets them grow to 8 GiB.
_PROMPT_CACHE_MIB = 256
# Four places keep their prompts, a fifth slot reads a wider window ahead, and the last one is for chat.
_SLOTS = 6
# Each connection that an editor keeps open takes a thread (asleep) from the server's pool.
_HTTP_THREADS = 32
# Warnings and errors. From 3 on a line for each request, from 4 on their text.
_VERBOSITY = 2


class NativeServer:
    """A loaded model that answers on ``port``. Ends when it is closed, or with the process.

    Parameters
    ----------
    context_length
        In tokens, of one request.
    port
        0: one that is free.

    Raises
    ------
    ModelFileInvalid
        llama.cpp cannot load the file; why stands on stderr.

    """

    def __init__(self, facts: Facts, context_length: int, threads: int, api_key: str, port: int = 0) -> None:
        parameters = _parameters(facts, context_length, threads, api_key, port)
        try:
            self._server: Any = _native().Server(parameters)
        except RuntimeError as error:
            message = f"llama.cpp cannot load {facts.path}"
            raise ModelFileInvalid(message) from error
        self.port = int(self._server.listening_address.rpartition(":")[2])

    def close(self) -> None:
        """Stop listening and give the memory back; waits for the batch in work."""
        self._server = None

    def activity(self) -> tuple[int, int]:
        """(requests in work, tokens read and written so far).

        Not to be asked for every second without need: it wakes the server, and a server that is woken
        within each second does not notice that a client hung up.
        """
        figures = dict(_FIGURE.findall(self._server.handle_metrics()))
        busy = int(figures["requests_processing"]) + int(figures["requests_deferred"])
        return busy, sum(int(figures[name]) for name in _COUNTERS)


_FIGURE = re.compile(r"^llamacpp:(\w+) (\d+)", re.MULTILINE)
_COUNTERS = ("prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total")


def _native() -> Any:  # noqa: ANN401 - xllamacpp has no types
    # Read once, when the library is loaded: threads that wait for each other sleep soon, not spin.
    os.environ.setdefault("GOMP_SPINCOUNT", "300")
    return import_module("xllamacpp")


def _parameters(facts: Facts, context_length: int, threads: int, api_key: str, port: int) -> Any:  # noqa: ANN401
    native = _native()
    parameters = native.CommonParams()
    parameters.model.path = str(facts.path)
    parameters.model_alias = {facts.name}
    parameters.port = port
    parameters.api_keys = [api_key]
    parameters.cors_origins = "http://localhost"  # no web page has any business here
    parameters.n_parallel = _SLOTS
    parameters.n_ctx = context_length * CONTEXTS
    # All slots share one cache; when it is full, llama.cpp drops the prompt of an idle slot.
    parameters.kv_unified = True
    # Otherwise a request that names its slot would clear the others.
    parameters.cache_idle_slots = False
    parameters.n_batch = _BATCH
    parameters.n_ubatch = _BATCH
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.n_threads_http = _HTTP_THREADS
    parameters.cache_ram_mib = _PROMPT_CACHE_MIB
    # Sliding-window models keep the whole cache: a cut one cannot be reused at the next key.
    parameters.swa_full = facts.sliding_window
    # Never cut a prompt in silence: one that is too long is refused.
    parameters.ctx_shift = False
    parameters.endpoint_metrics = True
    parameters.endpoint_slots = True
    parameters.ui = False
    parameters.ui_mcp_proxy = False
    parameters.server_tools = []
    parameters.offline = True
    parameters.verbosity = _VERBOSITY
    # Reads the weights a second time, and is of use only where a graphics card's memory has to be shared.
    parameters.fit_params = any(device["type"].value for device in native.get_device_info())
    return parameters
