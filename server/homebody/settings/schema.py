"""All settings: name, type, range, default and meaning.

The rest of the program reads ``Settings``: resolved, complete, immutable. Options as users and editors send
them have another type (``options.Options``); ``load`` converts them.
A description here is the text that users see, with keys as in TOML: ``homebody config schema``, the page
``docs/settings.md`` and VS Code's ``package.json`` are made from it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from homebody.settings.backend_schema import MACHINE, RESTRICTS, BackendSettings, EmbeddedSettings


class CompletionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suggestions while typing."""

    enabled: Annotated[
        bool, Meta(description="Whether to suggest completions while typing.", extra=RESTRICTS)
    ] = True
    languages: Annotated[
        Mapping[str, bool],
        Meta(
            description=(
                'Suggestions on or off by language id, such as `{"markdown": false}`; '
                "`*` means all other languages."
            ),
            extra=RESTRICTS,
        ),
    ] = field(default_factory=dict[str, bool])
    trigger: Annotated[
        Literal["automatic", "manual"],
        Meta(
            description="`automatic`: suggest in each pause; `manual`: only on an explicit request.",
            extra=RESTRICTS,
        ),
    ] = "automatic"
    menu: Annotated[
        Literal["auto", "always", "never"],
        Meta(
            description=(
                "Whether suggestions also appear in the completion menu; `auto`: only in editors "
                "without ghost text."
            )
        ),
    ] = "auto"
    multiline: Annotated[
        Literal["auto", "always", "never"],
        Meta(
            description=(
                "Whether a suggestion may span several lines; `auto`: at the start of a block, on an "
                "empty line, and in the header of a function or class."
            )
        ),
    ] = "auto"
    max_tokens: Annotated[
        int,
        Meta(
            ge=1, le=4096, description="Maximum length of a suggestion, in tokens; reserved in the context."
        ),
    ] = 128
    debounce_ms: Annotated[
        Literal["auto"] | Annotated[int, Meta(ge=0, le=5000)],
        Meta(
            description=(
                "Milliseconds without a keystroke before a request is sent; `auto` adapts to your typing "
                "and to the speed of the model."
            )
        ),
    ] = "auto"
    latency_budget_ms: Annotated[
        int,
        Meta(
            ge=50,
            le=60_000,
            description=(
                "Target time to the first token of a suggestion, in milliseconds. On a slow machine, less "
                "of the file is read to meet it."
            ),
        ),
    ] = 350
    min_confidence: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description=(
                "Suggestions whose first line has a lower confidence are hidden; 0 shows all suggestions."
            ),
        ),
    ] = 0.4
    fim: Annotated[
        Literal[
            "auto", "none", "qwen", "starcoder2", "granite", "santacoder", "granite4", "codellama",
            "deepseek", "codegemma", "mistral", "mellum", "seed", "glm", "falcon",
        ],
        Meta(
            description=(
                "Layout of fill-in-the-middle prompts: `auto` finds the model's family by its metadata and "
                "name, `none` sends the text before the cursor only, others name a family."
            ),
            extra=MACHINE,
        ),
    ] = "auto"  # fmt: skip
    backend: Annotated[
        BackendSettings,
        Meta(description="Overrides of `backend` for suggestions, such as a small model."),
    ] = field(default_factory=BackendSettings)

    def is_on(self, language_id: str) -> bool:
        """Whether documents of that language are completed."""
        return self.enabled and self.languages.get(language_id, self.languages.get("*", True))


class NextEditSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suggestions of the next change, after one that you made."""

    enabled: Annotated[
        Literal["off", "hint", "full"],
        Meta(
            description=(
                "Whether to suggest the next change: `full` shows its text, `hint` only marks the line "
                "until you jump there."
            ),
            extra=RESTRICTS,
        ),
    ] = "full"
    languages: Annotated[
        Mapping[str, bool],
        Meta(
            description=(
                'Next changes on or off by language id, such as `{"yaml": false}`; `*` means all other '
                "languages."
            ),
            extra=RESTRICTS,
        ),
    ] = field(default_factory=dict[str, bool])
    backend: Annotated[
        BackendSettings,
        Meta(description="Overrides of `backend` for a model that was trained to suggest next changes."),
    ] = field(default_factory=BackendSettings)

    def is_on(self, language_id: str) -> bool:
        """Whether changes of documents of that language are suggested."""
        return self.enabled != "off" and self.languages.get(language_id, self.languages.get("*", True))


class ChatSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Explanations, questions and refactorings."""

    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        Meta(
            description=(
                "Randomness of explanations and edits; 0 always takes the most likely token. By default the "
                "recommendation of the model's card, otherwise 0.2."
            )
        ),
    ] = None
    max_tokens: Annotated[
        int,
        Meta(
            ge=16,
            le=32_768,
            description=(
                "Maximum length of an explanation or answer, in tokens; reserved in the context, at most "
                "a quarter of it."
            ),
        ),
    ] = 1024
    model_size: Annotated[
        Annotated[float, Meta(ge=0, le=10_000)] | None,
        Meta(
            description=(
                "Size of the model in billions of parameters; decides which actions are offered. By default "
                "the size in the model's name, times 1.5 for models made for code."
            )
        ),
    ] = None
    reading_seconds: Annotated[
        float,
        Meta(
            ge=0.2,
            le=600,
            description=(
                "Seconds that the model may read before the first word of an answer. Code that Homebody adds "
                "by itself is limited to what the model reads in this time, and longer selections are "
                "explained in parts. A fast machine reads everything."
            ),
        ),
    ] = 3.0
    instructions: Annotated[
        str,
        Meta(
            description="Your instructions for all explanations and answers, such as `Be brief`.",
            extra=MACHINE,
        ),
    ] = ""
    language: Annotated[
        str,
        Meta(
            description=(
                "Language of explanations and answers, such as `German`; by default the language of the "
                "question."
            ),
            extra=MACHINE,
        ),
    ] = ""
    backend: Annotated[
        BackendSettings,
        Meta(description="Overrides of `backend` for explanations and edits, such as a larger model."),
    ] = field(default_factory=BackendSettings)


class ContextSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model may see."""

    snippets: Annotated[
        bool,
        Meta(
            description="Whether code from other files of the workspace goes into the prompt.",
            extra=RESTRICTS,
        ),
    ] = True
    ignore: Annotated[
        tuple[Annotated[str, Meta(max_length=1000)], ...],
        Meta(
            max_length=1000,
            extra=RESTRICTS | {"allowed": "a list of at most 1000 texts, none with `..` or an open bracket"},
            description=(
                "Patterns, as in `.gitignore`, of files that never go into a prompt, in addition to "
                "`.gitignore`, `.homebodyignore` and the built-in list of secrets. The patterns of all "
                "sources apply: none replaces those of another, and a workspace can only add to yours."
            ),
        ),
    ] = ()
    project_rules: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Files in the workspace's top folder whose text is added to prompts for explanations and "
                "answers as the project's rules. Read only in folders that `trusted_folders` lists."
            ),
            extra=MACHINE,
        ),
    ] = ("AGENTS.md", "CONTRIBUTING.md")
    max_file_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            le=67_108_864,
            description="Maximum size of a file that is read, in bytes.",
            extra=RESTRICTS,
        ),
    ] = 1_048_576


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The local log; it is never sent anywhere."""

    enabled: Annotated[
        bool,
        Meta(
            description=(
                "Whether to log what went into prompts (files, lines, tokens, times) in your state folder."
            ),
            extra=MACHINE | RESTRICTS,
        ),
    ] = False
    prompts: Annotated[
        bool,
        Meta(
            description="Whether the log also contains the text of prompts and answers.",
            extra=MACHINE | RESTRICTS,
        ),
    ] = False


class FolderIgnore(Struct, frozen=True):
    """Patterns of ``context.ignore`` that a folder adds to the user's own, relative to that folder.

    They can exclude more, and never include again what other rules exclude.
    """

    folder: str
    patterns: tuple[str, ...]


class OwnSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings that a file may contain."""

    backend: BackendSettings = field(default_factory=BackendSettings)
    embedded: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    next_edit: NextEditSettings = field(default_factory=NextEditSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    log: LogSettings = field(default_factory=LogSettings)
    trusted_folders: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Folders whose `.homebody.toml`, editor settings and `.homebody/prompts` count as your own, "
                "each by its full path. Folders inside a trusted folder are not trusted."
            ),
            extra=MACHINE | {"user_file": True, "allowed": "a list of full paths of folders"},
        ),
    ] = ()


class Settings(OwnSettings, frozen=True, kw_only=True):
    """All settings, resolved. ``Settings()`` is the defaults.

    ``context.ignore`` has the patterns of all the user's own sources, ``folder_ignore`` those of workspaces.
    """

    folder_ignore: tuple[FolderIgnore, ...] = ()
