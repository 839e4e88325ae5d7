"""What follows from a plan, in exact fractions: who is present, what is filled, used and paid, how good it is.

It stands on the Problem and the Plan alone and shares no code with the model or the solver, so that it can contradict
them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from optimiser.plan import Plan, exact
from optimiser.problem import Problem
from optimiser.schema import SHARED

Cell = tuple[str, str, int]  # occupation, area, year; or service, place, year
Numbers = dict[Cell, Fraction]
Numbers4 = dict[tuple[str, str, int, str], Fraction]  # service, place, year, region
Cohorts = dict[tuple[str, str], list[tuple[str, int, Fraction]]]
ZERO, ONE = Fraction(0), Fraction(1)

fraction = lru_cache(maxsize=1 << 16)(exact)
"""`plan.exact`, remembered: tables repeat the same few numbers."""


@dataclass(frozen=True)
class Outcome:
    """What follows from a plan; every number is exact.

    Attributes
    ----------
    shortage : dict (occupation, area, year) -> persons short without the scheme; positive only
    net : same keys -> shortage less the jobseekers who can be activated, at least 0
    present : dict (occupation, area, year) -> persons of the scheme still there; positive only
    scheme_supply, training_supply : dict (occupation, area, year) -> persons at work who would not be there otherwise;
        positive only, also where nobody is short
    filled_by_training, filled_by_scheme, unfilled : same keys as `shortage` -> persons; training fills first
    used : dict (service, place, year) -> units; every key with a capacity, and every other one in use
    cost : dict (region, year) -> EUR
    coverage : dict area -> filled / net over all years; areas with a net shortage
    region_coverage : dict region -> filled / net over all years; 1 without a net shortage
    objective : dict (region, objective) -> value, in the unit of `solution.UNITS`
    """

    shortage: Numbers = field(repr=False)
    net: Numbers = field(repr=False)
    present: Numbers = field(repr=False)
    scheme_supply: Numbers = field(repr=False)
    training_supply: Numbers = field(repr=False)
    filled_by_training: Numbers = field(repr=False)
    filled_by_scheme: Numbers = field(repr=False)
    unfilled: Numbers = field(repr=False)
    used: Numbers = field(repr=False)
    cost: dict[tuple[str, int], Fraction]
    coverage: dict[str, Fraction]
    region_coverage: dict[str, Fraction]
    objective: dict[tuple[str, str], Fraction]

    def supply(self, cell: Cell) -> Fraction:
        """Persons of the scheme and of training at work in an occupation, area and year."""
        if cell not in self.training_supply:
            return self.scheme_supply.get(cell, ZERO)
        return self.scheme_supply.get(cell, ZERO) + self.training_supply[cell]


def evaluate(problem: Problem, plan: Plan) -> Outcome:
    """Work out what follows from a plan.

    Parameters
    ----------
    problem, plan
        The case and what is decided; every key of the plan must be one of the problem.

    Returns
    -------
    Outcome
    """
    shortage = {cell: fraction(number) for cell, number in problem.shortage.items()}
    net = {cell: max(ZERO, number - fraction(problem.activatable[cell])) if cell in problem.activatable else number
           for cell, number in shortage.items()}
    present = people_present(problem, plan)
    scheme = {(o, p, t): number * parameter(problem, "additional", problem.region_of[p], o)
              for (o, p, t), number in present.items()}
    trained = _training_supply(problem, plan, net)
    by_training = {cell: min(number, trained.get(cell, ZERO)) for cell, number in net.items()}
    by_scheme = {cell: min(number - by_training[cell], scheme.get(cell, ZERO)) for cell, number in net.items()}
    unfilled = {cell: number - by_training[cell] - by_scheme[cell] if cell in scheme or cell in trained else number
                for cell, number in net.items()}
    used_by_region = _used_by_region(problem, plan)
    cost = _cost(problem, plan, used_by_region)
    coverage, region_coverage = _coverages(problem, net, unfilled)
    return Outcome(
        shortage=shortage, net=net, present=present, scheme_supply=scheme, training_supply=trained,
        filled_by_training=by_training, filled_by_scheme=by_scheme, unfilled=unfilled,
        used=_used(problem, used_by_region), cost=cost, coverage=coverage, region_coverage=region_coverage,
        objective=_objectives(problem, plan, unfilled, coverage, cost))


def parameter(problem: Problem, name: str, region: str, occupation: str) -> Fraction:
    """A number of `parameters.csv` or its default, exactly; 0 when it is switched off."""
    return fraction(problem.parameter(name, region, occupation) or 0.0)


def people_present(problem: Problem, plan: Plan) -> Numbers:
    """Persons of the scheme still there: sum over s <= t of retention[t-s] arrivals[s], by occupation, area, year."""
    present: Numbers = defaultdict(Fraction)
    last = problem.years[-1]
    for (o, p, s), number in plan.arrivals.items():
        for t, stay in enumerate(problem.retention[problem.region_of[p], o][:last - s + 1], start=s):
            if stay:
                present[o, p, t] += fraction(stay) * number
    return dict(present)


def _training_supply(problem: Problem, plan: Plan, net: Numbers) -> Numbers:
    """Persons trained and at work, spread over areas by net shortage; nobody where the region has none."""
    supply: Numbers = defaultdict(Fraction)
    totals: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for (o, p, _), number in net.items():
        totals[problem.region_of[p], o, p] += number
    for (r, o, s), number in plan.trainees.items():
        here = {p: total for p in problem.areas[r] if (total := totals.get((r, o, p)))}
        working = number * parameter(problem, "training_success", r, o)
        first = s + int(parameter(problem, "training_lag", r, o))
        if not here or not working or first > problem.years[-1]:
            continue
        whole = sum(here.values())
        for p, total in here.items():
            placed = working * total / whole
            for t in range(first, problem.years[-1] + 1):
                supply[o, p, t] += placed
    return dict(supply)


def _used_by_region(problem: Problem, plan: Plan) -> Numbers4:
    """Units of every service that a region's permits and people take."""
    used: Numbers4 = defaultdict(Fraction)
    scope = {g: service.scope for g, service in problem.services.items()}
    per_permit: dict[tuple[str, str], list[tuple[str, Fraction]]] = defaultdict(list)
    for (g, r, o), units in problem.use_permit.items():
        per_permit[r, o].append((g, fraction(units)))
    for (r, o, t), permits in plan.quota.items():
        for g, units in per_permit.get((r, o), ()):
            used[g, r if scope[g] == "region" else SHARED, t, r] += units * permits
    in_areas, in_regions = _cohorts(problem, plan)
    for (g, r, o), by_age in problem.use_person.items():
        cohorts = in_areas if scope[g] == "area" else in_regions
        for place, s, number in cohorts.get((r, o), ()):
            where = SHARED if scope[g] == SHARED else place
            for t, units in enumerate(by_age[:problem.years[-1] - s + 1], start=s):
                if units:
                    used[g, where, t, r] += fraction(units) * number
    return dict(used)


