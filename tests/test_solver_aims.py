"""The solving layer: aims in their turn with continuous columns, what a search tells, and named conflicts."""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog
from test_solver import hard, knapsack, named, program, searched, stage

from optimiser.solver import Answer, Program, Stage, moves, process, search, solve, solve_many

BINARIES, OTHERS = 5, 3


def mixed(seed: int) -> Program:
    """Five 0/1 decisions that open three amounts; sides both ways, aims with constants, parts and tolerances."""
    rng = np.random.default_rng(seed)
    n, size = BINARIES + OTHERS, 10.0 ** rng.integers(0, 4)
    links = np.hstack([np.zeros((OTHERS, BINARIES)), np.eye(OTHERS)])
    links[range(OTHERS), rng.integers(0, BINARIES, OTHERS)] = -np.round(rng.uniform(1, 10, OTHERS) * size)
    rows = np.where(rng.random((3, n)) < 0.7, rng.integers(-2, 9, (3, n)), 0).astype(float)
    rows[:, :BINARIES] *= size
    most = np.maximum(rows, 0) @ np.append(np.ones(BINARIES), np.full(OTHERS, 5 * size))
    upper = np.append(np.zeros(OTHERS), np.round(most * rng.uniform(0.3, 0.9, 3)))
    lower = np.append(np.full(OTHERS, -np.inf), np.where(rng.random(3) < 0.5, np.round(upper[OTHERS:] / 3), -np.inf))
    aims = []
    for _ in range(rng.integers(2, 4)):
        cost, constant = rng.integers(-5, 6, n).astype(float), float(rng.integers(-50, 50))
        first = np.where(np.arange(n) % 2, cost, 0.0)
        keep = ((first, constant, 0.1, 0.0), (cost - first, 0.0, 0.0, 0.5)) if rng.random() < 0.4 else ()
        aims.append(stage(cost, constant=constant, tolerance=rng.choice([0, 0.05]), keep=keep,
                          absolute_tolerance=rng.choice([0.0, 2.0])))
    return program(np.vstack([links, rows]), upper, *aims, stage(np.round(rng.uniform(1, 2, n), 4), proof=False),
                   lower=lower, top=[1.0] * BINARIES + [10 * size] * OTHERS,
                   integer=[True] * BINARIES + [False] * OTHERS, series=((0, 2, 4), (1, 3)), choice=np.arange(BINARIES))


def least(p: Program, aim: Stage) -> float:
    """The best value of one aim: every choice, each with a linear programme of another make; infinite when none."""
    matrix, values = p.matrix.toarray(), [np.inf]
    sides = np.vstack([matrix, -matrix[np.isfinite(p.row_lower)]])
    limits = np.append(p.row_upper, -p.row_lower[np.isfinite(p.row_lower)])
    for choice in itertools.product((0.0, 1.0), repeat=BINARIES):
        found = linprog(aim.cost[BINARIES:], A_ub=sides[:, BINARIES:], b_ub=limits - sides[:, :BINARIES] @ choice,
                        bounds=np.array([p.col_lower, p.col_upper]).T[BINARIES:])
        if found.status == 0:
            values.append(found.fun + aim.constant + aim.cost[:BINARIES] @ choice)
    return min(values)


