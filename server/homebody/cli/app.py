"""The table of all other commands; only the module of the requested command is imported.

A new command is a row here, and a module of its name whose ``command`` is a function or a group for typer.
"""

import importlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from homebody import __version__
from homebody.cli.flags import BACKENDS, FLAGS, Flags, Given
from homebody.errors import UsageError, sentence


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command: a few words for the list, examples, and the flags for settings that it takes."""

    about: str
    examples: str = ""
    flags: Sequence[str] = tuple(FLAGS)


COMMANDS: Mapping[str, CommandRow] = {
    "lsp": CommandRow("Serve an editor."),
    "acp": CommandRow(
        "Chat in an editor that speaks the Agent Client Protocol.", "homebody acp --model qwen2.5-coder"
    ),
    "complete": CommandRow(
        "Show the suggestions at a position in a file.",
        "homebody complete src/app.py:12:5 --show-prompt",
    ),
    "explain": CommandRow(
        "Explain a file, some of its lines, an error or a diff.",
        """\
homebody explain app.py:10-40 --model qwen2.5-coder
pytest 2>&1 | homebody explain -""",
    ),
    "ask": CommandRow(
        "Ask about code, once or in a conversation.",
        """\
homebody ask "Which functions lack tests?" --attach src/app.py
git diff main | homebody ask "What could break?" --set chat.max_tokens=500""",
    ),
    "commit-message": CommandRow(
        "Write a commit message for the staged changes, or all of them.",
        'git commit -e -m "$(homebody commit-message)"',
    ),
    "refactor": CommandRow(
        "Rewrite files, or parts of them: as diffs, or in place.",
        """\
homebody refactor app.py:10-40 --action simplify              show a diff
homebody refactor src --action docstring --write              change all files of a folder
homebody refactor src --select 'test_*' --instruction "…"     only these functions
homebody refactor --changed --action types --check            only files that differ from the last commit
homebody refactor src --action types --write --verify 'pytest -q {file}'""",
    ),
    "prompts": CommandRow(
        "List actions, and errors in prompt files.", "homebody prompts ~/src/shop", flags=("set", "config")
    ),
    "undo": CommandRow(
        "Restore the files that a run of refactor changed.",
        """\
homebody undo            the last run
homebody undo --list     all runs, with their options""",
        flags=(),
    ),
    "models": CommandRow(
        "List, recommend, install, show or remove models.",
        "homebody models recommend",
        flags=(),
    ),
    "demo": CommandRow("Demonstrate Homebody on a small file.", "homebody demo --backend embedded"),
    "doctor": CommandRow(
        "Check servers, models and settings; name improvements.", "homebody doctor --backend ollama"
    ),
    "bench": CommandRow(
        "Measure how fast the model reads and writes here.",
        "homebody bench --chat --model qwen2.5-coder",
    ),
    "log": CommandRow(
        "Show which prompts were sent.",
        "homebody log --limit 5",
        flags=("set", "config"),
    ),
    "completion": CommandRow(
        "Print a script that completes commands in your shell.",
        'eval "$(homebody completion bash)"',
        flags=(),
    ),
    "config": CommandRow(
        "Show, change, create or import the settings.",
        """\
homebody config show
homebody config set chat.temperature 0.3
homebody config path""",
    ),
}

COMPLETE = "_HOMEBODY_COMPLETE"
"""Variable that is set when a shell asks for completions."""

# Options whose value is optional, with their defaults. A value must follow "=", so that in
# ``--changed src`` the word ``src`` is a folder.
_BARE = {"--changed": "--changed=HEAD", "--resume": "--resume=last"}

_KEEP_LINES = "\b\n"  # otherwise typer would rewrap the paragraph
_ABOUT = "A code assistant that runs entirely on your own machine."


def run_app(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name.

    Raises ``HomebodyError``: the command failed; arguments that cannot be parsed raise ``UsageError``.
    """
    if instruction := os.environ.get(COMPLETE):
        return answer_shell(instruction)
    given: Given = {"arguments": ["homebody", *arguments]}
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words = [*(_BARE.get(word, word) for word in arguments[:end]), *arguments[end:]]
    try:
        # Not ``main``, which would end the process at a closed pipe.
        command: Any = get_command(_app())
        with command.make_context("homebody", words or ["--help"], obj=given) as context:
            code = command.invoke(context)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except typer.TyperException as error:
        # The library that checks values speaks of inputs.
        message = " ".join(error.format_message().replace("Input should be", "it has to be").split())
        where = getattr(getattr(error, "ctx", None), "command_path", "homebody")
        message = f"{sentence(message)} See `{where} --help`."
        raise UsageError(message) from error
    return code if isinstance(code, int) else 0


