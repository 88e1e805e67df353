"""Baseline: llama.vim's published scheme, reimplemented for the comparison.

256 lines before the cursor and 64 after it are sent to llama.cpp's ``/infill``, which puts the typed line at
the prefix's end and so before the suffix; one request in flight, never aborted, a retry after 100 ms; 250
cached results, reused for up to 128 typed characters; a request for the following text as soon as a
suggestion is shown; a ring of chunks of other places, read ahead while the user does not type.
The scheme is described at https://github.com/ggml-org/llama.vim.
"""

import asyncio
import random
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from homebody.text import Document, TextEdit
from measure.contender import Answer, Work
from measure.model import Completion, Model

PREFIX_LINES = 256
SUFFIX_LINES = 64
_RETRY_SECONDS = 0.1
_CACHED = 250
_TYPED_THROUGH = 128
_TRIMMED_LINES = 3
"""A result is still found after this number of lines has left the window at its top."""

_RING = 16
_CHUNK_LINES = 64
_SCOPE_LINES = 1024
_FAR_LINES = 32
_OUTPUT_TOKENS = 128
_FIRST_MS = 250
_NEXT_MS = 1000
_LONGEST_LINE_SUFFIX = 8
_SEED = 1


@dataclass(frozen=True, slots=True)
class _Local:
    """Text around a place: lines before, the line up to the cursor, the line's rest and lines after."""

    before: str
    line: str
    after: str

    def places(self) -> Iterator[tuple[str, str]]:
        """Keys of a result: the text itself, and the text without its first lines."""
        before = self.before
        for _ in range(_TRIMMED_LINES + 1):
            yield before + self.line, self.after
            before = before.partition("\n")[2]


class LlamaVim:
    """The plugin."""

    name = "llama.vim's scheme"

    def __init__(self, model: Model) -> None:
        self._model = model
        self._work = Work()
        self._chance = random.Random(_SEED)
        self._results: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._queued: deque[str] = deque(maxlen=_RING)
        self._ring: deque[str] = deque(maxlen=_RING)
        self._picked_line = -9999
        self._place: tuple[Document, int] | None = None
        self._answer: Answer | None = None
        self._is_busy = False
        self._retry: asyncio.TimerHandle | None = None

    def open(self, documents: Sequence[Document]) -> None:
        """Do nothing."""

    def moved(self, document: Document, offset: int, edit: TextEdit | None) -> None:
        """Show the cached result, and send a request."""
        before = self._place
        self._place = (document, offset)
        self._answer = None
        if edit is None:
            if before is not None and before[0].uri != document.uri:
                self._pick_around(*before)
            self._pick_around(document, offset)
            self._work.start(self._update_ring())
            return
        self._show_known()
        self._ask([])

    def answer(self) -> Answer | None:
        """The suggestion that is shown at the cursor."""
        return self._answer

    async def aclose(self) -> None:
        """Cancel running requests."""
        if self._retry is not None:
            self._retry.cancel()
        await self._work.aclose()

    def _show_known(self) -> None:
        assert self._place is not None
        content = self._known(_local(*self._place, []))
        if content:
            self._answer = self._answer or Answer(time.monotonic(), content)
            # The following text is requested as soon as something is shown.
            self._ask(content.split("\n"))

    def _known(self, local: _Local) -> str | None:
        typed = local.before + local.line
        for back in range(min(_TYPED_THROUGH, len(typed)) + 1):
            content = self._results.get((typed[: len(typed) - back], local.after))
            if content is not None and content.startswith(typed[len(typed) - back :]) and content[back:]:
                return content[back:]
        return None

    def _ask(self, shown: Sequence[str]) -> None:
        """Send a request for the cursor, or for the place after the ``shown`` suggestion."""
        assert self._place is not None
        document, offset = self._place
        if self._is_busy:
            if self._retry is not None:
                self._retry.cancel()
            loop = asyncio.get_running_loop()
            self._retry = loop.call_later(_RETRY_SECONDS, self._ask, shown)
            return
        line_end = document.line_span(document.line_of(offset)).end
        if line_end - offset > _LONGEST_LINE_SUFFIX:
            return
        local = _local(document, offset, shown)
        if any(place in self._results for place in local.places()):
            return
        self._pick_nearby(document, document.line_of(offset))
        self._is_busy = True
        self._work.start(self._request(local, _NEXT_MS if shown else _FIRST_MS))

    async def _request(self, local: _Local, predict_ms: int) -> None:
        try:
            text = (await self._infill(local, _OUTPUT_TOKENS, predict_ms)).text
        finally:
            self._is_busy = False
        for place in local.places():
            self._results[place] = text
        while len(self._results) > _CACHED:
            self._results.popitem(last=False)
        if self._answer is None:
            self._show_known()

    async def _infill(self, local: "_Local", tokens: int, predict_ms: int) -> Completion:
        body: dict[str, object] = {
            "input_prefix": local.before,
            "input_suffix": local.after,
            "input_extra": [{"filename": "", "text": chunk} for chunk in self._ring],
            "prompt": local.line,
            "n_predict": tokens,
            "temperature": 0,
            "t_max_predict_ms": predict_ms,
        }
        return await self._model.complete(body, "/infill")

    def _pick_around(self, document: Document, offset: int) -> None:
        line = document.line_of(offset)
        self._pick(_lines(document, line - _CHUNK_LINES // 2, line + _CHUNK_LINES // 2))

    def _pick_nearby(self, document: Document, line: int) -> None:
        """Pick two chunks from outside the window after the cursor has moved far."""
        if abs(line - self._picked_line) <= _FAR_LINES:
            return
        self._picked_line = line
        self._pick(_lines(document, line - _SCOPE_LINES, line - PREFIX_LINES))
        self._pick(_lines(document, line + SUFFIX_LINES, line + SUFFIX_LINES + _CHUNK_LINES))

    def _pick(self, lines: Sequence[str]) -> None:
        if len(lines) < 3:
            return
        if len(lines) + 1 >= _CHUNK_LINES:
            first = self._chance.randint(0, max(0, len(lines) - _CHUNK_LINES // 2))
            lines = lines[first : first + _CHUNK_LINES // 2]
        chunk = "".join(lines)
        if chunk not in self._ring and chunk not in self._queued:
            self._queued.append(chunk)

    async def _update_ring(self) -> None:
        """Move one chunk into the ring, one second after typing stopped, and let the server read it ahead."""
        await asyncio.sleep(1.0)
        if self._is_busy or not self._queued:
            return
        self._ring.append(self._queued.popleft())
        self._is_busy = True
        try:
            await self._infill(_Local("", "", ""), 0, 1)
        finally:
            self._is_busy = False


def _local(document: Document, offset: int, shown: Sequence[str]) -> _Local:
    """Text around the place, as if ``shown`` were accepted there."""
    number = document.line_of(offset)
    line = document.text[document.line_starts[number] : offset]
    rest = document.text[offset : document.line_span(number).end]
    gone = max(0, len(shown) - 1)
    before = _lines(document, number - PREFIX_LINES + gone, number)
    if gone:
        before += [line + shown[0] + "\n", *(text + "\n" for text in shown[1:-1])]
        line = shown[-1]
    elif shown:
        line += shown[0]
    after = rest + "\n" + "".join(_lines(document, number + 1, number + 1 + SUFFIX_LINES))
    return _Local("".join(before), line, after)


def _lines(document: Document, first: int, end: int) -> list[str]:
    """Lines ``first`` to ``end`` (exclusive), limited to existing lines."""
    first, end = max(0, first), min(document.line_count, end)
    return [document.slice(document.line_span_with_end(number)) for number in range(first, end)]
