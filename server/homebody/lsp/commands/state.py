"""Commands about the server itself: status, toggles, models, the last prompt, doctor, what was accepted."""

import msgspec
from lsprotocol import types

from homebody.lsp import progress
from homebody.lsp.commands.common import AcceptCompletion, TextDocument, media_of, parse, parts_of
from homebody.lsp.server import Result, Server
from homebody.lsp.switch import Feature


async def status(server: Server, _params: types.ExecuteCommandParams) -> Result:
    """Return the status."""
    return server.service.status.wire


class Toggle(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: on or off; without ``enabled`` the state is inverted."""

    enabled: bool | None = None
    language_id: str | None = None
    feature: Feature = "completion"


async def toggle(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Turn a feature on or off, for all documents or for one language."""
    argument = parse(params, Toggle)
    service = server.service
    is_on = service.switch.turn(argument.language_id, enabled=argument.enabled, feature=argument.feature)
    service.engines.apply_switch()
    return {"enabled": is_on}


async def models(server: Server, _params: types.ExecuteCommandParams) -> Result:
    """Return the models; ``uses`` lists the uses of each."""
    async with server.service.using() as opened:
        from homebody.features.models_here import models_here

        return msgspec.to_builtins(await models_here(opened.engine), order="deterministic")


async def recommend(_server: Server, _params: types.ExecuteCommandParams) -> Result:
    """Return the machine in one sentence, and a model for each use."""
    from homebody.features import models_here as feature

    return msgspec.to_builtins(await feature.recommend())


class ShowPrompt(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a document; without one, the last prompt of all documents is returned."""

    text_document: TextDocument | None = None


async def show_prompt(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the last prompt, and the model's unchanged answer."""
    argument = parse(params, ShowPrompt)
    async with server.service.using() as opened:
        audit = opened.engine.audit
    record = audit.last(argument.text_document.uri if argument.text_document else None)
    if record is None:
        return None
    return {
        "text": record.text,
        "promptTokens": record.prompt_tokens,
        "model": record.model,
        "contextLength": record.context_length,
        "outcome": record.outcome,
        "answer": record.answer,
        "notes": list(record.notes),
        "media": [media_of(media) | {"type": media.type, "data": media.base64} for media in record.media],
        **parts_of(server, record),
    }


async def doctor(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the report as text, and as ``homebody doctor --json`` prints it."""
    async with (
        progress.bar(server, "Checking servers and models", params.work_done_token),
        server.service.using() as opened,
    ):
        from homebody.features import doctor as feature

        loaded = server.service.engines.loaded
        problems = [problem.message for problem in loaded.problems] if loaded else []
        diagnosis = await feature.doctor(opened.engine, problems=problems)
    return {"text": feature.to_text(diagnosis), **msgspec.to_builtins(diagnosis)}


async def accept_completion(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Count an accepted suggestion."""
    server.service.count("accepted", parse(params, AcceptCompletion).id)
    return None


async def accept_next_edit(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Count an accepted edit."""
    server.service.count_edit("accepted", parse(params, str))
    return None
