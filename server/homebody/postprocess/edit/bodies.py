"""The check that an edit does not empty the body of a function."""

import re

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited
from homebody.syntax.language import language_of
from homebody.syntax.opaque import comments_in, text_without
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_STUB_WORDS = re.compile(
    r"stub|abstract|interface|protocol|empty|body|bodies|implement|clear|todo|pass\b|\bno-?op|\bno op\b"
    r"|\bnothing\b|disabl|remov|delet|drop|comment(?:ed)? out|get rid",
    re.IGNORECASE,
)
_DOCSTRING = re.compile(r"\A\s*[rRuU]?(\"{3}|'{3})(?:\\.|(?!\1)[^\\])*\1", re.DOTALL)
_LEFT_OUT = frozenset({"", "...", "return"})
"""Bodies that do nothing, in all languages."""


def emptied_bodies(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse a body without code for one that had code: models write ``pass`` for what they leave out.

    The body of a function with another signature may be empty: of a constructor whose parameters are members.
    """
    if _STUB_WORDS.search(instruction):
        return None
    new = {
        (one.container, one.name, one.signature)
        for one in _functions(edit.new_own)
        if _is_empty(edit.new, edit.new_tree, one)
    }
    for one in _functions(edit.old_own):
        if (one.container, one.name, one.signature) in new and not _is_empty(edit.old, edit.old_tree, one):
            return Refusal(f"The answer leaves out the body of {one.name}, so the file is not changed.")
    return None


def _functions(found: tuple[Definition, ...]) -> list[Definition]:
    return [one for one in found if one.is_function and one.body]


def _is_empty(document: Document, tree: Tree, one: Definition) -> bool:
    body = one.body or Span(0, 0)
    text = _DOCSTRING.sub("", text_without(document, body, comments_in(document, tree, body)), count=1)
    # Where comments were, there may be hundreds of blanks: a pattern for them would try each division.
    text = " ".join(text.split())
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    statement = text.removesuffix(";").rstrip()
    return statement in _LEFT_OUT or language_of(document.language_id).stub.fullmatch(statement) is not None
