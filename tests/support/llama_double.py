"""A minimal llama.cpp API that can load, be busy, and send any events.

Used for behaviour that a real server cannot be forced to; everything else is tested with the real one.
"""

from support.loopback import LoopbackServer, Reply, Request


class LlamaDouble(LoopbackServer):
    """Answers "x" to everything, or with the given events."""

    def __init__(self) -> None:
        super().__init__(self._handle)
        self.loading = False
        self.busy = False
        self.events: list[object] = [
            {"content": "x"},
            {"content": "", "stop": True, "stop_type": "eos", "model": "double"},
        ]

    async def _handle(self, request: Request, reply: Reply) -> None:
        if self.loading:
            await reply.json({"error": {"message": "Loading model", "code": 503}}, 503)
        elif request.path == "/props":
            await reply.json({"default_generation_settings": {"n_ctx": 512}, "model_alias": "double"})
        elif request.path == "/v1/models":
            await reply.json({"data": [{"id": "double"}]})
        elif request.path == "/tokenize":
            texts = request.json["content"]
            await reply.json({"tokens": [text if isinstance(text, int) else 7 for text in texts]})
        elif request.path == "/infill":
            await reply.json({"error": {"message": "no FIM"}}, 501)
        elif self.busy:
            await reply.json({"error": {"message": "no slot is free", "code": 503}}, 503)
        else:
            await reply.begin("text/event-stream")
            for event in self.events:
                await reply.event(event)
            await reply.end()
