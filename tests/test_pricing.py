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
from optimiser.solver.highs import Held, Run, run
from optimiser.solver.master import Master
from optimiser.solver.pricing import Pricing
from optimiser.solver.program import relative_gap
from optimiser.solver.search import Search

SETTINGS = {"seed": 1}


def whole(program: Program, stage: Stage, duals: np.ndarray, x: np.ndarray) -> Pricing:
    """Prices that begin with whole blocks."""
    pricing = Pricing(program, stage, SETTINGS, duals)
    pricing.add(x)
    pricing.begin_whole()
    return pricing


def priced(program: Program, stage: Stage, turns: int) -> tuple[Pricing, float] | None:
    """A few whole turns from the prices of the relaxation, and its value; None when there is no point."""
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), stage, 60.0)
    point = run(program, stage, 60.0, presolve="off")
    if relaxed.duals is None or point.x is None:
        return None
    pricing = whole(program, stage, relaxed.duals, point.x)
    before = -np.inf
    for _ in range(turns):
        going = pricing.turn(time.monotonic() + 60.0)
        assert pricing.bound >= before and not pricing.clock_cut
        before = pricing.bound
        if not going:
            break
    return pricing, relaxed.value


def priced_from_nothing(program: Program, stage: Stage, turns: int) -> float:
    """The bound after a few turns with broken points, and as many with whole ones, from no prices at all."""
    point = run(program, stage, 60.0, presolve="off")
    assert point.x is not None
    pricing = Pricing(program, stage, SETTINGS)
    pricing.add(point.x)
    for _ in range(turns):
        pricing.turn(time.monotonic() + 60.0)
    assert program.bound(stage, pricing.duals) == pytest.approx(pricing.bound, abs=1e-6 * max(1.0, abs(pricing.bound)))
    pricing.begin_whole()
    for _ in range(turns):
        pricing.turn(time.monotonic() + 60.0, point.value - pricing.bound)
    return pricing.bound


@pytest.mark.parametrize(("reviews", "length"), [("yearly", None), ("once", 1)])
def test_turns_with_broken_points_come_to_the_relaxation(reviews: str, length: int | None, tmp_path: Path) -> None:
    """From no prices at all; its prices prove the bound, and what is mixed keeps every row.

    With a short list for all years points that were forgotten come back: turns must not go round in circles.
    """
    generate(tmp_path / "land", 60, 1, 5, 5, seed=1, reviews=reviews, list_length=length)
    problem = load(tmp_path / "land" / "config.yaml")
    program = hand_over(frame(problem, problem.regions)).program
    stage = program.stages[0]
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), stage, 60.0)
    pricing = Pricing(program, stage, SETTINGS)
    assert not pricing.turn(time.monotonic() + 60.0)  # the master has no point yet
    pricing.add(feasible(program, stage))
    for _ in range(80):
        if not pricing.turn(time.monotonic() + 60.0) or pricing.reach - pricing.bound < 1e-5 * abs(pricing.reach):
            break
    assert pricing.bound == pytest.approx(relaxed.value, rel=2e-5) and pricing.bound <= relaxed.value * (1 + 1e-9)
    assert pricing.reach >= relaxed.value * (1 - 1e-6)
    assert program.bound(stage, pricing.duals) == pytest.approx(pricing.bound, rel=1e-9)
    assert pricing.mean is not None and stage.value(pricing.mean) == pytest.approx(pricing.reach, rel=1e-6)
    rows = program.matrix @ pricing.mean
    sides = np.maximum(1.0, abs(np.where(np.isfinite(program.row_upper), program.row_upper, program.row_lower)))
    assert (rows <= program.row_upper + 1e-5 * sides).all() and (rows >= program.row_lower - 1e-5 * sides).all()


def test_a_later_aim_is_relaxed_from_the_points_of_the_one_before(tmp_path: Path) -> None:
    """Fewer turns than from nothing, and the same bound."""
    generate(tmp_path / "land", 60, 1, 5, 5, seed=1, reviews="yearly")
    problem = load(tmp_path / "land" / "config.yaml")
    program = hand_over(frame(problem, problem.regions)).program
    stage, later = program.stages[0], Stage("fewest", np.where(program.integer, 1.0, 0.0))
    point = feasible(program, stage)
    before = Pricing(program, stage, SETTINGS)
    before.add(point)
    assert turns_to(1e-4, before) < 60
    program = program.with_row(stage.cost, 1.01 * stage.value(point) - stage.constant)
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), later, 60.0)
    anew, on = Pricing(program, later, SETTINGS), Pricing(program, later, SETTINGS)
    for pricing in (anew, on):
        pricing.add(point)
    on.begin_from(before, time.monotonic() + 60.0)
    assert turns_to(1e-4, on) < turns_to(1e-4, anew) < 60
    for pricing in (anew, on):
        assert pricing.bound == pytest.approx(relaxed.value, rel=2e-4) and pricing.bound <= relaxed.value * (1 + 1e-9)


