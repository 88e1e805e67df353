"""The features for synchronous scripts: each method waits for the coroutine of the same name.

An event loop runs in a separate thread, so that this also works in a notebook, where one is already running.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from homebody.backend.base import ModelInfo
from homebody.engine import Engine, open_engine
from homebody.features.ask import ask
from homebody.features.attachments import Attached, attach
from homebody.features.complete import Completion, complete
from homebody.features.explain import explain
from homebody.features.refactor import Refactoring, refactor
from homebody.headless.select import read_source
from homebody.settings import Settings
from homebody.settings.watch import SettingsSource
from homebody.text import Document, Span
from homebody.workspace.index import WAIT_SECONDS
from homebody.workspace.uri import uri_of

T = TypeVar("T")
P = ParamSpec("P")


def _waiting(
    feature: Callable[Concatenate[Engine, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["SyncEngine", P], T]:
    """Return a method that waits for a feature; it takes the same arguments and raises the same."""

    def method(self: "SyncEngine", *args: P.args, **kwargs: P.kwargs) -> T:
        return self.wait(feature(self.engine, *args, **kwargs))

    method.__doc__ = feature.__doc__
    return method


class SyncEngine:
    """An engine whose methods wait for their results. Make it with ``open_sync``.

    Ctrl-C cancels the request. ``engine`` is the wrapped engine, for features missing here; ``wait`` runs its
    coroutines.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self.engine = engine
        self._loop = loop

    explain = _waiting(explain)
    ask = _waiting(ask)

    def complete(self, document: Document, offset: int) -> list[Completion]:
        """Return completions at ``offset``, best first."""
        return self.wait(complete(self.engine, document, offset, trigger="invoked"))

    def refactor(
        self,
        document: Document,
        span: Span | None = None,
        *,
        action: str | None = None,
        instruction: str | None = None,
    ) -> Refactoring:
        """Rewrite ``span``, or the whole document; ``homebody.text.apply_edits`` applies the edits."""
        where = span or document.whole
        return self.wait(refactor(self.engine, document, where, action=action, instruction=instruction))

    def read(self, path: str | Path) -> Document:
        """Read a file from disk, without its byte order mark. Raises ``FileUnreadable``."""
        limit = self.engine.settings.context.max_file_bytes
        return read_source(Path(path), max_bytes=limit).document

    def attach(self, path: str | Path) -> Attached:
        """Read a file, a picture or a sound for ``ask(attachments=…)``. Raises ``UsageError``."""
        return self.wait(attach(self.engine, uri_of(Path(path))))

    def describe(self) -> ModelInfo:
        """Return the model that explains, answers and rewrites. Raises ``BackendError``."""
        return self.wait(self.engine.chat.describe())

    def update_index(self, seconds: float = WAIT_SECONDS) -> bool:
        """Update the workspace's index; return whether it finished in time."""
        index = self.engine.index
        return index is not None and self.wait(index.updated(seconds))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the engine's thread, and return its result."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


@contextmanager
def open_sync(
    settings: Settings | SettingsSource | None = None, *, folders: Sequence[str | Path] = ()
) -> Generator[SyncEngine]:
    """Open an engine for synchronous code, and close it again.

    ``settings`` and ``folders`` are those of ``open_engine``: without settings the user's own are read.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_run, args=(loop,), name="homebody", daemon=True)
    thread.start()
    opened = open_engine(settings, folders=[Path(folder).absolute() for folder in folders])
    try:
        engine = asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result()
        try:
            yield SyncEngine(engine, loop)
        finally:
            asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop until it is stopped; tasks still running then are cancelled."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()
