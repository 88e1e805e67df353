"""Distinguish prose from code in the answer to a fill-in-the-middle prompt.

In: an answer, and the place of its request. Out: whether the model wrote prose where code is expected, as
models do whose vocabulary has the markers but which were not trained to fill in the middle. Pure; classifies
one answer. ``FillIn`` (``engine``) counts them.
"""

import re
from typing import Literal, TypeAlias

from homebody.backend.answer import THOUGHTS
from homebody.syntax.cursor import CursorContext

AnswerKind: TypeAlias = Literal["code", "prose", "unclear"]

_CHAT_OPENING = re.compile(
    r"(?:Okay|Ok|Alright|Sure|Certainly|Absolutely|Of course|Great|Hmm|Sorry|I'm sorry)[,!.]\s"
    r"|(?:Here(?:'s| is| are)|Let's|Let me|Let us|I'll|I'm|It looks like|It seems|Based on"
    r"|To (?:complete|fill|fix|implement|solve)|(?:We|I|You) (?:need|have|should|can|will|could|are|think)"
    r"|(?:The|This) (?:code|function|method|class|user|given|missing|following|provided|above|snippet|file))"
    r"\s[^=(){}\[\];]"
)
"""Beginnings of chat answers. No language in the table has a statement that begins like this."""

_CODE = re.compile(
    r"[=(){}\[\];]|\w_\w|\w\.\w|->|::|\s[-+*/%<>&|]\s"
    r"|^(?:return|pass|break|continue|raise|throw|yield|import)\b"
)
"""Signs and statements that sentences do not have."""

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[.,:;!?]?")
_ENGLISH = frozenset(
    {
        *("the", "this", "that", "these", "those", "you", "your", "we", "our", "they", "their", "there"),
        *("should", "will", "would", "could", "need", "needs", "which", "because", "here's", "let's", "it's"),
    }
)
"""Frequent words of a sentence that are neither keywords nor usual names in code."""

_LEAST_WORDS = 6
"""Minimum number of words of a line that counts as a sentence."""


def expects_code(cursor: CursorContext) -> bool:
    """Whether sentences would be wrong here: not in text, in data, or between tags."""
    language = cursor.language
    is_markup = language.blocks == "tags" or language.markup_inside
    return not (cursor.holds_text or language.data or is_markup)


def kind_of(answer: str) -> AnswerKind:
    """Classify an answer by its beginning, for a place that ``expects_code``."""
    text = answer.lstrip()
    if any(text.startswith(opening) for opening, _ in THOUGHTS) or _CHAT_OPENING.match(text):
        return "prose"
    line = text.partition("\n")[0]
    if line and not line[0].isalpha():
        return "code"
    words = line.split()
    plain = [word for word in words if _WORD.fullmatch(word)]
    english = {word.lower().rstrip(".,:;!?") for word in plain} & _ENGLISH
    if len(words) >= _LEAST_WORDS and 4 * len(plain) >= 3 * len(words) and len(english) > 1:
        return "prose"
    return "code" if _CODE.search(line) else "unclear"
