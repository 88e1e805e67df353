"""A double of Ollama: its documented replies and behaviour.

Simulates: a reload when ``num_ctx`` changes, the silent cut without ``truncate: false``, unloading, a model
that is not found, a model that runs in the cloud, reasoning.
Every reply is the published example of that request with other values (``published/``).
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from homebody.text import common_start
from support.loopback import LoopbackServer, Reply, Request
from support.server_double import CODE, WORDS, Answer, answer_pieces, published, tokens

_EXAMPLES = published("ollama-0.12.6")
# The template of qwen2.5-coder, shortened, with a token of its own.
FILLED_IN = "{{- if .Suffix }}<|fim_prefix|>{{ .Prompt }}<|fim_suffix|>{{ .Suffix }}<|fim_middle|>{{- else }}"
CHAT = "{{ if .System }}<|own_start|>system\n{{ .System }}<|im_end|>{{ end }}{{ .Prompt }}{{ end }}"


@dataclass
class OllamaModel:
    """One installed model."""

    name: str
    fim: bool = False
    capabilities: tuple[str, ...] = ("completion",)
    trained_context_length: int = 32768
    remote_host: str | None = None
    size: int = 986061892
    thought: str = ""

    @property
    def digest(self) -> str:
        return f"{abs(hash(self.name)):064x}"[-64:]


@dataclass
class OllamaDouble(LoopbackServer):
    """Serves ``models``."""

    models: list[OllamaModel]
    answer: Answer = lambda _: CODE
    chat_answer: Answer = lambda _: WORDS
    default_num_ctx: int = 4096
    knows_truncate: bool = True
    loads: list[tuple[str, int]] = field(default_factory=list)
    loaded: dict[str, int] = field(default_factory=dict)
    left_the_machine: list[str] = field(default_factory=list)
    reading_speed: float | None = None
    _last_prompt: str = ""

    def __post_init__(self) -> None:
        super().__init__(self._handle)

    async def _handle(self, request: Request, reply: Reply) -> None:
        route = f"{request.method} {request.path}"
        if route == "GET /":
            await reply.whole(b"Ollama is running", headers={"content-type": "text/plain"})
        elif route == "GET /api/version":
            await reply.json(_EXAMPLES[route])
        elif route == "GET /api/tags":
            await reply.json({"models": [self._listed(model) for model in self.models]})
        elif route == "GET /api/ps":
            await reply.json({"models": [self._running(self._find(name)) for name in self.loaded]})
        elif route == "GET /v1/models":
            data = [
                {"id": m.name, "object": "model", "created": 0, "owned_by": "library"} for m in self.models
            ]
            await reply.json({"object": "list", "data": data or None})
        elif route in {"POST /api/show", "POST /api/generate", "POST /api/chat"}:
            model = self._find(request.json["model"])
            if model is None:
                await reply.json({"error": f"model '{request.json['model']}' not found"}, 404)
            elif route == "POST /api/show":
                await reply.json(self._shown(model))
            else:
                await self._answer(route, model, request.json, reply)
        else:
            await reply.whole(b"404 page not found", 404, {"content-type": "text/plain"})

    def _find(self, name: str) -> OllamaModel | None:
        names = {name, name if ":" in name else f"{name}:latest"}
        return next((model for model in self.models if model.name in names), None)

    def _listed(self, model: OllamaModel) -> dict[str, Any]:
        entry = deepcopy(_EXAMPLES["GET /api/tags"]["models"][0])
        entry |= {"name": model.name, "model": model.name, "size": model.size, "digest": model.digest}
        return entry | _remote(model)

    def _running(self, model: OllamaModel) -> dict[str, Any]:
        entry = deepcopy(_EXAMPLES["GET /api/ps"]["models"][0])
        entry |= {"name": model.name, "model": model.name, "digest": model.digest}
        return entry | {"context_length": self.loaded[model.name]}

    def _shown(self, model: OllamaModel) -> dict[str, Any]:
        shown = deepcopy(_EXAMPLES["POST /api/show"])
        shown |= {"capabilities": list(model.capabilities)}
        shown["template"] = FILLED_IN + CHAT if model.fim else "{{ .Prompt }}"
        shown["model_info"]["gemma4.context_length"] = model.trained_context_length
        return shown | _remote(model)

    def _load(self, model: OllamaModel, options: Mapping[str, Any]) -> None:
        num_ctx = min(options.get("num_ctx") or self.default_num_ctx, model.trained_context_length)
        if self.loaded.get(model.name) != num_ctx:
            self.loaded[model.name] = num_ctx
            self.loads.append((model.name, num_ctx))

    async def _answer(self, route: str, model: OllamaModel, body: dict[str, Any], reply: Reply) -> None:
        messages = body.get("messages")
        prompt = body.get("prompt", "") if messages is None else "\n".join(m["content"] for m in messages)
        if not prompt:
            await self._load_or_unload(model, body, reply)
            return
        if model.remote_host is not None:
            self.left_the_machine.append(prompt)
        options = body.get("options", {})
        self._load(model, options)
        count = len(tokens(prompt))
        if count > self.loaded[model.name]:
            if self.knows_truncate and body.get("truncate") is False:
                await reply.json({"error": "the input length exceeds the context length"}, 400)
                return
            count = self.loaded[model.name]  # the beginning is dropped silently
        whole = self.answer(prompt) if messages is None else self.chat_answer(prompt)
        pieces, reason = answer_pieces(whole, options.get("stop", []), options.get("num_predict", 128))
        await reply.begin("application/x-ndjson")
        if model.thought and body.get("think") is not False:
            await reply.line(self._piece(route, model, "", thinking=model.thought))
        for piece in pieces:
            line = self._piece(route, model, piece)
            if body.get("logprobs"):
                line["logprobs"] = [{"token": piece, "logprob": -0.1, "bytes": list(piece.encode())}]
            await reply.line(line)
        last = self._piece(route, model, "") | {
            key: value
            for key, value in _EXAMPLES[f"{route}, last"].items()
            if key not in {"model", "response", "message"}
        }
        counts = {"prompt_eval_count": count, "eval_count": len(pieces)}
        if self.reading_speed is not None:
            new = len(tokens(prompt[common_start(prompt, self._last_prompt) :]))
            counts["prompt_eval_duration"] = int(max(new, 1) / self.reading_speed * 1e9)
        self._last_prompt = prompt
        await reply.line(last | counts | {"done": True, "done_reason": reason} | _remote(model))
        await reply.end()

    def _piece(self, route: str, model: OllamaModel, text: str, **more: str) -> dict[str, Any]:
        line = deepcopy(_EXAMPLES[f"{route}, piece"]) | {"model": model.name}
        if "message" in line:
            line["message"] |= {"content": text, **more}
        else:
            line |= {"response": text, **more}
        return line

    async def _load_or_unload(self, model: OllamaModel, body: dict[str, Any], reply: Reply) -> None:
        unload = body.get("keep_alive") == 0
        if unload:
            self.loaded.pop(model.name, None)
        else:
            self._load(model, body.get("options", {}))
        example = deepcopy(_EXAMPLES[f"POST /api/chat, {'unload' if unload else 'load'}"]) | {
            "model": model.name
        }
        if "messages" not in body:
            del example["message"]
            example["response"] = ""
        await reply.json(example)


def _remote(model: OllamaModel) -> dict[str, str]:
    if model.remote_host is None:
        return {}
    return {"remote_model": model.name.split(":")[0], "remote_host": model.remote_host}
