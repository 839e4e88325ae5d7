"""Two or more plans side by side: what each fills, by area, sector and occupation, from their tidy tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimiser.explore.beside.listrules import exclusions
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import Solution, derive
from optimiser.texts import say

FILLED = ["shortage", "filled", "unfilled"]


def filling(problem: Problem, solution: Solution) -> pd.DataFrame:
    """What a plan fills.

    Returns
    -------
    DataFrame
        One row per area, occupation and year with a shortage: these, region, sector, and in person-years shortage
        (net of jobseekers who can be activated), filled, by_scheme and unfilled.
    """
    table = solution.unfilled
    return pd.DataFrame({
        "region": table["area"].map(problem.region_of), "area": table["area"], "occupation": table["occupation"],
        "sector": [problem.attribute("sector", str(o)) for o in table["occupation"]], "year": table["year"],
        "shortage": table["shortage"] - table["activated"],
        "filled": table["filled_by_scheme"] + table["filled_by_training"],
        "by_scheme": table["filled_by_scheme"], "unfilled": table["unfilled"]})


def summed(frame: pd.DataFrame, keys: Sequence[str], columns: Sequence[str], ends: Sequence[str]) -> pd.DataFrame:
    """Sums of columns by keys; `frame` has each column once per end: filled_a, filled_b."""
    names = [f"{column}_{end}" for column in columns for end in ends]
    return frame.groupby(list(keys), sort=True)[names].sum().round(6).reset_index()


def beside(first: pd.DataFrame, second: pd.DataFrame, ends: tuple[str, str]) -> pd.DataFrame:
    """Two fillings in one table; what only one of them speaks of is 0 in the other."""
    keys = ["region", "area", "occupation", "sector", "year"]
    both = first.merge(second, on=keys, how="outer", suffixes=(f"_{ends[0]}", f"_{ends[1]}"), sort=True)
    numbers = [column for column in both if column not in keys]
    return both.fillna(dict.fromkeys(numbers, 0.0))


def of_plans(problem: Problem, case: Problem, given: Plan, best: Plan, regions: Sequence[str]
             ) -> dict[str, pd.DataFrame]:
    """What a given list and the optimum fill in some regions, by area and by occupation, and their quotas."""
    solutions = derive(case, given), derive(problem, best)
    fillings = [filling(p, s) for p, s in zip((case, problem), solutions, strict=True)]
    of_list, of_optimum = (f[f["region"].isin(list(regions))] for f in fillings)
    both = beside(of_list, of_optimum, ("list", "optimum"))
    quotas = solutions[0].quotas.merge(solutions[1].quotas, on=["region", "occupation", "year"], how="outer",
                                       suffixes=("_list", "_optimum"), sort=True)
    ends, columns = ("list", "optimum"), ["filled", "unfilled"]
    tables = {}
    for name, keys in (("evaluate_areas", ["region", "area"]), ("evaluate_occupations", ["region", "occupation"])):
        frame = summed(both, keys, ["shortage", *columns], ends).drop(columns="shortage_optimum")
        tables[name] = frame.rename(columns={"shortage_list": "shortage"})
    by = tables["evaluate_occupations"]
    by["kept_off"] = [kept_off(problem, str(r), str(o)) for r, o in zip(by["region"], by["occupation"], strict=True)]
    tables["evaluate_occupations"] = by.sort_values(["region", "unfilled_list"], ascending=[True, False],
                                                    ignore_index=True)
    return tables | {"evaluate_quotas": quotas}


def kept_off(problem: Problem, region: str, occupation: str) -> str:
    """The rule that keeps an occupation off the list of a region, in words; nothing when none does."""
    law = exclusions(problem, region)
    if occupation in law:
        return say("explore.reason_law", reason=law[occupation])
    return say("explore.reason_must_not_list") if problem.locked.get((region, occupation)) == 0 else ""


def stacked(above: pd.DataFrame | None, below: pd.DataFrame) -> pd.DataFrame:
    """Rows of two tables with the same columns, one below the other."""
    return below if above is None or above.empty else pd.concat([above, below], ignore_index=True)
