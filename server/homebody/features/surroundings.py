"""Text around the code in a chat prompt, laid out by prompt files; the system message, and the sampling."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from homebody.audit import LeftOut, Source, uris_of
from homebody.backend.base import OWN, Message, ModelInfo, Prompt, Sampling
from homebody.context.markers import MARKED, without_marked_lines
from homebody.context.select import Context
from homebody.engine import Engine
from homebody.errors import Excluded, MediaRefused
from homebody.features.budgets import ChatRoom, reason_beyond, whole_lines
from homebody.media import Media
from homebody.models.families import family_of
from homebody.prompt.front_matter import PromptFile, fill_shipped, shipped_prompt
from homebody.regular_file import read_off_loop
from homebody.settings.trust import is_trusted
from homebody.syntax.chunk import Candidate
from homebody.syntax.language import find
from homebody.text import Document
from homebody.workspace.secrets import holds_private_key
from homebody.workspace.uri import file_name, folder_around, path_of, prompt_path, uri_of


def shown_path(engine: Engine, uri: str) -> str:
    """Path for the model and the user: relative to its workspace folder, otherwise the file's name."""
    return prompt_path(uri, engine.folders)


def file_inside(engine: Engine, path: Path) -> Path | None:
    """Return the path of a regular file inside the workspace, links followed; not of one elsewhere."""
    with suppress(OSError, ValueError, RuntimeError):
        real = path.resolve()
        for folder in engine.folders:
            root = folder.absolute()
            if real.is_relative_to(root.resolve()) and real.is_file():
                return root / real.relative_to(root.resolve())
    return None


async def check_permitted(engine: Engine, document: Document) -> None:
    """Refuse documents that are excluded from prompts. Raises ``Excluded``."""
    if reason := await engine.gate.refusal_of(document):
        raise Excluded(file_name(document.uri), reason, document.uri)


def code_values(engine: Engine, document: Document, code: str) -> dict[str, str]:
    """Return the values of a prompt that shows ``code`` of a document."""
    path = shown_path(engine, document.uri)
    return language_values(document.language_id, document.uri) | {"code": code.rstrip("\r\n"), "path": path}


def language_values(language_id: str, uri: str = "") -> dict[str, str]:
    """Return how a prompt names a language, in prose and on a fence, and the framework of its tests."""
    language = find(language_id, uri)
    if language is None:
        return {"language": language_id, "tag": language_id}
    framework = language.framework or "the usual test framework of the language"
    return {"language": language.title, "tag": language.tag or language.name, "framework": framework}


def laid_out(engine: Engine, document: Document, around: Context) -> str:
    """Text for ``$context``: snippets, then the lines around the selection; may be empty.

    The selection itself is not included: another part of the prompt shows it.
    """
    text = "".join(laid_out_snippet(engine, snippet) for snippet in around.snippets)
    for name, lines in (("before", around.prefix), ("after", around.suffix)):
        if lines.strip():
            values = code_values(engine, document, lines.lstrip("\r\n"))
            text += fill_shipped(name, **values) + "\n\n"
    return text


def laid_out_snippet(engine: Engine, snippet: Candidate) -> str:
    """One snippet below its path, as shown in prompts."""
    values = language_values("", snippet.uri)
    path, code = shown_path(engine, snippet.uri), snippet.text.rstrip("\r\n")
    return fill_shipped("snippet", path=path, code=code, **values) + "\n\n"


def frame_tokens(engine: Engine, prompt: PromptFile) -> int:
    """Tokens of all text except the code: from the prompt file, from ``laid_out``, and from the user."""
    words = [prompt.body, prompt.system, *(shipped_prompt(name).body for name in ("before", "after"))]
    return sum(map(engine.chat.tokens.count, words)) + standing_tokens(engine)


def with_standing(
    engine: Engine,
    messages: Sequence[Message],
    rules: str = "",
    sources: Sequence[Source] = (),
    *,
    in_words: bool = True,
) -> tuple[Message, ...]:
    """Add ``rules``, ``chat.instructions`` and, for an answer ``in_words``, ``chat.language``.

    They are at the end, and the same for every request, so that the server can reuse its cache.
    ``sources`` are those of the rules.
    """
    settings = engine.settings.chat
    language = settings.language if in_words else ""
    added = [
        text
        for text in (
            rules,
            settings.instructions,
            fill_shipped("answer-language", language=language) if language else "",
        )
        if text
    ]
    if not added:
        return tuple(messages)
    own = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    text = "\n\n".join([*(message.text for message in own), *added])
    read = (OWN, *uris_of(sources), *(uri for message in own for uri in message.sources))
    return (Message("system", text, read), *rest)


def standing_tokens(engine: Engine) -> int:
    """Tokens that ``with_standing`` adds, without the rules."""
    (message, *_) = with_standing(engine, (Message("system", ""),))
    return engine.chat.tokens.count(message.text)


