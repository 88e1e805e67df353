"""``homebody demo``: an editor's session on a small file, with the coroutines that the language server uses.

Measures the delays that a user notices. ``packaging/demo_picture.py`` makes the picture in the README.
"""

import asyncio
import difflib
import json
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from homebody.audit import PromptRecord
from homebody.cli.flags import Flags
from homebody.cli.terminal import harmless
from homebody.engine import Engine, open_engine
from homebody.features.complete import complete, prepare
from homebody.features.explain import explain
from homebody.features.refactor import list_actions, refactor
from homebody.installation import Installation, shell, this_installation
from homebody.session.session import Session
from homebody.settings import Settings
from homebody.text import Document, Span, TextEdit, apply_edits
from homebody.workspace.uri import file_name

_SPOTS = (
    ("        self.items[item.name] = item", "        self.item"),
    ('        stock.add(Item(row["name"], row["price"], row["quantity"]))', '        stock.add(Item(row["'),
    ("        return self.price * self.quantity", "        return self"),
)
"""Lines to complete, and the typed part of each; the last has the shortest prompt to show."""

_LOOKING_SECONDS = 2.0
"""Pause between moving the cursor and typing; meanwhile the server reads ahead."""

_ABOUT_THE_MODEL = (
    "The default model is tiny (135 million parameters). It is quick and good at the rest of a line; its "
    "explanations are fluent and often wrong, and beyond docstrings it cannot rewrite code. Everything "
    "around it is the real thing: put a larger model in, and all of it gets better.\n"
)

_Times: TypeAlias = list[tuple[str, str]]
"""What was measured, and the time or speed, as shown."""


def command(context: typer.Context) -> None:
    """Show what Homebody does, on a small file, with a real model."""
    flags = Flags.of(context.obj)
    if flags.load(None).backend.kind == "auto":  # the demo is about the embedded model
        embedded = Flags.of({"backend": ["embedded"]}).values
        flags = Flags({**embedded, "completion.debounce_ms": "0", **flags.values}, flags.config)
    asyncio.run(_show(Console(highlight=False), flags.load(None)))


class _Editor:
    """One file that is open in an editor, and what it is shown on."""

    def __init__(self, console: Console, engine: Engine, document: Document) -> None:
        self.console = console
        self.engine = engine
        self.session = Session(engine)
        self.document = document
        self.times: _Times = []
        engine.trees.open(document)

    def change(self, edit: TextEdit) -> Document:
        """Edit the file."""
        before, self.document = self.document, self.document.edited(edit, self.document.version + 1)
        self.engine.trees.edit(before, edit, self.document)
        self.session.changed([edit], self.document)
        return self.document

    async def suggested(self, offset: int) -> str:
        """Return the ghost text; empty if there is none."""
        found = await complete(self.engine, self.document, offset, session=self.session, trigger="automatic")
        return found[0].text if found else ""

    def span_from(self, start: str) -> Span:
        """Return the span from the text ``start`` to the end of the file."""
        text = self.document.text
        return Span(text.index(start), len(text.rstrip()))


async def _show(console: Console, settings: Settings) -> None:
    text = files("homebody.cli").joinpath("demo_file.txt").read_text("utf-8")
    with tempfile.TemporaryDirectory(prefix="homebody-demo-") as folder:
        path = Path(folder) / "stock.py"
        path.write_text(text, encoding="utf-8")
        began = time.perf_counter()
        async with open_engine(settings, folders=[path.parent]) as engine:
            info = await engine.completion.describe()
            editor = _Editor(console, engine, Document.create(path.as_uri(), "python", 1, text))
            editor.times.append(("the model is ready", _since(began)))
            model = f"{info.name} ({info.kind}), {info.context_length} tokens of context"
            console.print(Text(f"A file is open: stock.py\nThe model answers: {harmless(model)}\n"))
            try:
                await _complete(editor)
                prompt = engine.audit.last(editor.document.uri)
                await _explain(editor)
                await _refactor(editor)
            finally:
                await editor.session.aclose()
    if prompt is not None:
        _show_prompt(console, prompt)
    _sum_up(console, editor.times)


async def _complete(editor: _Editor) -> None:
    """Type the beginning of three lines, wait for ghost text, and type on into it."""
    console = editor.console
    _heading(console, "1  Suggestions while you type", "Grey text is from the model; Tab would accept it.")
    waits: list[float] = []
    for line, typed in _SPOTS:
        start = editor.document.text.index(line)
        cursor = start + len(typed)
        document = editor.change(TextEdit(Span(start, start + len(line)), typed[:-1]))
        await prepare(editor.engine, document, cursor - 1, session=editor.session)
        await asyncio.sleep(_LOOKING_SECONDS)
        document = editor.change(TextEdit(Span(cursor - 1, cursor - 1), typed[-1]))
        began = time.perf_counter()
        ghost = await editor.suggested(cursor)
        took = _since(began)
        row = document.line_of(cursor)
        shown = Text(f"{row + 1:>4}  {typed}").append(harmless(ghost.split("\n")[0]), "bright_black italic")
        if not ghost:
            shown.append("   (no suggestion: the model's confidence is too low)", "yellow")
        _verbatim(console, shown.append(f"   {took}", "cyan"))
        if ghost:
            # The next keystroke matches the suggestion, so the rest is reused without a model request.
            document = editor.change(TextEdit(Span(cursor, cursor), ghost[0]))
            began = time.perf_counter()
            await editor.suggested(cursor + 1)
            waits.append(time.perf_counter() - began)
            editor.times.append((f"the suggestion in line {row + 1}, after a key", took))
        editor.change(TextEdit(document.line_span(row), line))
    if waits:
        editor.times.append(("the rest of it, a key later (median)", f"{median(waits) * 1000:.1f} ms"))
    console.print()


