"""Room for rounding is room enough: whatever publishing with few decimals does to a plan, its rules can be kept."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from countries import country
from scipy.optimize import Bounds, LinearConstraint, milp

from optimiser.check import violations
from optimiser.errors import InfeasibleError
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, hand_over
from optimiser.model.margins import DOWN, STEP, UP, tightened
from optimiser.model.readback import plans
from optimiser.solver import Stage, search
from optimiser.solving import solve

ROOM = 1e-7  # what the solvers call satisfied
ROUNDED = (100, 127, 144)  # countries of which rounding once broke the plans


def found(handed: Handed) -> np.ndarray | None:
    return search.Search(handed.program, 0.0, 30.0, 1, lambda *_: None).run()


def spoilt(handed: Handed, x: Any, rng: np.random.Generator) -> Any:
    """People rounded down and extra capacity up, by anything below the last decimal."""
    name = np.array([name for name, _ in handed.columns])
    by = np.where(np.isin(name, UP), STEP, 0.0) - np.where(np.isin(name, DOWN), STEP, 0.0)
    return np.clip(x + by * rng.choice([0.0, 0.5, 0.999], len(x)), handed.program.col_lower, handed.program.col_upper)


def can_be_kept(handed: Handed, x: Any) -> bool:
    """Whether what follows from the decisions can be filled in so that every row holds."""
    program: Any = handed.program
    decided = program.integer | np.isin([name for name, _ in handed.columns], [*DOWN, *UP])
    lower = np.where(decided, x, program.col_lower)
    upper = np.where(decided, x, program.col_upper)
    limits = LinearConstraint(program.matrix, program.row_lower - ROOM, program.row_upper + ROOM)
    return milp(np.zeros(len(x)), constraints=limits, bounds=Bounds(lower, upper)).x is not None


def training_kept(handed: Handed) -> Handed:
    """Without the rows that publishing sees to itself: no fewer trainees than the permits require."""
    kept = [i for i, (name, _) in enumerate(handed.rows) if name != "training_required"]
    program = handed.program
    return replace(handed, rows=tuple(handed.rows[i] for i in kept), program=replace(
        program, matrix=program.matrix.tocsr()[kept].tocsc(), row_lower=program.row_lower[kept],
        row_upper=program.row_upper[kept], row_names=tuple(program.row_names[i] for i in kept)))


def wishing(handed: Handed, few: bool) -> Handed:
    """With one aim: fewest people, so that coverages are just reached, or most, so that capacities just suffice."""
    people = np.isin([name for name, _ in handed.columns], DOWN)
    aim = Stage("people", np.where(people, 1.0 if few else -1.0, 0.0))
    return replace(handed, program=replace(handed.program, stages=(aim,)))


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("seed", [*ROUNDED, *range(200, 212)])
def test_what_has_room_stays_allowed_however_it_is_rounded(tmp_path: Path, seed: int, few: bool) -> None:
    rng = np.random.default_rng(seed)
    problem = country(random.Random(seed), tmp_path)
    for regions in components(problem):
        handed = wishing(hand_over(frame(problem, regions)), few)
        if (best := found(handed)) is None:
            continue
        if (x := found(replace(handed, program=tightened(handed, best)))) is None:
            continue  # so tight that there is no room: the plan is then tried as it is
        assert (np.round(x[handed.program.integer]) == np.round(best[handed.program.integer])).all()
        for _ in range(4):
            assert can_be_kept(training_kept(handed), spoilt(handed, x, rng))


@pytest.mark.parametrize("seed", range(300, 310))
def test_one_of_the_plans_to_try_is_sound(tmp_path: Path, seed: int) -> None:
    problem = country(random.Random(seed), tmp_path)
    for regions in components(problem):
        handed = hand_over(frame(problem, regions))
        if (x := found(handed)) is not None:
            assert any(violations(problem, plan, regions) == [] for plan in plans(handed, x))


@pytest.mark.parametrize("seed", [*ROUNDED, 400, 401])
def test_what_is_published_is_sound_and_no_better_than_its_bound(tmp_path: Path, seed: int) -> None:
    problem = country(random.Random(seed), tmp_path)
    try:
        solution = solve(problem, gap=0.0)
    except InfeasibleError as error:
        assert error.clashes
    else:
        assert violations(problem, solution.plan) == []
        for _, row in solution.objectives.dropna(subset="bound").iterrows():
            better = row["bound"] - row["value"]
            assert (-better if row["objective"] == "worst_coverage" else better) <= 1e-3
