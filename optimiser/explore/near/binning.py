"""What is known of every occupation of some regions: how good lists with it can be, and lists without it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from optimiser.explore.near.nearly import Nearly
from optimiser.problem import Problem

NECESSARY, POSSIBLE, NEVER, UNPROVED = "necessary", "possible", "never", "unproved"
Lists = frozenset[tuple[str, str, int]]
Side = tuple[str, str, bool]
"""Region, occupation, and whether it is listed in at least one review."""


@dataclass(frozen=True)
class Told:
    """One answer, as far as the bins need it.

    Attributes
    ----------
    regions : tuple of str
        Regions that are solved together.
    about : Side or None
        The side that was forced; None when nothing was.
    value, bound : float
        Of the leading aim, least being best: of the plan, and of every plan that answers. The bound of a search for
        many occupations at once says nothing and is minus infinite.
    listed : Lists or None
        The lists of the plan; None without one.
    effort : int
        How hard it was searched.
    """

    regions: tuple[str, ...]
    about: Side | None
    value: float
    bound: float
    listed: Lists | None
    effort: int = 0


@dataclass
class Standing:
    """What is known of the occupations of some regions that are solved together.

    `best` and `floor` hold the value of the best plan known and the bound for each side of each occupation.
    """

    problem: Problem
    regions: tuple[str, ...]
    share: float
    value: float = math.inf
    bound: float = -math.inf
    listed: Lists = frozenset()
    best: dict[Side, float] = field(default_factory=dict)
    floor: dict[Side, float] = field(default_factory=dict)
    effort: dict[Side, int] = field(default_factory=dict)
    ruled: set[Side] = field(default_factory=set)
    plans: int = 0

    def __post_init__(self) -> None:
        self.occupations = [(r, o) for r in self.regions for o in self.problem.candidates[r]]
        self.twins = {pair: (pair,) for pair in self.occupations}
        for r in self.regions:  # the occupations of a group are listed together: what is proved of one holds of all
            for group in self.problem.groups[r]:
                joined = sorted({pair for o in group for pair in self.twins[r, o]})
                self.twins |= dict.fromkeys(joined, tuple(joined))

    @property
    def sides(self) -> list[Side]:
        """Both sides of every occupation; of a group, of its first alone."""
        return [(*pair, on) for pair in self.occupations if self.twins[pair][0] == pair for on in (True, False)]

    @property
    def nearly(self) -> Nearly:
        """Where "within the share of the best" ends."""
        return Nearly(self.share, min(self.bound, self.value), self.value)

    def take(self, told: Told) -> None:
        """Learn from an answer."""
        if told.about is None:
            self.bound = max(self.bound, told.bound)
        else:
            self.learn(told.about, told.bound)
            for pair in self.twins[told.about[:2]]:
                side = (*pair, told.about[2])
                self.effort[side] = max(self.effort.get(side, 0), told.effort)
        if told.listed is not None:
            self._plan(told.value, told.listed)

    def learn(self, side: Side, bound: float) -> None:
        """No plan of a side is better than a bound; then none at all is better than the lower of two opposite ones."""
        for pair in self.twins[side[:2]]:
            one, other = (*pair, side[2]), (*pair, not side[2])
            self.floor[one] = max(self.floor.get(one, -math.inf), bound)
            self.bound = max(self.bound, min(self.floor[one], self.floor.get(other, -math.inf)))

    def rule_out(self, sides: Iterable[Side]) -> None:
        """These sides can't be had at all: the bounds of the columns alone say so."""
        for side in sides:
            self.ruled.add(side)
            self.learn(side, math.inf)

    def _plan(self, value: float, listed: Lists) -> None:
        """A plan shows of every occupation that it can be had so, or done without."""
        self.plans += 1
        on = {(r, o) for r, o, _ in listed}
        for pair in self.occupations:
            side = (*pair, pair in on)
            self.best[side] = min(self.best.get(side, math.inf), value)
        if value < self.value:
            self.value, self.listed = value, listed

    def least(self, side: Side) -> float:
        """What no plan of a side is better than."""
        return max(self.bound, self.floor.get(side, -math.inf))

    def had(self, side: Side) -> bool:
        """Whether a plan of a side is known that is surely within the share."""
        return self.nearly.surely_in(self.best.get(side, math.inf))

    def barred(self, side: Side) -> bool:
        """Whether it is proved that no plan of a side is within the share."""
        return self.nearly.surely_out(self.least(side))

    def open(self, side: Side) -> bool:
        """Whether it is not known if a plan of a side is within the share."""
        return not self.had(side) and not self.barred(side)

    def bin(self, pair: tuple[str, str]) -> str:
        """Necessary, possible or never, when it is proved."""
        on, off = (*pair, True), (*pair, False)
        if self.barred(off) and not self.barred(on):
            return NECESSARY
        if self.barred(on):
            return NEVER
        return POSSIBLE if self.had(on) and self.had(off) else UNPROVED

    def price(self, side: Side) -> tuple[float, float]:
        """What the best plan of a side costs more than the best: `[bound - best, best - bound]`, never negative."""
        return max(0.0, self.least(side) - self.value), max(0.0, self.best.get(side, math.inf) - self.bound)
