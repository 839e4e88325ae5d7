"""Families 9 to 11: domestic workers first, workers who can leave, areas served fairly."""

from __future__ import annotations

import math
from typing import Any

import pyomo.environ as pyo

from optimiser.model.once import once
from optimiser.model.shortages import present, quota, supply


def domestic_first(m: Any, o: str, p: str, t: int) -> Any:
    r"""People of the scheme fill at most a share of the largest net shortage seen so far.

    $$\sum_{s \le t} \text{retention}_{o,t-s}\, \text{arrivals}_{ops} \le \text{max\_migrant\_share}_o
    \,\max_{s \le t} \text{net}_{ops}$$

    For all occupations, areas and years. Unit: persons. Both sides are people at one time; a limit on the arrivals of
    each year alone would let five cohorts add up to more than the whole shortage. The largest shortage so far stands
    on the right because a falling shortage must not turn away people who came in time. Left out where
    `present_only_if_listed` says more.
    """
    problem = m.frame.problem
    if (o, p, t, problem.review_of(problem.region_of[p], t).number) in m.frame.left_over:
        return pyo.Constraint.Skip
    most, there = m.frame.presence.domestic(o, p)[m.frame.age(t)], present(m, o, p)[t]
    return pyo.Constraint.Skip if math.isinf(most) or isinstance(there, (int, float)) else there <= most


def present_only_if_listed(m: Any, o: str, p: str, t: int, f: int) -> Any:
    r"""Without a listing since a review, only what earlier cohorts leave is present.

    $$\sum_{s \le t} \text{retention}_{o,t-s}\, \text{arrivals}_{ops} \le \text{left}_{optf}
    + (\text{most}_{opt} - \text{left}_{optf}) \Big(\text{listed}_{rof} + \sum_{g=f+1}^{e(t)} \text{enters}_{rog}\Big)$$

    For all occupations, areas, years, and reviews $f$ up to the review $e(t)$ of the year. Unit: persons.
    $\text{most}$ is what `max_migrant_share` and `min_other_vacancies` allow in the area, $\text{left}$ the most of it
    that cohorts from before review $f$ can still be; the bracket is at least one when the occupation is listed at any
    time since $f$. It follows from the other rows for whole answers; it is written down because an area that is full
    needs little more than attrition, which the relaxation would list a little for, a little more in every review. On
    the Belgian case it closes five sixths of the gap that the relaxation leaves in Flanders.
    """
    left, most = m.frame.left_over[o, p, t, f]
    r = m.frame.problem.region_of[p]
    e = m.frame.problem.review_of(r, t).number
    return present(m, o, p)[t] <= left + (most - left) * _listed_since(m, r, o, f, e)


@once
def _listed_since(m: Any, r: str, o: str, f: int, e: int) -> Any:
    """At least one when an occupation is listed at any time from review f to review e."""
    return m.listed[r, o, f] + sum([m.enters[r, o, g] for g in range(f + 1, e + 1)])


def training_required(m: Any, r: str, o: str, t: int) -> Any:
    r"""Each permit goes with training starts of the same year.

    $$\text{trainees}_{rot} \ge \text{trainees\_per\_permit}_o\, \text{quota}_{rot}$$

    For all regions, occupations and years. Unit: persons per year. Training places bound trainees from above.
    """
    ratio = m.frame.problem.parameter("trainees_per_permit", r, o)
    if not ratio:
        return pyo.Constraint.Skip
    starts = m.trainees[r, o, t] if (r, o, t) in m.trainees else 0
    return starts >= ratio * quota(m, r, o, t)


def worker_independence(m: Any, o: str, p: str, t: int) -> Any:
    r"""A worker of the scheme finds other vacancies of the occupation within commuting reach.

    $$\sum_{q \in reach(p)} \sum_{s \le t} \text{retention}_{o,t-s}\, \text{arrivals}_{oqs}
    \le \max_{s \le t} \sum_{q \in reach(p)} \text{shortage}_{oqs} - \text{min\_other\_vacancies}_o$$

    For all occupations, areas and years with a positive right side; and nobody arrives in a year in which the
    shortage in reach is not above `min_other_vacancies` (a cap of `arrivals`). Unit: persons. The shortage stands for
    open vacancies: those left over once the people of the scheme have theirs must be at least `min_other_vacancies`.
    The largest shortage so far counts because a falling shortage must not turn away people who came in time. An area's
    limit holds while nobody is there, too: where reach is one-way, a smaller `min_other_vacancies` can so turn on the
    limit of an area that took nobody before. Left out where the limits of the areas in reach, added up, say as much.
    """
    presence, reach, year = m.frame.presence, m.reach[p], m.frame.age(t)
    most = presence.independent(o, p)[year]
    if math.isinf(most) or sum(presence.domestic(o, q)[year] for q in reach) <= most:
        return pyo.Constraint.Skip
    there = sum(present(m, o, q)[t] for q in reach)
    return pyo.Constraint.Skip if isinstance(there, (int, float)) else there <= most


