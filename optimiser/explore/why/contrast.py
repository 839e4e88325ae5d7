"""Two plans of the same case side by side: what enters and leaves, and which services run full."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from optimiser.exact import evaluate
from optimiser.explore.finding import frame_of
from optimiser.plan import Plan
from optimiser.problem import Problem

FULL = 0.995  # share of its capacity from which on a service counts as full
LEAST = 0.5  # persons from which on a difference is shown where the lists are the same


def shifts(problem: Problem, region: str, before: Plan, after: Plan) -> pd.DataFrame:
    """Occupations whose reviews, permits or filled shortages differ between two plans.

    Returns
    -------
    DataFrame
        occupation, reviews_before, reviews_after (texts; empty when not listed), permits_before, permits_after,
        filled_before, filled_after (person-years filled by the scheme), filled_more; those that move most first.
    """
    sides = [_by_occupation(problem, region, plan) for plan in (before, after)]
    rows = []
    for o in sorted(set(sides[0]) | set(sides[1])):
        (reviews, permits, filled), (reviews2, permits2, filled2) = (side.get(o, ("", 0, 0.0)) for side in sides)
        if reviews != reviews2 or abs(filled2 - filled) >= LEAST:
            rows.append((o, reviews, reviews2, permits, permits2, filled, filled2, round(filled2 - filled, 6)))
    rows.sort(key=lambda row: ((row[1] == "") == (row[2] == ""), -abs(row[7]), row[0]))
    return frame_of(rows, "occupation reviews_before reviews_after permits_before permits_after filled_before "
                          "filled_after filled_more")


def _by_occupation(problem: Problem, region: str, plan: Plan) -> dict[str, tuple[str, int, float]]:
    """Reviews in which it is listed, permits and person-years filled by the scheme, of every occupation with any."""
    filled: dict[str, float] = defaultdict(float)
    for (o, p, _), number in evaluate(problem, plan).filled_by_scheme.items():
        if problem.region_of[p] == region:
            filled[o] += float(number)
    reviews: dict[str, list[int]] = defaultdict(list)
    for r, o, e in plan.listed:
        if r == region:
            reviews[o].append(e)
    permits: dict[str, int] = defaultdict(int)
    for (r, o, _), number in plan.quota.items():
        if r == region:
            permits[o] += number
    return {o: (", ".join(map(str, sorted(reviews[o]))), permits[o], round(filled[o], 6)) for o in sorted(reviews)}


def fullness(problem: Problem, region: str, before: Plan, after: Plan) -> pd.DataFrame:
    """Places of services that are full in the second plan in some years, and how full they were in the first.

    Returns
    -------
    DataFrame
        service, place, years (texts: in which it is full, only the new ones where there are such), capacity (units a
        year, with the extra capacity of the second plan), used_before, used_after (means of those years), newly (yes or
        no: not full in the first plan in any of those years); new ones first.
    """
    used = [evaluate(problem, plan).used for plan in (before, after)]
    found: dict[tuple[str, str], list[tuple[int, float, float, float, bool]]] = defaultdict(list)
    for (g, place, t), capacity in problem.capacity.items():
        room = [capacity + float(plan.expansion.get((g, place, t), 0)) for plan in (before, after)]
        first, second = (float(numbers[g, place, t]) for numbers in used)
        if region in problem.regions_of(g, place) and second > 0 and second >= FULL * room[1]:
            found[g, place].append((t, room[1], first, second, first < FULL * room[0]))
    rows = []
    for (g, place), years in found.items():
        shown = [year for year in years if year[4]] or years
        means = (round(sum(year[i] for year in shown) / len(shown), 6) for i in (1, 2, 3))
        rows.append((g, place, ", ".join(str(year[0]) for year in shown), *means, "yes" if shown[0][4] else "no"))
    rows.sort(key=lambda row: (row[6] == "no", row[:2]))
    return frame_of(rows, "service place years capacity used_before used_after newly")
