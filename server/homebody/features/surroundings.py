"""Text around the code in a chat prompt: the context, laid out by prompt files."""

from homebody.audit import LeftOut
from homebody.backend.base import ModelInfo, Sampling
from homebody.context.around import Around
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import Excluded
from homebody.features.prompt_paths import prompt_path
from homebody.features.system_prompt import standing_tokens
from homebody.models.families import chat_sampling_of
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.render import fill
from homebody.prompt.shipped import shipped_prompt
from homebody.syntax.chunk import Candidate
from homebody.text import Document
from homebody.workspace.uri import file_name


def shown_path(engine: Engine, uri: str) -> str:
    """Path for the model and the user: relative to its workspace folder, otherwise the file's name."""
    return prompt_path(uri, engine.folders)


async def check_permitted(engine: Engine, document: Document) -> None:
    """Refuse documents that are excluded from prompts.

    Raises
    ------
    Excluded
        It contains secrets, or the user has excluded it.

    """
    if reason := await engine.gate.refusal_of(document):
        raise Excluded(file_name(document.uri), reason, document.uri)


def laid_out(engine: Engine, document: Document, around: Around) -> str:
    """Text for ``$context``: snippets, then the lines around the selection; may be empty.

    The selection itself is not included: another part of the prompt shows it.
    """
    path = shown_path(engine, document.uri)
    text = "".join(laid_out_snippet(engine, snippet) for snippet in around.snippets)
    for name, lines in (("before", around.before), ("after", around.after)):
        if lines.strip():
            values = {"path": path, "language": document.language_id, "context": lines.strip("\r\n")}
            text += fill(shipped_prompt(name).body, values) + "\n\n"
    return text


def laid_out_snippet(engine: Engine, snippet: Candidate) -> str:
    """One snippet below its path, as shown in prompts."""
    values = {"path": shown_path(engine, snippet.uri), "code": snippet.text.rstrip("\r\n")}
    return fill(shipped_prompt("snippet").body, values) + "\n\n"


def frame_tokens(engine: Engine, prompt: PromptFile) -> int:
    """Tokens of all text except the code: from the prompt file, from ``laid_out``, and from the user."""
    words = [prompt.body, prompt.system, *(shipped_prompt(name).body for name in ("before", "after"))]
    return sum(map(engine.chat.tokens.count, words)) + standing_tokens(engine)


def special_texts(info: ModelInfo) -> frozenset[str]:
    """Texts that a prompt to this model must not contain; none if prompts are sent as token ids."""
    return info.texts_to_leave_out


def unmarked(
    uri: str, text: str, first_line: int, special: frozenset[str]
) -> tuple[str, tuple[LeftOut, ...]]:
    """Leave out lines that the model would parse as control tokens, and list them."""
    cleaned = without_marked_lines(text, special)
    why = "holds a control token of the model"
    lines = (first_line + line for line in cleaned.lines)
    return cleaned.text, tuple(LeftOut(uri, line, line, why) for line in lines)


def sampling_of(engine: Engine, prompt: PromptFile, max_tokens: int) -> Sampling:
    """Return the sampling of a prompt file.

    Its own values come first, then the user's temperature, the model's card, and general defaults.
    """
    info = engine.chat.known
    card = chat_sampling_of(info.name if info is not None else "")
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
