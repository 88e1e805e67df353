"""The features for synchronous scripts.

In: the same values as the coroutines of ``features``. Out: the same results.
An event loop runs in a separate thread, so that this also works in a notebook, where one is already running.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from homebody.backend.base import ModelInfo
from homebody.engine import Engine, open_engine
from homebody.features.ask import Reply, ask
from homebody.features.attachments import Attached
from homebody.features.complete import Completion, complete
from homebody.features.explain import Explanation, explain
from homebody.features.refactor import Refactoring, refactor
from homebody.headless.select import read_source
from homebody.session.conversation import Conversation
from homebody.settings import Settings
from homebody.settings.watch import SettingsSource
from homebody.text import Document, Span
from homebody.workspace.index import WAIT_SECONDS

T = TypeVar("T")


class SyncEngine:
    """An engine whose methods wait for their results. Make it with ``open_sync``.

    Each method raises what the coroutine of the same name raises. Ctrl-C cancels the request.
    ``engine`` is the wrapped engine, for features missing here; its coroutines use another thread.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self.engine = engine
        self._loop = loop

    def read(self, path: str | Path) -> Document:
        """Read a file from disk, without its byte order mark.

        Raises
        ------
        FileUnreadable
            It does not exist, is too large, binary, not UTF-8, or holds secrets.

        """
        limit = self.engine.settings.context.max_file_bytes
        return read_source(Path(path), max_bytes=limit).document

    def describe(self) -> ModelInfo:
        """Return the model that explains, answers and rewrites. Raises ``BackendError``."""
        return self._wait(self.engine.chat.describe())

    def update_index(self, seconds: float = WAIT_SECONDS) -> bool:
        """Update the workspace's index; return whether it finished in time."""
        index = self.engine.index
        return index is not None and self._wait(index.updated(seconds))

    def complete(self, document: Document, offset: int) -> list[Completion]:
        """Return completions at ``offset``, best first."""
        return self._wait(complete(self.engine, document, offset, trigger="invoked"))

    def explain(
        self, document: Document, span: Span | None = None, *, on_text: Callable[[str], None] | None = None
    ) -> Explanation:
        """Explain ``span``, or the whole document; ``on_text`` is called with each piece of the answer."""
        return self._wait(explain(self.engine, document, span, on_text=on_text))

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
        return self._wait(refactor(self.engine, document, where, action=action, instruction=instruction))

    def ask(
        self,
        question: str,
        *,
        conversation: Conversation | None = None,
        document: Document | None = None,
        span: Span | None = None,
        attachments: Sequence[Attached] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        """Answer a question; pass the reply's ``conversation`` to the next question."""
        return self._wait(
            ask(
                self.engine,
                question,
                conversation=conversation,
                document=document,
                span=span,
                attachments=attachments,
                on_text=on_text,
            )
        )

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
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
    with _running_loop() as loop:
        opened = open_engine(settings, folders=[Path(folder).absolute() for folder in folders])
        engine = asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result()
        try:
            yield SyncEngine(engine, loop)
        finally:
            asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result()


@contextmanager
def _running_loop() -> Generator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread until the block ends; tasks still running then are cancelled."""
    stop = threading.Event()
    started: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        started.append(asyncio.get_running_loop())
        ready.set()
        await asyncio.to_thread(stop.wait)

    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(run()), name="homebody", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield started[0]
    finally:
        stop.set()
        thread.join()
