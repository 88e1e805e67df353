"""Characters that a reader does not see, or that change the order in which text is shown.

Compilers read text in its stored order, editors show it in the order that bidirectional controls ask for:
with those, code can look different from what it does (CVE-2021-42574, "Trojan Source"). Zero-width characters
hide in names and strings. Shared by ghost text and edits.
"""

import re
import unicodedata

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, bidirectional controls, zero-width and other default-ignorable characters of Unicode 16."""

_JOINS = frozenset("\u200c\u200d")
_SELECTS = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_TAG = re.compile(r"[\U000e0020-\U000e007f]")
_FLAG = "\U0001f3f4"
_KEYCAPS = frozenset("0123456789#*")
_KEYCAP = "\u20e3"


def invisible_added(new: str, old: str) -> str | None:
    """Return the first invisible character of ``new`` that ``old`` does not have at all.

    ``None`` without one. Characters that belong to the visible one before them do not count: joiners in
    scripts and emoji that need them, and variation selectors.
    """
    for found in _INVISIBLE.finditer(new):
        char = found.group()
        if char not in old and not _is_part(new, found.start()):
            return char
    return None


def name_of(char: str) -> str:
    """Describe a character for a message: ``U+202E (right-to-left override)``."""
    name = unicodedata.name(char, "control character").lower()
    return f"U+{ord(char):04X} ({name})"


def _is_part(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to the visible character before it."""
    char = text[at]
    before = text[at - 1] if at else ""
    if _SELECTS.match(char):
        if before.isascii():
            return before in _KEYCAPS and text[at + 1 : at + 2] == _KEYCAP
        return not _INVISIBLE.match(before)
    if char in _JOINS:
        after = text[at + 1] if at + 1 < len(text) else ""
        return _needs_joiner(before) and _needs_joiner(after)
    if _TAG.match(char):
        # The flags of England, Scotland and Wales.
        return (before == _FLAG or bool(_TAG.match(before))) and _FLAG in text[max(0, at - 8) : at]
    return False


def _needs_joiner(char: str) -> bool:
    """Whether ``char`` is of a script or an emoji in which joiners have a visible effect."""
    if not char or char.isascii():
        return False
    if _SELECTS.match(char):
        return True
    # Joiners do nothing in Latin, Greek and Cyrillic.
    name = unicodedata.name(char, "")
    return not name.startswith(("LATIN", "GREEK", "CYRILLIC"))
