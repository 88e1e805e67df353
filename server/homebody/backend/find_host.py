"""Finds the host process that serves a model, or starts it.

In: ``HostOptions``. Out: a ``Ready`` whose host has just answered.
A state file is trusted only while a running process of this user holds the lock beside it, and only if
the server on its port accepts its key and serves its model: another program may use the port by now.
Knows nothing of prompts; see ``docs/decisions/0011-one-host-for-all-editors.md``.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import msgspec
from filelock import FileLock

from homebody.backend.http import ModelServer
from homebody.errors import BackendError, BackendTimeout, StateUnwritable
from homebody.host import shared
from homebody.host.launch import START_SECONDS, HostProcess, start_host
from homebody.host.shared import LOADING, HostFiles, HostOptions, Ready

_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 2.0


class HostFinder:
    """Finds the host when it is needed, and registers as its client the first time.

    Parameters
    ----------
    options
        Returns the options of the host; called each time.
    silent_seconds
        A shared host that holds its lock and does not answer for this long hangs or is unreachable; a private
        host replaces it.

    """

    def __init__(self, options: Callable[[], HostOptions], *, silent_seconds: float = 10.0) -> None:
        self._options = options
        self._silent_seconds = silent_seconds
        self._files: HostFiles | None = None
        self._membership: FileLock | None = None
        self._own: HostProcess | None = None
        self.name = ""

    async def find(self) -> Ready:
        """Return a host that answers.

        Raises
        ------
        ModelError
            The weights cannot be used.
        BackendTimeout
            It was not ready in time.

        """
        options = await asyncio.to_thread(self._options)
        self.name = f" {options.model.name}"
        if self._own is not None:
            await self._own.end()
            self._own = None
        try:
            files = self._join(options)
        except OSError:  # a state folder that cannot be written to
            return await self._start_own(options)
        try:
            return await self._find_shared(replace(options, shared=files.lock), files)
        except (StateUnwritable, OSError):  # a full disk: other clients could not find a shared host
            return await self._start_own(options)

    async def aclose(self) -> None:
        """Unregister as a client, and end a private host."""
        if self._membership is not None:
            shared.leave(self._membership)
            self._membership = None
        if self._own is not None:
            await self._own.end()
            self._own = None

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
            elif state is not None and await answers(state):
                return state
            elif (started := await start_host(options)) is not None:
                return started.ready
            elif time.monotonic() - silent_since > self._silent_seconds:
                return await self._start_own(options)
            await asyncio.sleep(_POLL_SECONDS)
        message = (
            f"the embedded model{self.name} was not ready after {START_SECONDS:.0f} s: "
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


class _Props(msgspec.Struct):
    model_path: str


async def answers(state: Ready) -> bool:
    """Whether the host that ``state`` describes answers at its port."""
    server = ModelServer(
        f"http://127.0.0.1:{state.port}", api_key=state.api_key, timeout_seconds=_ANSWER_SECONDS
    )
    async with aclosing(server):
        try:
            props = await server.get("/props", _Props)
        except BackendError:
            return False
    return Path(props.model_path) == Path(state.model)