def breaks(p: Program, x: np.ndarray) -> float:
    """How far a point is outside, relative to the size of each limit."""
    left = p.matrix @ x
    over = np.concatenate([left - p.row_upper, (p.row_lower - left)[np.isfinite(p.row_lower)]])
    size = np.concatenate([abs(p.row_upper), abs(p.row_lower[np.isfinite(p.row_lower)])])
    whole = abs(x - np.round(x))[p.integer]
    return max((over / np.maximum(1.0, size)).max(), whole.max(), (p.col_lower - x).max(), (x - p.col_upper).max())


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_mixed_programmes_aim_by_aim(seed: int, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr(moves, "LARGE", 0)
    told: list[tuple[int, float | None, np.ndarray | None]] = []
    p = mixed(seed)
    s = search.Search(p, 0.0, 30.0, 1, lambda *what: told.append(what))
    x = s.run()
    if x is None:
        assert s.infeasible and least(p, p.stages[0]) == np.inf
        return
    assert [result.name for result in s.stages] == [aim.name for aim in p.stages]
    q = p
    for number, (aim, result) in enumerate(zip(p.stages, s.stages, strict=True)):
        wanted = least(q, aim)
        near = 1e-6 * max(1.0, abs(wanted))
        assert result.bound <= wanted + near
        assert result.value >= wanted - near
        if number == 0 or not large:  # of large programmes only the leading aim is proved
            assert result.value <= wanted + near
            assert result.status == "optimal"
        for told_of, bound, point in told:
            assert told_of != number or bound is None or bound <= wanted + near
            assert told_of != number or point is None or breaks(q, point) < 1e-6
        for cost, constant, relative, absolute in aim.parts:  # what later aims had to keep, as the search has it
            row = len(q.row_names)
            q = replace(q, matrix=sparse.csc_array(sparse.vstack([q.matrix, cost[None, :]])),
                        row_lower=np.append(q.row_lower, -np.inf), row_names=(*q.row_names, "kept"),
                        row_upper=np.append(q.row_upper, s.program.row_upper[row]))
            if len(aim.parts) == 1:
                room = max(relative * abs(result.value), absolute)
                assert q.row_upper[row] + constant == pytest.approx(result.value + room, rel=1e-7, abs=1e-7)
    assert breaks(q, x) < 1e-6  # the answer keeps every limit and every aim


def locked_out(seed: int) -> Program:
    """Seven 0/1 decisions, two of them locked in; limits of which some clash, in whole numbers alone or anyhow."""
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((5, 7)) < 0.6, rng.integers(1, 9, (5, 7)), 0).astype(float)
    upper = np.floor(matrix.sum(axis=1) * rng.uniform(0.3, 0.7, 5))
    lower = np.where(rng.random(5) < 0.6, upper, -np.inf)
    return replace(program(matrix, upper, stage(np.ones(7)), lower=lower),
                   col_lower=np.where(np.arange(7) < 2, 1.0, 0.0))


def clashes(p: Program, names: list[str], whole: bool) -> bool:
    """Whether no point, in whole numbers or of the relaxation, satisfies the named rows and the named columns.

    In whole numbers a column without a name still is 0 or 1; in the relaxation it is free.
    """
    rows, columns = np.isin(p.row_names, names), np.isin(p.col_names, names)
    matrix, upper, lower = p.matrix.toarray()[rows], p.row_upper[rows], p.row_lower[rows]
    if not whole:
        sides, given = np.vstack([matrix, -matrix]), np.append(np.ones(len(lower), bool), np.isfinite(lower))
        bounds = np.where(columns[:, None], np.array([p.col_lower, p.col_upper]).T, [-np.inf, np.inf])
        return linprog(np.zeros(len(columns)), A_ub=sides[given], b_ub=np.append(upper, -lower)[given],
                       bounds=bounds).status == 2
    points = np.array(list(itertools.product((0.0, 1.0), repeat=len(columns))))
    points = points[(points[:, columns] >= p.col_lower[columns]).all(axis=1)]
    left = points @ matrix.T
    return not ((left <= upper) & (left >= lower)).all(axis=1).any()


EVERY = [*(f"row{i}" for i in range(5)), *(f"col{j}" for j in range(7))]
CLASHING = {whole: [seed for seed in range(90) if clashes(locked_out(seed), EVERY, True)
                    and clashes(locked_out(seed), EVERY, False) != whole][:6] for whole in (True, False)}


