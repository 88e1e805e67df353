"""``homebody demo``: an editor's session on a small file, with the coroutines that the language server uses.

Measures the delays that a user notices. ``packaging/demo_picture.py`` makes the picture in the README.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import typer

from homebody.cli.answers import show_prompt_text
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.engine import Engine, open_engine
from homebody.features.complete import complete, prepare
from homebody.features.explain import explain
from homebody.features.refactor import list_actions, refactor
from homebody.headless.diff import unified_diff
from homebody.headless.report import to_prompt
from homebody.installation import Installation, shell, this_installation
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
    text = files("homebody.cli").joinpath("demo_file.txt").read_text("utf-8")
    with tempfile.TemporaryDirectory(prefix="homebody-demo-") as folder:
        path = Path(folder) / "stock.py"
        path.write_text(text, encoding="utf-8")
        async with open_engine(settings, folders=[path.parent]) as engine:
            info = await engine.completion.describe()
            demo = _Demo(engine, Document.create(path.as_uri(), "python", 1, text))
            demo.terminal.write(
                f"A file is open: stock.py\nThe model answers: {info.name} ({info.kind}), "
                f"{info.context_length} tokens of context\n\n"
            )
            try:
                await demo.complete()
                prompt = engine.audit.last(demo.document.uri)
                await demo.explain()
                await demo.refactor()
                if prompt is not None:
                    demo.heading(
                        "4  The exact prompt of the last suggestion", "Everything that was sent for it."
                    )
                    show_prompt_text(demo.terminal, to_prompt(prompt))
                    demo.terminal.write(prompt.answer.rstrip("\n") + "\n\n")
            finally:
                await demo.session.aclose()
    demo.sum_up()


class _Demo:
    """One file that is open in an editor."""

    def __init__(self, engine: Engine, document: Document) -> None:
        self.terminal = Terminal()
        self.engine = engine
        self.session = Session(engine)
        self.document = document
        engine.trees.open(document)

    def heading(self, title: str, about: str) -> None:
        """Begin a part of the demo."""
        self.terminal.write(f"{title}\n", "bold")
        self.terminal.write(f"{about}\n", "bright_black")

    async def complete(self) -> None:
        """Type the beginning of three lines, wait for ghost text, and type on into it."""
        self.heading("1  Suggestions while you type", "Grey text is from the model; Tab would accept it.")
        for line, typed in _SPOTS:
            start = self.document.text.index(line)
            cursor, row = start + len(typed), self.document.line_of(start)
            document = self._change(TextEdit(Span(start, start + len(line)), typed[:-1]))
            await prepare(self.engine, document, cursor - 1, session=self.session)
            await asyncio.sleep(_LOOKING_SECONDS)
            self._change(TextEdit(Span(cursor - 1, cursor - 1), typed[-1]))
            began = time.perf_counter()
            shown = await complete(
                self.engine, self.document, cursor, session=self.session, trigger="automatic"
            )
            self.terminal.write(f"{row + 1:>4}  {typed}")
            if shown:
                self.terminal.write(shown[0].text.split("\n")[0], "bright_black italic")
                self.terminal.write(f"   {milliseconds_since(began)}\n", "cyan")
            else:
                self.terminal.write("   (no suggestion: the model's confidence is too low)\n", "yellow")
            self._change(TextEdit(self.document.line_span(row), line))
        self.terminal.write("\n")

    async def explain(self) -> None:
        """Stream an explanation of one method."""
        self.heading("2  An explanation", "Of the function `mean_price`, streamed.")
        began = time.perf_counter()
        first = ""

        def on_text(text: str) -> None:
            nonlocal first
            first = first or milliseconds_since(began)
            self.terminal.write(text)

        span = self._span_from("def mean_price")
        result = await explain(self.engine, self.document, span, session=self.session, on_text=on_text)
        usage = result.usage
        tokens = f"{usage.prompt_tokens} prompt tokens and {usage.output_tokens} of answer"
        self.terminal.write(f"\n\n{tokens}; the first word after {first}\n\n", "cyan")

    async def refactor(self) -> None:
        """List the actions, and let the model write a docstring."""
        self.heading("3  Edits", "The editor's menu for the function `mean_price`.")
        span, text = self._span_from("def mean_price"), self.document.text
        actions = list_actions(self.engine, self.document, span)
        self.terminal.write("".join(f"   • {action.title}\n" for action in actions if not action.lacks))
        self.terminal.write("\n“Write a docstring”, as a diff:\n\n")
        result = await refactor(self.engine, self.document, span, action="docstring", session=self.session)
        if result.reason:
            self.terminal.write(f"{result.status}: {result.reason}\n", "yellow")
        self.terminal.diff(unified_diff(Path("stock.py"), text, apply_edits(text, result.edits)))
        self.terminal.write("\n")

    def sum_up(self) -> None:
        """Say what the model is suited for, and print the next steps."""
        self.terminal.write(_ABOUT_THE_MODEL)
        self.terminal.write("Next\n", "bold")
        self.terminal.write("".join(f"   {line}\n" for line in next_steps(this_installation())))

    def _change(self, edit: TextEdit) -> Document:
        before, self.document = self.document, self.document.edited(edit, self.document.version + 1)
        self.engine.trees.edit(before, edit, self.document)
        self.session.changed([edit], self.document)
        return self.document

    def _span_from(self, start: str) -> Span:
        """Return the span from the text ``start`` to the end of the file."""
        text = self.document.text
        return Span(text.index(start), len(text.rstrip()))


def milliseconds_since(began: float) -> str:
    """Return the time since ``began``, as shown."""
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
