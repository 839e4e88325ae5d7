"""Wishes: what a plan must have beside keeping the rules - an occupation on or off the list, a given list or quota."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimiser.model.frame import Frame
from optimiser.model.handover import Key
from optimiser.plan import Plan
from optimiser.problem import Problem


@dataclass(frozen=True)
class Wish:
    """`lower <= sum of columns <= upper`, over columns `listed` or `lots` of one region."""

    region: str
    columns: tuple[Key, ...]
    lower: float
    upper: float

    @property
    def words(self) -> str:
        """The wish as one line of mathematics, for whoever looks into a failure."""
        names = " + ".join(f"{name}[{', '.join(map(str, index))}]" for name, index in self.columns)
        return f"{self.lower:g} <= {names} <= {self.upper:g}"


def granted(wish: Wish, plan: Plan, frame: Frame) -> bool:
    """Whether a plan has what is wished."""
    total = 0
    for name, index in wish.columns:
        if name == "listed":
            total += index in plan.listed
        else:
            r, o, _ = key = (str(index[0]), str(index[1]), int(str(index[2])))
            total += plan.quota.get(key, 0) // frame.lot[r, o]
    return wish.lower <= total <= wish.upper


def on_list(problem: Problem, region: str, occupation: str) -> Wish:
    """The occupation is listed in at least one review."""
    columns = tuple(("listed", (region, occupation, e.number)) for e in problem.reviews[region])
    return Wish(region, columns, 1.0, float(len(columns)))


def off_list(problem: Problem, region: str, occupation: str) -> tuple[Wish, ...]:
    """The occupation is listed in no review."""
    return tuple(Wish(region, (("listed", (region, occupation, e.number)),), 0.0, 0.0)
                 for e in problem.reviews[region])


def exactly_these(problem: Problem, region: str, listed: frozenset[tuple[str, str, int]]) -> Iterator[Wish]:
    """The lists of a region are these, in every review."""
    for o in problem.candidates[region]:
        for e in problem.reviews[region]:
            key = (region, o, e.number)
            on = float(key in listed)
            yield Wish(region, (("listed", key),), on, on)


def quotas(region: str, lots: Mapping[tuple[str, str, int], int], at_most: float = math.inf) -> Iterator[Wish]:
    """Quotas of a region, in lots: exactly these, or from these up to `at_most`."""
    for key, number in lots.items():
        if key[0] == region:
            yield Wish(region, (("lots", key),), float(number), float(number) if math.isinf(at_most) else at_most)
