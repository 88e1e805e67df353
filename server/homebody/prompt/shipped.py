"""Prompt files that come with Homebody: in ``prompts/`` in a checkout, ``homebody/_prompts`` when installed.

Users can add actions to ``library``, but cannot replace the files of explain, ask and commit messages.
"""

from functools import cache
from pathlib import Path

import homebody
from homebody.prompt.front_matter import PromptFile, parse


@cache
def shipped_prompt(name: str) -> PromptFile:
    """Return ``prompts/NAME.md``; cached after the first read."""
    path = shipped_folder() / f"{name}.md"
    return parse(path.stem, path.read_text("utf-8"))


def shipped_folder() -> Path:
    """Folder of the prompt files that come with Homebody."""
    package = Path(homebody.__file__).parent
    installed = package / "_prompts"
    return installed if installed.is_dir() else package.parent.parent / "prompts"
