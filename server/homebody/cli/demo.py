"""``homebody demo``: an editor's session on a small file, with the real server and the real model.

Starts ``homebody lsp`` as a child process over stdio, sends what an editor sends, and measures the delays
that a user notices. Prints plain text without a terminal; ``--record`` writes the picture in the README.
"""

import asyncio
import difflib
import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from homebody.cli.flags import Flags
from homebody.cli.terminal import harmless
from homebody.installation import LSP_COMMAND, Installation, shell, this_installation
from homebody.settings import Settings
from homebody.text import Span, TextEdit

if TYPE_CHECKING:
    from homebody.cli.demo_editor import Editor

_SPOTS = (
    ("        self.items[item.name] = item", "        self.item"),
    ('        stock.add(Item(row["name"], row["price"], row["quantity"]))', '        stock.add(Item(row["'),
    ("        return self.price * self.quantity", "        return self"),
)
"""Lines to complete, and the typed part of each; the last has the shortest prompt to show."""

_LOOKING_SECONDS = 2.0
"""Pause between moving the cursor and typing; meanwhile the server reads ahead."""

# A web font, or the comment with the address of the library.
_FETCHED = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)

_ABOUT_THE_MODEL = (
    "The default model is tiny (135 million parameters). It is quick and good at the rest of a line; its "
    "explanations are fluent and often wrong, and beyond docstrings it cannot rewrite code. Everything "
    "around it is the real thing: put a larger model in, and all of it gets better.\n"
)
_WIDTH = 100
_READY_SECONDS = 60.0


_Times: TypeAlias = list[tuple[str, str]]
"""What was measured, and the time or speed, as shown."""


def command(
    context: typer.Context,
    *,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the session as an SVG picture.")
    ] = None,
) -> None:
    """Show what Homebody does, on a small file, with the real server and the real model."""
    flags = Flags.of(context.obj)
    settings = flags.load(None)
    console = Console(width=_WIDTH if record else None, record=record is not None, highlight=False)
    asyncio.run(_show(console, settings, flags))
    if record is not None:
        record.write_text(_picture(console), encoding="utf-8")


def _picture(console: Console) -> str:
    """Return the output as SVG, without rich's web fonts, so that viewing it downloads nothing."""
    drawn = console.export_svg(title="homebody demo")
    return _FETCHED.sub("", drawn)


async def _show(console: Console, settings: Settings, flags: Flags) -> None:
    from homebody.cli.demo_editor import open_editor

    times: _Times = []
    text = files("homebody.cli").joinpath("demo_file.txt").read_text("utf-8")
    with tempfile.TemporaryDirectory(prefix="homebody-demo-") as folder:
        path = Path(folder) / "stock.py"
        path.write_text(text, encoding="utf-8")
        began = time.perf_counter()
        command = [*LSP_COMMAND, *flags.to_arguments()]
        async with open_editor(command, path, _options(settings)) as editor:
            times.append(("the server answers the editor", _since(began)))
            console.print("A server (homebody lsp) has started, and a file is open: stock.py")
            model = await _model(editor)
            times.append(("the model is ready", _since(began)))
            console.print(Text(f"The model answers: {harmless(model)}\n"))
            await _complete(console, editor, times)
            prompt = await editor.execute("homebody.showPrompt", {})
            await _explain(console, editor, times)
            await _refactor(console, editor, times)
            if prompt is not None:
                _show_prompt(console, prompt)
    _sum_up(console, times)


def _options(settings: Settings) -> Mapping[str, object]:
    """Use the embedded model, unless the user chose another."""
    if settings.backend.kind != "auto":
        return {}
    return {"backend": {"kind": "embedded"}, "completion": {"debounceMs": 0}}


async def _model(editor: "Editor") -> str:
    """Wait until the model is ready, and return its display name."""
    from homebody.cli.demo_editor import DemoFailed

    try:
        status = await asyncio.wait_for(editor.model(), _READY_SECONDS)
    except TimeoutError:
        message = f"The model was not ready after {_READY_SECONDS:.0f} s: `homebody doctor` finds the cause."
        raise DemoFailed(message) from None
    return f"{status['model']} ({status['backend']}), {status['contextLength']} tokens of context"


