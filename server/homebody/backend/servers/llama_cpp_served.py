"""Requests the facts about a llama.cpp server before the first prompt is sent.

In: a server. Out: ``Served``: the model's facts, its tokenizer's rules, and its cached tokens. Sends no text
of the user except through ``tokenize``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath

from homebody.backend.base import Marker, ModelInfo, Part, Role
from homebody.backend.http import ModelServer
from homebody.backend.http_errors import StatusRefused
from homebody.backend.servers import llama_cpp_api as api
from homebody.backend.servers.llama_cpp_slots import FREE_SLOT_SECONDS, Slots
from homebody.backend.token_table import TokenTable
from homebody.errors import BackendProtocolError, BackendTimeout
from homebody.models.facts import FimTokens
from homebody.models.families import thinking_notes

HOST_KIND = "embedded"
"""``ModelInfo.kind`` of Homebody's own host."""


@dataclass(slots=True)
class Served:
    """Facts about a server that are valid until it restarts.

    Attributes
    ----------
    bos
        The token that the model expects before a prompt.
    lead
        Tokens of the line feed that is put before a text and removed again; empty if the model does not need
        it.
    table
        Cached tokens of prompt parts.
    slots
        The prompts that the server's slots hold.
    frames
        Chat templates rendered for some roles: texts, and the indexes of messages between them.

    """

    props: api.Props
    info: ModelInfo
    bos: int | None
    lead: tuple[int, ...]
    table: TokenTable
    slots: Slots
    frames: dict[tuple[Role, ...], tuple[str | int, ...]] = field(
        default_factory=dict[tuple[Role, ...], tuple[str | int, ...]]
    )


async def ask_served(
    server: ModelServer, props: api.Props, *, model: str | None, context_length: int | None, kind: str
) -> Served:
    """Request all facts about the server."""
    models = await server.get("/v1/models", api.Models)
    entry = next((m for m in models.data if m.id == (model or m.id)), None)
    bos, lead = await _ask_tokenizer(server, model)
    n_ctx = props.default_generation_settings.n_ctx
    notes: tuple[str, ...] = ()
    if not n_ctx:
        n_ctx = context_length or _UNKNOWN_CONTEXT
        notes = (f"the server at {server.url} reports a context length of 0; {n_ctx} is assumed",)
    name = model or props.model_alias or props.model_path
    slots = Slots(props.total_slots, pinned=kind == HOST_KIND)
    return Served(
        props=props,
        info=ModelInfo(
            kind=kind,
            name=PurePath(name).name or name,
            context_length=min(n_ctx, context_length or n_ctx),
            trained_context_length=entry.meta.n_ctx_train if entry and entry.meta else None,
            fim=await _ask_fim(server, props, model),
            chat_template=props.has_chat_template,
            exact_tokenizer=True,
            takes_token_ids=True,
            has_logprobs=True,
            completion_slots=slots.completion,
            vision=props.modalities.vision,
            url=server.url,
            notes=(*notes, *thinking_notes(name)),
        ),
        bos=bos,
        lead=lead,
        table=TokenTable(partial(tokenize, server, model=model, lead=lead)),
        slots=slots,
    )


async def tokenize(
    server: ModelServer, texts: Sequence[str], kind: type[Part], *, model: str | None, lead: Sequence[int]
) -> list[list[int]]:
    """Tokenize all texts in one request, separated by an id that no model uses."""
    if not texts:
        return []
    content: list[str | int] = []
    for text in texts:
        content += [_BETWEEN, "\n" + text if lead else text]
    body = {"content": content[1:], "add_special": False, "parse_special": kind is Marker, "model": model}
    reply = await server.post("/tokenize", body, api.Tokenized)
    return [ids[len(lead) :] for ids in _split(reply.tokens, len(texts), server.url)]


_UNKNOWN_CONTEXT = 4096


# No token has this id; /tokenize returns numbers unchanged.
_BETWEEN = -1


async def _ask_tokenizer(server: ModelServer, model: str | None) -> tuple[int | None, tuple[int, ...]]:
    """Return the BOS that the model expects, and the tokens that have to precede a text.

    SentencePiece models put a blank before a text at the beginning, but not after a line feed.
    """
    newline = "\n"
    sample = [newline, _BETWEEN, "a", _BETWEEN, newline + "a", _BETWEEN, newline]
    body = {"content": sample, "add_special": True, "parse_special": False, "model": model}
    reply = await server.post("/tokenize", body, api.Tokenized)
    first, alone, behind, lead = _split(reply.tokens, 4, server.url)
    bos = first[0] if len(first) > len(lead) and first[1:][: len(lead)] == lead else None
    prefixed = behind != lead + alone and behind[: len(lead)] == lead
    return bos, tuple(lead) if prefixed else ()


async def _ask_fim(server: ModelServer, props: api.Props, model: str | None) -> FimTokens | None:
    """Return the markers from the model's metadata, which only ``/infill`` exposes."""
    try:
        await server.post("/infill", {"model": model}, api.Infilled)
    except StatusRefused as error:
        # 501: no markers; 400: the model has markers, and the empty request is invalid. Neither needs a slot.
        if error.status != 400:
            return None
    body = {**api.INFILL_PROBE, "model": model}
    try:
        # Losing the chat slot's cache costs least; while an answer runs there, use any other slot.
        last = {"id_slot": props.total_slots - 1}
        reply = await server.post("/infill", body | last, api.Infilled, timeout_seconds=FREE_SLOT_SECONDS)
    except BackendTimeout:
        reply = await server.post("/infill", body, api.Infilled)
    except StatusRefused:
        return None
    return api.fim_from_infill(reply.prompt, props.bos_token)


def _split(ids: Sequence[int], count: int, url: str) -> list[list[int]]:
    """Split joined tokens at the separators."""
    groups: list[list[int]] = [[]]
    for token in ids:
        if token == _BETWEEN:
            groups.append([])
        else:
            groups[-1].append(token)
    if len(groups) != count:
        message = f"the server at {url} tokenized {count} texts into {len(groups)}; it is not llama.cpp"
        raise BackendProtocolError(message)
    return groups
