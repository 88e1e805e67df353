"""Flags that every command takes: settings for this one run.

In: arguments. Out: ``Flags`` and the arguments that are left. They may stand anywhere, so that
``homebody complete FILE:1:1 --model M`` works like ``homebody --model M complete FILE:1:1``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from homebody.cli.edge import warn
from homebody.errors import SettingsError, UsageError

if TYPE_CHECKING:  # `homebody lsp` comes through here and reads settings only after `initialize`
    from homebody.settings import Settings
    from homebody.settings.load import Loaded

HELP = """\
Flags of every command, for this run only:
  --set KEY=VALUE   a setting, such as --set completion.max_tokens=64 (see `homebody config show`)
  --model MODEL     the model: a GGUF file's path, or a name that the server knows
  --backend KIND    auto, embedded, llama.cpp, ollama, lm-studio or openai
  --config FILE     another settings file than your own
"""

_TAKEN = ("--set", "--model", "--backend", "--config")
_BLOCKS = ("backend", "completion.backend", "chat.backend")


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line says of settings: texts by key, and the user's file."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    config: Path | None = None

    def to_arguments(self) -> list[str]:
        """Say the same to another command of ours."""
        config = [] if self.config is None else ["--config", str(self.config)]
        return config + [word for key, text in self.values.items() for word in ("--set", f"{key}={text}")]

    def check(self) -> None:
        """Stop at a wrong flag: doing something else than was asked for is worse.

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
        """Resolve the settings, with what was wrong and which source each value comes from.

        Raises ``SettingsError`` as ``check`` does.
        """
        from homebody.settings.load import load

        self.check()
        return load(workspace=workspace, user_file=self.config, flags=self.values)

    def load(self, workspace: Path | None = None) -> "Settings":
        """Resolve the settings of this run; what is wrong in files or variables is told on stderr.

        Raises ``SettingsError`` as ``check`` does.
        """
        from homebody.settings import load_settings

        self.check()
        settings, problems = load_settings(workspace=workspace, user_file=self.config, flags=self.values)
        for problem in problems:
            warn(problem.message)
        return settings


def take_flags(arguments: Sequence[str]) -> tuple[Flags, list[str]]:
    """Take these flags out of ``arguments``; what follows ``--`` is left as it is.

    Raises
    ------
    UsageError
        A flag has no value, or names a file that is not there.

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
                values |= _setting(value)
            case "--config":
                config = _file(value)
            case "--model":
                values |= _model(value)
            case _:
                values |= {f"{block}.kind": value for block in _BLOCKS}
    return Flags(values, config), rest


def _setting(text: str) -> dict[str, str]:
    key, joined, value = text.partition("=")
    if not joined:
        message = f"--set {text} needs KEY=VALUE, such as --set completion.max_tokens=64."
        raise UsageError(message)
    return {key.strip(): value}


def _model(text: str) -> dict[str, str]:
    """Name the model for all uses; a weights' file can only be run by the embedded backend."""
    values = {f"{block}.model": text for block in _BLOCKS}
    if text.lower().endswith(".gguf") and Path(text).expanduser().is_file():
        values |= {f"{block}.kind": "embedded" for block in _BLOCKS}
    return values


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        message = f"--config {text} is no file; check the path."
        raise UsageError(message)
    return path
