"""Chat messages out of a prompt file and the texts chosen for it."""

from string import Template

from homebody.backend.base import Message
from homebody.prompt.library import PromptFile


def render(prompt: PromptFile, values: dict[str, str]) -> tuple[Message, ...]:
    """Fill the placeholders in. The values are never read for placeholders themselves."""
    messages: list[Message] = []
    if prompt.system:
        messages.append(Message("system", Template(prompt.system).safe_substitute(values)))
    messages.append(Message("user", Template(prompt.body).safe_substitute(values)))
    return tuple(messages)
