"""Bounds by prices are bounds: by hand, against brute force on tiny worlds, against branch and bound on larger ones."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from oracle import optimum
from scipy import sparse
from tiny import write_tiny

from optimiser.errors import InputError, SolverError
from optimiser.generate import generate
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import hand_over
from optimiser.model.objectives import SCALES
from optimiser.problem import load
from optimiser.solver import OutOfRange, Program, Stage
from optimiser.solver.gate import refuse_out_of_range
from optimiser.solver.highs import run
from optimiser.solver.pricing import Pricing
from optimiser.solver.program import relative_gap
from optimiser.solver.search import Search

SETTINGS = {"seed": 1}


def priced(program: Program, stage: Stage, turns: int) -> tuple[Pricing, float] | None:
    """A few turns from the prices of the relaxation, and the relaxation's value; None when there is no point."""
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), stage, 60.0)
    point = run(program, stage, 60.0, presolve="off")
    if relaxed.duals is None or point.x is None:
        return None
    pricing = Pricing(program, stage, relaxed.duals, point.x, SETTINGS)
    before = -np.inf
    for _ in range(turns):
        going = pricing.turn(time.monotonic() + 60.0)
        assert pricing.bound >= before and not pricing.clock_cut
        before = pricing.bound
        if not going:
            break
    return pricing, relaxed.value


def test_two_occupations_by_hand() -> None:
    """Each may send 3 people, 4 fit on a permit that costs 6, everybody is worth 3; together 4 people fit.

    The relaxation buys three quarters of a permit for 3 people: 4 people bring 12, permits cost 6, so -6. A permit is
    whole, though: 3 people bring 9 - 6 = 3, so a person is worth at most 1 and the bound is -4. The best plan has one
    permit and 3 people: -3.
    """
    rows = sparse.csc_array(np.array([[1.0, -4.0, 0.0, 0.0], [0.0, 0.0, 1.0, -4.0], [1.0, 0.0, 1.0, 0.0]]))
    stage = Stage("aim", np.array([-3.0, 6.0, -3.0, 6.0]))
    program = Program(
        rows, np.full(3, -np.inf), np.array([0.0, 0.0, 4.0]), np.zeros(4), np.array([3.0, 1.0, 3.0, 1.0]),
        np.array([False, True, False, True]), ("one", "two", "room"), ("a", "permit a", "b", "permit b"), (stage,),
        blocks=np.array([0, 0, 1, 1]))
    found = priced(program, stage, turns=30)  # each halves the way to the best prices
    assert found is not None
    pricing, relaxed = found
    assert relaxed == pytest.approx(-6)
    assert pricing.bound == pytest.approx(-4, abs=1e-6) == pricing.reach
    best = pricing.chosen(time.monotonic() + 10.0, 0.0)
    assert best is not None and stage.value(best) == pytest.approx(-3)


def two_groups() -> tuple[Program, Stage]:
    """Forty decisions in two groups, a row for each group and one for both; costs of very different sizes."""
    rng = np.random.default_rng(5)
    rows = np.zeros((3, 40))
    rows[0, :20], rows[1, 20:], rows[2] = rng.integers(1, 9, 20), rng.integers(1, 9, 20), rng.integers(1, 9, 40)
    stage = Stage("aim", -rng.integers(1, 9, 40).astype(float))
    return Program(
        sparse.csc_array(rows), np.full(3, -np.inf), np.array([41.5, 37.5, 60.5]), np.zeros(40), np.ones(40),
        np.ones(40, dtype=bool), ("one", "two", "both"), tuple(f"x{i}" for i in range(40)), (stage,),
        blocks=np.repeat([0, 1], 20)), stage


def test_costs_too_small_for_the_solver_are_paid_for_all_the_same() -> None:
    """A column that brings 1e-6 a unit next to one that brings 1e5: what is left out of the cost is in the bound."""
    stage = Stage("aim", np.array([-1e5, -1e-6]))
    program = Program(
        sparse.csc_array(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])), np.full(3, -np.inf),
        np.array([1.0, 1e4, 2e4]), np.zeros(2), np.array([1.0, 1e4]), np.array([True, False]),
        ("one", "two", "both"), ("x", "y"), (stage,), blocks=np.array([0, 1]))
    pricing = Pricing(program, stage, np.zeros(3), np.zeros(2), SETTINGS)
    pricing.turn(time.monotonic() + 10.0)
    assert pricing.bound <= -1e5 - 1e-2 + 1e-9


