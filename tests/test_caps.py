"""Caps worked out for a whole region at once are those of each occupation, area and year by itself."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from countries import country

from optimiser.model.components import components
from optimiser.model.frame import Frame, frame
from optimiser.model.presence import TINY, most_domestic, most_independent, peak, vacancies_in_reach
from optimiser.plan import exact
from optimiser.problem import Problem
from optimiser.variant import with_numbers

SEEDS = range(30)


def frames(folder: Path, seed: int) -> list[Frame]:
    problem = country(random.Random(seed), folder)
    return [frame(problem, regions) for regions in components(problem)]


def most_present(found: Frame, o: str, p: str, t: int) -> float:
    return min(most_domestic(found.problem, found.net, o, p, t), most_independent(found.problem, o, p, t))


def most_left(found: Frame, o: str, p: str, t: int, before: int) -> float:
    """Most that cohorts from before a year can still be in year t: at their caps, or what was ever present of them."""
    kept = found.problem.retention[found.problem.region_of[p], o]
    cohorts = [s for s in found.problem.years if s < before and (o, p, s) in found.arrival_cap]
    left = sum(kept[t - s] * found.arrival_cap[o, p, s] for s in cohorts)
    for v in range(max(cohorts, default=t), t + 1):
        if all(kept[v - s] > TINY for s in cohorts):
            left = min(left, most_present(found, o, p, v) * max((kept[t - s] / kept[v - s] for s in cohorts),
                                                                default=0.0))
    return left


@pytest.mark.parametrize("seed", SEEDS)
def test_what_earlier_cohorts_leave_is_worked_out_one_by_one(tmp_path: Path, seed: int) -> None:
    for found in frames(tmp_path, seed):
        expected = {}
        for o, p in sorted({key[:2] for key in found.arrival_cap}):
            for t in found.problem.years:
                most = most_present(found, o, p, t)
                for review in found.problem.reviews[found.problem.region_of[p]]:
                    if review.first_year <= t and math.isfinite(most):
                        left = most_left(found, o, p, t, review.first_year)
                        if left < most * (1 - 1e-6):
                            expected[o, p, t, review.number] = left, most
        assert list(found.left_over.items()) == list(expected.items())


def cap(found: Frame, o: str, p: str, t: int) -> float:
    """Most arrivals that can be of use and that each limit of people lets in by itself."""
    problem, r = found.problem, found.problem.region_of[p]
    needed, most = problem.parameter("min_other_vacancies", r, o), math.inf
    if needed is not None and vacancies_in_reach(problem, o, p, t) <= needed:
        return 0.0
    stays = [(v, stay) for v in problem.years if v >= t and (stay := problem.retention[r, o][v - t]) > TINY]
    for g, service in problem.services.items():
        place = {"area": p, "region": r}.get(service.scope, "shared")
        for age, use in enumerate(problem.use_person.get((g, r, o), ())):
            if use > TINY and (key := (g, place, t + age)) in problem.capacity:
                most = min(most, (problem.capacity[key] + found.expansion_cap.get(key, 0.0)) / use)
    additional = problem.parameter("additional", r, o) or 1.0
    useful = max((found.net.get((o, p, v), 0.0) / (stay * additional) for v, stay in stays), default=0.0)
    return min([useful, most, *(most_present(found, o, p, v) / stay for v, stay in stays)])


@pytest.mark.parametrize("seed", SEEDS)
def test_arrivals_are_capped_by_every_limit_of_their_own(tmp_path: Path, seed: int) -> None:
    """Permits cap them too, and where these say less, no more than that is known here."""
    for found in frames(tmp_path, seed):
        for key, most in found.arrival_cap.items():
            assert TINY < most <= cap(found, *key)
        for (r, o, t), lots in found.lots_cap.items():
            if found.listed[r, o, found.problem.review_of(r, t).number][1]:
                permitted = (found.problem.parameter("uptake", r, o) or 1.0) * found.lot[r, o] * lots
                for p in found.problem.areas[r]:
                    if (least := min(cap(found, o, p, t), permitted)) > TINY:
                        assert found.arrival_cap[o, p, t] >= least * (1 - 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_net_shortages_are_exact_differences_rounded_once(tmp_path: Path, seed: int) -> None:
    problem: Problem = country(random.Random(seed), tmp_path)
    rng = random.Random(seed)
    sizes = {key: rng.choice([0.1, 0.3, 1e-7, 1e16, 123.456, 1 / 3]) for key in problem.shortage}
    problem = with_numbers(with_numbers(problem, "shortage", {key: size * 3 for key, size in sizes.items()}),
                           "activatable", sizes)
    for regions in components(problem):
        found = frame(problem, regions)
        for key, number in found.net.items():
            assert number == float(exact(problem.shortage[key]) - exact(problem.activatable[key]))
            assert peak(problem, found.net, *key) >= number
