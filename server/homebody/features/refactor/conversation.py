"""Ask the model to rewrite one piece of code, and once more if its answer fails a check.

A prompt has the complete code, and as much other code as the model reads within ``chat.readingSeconds``.
Later turns of the conversation are added at its end.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypedDict, Unpack

from homebody.audit import uris_of
from homebody.backend.base import TYPED, Message, ModelInfo, OnRead
from homebody.context.markers import first_marker, without_marked_lines
from homebody.context.select import Context, select_around
from homebody.errors import ContextTooLong, UsageError
from homebody.features.answer import ChatAnswer, ChatPrompt, answer
from homebody.features.budgets import LEAST_TOKENS, TEMPLATE_TOKENS, chat_room, measure_speed, reason_beyond
from homebody.features.refactor.model_size import lacks
from homebody.features.refactor.offer import offer_of
from homebody.features.refactor.results import FollowUp, Offer, Part, RewriteRequest, usage_of
from homebody.features.refactor.tests_file import new_tests
from homebody.features.selection import candidates_for_span
from homebody.features.surroundings import code_values, frame_tokens, laid_out, sampling_of, with_standing
from homebody.postprocess.edit.docstring import end_of_sentence
from homebody.postprocess.edit.notes import sentences
from homebody.postprocess.edit.renamed import renamable
from homebody.prompt.front_matter import fill, fill_shipped, render, shipped_prompt
from homebody.syntax.chunk import Candidate
from homebody.workspace.uri import file_name

_TRIES = 2
"""Maximum number of answers to one request: the first, and one correction."""

_OUTPUT = {"insert": 128, "comment": 512, "newFile": 1024, "rename": 256}
"""Least tokens of an answer that does not repeat the code: documentation, code for a comment, a new file."""

_SPARE_OUTPUT = 128
"""Least tokens of another answer in addition to those of the rewritten code."""

_WORD_STEP = 256
"""Tokens by which the room for code around grows or shrinks with the length of an instruction."""


class PartListeners(TypedDict, total=False):
    """Callbacks for progress.

    ``on_unit`` is called before each of several parts, with its number and the number of all parts;
    ``on_progress`` with the number of characters that the model has written for the current part; ``on_read``
    with the reading progress, if the server reports it.
    """

    on_unit: Callable[[int, int], None] | None
    on_progress: Callable[[int], None] | None
    on_read: OnRead | None


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of a request: its code, all other text, and the reserve for the answer."""

    code: int
    words: int
    output: int

    @property
    def total(self) -> int:
        """Minimum context length for the request."""
        return self.code + self.words + self.output + TEMPLATE_TOKENS


def size_of(request: RewriteRequest) -> Size:
    """Count a request without any surroundings."""
    count, prompt = request.engine.chat.tokens.count, request.prompt
    code = count(request.code)
    words = frame_tokens(request.engine, prompt) + sum(
        map(count, (request.instruction, request.problem, request.feedback))
    )
    words += sum(count(turn.answer) + count(turn.reply) + TEMPLATE_TOKENS for turn in request.follow_ups)
    kind = "comment" if prompt.scope != "function" and prompt.output == "insert" else prompt.output
    output = prompt.max_tokens or _OUTPUT.get(kind) or _SPARE_OUTPUT + code * 5 // 4
    return Size(code, words, output)


async def attempt(
    request: RewriteRequest, info: ModelInfo, *, asked: str = "", **listeners: Unpack[PartListeners]
) -> Part:
    """Ask the model, and once more if its answer is refused, or uses names that nothing defines.

    ``asked`` is the user's whole request, if that is more than the request's instruction. The better one of
    two answers counts. Raises ``UsageError``, ``ContextTooLong`` and ``BackendError``.
    """
    if request.prompt.output == "newFile":
        request = replace(request, tests=await new_tests(request.document, request.engine.folders))
    tried: list[Part] = []
    while not tried or (len(tried) < _TRIES and size_of(request).total <= info.context_length):
        request, written = await _asked(request, asked or request.instruction, **listeners)
        offer = await asyncio.to_thread(offer_of, request, written.text, complete=written.complete)
        request = replace(request, base=request.base or written.prompt)
        tried.append(Part(request, offer, written))
        problem = _problem(offer)
        if not (problem and written.complete):
            break
        reply = fill(shipped_prompt("retry").body, {"problem": problem})
        request = replace(request, follow_ups=(*request.follow_ups, FollowUp(written.text, reply)))
    # An offer is better than a refusal, one with edits than one without, and one with few notes.
    best = min(
        reversed(tried),
        key=lambda part: (bool(part.offer.refusal), part.offer.is_empty, len(part.offer.notes)),
    )
    offer, too_small = best.offer, lacks(request.prompt, info, request.engine.settings.chat)
    if offer.refusal and too_small:
        offer = replace(offer, refusal=f"{offer.refusal} This action {too_small}.")
    answer = best.answer and replace(best.answer, usage=usage_of(tried) or best.answer.usage)
    return replace(best, answer=answer, offer=offer)


def _problem(offer: Offer) -> str:
    """What the model is asked to correct; empty if the answer can be right."""
    if offer.refusal:
        return offer.refusal
    wrong = sentences([note for note in offer.notes if note.kind == "undefined"])
    return f"The answer {', '.join(wrong)}." if wrong else ""


