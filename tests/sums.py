"""The limits of a plan, added up in the plainest way: whether a change does harm is never left to the check.

Every limit says where it holds and how far a plan is beyond it there: above 0 the plan breaks the rule. The sums share
no code with `optimiser/check`, `optimiser/exact.py` or the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction as F
from functools import lru_cache
from math import ceil
from typing import Any

from optimiser import plan as plans
from optimiser.plan import Plan
from optimiser.problem import Problem

Place = tuple[Any, ...]
Cells = dict[tuple[str, str, int], F]
exact = lru_cache(maxsize=None)(plans.exact)  # tables repeat the same few numbers


@dataclass(frozen=True)
class Limit:
    """A limit.

    Attributes
    ----------
    rule : the function of `optimiser/check` that watches it
    levers : decisions that can break it by rising (+) or falling (-)
    places : where it holds
    beyond : how far a plan is beyond it at a place
    """

    rule: str
    levers: frozenset[str]
    places: Callable[[Problem], Iterator[Place]]
    beyond: Callable[..., F]


LIMITS: dict[str, Limit] = {}


def limit(rule: str, levers: str, places: Callable[[Problem], Iterator[Place]]
          ) -> Callable[[Callable[..., F]], Callable[..., F]]:
    """Enter a sum as the limit of its name."""
    def enter(beyond: Callable[..., F]) -> Callable[..., F]:
        LIMITS[beyond.__name__] = Limit(rule, frozenset(levers.split()), places, beyond)
        return beyond
    return enter


def number(problem: Problem, name: str, r: str, o: str) -> F:
    """A parameter, exactly; 0 without one."""
    return exact(problem.parameter(name, r, o) or 0)


def net(problem: Problem, o: str, p: str, t: int) -> F:
    """Shortage less those who can be activated."""
    return max(F(0), exact(problem.shortage.get((o, p, t), 0)) - exact(problem.activatable.get((o, p, t), 0)))


def present(problem: Problem, plan: Plan, o: str, p: str, t: int) -> F:
    """People of the scheme still there."""
    stay = problem.retention[problem.region_of[p], o]
    return sum((exact(stay[t - s]) * plan.arrivals.get((o, p, s), F(0)) for s in problem.years if s <= t), F(0))


def vacancies(problem: Problem, o: str, p: str, t: int) -> F:
    """Shortage within commuting reach."""
    return sum((exact(problem.shortage.get((o, q, t), 0)) for q in problem.reach[p]), F(0))


def short(problem: Problem) -> Cells:
    """Net shortages above 0; worked out once for every case."""
    if id(problem) not in _SHORT:
        found = {cell: persons for cell in problem.shortage if (persons := net(problem, *cell)) > 0}
        _SHORT[id(problem)] = problem, found
    return _SHORT[id(problem)][1]


_SHORT: dict[int, tuple[Problem, Cells]] = {}  # holds the case too, so that no other one gets its id


def supplied(problem: Problem, plan: Plan) -> Cells:
    """People at work who wouldn't be there otherwise."""
    supply: Cells = defaultdict(F)
    for (o, p, s), persons in plan.arrivals.items():
        r = problem.region_of[p]
        for t in range(s, problem.years[-1] + 1):
            supply[o, p, t] += number(problem, "additional", r, o) * exact(problem.retention[r, o][t - s]) * persons
    for (r, o, s), starts in plan.trainees.items():
        of_area = {p: sum((short(problem).get((o, p, t), F(0)) for t in problem.years), F(0))
                   for p in problem.areas[r]}
        whole = sum(of_area.values())
        working = number(problem, "training_success", r, o) * starts
        for t in range(s + int(number(problem, "training_lag", r, o)), problem.years[-1] + 1):
            for p in problem.areas[r] if whole else ():
                supply[o, p, t] += working * of_area[p] / whole
    return supply


@dataclass(frozen=True)
class Share:
    """Net shortage of some cells over all years, what of it is filled, and everybody received."""

    net: F
    filled: F
    received: F


