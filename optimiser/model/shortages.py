"""Families 1 to 3: what stays unfilled, and who may come."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimiser.model.once import once


@once
def supply(m: Any, o: str, p: str) -> dict[int, Any]:
    """Persons at work in an area who would not be there otherwise, by year: those of the scheme and those trained."""
    problem, r = m.frame.problem, m.frame.problem.region_of[p]
    additional = problem.parameter("additional", r, o)
    share = m.frame.placement.get((r, o, p), 0.0) * (problem.parameter("training_success", r, o) or 0.0)
    scheme = {t: additional * people for t, people in present(m, o, p).items()}
    return {t: people + share * finished(m, r, o)[t] for t, people in scheme.items()} if share > 0 else scheme


@once
def present(m: Any, o: str, p: str) -> dict[int, Any]:
    """Persons of all cohorts of the scheme still there, by year; 0 where there are none."""
    problem = m.frame.problem
    stay, came = problem.retention[problem.region_of[p], o], cohorts(m, p).get(o, {})
    found = {}
    for t in problem.years:
        left = [s for s in came if s <= t and stay[t - s] > 0]
        found[t] = m.total([stay[t - s] for s in left], [came[s] for s in left])
    return found


@once
def finished(m: Any, r: str, o: str) -> dict[int, Any]:
    """Persons whose training is over, by year, all who started counted; 0 where there are none."""
    problem = m.frame.problem
    lag = int(problem.parameter("training_lag", r, o) or 0)
    return {t: sum([m.trainees[r, o, s] for s in problem.years if s + lag <= t and (r, o, s) in m.trainees])
            for t in problem.years}


@once
def cohorts(m: Any, p: str) -> dict[str, dict[int, Any]]:
    """Who comes to an area, by occupation and year."""
    problem, found = m.frame.problem, {}
    for o in problem.candidates[problem.region_of[p]]:
        if of_years := {t: m.arrivals[o, p, t] for t in problem.years if (o, p, t) in m.arrivals}:
            found[o] = of_years
    return found


@once
def coming(m: Any, r: str, o: str, t: int) -> list[Any]:
    """Who comes to the areas of a region in a year."""
    return [m.arrivals[o, p, t] for p in m.frame.problem.areas[r] if (o, p, t) in m.arrivals]


def shortage_balance(m: Any, o: str, p: str, t: int) -> Any:
    r"""What the scheme and training don't fill stays unfilled.

    $$\text{unfilled}_{opt} \ge \text{net}_{opt} - \text{additional}_o \sum_{s \le t} \text{retention}_{o,t-s}
    \,\text{arrivals}_{ops} - \sum_{s + \text{lag}_o \le t} \text{success}_o\, \text{placement}_{op}
    \,\text{trainees}_{ros}$$

    For all occupations, areas and years with a net shortage that somebody could fill. Unit: persons. `net` is the
    shortage less the jobseekers who can be activated; `placement` spreads the trained over the region's areas by
    their share of the net shortage.
    """
    return m.unfilled[o, p, t] + supply(m, o, p)[t] >= m.frame.net[o, p, t]


def arrivals_within_quota(m: Any, r: str, o: str, t: int) -> Any:
    r"""No more people come than the permits of the year bring.

    $$\sum_{p \in P_r} \text{arrivals}_{opt} \le \text{uptake}_o\, \text{lot}_o\, \text{lots}_{rot}$$

    For all regions, occupations and years. Unit: persons per year.
    """
    people = coming(m, r, o, t)
    if not people:
        return pyo.Constraint.Skip
    uptake = m.frame.problem.parameter("uptake", r, o)
    return m.total([1.0] * len(people), people) <= uptake * quota(m, r, o, t)


def quota(m: Any, r: str, o: str, t: int) -> Any:
    """Permits authorised: a whole number of lots; 0 where none are possible."""
    return m.frame.lot[r, o] * m.lots[r, o, t] if (r, o, t) in m.lots else 0


def quota_at_least(m: Any, r: str, o: str, t: int) -> Any:
    r"""A listed occupation gets at least its smallest quota.

    $$\text{lots}_{rot} \ge \lceil \text{min\_quota}_o / \text{lot}_o \rceil\, \text{listed}_{roe(t)}$$

    For all regions, occupations and years. Unit: lots per year; $e(t)$ is the review whose list holds in year $t$.
    """
    smallest = m.frame.lots_min[r, o, t]
    return m.lots[r, o, t] >= smallest * _listed(m, r, o, t) if smallest else pyo.Constraint.Skip


def quota_only_if_listed(m: Any, r: str, o: str, t: int) -> Any:
    r"""Only listed occupations get permits, and never more than can be of use or allowed.

    $$\text{lots}_{rot} \le \text{lots\_cap}_{rot}\, \text{listed}_{roe(t)}$$

    For all regions, occupations and years. Unit: lots per year. The cap is the smallest of `max_quota`, the permit
    total, the permits that all training places allow, what each service could take if it served nobody else, and what
    arrivals could take up.
    """
    return m.lots[r, o, t] <= m.frame.lots_cap[r, o, t] * _listed(m, r, o, t)


def arrivals_only_if_listed(m: Any, o: str, p: str, t: int) -> Any:
    r"""People come only for listed occupations.

    $$\text{arrivals}_{opt} \le \text{cap}_{opt}\, \text{listed}_{roe(t)}$$

    For all occupations, areas and years. Unit: persons per year. It follows from the two families above for whole
    answers; it is written down because it makes the relaxation, and so the bound, much tighter. The cap is the
    smallest of what the net shortage can use, what `max_migrant_share` and `min_other_vacancies` allow, what the
    permits could bring, and what each service could take if it served nobody else.
    """
    return m.arrivals[o, p, t] <= m.frame.arrival_cap[o, p, t] * _listed(m, m.frame.problem.region_of[p], o, t)


def _listed(m: Any, r: str, o: str, t: int) -> Any:
    return m.listed[r, o, m.frame.problem.review_of(r, t).number]
