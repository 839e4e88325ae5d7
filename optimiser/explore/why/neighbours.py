"""Lists near a given one that have an occupation, or do without it: where a search for the other side begins."""

from __future__ import annotations

from collections import defaultdict

from optimiser.exact import evaluate
from optimiser.plan import Plan
from optimiser.problem import Problem

STAND_INS = 3  # occupations tried in the place of one that goes


def with_occupation(problem: Problem, region: str, plan: Plan, occupation: str) -> tuple[Plan, ...]:
    """The lists of a plan with an occupation in the place of the one that fills least: in all reviews, the first alone,
    the last alone, all but the first.
    """
    worth = _worth(problem, region, plan)
    numbers = [e.number for e in problem.reviews[region]]
    held = {e: {o for r, o, review in plan.listed if (r, review) == (region, e)} for e in numbers}
    found = []
    for chosen in dict.fromkeys((tuple(numbers), tuple(numbers[:1]), tuple(numbers[-1:]), tuple(numbers[1:]))):
        listed = set(plan.listed)
        for e in (e for e in chosen if occupation not in held[e]):
            if out := min(_in_the_way(problem, region, held[e], occupation), key=lambda o: (worth[o], o), default=None):
                listed.discard((region, out, e))
            listed.add((region, occupation, e))
        if chosen:
            found.append(Plan(frozenset(listed)))
    return tuple(found)


def without_occupation(problem: Problem, region: str, plan: Plan, occupation: str) -> tuple[Plan, ...]:
    """The lists of a plan with others in the place of an occupation: those whose shortage promises most."""
    mine = [e for r, o, e in plan.listed if (r, o) == (region, occupation)]
    kept = frozenset(key for key in plan.listed if key[:2] != (region, occupation))
    taken = {o for r, o, _ in kept if r == region}
    free = [o for o in problem.candidates[region]
            if o not in taken and o != occupation and problem.locked.get((region, o)) is None]
    free.sort(key=lambda o: (-_promise(problem, region, o), o))
    limits = problem.rules(region).list_length_by_tier
    tier = problem.attribute("skill_tier", occupation)
    fitting = [o for o in free if problem.attribute("skill_tier", o) not in limits
               or problem.attribute("skill_tier", o) == tier]
    return (*(Plan(kept | {(region, o, e) for e in mine}) for o in fitting[:STAND_INS]), Plan(kept))


def _worth(problem: Problem, region: str, plan: Plan) -> dict[str, float]:
    """Weighted person-years that the scheme fills, per review in which the occupation is listed."""
    filled: dict[str, float] = defaultdict(float)
    for (o, p, _), number in evaluate(problem, plan).filled_by_scheme.items():
        if problem.region_of[p] == region:
            filled[o] += float(number) * (problem.parameter("weight", region, o) or 1.0)
    reviews: dict[str, int] = defaultdict(int)
    for r, o, _ in plan.listed:
        reviews[o] += r == region
    return defaultdict(float, {o: filled[o] / count for o, count in reviews.items() if count})


def _in_the_way(problem: Problem, region: str, held: set[str], occupation: str) -> list[str]:
    """Occupations of which one must go so that another fits on a list; none when there is room."""
    rules, free = problem.rules(region), {o for o in held if problem.locked.get((region, o)) is None}
    ways = [held] if rules.list_length is not None and len(held) >= rules.list_length else []
    for attribute, limits in (("skill_tier", rules.list_length_by_tier), ("sector", rules.list_length_by_sector)):
        value = problem.attribute(attribute, occupation)
        alike = {o for o in held if problem.attribute(attribute, o) == value}
        most = next((most for name, most in limits.items() if name == value), None)
        if most is not None and len(alike) >= most:
            ways.append(alike)
    return sorted(free.intersection(*ways)) if ways else []


def _promise(problem: Problem, region: str, occupation: str) -> float:
    """Weighted shortage of which people of the scheme could be additional (person-years)."""
    short = sum(problem.shortage.get((occupation, p, t), 0.0) for p in problem.areas[region] for t in problem.years)
    return short * (problem.parameter("weight", region, occupation) or 1.0) * (
        problem.parameter("additional", region, occupation) or 1.0)
