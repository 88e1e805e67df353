"""``homebody config``: the current settings, their file and their schema."""

from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

from homebody.cli.config_file import changed, commented_toml, read_file, replace_file, to_toml, value_in
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.errors import SettingsError
from homebody.headless.diff import unified_diff
from homebody.headless.import_continue import convert, read_config
from homebody.settings.keys import Key, all_keys
from homebody.settings.options import OptionsSource, from_texts
from homebody.settings.paths import config_dir, user_file
from homebody.settings.schema import OwnSettings

command = typer.Typer()


@command.command("show")
def _show(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the settings of this folder.

    With the source of each value: default, a file, a variable, or a flag.
    """
    flags = Flags.of(context.obj)
    loaded = flags.load_with_origins(Path.cwd())
    for problem in loaded.problems:
        warn(problem.message)
    terminal = Terminal()
    tree: dict[str, Any] = msgspec.to_builtins(loaded.settings)
    for section in (tree, tree["completion"], tree["next_edit"], tree["chat"]):
        block = section["backend"]
        if block["api_key"] is not None:
            block["api_key"] = "***"
    if as_json:
        terminal.write(msgspec.json.format(msgspec.json.encode(tree), indent=2).decode() + "\n")
        return
    for key in all_keys():
        if (value := _value(tree, key)) is not _ABSENT:
            origin = loaded.origins.get(key.snake)
            shown = f"# {key.snake} is not set" if value is None else f"{key.snake} = {to_toml(value)}"
            terminal.write(f"{shown:<48}  # {origin}\n" if origin else f"{shown}\n")


_ABSENT = object()


def _value(tree: dict[str, Any], key: Key) -> object:
    """Value of ``key``; absent if another key replaces it, or if an override equals the block's value."""
    block: Any = tree
    for name in key.path[:-1]:
        block = block[name]
    value = block.get(key.path[-1], _ABSENT)
    inherited = len(key.path) == 3 and value == tree["backend"].get(key.path[-1])
    return _ABSENT if inherited else value


@command.command("schema")
def _schema() -> None:
    """Print the JSON schema of the settings files."""
    schema = msgspec.json.schema(OwnSettings)
    Terminal().write(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n")


@command.command("path")
def _path(context: typer.Context) -> None:
    """Print where your settings file is, or will be."""
    Terminal().write(f"{_file(context)}\n")


@command.command("set")
def _set(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `config show` prints it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value; a list with commas.")],
) -> None:
    """Change a value in your settings file.

    The file is created if necessary; its comments and other values stay.
    """
    path = _file(context)
    source = OptionsSource(str(path), "snake", trusted=True, base=path.parent)
    options, problems = from_texts([(key, value)], source)
    for problem in problems:
        raise SettingsError(problem.message)
    settings = {
        name.snake: list(cast("tuple[str, ...]", new)) if isinstance(new, tuple) else new
        for name, new in options.values.items()
    }
    if not settings:
        message = f"{key} needs a value; to return to the default, delete its line in {path}."
        raise SettingsError(message)
    replace_file(path, changed(read_file(path), settings, str(path)))
    Terminal().write(f"Wrote {', '.join(settings)} to {path}.\n")


@command.command("init")
def _init(context: typer.Context) -> None:
    """Write a settings file with all keys.

    Every key is a comment, with its default.
    """
    path = _file(context)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(commented_toml())
    except FileExistsError as error:
        message = f"{path} exists already, so nothing was written; edit it, or move it away first."
        raise SettingsError(message) from error
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror or error}): check the folder's permissions."
        raise SettingsError(message) from error
    Terminal().write(f"Wrote {path}; it lists every setting as a comment.\n")


@command.command("import")
def _import(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Continue's config.yaml; by default the one in ~/.continue.",
            show_default=False,
        ),
    ] = None,
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the files.")] = False,
) -> None:
    """Import the configuration of Continue.

    Shows the new settings and prompt files as a diff; --write applies it. Without --write, the exit code is 1
    if something would change.
    """
    source = path or Path.home() / ".continue" / "config.yaml"
    imported = convert(read_config(source), str(source))
    target = _file(context)
    before = read_file(target)
    current = {key: value_in(before, key, str(target)) for key in imported.settings}
    new = {key: value for key, value in imported.settings.items() if current[key] is None}
    notes = [
        f"`{key}` stays as {target} has it; Continue has {value!r}."
        for key, value in imported.settings.items()
        if current[key] not in (None, value)
    ]
    changes = {target: (before, changed(before, new, str(target)))}
    for name, text in imported.prompts.items():
        file = config_dir() / "prompts" / f"{name}.md"
        if file.exists() and read_file(file) != text:
            notes.append(f"{file} exists already and is not changed.")
        else:
            changes[file] = read_file(file), text
    terminal = Terminal()
    changes = {file: texts for file, texts in changes.items() if texts[0] != texts[1]}
    for file, texts in changes.items():
        if write:
            replace_file(file, texts[1])
            terminal.write(f"Wrote {file}.\n")
        else:
            terminal.diff(unified_diff(file, *texts))
    if not changes:
        terminal.write("Nothing to import.\n")
    terminal.write("".join(f"- {note}\n" for note in (*imported.notes, *notes)))
    if changes and not write:
        terminal.write("\nNothing was written; --write does it.\n")
        raise typer.Exit(1)


def _file(context: typer.Context) -> Path:
    return Flags.of(context.obj).config or user_file()