def shares(problem: Problem, plan: Plan, *chosen: Callable[[str, str], bool]) -> list[Share]:
    """The share of every choice of cells, by occupation and area."""
    supply = supplied(problem, plan)
    found = []
    for choose in chosen:
        cells = {cell: persons for cell, persons in short(problem).items() if choose(cell[0], cell[1])}
        filled = sum((min(persons, supply[cell]) for cell, persons in cells.items()), F(0))
        found.append(Share(sum(cells.values(), F(0)), filled, sum((supply[cell] for cell in cells), F(0))))
    return found


def area_and_region(problem: Problem, plan: Plan, p: str) -> list[Share]:
    """The shares of an area and of its region."""
    return shares(problem, plan, lambda _, q: q == p, lambda _, q: problem.region_of[q] == problem.region_of[p])


def taken(problem: Problem, plan: Plan, g: str, place: str, t: int, payer: str = "") -> F:
    """Units of a service taken at a place by everybody, or by one region."""
    scope = problem.services[g].scope
    total = F(0)
    for (h, r, o), units in problem.use_permit.items():
        if h == g and place in (r, "shared") and payer in (r, ""):
            total += exact(units) * plan.quota.get((r, o, t), 0)
    for (o, p, s), persons in plan.arrivals.items():
        r = problem.region_of[p]
        ages = problem.use_person.get((g, r, o), ())
        if place == {"area": p, "region": r}.get(scope, "shared") and 0 <= t - s < len(ages) and payer in (r, ""):
            total += exact(ages[t - s]) * persons
    return total


def spent(problem: Problem, plan: Plan, r: str, t: int) -> F:
    """What a region pays in a year."""
    total = F(0)
    for name, numbers in (("permit_cost", plan.quota), ("training_cost", plan.trainees)):
        total += sum((number(problem, name, r, o) * n for (q, o, u), n in numbers.items() if (q, u) == (r, t)), F(0))
    for g, service in problem.services.items():
        for place in {"area": problem.areas[r], "region": (r,)}.get(service.scope, ("shared",)):
            total += exact(problem.service_parameter("unit_cost", g, place)) * taken(problem, plan, g, place, t, r)
            share = len(problem.regions) if place == "shared" else 1  # everybody here could use what is shared
            extra = plan.expansion.get((g, place, t), F(0))
            total += exact(problem.service_parameter("expansion_cost", g, place)) * extra / share
    return total


# Where limits hold
def starts(problem: Problem) -> Iterator[Place]:
    return ((r, o, t) for r in problem.regions for o in problem.candidates[r] for t in problem.years)


def cells(problem: Problem) -> Iterator[Place]:
    return ((o, p, t) for p, r in problem.region_of.items() for o in problem.candidates[r] for t in problem.years)


def having(name: str, places: Callable[[Problem], Iterator[Place]]) -> Callable[[Problem], Iterator[Place]]:
    """Places whose occupation has a parameter."""
    def found(problem: Problem) -> Iterator[Place]:
        for place in places(problem):
            r, o = (place[0], place[1]) if place[0] in problem.regions else (problem.region_of[place[1]], place[0])
            if problem.parameter(name, r, o) is not None:
                yield place
    return found


def fair(name: str, by: Callable[[Problem, str], Iterator[Place]]) -> Callable[[Problem], Iterator[Place]]:
    """Areas or sectors of the regions that have a fairness setting."""
    return lambda problem: (place for r in problem.regions if getattr(problem.rules(r).fairness, name) is not None
                            for place in by(problem, r))


def areas(problem: Problem, r: str) -> Iterator[Place]:
    return ((p,) for p in problem.areas[r] if any(cell[1] == p for cell in short(problem)))


def sectors(problem: Problem, r: str) -> Iterator[Place]:
    return ((r, s) for s in sorted({problem.attribute("sector", o) for o in problem.candidates[r]} - {""}))


def fairness(problem: Problem, p: str, name: str) -> F:
    """A fairness setting of an area's region."""
    return exact(getattr(problem.rules(problem.region_of[p]).fairness, name))


