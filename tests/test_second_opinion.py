"""A second opinion: another build of a solver, without presolve or heuristics of ours, reaches the same values."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from countries import country
from scipy.optimize import Bounds, LinearConstraint, milp

from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import hand_over
from optimiser.solver import Program, moves, search

SEEDS = range(30)
TIGHT, LOOSE = 1e-9, 1e-5  # what keeping an aim may cost: two lists that tie in it may differ by the last digits alone


def opinion(program: Program, slack: float) -> list[float] | None:
    """Value of the first two stages, the second keeping the first but for `slack`; None when nothing is allowed."""
    values: list[float] = []
    for stage in program.stages[:2]:
        p: Any = program
        found = milp(stage.cost, constraints=LinearConstraint(p.matrix, p.row_lower, p.row_upper),
                     integrality=p.integer.astype(int), bounds=Bounds(p.col_lower, p.col_upper),
                     options={"presolve": False, "mip_rel_gap": 0.0})
        if found.x is None:
            return None
        values.append(float(found.fun) + stage.constant)
        for cost, constant, relative, absolute in stage.parts:
            held = float(cost @ found.x) + constant
            program = program.with_row(cost, held + max(relative * abs(held), absolute) + slack - constant)
    return values


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_both_reach_the_same_values(tmp_path: Path, seed: int, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr(moves, "LARGE", 0)
    problem = country(random.Random(seed), tmp_path)
    for regions in components(problem):
        program = hand_over(frame(problem, regions)).program
        strict, generous = opinion(program, TIGHT), opinion(program, LOOSE)
        s = search.Search(program, 0.0, 60.0, 1, lambda *_: None)
        x = s.run()
        if strict is None or generous is None:
            assert x is None and s.infeasible
            continue
        assert x is not None
        first, second = s.stages[:2]
        assert first.value == pytest.approx(strict[0], abs=1e-5, rel=1e-6)
        assert first.bound <= strict[0] + 1e-5
        if len(regions) > 1:
            continue  # joint aims keep what each region got, and which of equal plans that is, is nobody's choice
        assert second.bound <= strict[1] + 1e-5
        assert second.value >= generous[1] - 1e-5
        if not large:  # there later aims are proved too
            assert second.value <= strict[1] + 1e-5
