"""How many people of the scheme can be present: the limits of one area, and what earlier cohorts leave of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from optimiser.problem import Problem

TINY = 1e-9  # a share or a number of persons below this is nothing
Net = dict[tuple[str, str, int], float]
ByYear = Sequence[float]
"""A number for every year of the plan."""


class Presence:
    """Most people present by what the limits of single areas allow; worked out once for an occupation and area.

    Many caps and rows of all years ask for the same few numbers, so that each is kept.
    """

    def __init__(self, problem: Problem, net: Net):
        self.problem, self.net = problem, net
        self._domestic: dict[tuple[str, str], ByYear] = {}
        self._independent: dict[tuple[str, str], ByYear] = {}
        self._unlimited = (math.inf,) * len(problem.years)

    def domestic(self, o: str, p: str) -> ByYear:
        """Most people present by year that `max_migrant_share` allows in an area; infinite without it (persons)."""
        if (o, p) not in self._domestic:
            share = self.problem.parameter("max_migrant_share", self.problem.region_of[p], o)
            self._domestic[o, p] = (self._unlimited if share is None else
                                    tuple([share * most for most in peaks(self.problem, self.net, o, p)]))
        return self._domestic[o, p]

    def independent(self, o: str, p: str) -> ByYear:
        """Most people present by year in all of an area's reach that `min_other_vacancies` allows (persons).

        Infinite without it, and where nothing is left above it: nobody may arrive then, but who is there may stay.
        """
        if (o, p) not in self._independent:
            needed = self.problem.parameter("min_other_vacancies", self.problem.region_of[p], o)
            self._independent[o, p] = (self._unlimited if needed is None else tuple([
                most - needed if most - needed > 0 else math.inf for most in peaks_in_reach(self.problem, o, p)]))
        return self._independent[o, p]


def peaks(problem: Problem, net: Net, o: str, p: str) -> ByYear:
    """Largest net shortage seen so far in an area, by year (persons)."""
    return list(accumulate([net.get((o, p, year), 0.0) for year in problem.years], max))


def vacancies_in_reach(problem: Problem, o: str, p: str, t: int) -> float:
    """Shortage of the occupation within commuting reach of an area (persons); stands for open vacancies."""
    return sum([problem.shortage.get((o, q, t), 0.0) for q in problem.reach[p]])


def peaks_in_reach(problem: Problem, o: str, p: str) -> ByYear:
    """Largest shortage within commuting reach seen so far, by year (persons)."""
    return list(accumulate([vacancies_in_reach(problem, o, p, year) for year in problem.years], max))


def peak(problem: Problem, net: Net, o: str, p: str, t: int) -> float:
    """Largest net shortage seen so far in an area (persons)."""
    return peaks(problem, net, o, p)[problem.years.index(t)]


def most_domestic(problem: Problem, net: Net, o: str, p: str, t: int) -> float:
    """Most people present in a year that `max_migrant_share` allows in an area (persons)."""
    return Presence(problem, net).domestic(o, p)[problem.years.index(t)]


def most_independent(problem: Problem, o: str, p: str, t: int) -> float:
    """Most people present in a year in all of an area's reach that `min_other_vacancies` allows (persons)."""
    return Presence(problem, {}).independent(o, p)[problem.years.index(t)]


def most_left(kept: ByYear, caps: Sequence[float | None], most: ByYear, t: int, before: int) -> float:
    """Most that cohorts of the years before a year can still be in year t, both counted from 0 (persons).

    No more than all of them at their caps, and no more than `most` present in any year v until t, times the largest
    share of a cohort of v that is still there in t.

    Parameters
    ----------
    kept : retention by years since arrival
    caps : most arrivals by year; None where nobody can come
    """
    cohorts = [(s, cap) for s, cap in enumerate(caps[:before]) if cap is not None]
    left = sum([kept[t - s] * cap for s, cap in cohorts])
    for v in range(cohorts[-1][0], t + 1) if cohorts else ():
        if all(kept[v - s] > TINY for s, _ in cohorts):
            left = min(left, most[v] * max([kept[t - s] / kept[v - s] for s, _ in cohorts]))
    return left


def left_over(presence: Presence, arrival_cap: dict[tuple[str, str, int], float]
              ) -> dict[tuple[str, str, int, int], tuple[float, float]]:
    """(left, most) per occupation, area, year and review from which on the occupation may have been listed.

    Only where the cohorts from before that review leave less than the most that may be present.
    """
    problem, found = presence.problem, {}
    years, first = problem.years, problem.years[0]
    for o, p in sorted({key[:2] for key in arrival_cap}):
        r = problem.region_of[p]
        most = list(map(min, presence.domestic(o, p), presence.independent(o, p)))
        kept, caps = problem.retention[r, o], [arrival_cap.get((o, p, t)) for t in years]
        for age, t in enumerate(years):
            if math.isinf(most[age]):
                continue
            for review in problem.reviews[r]:
                if review.first_year > t:
                    break
                left = most_left(kept, caps, most, age, review.first_year - first)
                if left < most[age] * (1 - 1e-6):
                    found[o, p, t, review.number] = left, most[age]
    return found
