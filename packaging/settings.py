"""Regenerate what is made from the schema of the settings: ``docs/settings.md``, VS Code's settings.

``make docs`` runs it: below the marker in the page, and in ``clients/vscode/package.json``.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from homebody.settings.keys import Key, all_keys, sections

ROOT = Path(__file__).parents[1]
_MARKER = "<!-- The rest is written by `make docs` from server/homebody/settings/schema.py. -->\n"
_PREFIX = "homebody."
_FIRST = (
    "server.command",
    "backend.kind",
    "backend.url",
    "backend.model",
    "completion.enabled",
    "completion.languages",
    "completion.trigger",
    "completion.multiline",
    "completion.minConfidence",
    "chat.instructions",
    "chat.language",
    "context.ignore",
)
"""Settings that VS Code's page begins with; the others follow as the schema has them."""


def main() -> None:
    """Write the files that are stale."""
    for path, text in files().items():
        path.write_text(text, "utf-8", newline="\n")


def files(root: Path = ROOT) -> dict[Path, str]:
    """Return the texts of the files that are made, by path."""
    page, package = root / "docs" / "settings.md", root / "clients" / "vscode" / "package.json"
    introduction, marker, _ = page.read_text("utf-8").partition(_MARKER)
    return {
        page: introduction + marker + "\n" + "\n".join(_chapters()),
        package: update_package_json(package.read_text("utf-8")),
    }


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
    contributes["configuration"] = made | {"properties": _ordered(own | made["properties"])}
    capabilities: dict[str, Any] = package.setdefault("capabilities", {})
    trust: dict[str, Any] = capabilities.setdefault("untrustedWorkspaces", {"supported": "limited"})
    trust["restrictedConfigurations"] = [*own, *vscode_restricted()]
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _ordered(properties: dict[str, Any]) -> dict[str, Any]:
    """Number the properties in the order in which VS Code shows them."""
    first = {_PREFIX + name: number for number, name in enumerate(_FIRST)}
    names = sorted(properties, key=lambda name: first.get(name, len(first)))
    return {name: properties[name] | {"order": number} for number, name in enumerate(names)}


def _chapters() -> Iterator[str]:
    for path, about in sections().items():
        keys = [key for key in all_keys() if key.path[:-1] == path]
        if not path:
            continue
        yield f"## `{'.'.join(path)}`\n\n{about}\n"
        if len(path) > 1:
            yield f"The same keys as under `{path[-1]}`; a key that is not set here is taken from there.\n"
        else:
            yield _table(keys)
    yield "## Trust\n"
    yield _table([key for key in all_keys() if not key.path[:-1]])


def _table(keys: Iterable[Key]) -> str:
    return "| Setting | Meaning | Values | Default |\n| --- | --- | --- | --- |\n" + "".join(map(_row, keys))


def _row(key: Key) -> str:
    default = "" if key.default is None else f"`{json.dumps(_plain(key.default), ensure_ascii=False)}`"
    mark = " *Your own only.*" if key.machine else ""
    about = _spelled(key, lambda other: other.camel)
    return f"| `{key.camel}` | {about}{mark} | {key.allowed} | {default} |\n"


def _spelled(key: Key, spelled: Callable[[Key], str]) -> str:
    """Convert names of keys in the description of one to another style."""
    description = key.description
    for other in all_keys():
        description = description.replace(f"`{other.snake}`", f"`{spelled(other)}`")
    return description


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)


def _property(key: Key) -> dict[str, Any]:
    shown = {"markdownDescription": _spelled(key, lambda other: _PREFIX + other.camel), **_one_type(key)}
    if key.default is not None:
        shown["default"] = _plain(key.default)
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
    return [key for key in all_keys() if not key.user_file]


if __name__ == "__main__":
    main()
