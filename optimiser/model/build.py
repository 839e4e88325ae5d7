"""The model of one or more regions: sets, variables, constraints, in that order. Objectives follow one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from optimiser.model import capacities, lists, objectives, safeguards, shortages
from optimiser.model.in_pyomo import InPyomo
from optimiser.model.light import Light

Model = TypeVar("Model", bound=InPyomo | Light)
MOST_SUPPLY = 100.0  # people received as a multiple of the shortage; far above what any cap on arrivals lets in


@dataclass(frozen=True)
class Family:
    """One of the twelve constraint families and the functions that state it."""

    number: int
    name: str
    switched_by: str
    rules: tuple[Callable[..., Any], ...]


FAMILIES = (
    Family(1, "shortage_balance", "`shortages.csv`, `activatable.csv`", (shortages.shortage_balance,)),
    Family(2, "arrivals_within_quota", "`uptake`, `lot`", (shortages.arrivals_within_quota,)),
    Family(3, "quota_only_if_listed", "`min_quota`, `max_quota`",
           (shortages.quota_at_least, shortages.quota_only_if_listed, shortages.arrivals_only_if_listed)),
    Family(4, "list_length", "`list_length`, `list_length_by_tier`, `list_length_by_sector`",
           (lists.list_length, lists.list_length_by_tier, lists.list_length_by_sector)),
    Family(5, "list_changes", "`list_changes`, `minimum_stay`, `list_in_force.csv`",
           (lists.list_follows_entries, lists.enters_if_listed, lists.leaves_if_unlisted, lists.list_changes,
            lists.minimum_stay)),
    Family(6, "locks", "`must_list`, `must_not_list`, `groups`, `exclusions.csv`", (lists.groups,)),
    Family(7, "service_capacity", "`capacities.csv`, `service_use.csv`, `service_parameters.csv`",
           (capacities.service_use, capacities.service_capacity, capacities.expansion_stays)),
    Family(8, "permit_total", "`permit_totals.csv`", (capacities.permit_total,)),
    Family(9, "domestic_first", "`max_migrant_share`, `trainees_per_permit`, `training_places.csv`",
           (safeguards.domestic_first, safeguards.present_only_if_listed, safeguards.training_required)),
    Family(10, "worker_independence", "`min_other_vacancies`, `commuting.csv`, `risk_shares`",
           (safeguards.worker_independence, safeguards.risk_share)),
    Family(11, "fairness", "`fairness`",
           (safeguards.area_coverage, safeguards.area_supply, safeguards.fair_areas, safeguards.fair_sectors,
            safeguards.band_below, safeguards.band_above)),
    Family(12, "budget", "`budgets.csv`", (capacities.budget,)),
)


def build(m: Model) -> Model:
    """State the model of a frame's regions, without an objective.

    Parameters
    ----------
    m : InPyomo or Light
        An empty model, which holds the frame: sets and caps.

    Returns
    -------
    InPyomo or Light
        The same. Decisions: `listed`, `lots`, `arrivals`, `trainees`, `expansion`. What follows from them: `enters`,
        `leaves`, `unfilled`, `used`, `coverage`, `supplied`, `worst`, `worst_share`.
    """
    _sets(m)
    _variables(m)
    _constraints(m)
    return m


def _sets(m: Any) -> None:
    """Plain sorted lists of index tuples; only pairs that exist in the data."""
    problem, regions = m.frame.problem, m.frame.regions
    m.sums = defaultdict(dict)
    m.areas = [(r, p) for r in regions for p in problem.areas[r]]
    m.keys_by_area = {p: [] for _, p in m.areas}
    for key in m.frame.net:
        m.keys_by_area[key[1]].append(key)
    m.net_by_area = {p: sum(m.frame.net[key] for key in keys) for p, keys in m.keys_by_area.items()}
    m.keys_by_region = {r: [key for p in problem.areas[r] for key in m.keys_by_area[p]] for r in regions}
    m.reviewed = [(r, e.number) for r in regions for e in problem.reviews[r]]
    m.yearly = [(r, t) for r in regions for t in problem.years]
    m.served_areas = [(r, p) for r, p in m.areas if m.keys_by_area[p]]
    m.sectors = [(r, s) for r in regions for s in sorted({problem.attribute("sector", o) for o in problem.candidates[r]}
                                                         - {""})]
    m.pairs = [(o, p, t) for o, p in sorted({key[:2] for key in m.frame.arrival_cap}) for t in problem.years]
    m.reach = {p: [q for q in problem.reach[p] if problem.region_of[q] in regions] for _, p in m.areas}
    m.placed = [(g, place, t) for g, place, t in problem.capacity
                if any(r in regions for r in problem.regions_of(g, place))]


def _variables(m: Any) -> None:
    frame, problem = m.frame, m.frame.problem
    def unit(*_: Any) -> tuple[float, float]:
        return 0.0, 1.0

    def most(caps: dict[Any, float]) -> Callable[..., tuple[float, float]]:
        return lambda *key: (0.0, max(0.0, float(caps[key])))

    m.declare("listed", frame.listed, lambda *key: frame.listed[key], whole=True)
    m.declare("lots", [key for key, cap in frame.lots_cap.items() if cap > 0 or frame.lots_min[key] > 0],
              most(frame.lots_cap), whole=True)
    m.declare("arrivals", frame.arrival_cap, most(frame.arrival_cap))
    m.declare("trainees", frame.trainee_cap, most(frame.trainee_cap))
    m.declare("expansion", frame.expansion_cap, most(frame.expansion_cap))
    m.declare("enters", frame.listed, unit)
    m.declare("leaves", frame.listed, unit)
    fillable = [(o, p, t) for o, p, t in frame.net if not isinstance(shortages.supply(m, o, p)[t], (int, float))]
    m.declare("unfilled", fillable, most(frame.net))
    used = [(g, place, r, t) for g in problem.services for place in problem.places(g) for t in problem.years
            for r in problem.regions_of(g, place) if r in frame.regions]
    m.takers = {key: taken for key in used if not isinstance(taken := capacities.taken(m, *key), (int, float))}
    m.declare("used", m.takers, lambda *key: (0.0, _most_used(m, m.takers[key], *key)))
    m.declare("coverage", [p for _, p in m.served_areas], unit)
    banded = [p for r, p in m.served_areas if problem.rules(r).fairness.band is not None]
    m.declare("supplied", banded, lambda *_: (0.0, MOST_SUPPLY))
    m.declare("worst", frame.regions, unit)
    m.shared_aims = objectives.shared(frame)
    m.declare("worst_share", m.shared_aims, unit)


def _most_used(m: Any, taken: Any, g: str, place: str, r: str, t: int) -> float:
    """What a region could use at most: the capacity with all its expansion, where there is one; or all it may take."""
    key = (g, place, t)
    if key in m.frame.problem.capacity:
        return m.frame.problem.capacity[key] + m.frame.expansion_cap.get(key, 0.0)
    terms, _ = m.linear(taken)
    return sum(number * m.upper[column] for column, number in terms.items())


def _constraints(m: Any) -> None:
    problem, regions, frame = m.frame.problem, m.frame.regions, m.frame
    rules = {r: problem.rules(r) for r in regions}
    listed, lots = list(m.listed), list(m.lots)

    add = m.require

    add(shortages.shortage_balance, list(m.unfilled))
    add(shortages.arrivals_within_quota, lots)
    add(shortages.quota_at_least, lots)
    add(shortages.quota_only_if_listed, lots)
    add(shortages.arrivals_only_if_listed, list(m.arrivals))
    add(lists.list_length, m.reviewed)
    add(lists.list_length_by_tier, [(r, k, e) for r, e in m.reviewed for k in rules[r].list_length_by_tier])
    add(lists.list_length_by_sector, [(r, k, e) for r, e in m.reviewed for k in rules[r].list_length_by_sector])
    add(lists.list_follows_entries, listed)
    add(lists.enters_if_listed, listed)
    add(lists.leaves_if_unlisted, listed)
    add(lists.list_changes, m.reviewed)
    add(lists.minimum_stay, listed)
    add(lists.groups, [(r, n, o, e) for r, e in m.reviewed for n, group in enumerate(problem.groups[r])
                       for o in group[1:]])
    add(capacities.service_use, list(m.used))
    add(capacities.service_capacity, m.placed)
    add(capacities.expansion_stays, list(m.expansion))
    add(capacities.permit_total, [key for key in problem.permit_total if key[0] in regions])
    add(safeguards.domestic_first, m.pairs)
    add(safeguards.present_only_if_listed, list(frame.left_over))
    add(safeguards.training_required, lots)
    add(safeguards.worker_independence, [(o, p, t) for o in sorted({o for o, _, _ in m.pairs}) for r, p in m.areas
                                         if problem.parameter("min_other_vacancies", r, o) is not None
                                         for t in problem.years])
    add(safeguards.risk_share, [(r, k, t) for r, t in m.yearly for k in rules[r].risk_shares])
    add(safeguards.area_coverage, list(m.coverage))
    add(safeguards.area_supply, list(m.supplied))
    add(safeguards.fair_areas, m.served_areas)
    add(safeguards.fair_sectors, m.sectors)
    add(safeguards.band_below, m.served_areas)
    add(safeguards.band_above, m.served_areas)
    add(capacities.budget, [key for key in problem.budget if key[0] in regions])
    add(objectives.worst_area, m.served_areas)
    add(objectives.even_split, [(r, *aim) for aim, sharing in m.shared_aims.items() for r in sharing])
