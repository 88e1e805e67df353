"""Publishes the schema: as a JSON schema, the page of all settings, a commented file, and VS Code's manifest.

In: the table of keys. Out: texts and plain JSON values.
``python -m homebody.settings.docs`` writes these files in the repository.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec

from homebody.settings.keys import Key, all_keys, sections

_PREFIX = "homebody."


def json_schema() -> dict[str, Any]:
    """JSON schema of ``config.toml`` and ``.homebody.toml``, with names in snake case."""
    root: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Homebody settings",
        **_table(""),
    }
    for path, about in sections().items():
        if path:
            _at(root, path[:-1])[path[-1]] = _table(about)
    for key in all_keys():
        _at(root, key.path[:-1])[key.path[-1]] = key.schema | _described(key, lambda other: other.snake)
    return root


def vscode_configuration() -> dict[str, Any]:
    """VS Code's ``contributes.configuration``.

    An editor includes these defaults in its answer to workspace/configuration; a client should send only
    what the user has set, so that ``config.toml`` applies to the rest.
    """
    return {
        "title": "Homebody",
        "properties": {_PREFIX + key.camel: _property(key) for key in _for_editors()},
    }


def vscode_restricted() -> list[str]:
    """VS Code's ``capabilities.untrustedWorkspaces.restrictedConfigurations``."""
    return [_PREFIX + key.camel for key in _for_editors() if key.machine]


def update_package_json(text: str) -> str:
    """Update both in the text of a ``package.json``, and change nothing else.

    Settings of the extension itself (``homebody.server.…``), which the server does not know, are kept.
    """
    package: dict[str, Any] = json.loads(text)
    contributes: dict[str, Any] = package.setdefault("contributes", {})
    before: dict[str, Any] = contributes.get("configuration", {}).get("properties", {})
    own = {name: about for name, about in before.items() if name.startswith(_PREFIX + "server.")}
    made = vscode_configuration()
    contributes["configuration"] = made | {"properties": own | made["properties"]}
    capabilities: dict[str, Any] = package.setdefault("capabilities", {})
    trust: dict[str, Any] = capabilities.setdefault("untrustedWorkspaces", {"supported": "limited"})
    trust["restrictedConfigurations"] = [*own, *vscode_restricted()]
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def markdown() -> str:
    """Write the page of all settings."""
    return "\n".join([_INTRODUCTION, *_chapters()])


