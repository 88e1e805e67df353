"""Slash commands: one for each prompt file, and a few built-in ones."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from acp.schema import AvailableCommand, AvailableCommandInput, UnstructuredCommandInput

from homebody.acp.answers import answer, explained
from homebody.acp.files import CodeTarget, find_target, read_file
from homebody.acp.proposal import propose
from homebody.acp.question import UserPrompt
from homebody.acp.session import AcpSession, StopReason
from homebody.engine import Engine
from homebody.errors import UnknownAction, UsageError
from homebody.features.apply_block import apply_block
from homebody.features.refactor import refactor, refine
from homebody.prompt.front_matter import PromptFile

_PLACE_HINT = "[file:lines] [function]"


@dataclass(frozen=True, slots=True)
class _SlashCommand:
    description: str
    hint: str
    run: Callable[[Engine, AcpSession, UserPrompt, str], Awaitable[StopReason]]


def list_commands(engine: Engine) -> list[AvailableCommand]:
    """List all commands as the client shows them."""
    own = [(name, command.description, command.hint) for name, command in _COMMANDS.items()]
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
    if (own := _COMMANDS.get(name)) is not None:
        return await own.run(engine, session, question, arguments)
    action = engine.prompts.action(name)
    if action is None:
        names = ", ".join(f"/{command.name}" for command in list_commands(engine))
        message = f"There is no /{name}; there are {names}."
        raise UnknownAction(message)
    target = await find_target(engine, session, question, arguments, action.scope)
    if action.output == "explain":
        return await explained(engine, session, target, action)
    return await _run_action(engine, session, target, action)


async def _run_action(
    engine: Engine, session: AcpSession, target: CodeTarget, action: PromptFile
) -> StopReason:
    if target.words and not action.takes_problem:
        message = f"`/{action.name}` takes a place only; to give an instruction, use `/edit`."
        raise UsageError(message)
    session.think(f"{action.title} …\n")
    result = await refactor(engine, target.document, target.span, action=action.name, problem=target.words)
    await propose(engine, session, target.document, result, action.title)
    return "end_turn"


async def _explain(engine: Engine, session: AcpSession, question: UserPrompt, arguments: str) -> StopReason:
    target = await find_target(engine, session, question, arguments, "selection")
    if target.words:
        return await answer(
            engine, session, UserPrompt(target.words), document=target.document, span=target.span
        )
    return await explained(engine, session, target, None)


async def _edit(engine: Engine, session: AcpSession, question: UserPrompt, arguments: str) -> StopReason:
    target = await find_target(engine, session, question, arguments, "selection")
    if not target.words:
        message = "Say what to change: `/edit app.py:10-20 use a list comprehension`."
        raise UsageError(message)
    session.think("Rewriting …\n")
    result = await refactor(engine, target.document, target.span, instruction=target.words)
    await propose(engine, session, target.document, result, "Edit")
    return "end_turn"


async def _refine(engine: Engine, session: AcpSession, _question: UserPrompt, arguments: str) -> StopReason:
    before = session.proposal
    if before is None:
        message = "There is no proposed change to refine: run `/edit` or an action first."
        raise UsageError(message)
    session.think("Rewriting …\n")
    result = await refine(before, arguments)
    await propose(engine, session, before.parts[0].request.document, result, "Refine")
    return "end_turn"


async def _apply(engine: Engine, session: AcpSession, question: UserPrompt, arguments: str) -> StopReason:
    number, _, rest = arguments.partition(" ")
    if not number.isdecimal():
        number, rest = "1", arguments
    if not 1 <= int(number[:9]) <= len(session.blocks):
        count = len(session.blocks)
        message = f"The last answer has {count} code blocks: there is no number {number}."
        raise UsageError(message)
    block = session.blocks[int(number) - 1]
    target = await find_target(engine, session, question, rest, "file")
    whole = len(target.span) == len(target.document.text)
    document = await read_file(engine, session, target.document.uri)
    result = await apply_block(engine, document, block, None if whole else target.span)
    await propose(engine, session, document, result, "Apply")
    return "end_turn"


_COMMANDS: Mapping[str, _SlashCommand] = {
    "explain": _SlashCommand("Explain code", f"{_PLACE_HINT} [question]", _explain),
    "edit": _SlashCommand("Change code by an instruction", f"{_PLACE_HINT} instruction", _edit),
    "refine": _SlashCommand("Change the last proposal", "what should be different", _refine),
    "apply": _SlashCommand("Apply a code block of the last answer", "[number] [file:lines]", _apply),
}
