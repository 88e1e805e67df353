"""Convert Continue's configuration to Homebody's settings and prompt files. Pure except ``read_config``.

Format: https://docs.continue.dev/reference
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from homebody.backend.guard import is_loopback
from homebody.errors import FileUnreadable, SettingsError, UsageError
from homebody.models.model import Slot
from homebody.prompt.front_matter import InvalidPrompt, parse
from homebody.regular_file import FileRefused, read_regular

MAX_BYTES = 1024 * 1024
"""Maximum size of a configuration file, in bytes."""


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
        Entries that have no counterpart or behave differently; one sentence each.
    refused
        Entries not imported because they would send data off this machine; one sentence each.

    """

    settings: dict[str, object] = field(default_factory=dict[str, object])
    prompts: dict[str, str] = field(default_factory=dict[str, str])
    notes: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])


def read_config(path: Path) -> str:
    """Read the user's configuration file.

    Raises
    ------
    FileUnreadable
        It does not exist, is too large, or is not text.

    """
    try:
        return read_regular(path, max_bytes=MAX_BYTES).decode()
    except (FileRefused, OSError, UnicodeDecodeError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        message = f"{path} cannot be read ({reason}): name Continue's config.yaml"
        raise FileUnreadable(message) from error


def convert(text: str, shown: str = "config.yaml") -> ConvertedConfig:
    """Convert a configuration.

    Raises
    ------
    UsageError
        It is not valid YAML, or does not have Continue's structure.

    """
    try:
        config = msgspec.yaml.decode(text, type=_Config)
        known = msgspec.yaml.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        message = f"{shown} is not a configuration of Continue ({reason}): name its config.yaml"
        raise UsageError(message) from error
    imported = ConvertedConfig()
    models = [*config.models, *_older(config)]
    for use in _USES:
        _take_model(imported, use, models)
    _take_rules(imported, config.rules)
    if config.system_message:
        imported.settings.setdefault("chat.instructions", " ".join(config.system_message.split()))
    for prompt in (*config.prompts, *config.custom_commands):
        _take_prompt(imported, prompt)
    for key, why in _WITHOUT_COUNTERPART.items():
        if known.get(key):
            imported.notes.append(f"`{key}` is not imported: {why}.")
    return imported


def merged(before: str, settings: Mapping[str, object], shown: str) -> tuple[str, list[str]]:
    """Add settings to a settings file; values that are already set are kept, and noted.

    Raises
    ------
    SettingsError
        The file is not valid TOML.

    """
    notes: list[str] = []
    try:
        document = tomlkit.parse(before)
        for key, value in settings.items():
            *sections, name = key.split(".")
            table: tomlkit.TOMLDocument | Table = document
            for section in sections:
                inner = table.setdefault(section, tomlkit.table())
                if not isinstance(inner, Table):
                    raise _unmergeable(shown, key)
                table = inner
            if name not in table:
                table[name] = value
            elif table[name] != value:
                notes.append(f"`{key}` stays as {shown} has it; Continue has {value!r}.")
    except TOMLKitError as error:
        message = f"{shown} is no valid TOML ({error}): correct it first"
        raise SettingsError(message) from error
    return tomlkit.dumps(document), notes


class _Options(msgspec.Struct, rename="camel"):
    context_length: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None


class _Autocomplete(msgspec.Struct, rename="camel"):
    disable: bool | None = None
    debounce_delay: int | None = None
    multiline_completions: str | None = None
    max_prompt_tokens: int | None = None
    disable_in_files: tuple[str, ...] = ()


class _Model(msgspec.Struct, rename="camel"):
    name: str = ""
    title: str = ""
    provider: str = ""
    model: str = ""
    api_base: str | None = None
    api_key: str | None = None
    uses: str | None = None
    roles: tuple[str, ...] | None = None
    context_length: int | None = None
    default_completion_options: _Options = msgspec.field(default_factory=_Options)
    completion_options: _Options | None = None
    request_options: object = None
    autocomplete_options: _Autocomplete = msgspec.field(default_factory=_Autocomplete)

    @property
    def shown(self) -> str:
        return self.name or self.title or self.model or self.uses or "a model"

    def serves(self, use: Slot) -> bool:
        """Whether the model has this use. Without roles: chat, edit and apply (Continue's documentation)."""
        return bool(set(self.roles or ("chat", "edit", "apply")) & _ROLES[use])


class _Rule(msgspec.Struct):
    rule: str = ""
    name: str = ""
    uses: str | None = None
    globs: object = None


class _Prompt(msgspec.Struct):
    name: str = ""
    description: str = ""
    prompt: str = ""
    uses: str | None = None


class _Config(msgspec.Struct, rename="camel"):
    models: tuple[_Model, ...] = ()
    rules: tuple[str | _Rule, ...] = ()
    prompts: tuple[_Prompt, ...] = ()
    tab_autocomplete_model: _Model | None = None
    tab_autocomplete_options: _Autocomplete = msgspec.field(default_factory=_Autocomplete)
    custom_commands: tuple[_Prompt, ...] = ()
    system_message: str = ""


_USES: tuple[Slot, ...] = ("completion", "chat")
_ROLES: Mapping[Slot, frozenset[str]] = {
    "completion": frozenset({"autocomplete"}),
    "chat": frozenset({"chat", "edit", "apply"}),
}
_KINDS = {
    "ollama": "ollama", "lmstudio": "lm-studio", "llama.cpp": "llama.cpp", "llamafile": "openai",
    "vllm": "openai", "openai": "openai", "text-gen-webui": "openai", "msty": "openai",
}  # fmt: skip
"""Providers that run on the user's machine, and Homebody's name for their protocol."""

_NO_HEADERS = "requests go to this machine and need no proxy or headers"
_WITHOUT_COUNTERPART = {
    "context": "questions attach files, symbols, problems and the diff by name",
    "docs": "Homebody reads no pages of the web",
    "mcpServers": "Homebody runs no tools",
    "data": "nothing is collected",
    "embeddingsProvider": "the index of the workspace needs no model",
    "reranker": "the index of the workspace needs no model",
    "slashCommands": "actions are prompt files",
    "requestOptions": _NO_HEADERS,
}


def _older(config: _Config) -> Iterator[_Model]:
    """Models of ``config.json``, which had separate entries for completion and its options."""
    if config.tab_autocomplete_model is not None:
        yield msgspec.structs.replace(
            config.tab_autocomplete_model,
            roles=("autocomplete",),
            autocomplete_options=config.tab_autocomplete_options,
        )


def _take_model(imported: ConvertedConfig, use: Slot, models: list[_Model]) -> None:
    """Import the first model of a use that runs on this machine; note what happens to the others."""
    taken = False
    for model in models:
        if not model.serves(use):
            continue
        if (why := _leaves(model)) is not None:
            sentence = f"{model.shown} is not imported: {why}."
            if sentence not in imported.refused:
                imported.refused.append(sentence)
        elif taken:
            imported.notes.append(f"{model.shown} is not imported: Homebody uses one model for {use}.")
        else:
            taken = True
            _take(imported, use, model)


def _leaves(model: _Model) -> str | None:
    """Return why a model cannot be imported; ``None`` if it runs on this machine."""
    if model.uses is not None:
        return "it is a block of Continue's hub, which this file does not hold"
    kind = _KINDS.get(model.provider)
    if kind is None or (kind == "openai" and model.api_base is None):
        return f"the provider {model.provider or 'that it does not name'} runs elsewhere, not on this machine"
    host = urlsplit(model.api_base).hostname if model.api_base else None
    if host is not None and host != "localhost" and not is_loopback(host):
        return f"{host} is not this machine; if it is your own server, list it in backend.allowedHosts"
    return None


def _take(imported: ConvertedConfig, use: Slot, model: _Model) -> None:
    block, settings = f"{use}.backend", imported.settings
    options = model.completion_options or model.default_completion_options
    settings[f"{block}.kind"] = _KINDS[model.provider]
    if model.api_base is not None:
        settings[f"{block}.url"] = model.api_base.rstrip("/")
    if model.model and model.model != "AUTODETECT":
        settings[f"{block}.model"] = model.model
    if (length := options.context_length or model.context_length) is not None:
        settings[f"{block}.context_length"] = length
    if model.api_key:
        variable = re.fullmatch(r"\$\{\{\s*(?:secrets|inputs)\.(\w+)\s*\}\}", model.api_key)
        if variable is not None:
            settings[f"{block}.api_key_env"] = variable[1]
        else:
            imported.notes.append(
                f"The key of {model.shown} is not copied: put it into a variable and name that in "
                f"{block}.api_key_env."
            )
    if use == "chat":
        values = {"temperature": options.temperature, "max_tokens": options.max_tokens}
        settings.update({f"chat.{name}": value for name, value in values.items() if value is not None})
    else:
        _take_autocomplete(imported, model.autocomplete_options)
    if model.request_options:
        imported.notes.append(f"The `requestOptions` of {model.shown} are not imported: {_NO_HEADERS}.")


def _take_autocomplete(imported: ConvertedConfig, options: _Autocomplete) -> None:
    """Import how suggestions are made; note the options that Homebody decides by itself."""
    if options.disable:
        imported.settings["completion.enabled"] = False
    if options.debounce_delay is not None:
        imported.settings["completion.debounce_ms"] = options.debounce_delay
    if options.multiline_completions in {"always", "never", "auto"}:
        imported.settings["completion.multiline"] = options.multiline_completions
    if options.max_prompt_tokens is not None:
        imported.notes.append(
            "`maxPromptTokens` is not imported: the prompt's size follows the speed of the model."
        )
    if options.disable_in_files:
        imported.notes.append(
            "`disableInFiles` is not imported: completion.languages switches suggestions off by language."
        )


def _take_rules(imported: ConvertedConfig, rules: tuple[str | _Rule, ...]) -> None:
    """Join the rules into one standing instruction."""
    texts: list[str] = []
    for rule in rules:
        if isinstance(rule, str):
            texts.append(rule.strip())
            continue
        name = rule.name or rule.uses or "without a name"
        if rule.uses is not None:
            imported.notes.append(f"The rule {name} is not imported: it is a block of Continue's hub.")
        elif rule.globs:
            imported.notes.append(f"The rule {name} applied to some files only; here it applies to all.")
        if rule.rule:
            texts.append(rule.rule.strip())
    if texts:
        imported.settings["chat.instructions"] = " ".join(" ".join(texts).split())


def _take_prompt(imported: ConvertedConfig, prompt: _Prompt) -> None:
    """Convert a prompt to a prompt file that explains the selection with its instruction."""
    shown = prompt.name or prompt.uses or "without a name"
    if prompt.uses is not None or not prompt.prompt.strip():
        imported.notes.append(f"The prompt {shown} is not imported: its text is not in this file.")
        return
    name = re.sub(r"[^a-z0-9]+", "-", prompt.name.lower()).strip("-") or "imported"
    body = _INPUT.sub("", prompt.prompt).strip().replace("$", "$$")
    title = " ".join((prompt.description or prompt.name).split())[:80]
    head = {"title": title or name, "kind": f"homebody.{name}", "scope": "selection", "output": "explain"}
    front = tomlkit.dumps(head)
    text = f"+++\n{front}+++\n{body}\n\n```$language\n$code\n```\n"
    try:
        parse(name, text, "user")
    except InvalidPrompt as error:
        imported.notes.append(f"The prompt {shown} is not imported: {error}.")
        return
    if "{{" in body:
        imported.notes.append(f"The prompt {shown} holds placeholders of Continue's that stay as they are.")
    imported.prompts[name] = text


_INPUT = re.compile(r"\{\{\{?\s*(?:input|selectedCode|selection)\s*\}?\}\}")


def _unmergeable(shown: str, key: str) -> SettingsError:
    return SettingsError(f"{shown} has something else where `{key}` belongs: correct it first")
