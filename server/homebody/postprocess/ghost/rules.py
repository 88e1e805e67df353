"""The rules that are applied to a model's text, in order.

``stop`` applies the first of them after each piece, ``finish`` all of them to the whole answer.
A new rule is a function in a module here, a line in this tuple, a case file in ``tests/cases/complete``, and,
if it drops answers, its reason in ``draft.DropReason``.
"""

from homebody.postprocess.ghost.closers import with_closers_once, without_misplaced_closer
from homebody.postprocess.ghost.confidence import confident
from homebody.postprocess.ghost.draft import GrowingRule, Rule
from homebody.postprocess.ghost.glue import (
    joined_to_line,
    not_glued,
    not_there_already,
    not_twice,
    on_one_line,
)
from homebody.postprocess.ghost.indent import indented_like_file
from homebody.postprocess.ghost.last_lines import (
    without_bare_comments,
    without_partial_line,
    without_trailing_blanks,
)
from homebody.postprocess.ghost.noise import without_invisible, without_noise
from homebody.postprocess.ghost.repeats import without_next_lines, without_previous_lines
from homebody.postprocess.ghost.unit import up_to_end, with_end

GROWING: tuple[GrowingRule, ...] = (without_noise, joined_to_line, indented_like_file, with_end)
"""Applied to an answer that is still arriving, after each piece; and first of all to a complete answer."""

RULES: tuple[Rule, ...] = (
    *GROWING,
    up_to_end,
    without_partial_line,
    without_bare_comments,
    without_misplaced_closer,
    without_next_lines,
    without_previous_lines,
    without_trailing_blanks,
    without_invisible,
    confident,
    with_closers_once,
    on_one_line,
    not_glued,
    not_twice,
    not_there_already,
)
