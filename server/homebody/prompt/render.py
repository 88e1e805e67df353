"""Fill in the templates of prompt files.

Values are not searched for placeholders, so code that contains a ``$name`` stays unchanged. A fence around a
value is longer than any in it, so code that contains fences stays one block.
"""

import re
from collections.abc import Iterable, Mapping
from string import Template

from homebody.backend.base import OWN, Message
from homebody.prompt.front_matter import PromptFile, shipped_prompt

_BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<value>\$(?:(\w+)|\{(\w+)\}))\n```$", re.MULTILINE)
"""A fenced block of a template that holds one value."""

_FENCE = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders of one template; unknown ones stay.

    ``$language`` is the language's name in prose (``C#``); on a fence it is ``$tag`` (``csharp``).
    """

    def block(match: re.Match[str]) -> str:
        fence = fence_around(values.get(match[3] or match[4], ""))
        info = match["info"].replace("$language", "$tag") if "tag" in values else match["info"]
        return f"{fence}{info}\n{match['value']}\n{fence}"

    return Template(_BLOCK.sub(block, template)).safe_substitute(values)


def fence_around(text: str) -> str:
    """Return a fence that is longer than any in ``text``."""
    return "`" * max([3, *(len(fence[1]) + 1 for fence in _FENCE.finditer(text))])


def fill_shipped(name: str, /, **values: str) -> str:
    """Fill in the shipped prompt file of that name."""
    return fill(shipped_prompt(name).body, values)


def render(prompt: PromptFile, values: Mapping[str, str], sources: Iterable[str]) -> tuple[Message, ...]:
    """Return the system message, if the file has one, and the user message.

    ``sources`` are the URIs that the values come from.
    """
    read = (OWN, *sources)
    user = Message("user", fill(prompt.body, values), read)
    if not prompt.system:
        return (user,)
    return (Message("system", fill(prompt.system, values), read), user)
