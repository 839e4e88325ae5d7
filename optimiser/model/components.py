"""Which regions must be solved together: those that share a service or a labour market."""

from __future__ import annotations

from optimiser.problem import Problem
from optimiser.schema import SHARED


def components(problem: Problem) -> tuple[tuple[str, ...], ...]:
    """Groups of regions that share nothing with one another, in canonical order."""
    group = {region: {region} for region in problem.regions}
    for linked in _links(problem):
        union = set().union(*(group[region] for region in linked))
        for region in union:
            group[region] = union
    return tuple(sorted({tuple(sorted(members)) for members in group.values()}))


def _links(problem: Problem) -> list[set[str]]:
    links = []
    shared = {g for g, place, _ in problem.capacity if place == SHARED}
    users = {g: {r for s, r in problem.users if s == g} for g in shared}
    links += [regions for regions in users.values() if len(regions) > 1]
    for area, others in problem.reach.items():
        regions = {problem.region_of[other] for other in others}
        if len(regions) > 1 and _watches(problem, problem.region_of[area]):
            links.append(regions)
    return links


def _watches(problem: Problem, region: str) -> bool:
    """Whether workers of a region are promised other vacancies within reach."""
    return any(r == region for r, _ in problem.parameters["min_other_vacancies"])
