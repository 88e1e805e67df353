"""Checks that an edit does not exchange an operator of an expression that it otherwise keeps.

A rewrite may invert a condition and exchange its branches, so ``a >= b`` for ``a < b`` is allowed, and ``a or
b`` for ``a and b`` if both sides are inverted; ``a <= b`` for ``a < b`` is not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited
from homebody.syntax.compare import Token
from homebody.text import Document

_NEGATIONS = (("<", ">="), (">", "<="), ("==", "!="), ("and", "or"), ("&&", "||"))
_OPPOSITES: Mapping[str, str] = dict([*_NEGATIONS, *((after, before) for before, after in _NEGATIONS)])
"""Operators, each with the one that an inverted condition has."""
_LOGICAL = frozenset({"and", "or", "&&", "||"})
_COMPARISONS = frozenset(_OPPOSITES) - _LOGICAL
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "+=", "-=", "*=", "/=", "//=", "%=", "++", "--"})
_OPERATORS = _COMPARISONS | _LOGICAL | _ARITHMETIC
_EQUALITIES = frozenset({"==", "!="})

_ENDS = frozenset(
    {
        *(",", ";", ":", "?", "{", "}", "=", ":=", "=>", "->", "return", "yield", "lambda", "assert"),
        *("if", "elif", "else", "unless", "while", "until", "for", "in", "then", "do", "when", "case"),
    }
)
"""Tokens between two expressions."""

_Expression: TypeAlias = tuple[str, ...]
"""Tokens of an expression; what is in brackets is one token, and an expression of its own."""


def exchanged_operators(edit: Edited) -> Refusal | None:
    """Refuse an expression that differs from one of the old code in its operators alone.

    Only where one expression takes the place of one other: two conditions may be combined to one.
    """
    old = Counter(_expressions(edit.old, edit.old_tokens))
    new = Counter(_expressions(edit.new, edit.new_tokens))
    lost, added = _by_operands(old - new), _by_operands(new - old)
    for operands, before in lost.items():
        after = added.get(operands, Counter[_Expression]())
        if len(before) == len(after) == 1 and before.total() == after.total():
            (one,), (other,) = before, after
            if _means_something_else(one, other):
                return Refusal(f"The answer changes “{_shown(one)}” to “{_shown(other)}”.")
    return None


def _by_operands(found: Counter[_Expression]) -> Mapping[_Expression, Counter[_Expression]]:
    """Expressions by their tokens without the operators."""
    groups: defaultdict[_Expression, Counter[_Expression]] = defaultdict(Counter)
    for one, count in found.items():
        groups[tuple("" if token in _OPERATORS else token for token in one)][one] = count
    return groups


def _means_something_else(one: _Expression, other: _Expression) -> bool:
    pairs = [(before, after) for before, after in zip(one, other, strict=True) if before in _OPERATORS]
    # A comparison with an equality may be exact: ``len(a) != 0`` for ``len(a) > 0``.
    changed = [pair for pair in pairs if not _is_same(*pair) and not _is_equality(*pair)]
    conditions = [pair for pair in pairs if pair[0] in _OPPOSITES]
    joints = sum(before in _LOGICAL for before, _ in conditions)
    has_only_comparisons = len(conditions) > 2 * joints
    is_inverted = has_only_comparisons and all(_OPPOSITES[before] == after for before, after in conditions)
    return any(pair[0] in _ARITHMETIC or not is_inverted for pair in changed)


def _is_same(before: str, after: str) -> bool:
    """Whether both are one operator: ``a = a + b`` becomes ``a += b``."""
    both = {before, after} & _ARITHMETIC
    return before == after or (len(both) > 1 and before.rstrip("=") == after.rstrip("="))


def _is_equality(before: str, after: str) -> bool:
    return {before, after} <= _COMPARISONS and bool({before, after} & _EQUALITIES)


def _expressions(document: Document, tokens: Sequence[Token]) -> Iterator[_Expression]:
    """Expressions with an operator; of conditions joined by ``and`` or ``or``, also each one."""
    for one in _longest(document, tokens):
        parts = [tuple(part) for is_joint, part in groupby(one, _LOGICAL.__contains__) if not is_joint]
        for expression in (*parts, one) if len(parts) > 1 else (one,):
            if not _OPERATORS.isdisjoint(expression):
                yield expression


def _longest(document: Document, tokens: Sequence[Token]) -> Iterator[_Expression]:
    """Runs of tokens up to an end, the end of a line, or the bracket around them."""
    runs: list[list[str]] = [[]]
    line = -1
    for token in tokens:
        text = token.text
        before, line = line, document.line_of(token.start)
        is_end = not token.is_string and (text in _ENDS or not text.strip())
        if is_end or (line != before and len(runs) == 1):
            yield tuple(runs[-1])
            runs[-1] = []
        if is_end:
            continue
        if not token.is_string and text in {"(", "["}:
            runs.append([])
        elif not token.is_string and text in {")", "]"} and len(runs) > 1:
            inside = tuple(runs.pop())
            yield inside
            # Each level is compared by itself.
            runs[-1].append(f"({hash(inside)})")
        else:
            runs[-1].append(text)
    while runs:
        yield tuple(runs.pop())


def _shown(expression: _Expression) -> str:
    return " ".join("(…)" if token.startswith("(") else token for token in expression)[:60]
