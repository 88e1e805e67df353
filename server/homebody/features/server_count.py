"""Compares the server's count of a prompt with Homebody's.

In: the prompt, Homebody's count, the server's count. Out: one sentence for each difference; if Homebody's
count was an estimate, the estimate is corrected.
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
    """Compare the counts, and correct the estimate.

    Parameters
    ----------
    text
        The prompt as it was sent, or the most similar known text.
    expected
        Its tokens as counted by Homebody.
    stats, read
        The server's report at the end of its answer, or with its first token.
    exact
        Whether ``expected`` was counted by the server's own tokenizer.

    """
    counted = _reported(stats, read)
    notes: list[str] = []
    if stats is not None and stats.truncated:
        notes.append("the server cut the prompt")
    if counted is not None and exact and counted != expected:
        notes.append(f"the server counted {counted} prompt tokens, {expected} were expected")
    if counted is not None and not exact:
        use.tokens.learn_total(text, counted)
    return tuple(notes)


def _reported(stats: Stats | None, read: PromptRead | None) -> int | None:
    if stats is not None and stats.prompt_tokens is not None:
        return stats.prompt_tokens
    return None if read is None else read.evaluated_tokens + read.reused_tokens
