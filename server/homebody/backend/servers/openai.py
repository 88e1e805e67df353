"""Any server with OpenAI's completions and chat API: vLLM, SGLang, llamafile, Jan, KoboldCpp.

The names of fields and the path of the context length depend on the server: see the rows of
``openai_servers``. Tested against llama.cpp's OpenAI API, and test servers on loopback.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import msgspec

from homebody.backend.base import Message, ModelInfo
from homebody.backend.choose import AvailableModel
from homebody.backend.http import ModelServer, Patience
from homebody.backend.http_errors import StatusRefused
from homebody.backend.servers import openai_api as api
from homebody.backend.servers.base import Deltas, Job
from homebody.backend.servers.llama_cpp_api import ModelEntry, Models
from homebody.backend.servers.openai_servers import SERVERS, UNKNOWN, Dialect, by_owner, by_port
from homebody.backend.servers.strings import StringBackend
from homebody.errors import BackendError, ContextTooLong, ModelNotServed
from homebody.models.families import COMMON_SPECIAL_TEXTS, thinking_notes


class OpenAiApi(StringBackend):
    """Common base of the backends whose servers have this API.

    A field that the server refuses is left out from then on, and a note is added; Homebody watches the stop
    texts that exceed the server's limit.
    """

    watches_stops = True

    dialect = UNKNOWN
    _refused: frozenset[str] = frozenset()
    _learned: tuple[str, ...] = ()
    _answering = ""
    _told_context: int | None = None

    @property
    def most_stops(self) -> int | None:
        """Maximum number of stop texts that the server accepts."""
        return self.dialect.most_stops

    @property
    def ignored_sampling(self) -> tuple[str, ...]:
        """Sampling parameters that the server does not support, or refused."""
        refused = tuple(ours for ours, name in self.dialect.names.items() if name in self._refused)
        return self.dialect.ignored() + refused

    def notes(self, model: str) -> tuple[str, ...]:
        """Notes for the user about this server and its model."""
        return (*self._learned, *thinking_notes(model, self.thinking(model)))

    def without_thinking(self, model: str) -> Mapping[str, object]:
        """Return the fields that switch the model's reasoning off, or reduce it as far as possible."""
        return self.dialect.thinking.get(self.thinking(model), {})

    async def _generate(self, info: ModelInfo, job: Job) -> Deltas:
        body = api.completion_body(info.name, job, self.dialect)
        async with aclosing(self._stream("/v1/completions", body, job.patience)) as items:
            async for item in items:
                yield item

    async def _converse(self, info: ModelInfo, messages: Sequence[Message], job: Job) -> Deltas:
        body = api.chat_body(info.name, messages, job.sampling, self.dialect)
        body |= self.without_thinking(info.name)
        async with aclosing(self._stream("/v1/chat/completions", body, job.patience)) as items:
            async for item in items:
                yield item

    async def _stream(self, path: str, body: dict[str, object], patience: Patience | None) -> Deltas:
        """Stream one answer; leave out fields that the server refuses, and send the request again."""
        while True:
            sent = {name: value for name, value in body.items() if name not in self._refused}
            try:
                stream = api.stream(self._server.events(path, sent, patience), self._server, self._note_model)
                async with aclosing(stream) as items:
                    async for item in items:
                        yield item
            except ContextTooLong as error:
                self._note_context(str(error))
                raise
            except StatusRefused as error:
                if error.status == 404:
                    # The server has another model now: request the facts again.
                    self.forget()
                    raise ModelNotServed(str(error)) from error
                if not self._leave_out(body, error):
                    raise
            else:
                return

    def _note_context(self, words: str) -> None:
        """Read the served context length from a refusal: some servers report it nowhere else."""
        found = _CONTEXT_LENGTH.search(words)
        if found is not None:
            self._told_context = int(found[1])
            self.forget()

    def _leave_out(self, body: dict[str, object], error: StatusRefused) -> bool:
        """Leave out the field that a refusal is about; ``False`` if it is about none."""
        if error.status not in _REFUSALS:
            return False
        optional = [name for name in body if name not in _NEEDED | self._refused]
        name = next((name for name in optional if _speaks_of(error.words, name)), None)
        if name is None:
            return False
        if name == "stop" and self.dialect.most_stops is None:
            self.dialect = replace(self.dialect, most_stops=_FEW_STOPS)
            api.shorten_stops(body, _FEW_STOPS)
            what = f"accepts at most {_FEW_STOPS} stop texts; Homebody watches the others"
        else:
            self._refused |= {name}
            what = f"refuses the field {name}, which is no longer sent"
        self._learned = (*self._learned, f"The server at {self._server.url} {what}")
        self.forget()
        return True

    def _note_model(self, name: str) -> None:
        """Request the facts again if another model answers than before."""
        if self._answering and name and name != self._answering:
            self.forget()
        self._answering = name or self._answering


class OpenAiBackend(OpenAiApi):
    """One model of one OpenAI-compatible server."""

    async def _ask(self) -> ModelInfo:
        models = await self._server.get("/v1/models", Models)
        entry = self._entry(models)
        if self.dialect is UNKNOWN:
            self.dialect = await recognise(self._server, entry.owned_by)
        served = entry.served_context_length
        notes: list[str] = []
        if served is None and self.dialect.context is not None:
            served = (await self._server.get(self.dialect.context, _Value)).value or None
        served = served or self._told_context
        if served is None:
            served = self._block.context_length or self.dialect.usual_context
            if self._block.context_length is None:
                notes.append(
                    f"{self.dialect.name} at {self._server.url} does not report its context length; "
                    f"{served} is assumed (backend.contextLength changes it)"
                )
        notes.append(
            f"Homebody itself connects to {self._server.url} only; it cannot tell where that server runs "
            "its model"
        )
        return ModelInfo(
            kind="openai",
            name=entry.id,
            context_length=min(served, self._block.context_length or served),
            trained_context_length=entry.meta.n_ctx_train if entry.meta else None,
            chat_template=True,
            modalities=entry.takes,
            completion_slots=self.dialect.prompts,
            has_logprobs=self.dialect.logprobs and "logprobs" not in self._refused,
            url=self._server.url,
            ignored_sampling=self.ignored_sampling,
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=(*notes, *self.notes(entry.id)),
        )

    def _entry(self, models: Models) -> ModelEntry:
        entries = models.data or ()
        candidates = [
            AvailableModel.by_name("openai", self._server.url, "", entry.id, modalities=entry.takes)
            for entry in entries
        ]
        chosen = self._pick(candidates, "The server", advice="load one in the server")
        return next(entry for entry in entries if entry.id == chosen)


async def recognise(server: ModelServer, owner: str) -> Dialect:
    """Recognise the server: by the owner of its models, by a path that only it has, or by its port."""
    if (known := by_owner(owner)) is not None:
        return known
    for row in SERVERS:
        if row.asked is None:
            continue
        path, words = row.asked
        try:
            reply = bytes(await server.get(path, msgspec.Raw))
        except BackendError:
            continue
        if words.encode() in reply:
            return row
    return by_port(server.url) or UNKNOWN


# Fields that every request needs.
_NEEDED = frozenset({"model", "prompt", "messages", "stream", "max_tokens"})
_REFUSALS = frozenset({400, 422})
_FEW_STOPS = 4
# The message of vLLM and SGLang.
_CONTEXT_LENGTH = re.compile(r"maximum context length is (\d{2,7})\b")


def _speaks_of(words: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", words) is not None


class _Value(msgspec.Struct):
    value: int
