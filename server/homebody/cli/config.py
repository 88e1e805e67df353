"""``homebody config show | schema | init | import``: current settings, their schema, a first file."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

from homebody.cli.config_import import import_config
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.errors import SettingsError
from homebody.settings.keys import Key, all_keys, sections
from homebody.settings.load import load
from homebody.settings.paths import user_file
from homebody.settings.schema import OwnSettings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Show, describe, create or import the settings.")
    group.command("show")(_show)
    group.command("schema")(_schema)
    group.command("init")(_init)
    group.command("import")(import_config)
    app.add_typer(group, name="config")


def _show(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the settings of this folder.

    With the source of each value: default, a file, a variable, or a flag.
    """
    flags: Flags = context.obj
    flags.check()
    loaded = load(workspace=Path.cwd(), user_file=flags.config, flags=flags.values)
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


def _schema() -> None:
    """Print the JSON schema of the settings files."""
    schema = msgspec.json.schema(OwnSettings)
    Terminal().write(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n")


def _init(context: typer.Context) -> None:
    """Write a settings file with all keys.

    Every key is a comment, with its default.
    """
    flags: Flags = context.obj
    path = flags.config or user_file()
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


def commented_toml() -> str:
    """Write a settings file that has every key as a comment, with its default."""
    lines = [
        "# Settings of Homebody. Each key is shown with its default: take the # away to change it.",
    ]
    lines += _commented(())
    for path, about in sections().items():
        if path and len(path) == 1:
            lines += ["", f"# {about}", f"[{path[0]}]", *_commented(path)]
    lines += [
        "",
        "# The same keys as under [backend], for one use only:",
        "# [completion.backend]",
        '# model = "a small model that fills in the middle"',
        "# [chat.backend]",
        '# model = "a larger one"',
    ]
    return "\n".join(lines) + "\n"


def _commented(path: tuple[str, ...]) -> Iterator[str]:
    for key in all_keys():
        if key.path[:-1] == path:
            yield ""
            yield from textwrap.wrap(key.description, 100, initial_indent="# ", subsequent_indent="# ")
            yield f"# {key.path[-1]} = {to_toml(key.default)}  # {key.allowed}".replace("`", "")


def to_toml(value: object) -> str:
    """Write a value of a setting as TOML; a missing value becomes an empty text."""
    if value is None:
        return '""'
    if isinstance(value, Mapping):
        table = cast("Mapping[str, object]", value)
        items = (f"{json.dumps(name)} = {to_toml(item)}" for name, item in table.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(to_toml, cast('Sequence[object]', value)))}]"
    return str(value)
