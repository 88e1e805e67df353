"""A real llama.cpp: which tokens the model reads for a follow-up question."""

from contextlib import aclosing
from typing import Any

from homebody.backend.base import Message
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from support.recording_proxy import RecordingProxy
from support.streams import MANY, read


async def test_an_answer_goes_back_by_the_tokens_that_were_generated(host: Any):
    """Its text would be tokenized differently, and the server would read the answer again."""
    with RecordingProxy(host.url, host.key) as proxy:
        async with aclosing(LlamaCppBackend(proxy.url, api_key=host.key)) as backend:
            question = [Message("user", "What does it do?")]
            answer, stats = await read(backend.chat(question, MANY))
            assert answer == "This function adds two numbers. It returns the sum."
            assert stats.output_tokens == 3
            proxy.forget()

            follow_up = [*question, Message("assistant", answer), Message("user", "And now?")]
            _, stats = await read(backend.chat(follow_up, MANY))

            # "<|im_end|>\n<|im_start|>user\n", the question, "<|im_end|>\n<|im_start|>assistant\n"
            assert stats.evaluated_tokens == 8 + len("And now?") + 13
            assert answer not in str(proxy.bodies("/tokenize"))
