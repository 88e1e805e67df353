"""``homebody config``: the current settings, their file and their schema.

Changes of the user's file keep its comments and other values.
"""

import os
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import tomlkit
import typer
from tomlkit.exceptions import TOMLKitError

from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.errors import SettingsError
from homebody.headless.diff import unified_diff
from homebody.headless.import_continue import convert, read_config
from homebody.regular_file import write_file
from homebody.settings.keys import all_keys, json_schema
from homebody.settings.options import OptionsSource, from_texts
from homebody.settings.paths import config_dir, user_file

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
    for use in (tree, tree["completion"], tree["next_edit"], tree["chat"]):
        if use["backend"]["api_key"] is not None:
            use["backend"]["api_key"] = "***"
    if as_json:
        terminal.write(msgspec.json.format(msgspec.json.encode(tree), indent=2).decode() + "\n")
        return
    for key in all_keys():
        *parents, name = key.path
        block: Any = tree
        for section in parents:
            block = block[section]
        # Another key replaces one that is not there; a use of its own has what is under [backend].
        if name in block and (len(parents) < 2 or block[name] != tree["backend"].get(name)):
            value, origin = block[name], loaded.origins.get(key.snake)
            shown = f"# {key.snake} is not set" if value is None else f"{key.snake} = {to_toml(value)}"
            terminal.write(f"{shown:<48}  # {origin}\n" if origin else f"{shown}\n")


@command.command("schema")
def _schema() -> None:
    """Print the JSON schema of the settings files."""
    Terminal().write(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n")


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
    options = from_texts([(key, value)], source)
    for problem in options.problems:
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
    if os.path.lexists(path):
        message = f"{path} exists already, so nothing was written; edit it, or move it away first."
        raise SettingsError(message)
    replace_file(path, commented_toml())
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
    new = {key: value for key, value in imported.settings.items() if _value(before, key) is None}
    changes = {target: (before, changed(before, new, str(target)))}
    for name, text in imported.prompts.items():
        file = config_dir() / "prompts" / f"{name}.md"
        if file.exists() and read_file(file) != text:
            imported.notes.append(f"{file} exists already and is not changed.")
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
    terminal.write("".join(f"- {note}\n" for note in imported.notes))
    if changes and not write:
        terminal.write("\nNothing was written; --write does it.\n")
        raise typer.Exit(1)


def _file(context: typer.Context) -> Path:
    return Flags.of(context.obj).config or user_file()


def changed(text: str, settings: Mapping[str, object], shown: str) -> str:
    """Set values by key in the text of a settings file, each in its own section.

    Raises ``SettingsError``: the file is not valid TOML, or has a value where a section belongs.
    """
    for key in reversed(list(settings)):  # a new one goes to the top of its section
        text = next(_forms(text, key, settings[key]), "")
        if not text:
            message = (
                f"`{key}` cannot be set in {shown}, which is no valid TOML, or has a value where a section "
                "belongs: correct it first."
            )
            raise SettingsError(message)
    return text


def read_file(path: Path) -> str:
    """Return the text of a settings file; empty if there is none. Raises ``SettingsError``, ``OSError``."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        message = f"{path} cannot be read ({error}): check it first."
        raise SettingsError(message) from error


def replace_file(path: Path, text: str) -> None:
    """Replace the content of a file of the user's; a link to it stays. Raises ``SettingsError``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path.resolve(), text.encode())
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}), so it is unchanged."
        raise SettingsError(message) from error


def commented_toml() -> str:
    """Write a settings file that has every key as a comment, with its default or an example."""
    lines = [
        "# Settings of Homebody. Each key is shown with its default, or with an example if it has none.",
        "# Remove the # to change it.",
    ]
    # A use of its own has the same keys as [backend]. Keys without a section come first.
    keys = sorted((key for key in all_keys() if len(key.path) < 3), key=lambda key: len(key.path))
    section: list[str] = []
    for key in keys:
        *path, name = key.path
        if path != section:
            section = path
            lines += ["", f"[{path[0]}]"]
        lines += ["", *textwrap.wrap(key.description, 100, initial_indent="# ", subsequent_indent="# ")]
        lines.append(f"# {name} = {to_toml(key.example)}  # {key.allowed}".replace("`", ""))
    return "\n".join(lines) + "\n"


def to_toml(value: object) -> str:
    """Write a value of a setting as TOML."""
    if isinstance(value, dict):
        table: Any = tomlkit.inline_table()
        table.update(cast("dict[str, object]", value))
        return table.as_string()
    shown = list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
    return tomlkit.item(shown).as_string()  # pyright: ignore[reportUnknownMemberType] - its stubs leave types out


def _forms(text: str, key: str, value: object) -> Iterator[str]:
    """Return the file with the value, in each form that this file allows, the most readable first."""
    *sections, name = key.split(".")
    section = ".".join(sections)
    forms: list[str] = []
    if sections and _value(text, key) is None:
        line = f"{name} = {to_toml(value)}\n"
        # Behind the last key of the section, it would come after the comments about the next one.
        headers = re.finditer(rf"^[ \t]*\[{re.escape(section)}\][^\n]*\n?", text, re.MULTILINE)
        forms += [f"{match[0].rstrip()}\n{line}".join(text.split(match[0], 1)) for match in headers]
        forms.append(f"{text.rstrip()}\n\n[{section}]\n{line}".lstrip())
    with suppress(TOMLKitError, AttributeError, TypeError):  # the latter two at a value in the way
        document: Any = tomlkit.parse(text)
        table = document
        for part in sections:
            table = table.setdefault(part, {})
        table[name] = value
        forms.append(tomlkit.dumps(document))
    return (form for form in forms if _value(form, key) == value)


def _value(text: str, key: str) -> object:
    """Value of a key in a settings file; ``None`` if it does not have it, or is no valid TOML."""
    value: object = None
    with suppress(tomllib.TOMLDecodeError):
        value = tomllib.loads(text)
    for name in key.split("."):
        value = cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
    return value
