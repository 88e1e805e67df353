"""llama.cpp's own HTTP API: prompts as token ids, and slots that cache several prompts.

The user's text is tokenized with ``parse_special: false`` and markers are inserted as ids, so that no text
acts as a marker and every count is exact.
API: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar
from urllib.parse import quote

import msgspec

from homebody.backend.base import (
    Marker,
    Message,
    ModelInfo,
    Part,
    Piece,
    Placement,
    Prompt,
    Purpose,
    ReadProgress,
    SlotChoice,
)
from homebody.backend.http import StatusRefused, failure
from homebody.backend.servers import llama_cpp_api as api
from homebody.backend.servers.base import Admitted, Deltas, ServerBackend
from homebody.backend.servers.llama_cpp_slots import ANY_SLOT, Slots
from homebody.backend.servers.llama_cpp_tokens import Ids, Tokenizer, WrittenTokens
from homebody.errors import (
    BackendFailed,
    BackendLoading,
    BackendRefused,
    BackendUnavailable,
)
from homebody.media import Media
from homebody.models.facts import FimTokens
from homebody.models.families import COMMON_SPECIAL_TEXTS
from homebody.settings import BackendSettings

HOST_KIND = "embedded"
"""``ModelInfo.kind`` of Homebody's own host."""

_UNKNOWN_CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of a server until it restarts; ``slots`` has the prompts that its slots hold."""

    props: api.Props
    info: ModelInfo
    tokenizer: Tokenizer
    slots: Slots


class LlamaCppBackend(ServerBackend):
    """One llama.cpp server.

    Parameters
    ----------
    model
        Name of the model for a server in router mode; other servers have only one model.

    """

    kind: ClassVar[str] = "llama.cpp"
    """``ModelInfo.kind``."""

    def __init__(self, block: BackendSettings, use: Purpose = "completion") -> None:
        super().__init__(block, use)
        self._model = block.model
        self._served: Served | None = None
        self._has_asked_to_load = False

    def forget(self) -> None:
        """Forget the facts and all tokens: another model may be served."""
        super().forget()
        self._served = None

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by itself; one round trip."""
        served = await self._known()
        async with self._watched():
            return [len(ids) for ids in await served.tokenizer.ids(texts)]

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where the prompt belongs in the server's cache, by token ids."""
        served = await self._known()
        tokens = await self._encode(served, prompt.parts)
        best, shared = served.slots.place(tokens, slot, keep)
        return Placement(best, len(tokens), len(tokens) - shared)

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Render the model's template with a placeholder for each message, and split it there.

        Raises
        ------
        BackendRefused
            The model has no chat template, or the template does not take these roles.

        """
        served = await self._known()
        if not served.info.chat_template:
            message = f"The model {served.info.name} has no chat template; choose an instruct model"
            raise BackendRefused(message)
        mark = f"HB{secrets.token_hex(8)}N"
        body = {
            "messages": [
                {"role": message.role, "content": f"{mark}{index}E"} for index, message in enumerate(messages)
            ],
            # Reasoning is never shown, and delays the answer. Templates ignore unknown fields.
            "chat_template_kwargs": {"enable_thinking": False, "reasoning_effort": "low"},
            "model": self._model,
        }
        async with self._watched():
            rendered = (await self._server.post("/apply-template", body, api.Rendered)).prompt
        pieces = re.split(rf"{mark}(\d+)E", rendered)
        if set(map(int, pieces[1::2])) != set(range(len(messages))):
            message = "The model's chat template leaves messages out; choose another model for chat"
            raise BackendRefused(message)
        parts: list[Part] = []
        for at, piece in enumerate(pieces):
            parts += messages[int(piece)].parts if at % 2 else [Marker(piece)] if piece else []
        return Prompt(tuple(parts), is_chat=True)

    async def _ask(self) -> ModelInfo:
        """Request the facts about the served model; cached tokens are kept if the model is unchanged."""
        entry = await self._entry()
        path = f"/props?model={quote(self._model, safe='')}" if self._model else "/props"
        props = await self._server.get(path, api.Props)
        if self._served is None or self._served.props != props:
            tokenizer = await Tokenizer.of(self._server, self._model)
            slots = Slots(props.total_slots, pinned=self.kind == HOST_KIND)
            # Homebody's own host reports the markers of the file.
            fim = None if self.kind == HOST_KIND else await self._ask_fim(props)
            self._served = Served(props, self._to_info(entry, props, fim, slots), tokenizer, slots)
        return self._served.info

    async def _entry(self) -> api.ModelEntry | None:
        """Return the listed model; a router chooses one that suits the use, and has it loaded.

        Raises
        ------
        BackendLoading
            The model is being loaded.
        BackendFailed
            The router tried to load it and failed.

        """
        entries = (await self._server.get("/v1/models", api.Models)).data or ()
        if self._model is None and any(entry.status is not None for entry in entries):
            candidates = [api.to_candidate(entry) for entry in entries]
            self._model = self._pick(candidates, "llama.cpp", advice="start it with a folder of models")
        entry = next((entry for entry in entries if entry.id == (self._model or entry.id)), None)
        if entry is None or entry.status is None or entry.status.value == "loaded":
            return entry
        if entry.status.failed and self._has_asked_to_load:
            message = (
                f"llama.cpp at {self._server.url} cannot load {self._model}: its output says why; "
                "choose another model (backend.model)"
            )
            raise BackendFailed(message)
        if entry.status.value != "loading":
            # An earlier failure may have been temporary: try once more.
            self._has_asked_to_load = True
            await self._server.post("/models/load", {"model": self._model}, msgspec.Raw)
        message = f"llama.cpp at {self._server.url} is loading {self._model}"
        raise BackendLoading(message)

    def _to_info(
        self, entry: api.ModelEntry | None, props: api.Props, fim: FimTokens | None, slots: Slots
    ) -> ModelInfo:
        model, limit = self._model, self._block.context_length
        n_ctx = props.default_generation_settings.n_ctx
        notes: tuple[str, ...] = ()
        if not n_ctx:
            n_ctx = limit or _UNKNOWN_CONTEXT
            notes = (f"The server at {self._server.url} reports a context length of 0; {n_ctx} is assumed",)
        served = props.model_alias or props.model_path or model or ""
        is_router = entry is not None and entry.status is not None
        name = model if is_router and model else served
        return ModelInfo(
            kind=self.kind,
            name=PurePath(name).name or name,
            context_length=min(n_ctx, limit or n_ctx),
            trained_context_length=entry.meta.n_ctx_train if entry and entry.meta else None,
            fim=fim,
            chat_template=props.has_chat_template,
            exact_tokenizer=True,
            takes_token_ids=True,
            has_logprobs=True,
            completion_slots=slots.completion,
            sees=props.modalities.get("vision", False),
            special_texts=COMMON_SPECIAL_TEXTS | {props.media_marker},
            notes=notes,
        )

    async def _ask_fim(self, props: api.Props) -> FimTokens | None:
        """Return the markers from the model's metadata, which only ``/infill`` exposes."""
        try:
            reply = await self._server.post(
                "/infill", {**api.INFILL_PROBE, "model": self._model}, api.Infilled
            )
        except StatusRefused:  # the model has none
            return None
        return api.fim_from_infill(reply.prompt, props.bos_token)

    async def _known(self) -> Served:
        await self.describe()
        if self._served is None:
            message = f"The server at {self._server.url} failed just now: ask again"
            raise BackendUnavailable(message)
        return self._served

    async def _generate(self, info: ModelInfo, sent: Admitted) -> Deltas:
        """Stream an answer; record how far the prompt is read, and what its slot holds."""
        del info
        served = await self._known()
        prompt = (await self._encode(served, sent.prompt.parts))[: sent.job.most]
        use = served.slots.use(prompt, sent.job.slot)
        body = {"prompt": _content(served, prompt, sent), "cache_prompt": True, **api.answer_fields(sent)}
        body |= {"model": self._model} if self._model else {}
        body |= {} if use.named == ANY_SLOT else {"id_slot": use.named}
        written = WrittenTokens()
        read: ReadProgress | None = None
        try:
            async with aclosing(self._server.events("/completion", body, sent.patience)) as events:
                async for data in events:
                    event = self._server.decode(data, api.CompletionEvent)
                    if event.error is not None:
                        raise failure(self._server.url, event.error)
                    if use.came(event):
                        sent.patience.heard()
                    written.add(event)
                    if event.prompt_progress is not None:
                        read = event.prompt_progress.to_progress()
                        if sent.job.on_read is not None:
                            sent.job.on_read(read)
                    if event.content:
                        yield Piece(event.content, event.logprob, read)
                    if event.stop:
                        if sent.prompt.is_chat:
                            served.tokenizer.keep(written)
                        if event.model not in {None, served.props.model_alias}:
                            self.forget()  # another model answered: the server was restarted meanwhile
                        yield event.stats()
                        return
        finally:
            served.slots.holds(use)

    async def _encode(self, served: Served, parts: Sequence[Part]) -> Ids:
        async with self._watched():
            return await served.tokenizer.encode(parts)


def _content(served: Served, prompt: Ids, sent: Admitted) -> object:
    """Return the prompt as token ids; with pictures, the server takes text only."""
    media = sent.prompt.media
    if not media:
        return prompt.tolist()
    marker = served.props.media_marker
    text = "".join(marker if isinstance(part, Media) else part.text for part in sent.prompt.parts)
    return {"prompt_string": text, "multimodal_data": [each.base64 for each in media]}