def commented_toml() -> str:
    """Write a settings file that has every key as a comment, with its default."""
    lines = [
        "# Settings of Homebody. Each key is shown with its default: take the # away to change it.",
        "# All of them with their meaning: `homebody config schema --markdown`",
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


def _table(about: str) -> dict[str, Any]:
    described = {"description": about} if about else {}
    return {"type": "object", **described, "properties": {}, "additionalProperties": False}


def _at(root: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    for name in path:
        root = root["properties"][name]
    return root["properties"]


def _described(key: Key, spelled: Callable[[Key], str]) -> dict[str, Any]:
    described = {"description": _spelled(key.description, spelled)}
    return described if key.default is None else described | {"default": _plain(key.default)}


def _spelled(description: str, spelled: Callable[[Key], str]) -> str:
    """Convert names of other keys in the description to this format's style."""
    for key in all_keys():
        description = description.replace(f"`{key.camel}`", f"`{spelled(key)}`")
    return description


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)


def _property(key: Key) -> dict[str, Any]:
    described = _described(key, lambda other: _PREFIX + other.camel)
    shown = {"markdownDescription": described["description"], **_one_type(key)}
    if "default" in described:
        shown["default"] = described["default"]
    if key.machine:
        shown["scope"] = "machine"
    elif key.path[0] in {"completion", "context"}:
        # Each folder of a workspace with several may have its own.
        shown["scope"] = "resource"
    return shown


def _one_type(key: Key) -> dict[str, Any]:
    """Join ``anyOf`` into a list of types, for which VS Code's settings page has a form.

    An optional value is null, and an optional text is empty; otherwise VS Code would send a zero or an
    empty list.
    """
    kinds: list[dict[str, Any]] = key.schema.get("anyOf", [key.schema])
    types = [kind.get("type", "string") for kind in kinds]
    joined = {name: value for kind in kinds for name, value in kind.items() if name != "type"}
    if len(kinds) > 1:
        joined.pop("enum", None)
    if set(types) <= {"string", "null"} and "enum" not in joined and key.default is None:
        return {"type": "string", "default": ""}
    if key.default is None:
        types = [*types, *({"null"} - set(types))]
        joined["default"] = None
        if "enum" in joined:
            joined["enum"] = [*joined["enum"], None]
    return {"type": types[0] if len(types) == 1 else types, **joined}


def _for_editors() -> list[Key]:
    return [key for key in all_keys() if not key.user_file_only]


def _chapters() -> Iterator[str]:
    for path, about in sections().items():
        keys = [key for key in all_keys() if key.path[:-1] == path]
        if not path:
            continue
        yield f"## `{'.'.join(path)}`\n\n{about}\n"
        if len(path) > 1:
            yield f"The same keys as under `{path[-1]}`; a key that is not set here is taken from there.\n"
        else:
            yield from map(_entry, keys)
    yield "## Trust\n"
    yield from (_entry(key) for key in all_keys() if not key.path[:-1])


def _entry(key: Key) -> str:
    default = "none" if key.default is None else f"`{json.dumps(_plain(key.default), ensure_ascii=False)}`"
    mark = " *Your own only.*" if key.machine else ""
    allowed = key.allowed[0].upper() + key.allowed[1:]
    return (
        f"### `{key.camel}`\n\n{key.description}{mark}\n\n"
        f"{allowed}. Default: {default}. In TOML `{key.path[-1]}`, as a variable `{key.variable}`.\n"
    )


_INTRODUCTION = """\
# Settings

<!-- Written by `python -m homebody.settings.docs` from server/homebody/settings/schema.py. -->

Every setting has a default that works; you need none to begin.

## Where settings come from

For each key, the last of these sources that sets it wins, except that the patterns of `context.ignore` add up
over all of them:

1. the defaults below;
2. your own file: `~/.config/homebody/config.toml` on Linux and macOS (`$XDG_CONFIG_HOME` is honoured),
   `%APPDATA%\\homebody\\config.toml` on Windows; `homebody config init` creates one with comments;
3. `.homebody.toml` in the workspace's root;
4. environment variables, such as `HOMEBODY_COMPLETION_MAX_TOKENS=64`;
5. what the editor sends when it starts the server (`initializationOptions`);
6. the editor's settings (`workspace/configuration`);
7. flags, such as `homebody complete FILE:1:1 --set completion.max_tokens=64`.

Names are in snake case in TOML (`completion.max_tokens`), in camel case in editors
(`completion.maxTokens`, in VS Code `homebody.completion.maxTokens`).
`homebody config show` prints the values in effect and where each comes from.

In a window with several folders, each folder may have its own `completion` settings, in its `.homebody.toml`
or in the editor's settings for that folder; the model and the other settings are the same for all of them,
and of their `.homebody.toml` files the first folder's counts.

## When a setting is wrong

A rule that cannot be read could be the one that keeps a file out of prompts.
So nothing is sent to a model while your own settings are wrong: your file cannot be read, it is no TOML, has
an unknown key or an invalid value, or a variable that begins with `HOMEBODY_` or a flag is wrong.
The sentence names the file, the line, the key, and the most similar key or the allowed values.
A command ends with exit code 2; `doctor`, `config`, `models`, `log` and `undo` still work and report it.
The language server shows it in the status and in one message, and goes on as soon as it is corrected.

Editors keep settings of other versions, so of theirs only wrong keys that restrict what is sent have this
effect: `completion.enabled`, `completion.languages`, `completion.trigger`, those of `context`, `log` and
`backend`, and keys that look like one of them.
Any other wrong key of an editor, and of a `.homebody.toml`, is ignored with one message.
If a `.homebody.toml` or the patterns in it cannot be read, no file of its folder goes into a prompt.

A change of settings applies before the next prompt, whether it comes from a file or from the editor.
If an editor offers its settings (`workspace/configuration`), nothing is sent before it has answered: requests
wait for it for twelve seconds, and then end with a sentence that says so, until it answers.

## What a folder may not set

A repository that you have just cloned must not choose who answers, where your code is sent or what is
logged.
Keys marked *your own only* are therefore read only from your own file, variables, flags and
`initializationOptions`.
In `.homebody.toml` and in `workspace/configuration`, where a repository's `.vscode/settings.json` ends
up, they are ignored with one message.
`completion.enabled`, `completion.languages`, `completion.trigger`, `context.snippets`, `context.ignore`
and `context.maxFileBytes` may only be narrowed there, even in a folder that you trust: what you switched off
stays off.
[Security](security.md) has the whole list.
If you trust a folder, list it in your own file:

```toml
trusted_folders = ["/home/me/src/mine"]
```

## An example

```toml
[backend]
kind = "ollama"
model = "qwen2.5-coder:7b"

[completion.backend]
model = "qwen2.5-coder:1.5b"

[completion]
trigger = "manual"
languages = { markdown = false }
```
"""
