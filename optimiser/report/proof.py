"""How far a plan is proved: what a better one could still fill, what is a tie, and what the search left unsettled."""

from __future__ import annotations

import math

import pandas as pd

from optimiser.problem import Problem
from optimiser.report.content import shortages
from optimiser.solution import Solution

FIRST = "unfilled"  # the aim that ties are about
SETTLED = ("optimal", "within_gap")
SMALL = 0.05  # person-years; less than this is rounding


def first_aim(solution: Solution, region: str) -> pd.Series | None:
    """The row of a region's objectives about unfilled shortage; None when that is not among its aims."""
    rows = solution.objectives
    rows = rows[(rows["region"] == region) & (rows["objective"] == FIRST)]
    return None if rows.empty else rows.iloc[0]


def room(solution: Solution, region: str) -> float:
    """(Weighted) person-years that a better plan could fill beyond this one, at most; NaN when nothing is proved."""
    row = first_aim(solution, region)
    left = math.nan if row is None else float(row["value"]) - float(row["bound"])
    return math.nan if math.isinf(left) else 0.0 if left < SMALL else left


def weighted(problem: Problem, region: str) -> bool:
    """Whether some occupation of a region counts more or less than others."""
    return any(weight != 1 for (r, _), weight in problem.parameters["weight"].items() if r == region)


def ties(problem: Problem, solution: Solution, region: str) -> set[str]:
    """Listed occupations that a better plan may do without, as far as is proved.

    Leaving one out costs at most the (weighted) person-years it fills. Where that is less than `room`, no proof says
    that it belongs on the list. What must be listed is never a tie.
    """
    left = room(solution, region)
    frame = shortages(problem, solution)
    filled = frame[frame["region"] == region].groupby("occupation")["filled_by_scheme"].sum()
    return {o for o in solution.quotas["occupation"][solution.quotas["region"] == region].unique()
            if problem.locked.get((region, o)) != 1
            and filled.get(o, 0.0) * (problem.parameter("weight", region, o) or 0.0) < left}


def wanted(problem: Problem, solution: Solution) -> float:
    """The gap that was asked for."""
    return float(solution.status.get("gap_wanted", problem.config.solver.gap))


def unsettled(solution: Solution, region: str) -> list[str]:
    """Later aims, in order, whose best value was not proved within the gap when the search ended."""
    rows = solution.objectives
    rows = rows[(rows["region"] == region) & (rows["objective"] != FIRST) & ~rows["status"].isin(SETTLED)]
    return rows["objective"].to_list()
