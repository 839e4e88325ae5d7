"""Model and check state the same rules: on random little countries they give the same verdict on every plan.

The two share no code: one is a matrix, the other exact fractions. A plan is the best one for a random wish, then
moved by a lot, a listing or the smallest step; the matrix says whether the rest of its columns can be filled in.
"""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from countries import country
from scipy.optimize import Bounds, LinearConstraint, milp

from optimiser.check import violations
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, hand_over
from optimiser.plan import DECIMALS, Plan

DECISIONS = ("listed", "lots", "arrivals", "trainees", "expansion")
ROOM = 2e-7  # what the solver calls satisfied; every step of a plan moves a rule by more


def solved(handed: Handed, cost: np.ndarray) -> Any:
    """The best point of a model for a wish; None when there is none."""
    program: Any = handed.program
    limits = LinearConstraint(program.matrix, program.row_lower, program.row_upper)
    return milp(cost, constraints=limits, integrality=program.integer.astype(int),
                bounds=Bounds(program.col_lower, program.col_upper)).x


def allowed(handed: Handed, values: dict[int, Fraction]) -> bool:
    """Whether the rest of the columns can be filled in."""
    program: Any = handed.program
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    for i, value in values.items():
        lower[i] = upper[i] = float(value)
    limits = LinearConstraint(program.matrix, program.row_lower - ROOM, program.row_upper + ROOM)
    return milp(np.zeros(len(lower)), constraints=limits, bounds=Bounds(lower, upper)).x is not None


def moved(handed: Handed, x: np.ndarray, rng: random.Random) -> dict[int, Fraction]:
    """The decisions of a point in published decimals, a few of them moved by one step within their caps."""
    program, unit = handed.program, 10**DECIMALS
    places = [i for i, (name, _) in enumerate(handed.columns) if name in DECISIONS]
    values = {i: Fraction(round(x[i])) if program.integer[i] else
              Fraction(int(np.floor(round(x[i], 6) * unit + 1e-6)), unit) for i in places}
    for i in rng.sample(places, min(len(places), rng.choice([0, 1, 1, 2, 4]))):
        step = Fraction(1) if program.integer[i] else Fraction(rng.choice([1, unit]), unit)
        most = Fraction(int(np.floor(program.col_upper[i] * unit + 1e-6)), unit)
        values[i] = min(most, max(Fraction(0), values[i] + rng.choice([-1, 1]) * step))
    return values


def as_plan(handed: Handed, values: dict[int, Fraction]) -> Plan:
    found: dict[str, dict[Any, Fraction]] = {name: {} for name in DECISIONS}
    for i, value in values.items():
        name, key = handed.columns[i]
        if value:
            found[name][key] = value
    quota = {key: int(lots) * handed.frame.lot[key[:2]] for key, lots in found["lots"].items()}
    return Plan(frozenset(found["listed"]), quota, found["arrivals"], found["trainees"], found["expansion"])


@pytest.mark.parametrize("seed", range(6))
def test_model_and_check_agree(tmp_path: Path, seed: int) -> None:
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    problem = country(rng, tmp_path)
    for regions in components(problem):
        handed = hand_over(frame(problem, regions))
        program = handed.program
        best: Any = solved(handed, numbers.normal(size=len(program.col_lower)))
        if best is None:
            continue
        for _ in range(12):
            values = moved(handed, best, rng)
            plan = as_plan(handed, values)
            if any(value < program.col_lower[i] for i, value in values.items()):
                assert violations(problem, plan, regions)  # locks are bounds of the model
            else:
                broken = violations(problem, plan, regions)
                assert allowed(handed, values) == (not broken), [str(violation) for violation in broken]
