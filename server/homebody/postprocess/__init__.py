"""Convert a model's answer to text to show: the last stage of the pipeline.

In: the answer of a model and the facts about the place of insertion. Out: a completion, hunks, or the reason
why there are none.
Pure and synchronous; cannot fail on broken code; knows no LSP and no models.

For ghost text, in this order:

- ``syntax.cursor.cursor_context(document, tree, offset)`` finds the facts at the cursor, once per request;
- ``lines_wanted(cursor, multiline)`` decides between one line and a block;
- ``StopChecker(cursor, wanted=…).feed(piece)`` decides when to close the stream;
- ``finish(document, offset, answer, cursor, …)`` returns ``Finished`` or ``Dropped``.

For edits; each returns a ``Refusal`` with its reason if the answer cannot be used:

- ``replacement_text(document, span, answer)``, and ``document_hunks`` of its result;
- ``docstring_edits(document, tree, span, answer)`` for prompts with ``output = insert``.
"""

from homebody.postprocess.condense import condensed, shortened
from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.code_blocks import CodeBlock, code_blocks
from homebody.postprocess.edit.doc_text import end_of_sentence
from homebody.postprocess.edit.docstring import docstring_edits
from homebody.postprocess.edit.edit_output import replacement_text
from homebody.postprocess.edit.hunks import document_hunks, hunks
from homebody.postprocess.ghost.draft import DropReason, Wanted
from homebody.postprocess.ghost.finish import Dropped, Finished, finish
from homebody.postprocess.ghost.multiline import lines_wanted
from homebody.postprocess.ghost.stop import StopChecker, StopReason
from homebody.postprocess.line_ends import fit_line_ends

__all__ = [
    "CodeBlock",
    "DropReason",
    "Dropped",
    "Finished",
    "Refusal",
    "StopChecker",
    "StopReason",
    "Wanted",
    "code_blocks",
    "condensed",
    "docstring_edits",
    "document_hunks",
    "end_of_sentence",
    "finish",
    "fit_line_ends",
    "hunks",
    "lines_wanted",
    "replacement_text",
    "shortened",
]
