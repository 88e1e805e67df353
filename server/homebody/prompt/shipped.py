"""Prompt files that come with Homebody: in ``prompts/`` in a checkout, ``homebody/_prompts`` when installed.

Users can add actions to ``library``, but cannot replace the files of explain, ask and commit messages.
"""

import tomllib
from functools import cache
from pathlib import Path

from msgspec import structs

import homebody
from homebody.prompt.front_matter import PromptFile, parse


@cache
def shipped_prompt(name: str) -> PromptFile:
    """Return ``prompts/NAME.md``; cached after the first read."""
    path = shipped_folder() / f"{name}.md"
    return with_system(parse(path.stem, path.read_text("utf-8")))


def with_system(prompt: PromptFile) -> PromptFile:
    """Give a prompt file without a system message the one for its output (``prompts/system.toml``)."""
    use = "documentation" if prompt.writes_documentation else prompt.output
    return prompt if prompt.system else structs.replace(prompt, system=_systems()[use])


@cache
def _systems() -> dict[str, str]:
    return tomllib.loads((shipped_folder() / "system.toml").read_text("utf-8"))


def shipped_folder() -> Path:
    """Folder of the prompt files that come with Homebody."""
    package = Path(homebody.__file__).parent
    installed = package / "_prompts"
    return installed if installed.is_dir() else package.parent.parent / "prompts"
