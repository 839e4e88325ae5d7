"""The solving layer: brute force, bounds that are bounds, clocks, crashes, the same bytes again."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from optimiser.errors import SolverError
from optimiser.solver import Answer, Program, Stage, explain, highs, moves, process, search, solve
from optimiser.solver.gate import refuse_out_of_range
from optimiser.solver.limits import Limit

PERIODS, SERIES = 3, 3


def program(matrix: Any, upper: Any, *stages: Stage, lower: Any = None, top: Any = 1.0, integer: Any = True,
            **more: Any) -> Program:
    """`lower <= matrix @ x <= upper`, x from 0 to `top`."""
    dense = np.atleast_2d(np.asarray(matrix, dtype=float))
    rows, columns = dense.shape
    return Program(
        matrix=sparse.csc_array(dense), row_lower=np.full(rows, -np.inf) if lower is None else np.asarray(lower, float),
        row_upper=np.asarray(upper, dtype=float), col_lower=np.zeros(columns),
        col_upper=np.broadcast_to(np.asarray(top, dtype=float), columns).copy(),
        integer=np.broadcast_to(np.asarray(integer, dtype=bool), columns).copy(),
        row_names=tuple(f"row{i}" for i in range(rows)), col_names=tuple(f"col{j}" for j in range(columns)),
        stages=stages, **more)


def stage(cost: Any, tolerance: float = 0.0, **more: Any) -> Stage:
    return Stage("aim", np.asarray(cost, dtype=float), relative_tolerance=tolerance, **more)


def knapsack(seed: int, feasible: bool = True) -> Program:
    """Nine 0/1 decisions, three series of three periods; four limits, two aims and a tie-break."""
    rng = np.random.default_rng(seed)
    n = PERIODS * SERIES
    weights = rng.integers(1, 9, (3, n)).astype(float)
    needed = -rng.integers(1, 9, (1, n)).astype(float)
    limits = np.append(np.floor(weights.sum(axis=1) * rng.uniform(0.3, 0.7, 3)),
                       -np.floor(-needed.sum() * (rng.uniform(0.1, 0.4) if feasible else 0.97)))
    return program(
        np.vstack([weights, needed]), limits, stage(-rng.integers(1, 20, n), 0.1), stage(rng.integers(-5, 9, n)),
        stage(np.arange(1, n + 1) + rng.random(n), proof=False),
        series=tuple(tuple(range(i * PERIODS, (i + 1) * PERIODS)) for i in range(SERIES)), choice=np.arange(n))


def best(p: Program) -> list[float] | None:
    """Value of every stage at the lexicographic optimum, by trying every point; None when there is none."""
    points = np.array(list(itertools.product((0.0, 1.0), repeat=len(p.col_lower))))
    points = points[(points @ p.matrix.toarray().T <= p.row_upper + 1e-9).all(axis=1)]
    values = []
    for s in p.stages:
        if not len(points):
            return None
        value = points @ s.cost + s.constant
        values.append(float(value.min()))
        points = points[value <= values[-1] + s.relative_tolerance * abs(values[-1]) + 1e-9]
    return values


def searched(p: Program, gap: float = 0.0, seconds: float = 30.0) -> tuple[search.Search, np.ndarray | None]:
    s = search.Search(p, gap, seconds, 1, lambda *_: None)
    return s, s.run()


def is_feasible(p: Program, x: np.ndarray) -> bool:
    left = p.matrix @ x
    return bool((left <= p.row_upper + 1e-7).all() and (x == np.round(x)).all() and (x >= 0).all() and (x <= 1).all())


FEASIBLE = [seed for seed in range(16) if best(knapsack(seed)) is not None]


@pytest.mark.parametrize("seed", FEASIBLE)
def test_every_aim_in_its_turn_as_by_trying_every_point(seed: int) -> None:
    p = knapsack(seed)
    wanted = best(p)
    s, x = searched(p)
    assert x is not None and wanted and is_feasible(p, x)
    assert [r.value for r in s.stages] == pytest.approx(wanted, abs=1e-6)
    assert [r.status for r in s.stages] == ["optimal"] * 3
    assert not s.clock_cut


@pytest.mark.parametrize("seed", FEASIBLE)
def test_the_search_of_large_programmes_gives_true_bounds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "LARGE", 0)
    p = knapsack(seed)
    wanted, (s, x) = best(p), searched(p)
    assert x is not None and wanted and is_feasible(p, x)
    first = s.stages[0]
    assert first.value == pytest.approx(wanted[0], abs=1e-6)  # its gap is closed by branch and bound
    assert first.bound <= wanted[0] + 1e-6
    # Later aims: what a plan that keeps the first as well can reach at best is not above the bound.
    kept = replace(p.with_row(p.stages[0].cost, first.value + 0.1 * abs(first.value) + 1e-9), stages=p.stages[1:])
    assert s.stages[1].bound <= (best(kept) or [np.inf])[0] + 1e-6
    assert s.stages[1].value >= s.stages[1].bound - 1e-9


@pytest.mark.parametrize("large", [0, 300])
def test_what_no_point_satisfies_is_called_infeasible(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "LARGE", large)
    for seed in range(4):
        p = knapsack(seed, feasible=False)
        assert best(p) is None
        s, x = searched(p)
        assert x is None and s.infeasible


def named(p: Program) -> list[str]:
    """The rows of the first conflict, every row being a limit of its own."""
    limits = [Limit(i, ("row", (i,)), ("row", i), step=0.0) for i in range(len(p.row_names))]
    return [p.row_names[i] for found in explain(p, limits, 20)[:1] for part in found.parts for i in part]


def test_a_whole_number_clash_that_the_relaxation_does_not_see() -> None:
    p = program([[2.0, 2.0]], [3.0], stage([1, 1]), lower=[3.0])
    answer = solve(p, gap=0.0, time_limit=20, seed=1)
    assert (answer.status, answer.x) == ("infeasible", None)
    assert named(p) == ["row0"]


def test_a_clash_is_named_without_what_has_no_part_in_it() -> None:
    p = program([[1, 1, 0], [1, 1, 0], [0, 0, 1]], [1.0, np.inf, 1.0], stage([1, 1, 1]),
                lower=[-np.inf, 2.0, -np.inf], integer=False)
    assert named(p) == ["row0", "row1"]


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e10])
def test_a_coefficient_that_is_no_number_is_refused_by_name(number: float) -> None:
    p = program([[1.0, 1.0], [1.0, number]], [1.0, 1.0], stage([1, 1]))
    with pytest.raises(SolverError, match="row1"):
        solve(p, gap=0.0, time_limit=5, seed=1)


def test_bounds_and_costs_that_are_no_numbers_are_refused_by_name() -> None:
    p = program([[1.0]], [1.0], stage([1]))
    for wrong, name in ((replace(p, row_upper=np.array([np.nan])), "row0"),
                        (replace(p, col_upper=np.array([2e9])), "col0"),
                        (replace(p, stages=(stage([np.nan]),)), "aim")):
        with pytest.raises(SolverError, match=name):
            refuse_out_of_range(wrong)


def test_an_option_the_solver_does_not_know_is_an_error() -> None:
    with pytest.raises(SolverError, match="mip_speed"):
        highs.run(program([[1.0]], [1.0], stage([1])), None, 1.0, mip_speed=9)


def hard(n: int = 120) -> Program:
    """A programme whose first good points are quick and whose proof takes hours: market split with slack."""
    rng = np.random.default_rng(7)
    a = rng.integers(0, 100, (6, n)).astype(float)
    matrix = np.hstack([a, np.eye(6), -np.eye(6)])
    half = np.floor(a.sum(axis=1) / 2)
    return program(matrix, half, stage([0.0] * n + [1.0] * 12), lower=half, top=[1.0] * n + [1e5] * 12,
                   integer=[True] * n + [False] * 12)


def test_a_clock_that_ends_the_search_leaves_an_answer_with_its_gap() -> None:
    began = time.monotonic()
    answer = solve(hard(), gap=0.0, time_limit=2, seed=1)
    assert time.monotonic() - began < 10
    assert answer.status == "time_limit" and answer.clock_cut
    assert answer.x is not None
    assert np.allclose(hard().matrix @ answer.x, hard().row_upper, atol=1e-6)
    result = answer.stages[0]
    assert result.bound <= result.value and result.gap > 0


def test_a_clock_before_any_point_says_so() -> None:
    n = 60
    rng = np.random.default_rng(3)
    a = rng.integers(0, 100, (8, n)).astype(float)
    half = np.floor(a.sum(axis=1) / 2)
    answer = solve(program(a, half, stage([1.0] * n), lower=half), gap=0.0, time_limit=1.5, seed=1)
    assert (answer.status, answer.x, answer.clock_cut) == ("time_limit", None, True)


def in_mid_search(act: Any) -> Answer:
    """Solve the hard programme and call `act(pid)` once the child has told of a point."""
    found, real = threading.Event(), process._worker
    children: list[Any] = []

    def worker() -> Any:
        children.append(real())
        return children[-1]

    def watch(_: Any) -> None:
        if not found.is_set():
            found.set()
            act(children[0].pid)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "_worker", worker)
        answer = solve(hard(), gap=0.0, time_limit=30, seed=1, on_progress=lambda p: watch(p) if p.incumbent else None)
    assert children[0].poll() is not None  # nothing is left running
    return answer


def test_a_solver_that_is_killed_leaves_what_it_had_found() -> None:
    answer = in_mid_search(lambda pid: os.kill(pid, signal.SIGKILL))
    assert answer.status == "failed" and answer.clock_cut
    assert "without an answer" in answer.reason
    assert answer.x is not None and answer.stages[0].value >= answer.stages[0].bound


def test_ctrl_c_leaves_what_was_found() -> None:
    answer = in_mid_search(lambda pid: signal.raise_signal(signal.SIGINT))
    assert answer.status == "interrupted"
    assert answer.x is not None and answer.stages


def test_a_solver_that_dies_at_once_fails_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    answer = solve(knapsack(1), gap=0.0, time_limit=20, seed=1)
    assert (answer.status, answer.x) == ("failed", None)
    assert answer.reason
    assert named(knapsack(1)) == []


def test_the_same_programme_gives_the_same_bytes_whatever_ran_before() -> None:
    first = pickle.dumps(searched(knapsack(2))[1])
    searched(knapsack(5))
    assert pickle.dumps(searched(knapsack(2))[1]) == first
    answer = solve(knapsack(2), gap=0.0, time_limit=20, seed=1)
    assert pickle.dumps(answer.x) == first


def test_a_limit_on_work_ends_a_run_in_the_same_place() -> None:
    p = hard()
    runs = [highs.run(p, p.stages[0], 60, checks=30) for _ in range(2)]
    assert [r.end for r in runs] == ["work_limit"] * 2
    assert (runs[0].value, runs[0].bound) == (runs[1].value, runs[1].bound)


def test_time_that_one_programme_leaves_goes_to_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one processor the first of four gets a quarter of the time, and the last all that the others left."""
    parts = []
    begin = process._Child.begin

    def noted(child: Any, messages: Any) -> None:
        parts.append(child.time_limit)
        begin(child, messages)

    monkeypatch.setattr(process, "processors", lambda: 1)
    monkeypatch.setattr(process._Child, "begin", noted)
    answers = process.solve_many([knapsack(seed) for seed in range(4)], gap=0.0, time_limit=80.0, seed=1)
    assert all(answer.x is not None for answer in answers)
    assert parts[0] == pytest.approx(20.0, abs=0.5)
    assert parts == sorted(parts) and parts[-1] > 50.0
