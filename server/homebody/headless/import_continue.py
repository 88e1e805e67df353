"""Convert Continue's ``config.yaml`` to Homebody's settings and prompt files. Pure except ``read_config``.

Format: https://docs.continue.dev/reference
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import tomlkit

from homebody.backend.guard import is_loopback
from homebody.errors import FileUnreadable, UsageError, sentence
from homebody.models.facts import Slot
from homebody.prompt.front_matter import InvalidPrompt, parse
from homebody.regular_file import read_regular
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


class _Options(msgspec.Struct, rename="camel"):
    context_length: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None


class _Block(msgspec.Struct, rename="camel"):
    """A model, a rule or a prompt: each has some of these fields."""

    name: str = ""
    uses: str = ""
    provider: str = ""
    model: str = ""
    api_base: str | None = None
    api_key: str = ""
    # Without roles: chat, edit and apply (Continue's documentation).
    roles: tuple[str, ...] = ("chat", "edit", "apply")
    default_completion_options: _Options = msgspec.field(default_factory=_Options)
    rule: str = ""
    globs: object = None
    description: str = ""
    prompt: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.model or "A model"


class _ContinueConfig(msgspec.Struct):
    models: tuple[_Block, ...] = ()
    rules: tuple[str | _Block, ...] = ()
    prompts: tuple[_Block, ...] = ()


def read_config(path: Path) -> str:
    """Read the user's configuration file. Raises ``FileUnreadable``."""
    try:
        return read_regular(path, max_bytes=MAX_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
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
    rules = [_Block(rule=rule) if isinstance(rule, str) else rule for rule in config.rules]
    left_out: list[tuple[str, str]] = []
    for use, roles in _ROLES.items():
        models = [model for model in config.models if roles & set(model.roles) and not model.uses]
        left_out += _take_model(imported, use, models)
    for prompt in config.prompts:
        left_out += _take_prompt(imported, prompt) if not prompt.uses else ()
    blocks = (*config.models, *rules, *config.prompts)
    left_out += [(block.uses, "it is a block of Continue's hub") for block in blocks if block.uses]
    texts = [sentence(rule.rule) for rule in rules if rule.rule]
    imported.settings |= {"chat.instructions": " ".join(texts)} if texts else {}
    unknown = sorted(key for key, value in entries.items() if value and key not in _TAKEN)
    left_out += [(f"`{key}`", "Homebody has no counterpart") for key in unknown]
    # While a value in the user's file is wrong, nothing is sent to a model.
    checked = from_tree(imported.settings, OptionsSource("Not imported", "snake", Path()))
    allowed = {key.snake for key in checked.values}
    imported.settings = {key: value for key, value in imported.settings.items() if key in allowed}
    imported.notes = [
        *dict.fromkeys(f"{what} is not imported: {why}." for what, why in left_out),
        *(
            f"The rule {rule.name or 'without a name'} applied to some files only; here it applies to all."
            for rule in rules
            if rule.globs
        ),
        *imported.notes,
        *(problem.message for problem in checked.problems),
    ]
    return imported


def _take_model(imported: ConvertedConfig, use: Slot, models: Sequence[_Block]) -> Iterator[tuple[str, str]]:
    """Import the first model that runs on this machine; yield what is left out, and why."""
    taken: _Block | None = None
    for model in models:
        if (why := _leaves(model)) is not None:
            yield model.shown, why
        elif taken is not None:
            yield model.shown, f"Homebody uses one model for {use}"
        else:
            taken = model
    if taken is None:
        return
    options, variable = taken.default_completion_options, _SECRET.fullmatch(taken.api_key)
    if taken.api_key and variable is None:
        advice = f"put it into a variable and name that in {use}.backend.api_key_env"
        yield f"The key of {taken.shown}", advice
    values: dict[str, object] = {
        "backend.kind": _KINDS[taken.provider],
        "backend.url": taken.api_base and taken.api_base.rstrip("/"),
        "backend.model": taken.model if taken.model not in {"", "AUTODETECT"} else None,
        "backend.context_length": options.context_length,
        "backend.api_key_env": variable and variable[1],
        "temperature": options.temperature if use == "chat" else None,
        "max_tokens": options.max_tokens if use == "chat" else None,
    }
    imported.settings |= {f"{use}.{key}": value for key, value in values.items() if value is not None}


def _leaves(model: _Block) -> str | None:
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


def _take_prompt(imported: ConvertedConfig, prompt: _Block) -> Iterator[tuple[str, str]]:
    """Convert a prompt to a prompt file that explains the selection; yield why it cannot be one."""
    shown = f"The prompt {prompt.name or 'without a name'}"
    name = re.sub(r"[^a-z0-9]+", "-", prompt.name.lower()).strip("-") or "imported"
    body = _INPUT.sub("", prompt.prompt).strip().replace("$", "$$")
    title = " ".join((prompt.description or prompt.name).split())[:80]
    head = {"title": title or name, "kind": f"homebody.{name}", "scope": "selection", "output": "explain"}
    text = f"+++\n{tomlkit.dumps(head)}+++\n{body}\n\n```$language\n$code\n```\n"
    try:
        parse(name, text, "user")
    except InvalidPrompt as error:
        yield shown, str(error)
        return
    if "{{" in body:
        imported.notes.append(f"{shown} holds placeholders of Continue's that stay as they are.")
    imported.prompts[name] = text
