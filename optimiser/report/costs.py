"""Public cost of every region and year by what it is paid for."""

from __future__ import annotations

import pandas as pd

from optimiser.problem import Problem
from optimiser.report.content import PERMITS
from optimiser.report.reasons import usage
from optimiser.solution import Solution

KINDS = ["permits", "services", "expansion", "training"]


def costs(problem: Problem, solution: Solution) -> pd.DataFrame:
    """Public cost.

    Returns
    -------
    DataFrame
        region, year, `KINDS`, total (EUR); one row per region and year. The expansion of a shared place is paid in
        equal parts.
    """
    paid = {(r, t): dict.fromkeys(KINDS, 0.0) for r in problem.regions for t in problem.years}
    for kind, rows in (("permits", _permits(problem, solution)), ("services", _services(problem, solution)),
                       ("expansion", _expansion(problem, solution)), ("training", _training(problem, solution))):
        for region, year, cost in rows:
            paid[region, year][kind] += cost
    frame = pd.DataFrame([{"region": r, "year": t, **by_kind} for (r, t), by_kind in paid.items()])
    return frame.assign(total=frame[KINDS].sum(axis=1))


Rows = list[tuple[str, int, float]]


def _permits(problem: Problem, solution: Solution) -> Rows:
    return [(r, t, n * (problem.parameter("permit_cost", r, o) or 0.0)) for r, o, t, n in
            solution.quotas[["region", "occupation", "year", "quota"]].itertuples(index=False)]


def _services(problem: Problem, solution: Solution) -> Rows:
    used = usage(problem, solution)
    return [(r, t, units * problem.service_parameter("unit_cost", g, place)) for r, g, place, t, units in
            used[["region", "service", "place", "year", "units"]].itertuples(index=False) if g != PERMITS]


def _expansion(problem: Problem, solution: Solution) -> Rows:
    rows: Rows = []
    for (g, place, t), units in solution.plan.expansion.items():
        payers = problem.payers(g, place)
        price = problem.service_parameter("expansion_cost", g, place)
        rows += [(r, t, float(units) * price / len(payers)) for r in payers]
    return rows


def _training(problem: Problem, solution: Solution) -> Rows:
    return [(r, t, n * (problem.parameter("training_cost", r, o) or 0.0)) for r, o, t, n in
            solution.training[["region", "occupation", "year", "trainees"]].itertuples(index=False)]