def turns_to(near: float, pricing: Pricing) -> int:
    """How many turns it takes until bound and mixture are so near to each other."""
    for turn in range(60):
        if not pricing.turn(time.monotonic() + 60.0) or relative_gap(pricing.reach, pricing.bound) <= near:
            return turn
    return 60


def test_points_that_break_a_kept_row_of_their_block_are_not_taken_along() -> None:
    """The first aim counts the first group alone: its row in the next aim belongs to that group."""
    program, both = two_groups()
    first = Stage("first", np.where(np.arange(40) < 20, both.cost, 0.0))
    best = run(program, first, 60.0)
    assert best.x is not None
    before = Pricing(program, first, SETTINGS)
    before.add(best.x)
    before.add(np.zeros(40))
    assert before.master.learn(np.zeros(40)) == 0
    program, later = program.with_row(first.cost, best.value), Stage("fewest", np.ones(40))
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), later, 60.0)
    pricing = Pricing(program, later, SETTINGS)
    pricing.add(best.x)
    pricing.begin_from(before, time.monotonic() + 60.0)
    assert turns_to(1e-6, pricing) < 60
    assert pricing.bound == pytest.approx(relaxed.value, rel=1e-5) and pricing.reach >= relaxed.value - 1e-5


def feasible(program: Program, stage: Stage) -> np.ndarray:
    """A first point."""
    found = run(program, stage, 60.0, gap=0.5)
    assert found.x is not None
    return found.x


def test_a_held_programme_answers_as_a_new_one_does() -> None:
    """The relaxation of two groups, with costs of all sizes one after the other; a limit of no time is told."""
    program, stage = two_groups()
    held = Held(replace(program, integer=np.zeros_like(program.integer)), seed=1, solver="simplex")
    rng = np.random.default_rng(3)
    for size in (1.0, 1e-6, 1e7, 1.0):
        cost = size * (stage.cost + rng.normal(size=40))
        again, new = held.run(cost, 10.0), run(held.program, Stage("new", cost), 10.0)
        assert again.end == new.end == "optimal" and again.x is not None and again.duals is not None
        assert again.value == pytest.approx(new.value, rel=1e-7) == float(cost @ again.x)
        assert held.program.bound(Stage("new", cost), again.duals) == pytest.approx(new.value, rel=1e-6)
    assert held.highs is not None
    held.highs.setOptionValue("simplex_iteration_limit", 0)  # comes to no end: a new one takes over
    assert held.run(-stage.cost[::-1], 10.0).end == "optimal" and held.highs is None


def test_broken_points_cost_what_whole_ones_do_and_are_forgotten() -> None:
    """Two blocks of one whole column each, half of it for nothing; both together may come to 1 at most."""
    stage = Stage("aim", np.array([-2.0, -1.0]))
    program = Program(
        sparse.csc_array(np.array([[1.0, 1.0]])), np.array([-np.inf]), np.array([1.0]), np.zeros(2), np.ones(2),
        np.ones(2, dtype=bool), ("both",), ("x", "y"), (stage,), blocks=np.array([0, 1]))
    master = Master(program.matrix, program.row_lower, program.row_upper, program, stage, program.block_of())
    for point in ([0.0, 0.0], [0.5, 0.5], [1.0, 0.0]):
        master.learn(np.array(point))
    assert master.broken.tolist() == [False, False, True, True, False]  # y = 0 is known already
    mixed, whole = (master.mix(time.monotonic() + 10.0, SETTINGS, only) for only in (False, True))
    assert mixed is not None and whole is not None
    assert mixed.value == pytest.approx(-2, abs=1e-5) == whole.value  # all of x; y would take its room
    master.lift(np.zeros(1), np.array([-0.25, -3.0]))
    assert master.costs.tolist() == [0.0, 0.0, -0.25, -0.5, -2.0]
    best = master.choose(time.monotonic() + 10.0, 0.0, SETTINGS)
    assert best is not None and best.tolist() == [1.0, 0.0]
    master.forget_broken()
    assert not master.broken.any() and len(master.costs) == 3 == len(master.names) == master.takes.shape[1]


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
    pricing = whole(program, stage, np.zeros(3), np.zeros(2))
    pricing.turn(time.monotonic() + 10.0)
    assert pricing.bound <= -1e5 - 1e-2 + 1e-9


