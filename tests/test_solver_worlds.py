"""From tables to answers: whose aims come first, what regions owe each other, and how large the programme may be."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from countries import country
from scipy import sparse
from test_solver import knapsack
from worlds import rows, world

import optimiser
from optimiser.errors import SolverError
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import hand_over
from optimiser.solution import Solution
from optimiser.solver import search, solve

BELGIUM = Path(__file__).parent.parent / "configs" / "belgium.yaml"
UNFILLED, COST = {"name": "unfilled"}, {"name": "cost"}


def pair(folder: Path, of_r: list[dict[str, Any]], of_s: list[dict[str, Any]], desk: float | None = None,
         **more: Any) -> Solution:
    """Regions R and S, ten builders short in each, at most six permits each at 100 EUR.

    With a `desk` they share one, of so many hours, ten of them per person.
    """
    tables: dict[str, Any] = {
        "regions": rows("region", ("R",), ("S",)), "areas": rows("area region", ("A1", "R"), ("B1", "S")),
        "shortages": rows("area occupation year central", ("A1", "0110", 2026, 10), ("B1", "0110", 2026, 10)),
        "permit_totals": rows("region year central", ("*", "*", 6)),
        "parameters": rows("parameter region occupation central", ("permit_cost", "*", "*", 100)),
    }
    if desk is not None:
        tables |= {
            "services": rows("service scope unit source", ("desk", "shared", "hours", "S")),
            "service_use": rows("service region occupation per cohort_year central",
                                ("desk", "*", "*", "person", 0, 10)),
            "capacities": rows("service place year central", ("desk", "shared", "*", desk))}
    rules = {"R": {"objectives": of_r}, "S": {"objectives": of_s}}
    problem = world(folder, {"regions": {r: rules[r] | more for r in rules}}, **tables)
    assert len(components(problem)) == (2 if desk is None else 1)
    return optimiser.solve(problem)


def value(solution: Solution, region: str, objective: str) -> float:
    table = solution.objectives.set_index(["region", "objective"])["value"]
    return float(table[region, objective])  # pyright: ignore


def permits(solution: Solution) -> dict[str, int]:
    quota = solution.quotas.groupby("region")["quota"].sum()
    return {region: int(quota.get(region, 0)) for region in ("R", "S")}


@pytest.mark.parametrize("desk", [None, 1000.0])
def test_every_region_gives_back_its_own_tolerance_only(tmp_path: Path, desk: float | None) -> None:
    """Four of ten stay unfilled; half of that more, for a lower cost, only where the region says so."""
    solution = pair(tmp_path, [UNFILLED | {"tolerance": 0.5}, COST], [UNFILLED | {"tolerance": 0.0}, COST], desk)
    assert permits(solution) == {"R": 4, "S": 6}
    assert (value(solution, "R", "unfilled"), value(solution, "S", "unfilled")) == (6, 4)
    assert (value(solution, "R", "cost"), value(solution, "S", "cost")) == (400, 600)
    assert set(solution.objectives["status"]) == {"optimal"}


def test_regions_that_share_want_the_same_together(tmp_path: Path) -> None:
    """A desk for nine people: eleven of twenty stay unfilled, as many in each region: that takes a permit more."""
    solution = pair(tmp_path, [UNFILLED, COST], [UNFILLED, COST], 90.0)
    assert value(solution, "R", "unfilled") == value(solution, "S", "unfilled") == 5.5
    assert permits(solution) == {"R": 5, "S": 5}


def test_regions_that_share_may_want_different_things(tmp_path: Path) -> None:
    """S saves first and so leaves the desk to R, which takes it to its own limit of six."""
    solution = pair(tmp_path, [UNFILLED, COST], [COST, UNFILLED], 90.0)
    assert permits(solution) == {"R": 6, "S": 0}
    assert value(solution, "S", "cost") == 0
    assert value(solution, "S", "unfilled") == 10


def test_a_region_without_aims_beside_one_with(tmp_path: Path) -> None:
    solution = pair(tmp_path, [UNFILLED], [], 90.0)
    assert permits(solution) == {"R": 6, "S": 0}
    assert solution.objectives["region"].tolist() == ["R"]


@pytest.mark.parametrize("desk", [None, 1000.0])
def test_without_aims_only_what_must_be_is_done(tmp_path: Path, desk: float | None) -> None:
    idle = pair(tmp_path / "idle", [], [], desk)
    assert permits(idle) == {"R": 0, "S": 0} and idle.arrivals.empty and len(idle.objectives) == 0
    assert idle.status["termination"] == "optimal"
    owed = pair(tmp_path / "owed", [], [], desk, fairness={"area_coverage": 0.3})
    assert permits(owed) == {"R": 3, "S": 3}
    assert owed.arrivals["arrivals"].tolist() == [3, 3]


def test_the_order_of_aims_decides(tmp_path: Path) -> None:
    assert permits(pair(tmp_path / "a", [UNFILLED, COST], [COST, UNFILLED])) == {"R": 6, "S": 0}
    assert permits(pair(tmp_path / "b", [COST, UNFILLED], [UNFILLED, COST])) == {"R": 0, "S": 6}


@pytest.mark.parametrize("seed", range(500, 508))
def test_an_answer_satisfies_every_row_of_the_model(tmp_path: Path, seed: int) -> None:
    """No row gets lost on the way to the solver."""
    problem = country(random.Random(seed), tmp_path)
    for regions in components(problem):
        p = hand_over(frame(problem, regions)).program
        x: Any = search.Search(p, 0.0, 30.0, 1, lambda *_: None).run()
        if x is not None:
            left = p.matrix @ x
            size = 1e-7 * np.maximum(1.0, abs(left))
            assert (left <= p.row_upper + size).all() and (left >= p.row_lower - size).all()
            assert (x >= p.col_lower - 1e-7).all() and (x <= p.col_upper + 1e-7).all()
            assert (x == np.round(x))[p.integer].all()


def test_a_number_that_is_none_is_refused_wherever_it_stands() -> None:
    p = knapsack(2)
    first, *others = p.stages
    nowhere = np.full(len(p.col_lower), np.nan)
    spoilt = sparse.csc_array(np.where(np.arange(9) == 4, np.nan, p.matrix.toarray()))
    for wrong in (replace(p, matrix=spoilt), replace(p, row_lower=np.full(4, np.nan)),
                  replace(p, row_upper=np.full(4, np.nan)), replace(p, col_lower=nowhere),
                  replace(p, col_upper=nowhere), replace(p, stages=(replace(first, cost=nowhere), *others)),
                  replace(p, stages=(replace(first, constant=np.nan), *others))):
        with pytest.raises(SolverError):
            solve(wrong, gap=0.0, time_limit=10, seed=1)


def test_the_belgian_programme_does_not_grow() -> None:
    """Rows, columns and coefficients it may have; a formulation that needs more must tell what the bound gains."""
    problem = optimiser.load(BELGIUM)
    most = {("BE2",): (17_500, 9_900, 105_000, 1_160), ("BE3",): (12_900, 6_000, 77_000, 800)}
    assert set(components(problem)) == set(most)
    for regions, limits in most.items():
        p: Any = hand_over(frame(problem, regions)).program
        size = (*p.matrix.shape, p.matrix.nnz, int(p.integer.sum()))
        assert all(has <= may for has, may in zip(size, limits, strict=True)), size
        sizes = abs(p.matrix.data)
        assert sizes.min() >= 1e-4 and sizes.max() <= 1e5  # beyond that, what the solver proves is not to be trusted
        assert p.col_upper.max() <= 2e5
