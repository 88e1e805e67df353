"""``homebody demo``: an editor's session on a small file, with the coroutines that the language server uses.

Measures the delays that a user notices. ``packaging/demo_picture.py`` makes the picture in the README.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing
from importlib.resources import files
from pathlib import Path

import typer

from homebody import __version__
from homebody.cli.answers import show_prompt_text
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.features.complete import complete, prepare
from homebody.features.explain import explain
from homebody.features.refactor import list_actions, refactor
from homebody.headless.diff import unified_diff
from homebody.installation import PROGRAM, checkout, own_command, shell
from homebody.session.session import Session
from homebody.settings import Settings
from homebody.text import Document, Span, TextEdit, apply_edits

_SPOTS = (
    ("        self.items[item.name] = item", "        self.item"),
    ("    return total / len(items)", "    return total"),
    ("        return self.price * self.quantity", "        return self"),
)
"""Lines to complete, and the typed part of each; the last has the shortest prompt to show."""

_LOOKING_SECONDS = 2.0
"""Pause between moving the cursor and typing; meanwhile the server reads ahead."""

_ABOUT_THE_MODEL = """
The default model is tiny (135 million parameters). It is quick and good at the rest of a line; its
explanations are fluent and often wrong, and beyond docstrings it cannot rewrite code. Everything around
it is the real thing: put a larger model in, and all of it gets better.

"""


def command(context: typer.Context) -> None:
    """Show what Homebody does, on a small file, with a real model."""
    flags = Flags.of(context.obj)
    if flags.load(None).backend.kind == "auto":  # the demo is about the embedded model
        embedded = Flags.of({"backend": ["embedded"]}).values
        flags = Flags({**embedded, "completion.debounce_ms": "0", **flags.values}, flags.config)
    asyncio.run(_show(flags.load(None)))


async def _show(settings: Settings) -> None:
    terminal = Terminal()
    text = files("homebody.cli").joinpath("demo_file.txt").read_text("utf-8")
    span = Span(text.index("def mean_price"), len(text.rstrip()))
    with tempfile.TemporaryDirectory(prefix="homebody-demo-") as folder:
        path = Path(folder) / "stock.py"
        path.write_text(text, encoding="utf-8")
        async with (
            open_engine(settings, folders=[path.parent]) as engine,
            aclosing(Session(engine)) as session,
        ):
            info = await engine.completion.describe()
            terminal.write(
                f"A file is open: stock.py\nThe model answers: {info.name} ({info.kind}), "
                f"{info.context_length} tokens of context\n\n"
            )
            about = "Grey text is from the model; Tab would accept it."
            _head(terminal, "1  Suggestions while you type", about)
            document = await _type(session, Document.create(path.as_uri(), "python", 1, text), terminal)
            prompt = engine.audit.last(document.uri)
            _head(terminal, "2  An explanation", "Of the function `mean_price`, streamed.")
            await _explain(session, document, span, terminal)
            _head(terminal, "3  Edits", "The editor's menu for the function `mean_price`.")
            actions = list_actions(engine, document, span)
            terminal.write("".join(f"   • {action.title}\n" for action in actions if not action.lacks))
            terminal.write("\n“Write a docstring”, as a diff:\n\n")
            result = await refactor(engine, document, span, action="docstring", session=session)
            if result.reason:
                terminal.write(f"{result.status}: {result.reason}\n", "yellow")
            terminal.diff(unified_diff(Path("stock.py"), text, apply_edits(text, result.edits)))
            if prompt is not None:
                title = "\n4  The exact prompt of the last suggestion"
                _head(terminal, title, "Everything that was sent for it.")
                show_prompt_text(terminal, prompt)
                terminal.write("\n")
    terminal.write(_ABOUT_THE_MODEL)
    terminal.write("Next\n", "bold")
    terminal.write("".join(f"   {line}\n" for line in next_steps()))


def _head(terminal: Terminal, title: str, about: str) -> None:
    terminal.write(f"{title}\n", "bold")
    terminal.write(f"{about}\n", "bright_black")


async def _type(session: Session, document: Document, terminal: Terminal) -> Document:
    """Type the beginning of three lines, wait for ghost text, and type on; return the document."""
    engine = session.engine
    engine.trees.open(document)

    def change(start: int, end: int, new_text: str) -> None:
        nonlocal document
        edit, before = TextEdit(Span(start, end), new_text), document
        document = before.edited(edit, before.version + 1)
        engine.trees.edit(before, edit, document)
        session.changed([edit], document)

    for line, typed in _SPOTS:
        start = document.text.index(line)
        cursor = start + len(typed)
        change(start, start + len(line), typed[:-1])
        await prepare(engine, document, cursor - 1, session=session)
        await asyncio.sleep(_LOOKING_SECONDS)
        change(cursor - 1, cursor - 1, typed[-1])
        began = time.perf_counter()
        shown = await complete(engine, document, cursor, session=session, trigger="automatic")
        terminal.write(f"{document.line_of(start) + 1:>4}  {typed}")
        if shown:
            terminal.write(shown[0].text.split("\n")[0], "bright_black italic")
            terminal.write(f"   {milliseconds_since(began)}\n", "cyan")
        else:
            terminal.write("   (no suggestion: the model's confidence is too low)\n", "yellow")
        change(start, cursor, line)
    terminal.write("\n")
    return document


async def _explain(session: Session, document: Document, span: Span, terminal: Terminal) -> None:
    began = time.perf_counter()
    first = ""

    def on_text(text: str) -> None:
        nonlocal first
        first = first or milliseconds_since(began)
        terminal.write(text)

    answer = await explain(session.engine, document, span, session=session, on_text=on_text)
    tokens = f"{answer.usage.prompt_tokens} prompt tokens and {answer.usage.output_tokens} of answer"
    terminal.write(f"\n\n{tokens}; the first word after {first}\n\n", "cyan")


def milliseconds_since(began: float) -> str:
    """Return the time since ``began``, as shown."""
    return f"{(time.perf_counter() - began) * 1000:.0f} ms"


def next_steps() -> Iterator[str]:
    """Return how to connect an editor, and how to get a better model."""
    program, root = json.dumps(str(PROGRAM)), checkout()
    if root is None:
        yield "Your editor starts the language server with this command:"
        yield f"   {own_command('lsp')}"
    else:
        vsix = root / "dist" / f"homebody-{__version__}.vsix"
        yield "VS Code: build the extension, install it, and name the server in your settings.json:"
        yield f"   {shell('make', '-C', str(root), 'vsix')}"
        yield f"   {shell('code', '--install-extension', str(vsix))}"
        yield f'   "homebody.server.command": {program}'
        yield "Neovim: two lines in your init.lua:"
        yield f"   vim.opt.runtimepath:append({json.dumps(str(root / 'clients' / 'neovim'))})"
        yield f'   require("homebody").setup({{ cmd = {{ {program}, "lsp" }} }})'
        yield f"Another editor: {root / 'docs' / 'editors'}; the command is {own_command('lsp')}"
    yield "A better model: this recommends one for your machine, and the command that installs it:"
    yield f"   {own_command('models', 'recommend')}"