def sampling_of(engine: Engine, prompt: PromptFile, max_tokens: int) -> Sampling:
    """Return the sampling of a prompt file.

    Its own values come first, then the user's temperature, the model's card, and general defaults.
    """
    info = engine.chat.known
    card = family_of(info.name if info is not None else "").sampling
    penalty = 1.1 if card.temperature is None else 1.0
    return Sampling(
        max_tokens=prompt.max_tokens or max_tokens,
        temperature=_first(prompt.temperature, engine.settings.chat.temperature, card.temperature, 0.2),
        top_p=_first(prompt.top_p, card.top_p, 0.95),
        top_k=int(_first(prompt.top_k, card.top_k, 40)),
        min_p=card.min_p or 0.0,
        repeat_penalty=_first(prompt.repeat_penalty, card.repeat_penalty, penalty),
    )


def _first(*values: float | None) -> float:
    """Return the first value that is set; the last value is always set."""
    return next(value for value in values if value is not None)


RULES = "project rules"
"""Why rules are in a prompt, and the beginning of why others are not."""

_MOST_BYTES = 64 * 1024
_SHARE = 5
"""Share of the tokens read before the first word that rules may use."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules for the system message; empty text if there are none."""

    text: str = ""
    sources: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


async def project_rules(engine: Engine, uri: str, room: ChatRoom, special_texts: AbstractSet[str]) -> Rules:
    """Return the rules of the workspace folder of ``uri``; without one, those of the first folder.

    They get a fifth of the tokens that the model reads before its first word. A file that cannot be read is
    ignored, and so are lines with one of the ``special_texts``.
    """
    is_file = path_of(uri) is not None
    folder = folder_around(uri, engine.folders) if is_file else next(iter(engine.folders), None)
    if folder is None or not is_trusted(folder, engine.settings.trusted_folders):
        return Rules()
    count = engine.chat.tokens.count
    rest = room.readable // _SHARE
    why = f"{RULES}, at most a fifth of the prompt; {reason_beyond(room.readable, room.fits, room)}"
    parts: list[str] = []
    sources: list[Source] = []
    left_out: list[LeftOut] = []
    for name in engine.settings.context.project_rules:
        rules_uri = uri_of(folder / name)
        cleaned = without_marked_lines(await _read(engine, folder, name), special_texts)
        left_out += [LeftOut(rules_uri, line, line, MARKED) for line in cleaned.lines]
        if not cleaned.text.strip():
            continue
        lines = cleaned.text.splitlines(keepends=True)
        kept = whole_lines(lines, rest, count)
        if kept < len(lines):
            left_out.append(LeftOut(rules_uri, kept, len(lines) - 1, why))
        if kept:
            used = sum(map(count, lines[:kept]))
            rest -= used
            sources.append(Source(rules_uri, 0, kept - 1, used, RULES))
            path = prompt_path(rules_uri, engine.folders)
            parts.append(fill_shipped("rules", path=path, context="".join(lines[:kept]).strip()))
    return Rules("\n\n".join(parts), tuple(sources), tuple(left_out))


async def _read(engine: Engine, folder: Path, name: str) -> str:
    """Text of a rules file; empty if it is missing, outside of the folder, or excluded from prompts."""
    path = folder / name
    if await engine.gate.refusal(uri_of(path)) is not None:
        return ""
    try:
        text = (await read_off_loop(path, max_bytes=_MOST_BYTES, inside=folder)).decode()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if holds_private_key(text) else text


async def admitted(engine: Engine, media: Sequence[Media]) -> tuple[Media, ...]:
    """Return pictures with their tokens, counted by the server if it can.

    Raises ``MediaRefused`` if the model does not see; then nothing was sent. A server that does not report it
    gets them, and refuses them itself.
    """
    if not media:
        return ()
    info = await engine.chat.describe()
    if info.sees is False:
        message = (
            f"{info.name} answers and does not see pictures, so {media[0].name} was not sent: "
            "choose a model that does."
        )
        raise MediaRefused(message)
    counts = [await engine.chat.backend.count_prompt(Prompt((each,))) for each in media]
    return tuple(replace(each, tokens=tokens) for each, tokens in zip(media, counts, strict=True))


def readable_history(
    info: ModelInfo, messages: Sequence[Message], uri: str, media: Sequence[Media]
) -> tuple[tuple[Message, ...], list[LeftOut]]:
    """Return earlier messages as they are sent before a question with ``media``, and what is left out.

    Those are pictures that another model has seen, and, as a prompt with pictures is sent as text, lines that
    hold a control token.
    """
    taken = [() if info.sees is False else message.media for message in messages]
    special = info.special_texts if media or any(taken) else info.texts_to_leave_out
    cleaned = [without_marked_lines(message.text, special) for message in messages]
    left_out = [
        LeftOut(uri, 0, 0, f"{each.name}: {info.name} does not see pictures")
        for message in messages
        for each in message.media
        if info.sees is False
    ]
    if any(text.lines for text in cleaned):
        left_out.append(
            LeftOut(uri, 0, 0, "lines of this conversation that hold a control token of the model")
        )
    texts = zip(messages, cleaned, taken, strict=True)
    return tuple(replace(message, text=text.text, media=seen) for message, text, seen in texts), left_out
