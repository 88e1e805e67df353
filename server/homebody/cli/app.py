"""Table of all other commands; only the module of the requested command is imported.

A new command is a file with ``register(app)`` and a row here.
"""

import difflib
import importlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.main import get_command

from homebody import __version__
from homebody.cli.flags import BACKENDS, HELP, take_flags
from homebody.errors import UsageError


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, the module that registers it, and a few words for the list."""

    name: str
    module: str
    about: str
    hidden: bool = False


COMMANDS = (
    Command("lsp", "homebody.cli.lsp", "Serve an editor."),
    Command("acp", "homebody.cli.acp", "Chat in an editor that speaks the Agent Client Protocol."),
    Command("complete", "homebody.cli.complete", "Show the suggestions at a position in a file."),
    Command("explain", "homebody.cli.explain", "Explain a file, some of its lines, an error or a diff."),
    Command("ask", "homebody.cli.ask", "Ask about code, once or in a conversation."),
    Command(
        "commit-message", "homebody.cli.commit_message", "Write a commit message for the staged changes."
    ),
    Command("refactor", "homebody.cli.refactor", "Rewrite files, or parts of them: as diffs, or in place."),
    Command("prompts", "homebody.cli.prompts", "List or check prompt files."),
    Command("undo", "homebody.cli.undo", "Restore the files that a run of refactor changed."),
    Command("models", "homebody.cli.models", "List, recommend, install, show or remove models."),
    Command("demo", "homebody.cli.demo", "Demonstrate Homebody on a small file."),
    Command("doctor", "homebody.cli.doctor", "Check servers, models and settings; name improvements."),
    Command(
        "bench", "homebody.cli.bench", "Measure how fast the chosen model reads and writes on this machine."
    ),
    Command(
        "log", "homebody.cli.log", "Show which prompts were sent, and how many suggestions were accepted."
    ),
    Command("completion", "homebody.cli.completion", "Print a script that completes commands in your shell."),
    Command("config", "homebody.cli.config", "Show, describe, create or import the settings."),
)

COMPLETE = "_HOMEBODY_COMPLETE"
"""Variable that is set when a shell asks for completions."""

# Options whose value is optional, with their defaults. A value must follow "=", so that in
# ``--changed src`` the word ``src`` is a folder.
_BARE = {"refactor": {"--changed": "HEAD", "--resume": "last"}}

# What a command with subcommands does without one.
_ALONE = {"models": "list", "prompts": "list", "config": "show"}

_KEEP_LINES = "\b\n"  # otherwise typer would rewrap the paragraph
_ABOUT = "A code assistant that runs entirely on your own machine."


def run_app(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name.

    Raises
    ------
    HomebodyError
        The command failed; arguments that cannot be parsed raise ``UsageError``.

    """
    if instruction := os.environ.get(COMPLETE):
        return answer_shell(instruction)
    flags, rest = take_flags(arguments)
    name = next((argument for argument in rest if not argument.startswith("-")), None)
    names = [row.name for row in COMMANDS]
    if name is not None and name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean `homebody {close[0]}`?" if close else "`homebody --help` lists them."
        message = f"There is no command {name!r}; {hint}"
        raise UsageError(message)
    try:
        code = _app(name)(
            _with_subcommand(_with_values(name, rest)) or ["--help"],
            prog_name="homebody",
            standalone_mode=False,
            obj=flags,
        )
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except typer.TyperException as error:
        message = " ".join(error.format_message().split())
        where = _command_of(error, name)
        # The library that checks values speaks of inputs and value errors.
        message = message.replace("Value error, ", "").replace("Input should be", "it has to be")
        message = re.sub(", unable to parse string as an? [a-z]+", "", message)
        message = f"{message.rstrip('.')}; see `{where} --help`."
        raise UsageError(message) from error
    return code if isinstance(code, int) else 0


def answer_shell(instruction: str) -> int:
    """Print a script for a shell (``source_bash``), or what may follow in its line (``complete_bash``).

    typer reads the line from the shell's variables.
    """
    words = (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()
    # ``lsp`` reads its arguments without typer.
    names = {row.name for row in COMMANDS if row.name != "lsp"}
    name = next((word for word in words if word in names), None)
    app = _app(name, add_completion=True)
    app.callback()(_flags)
    group: Any = get_command(app)
    group.params = [option for option in group.params if not option.name.endswith("_completion")]
    if name is not None:
        command = group.commands[name]
        for inner in (command, *getattr(command, "commands", {}).values()):
            inner.params += group.params
    os.environ[COMPLETE] = instruction
    return group(prog_name="homebody", complete_var=COMPLETE)


def _flags(
    settings: Annotated[str, typer.Option("--set")] = "",
    model: Annotated[str, typer.Option("--model")] = "",
    backend: Annotated[str, typer.Option("--backend", autocompletion=lambda: BACKENDS)] = "",
    config: Annotated[str, typer.Option("--config")] = "",
    *,
    version: Annotated[bool, typer.Option("--version")] = False,
) -> None:
    """Flags of every command, for completion; ``take_flags`` reads them."""


def _command_of(error: typer.TyperException, name: str | None) -> str:
    """Return the command that an error is about, inner commands included: ``homebody models show``."""
    path = getattr(getattr(error, "ctx", None), "command_path", "")
    return path or (f"homebody {name}" if name else "homebody")


def _with_values(name: str | None, arguments: Sequence[str]) -> list[str]:
    """Return ``arguments`` with the default added to each option given without its optional value."""
    bare = _BARE.get(name or "", {})
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [f"{word}={bare[word]}" if word in bare else word for word in arguments[:end]]
    return [*options, *arguments[end:]]


def _with_subcommand(arguments: Sequence[str]) -> list[str]:
    """Return ``arguments`` with the subcommand added where one is needed and none is given."""
    words = [word for word in arguments if not word.startswith("-")]
    alone = _ALONE.get(words[0]) if len(words) == 1 else None
    if alone is None or {"-h", "--help"} & set(arguments):
        return list(arguments)
    return [words[0], alone, *(word for word in arguments if word != words[0])]


def _app(wanted: str | None, *, add_completion: bool = False) -> typer.Typer:
    app = typer.Typer(
        add_completion=add_completion,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=_ABOUT,
        epilog=_KEEP_LINES + HELP,
    )
    app.callback()(_before_all)
    for row in COMMANDS:
        if row.name == wanted:
            importlib.import_module(row.module).register(app)
        else:
            app.command(row.name, help=row.about, hidden=row.hidden)(_listed_only)
    return app


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag's value
    if wanted:
        typer.echo(f"homebody {__version__}")
        raise typer.Exit


def _before_all(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    del version


def _listed_only() -> None:
    """Placeholder in the list of commands; each command is registered by its own module."""
