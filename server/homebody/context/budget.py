"""Compute how many tokens a prompt may have."""

from dataclasses import dataclass

from homebody.errors import ContextTooLong

READING_SECONDS = 5.0
"""Maximum time, in seconds, for evaluating a completion prompt; it limits the prompt's length."""

UNMEASURED_SPEED = 200.0
"""Prompt speed in tokens per second assumed before the first measurement: a small model on two slow cores."""

MIN_PROMPT_TOKENS = 16
"""Minimum size of a prompt in tokens; below it the request is refused."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Division of the tokens, fixed before anything is chosen.

    Attributes
    ----------
    context_length
        As served to one request.
    output
        Reserved for the answer.
    overhead
        Reserved for markers, template and BOS.
    prompt
        Maximum for prefix, suffix and snippets together.

    """

    context_length: int
    output: int
    overhead: int
    prompt: int


def completion_budget(
    context_length: int, *, max_tokens: int, overhead: int, prompt_speed: float | None
) -> TokenBudget:
    """Budget of a completion: what fits the context, limited to what is evaluated in five seconds.

    ``prompt_speed`` is the measured speed in tokens per second; ``None`` before the first measurement, when a
    low speed is assumed: a prompt that is too long delays the user, one that is too short is widened in the
    next pause.
    The output takes at most a quarter of the context length.

    Raises
    ------
    ContextTooLong
        No tokens are left for the prompt.

    """
    output = min(max_tokens, context_length // 4)
    fits = context_length - output - overhead
    readable = int((prompt_speed or UNMEASURED_SPEED) * READING_SECONDS)
    return _checked(context_length, output, overhead, min(fits, max(readable, MIN_PROMPT_TOKENS)))


def chat_budget(context_length: int, *, output: int, overhead: int) -> TokenBudget:
    """Budget of explain, ask and refactor: all tokens that the answer does not need.

    The answer takes at most half of the context length.

    Raises
    ------
    ContextTooLong
        No tokens are left for the prompt.

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
