"""The objectives: a vector, each optimised in its turn, never summed silently. All are minimised."""

from __future__ import annotations

import hashlib
from typing import Any

from optimiser.model.capacities import THOUSAND, cost
from optimiser.model.frame import Frame
from optimiser.model.lists import changes
from optimiser.model.shortages import quota


def unfilled(m: Any, r: str) -> Any:
    r"""Weighted shortage that stays unfilled, least.

    $$\sum_{o,p,t} \text{weight}_{ro}\, \text{unfilled}_{opt}$$

    Unit: weighted person-years over all years.
    """
    problem, keys = m.frame.problem, m.keys_by_region[r]
    weights = {o: problem.parameter("weight", r, o) for o in {o for o, _, _ in keys}}
    never_filled = sum([weights[key[0]] * m.frame.net[key] for key in keys if key not in m.unfilled])
    fillable = [key for key in keys if key in m.unfilled]
    return m.total([weights[o] for o, _, _ in fillable], [m.unfilled[key] for key in fillable]) + never_filled


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
        total += m.total([_weight(name, *key) for key in variable], variable.values())
    return total


def _weight(*parts: object) -> float:
    """A number from 1 to 2 with four decimals that follows from the parts alone."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return 1.0 + int.from_bytes(digest[:4], "big") % 10_000 / 10_000


def at_rank(frame: Frame, rank: int) -> dict[str, dict[str, float]]:
    """Objective -> region -> tolerance, of the regions whose objective of that rank it is."""
    found: dict[str, dict[str, float]] = {}
    for r in frame.regions:
        for objective in frame.problem.rules(r).objectives[rank:rank + 1]:
            found.setdefault(objective.name, {})[r] = objective.tolerance
    return found


def ranks(frame: Frame) -> range:
    """Ranks of the objectives of a model's regions, from 0."""
    return range(max((len(frame.problem.rules(r).objectives) for r in frame.regions), default=0))


def shared(frame: Frame) -> dict[tuple[int, str], tuple[str, ...]]:
    """(rank, objective) -> the regions of a model that optimise it together."""
    return {(rank, name): tuple(wishes) for rank in ranks(frame) for name, wishes in at_rank(frame, rank).items()
            if len(wishes) > 1}


def even_split(m: Any, r: str, rank: int, name: str) -> Any:
    r"""Of regions that are optimised together, none comes off worse than the worst.

    $$\text{share}_{r} = \frac{\text{aim}_r - \text{low\_end}_r}{\text{high\_end}_r - \text{low\_end}_r} \le
    \text{worst\_share}$$

    For all regions of one model and every aim of a rank that several of them have. Unit: share of the range that the
    bounds of the variables leave the aim. Regions that share a service or a labour market can reach the same sum in
    many ways; of these the one is taken whose worst share is least, so that no region loses by chance.
    """
    return _share(m, r, name) <= m.worst_share[rank, name]


def split(m: Any, rank: int, name: str) -> Any:
    r"""What decides between equal sums of an aim that regions share: the worst share, then weights without a tie.

    $$\text{worst\_share} + 0.01 \sum_r \omega_r\, \text{share}_r$$

    Unit: share; the weights are those of the tie-break.
    """
    return m.worst_share[rank, name] + sum(0.01 * _weight("split", r) * _share(m, r, name)
                                           for r in m.shared_aims[rank, name])


def _share(m: Any, r: str, name: str) -> Any:
    """Where an aim of a region stands between the ends that the bounds of the variables leave it."""
    aim = OBJECTIVES[name](m, r)
    terms, constant = m.linear(aim)
    ends = [sum(number * (m.upper if (number > 0) == most else m.lower)[column] for column, number in terms.items())
            + constant for most in (False, True)]
    return (aim - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.0


OBJECTIVES = {"unfilled": unfilled, "worst_coverage": worst_coverage, "list_changes": list_changes,
              "cost": public_cost}
SCALES = {"unfilled": 1.0, "worst_coverage": -1.0, "list_changes": 1.0, "cost": THOUSAND}
"""What a value in the model is multiplied by to get the published one."""