def answer_shell(instruction: str) -> int:
    """Print a script for a shell (``source_bash``), or what may follow in its line (``complete_bash``).

    typer reads the line from the shell's variables.
    """
    os.environ[COMPLETE] = instruction
    group: Any = get_command(_app(add_completion=True))
    group.params = [option for option in group.params if not option.name.endswith("_completion")]
    return group(prog_name="homebody", complete_var=COMPLETE, obj={})


_RANGE = re.compile(r"; [\d<=.]*x[<>=\d.]+| +\[[\d<=.]*x[<>=\d.]+\]")
"""What typer adds to the help of a number with limits, such as ``[default: 20; x>=1]``."""


class _Command(TyperCommand):
    """A command whose help calls its arguments by their names alone, and lists the settings at the end."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401 - as typer has it
        """Return the words of the usage line."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as typer has it
        """Write the help of all arguments and options."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "For this run": []}
        for param in self.get_params(ctx):
            name, about = param.get_help_record(ctx) or ("", "")
            if param.param_type_name == "argument":
                sections["Arguments"].append((str(param.metavar), about))
            else:
                section = "For this run" if param.name in FLAGS else "Options"
                sections[section].append((name, _RANGE.sub("", about)))
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class _Commands(TyperGroup):
    """All commands, each loaded once it is run or completed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as typer has it
        """Load the command that the first word names."""
        name = args[0]
        if name in COMMANDS and name != "lsp":  # it parses its own arguments
            self.commands[name] = load_command(name)
        return super().resolve_command(ctx, args)


class _Group(TyperGroup):
    """A command with subcommands; its first one is the default."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as typer has it
        """Add the default if no subcommand is named."""
        is_named = bool(args) and not args[0].startswith("-")
        if not is_named and not {"-h", "--help"} & set(args) and not ctx.resilient_parsing:
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)


def load_command(name: str) -> Any:  # noqa: ANN401 - typer's own class of commands is private
    """Import a command and return it with its examples and the flags for settings."""
    row = COMMANDS[name]
    own = {"acp": _acp, "completion": _completion}
    command = own.get(name) or importlib.import_module(f"homebody.cli.{name.replace('-', '_')}").command
    label = "Example:\n  " if "\n" not in row.examples else "Examples:\n  "
    epilog = _KEEP_LINES + label + row.examples.replace("\n", "\n  ") if row.examples else None
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(_before_all)
    if isinstance(command, typer.Typer):
        for info in command.registered_commands:
            info.cls = _Command
        app.add_typer(command, name=name, cls=_Group, help=row.about, epilog=epilog)
    else:
        app.command(name, cls=_Command, epilog=epilog)(command)
    group: Any = get_command(app)
    loaded = group.commands[name]
    shared = [param for param in group.params if param.name in row.flags]
    for inner in (loaded, *getattr(loaded, "commands", {}).values()):
        inner.params += shared
    return loaded


def _app(*, add_completion: bool = False) -> typer.Typer:
    app = typer.Typer(
        cls=_Commands,
        add_completion=add_completion,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=_ABOUT,
    )
    app.callback()(_before_all)
    for name, row in COMMANDS.items():
        app.command(name, help=row.about)(_listed_only)
    return app


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag's value
    if wanted:
        typer.echo(f"homebody {__version__}")
        raise typer.Exit


def _take(context: typer.Context, param: typer.CallbackParam, value: list[str] | None) -> None:
    """Collect the values of a flag, which may stand before and after the command's name."""
    if value and not context.resilient_parsing:
        context.obj.setdefault(param.name, []).extend(value)


def _option(name: str, **more: Any) -> Any:  # noqa: ANN401 - typer's own function has these types
    flag = FLAGS[name]
    return typer.Option(
        *flag.names, metavar=flag.metavar, help=flag.about, callback=_take, expose_value=False, **more
    )


def _before_all(
    model: Annotated[list[str] | None, _option("model")] = None,
    backend: Annotated[list[str] | None, _option("backend", autocompletion=lambda: BACKENDS)] = None,
    set: Annotated[list[str] | None, _option("set")] = None,  # noqa: A002 - the flag's name
    config: Annotated[list[str] | None, _option("config")] = None,
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    del model, backend, set, config, version


def _listed_only() -> None:
    """Placeholder in the list of commands; ``_Commands`` loads the one that runs."""


def _acp(context: typer.Context) -> int:
    """Chat with an editor that speaks the Agent Client Protocol, over stdin and stdout."""
    from homebody.acp.stdio import serve_stdio

    flags = Flags.of(context.obj)
    flags.check()
    return serve_stdio(flags.values, flags.config)


def _completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")
    ],
) -> int:
    """Print a script that completes commands, options and actions at TAB."""
    return answer_shell(f"source_{shell}")
