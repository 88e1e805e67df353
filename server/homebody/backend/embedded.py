"""Connects to the embedded model: uses llama.cpp's API of Homebody's own host process.

In: the options of the host. Out: a backend for the host; the host is started when it is needed.
The host may end at any time, by a crash or after idle time; then another one is found or started.
Knows nothing of how hosts are found (``find_host``) or run (``host``).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from homebody.backend.base import Backend, ModelInfo, Slot
from homebody.backend.find_host import HostFinder, answers
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.backend.servers.llama_cpp_served import HOST_KIND
from homebody.errors import (
    BackendLoading,
    BackendTimeout,
    BackendUnavailable,
    HomebodyError,
    ModelFileInvalid,
)
from homebody.host.shared import HostOptions, Ready
from homebody.models.facts import read_special_texts
from homebody.models.library import resolve
from homebody.settings import BackendSettings, Settings


class HostConnector:
    """Finds or starts the host process that runs a model.

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
        Maximum wait for a host that does not respond before a private one replaces it.

    """

    def __init__(
        self,
        options: Callable[[], HostOptions],
        *,
        timeout_seconds: float = 120.0,
        loading_seconds: float = 3.0,
        silent_seconds: float = 10.0,
    ) -> None:
        self._finder = HostFinder(options, silent_seconds=silent_seconds)
        self._timeout_seconds = timeout_seconds
        self._loading_seconds = loading_seconds
        self._hosted: HostedBackend | None = None
        self._starting: asyncio.Task[HostedBackend] | None = None
        self.reasons: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the model in messages."""
        return f"the embedded model{self._finder.name}"

    async def connect(self) -> Backend:
        """Return the client of a host that answers; start a host if there is none."""
        if self._hosted is not None:
            return self._hosted
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
            # If all waiting requests were cancelled, the error has to be retrieved here.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        starting = self._starting
        try:
            return await asyncio.wait_for(asyncio.shield(starting), self._loading_seconds)
        except TimeoutError as error:
            message = f"{self.name} is being loaded: ask again in a moment"
            raise BackendLoading(message) from error

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Drop the client of a host that has ended or no longer responds."""
        hosted = self._hosted
        if hosted is None or failed is not hosted:
            return True
        slow = isinstance(error, BackendTimeout) and await answers(hosted.ready)
        if slow or not isinstance(error, BackendTimeout | BackendUnavailable):
            return False
        self._hosted = None
        await hosted.aclose()
        return True

    async def aclose(self) -> None:
        """Close all connections and end a private host; a shared host keeps running for other clients."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._hosted is not None:
            await self._hosted.aclose()
        await self._finder.aclose()

    async def _start(self) -> "HostedBackend":
        ready = await self._finder.find()
        self.reasons = (ready.note,) if ready.note else ()
        self._hosted = HostedBackend(ready, timeout_seconds=self._timeout_seconds)
        return self._hosted


class HostedBackend(LlamaCppBackend):
    """The llama.cpp backend of one host, with facts from its model file."""

    def __init__(self, ready: Ready, *, timeout_seconds: float) -> None:
        super().__init__(
            f"http://127.0.0.1:{ready.port}",
            api_key=ready.api_key,
            timeout_seconds=timeout_seconds,
            # The slots share one cache: llama.cpp would let one request fill all of it.
            context_length=ready.context_length,
            kind=HOST_KIND,
        )
        self.ready = ready
        self._special_texts: frozenset[str] | None = None

    async def describe(self) -> ModelInfo:
        """Return the facts about the served model, with the file's name, which ``homebody models`` uses."""
        info = await super().describe()
        model = Path(self.ready.model)
        if info.fim is None and self._special_texts is None:
            # The files of Codestral and Seed-Coder have markers, but do not name them in the metadata.
            self._special_texts = await asyncio.to_thread(_special_texts, model)
        return replace(
            info,
            architecture=self.ready.architecture,
            name=model.stem,
            special_texts=self._special_texts or frozenset(),
        )


def host_connector(block: BackendSettings, settings: Settings, use: Slot) -> HostConnector:
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


def _special_texts(model: Path) -> frozenset[str]:
    """Return the special texts of the file; none if it was removed after it was loaded."""
    try:
        return read_special_texts(model)
    except ModelFileInvalid:
        return frozenset()
