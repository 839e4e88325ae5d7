"""What HiGHS holds is what it was given: every difference in rows, columns, costs, bounds and options is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import pytest
from scipy import sparse
from test_solver import program, stage

from optimiser.errors import SolverError
from optimiser.solver import Program, highs

COST = np.array([1.0, 2.0])
GIVEN = replace(program([[1.0, 2.0], [0.0, 3.0]], [4.0, 5.0], stage(COST)), integer=np.array([True, False]))
DIFFERENCES: dict[str, Callable[[Any], object]] = {
    "a coefficient": lambda h: h.changeCoeff(0, 1, 2.5),
    "a coefficient that vanished": lambda h: h.changeCoeff(0, 1, 0.0),
    "a cost": lambda h: h.changeColCost(1, 2.5),
    "a constant": lambda h: h.changeObjectiveOffset(1.0),
    "what is best": lambda h: h.changeObjectiveSense(highspy.ObjSense.kMaximize),
    "a bound": lambda h: h.changeColBounds(1, 0.0, 2.0),
    "a side": lambda h: h.changeRowBounds(1, -highspy.kHighsInf, 6.0),
    "a whole number": lambda h: h.changeColIntegrality(1, highspy.HighsVarType.kInteger),
    "a row more": lambda h: h.addRow(0.0, 1.0, 1, np.array([0], dtype=np.int32), np.array([1.0])),
    "a row less": lambda h: h.deleteRows(1, np.array([1], dtype=np.int32)),
    "a column more": lambda h: h.addVar(0.0, 1.0),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_an_error(name: str) -> None:
    held = highs._loaded(GIVEN, COST, 0.0)
    highs._read_back(held, GIVEN, COST, 0.0)
    DIFFERENCES[name](held)
    with pytest.raises(SolverError, match="another programme"):
        highs._read_back(held, GIVEN, COST, 0.0)


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e15, 1e-10])
def test_a_coefficient_that_the_solver_would_drop_is_an_error(number: float) -> None:
    """Should one pass the gate, HiGHS refuses it, or the programme that is read back is another."""
    wrong = replace(GIVEN, matrix=sparse.csc_array(np.array([[1.0, number], [0.0, 3.0]])))
    with pytest.raises(SolverError):
        highs._loaded(wrong, COST, 0.0)


def asked(monkeypatch: pytest.MonkeyPatch, p: Program, **more: Any) -> dict[str, Any]:
    """The options of a run, as HiGHS holds them."""
    held: dict[str, Any] = {}
    real = highs.set_options

    def watched(h: highspy.Highs, **options: Any) -> None:
        real(h, **options)
        held.update({name: h.getOptionValue(name)[1] for name in options})

    monkeypatch.setattr(highs, "set_options", watched)
    highs.run(p, p.stages[0], 9.0, **more)
    return held


def test_every_run_has_one_thread_its_seed_and_tight_tolerances(monkeypatch: pytest.MonkeyPatch) -> None:
    held = asked(monkeypatch, GIVEN, seed=7, gap=0.25)
    assert held["threads"] == 1 and held["random_seed"] == 7
    assert held["mip_feasibility_tolerance"] == held["primal_feasibility_tolerance"] == 1e-9
    assert (held["time_limit"], held["mip_rel_gap"]) == (9.0, 0.25)


@pytest.mark.parametrize("wrong", [{"mip_speed": 9}, {"threads": "one"}, {"presolve": "perhaps"},
                                   {"mip_feasibility_tolerance": -1.0}])
def test_an_option_that_is_unknown_or_impossible_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(SolverError, match=next(iter(wrong))):
        highs.set_options(highspy.Highs(), **wrong)


def test_a_run_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highspy.Highs, "run", lambda _: highspy.HighsStatus.kError)
    with pytest.raises(SolverError, match="run ended with"):
        highs.run(GIVEN, GIVEN.stages[0], 1.0)
