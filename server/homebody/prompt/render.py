"""Texts and chat messages out of prompt files.

In: a prompt file and the texts chosen for it. Out: messages. Values are never read for placeholders
themselves, so code that holds a ``$name`` stays as it is.
"""

from string import Template

from homebody.backend.base import Message
from homebody.prompt.front_matter import PromptFile


def fill(template: str, values: dict[str, str]) -> str:
    """Fill the placeholders of one template in; unknown ones stay."""
    return Template(template).safe_substitute(values)


def render(prompt: PromptFile, values: dict[str, str]) -> tuple[Message, ...]:
    """Return the system message, if the file has one, and the user's."""
    user = Message("user", fill(prompt.body, values))
    if not prompt.system:
        return (user,)
    return (Message("system", fill(prompt.system, values)), user)