# The limits
@limit("arrivals_within_quota", "arrivals+ quota-", starts)
def more_people_than_permits_bring(problem: Problem, plan: Plan, r: str, o: str, t: int) -> F:
    """More arrive than uptake x quota."""
    coming = sum((plan.arrivals.get((o, p, t), F(0)) for p in problem.areas[r]), F(0))
    return coming - number(problem, "uptake", r, o) * plan.quota.get((r, o, t), 0)


@limit("quota_within_limits", "quota+", having("max_quota", starts))
def quota_above_the_largest(problem: Problem, plan: Plan, r: str, o: str, t: int) -> F:
    """A quota above `max_quota`."""
    return plan.quota.get((r, o, t), 0) - number(problem, "max_quota", r, o)


@limit("quota_within_limits", "quota-", starts)
def quota_below_the_smallest(problem: Problem, plan: Plan, r: str, o: str, t: int) -> F:
    """A listed occupation with less than `min_quota`, in whole lots."""
    lot = number(problem, "lot", r, o)
    on = (r, o, problem.review_of(r, t).number) in plan.listed
    return F(on * lot * ceil(number(problem, "min_quota", r, o) / lot) - plan.quota.get((r, o, t), 0))


@limit("service_capacity", "arrivals+ quota+ expansion-", lambda problem: iter(problem.capacity))
def service_overrun(problem: Problem, plan: Plan, g: str, place: str, t: int) -> F:
    """Permits, or cohorts of this year and earlier ones, take more of a service than there is."""
    room = exact(problem.capacity[g, place, t]) + plan.expansion.get((g, place, t), F(0))
    return taken(problem, plan, g, place, t) - room


@limit("expansion_within_limits", "expansion+", lambda problem: iter(problem.capacity))
def expansion_too_large(problem: Problem, plan: Plan, g: str, place: str, t: int) -> F:
    """An expansion above `max_expansion`."""
    return plan.expansion.get((g, place, t), F(0)) - exact(problem.service_parameter("max_expansion", g, place))


@limit("expansion_within_limits", "expansion+", lambda problem: (
    key for key in problem.capacity
    if key[2] < problem.years[0] + problem.service_parameter("lead_time", key[0], key[1])))
def expansion_too_early(problem: Problem, plan: Plan, g: str, place: str, t: int) -> F:
    """An expansion before its lead time."""
    return plan.expansion.get((g, place, t), F(0))


@limit("expansion_stays", "expansion+ expansion-", lambda problem: (
    key for key in problem.capacity if key[2] > problem.years[0]))
def expansion_taken_back(problem: Problem, plan: Plan, g: str, place: str, t: int) -> F:
    """An expansion that shrinks."""
    return plan.expansion.get((g, place, t - 1), F(0)) - plan.expansion.get((g, place, t), F(0))


@limit("permit_total", "quota+", lambda problem: iter(problem.permit_total))
def too_many_permits(problem: Problem, plan: Plan, r: str, t: int) -> F:
    """More permits than the total."""
    return sum(n for (q, _, u), n in plan.quota.items() if (q, u) == (r, t)) - exact(problem.permit_total[r, t])


@limit("domestic_first", "arrivals+", having("max_migrant_share", cells))
def share_of_the_shortage_exceeded(problem: Problem, plan: Plan, o: str, p: str, t: int) -> F:
    """More people present than a share of the largest net shortage so far."""
    peak = max(net(problem, o, p, s) for s in problem.years if s <= t)
    return present(problem, plan, o, p, t) - number(problem, "max_migrant_share", problem.region_of[p], o) * peak


@limit("training_required", "quota+ trainees-", having("trainees_per_permit", starts))
def too_few_trainees(problem: Problem, plan: Plan, r: str, o: str, t: int) -> F:
    """Fewer training starts than the permits require."""
    needed = number(problem, "trainees_per_permit", r, o) * plan.quota.get((r, o, t), 0)
    return needed - plan.trainees.get((r, o, t), F(0))


