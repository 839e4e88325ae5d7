"""Plan: what is decided, as exact numbers. Everything else in a result follows from it and the Problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

DECIMALS = 3  # arrivals, trainees and expansion are published with so many decimals
DERIVED_DECIMALS = 6  # numbers that follow from them


@dataclass(frozen=True)
class Plan:
    """The decisions of a plan; only positive numbers stand in the dicts.

    Attributes
    ----------
    listed : frozenset of (region, occupation, review number)
    quota : dict (region, occupation, year) -> permits, whole
    arrivals : dict (occupation, area, year) -> persons, at most `DECIMALS` decimals
    trainees : dict (region, occupation, year) -> persons who start training
    expansion : dict (service, place, year) -> units of extra capacity that stand in the year
    """

    listed: frozenset[tuple[str, str, int]] = frozenset()
    quota: dict[tuple[str, str, int], int] = field(default_factory=dict)
    arrivals: dict[tuple[str, str, int], Fraction] = field(default_factory=dict)
    trainees: dict[tuple[str, str, int], Fraction] = field(default_factory=dict)
    expansion: dict[tuple[str, str, int], Fraction] = field(default_factory=dict)


def exact(number: float) -> Fraction:
    """The decimal number a float was read from: 0.1 is one tenth, not the nearest binary fraction."""
    return Fraction(repr(float(number)))
