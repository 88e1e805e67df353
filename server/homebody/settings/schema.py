"""All settings: name, type, range, default and meaning.

The rest of the program reads ``Settings``: resolved, complete, immutable. Options as users and editors send
them have another type (``options.SourceValues``); ``load`` converts them.
What a docstring says about an attribute is the text that users see, with keys as in TOML: ``homebody config
schema``, the page ``docs/settings.md`` and VS Code's ``package.json`` are made from it. The description of a
``Meta`` is the allowed values in words, if the type does not say them.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

BackendKind: TypeAlias = Literal["auto", "embedded", "llama.cpp", "ollama", "lm-studio", "openai", "scripted"]

# Values of ``extra``; ``keys.Key`` documents them.
MACHINE = {"machine": True}
RESTRICTS = {"restricts": True}

_PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_Url: TypeAlias = Annotated[
    str, Meta(pattern=r"^(https?|unix)://[^\s]+$", examples=["http://127.0.0.1:8080"])
]
_HostAndPort: TypeAlias = Annotated[str, Meta(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+):" + _PORT + "$")]

URL_FORMS = (
    "an address such as `http://127.0.0.1:8080`, `https://gpu.example:8000` or `unix:///run/llama.sock`"
)

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?", re.ASCII)


def is_server_url(url: str) -> bool:
    """Whether ``url`` is the address of a server: a host that can be written so, or a socket's full path."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        if parts.netloc.startswith("["):
            ipaddress.IPv6Address(host)
        elif re.fullmatch(r"[0-9]+(\.[0-9]+){3}", host):
            ipaddress.IPv4Address(host)
    except ValueError:
        return False
    if "?" in url or "#" in url or any(c.isspace() or not c.isprintable() for c in url):
        return False
    if parts.scheme == "unix":
        return url.startswith("unix:///") and len(parts.path) > 1
    if parts.netloc.endswith(":"):
        return False
    is_host = (parts.netloc.startswith("[") and "%" not in host) or _HOST.fullmatch(host) is not None
    has_user = "@" in parts.netloc
    return parts.scheme in {"http", "https"} and is_host and not has_user and port != 0


def is_covered(text: str, patterns: Iterable[str]) -> bool:
    """Whether one of ``patterns``, in which ``*`` stands for any characters, matches all of ``text``."""
    forms = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    return any(re.fullmatch(form, text, re.DOTALL) for form in forms)


class BackendSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which server and model answer.

    ``completion.backend`` and ``chat.backend`` have the same keys; those that are not set there are
    taken from ``backend``. ``api_key`` has the key itself where ``api_key_env`` names its variable.

    Attributes
    ----------
    kind
        Which server answers. `auto` looks for one on this machine and falls back to the embedded model;
        `scripted` replays the file named by `backend.model`, for tests.
    url
        Address of the server, such as `http://127.0.0.1:8080` or `unix:///run/llama.sock`; by default
        the usual port of that kind. Other machines are refused unless `backend.allowed_hosts` lists
        them.
    model
        Model to use, as the server names it; for `embedded` the path of a GGUF file or the name of
        installed weights. By default, what is loaded or installed.
    context_length
        Context length in tokens. By default, what the server really serves; for the embedded model its
        own context length, at most 8,192.
    api_key
        API key, if the server requires one. Prefer `backend.api_key_env` to a key in a file.
    api_key_env
        Name of the environment variable that holds the API key.
    allowed_hosts
        Other machines that Homebody may connect to, each exactly as `host:port`, for a team's own
        server. An entry `ollama.com:443` also allows models that a local Ollama runs there.
    allowed_models
        Models that may answer, by name, with `*` for any characters: `qwen2.5-coder*`. If the list is
        empty, every model may.
    timeout_seconds
        Seconds to wait for the first piece of an answer, and between two pieces.

    """

    kind: Annotated[BackendKind, Meta(extra=MACHINE | RESTRICTS)] = "auto"
    url: Annotated[_Url | None, Meta(description=URL_FORMS, extra=MACHINE | RESTRICTS)] = None
    model: Annotated[str | None, Meta(extra=MACHINE | RESTRICTS | {"path_like": True})] = None
    context_length: Annotated[
        Annotated[int, Meta(ge=256, le=1048576, examples=[8192])] | None, Meta(extra=MACHINE)
    ] = None
    api_key: Annotated[str | None, Meta(extra=MACHINE | {"secret": True})] = None
    api_key_env: Annotated[str | None, Meta(description="the name of a variable", extra=MACHINE)] = None
    allowed_hosts: Annotated[
        tuple[_HostAndPort, ...], Meta(description="a list of `host:port`", extra=MACHINE | RESTRICTS)
    ] = ()
    allowed_models: Annotated[tuple[str, ...], Meta(extra=MACHINE | RESTRICTS)] = ()
    timeout_seconds: Annotated[float, Meta(ge=1, le=3600, extra=MACHINE)] = 120.0

    def __repr__(self) -> str:
        """Omit the API key: a repr may appear in logs and tracebacks."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.api_key is not None:
            shown["api_key"] = "***"
        return f"BackendSettings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class EmbeddedSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model that Homebody runs itself.

    Attributes
    ----------
    threads
        Threads that the model uses; by default, and at most, one for each core.
    idle_minutes
        Minutes without a request before the model's process ends.

    """

    threads: Annotated[Annotated[int, Meta(ge=1, le=1024, examples=[4])] | None, Meta(extra=MACHINE)] = None
    idle_minutes: Annotated[float, Meta(ge=0.1, le=10080, extra=MACHINE)] = 15.0


FimLayout: TypeAlias = Literal[
    "auto", "none", "qwen", "starcoder2", "granite", "santacoder", "granite4", "codellama", "deepseek",
    "codegemma", "mistral", "mellum", "seed", "glm", "falcon",
]  # fmt: skip


class CompletionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suggestions while typing.

    Attributes
    ----------
    enabled
        Whether to suggest completions while typing.
    languages
        Suggestions on or off by language id, such as `{"markdown": false}`; `*` means all other
        languages.
    trigger
        `automatic`: suggest in each pause; `manual`: only on an explicit request.
    menu
        Whether suggestions also appear in the completion menu; `auto`: only in editors without ghost
        text.
    multiline
        Whether a suggestion may span several lines; `auto`: at the start of a block, on an empty line,
        and where its first line opens a block or brackets.
    max_tokens
        Maximum length of a suggestion, in tokens; reserved in the context.
    debounce_ms
        Milliseconds without a keystroke before a request is sent; `auto` adapts to your typing and to
        the speed of the model.
    latency_budget_ms
        Target time to the first token of a suggestion, in milliseconds. On a slow machine, less of the
        file is read to meet it.
    min_confidence
        Suggestions whose first line has a lower confidence are hidden; 0 shows all suggestions.
    fim
        Layout of fill-in-the-middle prompts: `auto` finds the model's family by its metadata and name,
        `none` sends the text before the cursor only, others name a family.
    backend
        Overrides of `backend` for suggestions, such as a small model.

    """

    enabled: Annotated[bool, Meta(extra=RESTRICTS)] = True
    languages: Annotated[Mapping[str, bool], Meta(extra=RESTRICTS)] = field(default_factory=dict[str, bool])
    trigger: Annotated[Literal["automatic", "manual"], Meta(extra=RESTRICTS)] = "automatic"
    menu: Literal["auto", "always", "never"] = "auto"
    multiline: Literal["auto", "always", "never"] = "auto"
    max_tokens: Annotated[int, Meta(ge=1, le=4096)] = 128
    debounce_ms: Literal["auto"] | Annotated[int, Meta(ge=0, le=5000)] = "auto"
    latency_budget_ms: Annotated[int, Meta(ge=50, le=60000)] = 350
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.4
    fim: Annotated[FimLayout, Meta(extra=MACHINE)] = "auto"
    backend: BackendSettings = field(default_factory=BackendSettings)

    def is_on(self, language_id: str) -> bool:
        """Whether documents of that language are completed."""
        return self.enabled and self.languages.get(language_id, self.languages.get("*", True))


class NextEditSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suggestions of the next change, after one that you made.

    Attributes
    ----------
    enabled
        Whether to suggest the next change: `full` shows its text, `hint` only marks the line until you
        jump there.
    languages
        Next changes on or off by language id, such as `{"yaml": false}`; `*` means all other languages.
    backend
        Overrides of `backend` for a model that was trained to suggest next changes.

    """

    enabled: Annotated[Literal["off", "hint", "full"], Meta(extra=RESTRICTS)] = "full"
    languages: Annotated[Mapping[str, bool], Meta(extra=RESTRICTS)] = field(default_factory=dict[str, bool])
    backend: BackendSettings = field(default_factory=BackendSettings)

    def is_on(self, language_id: str) -> bool:
        """Whether changes of documents of that language are suggested."""
        return self.enabled != "off" and self.languages.get(language_id, self.languages.get("*", True))


class ChatSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Explanations, questions and refactorings.

    Attributes
    ----------
    temperature
        Randomness of explanations and edits; 0 always takes the most likely token. By default the
        recommendation of the model's card, otherwise 0.2.
    max_tokens
        Maximum length of an explanation or answer, in tokens; reserved in the context, at most a
        quarter of it.
    model_size
        Size of the model in billions of parameters; decides which actions are offered. By default the
        size in the model's name, times 1.5 for models made for code.
    reading_seconds
        Seconds that the model may read before the first word of an answer. Code that Homebody adds by
        itself is limited to what the model reads in this time, and longer selections are explained in
        parts. A fast machine reads everything.
    instructions
        Your instructions for all explanations and answers, such as `Be brief`.
    language
        Language of explanations and answers, such as `German`; by default the language of the question.
    backend
        Overrides of `backend` for explanations and edits, such as a larger model.

    """

    temperature: Annotated[float, Meta(ge=0, le=2, examples=[0.2])] | None = None
    max_tokens: Annotated[int, Meta(ge=16, le=32768)] = 1024
    model_size: Annotated[float, Meta(ge=0, le=10000, examples=[7])] | None = None
    reading_seconds: Annotated[float, Meta(ge=0.2, le=600)] = 3.0
    instructions: Annotated[str, Meta(extra=MACHINE)] = ""
    language: Annotated[str, Meta(extra=MACHINE)] = ""
    backend: BackendSettings = field(default_factory=BackendSettings)


class ContextSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model may see.

    Attributes
    ----------
    snippets
        Whether code from other files of the workspace goes into the prompt.
    ignore
        Patterns, as in `.gitignore`, of files that never go into a prompt, in addition to `.gitignore`,
        `.homebodyignore` and the built-in list of secrets. The patterns of all sources apply: none
        replaces those of another, and a workspace can only add to yours.
    project_rules
        Files in the workspace's top folder whose text is added to prompts for explanations and answers
        as the project's rules. Read only in folders that `trusted_folders` lists.
    max_file_bytes
        Maximum size of a file that is read, in bytes.

    """

    snippets: Annotated[bool, Meta(extra=RESTRICTS)] = True
    ignore: Annotated[
        tuple[Annotated[str, Meta(max_length=1000)], ...],
        Meta(
            max_length=1000,
            description="a list of at most 1000 patterns, none with `..` or an open bracket",
            extra=RESTRICTS,
        ),
    ] = ()
    project_rules: Annotated[tuple[str, ...], Meta(extra=MACHINE)] = ("AGENTS.md", "CONTRIBUTING.md")
    max_file_bytes: Annotated[int, Meta(ge=1024, le=67108864, extra=RESTRICTS)] = 1048576


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The local log; it is never sent anywhere.

    Attributes
    ----------
    enabled
        Whether to log what went into prompts (files, lines, tokens, times) in your state folder.
    prompts
        Whether the log also contains the text of prompts and answers.

    """

    enabled: Annotated[bool, Meta(extra=MACHINE | RESTRICTS)] = False
    prompts: Annotated[bool, Meta(extra=MACHINE | RESTRICTS)] = False


class FolderIgnore(Struct, frozen=True):
    """Patterns of ``context.ignore`` that a folder adds to the user's own, relative to that folder.

    They can exclude more, and never include again what other rules exclude.
    """

    folder: str
    patterns: tuple[str, ...]


class OwnSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings that a file may contain.

    Attributes
    ----------
    trusted_folders
        Folders whose `.homebody.toml`, editor settings and `.homebody/prompts` count as your own, each
        by its full path. Folders inside a trusted folder are not trusted.

    """

    backend: BackendSettings = field(default_factory=BackendSettings)
    embedded: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    next_edit: NextEditSettings = field(default_factory=NextEditSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    log: LogSettings = field(default_factory=LogSettings)
    trusted_folders: Annotated[
        tuple[str, ...],
        Meta(description="a list of full paths of folders", extra=MACHINE | {"user_file": True}),
    ] = ()


class Settings(OwnSettings, frozen=True, kw_only=True):
    """All settings, resolved. ``Settings()`` is the defaults.

    ``context.ignore`` has the patterns of all the user's own sources, ``folder_ignore`` those of workspaces.
    ``folder_completion`` are those of completion in each folder of a workspace with several; its backend and
    FIM layout are those of ``completion``.
    """

    folder_ignore: tuple[FolderIgnore, ...] = ()
    folder_completion: Mapping[Path, CompletionSettings] = field(
        default_factory=dict[Path, CompletionSettings]
    )
