"""Flags that every command takes: settings for this one run.

Flags may stand anywhere, so that ``homebody complete FILE:1:1 --model M`` works like ``homebody --model M
complete FILE:1:1``.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from homebody.cli.edge import warn
from homebody.errors import SettingsError, UsageError

if TYPE_CHECKING:  # `homebody lsp` imports this module and reads settings only after `initialize`
    from homebody.settings import Settings
    from homebody.settings.load import Loaded
    from homebody.settings.watch import SettingsSource

BACKENDS = ("auto", "embedded", "llama.cpp", "ollama", "lm-studio", "openai")

HELP = f"""\
Flags of every command, for this run only:
  --set KEY=VALUE   a setting, such as --set completion.max_tokens=64 (see `homebody config show`)
  --model MODEL     the model: a GGUF file's path, or its name on the server
  --backend KIND    {", ".join(BACKENDS[:-1])} or {BACKENDS[-1]}
  --config FILE     use this file instead of your settings file
"""

_TAKEN = ("--set", "--model", "--backend", "--config")
_BLOCKS = ("backend", "completion.backend", "chat.backend")


@dataclass(frozen=True, slots=True)
class Flags:
    """Settings from the command line: values as text by key, and the user's settings file."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    config: Path | None = None
    _sources: "dict[Path | None, SettingsSource]" = field(
        default_factory=dict["Path | None", "SettingsSource"], repr=False, compare=False
    )

    def to_arguments(self) -> list[str]:
        """Return the arguments that pass these flags to another Homebody command."""
        config = [] if self.config is None else ["--config", str(self.config)]
        return config + [word for key, text in self.values.items() for word in ("--set", f"{key}={text}")]

    def check(self) -> None:
        """Reject a wrong flag, rather than run with settings that the user did not ask for.

        Raises
        ------
        SettingsError
            A key does not exist or its value is not allowed.

        """
        from homebody.settings.options import Source, from_texts

        source = Source("command line", "snake", trusted=True, base=Path.cwd())
        for problem in from_texts(self.values.items(), source)[1]:
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

        Raises
        ------
        SettingsBroken
            The user's own settings are wrong or cannot be read, so nothing may be sent.
        SettingsError
            As ``check`` does.

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


def take_flags(arguments: Sequence[str]) -> tuple[Flags, list[str]]:
    """Remove these flags from ``arguments``; arguments after ``--`` stay unchanged.

    Raises
    ------
    UsageError
        A flag has no value, or names a file that does not exist.

    """
    values: dict[str, str] = {}
    config: Path | None = None
    rest: list[str] = []
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if argument == "--":
            rest += [argument, *left]
            break
        name, joined, value = argument.partition("=")
        if name not in _TAKEN:
            rest.append(argument)
            continue
        if not joined:
            if not left:
                message = f"{name} needs a value after it."
                raise UsageError(message)
            value = left.pop(0)
        match name:
            case "--set":
                values |= _setting(value, values)
            case "--config":
                config = _file(value)
            case "--model":
                values |= _model(value)
            case _:
                values |= {f"{block}.kind": value for block in _BLOCKS}
    return Flags(values, config), rest


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
    """Read a list as ``settings.values.read`` does, which is not loaded yet."""
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
