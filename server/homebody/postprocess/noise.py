"""Text in a model's answer that is not code: control tokens, fences, chatter, loops.

Patterns only, shared by the rules for ghost text and by the edits; each decides what to remove.
All patterns take linear time: repetitions are possessive, or can match in only one way.

And invisible characters: compilers read text in its stored order, editors show it in the order that
bidirectional controls ask for, so code can look different from what it does (CVE-2021-42574, "Trojan
Source"). Zero-width characters hide in names and strings.
"""

import re
import unicodedata

CHAT_TOKENS = r"<[|\uff5c][A-Za-z][\w\u2581 .-]{0,40}[|\uff5c]>|<(?:start|end)_of_turn>|\[/INST\]"
"""Control tokens of chat templates, as a server prints them."""

FIM_TOKENS = (
    r"<fim[_-](?:prefix|suffix|middle|pad)>|<(?:file_sep|repo_name|gh_stars|empty_output|eos)>"
    r"|<(?:issue|jupyter|commit)_(?:start|comment|closed|text|code|output|before|msg|after)>"
    r"|<(?:SUF|MID|EOT)>"
)
"""Control tokens of code models that a completion may contain.

Tokens that are also plausible code (``[PREFIX]``, ``<PRE>``, ``<filename>``) are not among them.
"""

FENCE = re.compile(r"^(?P<indent>[ \t]*+)(?P<fence>`{3,}+|~{3,}+)(?P<info>[^\n`]*+)$", re.MULTILINE)
"""A line that opens or closes a fenced code block; ``info`` is what follows the fence, unstripped."""

_SENTENCE = r"(?:[^\n(){}\[\]=;`]|`[^\n`]*`|(?<= )\([^\n(){}\[\]=;]*\))*"
"""Rest of a sentence: no brackets or assignments, except in backticks or as a remark in parentheses."""

_BEFORE = (
    r"(?:(?:Sure|Certainly|Of course|Okay|Absolutely|Great)(?:[,!.]| [a-zI])[^\n]*"
    r"|(?:Here|Below)(?:'s| is| are)[^\n]*"
    r"|I(?:'ll|'ve| will| have)\b[^\n]*"
    r"|(?:The (?:complete|missing|following|updated|refactored|improved|modified|new|rest)"
    rf"|To (?:complete|fix|implement|solve|refactor|improve)|This is|You can)\b{_SENTENCE})[.:!][ \t]*"
)
CHATTER_LINE = re.compile(_BEFORE, re.IGNORECASE)
"""A whole line that introduces the code, in any case."""

CHATTER_AFTER = re.compile(
    r"(?:This|These|The|Note|Explanation|In this|Here|You can|I|Please|Let me know|Hope|Changes made"
    r"|Key (?:changes|points|improvements|differences)|What (?:changed|this|I)|By [a-z]+ing"
    rf"|With (?:this|these|the)|Now,? (?:the|this|it|you))\b{_SENTENCE}[.:!?][ \t]*(?=\n|\Z)"
)
"""First line of a paragraph that explains the code before it."""


_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    r"\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, bidirectional controls, zero-width and other default-ignorable characters of Unicode 16.

Halves of surrogate pairs too, which no file can hold.
"""

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


_LENGTHS = (800, 1600, 3200)
"""Characters at the end of an answer that are checked: for short passages, and for blocks of code."""

_TIMES = 4
"""Times that a passage is written in a row before it counts as a loop."""


def is_loop(text: str, prompt: str = "") -> bool:
    """Whether ``text`` ends with one passage again and again.

    A repetition that is in ``prompt`` is code that the model copies: a table of zeros.
    """
    for length in _LENGTHS:
        if len(text) < length:
            return False
        end = text[-length:]
        for period in range(1, length // _TIMES + 1):
            if end[period:] == end[:-period]:
                return end[: length // 2] not in prompt or not end.strip()
    return False
