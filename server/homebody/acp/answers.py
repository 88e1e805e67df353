"""Turns that are answered with text: questions and explanations."""

import re
import secrets
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from acp import start_tool_call
from acp.schema import ToolCallLocation

from homebody.acp.files import CodeTarget, attach_reference
from homebody.acp.question import UserPrompt
from homebody.acp.session import AcpSession, StopReason
from homebody.audit import LeftOut
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import Answer
from homebody.features.ask import add_explanation, ask
from homebody.features.attachments import Attached
from homebody.features.explain import explain
from homebody.features.links import named_places
from homebody.features.surroundings import shown_path
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.postprocess.links import SafeStream
from homebody.prompt.front_matter import PromptFile
from homebody.text import Document, Span
from homebody.workspace.uri import path_of

_LINE = re.compile(r"#L(\d+)$")


async def answer(
    engine: Engine,
    session: AcpSession,
    question: UserPrompt,
    *,
    document: Document | None = None,
    span: Span | None = None,
) -> StopReason:
    """Answer a question within the chat's conversation.

    Raises
    ------
    UsageError
        The question is empty.
    HomebodyError
        As for ``ask``.

    """
    attached: list[Attached] = []
    unread = list(question.unread)
    for reference in question.references:
        try:
            attachment = await attach_reference(engine, session, reference)
        except UsageError as error:
            unread.append(str(error).rstrip("."))
        else:
            session.last = reference
            attached.append(attachment)
    with _saying(session) as say:
        reply = await ask(
            engine,
            question.text,
            conversation=session.conversation,
            document=document,
            span=span,
            attachments=attached,
            on_text=say,
        )
    session.blocks = reply.blocks[len(reply.blocks) - reply.new_blocks :]
    unread += _told(engine, reply.left_out)
    await _account(engine, session, reply, document, unread)
    return "end_turn" if reply.complete else "max_tokens"


async def explained(
    engine: Engine, session: AcpSession, target: CodeTarget, prompt: PromptFile | None
) -> StopReason:
    """Explain the target; the explanation is part of the chat. Raises what ``explain`` raises."""
    with _saying(session) as say:
        explanation = await explain(engine, target.document, target.span, prompt=prompt, on_text=say)
    await add_explanation(engine, session.conversation, target.document, target.span, explanation)
    session.blocks = tuple(code_blocks(explanation.markdown))
    await _account(engine, session, explanation, target.document, _told(engine, explanation.left_out))
    return "end_turn" if explanation.complete else "max_tokens"


@contextmanager
def _saying(session: AcpSession) -> Generator[Callable[[str], None]]:
    """Send an answer while it arrives; the client renders it at once."""
    stream = SafeStream()

    def say(text: str, *, is_last: bool = False) -> None:
        if safe := stream.feed(text, is_last=is_last):
            session.say(safe)

    try:
        yield say
    finally:
        say("", is_last=True)


async def _account(
    engine: Engine, session: AcpSession, answered: Answer, document: Document | None, unread: Iterable[str]
) -> None:
    """Report the code that the answer names, the token counts, the sources, and what was left out."""
    sources = answered.sources
    if named := await named_places(engine, answered.markdown, sources, document):
        # Zed opens a link at a line only if it names the last line too.
        links = ("[{}]({})".format(words, _LINE.sub(r"#L\1:\1", uri)) for words, uri in named)
        session.say(f"\n\nNamed here: {', '.join(links)}")
    if sentences := "; ".join(dict.fromkeys(unread)):
        session.say(f"\n\n*Not read: {sentences}.*")
    places = [
        (path, source.first_line + 1) for source in sources if (path := path_of(source.uri)) is not None
    ]
    if places:
        names = dict.fromkeys(shown_path(engine, source.uri) for source in sources if path_of(source.uri))
        locations = [ToolCallLocation(path=str(path), line=line) for path, line in places]
        title = f"Read {', '.join(names)}"
        session.send(
            start_tool_call(secrets.token_hex(8), title, kind="read", status="completed", locations=locations)
        )
    session.send_usage(answered.usage)


def _told(engine: Engine, left_out: Iterable[LeftOut]) -> list[str]:
    """Describe what was left out: lines of files, or turns of the conversation."""
    return [
        unit.why
        if path_of(unit.uri) is None
        else f"{shown_path(engine, unit.uri)}, "
        f"lines {unit.first_line + 1} to {unit.last_line + 1} ({unit.why})"
        for unit in left_out
    ]
