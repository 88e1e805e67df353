"""Compute the context length that fits: limited by the model first, then by memory."""

from dataclasses import dataclass

from homebody.errors import ModelTooLarge
from homebody.models.facts import Facts

CONTEXTS = 2
"""Number of full context lengths that the cache holds: one completion and one chat at the same time."""

DEFAULT_CONTEXT_LENGTH = 8192
MIN_CONTEXT_LENGTH = 1024
"""Minimum context length, in tokens; no useful prompt fits below it."""

# Memory besides weights and attention cache: Python, llama.cpp and its buffers take 60 MB with the default
# weights, plus 64 rows of probabilities with four bytes per token of the vocabulary.
_OVERHEAD = 96_000_000
_LOGIT_BYTES = 64 * 4
# Leave memory for other programs.
_SHARE = 0.9
_STEP = 256


@dataclass(frozen=True, slots=True)
class Fit:
    """The context length in tokens, and the reason (one sentence) if it is shorter than wanted."""

    context_length: int
    note: str | None = None


def fit_context(facts: Facts, wanted: int | None, available: int) -> Fit:
    """Choose the largest context length up to ``wanted`` that model and memory allow.

    Parameters
    ----------
    wanted
        In tokens; ``None``: the model's own, at most ``DEFAULT_CONTEXT_LENGTH``.
    available
        Free memory in bytes.

    Raises
    ------
    ModelTooLarge
        Not even ``MIN_CONTEXT_LENGTH`` tokens fit beside the weights.

    """
    trained = facts.context_length or DEFAULT_CONTEXT_LENGTH
    target = min(wanted or DEFAULT_CONTEXT_LENGTH, trained)
    least = min(target, MIN_CONTEXT_LENGTH)
    weights = facts.size + _OVERHEAD + facts.vocabulary * _LOGIT_BYTES
    per_token = max(1, facts.kv_bytes * CONTEXTS)
    free = int(available * _SHARE)
    affordable = (free - weights) // per_token
    if affordable < least:
        message = (
            f"{facts.name} needs {_gigabytes(weights + least * per_token)} of memory and {_gigabytes(free)} "
            "are free: close other programs, or choose a smaller model (`homebody models list`)"
        )
        raise ModelTooLarge(message)
    if affordable < target:
        fitting = max(least, affordable // _STEP * _STEP)
        reason = f"no more fits the {_gigabytes(free)} of memory that are free"
        return Fit(fitting, f"context length {fitting:,} instead of {target:,}: {reason}")
    if wanted is not None and wanted > trained:
        reason = f"{facts.name} supports at most that"
        return Fit(trained, f"context length {trained:,} instead of {wanted:,}: {reason}")
    return Fit(target)


def _gigabytes(size: int) -> str:
    return f"{max(0, size) / 1e9:.1f} GB"
