"""Families 9 to 11, recomputed: domestic workers first, workers who can leave, areas and sectors served fairly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from optimiser.check.rule import Facts, Violation, violation
from optimiser.exact import ZERO, Cell, fraction, parameter


def domestic_first(facts: Facts) -> Iterator[Violation]:
    """People of the scheme are at most a share of the largest net shortage seen so far.

    present[o,p,t] <= max_migrant_share[r,o] max over s <= t of net[o,p,s].
    For all occupations, areas and years. Unit: persons.
    """
    problem, net = facts.problem, facts.outcome.net
    for (o, p, t), there in sorted(facts.outcome.present.items()):
        share = problem.parameter("max_migrant_share", problem.region_of[p], o)
        if share is None:
            continue
        peak = max(net.get((o, p, s), ZERO) for s in problem.years if s <= t)
        if there > fraction(share) * peak:
            yield violation("domestic_first", "migrant_share", there, fraction(share) * peak, occupation=o, area=p,
                            year=t, share=fraction(share), peak=peak)


def training_required(facts: Facts) -> Iterator[Violation]:
    """Each permit goes with training starts of the same year.

    trainees[r,o,t] >= trainees_per_permit[r,o] quota[r,o,t].
    For all regions, occupations and years. Unit: persons per year.
    """
    for (r, o, t), quota in sorted(facts.plan.quota.items()):
        ratio = parameter(facts.problem, "trainees_per_permit", r, o)
        starts = facts.plan.trainees.get((r, o, t), ZERO)
        if starts < ratio * quota:
            yield violation("domestic_first", "too_few_trainees", starts, ratio * quota, region=r, occupation=o,
                            year=t, ratio=ratio, quota=quota)


def training_places(facts: Facts) -> Iterator[Violation]:
    """No more people start training than there are places; without a number there is none.

    trainees[r,o,t] <= training_places[r,o,t]. For all regions, occupations and years. Unit: persons per year.
    """
    for (r, o, t), starts in sorted(facts.plan.trainees.items()):
        places = fraction(facts.problem.training_places.get((r, o, t), 0.0))
        if starts > places:
            yield violation("domestic_first", "too_many_trainees", starts, places, region=r, occupation=o, year=t)


def vacancies_for_arrivals(facts: Facts) -> Iterator[Violation]:
    """Nobody arrives in a year in which the shortage in commuting reach isn't above what must remain.

    arrivals[o,p,t] > 0 only if sum over q in reach(p) of shortage[o,q,t] > min_other_vacancies[r,o].
    For all occupations, areas and years. Unit: vacancies.
    """
    problem = facts.problem
    for (o, p, t), number in sorted(facts.plan.arrivals.items()):
        needed = problem.parameter("min_other_vacancies", problem.region_of[p], o)
        if number > 0 and needed is not None and (open_ := _in_reach(facts, (o, p, t))) <= fraction(needed):
            yield violation("worker_independence", "no_vacancies", open_, fraction(needed), occupation=o, area=p,
                            year=t, arrivals=number)


def worker_independence(facts: Facts) -> Iterator[Violation]:
    """A worker of the scheme finds other vacancies of the occupation within commuting reach.

    sum over q in reach(p) of present[o,q,t] <= max over s <= t of sum over q in reach(p) of shortage[o,q,s]
    - min_other_vacancies[r,o]. For all occupations, areas and years with a positive right side. Unit: persons. Right
    sides that aren't positive are `vacancies_for_arrivals`' matter.
    """
    problem, present = facts.problem, facts.outcome.present
    reached = {p: problem.reach[p] for r in facts.regions for p in problem.areas[r]}
    for o in sorted({o for o, _, _ in present}):
        for p, reach in reached.items():
            needed = problem.parameter("min_other_vacancies", problem.region_of[p], o)
            for t in problem.years if needed is not None else ():
                there = sum((present.get((o, q, t), ZERO) for q in reach), ZERO)
                if not there:
                    continue
                peak = max(_in_reach(facts, (o, p, s)) for s in problem.years if s <= t)
                if ZERO < peak - fraction(needed or 0.0) < there:
                    yield violation("worker_independence", "dependent", there, peak - fraction(needed or 0.0),
                                    occupation=o, area=p, year=t, peak=peak, needed=fraction(needed or 0.0))


def _in_reach(facts: Facts, cell: Cell) -> Fraction:
    """Shortage of an occupation within commuting reach of an area, which stands for open vacancies (persons)."""
    o, p, t = cell
    return sum((facts.outcome.shortage.get((o, q, t), ZERO) for q in facts.problem.reach[p]), ZERO)


def risk_share(facts: Facts) -> Iterator[Violation]:
    """Occupations of an exploitation-risk class take at most a share of the year's quotas.

    sum over o of the class of quota[r,o,t] <= risk_share[r,class] sum over o of quota[r,o,t].
    For all regions, classes with a share, and years. Unit: permits per year.
    """
    total: dict[tuple[str, int], int] = defaultdict(int)
    of_class: dict[tuple[str, str, int], int] = defaultdict(int)
    for (r, o, t), quota in facts.plan.quota.items():
        total[r, t] += quota
        of_class[r, facts.problem.attribute("risk_class", o), t] += quota
    for (r, risk, t), quota in sorted(of_class.items()):
        share = facts.problem.rules(r).risk_shares.get(risk)  # pyright: ignore
        if share is not None and quota > fraction(share) * total[r, t]:
            yield violation("worker_independence", "risk", quota, fraction(share) * total[r, t], region=r, year=t,
                            risk=risk, share=fraction(share), total=total[r, t])


@dataclass
class Served:
    """How far some net shortages are served over all years (person-years)."""

    net: Fraction = ZERO
    filled: Fraction = ZERO
    supply: Fraction = ZERO


def fair_areas(facts: Facts) -> Iterator[Violation]:
    """Every area gets at least a share of its net shortage filled.

    sum over o,t of filled[o,p,t] >= area_coverage[r] sum over o,t of net[o,p,t].
    For all regions and areas with a net shortage. Unit: person-years over all years.
    """
    rules = _fairness(facts, "area_coverage")
    served = _served(facts, lambda o, p: p) if rules else {}
    for r, share in rules.items():
        for p in facts.problem.areas[r]:
            if p in served and served[p].filled < share * served[p].net:
                yield violation("fairness", "area_coverage", served[p].filled, share * served[p].net, area=p,
                                share=share, net=served[p].net)


def fair_sectors(facts: Facts) -> Iterator[Violation]:
    """Every sector that has a candidate gets at least a share of its net shortage filled.

    sum over o of the sector, p and t of filled[o,p,t] >= sector_coverage[r] sum over the same of net[o,p,t].
    For all regions and sectors with a net shortage. Unit: person-years over all years.
    """
    problem, rules = facts.problem, _fairness(facts, "sector_coverage")
    served = _served(facts, lambda o, p: (problem.region_of[p], problem.attribute("sector", o))) if rules else {}
    for r, share in rules.items():
        for sector in sorted({problem.attribute("sector", o) for o in problem.candidates[r]} - {""}):
            here = served.get((r, sector), Served())
            if here.filled < share * here.net:
                yield violation("fairness", "sector_coverage", here.filled, share * here.net, region=r, sector=sector,
                                share=share, net=here.net)


def band(facts: Facts) -> Iterator[Violation]:
    """No area is served much worse or much better than its region; each side counts against itself.

    filled_p / net_p >= supply_r / net_r - band_r and supply_p / net_p <= filled_r / net_r + band_r.
    For all regions and areas with a net shortage. Unit: share of person-years over all years. `supply` counts people
    also beyond the net shortage of their occupation, area and year, `filled` only those who fill it.
    """
    rules = _fairness(facts, "band")
    areas = _served(facts, lambda o, p: p) if rules else {}
    regions = _served(facts, lambda o, p: facts.problem.region_of[p]) if rules else {}
    for r, width in rules.items():
        for p in (p for p in facts.problem.areas[r] if p in areas):
            here, whole = areas[p], regions[r]
            received, filled = whole.supply / whole.net, whole.filled / whole.net
            if here.filled / here.net < received - width:
                yield violation("fairness", "band_below", here.filled / here.net, received - width, area=p, region=r,
                                band=width, received=received)
            if here.supply / here.net > filled + width:
                yield violation("fairness", "band_above", here.supply / here.net, filled + width, area=p, region=r,
                                band=width, filled=filled)


def _fairness(facts: Facts, name: str) -> dict[str, Fraction]:
    """A fairness setting of every region that has it."""
    given = {r: getattr(facts.problem.rules(r).fairness, name) for r in facts.regions}
    return {r: fraction(value) for r, value in given.items() if value is not None}


def _served(facts: Facts, group: Callable[[str, str], Any]) -> dict[Any, Served]:
    """Net shortage, filled and supply over all years, summed by `group(occupation, area)`; only net shortages count."""
    served: dict[Any, Served] = {}
    outcome = facts.outcome
    for cell, net in outcome.net.items():
        if net > 0:
            total = served.setdefault(group(cell[0], cell[1]), Served())
            total.net += net
            if supply := outcome.supply(cell):
                total.filled += min(net, supply)
                total.supply += supply
    return served
