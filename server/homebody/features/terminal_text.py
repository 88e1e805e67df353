"""Text that a program wrote to a terminal, as a person saw it: without colours and overwritten lines.

In: captured output. Out: plain text. Pure.
"""

import re

# Control sequences (colours, cursor movements), then operating system commands (titles, hyperlinks).
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[PX^_][^\x1b\n]*+\x1b\\|[ -/]*+[0-~])"
)


def without_escapes(text: str) -> str:
    """Return ``text`` without the escape sequences of terminals."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def as_seen(text: str) -> str:
    """Return output without escape sequences; of an overwritten line, as of a progress bar, the end."""
    text = without_escapes(text).replace("\r\n", "\n")
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
