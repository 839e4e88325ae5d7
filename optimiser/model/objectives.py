"""The objectives: a vector, each optimised in its turn, never summed silently. All are minimised."""

from __future__ import annotations

import hashlib
from typing import Any

from optimiser.model.capacities import THOUSAND, cost
from optimiser.model.lists import changes
from optimiser.model.shortages import quota


def unfilled(m: Any, r: str) -> Any:
    r"""Weighted shortage that stays unfilled, least.

    $$\sum_{o,p,t} \text{weight}_{ro}\, \text{unfilled}_{opt}$$

    Unit: weighted person-years over all years.
    """
    problem = m.frame.problem
    total = 0
    for o, p, t in m.keys_by_region[r]:
        weight = problem.parameter("weight", r, o)
        key = (o, p, t)
        total += weight * (m.unfilled[key] if key in m.unfilled else m.frame.net[key])
    return total


def worst_coverage(m: Any, r: str) -> Any:
    r"""Share of its net shortage filled in the area that is served worst, most.

    $$\max\; \min_{p} \frac{\sum_{o,t} (\text{net}_{opt} - \text{unfilled}_{opt})}{\sum_{o,t} \text{net}_{opt}}$$

    Unit: share. In the model: minus the variable `worst`, which no area's coverage may fall below.
    """
    return -m.worst[r]


def worst_area(m: Any, r: str, p: str) -> Any:
    r"""No area's coverage lies below the worst one.

    $$\text{worst}_r \le \text{coverage}_p$$

    For all regions and areas with a net shortage. Unit: share of person-years.
    """
    return m.worst[r] <= m.coverage[p]


def list_changes(m: Any, r: str) -> Any:
    r"""Entries and exits over all reviews, fewest.

    $$\sum_{o,e} (\text{enters}_{roe} + \text{leaves}_{roe})$$

    Unit: entries and exits, the first review measured against the list in force.
    """
    return sum(changes(m, r, e.number) for e in m.frame.problem.reviews[r])


def public_cost(m: Any, r: str) -> Any:
    r"""Public cost over all years, least.

    $$\sum_t \text{cost}_{rt}$$

    Unit: thousands of EUR; the cost of a year is the left side of `budget`.
    """
    return sum(cost(m, r, t) for t in m.frame.problem.years)


def tie_break(m: Any) -> Any:
    r"""Among equals: fewer permits, entries, arrivals, trainees and extra capacity, by weights that leave no tie.

    $$\sum_{o,t} \omega_{ro}\,\text{quota}_{rot} + \sum_{o,e} \omega_{ro}\,\text{listed}_{roe}
    + \sum_{o,p,t} \omega_{op}\,\text{arrivals}_{opt} + \ldots$$

    with weights $\omega$ between 1 and 2 that follow from the codes alone (SHA-256), so that two plans with the same
    value are all but impossible and the same input gives the same answer on any machine.
    """
    total = sum(_weight("quota", r, o, t) * quota(m, r, o, t) for r, o, t in m.lots)
    for name in ("listed", "arrivals", "trainees", "expansion"):
        variable = getattr(m, name)
        total += sum(_weight(name, *key) * variable[key] for key in variable)
    return total


def _weight(*parts: object) -> float:
    """A number from 1 to 2 with four decimals that follows from the parts alone."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return 1.0 + int.from_bytes(digest[:4], "big") % 10_000 / 10_000


OBJECTIVES = {"unfilled": unfilled, "worst_coverage": worst_coverage, "list_changes": list_changes,
              "cost": public_cost}
SCALES = {"unfilled": 1.0, "worst_coverage": -1.0, "list_changes": 1.0, "cost": THOUSAND}
"""What a value in the model is multiplied by to get the published one."""
