"""Prompt files that come with Homebody, by name: those of explain, ask and commit messages.

In: a name. Out: the prompt file. Users can add actions to ``library``, but cannot replace these files.
"""

from functools import cache

from homebody.prompt.files import shipped
from homebody.prompt.front_matter import PromptFile, parse


@cache
def shipped_prompt(name: str) -> PromptFile:
    """Return ``prompts/NAME.md``; cached after the first read."""
    return parse(name, (shipped() / f"{name}.md").read_text("utf-8"))
