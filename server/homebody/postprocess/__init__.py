"""Convert a model's answer to text to show: the last stage of the pipeline.

Pure and synchronous; cannot fail on broken code; knows no LSP and no models. ``ghost/finish.py`` is the entry
for completions. Those for edits raise ``Refusal`` if an answer cannot be used: ``edit/answer_code.py`` reads
its code, ``edit/rewritten.py`` finds the part that was asked for, ``edit/placed.py`` fits it to its place;
``edit/docstring.py`` writes descriptions.
"""
