"""Convert a model's answer to text to show: the last stage of the pipeline.

Pure and synchronous; cannot fail on broken code; knows no LSP and no models. ``ghost/finish.py`` is the entry
for completions; ``edit/edit_output.py`` and ``edit/docstring.py`` are those for edits, which return a
``Refusal`` with its reason if the answer cannot be used.
"""
