"""The server's own count of a prompt, beside ours.

In: what was sent, what we counted, what the server says. Out: one sentence for each thing that is not
as it should be; where our count was an estimate, a better estimate from then on.
"""

from homebody.backend.base import PromptRead, Stats
from homebody.engine import Use


def compared(
    use: Use,
    text: str,
    expected: int,
    stats: Stats | None,
    read: PromptRead | None = None,
    *,
    exact: bool,
) -> tuple[str, ...]:
    """Compare, and learn.

    Parameters
    ----------
    text
        The prompt as it was sent, or as near to it as can be told.
    expected
        Its tokens as we counted them.
    stats, read
        What the server said at the end of its answer, or at its first token.
    exact
        Whether ``expected`` was counted by the server's own tokenizer.

    """
    told = _told(stats, read)
    notes: list[str] = []
    if stats is not None and stats.truncated:
        notes.append("the server cut the prompt")
    if told is not None and exact and told != expected:
        notes.append(f"the server counted {told} prompt tokens, {expected} were expected")
    if told is not None and not exact:
        use.tokens.learn_total(text, told)
    return tuple(notes)


def _told(stats: Stats | None, read: PromptRead | None) -> int | None:
    if stats is not None and stats.prompt_tokens is not None:
        return stats.prompt_tokens
    return None if read is None else read.evaluated_tokens + read.reused_tokens
