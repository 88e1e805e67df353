"""Confidence intervals of a difference between two variants.

In: paired outcomes in groups. Out: a difference or a ratio with its 95 % interval.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_ROUNDS = 4000
_SEED = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % confidence interval."""

    value: float
    low: float
    high: float


Group = Sequence[tuple[float, float]]
"""Pairs that belong together, because their results may depend on the same text."""


def difference(groups: Sequence[Group]) -> Interval:
    """Mean of the second minus mean of the first."""
    return _bootstrap(groups, lambda one, other, count: (other - one) / count)


def ratio(groups: Sequence[Group]) -> Interval:
    """Sum of the second divided by the sum of the first."""
    return _bootstrap(groups, lambda one, other, _count: other / one if one else float("inf"))


def _bootstrap(groups: Sequence[Group], of: Callable[[float, float, int], float]) -> Interval:
    """Resample whole groups, because pairs of one text are not independent."""
    sums = [(sum(a for a, _ in group), sum(b for _, b in group), len(group)) for group in groups]

    def value(drawn: Sequence[tuple[float, float, int]]) -> float:
        return of(sum(s[0] for s in drawn), sum(s[1] for s in drawn), sum(s[2] for s in drawn))

    chance = random.Random(_SEED)
    values = sorted(value(chance.choices(sums, k=len(sums))) for _ in range(_ROUNDS))
    return Interval(value(sums), values[round(_ROUNDS * 0.025)], values[round(_ROUNDS * 0.975) - 1])