async def _asked(
    request: RewriteRequest, wanted: str, **listeners: Unpack[PartListeners]
) -> tuple[RewriteRequest, ChatAnswer]:
    """Send the request, without the oldest answers of a conversation that does not fit the context.

    If all answers are left out, the request has ``wanted`` as its only instruction.
    """
    while True:
        try:
            return request, await _ask(request, **listeners)
        except ContextTooLong:
            if not request.follow_ups:
                raise
            request = replace(request, follow_ups=request.follow_ups[1:])
            if not request.follow_ups:
                request = replace(request, base=None, instruction=wanted)


async def _ask(request: RewriteRequest, **listeners: Unpack[PartListeners]) -> ChatAnswer:
    engine, document, prompt = request.engine, request.document, request.prompt
    use = engine.chat
    info = await use.describe()
    special = info.texts_to_leave_out
    _check_markers(request, info, special)
    candidates: Sequence[Candidate] = ()
    if prompt.takes_context:
        candidates = await candidates_for_span(engine, request.file, request.target, session=request.session)
    await use.learn_counts(
        [request.instruction, *(candidate.text for candidate in candidates)],
        [TYPED, *(candidate.uri for candidate in candidates)],
    )
    await measure_speed(engine, prompt)
    size = size_of(request)
    room = chat_room(engine, info)
    # The room for code around does not change with each word of an instruction.
    words = -(-size.words // _WORD_STEP) * _WORD_STEP
    readable = max(room.readable, words + LEAST_TOKENS)

    def build(tokens: int) -> ChatPrompt:
        if (base := request.base) is not None:
            messages = (*base.messages, *_follow_up_messages(request, base.messages))
            if sum(use.tokens.count(message.text) for message in messages) <= tokens:
                return ChatPrompt(messages, base.sources, base.left_out)
        read = readable - words if prompt.takes_context else 0
        most = min(tokens - size.words, max(size.code, read))
        around = _around(request, candidates, most, reason_beyond(readable, tokens, room))
        messages = _first_messages(request, around, special)
        messages = (*messages, *_follow_up_messages(request, messages[-1:]))
        return ChatPrompt(messages, around.sources, around.left_out)

    written = 0

    def progress(text: str) -> None:
        nonlocal written
        written += len(text)
        if (on_progress := listeners.get("on_progress")) is not None:
            on_progress(written)

    # The answer may be as long as the context allows beside what the model reads.
    left = info.context_length - TEMPLATE_TOKENS - max(size.code + size.words, readable)
    most = size.output if prompt.writes_documentation else max(size.output, left)
    end_of = partial(end_of_sentence, number=prompt.sentences) if prompt.sentences else None
    sampling = sampling_of(engine, prompt, most)
    return await answer(
        engine,
        "refactor",
        document.uri,
        build,
        sampling,
        on_text=progress,
        on_read=listeners.get("on_read"),
        end_of=end_of,
    )


def _first_messages(request: RewriteRequest, around: Context, special: frozenset[str]) -> tuple[Message, ...]:
    """The prompt file with its values; the error of an earlier run is at the end."""
    engine, document, definition = request.engine, request.document, request.definition
    context = laid_out(engine, document, around) if request.prompt.takes_context else ""
    imported = definition.qualified.partition(".")[0] if definition is not None else ""
    values = code_values(engine, document, request.code) | {
        "kind": definition.kind if definition is not None else "code",
        "name": (definition.qualified if definition is not None else "") or file_name(document.uri),
        "begin": request.tests.begin.replace("{name}", imported) if request.tests is not None else "",
        "instruction": request.instruction,
        "problem": request.problem,
        "variables": ", ".join(f"`{name}`" for name in _variables(request)),
        "context": context,
    }
    values = {name: without_marked_lines(text, special).text for name, text in values.items()}
    sources = (TYPED, document.uri, *uris_of(around.sources))
    messages = with_standing(engine, render(request.prompt, values, sources), in_words=False)
    if not (feedback := without_marked_lines(request.feedback, special).text):
        return messages
    last = messages[-1]
    more = fill_shipped("feedback", problem=feedback)
    return (*messages[:-1], Message(last.role, f"{last.text}\n\n{more}", (TYPED, *last.sources)))


def _variables(request: RewriteRequest) -> list[str]:
    """The names that the answer may change, for a prompt that asks for new ones."""
    if request.prompt.output != "rename":
        return []
    return renamable(request.document, request.tree, request.target)


def _around(request: RewriteRequest, candidates: Sequence[Candidate], tokens: int, beyond: str) -> Context:
    """Choose the code around the target."""
    count = request.engine.chat.tokens.count
    return select_around(
        request.document, request.target, tokens=tokens, count=count, candidates=candidates, beyond=beyond
    )


def _follow_up_messages(request: RewriteRequest, before: Sequence[Message]) -> Iterator[Message]:
    sources = tuple(uri for message in before for uri in message.sources)
    for turn in request.follow_ups:
        yield Message("assistant", turn.answer, sources)
        yield Message("user", turn.reply, sources)


def _check_markers(request: RewriteRequest, info: ModelInfo, special: frozenset[str]) -> None:
    texts = (
        request.code,
        request.instruction,
        request.problem,
        *(turn.answer for turn in request.follow_ups),
    )
    if marker := first_marker("\n".join(texts), special):
        message = (
            f"The code holds {marker!r}, which {info.name} would take for a control token, and this server "
            "cannot tell the two apart: select lines without it, or use llama.cpp or the embedded model."
        )
        raise UsageError(message)