@pytest.mark.parametrize("whole", [True, False])
def test_a_named_conflict_clashes_and_needs_every_part(whole: bool) -> None:
    assert len(CLASHING[whole]) == 6
    for p in map(locked_out, CLASHING[whole]):
        rows, locks = named(p), list(p.col_names)
        assert clashes(p, [*rows, *locks], True), rows
        assert not any(clashes(p, [name for name in [*rows, *locks] if name != out], True) for out in rows), rows


def test_answers_come_in_the_order_of_the_programmes() -> None:
    programs = [knapsack(2), knapsack(0, feasible=False), knapsack(5), mixed(1)]
    answers = solve_many(programs, gap=0.0, time_limit=40, seed=1)
    for p, answer in zip(programs, answers, strict=True):
        s, x = searched(p)
        assert (answer.x is None) == (x is None) and answer.status == ("optimal" if s.stages else "infeasible")
        assert answer.x is None or answer.x.tobytes() == x.tobytes()  # pyright: ignore
    assert solve_many([], gap=0.0, time_limit=1, seed=1) == []


def test_when_one_has_no_point_the_others_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that takes hours, beside a clash that shows at once: nobody waits for the proof."""
    monkeypatch.setattr(process, "PATIENCE", 1.0)
    slow, none = solve_many([hard(), knapsack(0, feasible=False)], gap=0.0, time_limit=60, seed=1)
    assert none.status == "infeasible"
    assert slow.x is not None and slow.clock_cut
    assert slow.seconds < 30


def ended(monkeypatch: pytest.MonkeyPatch, p: Program, when: Any, how: Any, seconds: float = 30) -> Answer:
    """Send a signal to the child once `when(progress)` holds."""
    children: list[Any] = []
    real = process._worker
    monkeypatch.setattr(process, "_worker", lambda: children.append(real()) or children[-1])
    answer = solve(p, gap=0.0, time_limit=seconds, seed=1,
                   on_progress=lambda now: os.kill(children[0].pid, how) if when(now) else None)
    assert len(children) == 1 and children[0].poll() is not None
    return answer


def test_a_finished_aim_stays_finished_when_the_solver_dies_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    p = hard()
    easy = stage(np.where(np.arange(len(p.col_lower)) < 2, 1.0, 0.0))
    answer = ended(monkeypatch, replace(p, stages=(easy, *p.stages)), lambda now: now.number == 2 and now.incumbent,
                   signal.SIGKILL)
    assert answer.status == "failed" and answer.reason
    assert [result.status for result in answer.stages] == ["optimal", "failed"]
    assert answer.x is not None and easy.value(answer.x) == pytest.approx(answer.stages[0].value, abs=1e-6)
    assert answer.stages[0].seconds + answer.stages[1].seconds <= answer.seconds + 1e-6


def test_a_solver_that_stops_working_is_ended_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.2)
    answer = ended(monkeypatch, hard(), lambda now: now.incumbent is not None, signal.SIGSTOP, 2)
    assert (answer.status, answer.clock_cut) == ("time_limit", True)
    assert "time limit" in answer.reason and answer.seconds < 5
    assert answer.x is not None and breaks(hard(), np.round(answer.x, 9)) < 1e-6


def test_an_error_of_whoever_listens_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in the progress display is that error, and leaves no process behind."""
    children: list[Any] = []
    real = process._worker
    monkeypatch.setattr(process, "_worker", lambda: children.append(real()) or children[-1])

    def broken(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        solve(hard(), gap=0.0, time_limit=30, seed=1, on_progress=broken)
    assert children[0].poll() is not None


def test_bounds_that_cross_clash_without_any_row() -> None:
    p = program([[1.0, 1.0]], [2.0], stage([1, 1]))
    crossed = replace(p, col_lower=np.array([1.0, 0.0]), col_upper=np.array([0.0, 1.0]))
    assert solve(crossed, gap=0.0, time_limit=10, seed=1).status == "infeasible"
    assert named(crossed) == []
