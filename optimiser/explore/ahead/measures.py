"""What a list comes to over several futures, in exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

MEASURES = ("expected", "cvar", "regret")


def measured(measure: str, values: Sequence[Fraction], shares: Sequence[Fraction], alpha: Fraction = Fraction(0),
             best: Sequence[Fraction] = ()) -> Fraction:
    """The number that stands for the values of all futures.

    Parameters
    ----------
    measure : str
        expected: their mean; cvar: the mean of the worst share of 1 - alpha; regret: the most that one of them is
        above `best`.
    values : sequence of Fraction
        What is to be small, one per future.
    shares : sequence of Fraction
        Weights that add up to one.
    best : sequence of Fraction
        For regret: what each future could have come to.
    """
    if measure == "expected":
        return sum((share * value for share, value in zip(shares, values, strict=True)), Fraction(0))
    if measure == "regret":
        return max(value - least for value, least in zip(values, best, strict=True))
    return sum((share * value for share, value in zip(worst(values, shares, alpha), values, strict=True)), Fraction(0))


def worst(values: Sequence[Fraction], shares: Sequence[Fraction], alpha: Fraction) -> tuple[Fraction, ...]:
    """Weights of the worst share of 1 - alpha of the futures, adding up to one.

    The least bad of them may count in part. The mean by these weights is CVaR as Rockafellar and Uryasev (Journal of
    Risk 2000, 21-41) define it.
    """
    left, found = 1 - alpha, [Fraction(0)] * len(values)
    for n in sorted(range(len(values)), key=lambda n: (-values[n], n)):
        taken = min(shares[n], left)
        found[n], left = taken / (1 - alpha), left - taken
    return tuple(found)
