"""The embedded model: finds or starts the host process that runs it, and talks llama.cpp's API to it.

The host may end at any time, by a crash or after idle time; then another one is found or started.
A state file is trusted only while a running process of this user holds the lock beside it, and only if
the server on its port accepts its key and serves its model: another program may use the port by now.
See ``docs/decisions/0011-one-host-for-all-editors.md``.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
from filelock import FileLock

from homebody.backend.base import Backend, ModelInfo, Purpose
from homebody.backend.http import ModelServer
from homebody.backend.resilient import Connector
from homebody.backend.servers.llama_cpp import HOST_KIND, LlamaCppBackend
from homebody.errors import (
    BackendError,
    BackendLoading,
    BackendTimeout,
    BackendUnavailable,
    HomebodyError,
    StateUnwritable,
)
from homebody.host import shared
from homebody.host.launch import START_SECONDS, start_host
from homebody.host.shared import LOADING, HostFiles, HostOptions, Ready
from homebody.models.library import resolve
from homebody.settings import BackendSettings, Settings, paths

_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 2.0
_SILENT_SECONDS = 10.0
"""Seconds after which a host that holds its lock and does not answer is reported."""


class HostConnector(Connector):
    """Finds or starts the host process that runs a model, and registers as its client.

    Parameters
    ----------
    options
        Returns the options of the host; called at each start, since weights may be installed or removed
        meanwhile. May raise ``ModelError``.
    timeout_seconds
        Maximum time without output from the host, before an answer and between pieces.
    loading_seconds
        How long ``connect`` waits for a starting host before it raises ``BackendLoading``; the start
        continues.
    silent_seconds
        How long ``connect`` waits for a host that holds its lock and does not answer.

    """

    def __init__(
        self,
        options: Callable[[], HostOptions],
        *,
        timeout_seconds: float = 120.0,
        loading_seconds: float = 3.0,
        silent_seconds: float = _SILENT_SECONDS,
    ) -> None:
        self._options = options
        self._timeout_seconds = timeout_seconds
        self._loading_seconds = loading_seconds
        self._silent_seconds = silent_seconds
        self._hosted: HostedBackend | None = None
        self._starting: asyncio.Task[HostedBackend] | None = None
        self._files: HostFiles | None = None
        self._membership: FileLock | None = None
        self.name = "The embedded model"

    async def connect(self) -> Backend:
        """Return the client of a host that answers; start a host if there is none."""
        if self._hosted is not None:
            return self._hosted
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
            # If all waiting requests were cancelled, the error has to be retrieved here.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        starting = self._starting
        await asyncio.wait({starting}, timeout=self._loading_seconds)
        if not starting.done():
            message = f"{self.name} is being loaded: ask again in a moment"
            raise BackendLoading(message)
        if starting.cancelled():  # by ``aclose``, after another request has failed
            message = f"{self.name} was stopped: ask again"
            raise BackendUnavailable(message)
        return starting.result()

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Drop the client of a host that has ended or no longer responds."""
        hosted = self._hosted
        if hosted is None or failed is not hosted:
            return True
        slow = isinstance(error, BackendTimeout) and await answers(hosted.ready)
        if slow or not isinstance(error, BackendTimeout | BackendUnavailable):
            return False
        self._hosted = None
        return True

    async def aclose(self) -> None:
        """Unregister as a client; the host keeps running for others."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._membership is not None:
            shared.leave(self._membership)
            self._membership = None

    async def _start(self) -> "HostedBackend":
        options = await asyncio.to_thread(self._options)
        self.name = f"The embedded model {options.model.name}"
        try:
            ready = await self._find(options, self._join(options))
        except OSError as error:
            raise StateUnwritable(shared.unwritable(paths.state_dir(), error)) from error
        self.reasons = (ready.note,) if ready.note else ()
        self._hosted = HostedBackend(ready, timeout_seconds=self._timeout_seconds)
        return self._hosted

    def _join(self, options: HostOptions) -> HostFiles:
        files = shared.host_files(options)
        if files != self._files or self._membership is None:
            if self._membership is not None:
                shared.leave(self._membership)
            self._membership = shared.join(files)
            self._files = files
        return files

    async def _find(self, options: HostOptions, files: HostFiles) -> Ready:
        began = silent_since = time.monotonic()
        while (now := time.monotonic()) - began < START_SECONDS:
            state = shared.read_state(files)
            if state is not None and state.port == LOADING:
                silent_since = now
            elif state is not None and await answers(state):
                return state
            elif (started := await start_host(options, files)) is not None:
                return started
            elif now - silent_since > self._silent_seconds:
                which = "" if state is None else f" (process {state.pid})"
                message = (
                    f"{self.name} is loaded{which} and does not answer: end that process, then ask again"
                )
                raise BackendTimeout(message)
            await asyncio.sleep(_POLL_SECONDS)
        message = (
            f"{self.name} was not ready after {START_SECONDS:.0f} s: "
            "choose a smaller one (`homebody models list`)"
        )
        raise BackendTimeout(message)


class HostedBackend(LlamaCppBackend):
    """The llama.cpp backend of one host, with facts from its model file."""

    kind = HOST_KIND

    def __init__(self, ready: Ready, *, timeout_seconds: float) -> None:
        super().__init__(
            BackendSettings(
                url=f"http://127.0.0.1:{ready.port}",
                api_key=ready.api_key,
                timeout_seconds=timeout_seconds,
                # The slots share one cache: llama.cpp would let one request fill all of it.
                context_length=ready.context_length,
            )
        )
        self.ready = ready

    async def describe(self) -> ModelInfo:
        """Return the facts about the served model, with the file's name, which ``homebody models`` uses."""
        info = await super().describe()
        name, ready = Path(self.ready.model).stem, self.ready
        return replace(info, architecture=ready.architecture, name=name, fim=ready.fim)


def host_connector(block: BackendSettings, settings: Settings, use: Purpose) -> HostConnector:
    """Make the connector that the settings describe; nothing is started yet."""
    return HostConnector(
        lambda: HostOptions(
            model=resolve(block.model, use),
            context_length=block.context_length,
            threads=settings.embedded.threads,
            idle_minutes=settings.embedded.idle_minutes,
        ),
        timeout_seconds=block.timeout_seconds,
    )


class _Props(msgspec.Struct):
    model_path: str


async def answers(state: Ready) -> bool:
    """Whether the host that ``state`` names answers on its port."""
    server = ModelServer(
        f"http://127.0.0.1:{state.port}", api_key=state.api_key, timeout_seconds=_ANSWER_SECONDS
    )
    with suppress(BackendError):
        return Path((await server.get("/props", _Props)).model_path) == Path(state.model)
    return False
