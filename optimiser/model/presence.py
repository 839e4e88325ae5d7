"""How many people of the scheme can be present: the limits of one area, and what earlier cohorts leave of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

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


def left_over(presence: Presence, arrival_cap: dict[tuple[str, str, int], float]
              ) -> dict[tuple[str, str, int, int], tuple[float, float]]:
    """(left, most) per occupation, area, year and review from which on the occupation may have been listed.

    Only where the cohorts from before that review leave less than the most that may be present.
    """
    problem, found = presence.problem, {}
    years = problem.years
    pairs: dict[str, list[tuple[str, str]]] = {}
    for o, p in sorted({key[:2] for key in arrival_cap}):
        pairs.setdefault(problem.region_of[p], []).append((o, p))
    for r, here in pairs.items():
        most = np.minimum([presence.domestic(o, p) for o, p in here], [presence.independent(o, p) for o, p in here])
        caps = np.array([[arrival_cap.get((o, p, t), 0.0) for t in years] for o, p in here])
        kept = np.array([problem.retention[r, o] for o, _ in here])
        reviews = [(review.number, review.first_year - years[0]) for review in problem.reviews[r]]
        left = np.array([_most_left(kept, caps, most, before) for _, before in reviews])
        tells = np.isfinite(most) & (left < most * (1 - 1e-6))
        for n, before in enumerate(before for _, before in reviews):
            tells[n, :, :before] = False
        by_pair = zip(here, *(np.moveaxis(each, 0, -1).tolist() for each in (tells, left)), most.tolist(), strict=True)
        found |= {(o, p, t, review): (some, all_of_them)
                  for (o, p), told, lefts, mosts in by_pair
                  for t, told_of, left_of, all_of_them in zip(years, told, lefts, mosts, strict=True)
                  for (review, _), tell, some in zip(reviews, told_of, left_of, strict=True) if tell}
    return dict(sorted(found.items()))


def _most_left(kept: np.ndarray, caps: np.ndarray, most: np.ndarray, before: int) -> np.ndarray:
    """Most that cohorts of the years before a year can still be in each later one (persons).

    No more than all of them at their caps, and no more than `most` present in any year v until t, times the largest
    share of a cohort of v that is still there in t.

    Parameters
    ----------
    kept, caps, most : arrays with a row per occupation and area
        Retention by years since arrival; most arrivals by year, 0 where nobody can come; most people present by year.
    before : years from the start of the plan
    """
    left, came = np.zeros_like(most), caps > 0
    for t in range(before, most.shape[1]):
        for s in range(before):
            left[:, t] += kept[:, t - s] * caps[:, s]
        for v in range(t + 1):
            there, share = ~came[:, v + 1:before].any(axis=1), np.zeros(len(most))
            for s in range(min(before, v + 1)):
                there &= ~came[:, s] | (kept[:, v - s] > TINY)
                share = np.maximum(share, np.divide(kept[:, t - s], kept[:, v - s], out=np.zeros_like(share),
                                                    where=came[:, s] & (kept[:, v - s] > TINY)))
            bounded = there & (share > 0)
            left[bounded, t] = np.minimum(left[bounded, t], most[bounded, v] * share[bounded])
    return left
