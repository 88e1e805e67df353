"""From what the model wrote to what is worth showing: the last stage of the pipeline.

In: the answer of a model and the facts of the place where it goes. Out: a completion, hunks, or
nothing and the reason.
Pure and synchronous; cannot fail on broken code; knows no LSP and no models.
"""

from homebody.postprocess.hunks import document_hunks, hunks
from homebody.postprocess.line_ends import fit_line_ends

__all__ = ["document_hunks", "fit_line_ends", "hunks"]
