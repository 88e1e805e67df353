"""Text in a model's answer that is not code: control tokens, reasoning, code fences, chatter.

Patterns only, shared by the rules for ghost text and by the edits; each decides what to remove.
All patterns take linear time: repetitions are possessive, or can match in only one way.
"""

import re

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

_THOUGHT = re.compile(r"\s*<(think|thinking|reasoning|thought)>")

_SENTENCE = r"(?:[^\n(){}\[\]=;`]|`[^\n`]*`|(?<= )\([^\n(){}\[\]=;]*\))*"
"""Rest of a sentence: no brackets or assignments, except in backticks or as a remark in parentheses."""

_BEFORE = (
    r"(?:(?:Sure|Certainly|Of course|Okay|Absolutely|Great)(?:[,!.]| [a-zI])[^\n]*"
    r"|(?:Here|Below)(?:'s| is| are)[^\n]*"
    r"|I(?:'ll|'ve| will| have)\b[^\n]*"
    r"|(?:The (?:complete|missing|following|updated|refactored|improved|modified|new|rest)"
    rf"|To (?:complete|fix|implement|solve|refactor|improve)|This is|You can)\b{_SENTENCE})[.:!][ \t]*"
)
CHATTER_BEFORE = re.compile(rf"\s*{_BEFORE}(?:\n+|\Z)")
"""Introduction at the start of an answer, with the line ends after it."""

CHATTER_LINE = re.compile(_BEFORE, re.IGNORECASE)
"""A whole line that introduces the code, in any case."""

CHATTER_AFTER = re.compile(
    r"(?:This|These|The|Note|Explanation|In this|Here|You can|I|Please|Let me know|Hope|Changes made"
    r"|Key (?:changes|points|improvements|differences)|What (?:changed|this|I)|By [a-z]+ing"
    rf"|With (?:this|these|the)|Now,? (?:the|this|it|you))\b{_SENTENCE}[.:!?][ \t]*(?=\n|\Z)"
)
"""First line of a paragraph that explains the code before it."""


def after_reasoning(text: str) -> str | None:
    """Return the answer without the reasoning at its start; ``None`` while the reasoning has no end."""
    found = _THOUGHT.match(text)
    if not found:
        return text
    _, end, answer = text.partition(f"</{found.group(1)}>")
    return answer.lstrip("\n") if end else None
