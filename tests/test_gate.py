"""The gate: numbers out of range are scaled into it without changing a digit, or refused by name and row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from test_solver import program, stage
from worlds import rows, world

from optimiser.errors import InputError
from optimiser.solver import OutOfRange, Program, search
from optimiser.solver.gate import LEAST, MOST, refuse_out_of_range, scaled, scaling
from optimiser.solving import solve


def knapsack(unit: float) -> Program:
    """Two things worth 3 and 2 that take 2 and 1 of 4 units of room, counted in another unit."""
    return program([[2 * unit, 1 * unit]], [4 * unit], stage([-3, -2]), top=2.0)


@pytest.mark.parametrize("unit", [1e-12, 1e-7, 1.0, 1e7, 1e12])
def test_the_unit_of_a_row_changes_nothing(unit: float) -> None:
    p = knapsack(unit)
    refuse_out_of_range(p)
    part = scaled(p, scaling(p, p.stages[0].cost))
    assert (abs(part.matrix.data) >= LEAST).all() and (abs(part.matrix.data) <= MOST).all()
    assert search.Search(p, 0.0, 10.0, 1, lambda *_: None).run() == pytest.approx([1, 2])


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e7, 1e12])
def test_the_unit_of_an_aim_changes_nothing(unit: float) -> None:
    p = replace(knapsack(1.0), stages=(stage([-3 * unit, -2 * unit]), stage([1, 0])))
    refuse_out_of_range(p)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None)
    assert s.run() == pytest.approx([1, 2])
    assert s.stages[0].value == pytest.approx(-7 * unit, rel=1e-9)
    assert s.stages[0].bound == pytest.approx(-7 * unit, rel=1e-6)


def test_what_is_in_range_is_left_alone() -> None:
    p = knapsack(1.0)
    by = scaling(p, p.stages[0].cost)
    assert scaled(p, by) is p
    assert by.cost == 1 and (by.rows == 1).all() and (by.columns == 1).all()


def test_factors_are_powers_of_two() -> None:
    rng = np.random.default_rng(3)
    p = replace(knapsack(1.0), matrix=sparse.csc_array(10.0 ** rng.uniform(-9, 9, (40, 2))),
                row_lower=np.full(40, -np.inf), row_upper=np.full(40, np.inf), col_upper=np.array([1.0, 3e8]),
                integer=np.array([True, False]))
    by = scaling(p, 10.0 ** rng.uniform(-9, 9, 2))
    for factors in (by.rows, by.columns, np.array([by.cost])):
        mantissa, _ = np.frexp(factors)
        assert (mantissa == 0.5).all()
    assert by.columns[0] == 1  # a whole number stays one
    assert 3e8 / by.columns[1] <= 1e6


@pytest.mark.parametrize(("wrong", "row", "column"), [
    (program([[1.0, 1.0], [1.0, 1e10]], [1.0, 1.0], stage([1, 1])), "row1", "col1"),
    (program([[1.0, 1.0], [1.0, np.nan]], [1.0, 1.0], stage([1, 1])), "row1", "col1"),
    (program([[1.0, 1.0]], [1.0], stage([1e-9, 1.0])), "aim", "col0"),
    (replace(knapsack(1.0), col_upper=np.array([9e5, 1.0])), "", "col0"),
    (replace(knapsack(1.0), row_upper=np.array([np.nan])), "row0", ""),
    (replace(knapsack(1.0), stages=(stage([np.inf, 1.0]),)), "aim", "col0"),
])
def test_what_cannot_be_scaled_is_refused_by_name(wrong: Program, row: str, column: str) -> None:
    with pytest.raises(OutOfRange) as caught:
        refuse_out_of_range(wrong)
    assert (caught.value.row, caught.value.column) == (row, column)


def services(units: tuple[float, float], capacity: float) -> dict[str, Any]:
    """A course that builders and nurses take so many hours of."""
    return {"services": rows("service scope unit", ("course", "area", "hours")),
            "service_use": rows("service region occupation per cohort_year central",
                                ("course", "*", "0110", "person", 0, units[0]),
                                ("course", "*", "2221", "person", 0, units[1])),
            "capacities": rows("service place year central", ("course", "*", "*", capacity))}


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1.0, 5e4])
def test_a_service_may_be_counted_in_any_unit(tmp_path: Path, unit: float) -> None:
    """Room for five builders, at 2 units each, and all four nurses, at 1."""
    problem = world(tmp_path, **services((2 * unit, unit), 14 * unit))
    solution = solve(problem, gap=0.0)
    assert float(solution.unfilled["unfilled"].sum()) == pytest.approx(5, abs=0.002)
    assert solution.status["termination"] == "optimal"


def test_two_units_that_do_not_fit_are_refused_with_the_row_of_the_table(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        solve(world(tmp_path, **services((1e-9, 400), 1000)))
    fault, = caught.value.faults
    assert (fault.file, fault.row, fault.column) == ("service_use.csv", 2, "central")
    assert fault.got == ("1e-09 (in the model -1e-09 in service_use[course, A1, R, 2026], arrivals[0110, A1, 2026])")


def test_more_lots_than_the_solver_can_count_are_refused_with_a_row(tmp_path: Path) -> None:
    problem = world(tmp_path, shortages=rows("area occupation year central", ("A1", "0110", 2026, 900_000)))
    with pytest.raises(InputError, match=r"shortages\.csv, row 2, central: got 900000 .*at most 100000"):
        solve(problem)
    lots = rows("parameter region occupation central", ("lot", "*", "*", 100))
    solution = solve(world(tmp_path / "lots", shortages=rows("area occupation year central",
                                                             ("A1", "0110", 2026, 900_000)), parameters=lots))
    assert solution.quotas["quota"].tolist() == [900_000]


def test_a_service_without_a_limit_does_not_limit(tmp_path: Path) -> None:
    """Thirty thousand people at a hundred hours each: three million hours, counted and paid, and nobody turned away."""
    problem = world(
        tmp_path, shortages=rows("area occupation year central", ("A1", "0110", 2026, 30_000)),
        services=rows("service scope unit", ("course", "area", "hours")),
        service_use=rows("service region occupation per cohort_year central", ("course", "*", "*", "person", 0, 100)),
        service_parameters=rows("parameter service place central", ("unit_cost", "course", "*", 1)))
    solution = solve(problem, gap=0.0)
    assert float(solution.unfilled["unfilled"].sum()) == 0
    assert float(solution.objectives.set_index("objective")["value"]["cost"]) == 3_000_000