async def _explain(editor: _Editor) -> None:
    """Stream an explanation of one method."""
    console = editor.console
    _heading(console, "2  An explanation", "Of the function `mean_price`, streamed.")
    span = editor.span_from("def mean_price")
    began = time.perf_counter()
    first = 0.0

    def on_text(text: str) -> None:
        nonlocal first
        first = first or time.perf_counter()
        _verbatim(console, Text(harmless(text)), end="")

    result = await explain(editor.engine, editor.document, span, session=editor.session, on_text=on_text)
    seconds = time.perf_counter() - first
    usage = result.usage
    editor.times.append(("the explanation's first word", f"{(first - began) * 1000:.0f} ms"))
    speed = usage.output_tokens / max(seconds, 0.001)
    editor.times.append(("the explanation's speed", f"{speed:.0f} tokens/s"))
    tokens = f"{usage.prompt_tokens} prompt tokens and {usage.output_tokens} of answer"
    console.print(f"\n\n{tokens}, in a context of {usage.context_length}\n", style="cyan")


async def _refactor(editor: _Editor) -> None:
    """List the actions, and let the model write a docstring."""
    console, document = editor.console, editor.document
    _heading(console, "3  Edits", "The editor's menu for the function `mean_price`.")
    span = editor.span_from("def mean_price")
    for action in list_actions(editor.engine, document, span):
        if not action.lacks:
            console.print(Text(f"   • {action.title}"))
    console.print(Text("\n“Write a docstring”, as a diff:\n"))
    began = time.perf_counter()
    result = await refactor(editor.engine, document, span, action="docstring", session=editor.session)
    editor.times.append(("the docstring", _since(began)))
    if result.reason:
        console.print(Text(f"{result.status}: {harmless(result.reason)}", "yellow"))
    old, new = document.text.splitlines(), apply_edits(document.text, result.edits).splitlines()
    for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        _verbatim(console, Text(harmless(line), style))
    console.print()


def _show_prompt(console: Console, prompt: PromptRecord) -> None:
    """Print the exact prompt behind the last suggestion."""
    _heading(console, "4  The exact prompt of the last suggestion", "Everything that was sent for it.")
    _verbatim(console, Text(harmless(prompt.text), "bright_black"))
    console.print(Text(f"\n{prompt.prompt_tokens} tokens to {harmless(prompt.model)}", "cyan"))
    for source in prompt.sources:
        lines = f"lines {source.first_line + 1} to {source.last_line + 1}"
        console.print(Text(f"   from {file_name(source.uri)}, {lines}", "cyan"))
    console.print()


def _sum_up(console: Console, times: _Times) -> None:
    """Print the measurements, what the model is suited for, and the next steps."""
    _heading(console, "Measured in this run, on this machine", "")
    console.print("".join(f"   {what:<45}{took:>12}\n" for what, took in times))
    console.print(_ABOUT_THE_MODEL)
    console.print(Text("Next", "bold"))
    for line in next_steps(this_installation()):
        _verbatim(console, Text(f"   {line}"))


def _verbatim(console: Console, text: Text, end: str = "\n") -> None:
    """Print text with its own line breaks."""
    console.print(text, end=end, soft_wrap=True)


def _heading(console: Console, title: str, about: str) -> None:
    console.print(Text(title, "bold").append(f"\n{about}" * bool(about), "not bold bright_black"))


def _since(began: float) -> str:
    return f"{(time.perf_counter() - began) * 1000:.0f} ms"


def next_steps(installation: Installation) -> Iterator[str]:
    """Return how to connect an editor, and how to get a better model."""
    program, checkout = str(installation.program), installation.checkout
    if checkout is None:
        yield "Your editor starts the language server with this command:"
        yield f"   {shell(program, 'lsp')}"
    else:
        vsix = checkout / "dist" / f"homebody-{installation.version}.vsix"
        yield "VS Code: build the extension, install it, and name the server in your settings.json:"
        yield f"   {shell('make', '-C', str(checkout), 'vsix')}"
        yield f"   {shell('code', '--install-extension', str(vsix))}"
        yield f'   "homebody.server.command": {json.dumps(program)}'
        yield "Neovim: two lines in your init.lua:"
        yield f"   vim.opt.runtimepath:append({json.dumps(str(checkout / 'clients' / 'neovim'))})"
        yield f'   require("homebody").setup({{ cmd = {{ {json.dumps(program)}, "lsp" }} }})'
        yield f"Another editor: {checkout / 'docs' / 'editors'}; the command is {shell(program, 'lsp')}"
    yield "A better model: this recommends one for your machine, and the command that installs it:"
    yield f"   {shell(program, 'models', 'recommend')}"