def test_what_is_known_when_time_ends_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that is not solved in time has the bound of its relaxation; that a clock did it is told."""
    program, stage = two_groups()
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), stage, 60.0)
    assert relaxed.duals is not None
    whole = Pricing(program, stage, relaxed.duals, np.zeros(40), SETTINGS)
    whole.turn(time.monotonic() + 60.0)
    cut = Pricing(program, stage, relaxed.duals, np.zeros(40), SETTINGS)
    monkeypatch.setattr(Pricing, "_solved_whole", lambda *_: None)
    assert not cut.turn(time.monotonic() + 60.0)
    assert relaxed.value - 1e-6 <= cut.bound < whole.bound
    late = Pricing(program, stage, relaxed.duals, np.zeros(40), SETTINGS)
    monkeypatch.undo()
    assert not late.turn(time.monotonic() - 1.0)
    assert late.clock_cut and not whole.clock_cut


def test_turns_end_when_nothing_is_learned() -> None:
    program, stage = two_groups()
    point = run(program, stage, 60.0)
    assert point.x is not None
    pricing = Pricing(program, stage, np.zeros(3), point.x, SETTINGS)
    turns = 0
    while pricing.turn(time.monotonic() + 60.0):
        turns += 1
        assert turns < 60
    assert pricing.bound <= point.value + 1e-9
    assert pricing.bound == pytest.approx(pricing.reach, abs=1e-5)


def test_an_error_of_the_solver_ends_prices_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise SolverError("HiGHS: run ended with kSolveError")

    program, stage = two_groups()
    pricing = Pricing(program, stage, np.zeros(3), np.zeros(40), SETTINGS)
    monkeypatch.setattr("optimiser.solver.pricing.run", fails)
    assert not pricing.turn(time.monotonic() + 60.0)
    assert pricing.chosen(time.monotonic() + 60.0, 0.0) is None


@pytest.mark.drawn(40, 3000)
def test_no_plan_of_a_tiny_world_is_better_than_its_bound(tmp_path: Path, numbers: list[int]) -> None:
    """Brute force over every list and quota says what the best plan is."""
    tried = 0
    for number in numbers:
        with suppress(InputError, OutOfRange):
            problem = load(write_tiny(tmp_path / str(number), number))
            strict = optimum(problem, 1e-10, most_aims=1)
            bounds = []
            for regions in components(problem):
                program = hand_over(frame(problem, regions)).program
                refuse_out_of_range(program)
                if found := priced(program, program.stages[0], turns=4):
                    pricing, relaxed = found
                    assert pricing.bound >= relaxed - 1e-6 * max(1.0, abs(relaxed)), number
                    bounds.append(pricing.bound * abs(SCALES[program.stages[0].name]))
            if strict is not None and len(bounds) == len(components(problem)):
                assert sum(bounds) <= strict[0] + 1e-6 * max(1.0, abs(strict[0])), number
                tried += 1
    assert tried > len(numbers) / 4


def test_a_generated_country_is_proved_closer_than_by_its_relaxation(tmp_path: Path) -> None:
    """The search takes the steps it promises, each at least as good as the one before, and HiGHS alone agrees."""
    generate(tmp_path / "land", 60, 1, 5, 5, seed=1, reviews="yearly")
    problem = load(tmp_path / "land" / "config.yaml")
    program = hand_over(frame(problem, problem.regions)).program
    program = replace(program, stages=program.stages[:1])
    search = Search(program, 5e-4, 24.0, 1, lambda *_: None)
    assert search.run() is not None
    names = [step.step for step in search.steps]
    assert names[:2] == ["recall", "round"] and "prices" in names
    steps = {step.step: step for step in search.steps}
    assert steps["prices"].bound > steps["round"].bound
    assert steps["prices"].value <= steps["round"].value
    alone = Search(program, 5e-4, 6.0, 1, lambda *_: None, direct=True)
    assert alone.run() is not None
    assert [step.step for step in alone.steps] == ["recall", "branch"]
    ours, theirs = search.stages[0], alone.stages[0]
    assert ours.bound <= theirs.value * (1 + 1e-9) and theirs.bound <= ours.value * (1 + 1e-9)
    assert ours.gap == relative_gap(ours.value, ours.bound)