@limit("training_places", "trainees+", starts)
def more_trainees_than_places(problem: Problem, plan: Plan, r: str, o: str, t: int) -> F:
    """More training starts than places."""
    return plan.trainees.get((r, o, t), F(0)) - exact(problem.training_places.get((r, o, t), 0))


@limit("vacancies_for_arrivals", "arrivals+", lambda problem: (
    (o, p, t) for o, p, t in having("min_other_vacancies", cells)(problem)
    if vacancies(problem, o, p, t) <= number(problem, "min_other_vacancies", problem.region_of[p], o)))
def arrival_without_vacancies(problem: Problem, plan: Plan, o: str, p: str, t: int) -> F:
    """Somebody arrives where too few others are short."""
    return plan.arrivals.get((o, p, t), F(0))


def most_within_reach(problem: Problem, o: str, p: str, t: int) -> F:
    """People who may be within reach: the largest shortage there so far, less what must remain."""
    peak = max(vacancies(problem, o, p, s) for s in problem.years if s <= t)
    return peak - number(problem, "min_other_vacancies", problem.region_of[p], o)


@limit("worker_independence", "arrivals+", lambda problem: (
    place for place in having("min_other_vacancies", cells)(problem) if most_within_reach(problem, *place) > 0))
def too_many_within_reach(problem: Problem, plan: Plan, o: str, p: str, t: int) -> F:
    """More people within reach than leave enough other vacancies."""
    there = sum((present(problem, plan, o, q, t) for q in problem.reach[p]), F(0))
    return there - most_within_reach(problem, o, p, t)


@limit("risk_share", "quota+ quota-", lambda problem: (
    (r, risk, t) for r in problem.regions for risk in problem.rules(r).risk_shares for t in problem.years))
def risk_class_too_large(problem: Problem, plan: Plan, r: str, risk: Any, t: int) -> F:
    """A risk class with more than its share of the quotas."""
    here = {o: n for (q, o, u), n in plan.quota.items() if (q, u) == (r, t)}
    of_class = sum(n for o, n in here.items() if problem.attribute("risk_class", o) == risk)
    return of_class - exact(problem.rules(r).risk_shares[risk]) * sum(here.values())


@limit("fair_areas", "arrivals- trainees-", fair("area_coverage", areas))
def area_left_behind(problem: Problem, plan: Plan, p: str) -> F:
    """An area of which less is filled than `area_coverage`."""
    here, = shares(problem, plan, lambda _, q: q == p)
    return fairness(problem, p, "area_coverage") * here.net - here.filled


@limit("fair_sectors", "arrivals- trainees-", fair("sector_coverage", sectors))
def sector_left_behind(problem: Problem, plan: Plan, r: str, sector: str) -> F:
    """A sector of which less is filled than `sector_coverage`."""
    here, = shares(problem, plan, lambda o, q: problem.attribute("sector", o) == sector and problem.region_of[q] == r)
    return fairness(problem, problem.areas[r][0], "sector_coverage") * here.net - here.filled


@limit("band", "arrivals+ arrivals- trainees+ trainees-", fair("band", areas))
def area_below_the_band(problem: Problem, plan: Plan, p: str) -> F:
    """An area that fills less than its region receives, beyond the band."""
    here, whole = area_and_region(problem, plan, p)
    return whole.received / whole.net - fairness(problem, p, "band") - here.filled / here.net


@limit("band", "arrivals+ arrivals- trainees+ trainees-", fair("band", areas))
def area_above_the_band(problem: Problem, plan: Plan, p: str) -> F:
    """An area that receives more than its region fills, beyond the band."""
    here, whole = area_and_region(problem, plan, p)
    return here.received / here.net - whole.filled / whole.net - fairness(problem, p, "band")


@limit("budget", "quota+ arrivals+ trainees+ expansion+", lambda problem: iter(problem.budget))
def budget_overspent(problem: Problem, plan: Plan, r: str, t: int) -> F:
    """More spent than the budget."""
    return spent(problem, plan, r, t) - exact(problem.budget[r, t])
