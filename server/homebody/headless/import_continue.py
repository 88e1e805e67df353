"""Convert Continue's ``config.yaml`` to Homebody's settings and prompt files. Pure except ``read_config``.

Format: https://docs.continue.dev/reference
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
import tomlkit

from homebody.backend.guard import is_loopback
from homebody.errors import FileUnreadable, UsageError, sentence
from homebody.models.facts import Slot
from homebody.prompt.front_matter import InvalidPrompt, parse
from homebody.regular_file import FileRefused, read_regular
from homebody.settings.options import OptionsSource, from_tree

MAX_BYTES = 1024 * 1024
"""Maximum size of a configuration file, in bytes."""

_ROLES: Mapping[Slot, frozenset[str]] = {
    "completion": frozenset({"autocomplete"}),
    "chat": frozenset({"chat", "edit", "apply"}),
}
_KINDS = {
    "ollama": "ollama", "lmstudio": "lm-studio", "llama.cpp": "llama.cpp", "llamafile": "openai",
    "vllm": "openai", "openai": "openai", "text-gen-webui": "openai", "msty": "openai",
}  # fmt: skip
"""Providers that run on the user's machine, and Homebody's name for their protocol."""

_SECRET = re.compile(r"\$\{\{\s*(?:secrets|inputs)\.(\w+)\s*\}\}")
_INPUT = re.compile(r"\{\{\{?\s*(?:input|selectedCode|selection)\s*\}?\}\}")
_TAKEN = frozenset({"name", "version", "schema", "models", "rules", "prompts"})


@dataclass(slots=True)
class ConvertedConfig:
    """Result of converting a configuration.

    Attributes
    ----------
    settings
        Values by key, in snake case, such as ``completion.backend.model``.
    prompts
        Prompt files by name, without their extension.
    notes
        Entries that are left out, one sentence each: those without a counterpart, and models that would send
        data off this machine.

    """

    settings: dict[str, object] = field(default_factory=dict[str, object])
    prompts: dict[str, str] = field(default_factory=dict[str, str])
    notes: list[str] = field(default_factory=list[str])

    def leave_out(self, what: str, why: str) -> None:
        """Note an entry that is not imported, once."""
        sentence = f"{what} is not imported: {why}."
        if sentence not in self.notes:
            self.notes.append(sentence)


class _Options(msgspec.Struct, rename="camel"):
    context_length: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None


Named = TypeVar("Named")


class _Block(msgspec.Struct):
    name: str = ""
    uses: str = ""


class _Model(_Block, rename="camel"):
    provider: str = ""
    model: str = ""
    api_base: str | None = None
    api_key: str = ""
    # Without roles: chat, edit and apply (Continue's documentation).
    roles: tuple[str, ...] = ("chat", "edit", "apply")
    default_completion_options: _Options = msgspec.field(default_factory=_Options)

    @property
    def shown(self) -> str:
        return self.name or self.model or "A model"


class _Rule(_Block):
    rule: str = ""
    globs: object = None


class _Prompt(_Block):
    description: str = ""
    prompt: str = ""


class _ContinueConfig(msgspec.Struct):
    models: tuple[_Model, ...] = ()
    rules: tuple[str | _Rule, ...] = ()
    prompts: tuple[_Prompt, ...] = ()


def read_config(path: Path) -> str:
    """Read the user's configuration file. Raises ``FileUnreadable``."""
    try:
        return read_regular(path, max_bytes=MAX_BYTES).decode()
    except (FileRefused, OSError, UnicodeDecodeError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        message = f"{path} cannot be read ({reason}): name Continue's config.yaml."
        raise FileUnreadable(message) from error


def convert(text: str, shown: str = "config.yaml") -> ConvertedConfig:
    """Convert a configuration.

    Raises ``UsageError``: it is not valid YAML, or does not have Continue's structure.
    """
    try:
        entries = msgspec.yaml.decode(text, type=dict[str, object])
        config = msgspec.convert(entries, _ContinueConfig)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        message = f"{shown} is not a configuration of Continue ({reason}): name its config.yaml."
        raise UsageError(message) from error
    imported = ConvertedConfig()
    models = _without_hub(imported, config.models)
    for use, roles in _ROLES.items():
        _take_model(imported, use, [model for model in models if roles & set(model.roles)])
    _take_rules(imported, _without_hub(imported, config.rules))
    for prompt in _without_hub(imported, config.prompts):
        _take_prompt(imported, prompt)
    for key in sorted(key for key, value in entries.items() if value and key not in _TAKEN):
        imported.leave_out(f"`{key}`", "Homebody has no counterpart")
    _leave_out_what_is_not_allowed(imported)
    return imported


def _without_hub(imported: ConvertedConfig, blocks: Sequence[Named]) -> list[Named]:
    """Leave out the blocks of Continue's hub, which the file only names."""
    own: list[Named] = []
    for block in blocks:
        if isinstance(block, _Block) and block.uses:
            imported.leave_out(block.uses, "it is a block of Continue's hub")
        else:
            own.append(block)
    return own


def _leave_out_what_is_not_allowed(imported: ConvertedConfig) -> None:
    """While a value in the user's file is wrong, nothing is sent to a model."""
    checked = from_tree(imported.settings, OptionsSource("Not imported", "snake", Path()))
    allowed = {key.snake for key in checked.values}
    imported.settings = {key: value for key, value in imported.settings.items() if key in allowed}
    imported.notes += [problem.message for problem in checked.problems]


def _take_model(imported: ConvertedConfig, use: Slot, models: list[_Model]) -> None:
    """Import the first model that runs on this machine; note what happens to the others."""
    taken: _Model | None = None
    for model in models:
        if (why := _leaves(model)) is not None:
            imported.leave_out(model.shown, why)
        elif taken is not None:
            imported.leave_out(model.shown, f"Homebody uses one model for {use}")
        else:
            taken = model
    if taken is None:
        return
    options = taken.default_completion_options
    values: dict[str, object] = {
        "backend.kind": _KINDS[taken.provider],
        "backend.url": taken.api_base and taken.api_base.rstrip("/"),
        "backend.model": taken.model if taken.model not in {"", "AUTODETECT"} else None,
        "backend.context_length": options.context_length,
    }
    if variable := _SECRET.fullmatch(taken.api_key):
        values["backend.api_key_env"] = variable[1]
    elif taken.api_key:
        imported.leave_out(
            f"The key of {taken.shown}", f"put it into a variable and name that in {use}.backend.api_key_env"
        )
    if use == "chat":
        values |= {"temperature": options.temperature, "max_tokens": options.max_tokens}
    imported.settings |= {f"{use}.{key}": value for key, value in values.items() if value is not None}


def _leaves(model: _Model) -> str | None:
    """Return why a model cannot be imported; ``None`` if it runs on this machine."""
    kind = _KINDS.get(model.provider)
    if kind is None or (kind == "openai" and model.api_base is None):
        return f"the provider {model.provider or 'that it does not name'} runs elsewhere, not on this machine"
    host = urlsplit(model.api_base or "").hostname
    if host is not None and host != "localhost" and not is_loopback(host):
        return (
            f"{host} is not this machine; if it is your own server, list it in `allowed_hosts` and write its "
            "`url` under `[backend]` in your settings file"
        )
    return None


def _take_rules(imported: ConvertedConfig, rules: Sequence[str | _Rule]) -> None:
    """Join the rules into one standing instruction."""
    texts: list[str] = []
    for rule in rules:
        named = _Rule(rule=rule) if isinstance(rule, str) else rule
        if named.globs:
            name = named.name or "without a name"
            imported.notes.append(f"The rule {name} applied to some files only; here it applies to all.")
        texts.append(sentence(named.rule))
    if instructions := " ".join(filter(None, texts)):
        imported.settings["chat.instructions"] = instructions


def _take_prompt(imported: ConvertedConfig, prompt: _Prompt) -> None:
    """Convert a prompt to a prompt file that explains the selection with its instruction."""
    shown = f"The prompt {prompt.name or 'without a name'}"
    name = re.sub(r"[^a-z0-9]+", "-", prompt.name.lower()).strip("-") or "imported"
    body = _INPUT.sub("", prompt.prompt).strip().replace("$", "$$")
    title = " ".join((prompt.description or prompt.name).split())[:80]
    head = {"title": title or name, "kind": f"homebody.{name}", "scope": "selection", "output": "explain"}
    text = f"+++\n{tomlkit.dumps(head)}+++\n{body}\n\n```$language\n$code\n```\n"
    try:
        parse(name, text, "user")
    except InvalidPrompt as error:
        imported.leave_out(shown, str(error))
        return
    if "{{" in body:
        imported.notes.append(f"{shown} holds placeholders of Continue's that stay as they are.")
    imported.prompts[name] = text
