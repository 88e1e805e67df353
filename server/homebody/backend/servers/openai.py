"""Any server with OpenAI's completions and chat API: vLLM, SGLang, llamafile, Jan.

The names of fields depend on the server: see the rows of ``openai_servers``. Tested against llama.cpp's
OpenAI API, and test servers on loopback.
"""

from homebody.backend.base import ModelInfo
from homebody.backend.choose import AvailableModel
from homebody.backend.servers import openai_api as api
from homebody.backend.servers.base import Admitted, Deltas
from homebody.backend.servers.llama_cpp_api import ModelEntry, Models
from homebody.backend.servers.openai_servers import UNKNOWN, recognise
from homebody.backend.servers.strings import StringBackend
from homebody.models.families import COMMON_SPECIAL_TEXTS, family_of


class OpenAiApi(StringBackend):
    """Common base of the backends whose servers have this API."""

    dialect = UNKNOWN
    # OpenAI's own limit; vLLM refuses more since August 2026.
    most_stops = 4

    def _generate(self, info: ModelInfo, sent: Admitted) -> Deltas:
        if sent.prompt.messages:
            path = "/v1/chat/completions"
            fields = self.dialect.thinking.get(family_of(info.name).thinking, {})
            body = {**api.chat_body(info.name, sent, self.dialect), **fields}
        else:
            path, body = "/v1/completions", api.completion_body(info.name, sent, self.dialect)
        return api.stream(self._server.events(path, body, sent.patience), self._server)


class OpenAiBackend(OpenAiApi):
    """One model of one OpenAI-compatible server."""

    async def _ask(self) -> ModelInfo:
        models = await self._server.get("/v1/models", Models)
        entry = self._entry(models)
        if self.dialect is UNKNOWN:
            self.dialect = recognise(entry.owned_by, self._server.url)
        served = entry.served_context_length
        notes: list[str] = []
        if served is None:
            served = self._block.context_length or _USUAL_CONTEXT
            if self._block.context_length is None:
                notes.append(
                    f"{self.dialect.name} at {self._server.url} does not report its context length; "
                    f"{served} is assumed (backend.contextLength changes it)"
                )
        notes.append(
            f"Homebody itself connects to {self._server.url} only; whether that server forwards "
            "requests is shown in its own settings"
        )
        return ModelInfo(
            kind="openai",
            name=entry.id,
            context_length=min(served, self._block.context_length or served),
            trained_context_length=entry.meta.n_ctx_train if entry.meta else None,
            chat_template=True,
            sees=entry.sees,
            completion_slots=self.dialect.prompts,
            has_logprobs=self.dialect.logprobs,
            special_texts=COMMON_SPECIAL_TEXTS,
            notes=tuple(notes),
        )

    def _entry(self, models: Models) -> ModelEntry:
        entries = models.data or ()
        candidates = [AvailableModel(entry.id, sees=entry.sees) for entry in entries]
        chosen = self._pick(candidates, "The server", advice="load one in the server")
        return next(entry for entry in entries if entry.id == chosen)


# Context length, in tokens, of a server that reports none.
_USUAL_CONTEXT = 4096
