"""The prompt of a refactoring and the model's answer.

The prompt contains the complete code, and as much other code as the model reads within
``chat.readingSeconds``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from homebody.audit import Source, uris_of
from homebody.backend.base import TYPED, Message, ModelInfo, OnRead
from homebody.context.around import Around, select_around
from homebody.context.markers import first_marker, without_marked_lines
from homebody.errors import UsageError
from homebody.features.answer import Answer, ChatPrompt, answer
from homebody.features.budgets import TEMPLATE_TOKENS, chat_room, measure_speed, reason_beyond
from homebody.features.refactor.results import Request, Turn
from homebody.features.selection import candidates_for_span
from homebody.features.surroundings import code_values, frame_tokens, laid_out, sampling_of, with_standing
from homebody.postprocess.edit.doc_text import end_of_sentence
from homebody.prompt.front_matter import fill_shipped, render
from homebody.syntax.chunk import Candidate
from homebody.workspace.uri import file_name

_SPARE_OUTPUT = 128
"""Least tokens of an answer in addition to those of the rewritten code."""

_OUTPUT = {"insert": 128, "comment": 512, "newFile": 1024, "rename": 256}
"""Least tokens of an answer that does not repeat the code: documentation, code for a comment, a new file."""

_WORD_STEP = 256
"""Tokens by which the room for code around grows or shrinks with the length of an instruction."""


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


def size_of(request: Request) -> Size:
    """Count a request without any surroundings."""
    count = request.engine.chat.tokens.count
    code = count(request.code)
    words = frame_tokens(request.engine, request.prompt) + count(request.instruction)
    words += count(request.problem) + count(request.feedback)
    words += sum(count(turn.answer) + count(turn.reply) + TEMPLATE_TOKENS for turn in request.turns)
    return Size(code, words, _output(request, code))


async def ask(
    request: Request, *, on_text: Callable[[str], None] | None = None, on_read: OnRead | None = None
) -> Answer:
    """Ask the model.

    Raises
    ------
    UsageError
        The code contains a control token of the model, and the server cannot distinguish text from control
        tokens.
    ContextTooLong, BackendError
        As for ``answer``.

    """
    engine, document, prompt = request.engine, request.document, request.prompt
    use = engine.chat
    info = await use.describe()
    special = info.texts_to_leave_out
    _check_markers(request, info, special)
    candidates = (
        await candidates_for_span(
            engine, document, request.tree, request.target, session=request.session, file=request.file
        )
        if prompt.takes_context
        else ()
    )
    await use.learn_counts(
        [request.instruction, *(candidate.text for candidate in candidates)],
        [TYPED, *(candidate.uri for candidate in candidates)],
    )
    await measure_speed(engine, prompt)
    shown = None if request.session is None else request.session.shown
    if shown is not None and await engine.gate.refusals(shown.uris):
        shown.forget()
    size = size_of(request)
    room = chat_room(engine, info)
    definition = request.definition

    def build(tokens: int) -> ChatPrompt:
        if (base := request.base) is not None:
            read = tuple(uri for message in base.messages for uri in message.sources)
            messages = (*base.messages, *_turn_messages(request.turns, read))
            if sum(use.tokens.count(one.text) for one in messages) <= tokens:
                return ChatPrompt(messages, base.sources, base.left_out)
        around = None
        if request.parts is None:
            read = room.readable - _rounded(size.words) if prompt.takes_context else 0
            beyond = reason_beyond(room.readable, tokens, room)
            around = _around(request, candidates, min(tokens - size.words, max(size.code, read)), beyond)
        values = code_values(engine, document, request.code) | {
            "kind": definition.kind if definition is not None else "code",
            "name": (definition.name if definition is not None else "") or file_name(document.uri),
            "instruction": request.instruction,
            "problem": request.problem,
            "context": without_marked_lines(laid_out(engine, document, around), special).text
            if prompt.takes_context and around is not None
            else "",
        }
        feedback = without_marked_lines(request.feedback, special).text
        read = (TYPED, document.uri, *(uris_of(around.sources) if around is not None else ()))
        asked = with_standing(engine, render(prompt, values, read), in_words=False)
        messages = (*_with_feedback(asked, feedback), *_turn_messages(request.turns, read))
        if around is None:
            return ChatPrompt(messages, tuple(_part_sources(request)), ())
        return ChatPrompt(messages, around.sources, around.left_out)

    # The answer may be as long as the context allows beside what the model reads.
    left = info.context_length - TEMPLATE_TOKENS - max(size.code + size.words, room.readable)
    most = size.output if prompt.writes_documentation else max(size.output, left)
    sampling = sampling_of(engine, prompt, most)
    end_of = partial(end_of_sentence, number=prompt.sentences) if prompt.sentences else None
    return await answer(
        engine, "refactor", document.uri, build, sampling, on_text=on_text, on_read=on_read, end_of=end_of
    )


def _around(request: Request, candidates: Sequence[Candidate], tokens: int, beyond: str) -> Around:
    """Choose the code around the target; the last choice for the same target is reused if it fits.

    Then a second request about the same code begins with the same text, which the server has cached.
    """
    session, document = request.session, request.document
    if session is not None and (kept := session.shown.find(document, request.target, tokens)) is not None:
        return kept
    count = request.engine.chat.tokens.count
    around = select_around(
        document, request.target, tokens=tokens, count=count, candidates=candidates, beyond=beyond
    )
    if session is not None and request.prompt.takes_context:
        session.shown.keep(document, request.target, tokens, around)
    return around


def _turn_messages(turns: Sequence[Turn], sources: tuple[str, ...]) -> Iterator[Message]:
    for turn in turns:
        yield Message("assistant", turn.answer, sources)
        yield Message("user", turn.reply, sources)


def _rounded(tokens: int) -> int:
    """``tokens`` rounded to steps, so that instructions of similar length leave the same room."""
    return -(-tokens // _WORD_STEP) * _WORD_STEP


def _part_sources(request: Request) -> Iterator[Source]:
    document = request.document
    for span in request.parts.spans if request.parts is not None else ():
        tokens = request.engine.chat.tokens.count(document.slice(span))
        yield Source(document.uri, document.line_of(span.start), document.line_of(span.end), tokens, "part")


def _with_feedback(messages: tuple[Message, ...], feedback: str) -> tuple[Message, ...]:
    """Return ``messages`` with the error of an earlier answer at the end of the last one."""
    if not feedback:
        return messages
    more = fill_shipped("feedback", problem=feedback)
    last = messages[-1]
    return (*messages[:-1], Message(last.role, f"{last.text}\n\n{more}", (TYPED, *last.sources)))


def _output(request: Request, code: int) -> int:
    prompt = request.prompt
    if prompt.output == "replace":
        return prompt.max_tokens or _SPARE_OUTPUT + code * 5 // 4
    kind = "comment" if prompt.scope != "function" and prompt.output == "insert" else prompt.output
    return prompt.max_tokens or _OUTPUT[kind]


def _check_markers(request: Request, info: ModelInfo, special: frozenset[str]) -> None:
    texts = (request.code, request.instruction, request.problem, *(turn.answer for turn in request.turns))
    if marker := first_marker("\n".join(texts), special):
        message = (
            f"The code holds {marker!r}, which {info.name} would take for a control token, and this server "
            "cannot tell the two apart: select lines without it, or use llama.cpp or the embedded model."
        )
        raise UsageError(message)
