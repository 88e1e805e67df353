"""Words around code: what ``context`` chose, laid out for a chat prompt by prompt files."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from homebody.audit import LeftOut
from homebody.backend.base import ModelInfo, Sampling
from homebody.context.around import Around
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.render import fill
from homebody.settings import ChatSettings
from homebody.text import Document


def file_name(uri: str) -> str:
    """Last part of a document's path, as a person would call it."""
    return PurePosixPath(unquote(urlsplit(uri).path)).name or uri


def check_permitted(engine: Engine, document: Document) -> None:
    """Refuse documents that go into no prompt.

    Raises
    ------
    UsageError
        It holds secrets, or the user has ruled it out.

    """
    if reason := engine.permit.refusal_of(document):
        message = f"{file_name(document.uri)} goes into no prompt: {reason}."
        raise UsageError(message)


def laid_out(engine: Engine, document: Document, around: Around) -> str:
    """Text for ``$context``: snippets, then the lines around the selection; may be empty."""
    prompts = engine.prompts
    text = "".join(
        fill(prompts.snippet.body, {"path": file_name(snippet.uri), "code": snippet.text.rstrip("\n")})
        + "\n\n"
        for snippet in around.snippets
    )
    if around.before.strip() or around.after.strip():
        lines = f"{around.before}{around.code}{around.after}".strip("\n")
        values = {"path": file_name(document.uri), "language": document.language_id, "context": lines}
        text += fill(prompts.surroundings.body, values) + "\n\n"
    return text


def special_texts(info: ModelInfo) -> frozenset[str]:
    """Texts that must not stand in a prompt to this model; none where prompts go as token ids."""
    return frozenset[str]() if info.takes_token_ids else info.special_texts


def unmarked(
    uri: str, text: str, first_line: int, special: frozenset[str]
) -> tuple[str, tuple[LeftOut, ...]]:
    """Leave out lines that the model would read as control tokens, and say which."""
    cleaned = without_marked_lines(text, special)
    why = "holds a control token of the model"
    lines = (first_line + line for line in cleaned.lines)
    return cleaned.text, tuple(LeftOut(uri, line, line, why) for line in lines)


def sampling_of(settings: ChatSettings, prompt: PromptFile, max_tokens: int) -> Sampling:
    """Sampling of a prompt file: its own numbers before those of the settings."""
    own = prompt.sampling
    return Sampling(
        max_tokens=int(own.get("max_tokens", max_tokens)),
        temperature=own.get("temperature", settings.temperature),
        top_p=own.get("top_p", settings.top_p),
        top_k=int(own.get("top_k", settings.top_k)),
        repeat_penalty=own.get("repeat_penalty", settings.repeat_penalty),
    )
