"""Where the prompt files are: ``prompts/`` in a checkout, ``homebody/_prompts`` when installed."""

from pathlib import Path

import homebody


def shipped() -> Path:
    """Folder of the prompt files that come with Homebody."""
    package = Path(homebody.__file__).parent
    installed = package / "_prompts"
    return installed if installed.is_dir() else package.parent.parent / "prompts"
