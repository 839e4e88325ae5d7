"""Families 1 to 3, recomputed: what stays unfilled, and who may come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from optimiser.check.rule import Facts, Violation, violation
from optimiser.exact import ZERO, fraction, parameter


def shortage_balance(facts: Facts) -> Iterator[Violation]:
    """Every person short is activated, filled by training, filled by the scheme or unfilled; nobody is counted twice.

    net - supply <= unfilled, and filled_by_training + filled_by_scheme + unfilled = net, each at least 0.
    For all occupations, areas and years with a shortage. Unit: persons.
    """
    outcome = facts.outcome
    for cell, net in outcome.net.items():
        o, p, t = cell
        names = {"occupation": o, "area": p, "year": t}
        parts = (outcome.filled_by_training[cell], outcome.filled_by_scheme[cell], outcome.unfilled[cell])
        if sum(parts) != net or min(parts) < 0:
            yield violation("shortage_balance", "balance", sum(parts, ZERO), net, **names)
        if outcome.unfilled[cell] < net - outcome.supply(cell):
            yield violation("shortage_balance", "unfilled", outcome.unfilled[cell], net - outcome.supply(cell), **names)


def arrivals_within_quota(facts: Facts) -> Iterator[Violation]:
    """No more people come than the permits of the year bring.

    sum over p of arrivals[o,p,t] <= uptake[r,o] quota[r,o,t].
    For all regions, occupations and years. Unit: persons per year.
    """
    coming: dict[tuple[str, str, int], Fraction] = defaultdict(Fraction)
    for (o, p, t), number in facts.plan.arrivals.items():
        coming[facts.problem.region_of[p], o, t] += number
    for (r, o, t), number in sorted(coming.items()):
        uptake, quota = parameter(facts.problem, "uptake", r, o), facts.plan.quota.get((r, o, t), 0)
        if number > uptake * quota:
            yield violation("arrivals_within_quota", "arrivals_above", number, uptake * quota, region=r, occupation=o,
                            year=t, quota=quota, uptake=uptake)


def quota_only_if_listed(facts: Facts) -> Iterator[Violation]:
    """Only listed occupations get permits.

    quota[r,o,t] > 0 only if listed[r,o,e(t)]. For all regions, occupations and years. Unit: permits per year.
    """
    for (r, o, t), number in sorted(facts.plan.quota.items()):
        if number > 0 and not _listed(facts, r, o, t):
            yield violation("quota_only_if_listed", "quota_unlisted", number, 0, region=r, occupation=o, year=t)


def quota_within_limits(facts: Facts) -> Iterator[Violation]:
    """A listed occupation gets at least its smallest quota in every year, and never more than its largest.

    lot ceil(min_quota / lot) listed[r,o,e(t)] <= quota[r,o,t] <= max_quota[r,o].
    For all regions, occupations and years. Unit: permits per year.
    """
    problem, plan = facts.problem, facts.plan
    for r, o, e in sorted(plan.listed):
        lot = int(problem.parameter("lot", r, o) or 1)
        least = lot * ceil(parameter(problem, "min_quota", r, o) / lot)
        review = problem.reviews[r][e - 1]
        for t in range(review.first_year, review.last_year + 1):
            if plan.quota.get((r, o, t), 0) < least:
                yield violation("quota_only_if_listed", "quota_below", plan.quota.get((r, o, t), 0), least, region=r,
                                occupation=o, year=t, lot=lot)
    for (r, o, t), number in sorted(plan.quota.items()):
        most = problem.parameter("max_quota", r, o)
        if most is not None and number > fraction(most):
            yield violation("quota_only_if_listed", "quota_above", number, fraction(most), region=r, occupation=o,
                            year=t)


def arrivals_only_if_listed(facts: Facts) -> Iterator[Violation]:
    """People come only for listed occupations.

    arrivals[o,p,t] > 0 only if listed[r,o,e(t)]. For all occupations, areas and years. Unit: persons per year.
    """
    for (o, p, t), number in sorted(facts.plan.arrivals.items()):
        r = facts.problem.region_of[p]
        if number > 0 and not _listed(facts, r, o, t):
            yield violation("quota_only_if_listed", "arrivals_unlisted", number, 0, region=r, occupation=o, area=p,
                            year=t)


def _listed(facts: Facts, r: str, o: str, t: int) -> bool:
    return (r, o, facts.problem.review_of(r, t).number) in facts.plan.listed