def test_what_is_known_when_time_ends_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that is not solved in time has the bound of its relaxation; that a clock did it is told."""
    program, stage = two_groups()
    relaxed = run(replace(program, integer=np.zeros_like(program.integer)), stage, 60.0)
    assert relaxed.duals is not None
    full = whole(program, stage, relaxed.duals, np.zeros(40))
    full.turn(time.monotonic() + 60.0)
    cut = whole(program, stage, relaxed.duals, np.zeros(40))
    monkeypatch.setattr(Pricing, "_solved_whole", lambda *_: None)
    assert cut.turn(time.monotonic() + 60.0)  # others may be solved at the next prices
    assert relaxed.value - 1e-6 <= cut.bound < full.bound
    late = whole(program, stage, relaxed.duals, np.zeros(40))
    monkeypatch.undo()
    assert not late.turn(time.monotonic() - 1.0)
    assert late.clock_cut and not full.clock_cut
    relaxing = Pricing(program, stage, SETTINGS)
    assert not relaxing.turn(time.monotonic() - 1.0) and relaxing.clock_cut


@pytest.mark.parametrize("claim", [None, Run("time_limit", None, np.inf, -69.2), Run("optimal", None, -20.0, 0.0)])
def test_a_block_that_fails_or_lies_costs_its_own_bound_only(claim: Run | None,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """One without an answer keeps what was proved of it; a bound that a known whole point contradicts is none."""
    def fails(*_: object, **__: object) -> Run:
        if claim is None:
            raise SolverError("HiGHS: run ended with kSolveError")
        return claim

    program, stage = two_groups()
    point = run(program, stage, 60.0)
    assert point.x is not None
    relaxed, whole_turn, spoilt = (Pricing(program, stage, SETTINGS) for _ in range(3))
    for pricing in (relaxed, whole_turn, spoilt):
        pricing.add(point.x)
    assert relaxed.turn(time.monotonic() + 60.0)
    whole_turn.begin_whole()
    assert whole_turn.turn(time.monotonic() + 60.0) and whole_turn.bound > relaxed.bound
    spoilt.begin_whole()
    monkeypatch.setattr("optimiser.solver.pricing.run", fails)
    assert spoilt.turn(time.monotonic() + 60.0)
    assert spoilt.bound == relaxed.bound if claim is None or claim.bound == 0.0 else (
        relaxed.bound < spoilt.bound <= point.value)


def test_a_whole_point_is_known_beside_a_broken_one_that_takes_and_costs_the_same() -> None:
    """Of each block up to 4 people on a lot that costs nothing, of which three quarters hold 3; together 4 fit."""
    stage = Stage("aim", np.array([-3.0, 0.0, -2.0, 0.0]))
    rows = sparse.csc_array(np.array([[1.0, -4.0, 0.0, 0.0], [0.0, 0.0, 1.0, -4.0], [1.0, 0.0, 1.0, 0.0]]))
    program = Program(
        rows, np.full(3, -np.inf), np.array([0.0, 0.0, 4.0]), np.zeros(4), np.array([3.0, 1.0, 3.0, 1.0]),
        np.array([False, True, False, True]), ("one", "two", "room"), ("a", "lot a", "b", "lot b"), (stage,),
        blocks=np.array([0, 0, 1, 1]))
    master = Master(rows[[2]], np.array([-np.inf]), np.array([4.0]), program, stage, program.block_of())
    assert master.learn(np.array([3.0, 0.75, 1.0, 0.25])) == 2
    assert master.learn(np.array([3.0, 1.0, 1.0, 1.0])) == 2 == (~master.broken).sum()
    best = master.choose(time.monotonic() + 10.0, 0.0, SETTINGS)
    assert best is not None and best.tolist() == [3, 1, 1, 1]
    assert master.least(np.array([-1.0])).tolist() == [-6, -1]  # at a price of 1 for each of the room


def test_turns_end_when_nothing_is_learned() -> None:
    program, stage = two_groups()
    point = run(program, stage, 60.0)
    assert point.x is not None
    pricing = whole(program, stage, np.zeros(3), point.x)
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
    pricing = whole(program, stage, np.zeros(3), np.zeros(40))
    monkeypatch.setattr("optimiser.solver.highs.Held.run", fails)
    monkeypatch.setattr("optimiser.solver.master.run", fails)
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
                    from_nothing = priced_from_nothing(program, program.stages[0], turns=4)
                    bounds.append(max(pricing.bound, from_nothing) * abs(SCALES[program.stages[0].name]))
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
