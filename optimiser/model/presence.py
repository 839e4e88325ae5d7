"""How many people of the scheme can be present: the limits of one area, and what earlier cohorts leave of them."""

from __future__ import annotations

import math

from optimiser.problem import Problem

TINY = 1e-9  # a share or a number of persons below this is nothing
Net = dict[tuple[str, str, int], float]


def stays(problem: Problem, r: str, o: str, t: int) -> list[tuple[int, float]]:
    """(year, retention) of a cohort that arrives in t."""
    return [(later, problem.retention[r, o][later - t]) for later in problem.years if later >= t]


def peak(problem: Problem, net: Net, o: str, p: str, t: int) -> float:
    """Largest net shortage seen so far in an area (persons)."""
    return max((net.get((o, p, year), 0.0) for year in problem.years if year <= t), default=0.0)


def vacancies_in_reach(problem: Problem, o: str, p: str, t: int) -> float:
    """Shortage of the occupation within commuting reach of an area (persons); stands for open vacancies."""
    return sum(problem.shortage.get((o, q, t), 0.0) for q in problem.reach[p])


def peak_in_reach(problem: Problem, o: str, p: str, t: int) -> float:
    """Largest shortage within commuting reach seen so far (persons)."""
    return max(vacancies_in_reach(problem, o, p, year) for year in problem.years if year <= t)


def most_domestic(problem: Problem, net: Net, o: str, p: str, t: int) -> float:
    """Most people present that `max_migrant_share` allows in an area; infinite without it (persons)."""
    share = problem.parameter("max_migrant_share", problem.region_of[p], o)
    return math.inf if share is None else share * peak(problem, net, o, p, t)


def most_independent(problem: Problem, o: str, p: str, t: int) -> float:
    """Most people present in all of an area's reach that `min_other_vacancies` allows; infinite without it (persons).

    Infinite too where nothing is left above `min_other_vacancies`: nobody may arrive then, but who is there may stay.
    """
    needed = problem.parameter("min_other_vacancies", problem.region_of[p], o)
    if needed is None:
        return math.inf
    others = peak_in_reach(problem, o, p, t) - needed
    return others if others > 0 else math.inf


def most_present(problem: Problem, net: Net, o: str, p: str, t: int) -> float:
    """Most people present that the limits of one area allow (persons)."""
    return min(most_domestic(problem, net, o, p, t), most_independent(problem, o, p, t))


def most_left(problem: Problem, o: str, p: str, t: int, before: int, most: dict[int, float],
              arrival_cap: dict[tuple[str, str, int], float]) -> float:
    """Most that cohorts of the years before a year can still be in year t (persons).

    No more than all of them at their caps, and no more than `most` present in any year v until t, times the largest
    share of a cohort of v that is still there in t.
    """
    kept = problem.retention[problem.region_of[p], o]
    cohorts = [s for s in problem.years if s < before and (o, p, s) in arrival_cap]
    left = sum(kept[t - s] * arrival_cap[o, p, s] for s in cohorts)
    for v in range(max(cohorts, default=t), t + 1):
        if all(kept[v - s] > TINY for s in cohorts):
            left = min(left, most[v] * max((kept[t - s] / kept[v - s] for s in cohorts), default=0.0))
    return left


def left_over(problem: Problem, net: Net, arrival_cap: dict[tuple[str, str, int], float]
              ) -> dict[tuple[str, str, int, int], tuple[float, float]]:
    """(left, most) per occupation, area, year and review from which on the occupation may have been listed.

    Only where the cohorts from before that review leave less than the most that may be present.
    """
    found = {}
    for o, p in sorted({key[:2] for key in arrival_cap}):
        r = problem.region_of[p]
        most = {t: most_present(problem, net, o, p, t) for t in problem.years}
        for t in problem.years:
            for review in problem.reviews[r]:
                if review.first_year > t or not math.isfinite(most[t]):
                    break
                left = most_left(problem, o, p, t, review.first_year, most, arrival_cap)
                if left < most[t] * (1 - 1e-6):
                    found[o, p, t, review.number] = left, most[t]
    return found
