"""Prints a prompt: the exact text, what it contains, and what was left out."""

from collections.abc import Sequence

from homebody.cli.hyperlinks import from_here
from homebody.cli.terminal import Terminal
from homebody.headless.report import Lines, Prompt
from homebody.workspace.uri import path_of


def show_prompt_text(terminal: Terminal, prompt: Prompt) -> None:
    """Print the parts of the prompt in order."""
    tokens = f"{prompt.prompt_tokens} of {prompt.context_length} tokens"
    terminal.write(f"Prompt to {prompt.model} ({prompt.backend}), {tokens}:\n", "bold")
    terminal.write(prompt.text.removesuffix("\n") + "\n")
    terminal.write("What it contains:\n", "bold")
    _write_lines(terminal, prompt.sources)
    if prompt.left_out:
        terminal.write("What was left out:\n", "bold")
        _write_lines(terminal, prompt.left_out)
    for note in prompt.notes:
        terminal.write(f"Note: {note}\n", "bold")
    terminal.write("Answer:\n", "bold")


def _write_lines(terminal: Terminal, sources: Sequence[Lines]) -> None:
    for source in sources:
        tokens = "" if source.tokens is None else f", {source.tokens} tokens"
        terminal.write(f"  {lines_of(source)}: {source.why}{tokens}\n")


def lines_of(source: Lines) -> str:
    """Return ``src/app.py:3-9`` for a file, as seen from the current folder; the URI for anything else."""
    path = path_of(source.uri)
    if path is None:
        return f"{source.uri}:{source.first_line}-{source.last_line}"
    return f"{from_here(path)}:{source.first_line}-{source.last_line}"
