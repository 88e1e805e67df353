"""How many tokens a prompt may have.

In: what the server serves and what the task needs. Out: a ``TokenBudget`` that every later step
keeps to.
"""

from dataclasses import dataclass

from homebody.errors import ContextTooLong

READING_SECONDS = 5.0
"""A completion prompt is no longer than what the model reads in this time (issue: Context)."""

UNMEASURED_SPEED = 200.0
"""Prompt tokens a second taken before the first measurement: a small model on two slow cores."""

MIN_PROMPT_TOKENS = 16
"""Below this no prompt says anything; the request is refused instead."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Tokens, split up before anything is chosen.

    Attributes
    ----------
    context_length
        As served to one request.
    output
        Reserved for the answer.
    overhead
        Reserved for markers, template and BOS.
    prompt
        What prefix, suffix and snippets may have together.

    """

    context_length: int
    output: int
    overhead: int
    prompt: int


def completion_budget(
    context_length: int, *, max_tokens: int, overhead: int, prompt_speed: float | None
) -> TokenBudget:
    """Budget of a completion: the smaller of what fits and what is read in five seconds.

    ``prompt_speed`` is in tokens a second as measured; ``None`` before the first measurement, when a
    slow one is taken: a prompt too long holds the user up, one too short is widened in the next pause.
    The output takes at most a quarter of the context length.

    Raises
    ------
    ContextTooLong
        Nothing is left for the prompt.

    """
    output = min(max_tokens, context_length // 4)
    fits = context_length - output - overhead
    readable = int((prompt_speed or UNMEASURED_SPEED) * READING_SECONDS)
    return _checked(context_length, output, overhead, min(fits, max(readable, MIN_PROMPT_TOKENS)))


def chat_budget(context_length: int, *, output: int, overhead: int) -> TokenBudget:
    """Budget of explain, ask and refactor: all that fits beside the answer.

    The answer takes at most half of the context length.

    Raises
    ------
    ContextTooLong
        Nothing is left for the prompt.

    """
    output = min(output, context_length // 2)
    return _checked(context_length, output, overhead, context_length - output - overhead)


def _checked(context_length: int, output: int, overhead: int, prompt: int) -> TokenBudget:
    if prompt < MIN_PROMPT_TOKENS:
        message = (
            f"A context length of {context_length} tokens leaves no room for a prompt: "
            "raise backend.contextLength or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    return TokenBudget(context_length, output, overhead, prompt)
