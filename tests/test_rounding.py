"""What is published is sound to the last decimal: plans of random countries pass the exact check after rounding."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from countries import country
from tiny import write_tiny
from worlds import rows, world

from optimiser.check import violations
from optimiser.errors import InfeasibleError
from optimiser.model import readback
from optimiser.problem import load
from optimiser.solving import solve


# Countries whose budgets pay to the last cent, or whose coverages must be reached exactly: rounding once broke them.
@pytest.mark.parametrize("seed", [100, 127, 131, 135, 144])
def test_published_plans_pass_the_check(tmp_path: Path, seed: int) -> None:
    problem = country(random.Random(seed), tmp_path)
    try:
        solution = solve(problem, gap=0.0)
    except InfeasibleError as error:
        assert error.clashes
    else:
        assert violations(problem, solution.plan) == []


def test_room_for_rounding_is_made_where_a_coverage_must_be_reached(tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of nine persons over two areas, 1.5 each; with 0.45 at work a person 3.333... must come to each.

    Rounded down to 3.333 they would be 1.49985: the area would stay below its share. So 3.334 come.
    """
    made: list[int] = []
    real = readback.in_steps
    monkeypatch.setattr(readback, "in_steps", lambda *args: made.append(1) or real(*args))
    problem = world(
        tmp_path, {"regions": {"R": {"fairness": {"area_coverage": 1 / 3}, "objectives": [{"name": "cost"}]}}},
        shortages=rows("area occupation year central", ("A1", "0110", 2026, 4.5), ("A2", "0110", 2026, 4.5)),
        retention=rows("region occupation cohort_year central", ("*", "*", 0, 0.45)),
        parameters=rows("parameter region occupation central", ("permit_cost", "*", "*", 100)))
    solution = solve(problem, gap=0.0)
    assert made
    assert solution.arrivals["arrivals"].tolist() == [3.334, 3.334]
    assert violations(problem, solution.plan) == []


# Tiny worlds in which a share must be reached while quotas, services or budgets are full: only some roundings keep all.
@pytest.mark.parametrize("number", [600, 616, 1608, 1611, 1643, 1754, 1795])
def test_tight_on_both_sides(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = readback.in_steps
    monkeypatch.setattr(readback, "in_steps", lambda *args: made.append(1) or real(*args))
    problem = load(write_tiny(tmp_path, number))
    solution = solve(problem, gap=0.0)
    assert made
    assert violations(problem, solution.plan) == []
