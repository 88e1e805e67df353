"""The text of the user's settings file: a new one, and changes that keep its comments and other values."""

import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from homebody.errors import SettingsError
from homebody.regular_file import write_file
from homebody.settings.keys import all_keys, sections


def changed(text: str, settings: Mapping[str, object], shown: str) -> str:
    """Set values by key in the text of a settings file, each in its own section.

    Raises
    ------
    SettingsError
        The file is not valid TOML, or has a value where a section belongs.

    """
    for key, value in settings.items():
        value_in(text, key, shown)
        text = next(_forms(text, key, value), "")
        if not text:
            message = (
                f"{shown} has a value where a section belongs, so `{key}` cannot be set: correct it first."
            )
            raise SettingsError(message)
    return text


def value_in(text: str, key: str, shown: str) -> object:
    """Return the value of a key; ``None`` if the file does not have it. Raises ``SettingsError``."""
    try:
        return _value(text, key)
    except tomllib.TOMLDecodeError as error:
        message = f"{shown} is no valid TOML ({error}): correct it first."
        raise SettingsError(message) from error


def read_file(path: Path) -> str:
    """Return the text of a settings file; empty if there is none. Raises ``SettingsError``."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read ({error}): check it first."
        raise SettingsError(message) from error


def replace_file(path: Path, text: str) -> None:
    """Replace the content of a file of the user's. Raises ``SettingsError``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror or error}): check the folder's permissions."
        raise SettingsError(message) from error


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
    if isinstance(value, dict):
        table: Any = tomlkit.inline_table()
        table.update(cast("dict[str, object]", value))
        return table.as_string()
    shown = list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
    return tomlkit.item("" if shown is None else shown).as_string()  # pyright: ignore[reportUnknownMemberType] - its stubs leave types out


def _forms(text: str, key: str, value: object) -> Iterator[str]:
    """Yield the file with the value, in each form that this file allows, the most readable first."""
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
    for form in forms:
        with suppress(tomllib.TOMLDecodeError):
            if _value(form, key) == value:
                yield form


def _value(text: str, key: str) -> object:
    value: object = tomllib.loads(text)
    for name in key.split("."):
        value = cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
    return value
