"""Prompt files that come with Homebody, by name: the words of explain, ask and commit messages.

In: a name. Out: the prompt file. Users add actions to ``library``; these are not replaced by any.
"""

from functools import cache

from homebody.prompt.files import shipped
from homebody.prompt.front_matter import PromptFile, parse


@cache
def shipped_prompt(name: str) -> PromptFile:
    """Return ``prompts/NAME.md``, read once."""
    return parse(name, (shipped() / f"{name}.md").read_text("utf-8"))
