"""What a prompt does: a question, or a slash command, one for each prompt file and a few built-in ones."""

import re
import secrets
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from acp import start_tool_call
from acp.schema import AvailableCommand, AvailableCommandInput, ToolCallLocation, UnstructuredCommandInput

from homebody.acp.files import CodeTarget, attach_reference, find_target, read_file
from homebody.acp.proposal import propose
from homebody.acp.question import Reference, UserPrompt
from homebody.acp.session import AcpSession, StopReason
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import ChatAnswer
from homebody.features.apply_block import apply_block
from homebody.features.ask import add_explanation, ask
from homebody.features.attachments import Attached
from homebody.features.explain import explain
from homebody.features.links import named_places
from homebody.features.refactor import prompt_of, refactor, refine
from homebody.features.surroundings import shown_path
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.postprocess.links import SafeStream
from homebody.prompt.front_matter import PromptFile
from homebody.text import Document, Span
from homebody.workspace.uri import path_of

_PLACE_HINT = "[file:lines] [function]"
_LINE = re.compile(r"#L(\d+)$")


def list_commands(engine: Engine) -> list[AvailableCommand]:
    """List all commands as the client shows them."""
    own = [(name, description, hint) for name, (description, hint, _) in _COMMANDS.items()]
    actions = [
        (action.name, action.title, f"{_PLACE_HINT} problem" if action.takes_problem else _PLACE_HINT)
        for action in engine.prompts.actions
        if action.name not in _COMMANDS
    ]
    return [
        AvailableCommand(
            name=name,
            description=description,
            input=AvailableCommandInput(root=UnstructuredCommandInput(hint=hint)),
        )
        for name, description, hint in (*own, *actions)
    ]


async def run_command(
    engine: Engine, session: AcpSession, question: UserPrompt, name: str, arguments: str
) -> StopReason:
    """Run a slash command.

    Raises
    ------
    UnknownAction
        There is no command of that name.
    HomebodyError
        As raised by the feature.

    """
    if name in _COMMANDS:
        _, _, run = _COMMANDS[name]
        return await run(engine, session, question, arguments) or "end_turn"
    action = engine.prompts.action(name) or prompt_of(engine, name, None)
    target = await find_target(engine, session, question, arguments, action.scope)
    if action.output == "explain":
        return await _explained(engine, session, target, action)
    if target.words and not action.takes_problem:
        message = f"`/{action.name}` takes a place only; to give an instruction, use `/edit`."
        raise UsageError(message)
    session.think(f"{action.title} …\n")
    result = await refactor(engine, target.document, target.span, action=action.name, problem=target.words)
    await propose(engine, session, target.document, result, action.title)
    return "end_turn"


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
    unread: list[str] = []
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
    return await _account(engine, session, reply, document, unread)


async def _explained(
    engine: Engine, session: AcpSession, target: CodeTarget, prompt: PromptFile | None
) -> StopReason:
    """Explain the target; the explanation is part of the chat. Raises what ``explain`` raises."""
    with _saying(session) as say:
        explanation = await explain(engine, target.document, target.span, prompt=prompt, on_text=say)
    await add_explanation(engine, session.conversation, target.document, target.span, explanation)
    return await _account(engine, session, explanation, target.document)


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
    engine: Engine,
    session: AcpSession,
    answered: ChatAnswer,
    document: Document | None,
    unread: Iterable[str] = (),
) -> StopReason:
    """Report the code that the answer names, the token counts, the sources, and what was left out.

    ``unread`` are sentences about what was left out besides.
    """
    session.blocks = tuple(code_blocks(answered.markdown))
    sources = answered.sources
    if named := await named_places(engine, answered.markdown, sources, document):
        # Zed opens a link at a line only if it names the last line too.
        links = ("[{}]({})".format(words, _LINE.sub(r"#L\1:\1", uri)) for uri, words in named.items())
        session.say(f"\n\nNamed here: {', '.join(links)}")
    left_out = list(unread)
    for unit in answered.left_out:
        lines = f"{shown_path(engine, unit.uri)}, lines {unit.first_line + 1} to {unit.last_line + 1}"
        left_out.append(unit.why if path_of(unit.uri) is None else f"{lines} ({unit.why})")
    if left_out:
        session.say(f"\n\n*Not read: {'; '.join(dict.fromkeys(left_out))}.*")
    names: dict[str, None] = {}
    locations: list[ToolCallLocation] = []
    for source in sources:
        path = path_of(source.uri)
        if source.last_line < source.first_line:  # a picture, with the size that the model saw
            names[f"{Reference(source.uri).name} ({source.why})"] = None
        elif path is not None:
            names[shown_path(engine, source.uri)] = None
        if path is not None:
            locations.append(ToolCallLocation(path=str(path), line=source.first_line + 1))
    if names:
        title = f"Read {', '.join(names)}"
        session.send(
            start_tool_call(secrets.token_hex(8), title, kind="read", status="completed", locations=locations)
        )
    session.send_usage(answered.usage)
    return "end_turn" if answered.complete else "max_tokens"


async def _explain(engine: Engine, session: AcpSession, question: UserPrompt, arguments: str) -> StopReason:
    target = await find_target(engine, session, question, arguments, "selection")
    if target.words:
        return await answer(
            engine, session, UserPrompt(target.words), document=target.document, span=target.span
        )
    return await _explained(engine, session, target, None)


async def _edit(engine: Engine, session: AcpSession, question: UserPrompt, arguments: str) -> None:
    target = await find_target(engine, session, question, arguments, "selection")
    session.think("Rewriting …\n")
    result = await refactor(engine, target.document, target.span, instruction=target.words)
    await propose(engine, session, target.document, result, "Edit")


async def _refine(engine: Engine, session: AcpSession, _question: UserPrompt, arguments: str) -> None:
    before = session.proposal
    if before is None:
        message = "There is no proposed change to refine: run `/edit` or an action first."
        raise UsageError(message)
    session.think("Rewriting …\n")
    result = await refine(before, arguments)
    await propose(engine, session, before.parts[0].request.document, result, "Refine")


async def _apply(engine: Engine, session: AcpSession, question: UserPrompt, arguments: str) -> None:
    number, _, rest = arguments.partition(" ")
    if not number.isdecimal():
        number, rest = "1", arguments
    if not 1 <= int(number[:9]) <= len(session.blocks):
        message = f"The last answer has no code block {number}; it has {len(session.blocks)}."
        raise UsageError(message)
    block = session.blocks[int(number) - 1]
    target = await find_target(engine, session, question, rest, "file")
    whole = len(target.span) == len(target.document.text)
    document = await read_file(engine, session, target.document.uri)
    result = await apply_block(engine, document, block, None if whole else target.span)
    await propose(engine, session, document, result, "Apply")


_Run: TypeAlias = Callable[[Engine, AcpSession, UserPrompt, str], Awaitable[StopReason | None]]
_COMMANDS: Mapping[str, tuple[str, str, _Run]] = {
    "explain": ("Explain code", f"{_PLACE_HINT} [question]", _explain),
    "edit": ("Change code by an instruction", f"{_PLACE_HINT} instruction", _edit),
    "refine": ("Change the last proposal", "what should be different", _refine),
    "apply": ("Apply a code block of the last answer", "[number] [file:lines]", _apply),
}
"""What each does, its arguments, and the function."""
