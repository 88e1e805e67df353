"""Progress of a command: streamed text, and the editor's progress bar, as ``$/progress``."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcRequestCancelled

from homebody.errors import UsageError
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.audit import Source
    from homebody.backend.base import ReadProgress
    from homebody.backend.cancellation import Ending
    from homebody.features.answer import Listeners
    from homebody.features.refactor.conversation import PartListeners

_TOKENS = itertools.count(1)
# Seconds after which the work starts without a progress bar if the client has not answered.
_CREATE_SECONDS = 2.0


class StoppedByUserError(JsonRpcRequestCancelled):
    """The user stopped the work at its progress bar; answered like any cancelled request."""

    MESSAGE = "The request was cancelled at its progress bar."


@dataclass(frozen=True, slots=True)
class WorkProgress:
    """Reports the progress of one command: in the editor's bar, and on the client's own token."""

    server: Server
    token: types.ProgressToken | None
    text_token: types.ProgressToken | None
    ending: "Ending"

    @property
    def listeners(self) -> "Listeners":
        """The callbacks of an answer.

        On the token a text is ``{text}``, what goes into the prompt ``{text: "", sources}``, and what of it
        has been read ``{text: "", reading: {tokens, of, secondsLeft}}``; ``secondsLeft`` may be null.
        """

        def on_sources(sources: "Sequence[Source]") -> None:
            self._stream({"text": "", "sources": [*map(self.server.documents.source, sources)]})

        return {
            "on_text": lambda text: self._stream({"text": text}),
            "on_read": self.read,
            "on_sources": on_sources,
            "ending": self.ending,
        }

    @property
    def part_listeners(self) -> "PartListeners":
        """The callbacks of a rewrite: the bar shows how much of which part is written."""
        shown = ""

        def on_unit(number: int, count: int) -> None:
            nonlocal shown
            shown = f"part {number} of {count}, "

        def on_progress(characters: int) -> None:
            self.say(f"{shown}{characters} characters")

        return {"on_unit": on_unit, "on_progress": on_progress, "on_read": self.read}

    def send(self, value: object) -> None:
        """Send the state of the bar, if there is one."""
        if self.token is not None:
            self.server.progress(types.ProgressParams(self.token, value))

    def say(self, message: str) -> None:
        """Show a message in the bar."""
        self.send(types.WorkDoneProgressReport(message=message, cancellable=True))

    def read(self, read: "ReadProgress") -> None:
        """Report how much of a prompt has been read."""
        left = read.milliseconds_left
        seconds = None if left is None else round(left / 1000, 1)
        self.say(
            f"Reading {read.read} of {read.total} tokens" + (f", {seconds:.0f} s left" if seconds else "")
        )
        reading = {"tokens": read.read, "of": read.total, "secondsLeft": seconds}
        self._stream({"text": "", "reading": reading})

    def _stream(self, value: object) -> None:
        if self.text_token is not None:
            self.server.progress(types.ProgressParams(self.text_token, value))


@contextmanager
def stoppable(
    server: Server, token: types.ProgressToken | None, ending: "Ending | None" = None
) -> Generator[None]:
    """Let the user stop the block through a token, which may be the request's own (``workDoneToken``).

    While an answer is written that ``ending`` can end, only the answer is ended.

    Raises
    ------
    StoppedByUserError
        Instead of the cancellation, if the user stopped it.
    UsageError
        ``token`` is neither text nor number.

    """
    if token is None:
        yield
        return
    if not _is_token(token):
        message = "A work-done token is a text or a number."
        raise UsageError(message)
    task = asyncio.current_task()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if ending is not None and ending.end():
            return
        stopped = True
        if task is not None:
            task.cancel()

    server.stoppable[token] = stop
    try:
        yield
    except asyncio.CancelledError:
        if not stopped:
            raise
        if task is not None:
            task.uncancel()
        raise StoppedByUserError from None
    finally:
        server.stoppable.pop(token, None)


@asynccontextmanager
async def bar(
    server: Server,
    title: str,
    token: types.ProgressToken | None,
    text_token: types.ProgressToken | None = None,
) -> AsyncGenerator[WorkProgress]:
    """Show a progress bar while the block runs, and let it stop the block, from before anything is awaited.

    ``token`` is the request's own; without it, a bar is requested if the client supports one. Text streams on
    ``text_token``, if there is one; that token ends an answer with what was written.
    """
    from homebody.backend.cancellation import Ending

    if token is None:
        token = await _created(server)
    work = WorkProgress(server, token, text_token, Ending())
    ends_text = None if text_token in {token, *server.stoppable} else text_token
    with stoppable(server, token), stoppable(server, ends_text, work.ending):
        work.send(types.WorkDoneProgressBegin(title=title, cancellable=True))
        try:
            yield work
        finally:
            work.send(types.WorkDoneProgressEnd())


def _is_token(value: object) -> TypeGuard[types.ProgressToken]:
    """Whether it is a valid token of LSP; lsprotocol's converter accepts anything."""
    return isinstance(value, str | int) and not isinstance(value, bool)


async def _created(server: Server) -> types.ProgressToken | None:
    window = server.capabilities.window
    if window is None or not window.work_done_progress:
        return None
    token = f"homebody-{next(_TOKENS)}"
    try:
        async with asyncio.timeout(_CREATE_SECONDS):
            params = types.WorkDoneProgressCreateParams(token=token)
            await server.window_work_done_progress_create_async(params)
    except (TimeoutError, JsonRpcException):
        return None
    return token


def cancel(server: Server, params: types.WorkDoneProgressCancelParams) -> None:
    """``window/workDoneProgress/cancel``: stop the work of a progress bar."""
    if _is_token(params.token) and (stop := server.stoppable.get(params.token)) is not None:
        stop()
