"""The embedded model: finds or starts the host process that runs it, and talks llama.cpp's API to it.

The host may end at any time, by a crash or after idle time; then another one is found or started.
A state file is trusted only while a running process of this user holds the lock beside it, and only if
the server on its port accepts its key and serves its model: another program may use the port by now.
See ``docs/decisions/0011-one-host-for-all-editors.md``.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from filelock import FileLock

from homebody.backend.base import Backend, ModelInfo, Purpose
from homebody.backend.http import ModelServer
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
from homebody.host.launch import START_SECONDS, HostProcess, start_host
from homebody.host.shared import LOADING, HostFiles, HostOptions, Ready
from homebody.models.library import resolve
from homebody.settings import BackendSettings, Settings

_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 2.0

Contact: TypeAlias = Literal["answers", "silent", "elsewhere"]
"""``elsewhere``: nothing listens on the port of a host that holds its lock, or another program does. Then the
host has a network of its own, as in a sandbox."""

_PATIENCE: Mapping[Contact, float] = {"silent": 10.0, "elsewhere": 1.0}
"""Seconds after which a private host replaces one that holds its lock; a silent one hangs."""


class HostConnector:
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
        Limit for the waits of ``_PATIENCE``.

    """

    def __init__(
        self,
        options: Callable[[], HostOptions],
        *,
        timeout_seconds: float = 120.0,
        loading_seconds: float = 3.0,
        silent_seconds: float = math.inf,
    ) -> None:
        self._options = options
        self._timeout_seconds = timeout_seconds
        self._loading_seconds = loading_seconds
        self._silent_seconds = silent_seconds
        self._hosted: HostedBackend | None = None
        self._starting: asyncio.Task[HostedBackend] | None = None
        self._files: HostFiles | None = None
        self._membership: FileLock | None = None
        self._own: HostProcess | None = None
        self.name = "The embedded model"
        self.reasons: tuple[str, ...] = ()

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
        slow = isinstance(error, BackendTimeout) and await contact_of(hosted.ready) == "answers"
        if slow or not isinstance(error, BackendTimeout | BackendUnavailable):
            return False
        self._hosted = None
        return True

    async def aclose(self) -> None:
        """Unregister as a client, and end a private host; a shared host keeps running for other clients."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._membership is not None:
            shared.leave(self._membership)
            self._membership = None
        await self._end_own()

    async def _start(self) -> "HostedBackend":
        options = await asyncio.to_thread(self._options)
        self.name = f"The embedded model {options.model.name}"
        await self._end_own()
        try:
            files = self._join(options)
            ready = await self._find_shared(replace(options, shared=files.lock), files)
        except (StateUnwritable, OSError):
            # A state folder that cannot be written to, or a full disk: no client could find a shared host.
            ready = await self._start_own(options)
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

    async def _find_shared(self, options: HostOptions, files: HostFiles) -> Ready:
        began = silent_since = time.monotonic()
        while time.monotonic() - began < START_SECONDS:
            state = shared.read_state(files)
            if state is not None and state.port == LOADING:
                silent_since = time.monotonic()
            else:
                contact = "silent" if state is None else await contact_of(state)
                if state is not None and contact == "answers":
                    return state
                if (started := await start_host(options)) is not None:
                    return started.ready
                patience = min(self._silent_seconds, _PATIENCE[contact])
                if time.monotonic() - silent_since > patience:
                    return await self._start_own(options)
            await asyncio.sleep(_POLL_SECONDS)
        message = (
            f"{self.name} was not ready after {START_SECONDS:.0f} s: "
            "choose a smaller one (`homebody models list`)"
        )
        raise BackendTimeout(message)

    async def _start_own(self, options: HostOptions) -> Ready:
        """Start a private host, beside a shared one if there is any."""
        self._own = await start_host(replace(options, shared=None))
        if self._own is None:
            message = "a private host reported that it is shared"
            raise AssertionError(message)
        return self._own.ready

    async def _end_own(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            await own.end()


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


async def contact_of(state: Ready) -> Contact:
    """Ask the port that ``state`` names whether its host answers there."""
    server = ModelServer(
        f"http://127.0.0.1:{state.port}", api_key=state.api_key, timeout_seconds=_ANSWER_SECONDS
    )
    try:
        props = await server.get("/props", _Props)
    except BackendTimeout:
        return "silent"
    except BackendError:
        return "elsewhere"
    return "answers" if Path(props.model_path) == Path(state.model) else "elsewhere"