async def _complete(console: Console, editor: "Editor", times: _Times) -> None:
    """Type the beginning of three lines, wait for ghost text, and type on into it."""
    _heading(console, "1  Suggestions while you type", "Grey text is from the model; Tab would accept it.")
    waits: list[float] = []
    for line, typed in _SPOTS:
        start = editor.document.text.index(line)
        cursor = start + len(typed)
        editor.change(TextEdit(Span(start, start + len(line)), typed[:-1]))
        editor.focus(cursor - 1)
        await asyncio.sleep(_LOOKING_SECONDS)
        document = editor.change(TextEdit(Span(cursor - 1, cursor - 1), typed[-1]))
        began = time.perf_counter()
        ghost = await editor.complete(cursor)
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
            await editor.complete(cursor + 1)
            waits.append(time.perf_counter() - began)
            times.append((f"the suggestion in line {row + 1}, after a key", took))
        editor.change(TextEdit(document.line_span(row), line))
    if waits:
        times.append(("the rest of it, a key later (median)", f"{median(waits) * 1000:.1f} ms"))
    console.print()


async def _explain(console: Console, editor: "Editor", times: _Times) -> None:
    """Stream an explanation of one method."""
    _heading(console, "2  An explanation", "Of the function `mean_price`, streamed.")
    text = editor.document.text
    span = Span(text.index("def mean_price"), len(text.rstrip()))
    began = time.perf_counter()
    first = 0.0

    def on_text(text: str) -> None:
        nonlocal first
        first = first or time.perf_counter()
        if not console.record:
            _verbatim(console, Text(harmless(text)), end="")

    result = await editor.explain(span, on_text)
    seconds = time.perf_counter() - first
    if console.record:
        # Separate pieces would overflow the edge of the picture.
        console.print(Text(harmless(result["markdown"])))
    usage = result["usage"]
    times.append(("the explanation's first word", f"{(first - began) * 1000:.0f} ms"))
    times.append(("the explanation's speed", f"{usage['outputTokens'] / max(seconds, 0.001):.0f} tokens/s"))
    tokens = f"{usage['promptTokens']} prompt tokens and {usage['outputTokens']} of answer"
    console.print(f"\n\n{tokens}, in a context of {usage['contextLength']}\n", style="cyan")


async def _refactor(console: Console, editor: "Editor", times: _Times) -> None:
    """List the actions, and let the model write a docstring."""
    _heading(console, "3  Edits", "The editor's menu for the function `mean_price`.")
    before = editor.document.text
    span = Span(before.index("def mean_price"), len(before.rstrip()))
    for title in await editor.actions(span):
        console.print(Text(f"   • {title}"))
    console.print(Text("\n“Write a docstring”, applied as one undo step:\n"))
    began = time.perf_counter()
    result = await editor.refactor(span, "docstring")
    times.append(("the docstring, written and applied", _since(began)))
    if result["status"] != "applied":
        console.print(Text(f"{result['status']}: {harmless(result.get('reason', ''))}", "yellow"))
    old, new = before.splitlines(), editor.document.text.splitlines()
    for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        _verbatim(console, Text(harmless(line), style))
    console.print()


def _show_prompt(console: Console, shown: dict[str, Any]) -> None:
    """Print the exact prompt behind the last suggestion."""
    _heading(console, "4  The exact prompt of the last suggestion", "Everything that was sent for it.")
    _verbatim(console, Text(harmless(shown["text"]), "bright_black"))
    console.print(Text(f"\n{shown['promptTokens']} tokens to {harmless(shown['model'])}", "cyan"))
    for source in shown["sources"]:
        first, last = source["range"]["start"]["line"] + 1, source["range"]["end"]["line"]
        console.print(Text(f"   from {source['uri'].rsplit('/', 1)[-1]}, lines {first} to {last}", "cyan"))
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
    """Print text with its own line breaks: lines are wrapped only in the picture."""
    console.print(text, end=end, soft_wrap=not console.record)


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