def _cohorts(problem: Problem, plan: Plan) -> tuple[Cohorts, Cohorts]:
    """Arrivals by (region, occupation): once as (area, year, persons), once summed as (region, year, persons)."""
    in_areas: Cohorts = defaultdict(list)
    sums: dict[tuple[str, str, int], Fraction] = defaultdict(Fraction)
    for (o, p, s), number in plan.arrivals.items():
        r = problem.region_of[p]
        in_areas[r, o].append((p, s, number))
        sums[r, o, s] += number
    in_regions: Cohorts = defaultdict(list)
    for (r, o, s), number in sums.items():
        in_regions[r, o].append((r, s, number))
    return in_areas, in_regions


def units_used(problem: Problem, plan: Plan) -> Numbers:
    """Units of every service that a plan takes, by service, place and year."""
    return _used(problem, _used_by_region(problem, plan))


def _used(problem: Problem, used_by_region: Numbers4) -> Numbers:
    """Units taken by all regions together."""
    used: Numbers = dict.fromkeys(problem.capacity, ZERO)
    for (g, place, t, _), units in used_by_region.items():
        used[g, place, t] = used.get((g, place, t), ZERO) + units
    return used


def _cost(problem: Problem, plan: Plan, used_by_region: Numbers4) -> dict[tuple[str, int], Fraction]:
    """EUR by region and year: permits, training, services, expansion; a shared place is expanded in equal parts."""
    cost = {(r, t): ZERO for r in problem.regions for t in problem.years}
    for (r, o, t), permits in plan.quota.items():
        cost[r, t] += parameter(problem, "permit_cost", r, o) * permits
    for (r, o, t), starts in plan.trainees.items():
        cost[r, t] += parameter(problem, "training_cost", r, o) * starts
    for (g, place, t, r), units in used_by_region.items():
        cost[r, t] += fraction(problem.service_parameter("unit_cost", g, place)) * units
    for (g, place, t), units in plan.expansion.items():
        payers = problem.payers(g, place)
        for r in payers:
            cost[r, t] += fraction(problem.service_parameter("expansion_cost", g, place)) * units / len(payers)
    return cost


def _coverages(problem: Problem, net: Numbers, unfilled: Numbers) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Share of the net shortage of all years that is filled, by area and by region."""
    short: dict[str, Fraction] = defaultdict(Fraction)
    left: dict[str, Fraction] = defaultdict(Fraction)
    for cell, number in net.items():
        short[cell[1]] += number
        left[cell[1]] += unfilled[cell]
    by_area = {p: ONE - left[p] / short[p] for r in problem.regions for p in problem.areas[r] if short.get(p)}
    by_region = {}
    for r, areas in problem.areas.items():
        whole = sum((short.get(p, ZERO) for p in areas), ZERO)
        by_region[r] = ONE - sum((left.get(p, ZERO) for p in areas), ZERO) / whole if whole else ONE
    return by_area, by_region


def _objectives(problem: Problem, plan: Plan, unfilled: Numbers, coverage: dict[str, Fraction],
                cost: dict[tuple[str, int], Fraction]) -> dict[tuple[str, str], Fraction]:
    """Values of all four aims of every region."""
    weighted = dict.fromkeys(problem.regions, ZERO)
    for (o, p, _), number in unfilled.items():
        if number:
            r = problem.region_of[p]
            weighted[r] += parameter(problem, "weight", r, o) * number
    values: dict[tuple[str, str], Fraction] = {}
    for r in problem.regions:
        values[r, "unfilled"] = weighted[r]
        values[r, "worst_coverage"] = min((coverage[p] for p in problem.areas[r] if p in coverage), default=ONE)
        values[r, "list_changes"] = Fraction(sum(map(len, changes(problem, plan, r))))
        values[r, "cost"] = sum((cost[r, t] for t in problem.years), ZERO)
    return values


def lists(problem: Problem, plan: Plan, region: str) -> list[frozenset[str]]:
    """The list of every review of a region, the list in force first."""
    held = {review.number: set() for review in problem.reviews[region]}
    for r, o, e in plan.listed:
        if r == region:
            held[e].add(o)
    return [problem.in_force[region], *map(frozenset, held.values())]


def changes(problem: Problem, plan: Plan, region: str) -> list[frozenset[str]]:
    """Occupations that enter or leave the list of a region, by review."""
    held = lists(problem, plan, region)
    return [before ^ after for before, after in zip(held, held[1:], strict=False)]
