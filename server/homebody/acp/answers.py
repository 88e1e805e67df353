"""Turns that are answered with text: questions and explanations.

In: a question and its files, or a target. Out: the streamed answer, its sources, and its token counts.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from acp import start_tool_call
from acp.schema import ToolCallLocation

from homebody.acp.files import attach_reference
from homebody.acp.question import Question
from homebody.acp.session import Session, StopReason
from homebody.acp.target import Target
from homebody.audit import LeftOut, Source
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import Usage
from homebody.features.ask import ask
from homebody.features.attachments import Attached
from homebody.features.explain import explain
from homebody.features.explained import add_explanation
from homebody.features.links import ArrivingLinks, arriving_links
from homebody.features.surroundings import shown_path
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.postprocess.links import LinkedPart
from homebody.prompt.front_matter import PromptFile
from homebody.text import Document, Span
from homebody.workspace.uri import path_of

# Zed opens a link at a line only if it names the last line too.
_LINE = re.compile(r"#L(\d+)\)$")


async def answer(
    engine: Engine,
    session: Session,
    question: Question,
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
            found = await attach_reference(engine, session, reference)
        except UsageError as error:
            unread.append(str(error).rstrip("."))
        else:
            session.last = reference
            attached.append(found)
    async with _linking(engine, session, document) as links:
        reply = await ask(
            engine,
            question.text,
            conversation=session.conversation,
            document=document,
            span=span,
            attachments=attached,
            on_text=links.say,
            on_sources=links.found.add_sources,
        )
    session.blocks = reply.blocks[len(reply.blocks) - reply.new_blocks :]
    unread += _told(engine, reply.left_out)
    _account(engine, session, reply.usage, reply.sources, unread)
    return "end_turn" if reply.complete else "max_tokens"


async def explained(
    engine: Engine, session: Session, target: Target, prompt: PromptFile | None
) -> StopReason:
    """Explain the target; the explanation is part of the chat. Raises what ``explain`` raises."""
    async with _linking(engine, session, target.document) as links:
        found = await explain(
            engine,
            target.document,
            target.span,
            prompt=prompt,
            on_text=links.say,
            on_sources=links.found.add_sources,
        )
    await add_explanation(engine, session.conversation, target.document, target.span, found)
    session.blocks = tuple(code_blocks(found.markdown))
    _account(engine, session, found.usage, found.sources, _told(engine, found.left_out))
    return "end_turn" if found.complete else "max_tokens"


@dataclass(frozen=True, slots=True)
class _Linked:
    """An answer that is sent with links to the code that it names."""

    session: Session
    found: ArrivingLinks

    def say(self, text: str) -> None:
        """Send a piece, as far as it is certain."""
        self.send(self.found.feed(text))

    def send(self, parts: Iterable[LinkedPart]) -> None:
        """Send these parts."""
        if markdown := "".join(
            _LINE.sub(r"#L\1:\1)", one.markdown) if one.uri else one.markdown for one in parts
        ):
            self.session.say(markdown)


@asynccontextmanager
async def _linking(engine: Engine, session: Session, document: Document | None) -> AsyncGenerator[_Linked]:
    links = _Linked(session, await arriving_links(engine, document))
    try:
        yield links
    finally:
        links.send(links.found.end())


def _account(
    engine: Engine, session: Session, usage: Usage, sources: Sequence[Source], unread: Iterable[str]
) -> None:
    """Report the token counts, the sources, and what was left out."""
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
    session.send_usage(usage)


def _told(engine: Engine, left_out: Iterable[LeftOut]) -> list[str]:
    """Describe what was left out: lines of files, or turns of the conversation."""
    return [
        one.why
        if path_of(one.uri) is None
        else f"{shown_path(engine, one.uri)}, lines {one.first_line + 1} to {one.last_line + 1} ({one.why})"
        for one in left_out
    ]
