"""Families 7, 8 and 12: what services, permit desks and budgets can carry."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimiser.model.once import once
from optimiser.model.shortages import cohorts, coming, quota

THOUSAND = 1000.0  # money stands in the model in thousands of EUR, to keep coefficients near one


def taken(m: Any, g: str, place: str, r: str, t: int) -> Any:
    """Units of a service that a region's permits of the year and its cohorts take at a place, term by term."""
    of_area = m.frame.problem.services[g].scope == "area"
    arrived = cohorts(m, place) if of_area else {}
    numbers, columns = [], []
    for o, per_permit, by_age in users(m, g, r):
        if per_permit > 0 and (r, o, t) in m.lots:
            numbers.append(per_permit * m.frame.lot[r, o])
            columns.append(m.lots[r, o, t])
        came = arrived.get(o, {})
        for age, per_person in by_age:
            if not of_area:
                people = coming(m, r, o, t - age)
                numbers += [per_person] * len(people)
                columns += people
            elif t - age in came:
                numbers.append(per_person)
                columns.append(came[t - age])
    return m.total(numbers, columns)


@once
def users(m: Any, g: str, r: str) -> list[tuple[str, float, list[tuple[int, float]]]]:
    """Occupations of a region that take something of a service: units per permit, and per person by years there."""
    problem, found = m.frame.problem, []
    for o in problem.candidates[r]:
        per_permit = problem.use_permit.get((g, r, o), 0.0)
        by_age = [(age, units) for age, units in enumerate(problem.use_person.get((g, r, o), ())) if units > 0]
        if per_permit > 0 or by_age:
            found.append((o, per_permit, by_age))
    return found


def service_use(m: Any, g: str, place: str, r: str, t: int) -> Any:
    r"""What permits and cohorts of a region use of a service at a place.

    $$\text{used}_{g,place,r,t} = \sum_{o} \text{use}^{permit}_{gro}\, \text{quota}_{rot}
    + \sum_{o,p,a} \text{use}^{person}_{groa}\,\text{arrivals}_{op,t-a}$$

    For all services, places, regions that use them, and years. Unit: units of the service per year. A place of a
    service of an area sums over the people of that area, of a regional or shared one over all areas of the region.
    """
    return m.used[g, place, r, t] == m.takers[g, place, r, t]


def use_by_region(m: Any, g: str, place: str, r: str, t: int) -> Any:
    """Units of a service that a region takes at a place; 0 where nobody can use any."""
    return m.used[g, place, r, t] if (g, place, r, t) in m.used else 0


def use(m: Any, g: str, place: str, t: int) -> Any:
    """Units of a service that everybody takes at a place in a year."""
    regions = [r for r in m.frame.problem.regions_of(g, place) if r in m.frame.regions]
    return sum(use_by_region(m, g, place, r, t) for r in regions)


def expansion(m: Any, g: str, place: str, t: int) -> Any:
    """Extra capacity that stands in a year; 0 where none is possible."""
    return m.expansion[g, place, t] if (g, place, t) in m.expansion else 0


def service_capacity(m: Any, g: str, place: str, t: int) -> Any:
    r"""What permits and cohorts use of a service fits in its capacity and the expansion that is ready.

    $$\sum_{r} \text{used}_{g,place,r,t} \le \text{capacity}_{g,place,t} + \text{expansion}_{g,place,t}$$

    For all services, places and years with a capacity. Unit: units of the service per year. A shared place sums over
    all regions; capacity is net of other users.
    """
    used = use(m, g, place, t)
    if isinstance(used, (int, float)):
        return pyo.Constraint.Skip
    return used <= m.frame.problem.capacity[g, place, t] + expansion(m, g, place, t)


def expansion_stays(m: Any, g: str, place: str, t: int) -> Any:
    r"""Extra capacity that stands in a year still stands in the next.

    $$\text{expansion}_{g,place,t-1} \le \text{expansion}_{g,place,t} \le \text{max\_expansion}_{g,place}$$

    For all services, places and years; 0 before `lead_time` years have passed. Unit: units of the service per year.
    """
    if (g, place, t - 1) not in m.expansion:
        return pyo.Constraint.Skip
    return m.expansion[g, place, t - 1] <= m.expansion[g, place, t]


def permit_total(m: Any, r: str, t: int) -> Any:
    r"""A region authorises at most so many permits in a year.

    $$\sum_o \text{quota}_{rot} \le \text{permit\_total}_{rt}$$

    For all regions and years. Unit: permits per year. A federal desk that serves several regions is a service with
    scope `shared`.
    """
    total = sum(quota(m, r, o, t) for o in m.frame.problem.candidates[r])
    return pyo.Constraint.Skip if isinstance(total, int) else total <= m.frame.problem.permit_total[r, t]


def cost(m: Any, r: str, t: int) -> Any:
    """Public cost of a region in a year, in thousands of EUR: permits, services, expansion, training."""
    problem = m.frame.problem
    total = 0
    for o in problem.candidates[r]:
        if (price := problem.parameter("permit_cost", r, o)) and (r, o, t) in m.lots:
            total += price / THOUSAND * quota(m, r, o, t)
        if (price := problem.parameter("training_cost", r, o)) and (r, o, t) in m.trainees:
            total += price / THOUSAND * m.trainees[r, o, t]
    for g in problem.services:
        for place in problem.places(g):
            if r not in problem.regions_of(g, place):
                continue
            if price := problem.service_parameter("unit_cost", g, place):
                total += price / THOUSAND * use_by_region(m, g, place, r, t)
            payers = problem.payers(g, place)
            price = problem.service_parameter("expansion_cost", g, place)
            if price and r in payers and (g, place, t) in m.expansion:
                total += price / THOUSAND / len(payers) * m.expansion[g, place, t]
    return total


def budget(m: Any, r: str, t: int) -> Any:
    r"""A region spends at most its budget of the year.

    $$\sum_o (\text{permit\_cost}_o\, \text{quota}_{rot} + \text{training\_cost}_o\, \text{trainees}_{rot})
    + \sum_{g,place} (\text{unit\_cost}_g\, \text{used}_{g,place,r,t}
    + \text{expansion\_cost}_g\, \text{expansion}_{g,place,t}) \le \text{budget}_{rt}$$

    For all regions and years. Unit: thousands of EUR per year. The expansion of a shared service is paid in equal
    parts by the regions whose occupations could use it.
    """
    spent = cost(m, r, t)
    if isinstance(spent, (int, float)):
        return pyo.Constraint.Skip
    return spent <= m.frame.problem.budget[r, t] / THOUSAND
