"""Doubles of servers with OpenAI's completions and chat API: LM Studio and vLLM.

Simulates: loading on the first request with its own context length, a prompt that is too long, models that
are not found, API tokens, reasoning in a separate field.
Replies are the published examples with other values (``published/``).
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from support.loopback import LoopbackServer, Reply, Request
from support.server_double import CODE, WORDS, Answer, answer_pieces, published, tokens

_LM_STUDIO = published("lm-studio-0.4")
_VLLM = published("vllm-0.6")


@dataclass
class OpenAiModel:
    """One model that a server has."""

    name: str
    context_length: int = 4096
    trained_context_length: int = 32768
    loaded: bool = True
    size: int = 986061892
    embeds: bool = False
    vision: bool = False


@dataclass
class OpenAiDouble(LoopbackServer):
    """Serves ``models`` as LM Studio 0.4, vLLM, or an unknown server."""

    models: list[OpenAiModel]
    kind: Literal["lm-studio", "vllm", "unknown"] = "lm-studio"
    answer: Answer = lambda _: CODE
    chat_answer: Answer = lambda _: WORDS
    reasoning: str = ""
    api_key: str | None = None
    loads: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        super().__init__(self._handle, host=self.host)

    async def _handle(self, request: Request, reply: Reply) -> None:
        if self.api_key and request.headers.get("authorization") != f"Bearer {self.api_key}":
            await reply.json({"error": {"message": "Invalid or missing API token", "code": 401}}, 401)
            return
        route = f"{request.method} {request.path}"
        if route == "GET /v1/models":
            await reply.json({"object": "list", "data": [self._model(model) for model in self.models]})
        elif route == "GET /api/v1/models" and self.kind == "lm-studio":
            await reply.json({"models": [self._listed(model) for model in self.models]})
        elif route == "POST /api/v1/models/load" and self.kind == "lm-studio":
            await self._load(request.json, reply)
        elif route in {"POST /v1/completions", "POST /v1/chat/completions"}:
            await self._answer(route, request.json, reply)
        elif self.kind == "lm-studio":
            # It answers unknown paths with 200.
            await reply.json({"error": f"Unexpected endpoint or method. ({request.method} {request.path})"})
        else:
            await reply.json({"detail": "Not Found"}, 404)

    def _model(self, model: OpenAiModel) -> dict[str, Any]:
        if self.kind == "vllm":
            return deepcopy(_VLLM["GET /v1/models"]["data"][0]) | {
                "id": model.name,
                "root": model.name,
                "max_model_len": model.context_length,
            }
        owner = "organization_owner" if self.kind == "lm-studio" else "somebody"
        return {"id": model.name, "object": "model", "owned_by": owner}

    def _listed(self, model: OpenAiModel) -> dict[str, Any]:
        examples = _LM_STUDIO["GET /api/v1/models"]["models"]
        entry = deepcopy(examples[1 if model.embeds else 0])
        instance = {"id": model.name, "config": {"context_length": model.context_length}}
        if model.vision:
            entry["capabilities"]["vision"] = True
        return entry | {
            "key": model.name,
            "size_bytes": model.size,
            "max_context_length": model.trained_context_length,
            "loaded_instances": [instance] if model.loaded else [],
        }

    async def _load(self, body: dict[str, Any], reply: Reply) -> None:
        model = self._find(body["model"])
        assert model is not None
        model.loaded = True
        model.context_length = body.get("context_length", model.context_length)
        self.loads.append(model.name)
        example = deepcopy(_LM_STUDIO["POST /api/v1/models/load"]) | {"model_instance_id": model.name}
        example["config"]["context_length"] = model.context_length
        await reply.json(example)

    def _find(self, name: str) -> OpenAiModel | None:
        return next((model for model in self.models if model.name == name), None)

    async def _answer(self, route: str, body: dict[str, Any], reply: Reply) -> None:
        model = self._find(body["model"])
        if model is None:
            message = f"The model `{body['model']}` does not exist."
            await reply.json({"error": {"message": message, "type": "NotFoundError", "code": 404}}, 404)
            return
        if not model.loaded:
            model.loaded = True
            self.loads.append(model.name)
        chats = "messages" in body
        prompt = "\n".join(map(_text_of, body["messages"])) if chats else body["prompt"]
        if chats and not model.vision and any(isinstance(m["content"], list) for m in body["messages"]):
            message = f"{model.name} is not a multimodal model"  # vLLM's words
            await reply.json({"error": {"message": message, "type": "BadRequestError", "code": 400}}, 400)
            return
        count = len(tokens(prompt))
        if count > model.context_length:
            message = (
                f"This model's maximum context length is {model.context_length} tokens, "
                f"however you requested {count} tokens."
            )
            await reply.json({"error": {"message": message, "type": "BadRequestError", "code": 400}}, 400)
            return
        stops = body.get("stop", [])
        whole = self.chat_answer(prompt) if chats else self.answer(prompt)
        pieces, reason = answer_pieces(
            whole, [stops] if isinstance(stops, str) else stops, body["max_tokens"]
        )
        usage = {
            "prompt_tokens": count,
            "completion_tokens": len(pieces),
            "total_tokens": count + len(pieces),
        }
        await reply.begin("text/event-stream")
        if chats and self.reasoning:
            await reply.event(self._chunk(route, model, {"reasoning_content": self.reasoning}, None))
        for piece in pieces:
            result = {"content": piece} if chats else {"text": piece}
            await reply.event(self._chunk(route, model, result, None, logprobs=bool(body.get("logprobs"))))
        await reply.event(self._chunk(route, model, {} if chats else {"text": ""}, reason))
        if body.get("stream_options", {}).get("include_usage"):
            await reply.event(self._chunk(route, model, None, None) | {"usage": usage})
        await reply.event("[DONE]")
        await reply.end()

    def _chunk(
        self,
        route: str,
        model: OpenAiModel,
        result: dict[str, str] | None,
        reason: str | None,
        *,
        logprobs: bool = False,
    ) -> dict[str, Any]:
        """One event, in the form of OpenAI's documentation."""
        chats = route.endswith("/chat/completions")
        chunk: dict[str, Any] = {
            "id": "cmpl-p9rtxv6fky2v9k8jrd8cc",
            "object": "chat.completion.chunk" if chats else "text_completion",
            "created": 1731990488,
            "model": model.name,
            "choices": [],
        }
        if result is None:
            return chunk
        choice: dict[str, Any] = {"index": 0, "finish_reason": reason, "logprobs": None}
        choice |= {"delta": {"role": "assistant", **result}} if chats else result
        text = result.get("text", result.get("content", ""))
        if logprobs and text and chats:
            choice["logprobs"] = {
                "content": [{"token": text, "logprob": -0.1, "bytes": None, "top_logprobs": []}]
            }
        elif logprobs and text:
            choice["logprobs"] = {
                "tokens": [text],
                "token_logprobs": [-0.1],
                "top_logprobs": [{text: -0.1}],
                "text_offset": [0],
            }
        return chunk | {"choices": [choice]}


def _text_of(message: dict[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