def risk_share(m: Any, r: str, risk: str, t: int) -> Any:
    r"""Occupations of an exploitation-risk class take at most a share of the year's quotas.

    $$\sum_{o \in O_{risk}} \text{quota}_{rot} \le \text{risk\_share}_{r,risk} \sum_o \text{quota}_{rot}$$

    For all regions, risk classes with a share, and years. Unit: permits per year.
    """
    problem = m.frame.problem
    share = problem.rules(r).risk_shares[risk]
    of_class = sum(quota(m, r, o, t) for o in problem.candidates[r] if problem.attribute("risk_class", o) == risk)
    everything = sum(quota(m, r, o, t) for o in problem.candidates[r])
    return pyo.Constraint.Skip if isinstance(of_class, int) else of_class <= share * everything


def net_of(m: Any, areas: Any) -> float:
    """Net shortage of some areas over all years (person-years)."""
    return sum(m.net_by_area[p] for p in areas)


def area_coverage(m: Any, p: str) -> Any:
    r"""Coverage: the share of an area's net shortage that is filled, over all years.

    $$\text{coverage}_p \sum_{o,t} \text{net}_{opt} = \sum_{o,t} (\text{net}_{opt} - \text{unfilled}_{opt})$$

    For all areas with a net shortage. Unit: share of person-years.
    """
    open_keys = [key for key in m.keys_by_area[p] if key in m.unfilled]
    fillable = sum(m.frame.net[key] for key in open_keys)
    left = sum(m.unfilled[key] for key in open_keys)
    return m.net_by_area[p] * m.coverage[p] + left == fillable


def area_supply(m: Any, p: str) -> Any:
    r"""Everybody an area receives, whether its shortage is as large or not.

    $$\text{supplied}_p \sum_{o,t} \text{net}_{opt} = \sum_{o,t:\ \text{net}_{opt} > 0} \text{supply}_{opt}$$

    For all areas with a net shortage, when a band is given. Unit: share of person-years.
    """
    everybody = sum(supply(m, o, p)[t] for o, p, t in m.keys_by_area[p])
    return m.net_by_area[p] * m.supplied[p] == everybody


def fair_areas(m: Any, r: str, p: str) -> Any:
    r"""Every area gets at least a share of its shortage filled.

    $$\text{coverage}_p \ge \text{area\_coverage}_r$$

    For all regions and areas with a net shortage. Unit: share of person-years.
    """
    share = m.frame.problem.rules(r).fairness.area_coverage
    return m.coverage[p] >= share if share else pyo.Constraint.Skip


def fair_sectors(m: Any, r: str, sector: str) -> Any:
    r"""Every sector gets at least a share of its shortage filled.

    $$\sum_{o \in O_{sector},p,t} (\text{net}_{opt} - \text{unfilled}_{opt}) \ge \text{sector\_coverage}_r
    \sum_{o \in O_{sector},p,t} \text{net}_{opt}$$

    For all regions and sectors of an occupation that could be listed. Unit: share of person-years.
    """
    problem = m.frame.problem
    share = problem.rules(r).fairness.sector_coverage
    if not share:
        return pyo.Constraint.Skip
    keys = [key for p in problem.areas[r] for key in m.keys_by_area[p] if problem.attribute("sector", key[0]) == sector]
    needed = sum(m.frame.net[key] for key in keys)
    if not needed:
        return pyo.Constraint.Skip
    filled = sum(m.frame.net[key] - m.unfilled[key] for key in keys if key in m.unfilled)
    if isinstance(filled, (int, float)):  # nothing can be filled: a row that no plan satisfies
        return -m.worst[r] >= share
    return filled / needed >= share


def band_below(m: Any, r: str, p: str) -> Any:
    r"""No area is served much worse than its region.

    $$\text{coverage}_p \ge \frac{\sum_q \text{net}_q\, \text{supplied}_q}{\sum_q \text{net}_q} - \text{band}_r$$

    For all regions and areas with a net shortage. Unit: share of person-years. The region counts with everybody it
    receives, the area only with what they fill: so the rule can't be met by leaving vacancies open on paper.
    """
    band = m.frame.problem.rules(r).fairness.band
    return pyo.Constraint.Skip if band is None else m.coverage[p] >= _mean(m, r, m.supplied) - band


def band_above(m: Any, r: str, p: str) -> Any:
    r"""No area is served much better than its region.

    $$\text{supplied}_p \le \frac{\sum_q \text{net}_q\, \text{coverage}_q}{\sum_q \text{net}_q} + \text{band}_r$$

    For all regions and areas with a net shortage. Unit: share of person-years.
    """
    band = m.frame.problem.rules(r).fairness.band
    return pyo.Constraint.Skip if band is None else m.supplied[p] <= _mean(m, r, m.coverage) + band


def _mean(m: Any, r: str, of_area: Any) -> Any:
    """Share of the region, from the shares of its areas."""
    areas = [p for p in m.frame.problem.areas[r] if m.keys_by_area[p]]
    whole = net_of(m, areas)
    return sum(m.net_by_area[p] / whole * of_area[p] for p in areas)
