"""Fill in the templates of prompt files.

Values are not searched for placeholders, so code that contains a ``$name`` stays unchanged.
"""

from collections.abc import Iterable
from string import Template

from homebody.backend.base import OWN, Message
from homebody.prompt.front_matter import PromptFile


def fill(template: str, values: dict[str, str]) -> str:
    """Replace the placeholders of one template; unknown ones stay."""
    return Template(template).safe_substitute(values)


def render(prompt: PromptFile, values: dict[str, str], sources: Iterable[str]) -> tuple[Message, ...]:
    """Return the system message, if the file has one, and the user message.

    ``sources`` are the URIs that the values come from.
    """
    read = (OWN, *sources)
    user = Message("user", fill(prompt.body, values), read)
    if not prompt.system:
        return (user,)
    return (Message("system", fill(prompt.system, values), read), user)
