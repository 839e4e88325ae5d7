"""The published tables, worked out again from the plan and compared cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from optimiser.check.rule import decimal
from optimiser.plan import Plan, exact
from optimiser.problem import Problem
from optimiser.solution import COLUMNS, Solution, derive
from optimiser.tables import cell
from optimiser.texts import say

KEYS = {
    "lists": ("region", "occupation", "review"),
    "quotas": ("region", "occupation", "year"),
    "arrivals": ("area", "occupation", "year"),
    "training": ("region", "occupation", "year"),
    "unfilled": ("area", "occupation", "year"),
    "services": ("service", "place", "year"),
    "objectives": ("region", "objective"),
}
MAXIMISED = ("worst_coverage",)
ENDS = ("failed", "interrupted", "time_limit", "work_limit", "within_gap", "optimal")  # of a search, the worst first
ROUNDING = exact(0.001)
"""Share by which a value may seem better than its bound: plans are published with three decimals."""


def differences(problem: Problem, solution: Solution) -> list[str]:
    """Every published cell that doesn't follow from the plan, and every proof that can't be true.

    Parameters
    ----------
    problem : Problem
    solution : Solution
        As published; its plan must have keys that exist.

    Returns
    -------
    list of str
        One line per missing, surplus or differing row or cell; a bound or gap that contradicts its value.
    """
    proofs = {(row["region"], row["objective"]): (row["bound"], row["gap"], row["status"])
              for row in solution.objectives.to_dict("records")}
    again = derive(problem, _positive(solution.plan), proofs)
    found = [line for name in COLUMNS for line in _compare(name, getattr(solution, name), getattr(again, name))]
    told = [one.model_dump() for one in problem.config.applied_scenarios]
    others = [] if solution.status.get("scenarios", told) == told else [say("check.status_scenarios")]
    return [*found, *_proofs(again.objectives), *_status(solution.status, again.objectives), *others]


def _positive(plan: Plan) -> Plan:
    """The plan without zeros, which aren't published."""
    kept = {name: {key: number for key, number in getattr(plan, name).items() if number}
            for name in ("quota", "arrivals", "trainees", "expansion")}
    return replace(plan, **kept)


def _compare(name: str, published: pd.DataFrame, again: pd.DataFrame) -> Iterator[str]:
    """Differences of one table; rows are matched by key, so that one missing row doesn't shift the others."""
    file = f"{name}.csv"
    right, wrong = _rows(name, again), _rows(name, published)
    if len(wrong) < len(published):
        yield say("check.twice", file=file, n=len(published) - len(wrong))
    for key, row in right.items():
        where = " ".join(key)
        if key not in wrong:
            yield say("check.row_missing", file=file, where=where)
            continue
        for column, expected, got in zip(COLUMNS[name], row, wrong[key], strict=True):
            if got != expected:
                yield say("check.cell", file=file, where=where, column=column, got=got or say("check.nothing"),
                          expected=expected or say("check.nothing"))
    for key in wrong:
        if key not in right:
            yield say("check.row_surplus", file=file, where=" ".join(key))
    if wrong.keys() == right.keys() and list(wrong) != list(right):
        yield say("check.order", file=file)


def _rows(name: str, frame: pd.DataFrame) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The rows of a table by key, every cell as it stands in the file."""
    positions = [COLUMNS[name].index(column) for column in KEYS[name]]
    texts = [[cell(value) for value in frame[column]] for column in COLUMNS[name]]
    return {tuple(row[i] for i in positions): row for row in zip(*texts, strict=True)}


def _proofs(objectives: pd.DataFrame) -> Iterator[str]:
    """No value is better than its bound, and no gap smaller than the distance of the two, beyond rounding.

    Unproved bounds (empty, or shared by several regions) are left out. The distance is taken relative to the larger
    of value and bound, the smallest of the usual ways.
    """
    for row in objectives.to_dict("records"):
        if not math.isfinite(row["bound"]):
            continue
        value, bound = exact(row["value"]), exact(row["bound"])
        larger = max(abs(value), abs(bound))
        ahead = value - bound if row["objective"] in MAXIMISED else bound - value
        words = {name: cell(row[name]) for name in ("region", "objective", "unit", "value", "bound", "gap")}
        if ahead > ROUNDING * larger:
            yield say("check.bound", **words)
        elif math.isfinite(row["gap"]) and larger and -ahead / larger > exact(row["gap"]) + ROUNDING:
            yield say("check.gap", distance=decimal(-ahead / larger, 6), **words)


def _status(status: dict[str, Any], objectives: pd.DataFrame) -> Iterator[str]:
    """What the status repeats of the table: value and bound of every region's first aim, the largest gap of these, how
    the search for each aim ended.
    """
    first = objectives[objectives["rank"] == 1].set_index("region")
    for name, column in (("objective", "value"), ("bound", "bound")):
        for region, got in status.get(name, {}).items():
            expected = first[column].get(region)
            if got is not None and got != expected:
                yield say("check.status", name=name, region=region, got=got, expected=expected)
    largest = max(first["gap"], default=0.0)
    if first["gap"].notna().all() and status.get("gap", largest) not in (largest, None):
        yield say("check.status_gap", got=status["gap"], expected=cell(largest))
    yield from _ends(status, objectives.set_index(["region", "objective"])["status"].to_dict())


def _ends(status: dict[str, Any], published: dict[Any, str]) -> Iterator[str]:
    """How the searches ended: aim by aim as in the table, and the run as the worst of them."""
    searches = status.get("searches", [])
    try:
        ends = {search["termination"] for search in searches}
        aims = {(region, stage["objective"]): stage["status"] for search in searches for stage in search["stages"]
                for region in search["regions"]}
    except (KeyError, TypeError):
        yield say("check.searches")
        return
    for (region, objective), end in aims.items():
        if (got := published.get((region, objective), end)) != end:
            yield say("check.ended", region=region, objective=objective, got=got or say("check.nothing"), expected=end)
    worst = next((end for end in ENDS if end in ends), None)
    if worst and status.get("termination", worst) != worst:
        yield say("check.run_ended", got=status["termination"], expected=worst)
