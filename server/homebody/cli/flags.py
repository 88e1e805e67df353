"""Settings for one run, from the command line: one table for all commands.

Without typer, which ``homebody lsp`` has no time to import.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from homebody.cli.edge import warn
from homebody.errors import SettingsError, UsageError

if TYPE_CHECKING:  # `homebody lsp` imports this module and reads settings only after `initialize`
    from homebody.settings import Settings
    from homebody.settings.load import Loaded
    from homebody.settings.watch import SettingsSource

BACKENDS = ("auto", "embedded", "llama.cpp", "ollama", "lm-studio", "openai")


class Flag(NamedTuple):
    """One flag: its names, what its value is called, and its help."""

    names: tuple[str, ...]
    metavar: str
    about: str


FLAGS: Mapping[str, Flag] = {
    "model": Flag(("--model", "-m"), "MODEL", "The model: a GGUF file's path, or its name on the server."),
    "backend": Flag(("--backend",), "KIND", f"{', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}."),
    "set": Flag(("--set",), "KEY=VALUE", "A setting for this run (see `homebody config show`). Repeatable."),
    "config": Flag(("--config",), "FILE", "Use this file instead of your settings file."),
}

Given: TypeAlias = dict[str, list[str]]
"""The values of each flag, in order; also ``arguments``, the whole command line."""

_BLOCKS = ("backend", "completion.backend", "chat.backend")


@dataclass(frozen=True, slots=True)
class Flags:
    """Settings from the command line: values as text by key, and the user's settings file."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    config: Path | None = None
    _sources: "dict[Path | None, SettingsSource]" = field(
        default_factory=dict["Path | None", "SettingsSource"], repr=False, compare=False
    )

    @classmethod
    def of(cls, given: Mapping[str, Sequence[str]]) -> "Flags":
        """Return the flags; a setting by its key counts more than ``--model`` and ``--backend``.

        Raises ``UsageError``: a value has the wrong form, or ``--config`` names no file.
        """
        values = {f"{block}.kind": kind for kind in given.get("backend", ()) for block in _BLOCKS}
        for model in given.get("model", ()):
            values |= _model(model)
        for text in given.get("set", ()):
            values |= _setting(text, values)
        files = [_file(text) for text in given.get("config", ())]
        return cls(values, files[-1] if files else None)

    def check(self) -> None:
        """Reject a wrong flag, rather than run with settings that the user did not ask for.

        Raises ``SettingsError``: a key does not exist or its value is not allowed.
        """
        from homebody.settings.options import OptionsSource, from_texts

        source = OptionsSource("command line", "snake", trusted=True, base=Path.cwd())
        for problem in from_texts(self.values.items(), source).problems:
            raise SettingsError(problem.message)

    def load_with_origins(self, workspace: Path | None = None) -> "Loaded":
        """Resolve the settings, with the problems found and the source of each value.

        Raises ``SettingsError`` as ``check`` does.
        """
        from homebody.settings.load import load

        self.check()
        return load(workspace=workspace, user_file=self.config, flags=self.values)

    def load(self, workspace: Path | None = None) -> "Settings":
        """Return the settings of ``source``. Raises the same."""
        return self.source(workspace).settings

    def source(self, workspace: Path | None = None) -> "SettingsSource":
        """Read the settings of a run that asks a model; report other problems on stderr, once.

        An engine that is opened with it follows the settings files while the run lasts.

        Raises ``SettingsBroken``: the user's own settings are wrong or cannot be read, so nothing may be
        sent; ``SettingsError``: as ``check`` does.
        """
        from homebody.settings.watch import SettingsSource

        if (known := self._sources.get(workspace)) is not None:
            return known
        self.check()
        folders = [] if workspace is None else [workspace]
        source = SettingsSource(folders, user_file=self.config, flags=self.values)
        if (error := source.loaded.error) is not None:
            raise error
        for problem in source.loaded.problems:
            warn(problem.message)
        self._sources[workspace] = source
        return source


def without_keys(arguments: Sequence[str]) -> list[str]:
    """Return a command line without API keys, to be stored."""
    return [
        f"{key}=***" if joined and key.endswith(("api_key", "apiKey")) else word
        for word in arguments
        for key, joined, _ in (word.partition("="),)
    ]


def _setting(text: str, before: Mapping[str, str]) -> dict[str, str]:
    key, joined, value = text.partition("=")
    if not joined:
        message = f"--set {text} needs KEY=VALUE, such as --set completion.max_tokens=64."
        raise UsageError(message)
    key = key.strip()
    if key == "context.ignore" and before.get(key) and value:  # patterns add up
        value = json.dumps([*_list(before[key]), *_list(value)])
    return {key: value}


def _list(text: str) -> list[str]:
    """Read a list as ``settings.keys.read`` does, which is not loaded yet."""
    if text.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            return list(json.loads(text))
    return [item.strip() for item in text.split(",") if item.strip()]


def _model(text: str) -> dict[str, str]:
    """Set the model for all uses; only the embedded backend can run a weights file."""
    values = {f"{block}.model": text for block in _BLOCKS}
    if text.lower().endswith(".gguf") and Path(text).expanduser().is_file():
        values |= {f"{block}.kind": "embedded" for block in _BLOCKS}
    return values


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        message = f"--config {text} is not a file; check the path."
        raise UsageError(message)
    return path
