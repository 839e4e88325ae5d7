"""Families 7, 8 and 12, recomputed: what services, permit desks and budgets can carry."""

from __future__ import annotations

from collections.abc import Iterator

from optimiser.check.rule import Facts, Violation, place_name, violation
from optimiser.exact import ZERO, fraction


def service_capacity(facts: Facts) -> Iterator[Violation]:
    """What permits and cohorts use of a service fits in its capacity and the expansion that stands.

    used[g,place,t] <= capacity[g,place,t] + expansion[g,place,t].
    For all services, places and years with a capacity. Unit: units of the service per year.
    """
    for (g, place, t), number in facts.problem.capacity.items():
        capacity, extra = fraction(number), facts.plan.expansion.get((g, place, t), ZERO)
        used = facts.outcome.used[g, place, t]
        if used > capacity + extra:
            yield violation("service_capacity", "service", used, capacity + extra, service=g, place=place_name(place),
                            year=t, unit=facts.problem.services[g].unit, capacity=capacity, expansion=extra)


def expansion_within_limits(facts: Facts) -> Iterator[Violation]:
    """Extra capacity stands only after its lead time, and never more than can stand at a place.

    expansion[g,place,t] = 0 for t < first_year + lead_time[g,place]; expansion[g,place,t] <= max_expansion[g,place].
    For all services, places and years. Unit: units of the service per year.
    """
    problem = facts.problem
    for (g, place, t), number in sorted(facts.plan.expansion.items()):
        names = {"service": g, "place": place_name(place), "year": t, "unit": problem.services[g].unit}
        most = fraction(problem.service_parameter("max_expansion", g, place))
        ready = problem.years[0] + int(problem.service_parameter("lead_time", g, place))
        if number > 0 and t < ready:
            yield violation("service_capacity", "expansion_early", number, 0, ready=ready, **names)
        if number > most:
            yield violation("service_capacity", "expansion_above", number, most, **names)


def expansion_stays(facts: Facts) -> Iterator[Violation]:
    """Extra capacity that stands in a year still stands in the next.

    expansion[g,place,t-1] <= expansion[g,place,t].
    For all services and places with a capacity in both years. Unit: units of the service per year.
    """
    expansion = facts.plan.expansion
    for g, place, t in facts.problem.capacity:
        before, now = expansion.get((g, place, t - 1), ZERO), expansion.get((g, place, t), ZERO)
        if now < before:
            yield violation("service_capacity", "expansion_falls", now, before, service=g, place=place_name(place),
                            year=t, before=t - 1, unit=facts.problem.services[g].unit)


def permit_total(facts: Facts) -> Iterator[Violation]:
    """A region authorises at most so many permits in a year.

    sum over o of quota[r,o,t] <= permit_total[r,t]. For all regions and years. Unit: permits per year.
    """
    totals = dict.fromkeys(facts.problem.permit_total, 0)
    for (r, _, t), number in facts.plan.quota.items():
        if (r, t) in totals:
            totals[r, t] += number
    for (r, t), most in facts.problem.permit_total.items():
        if totals[r, t] > fraction(most):
            yield violation("permit_total", "permits", totals[r, t], fraction(most), region=r, year=t)


def budget(facts: Facts) -> Iterator[Violation]:
    """A region spends at most its budget of the year on permits, services, expansion and training.

    cost[r,t] <= budget[r,t]. For all regions and years. Unit: EUR per year.
    """
    for (r, t), most in facts.problem.budget.items():
        if facts.outcome.cost[r, t] > fraction(most):
            yield violation("budget", "budget", facts.outcome.cost[r, t], fraction(most), region=r, year=t)
