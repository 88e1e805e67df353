"""``homebody config import``: import settings and prompts from Continue's configuration."""

from pathlib import Path
from typing import Annotated

import typer

from homebody.cli.flags import Flags
from homebody.cli.terminal import Terminal
from homebody.errors import FileUnreadable, SettingsError
from homebody.headless.diff import unified_diff
from homebody.headless.import_continue import convert, merged, read_config
from homebody.regular_file import write_file
from homebody.settings.paths import config_dir, user_file


def import_config(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(help="Continue's config.yaml; by default the one in ~/.continue.", show_default=False),
    ] = None,
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the files.")] = False,
) -> None:
    """Import the configuration of Continue.

    Shows the new settings and prompt files as a diff; --write applies it. Without --write, the exit code is 1
    if something would change.
    """
    flags: Flags = context.obj
    source = path or _usual()
    imported = convert(read_config(source), str(source))
    target = flags.config or user_file()
    changes = dict[Path, tuple[str, str]]()
    before = _text(target)
    after, unchanged = merged(before, imported.settings, str(target))
    changes[target] = before, after
    for name, text in imported.prompts.items():
        file = config_dir() / "prompts" / f"{name}.md"
        if file.exists() and _text(file) != text:
            unchanged.append(f"{file} exists already and is not changed.")
        else:
            changes[file] = _text(file), text
    changes = {file: texts for file, texts in changes.items() if texts[0] != texts[1]}
    terminal = Terminal()
    for file, texts in changes.items():
        if write:
            _write(file, texts[1])
            terminal.write(f"Wrote {file}.\n")
        else:
            terminal.diff(unified_diff(file, *texts))
    if not changes:
        terminal.write("Nothing to import.\n")
    for note in (*imported.refused, *imported.notes, *unchanged):
        terminal.write(f"- {note}\n")
    if changes and not write:
        terminal.write("\nNothing was written; --write does it.\n")
        raise typer.Exit(1)


def _usual() -> Path:
    folder = Path.home() / ".continue"
    for name in ("config.yaml", "config.yml", "config.json"):
        if (folder / name).is_file():
            return folder / name
    message = f"there is no configuration of Continue in {folder}: name the file"
    raise FileUnreadable(message)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read ({error}): check it first"
        raise SettingsError(message) from error


def _write(path: Path, text: str) -> None:
    """Replace the content of the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror or error}): check the folder's permissions."
        raise SettingsError(message) from error
