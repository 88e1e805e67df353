"""Models that were trained to suggest next edits, as ``prompts/next_edit.toml`` lists them."""

import re
from functools import cache
from typing import Literal

import msgspec

from homebody.prompt.shipped import shipped_folder


class NextEditFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table, which describes its columns."""

    title: str
    names: tuple[str, ...]
    architectures: tuple[str, ...]
    layout: Literal["windows", "blocks"]
    markers: tuple[str, ...]
    stop: tuple[str, ...]
    above: int
    below: int
    changes: int
    source: str


@cache
def formats() -> dict[str, NextEditFormat]:
    """Return all rows by name."""
    text = (shipped_folder() / "next_edit.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, NextEditFormat])


def format_of(model: str, architecture: str | None) -> NextEditFormat | None:
    """Return the row of a model by its name and architecture; ``None`` for one that is not asked."""
    plain = re.sub(r"[_.](?=v2\b)", "-", model.rpartition("/")[2].lower().replace("_", "-"))
    for row in formats().values():
        is_known = architecture is None or architecture in row.architectures
        if is_known and any(re.search(name, plain) for name in row.names):
            return row
    return None
