"""Solvers that fail: those that hang, heed no signal or are interrupted keep what they had told; lies are found out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_solver import program, stage

from optimiser.errors import SolverError
from optimiser.solver import Answer, Program, StageResult, moves, opinion, opinions, process, search, solve, worker
from optimiser.solver.highs import Run, run
from optimiser.solver.process import solve_many
from optimiser.solver.program import Known, missed

HUNG = """
import signal, sys, time
import numpy as np
from optimiser.solver import Answer, StageResult
from optimiser.solver.worker import receive, send

signal.signal(signal.SIGINT, signal.SIG_IGN)
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
receive(sys.stdin.buffer)
if "mute" not in sys.argv:
    send(sys.stdout.buffer, ("progress", 0, 1.0, np.array([1.0, 1.0]), ()))
if "twice" in sys.argv:
    send(sys.stdout.buffer, ("progress", 0, 1.0, np.array([1.0, 1e-10]), ()))
if "done" in sys.argv:
    send(sys.stdout.buffer, ("done", Answer("optimal", np.array([0.0, 1.0]))))
if "later" in sys.argv:
    first = StageResult("aim", 2.0, 1.0, 0.5, "work_limit", 0.1)
    send(sys.stdout.buffer, ("progress", 0, 1.0, np.array([1.0, 1.0]), (first,)))
    send(sys.stdout.buffer, ("progress", 1, None, np.array([1.0, 1.0]), (first,)))
time.sleep(600)
"""
ROOT = Path(__file__).parent.parent


def easy() -> Program:
    return program([[1.0, 1.0]], [2.0], stage([1.0, 1.0]))


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[Any]:
    """Instead of the solver: processes that tell of one point, unless they are mute, and then hang."""
    begun: list[Any] = []

    def worker() -> Any:
        begun.append(subprocess.Popen([sys.executable, "-c", HUNG, *request.param], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}))
        return begun[-1]

    monkeypatch.setattr(process, "_worker", worker)
    monkeypatch.setattr(process, "GRACE", 0.5)
    return begun


@pytest.mark.parametrize(("children", "ended_by"), [([], signal.SIGTERM), (["deaf"], signal.SIGKILL)],
                         indirect=["children"])
def test_a_solver_that_hangs_is_ended_and_leaves_what_it_had_found(children: list[Any], ended_by: int) -> None:
    limit, began = 2.0, time.monotonic()
    answer = solve(easy(), gap=0.0, time_limit=limit, seed=1)
    assert time.monotonic() - began < 1.1 * limit + 5
    assert [child.returncode for child in children] == [-ended_by]
    assert (answer.status, answer.clock_cut) == ("time_limit", True)
    assert "did not keep its time limit" in answer.reason
    assert answer.x is not None and answer.x.tolist() == [1, 1]
    assert (answer.stages[0].value, answer.stages[0].bound) == (2, 1)


@pytest.mark.parametrize("children", [["twice"]], indirect=True)
def test_nothing_told_is_lost_when_nobody_listens_until_time_is_over(children: list[Any]) -> None:
    """Whole numbers that HiGHS tells of on the way are whole only nearly."""
    answer = solve(easy(), gap=0.0, time_limit=2.0, seed=1, on_progress=lambda _: time.sleep(3.0))
    assert (answer.status, answer.clock_cut) == ("optimal", True) and len(children) == 1
    assert answer.x is not None and answer.x.tolist() == [1, 0]
    assert (answer.stages[0].value, answer.stages[0].bound) == (1, 1)


@pytest.mark.parametrize("children", [["done"]], indirect=True)
def test_an_answer_that_was_there_in_time_is_one_though_nobody_listened(children: list[Any]) -> None:
    answer = solve(easy(), gap=0.0, time_limit=2.0, seed=1, on_progress=lambda _: time.sleep(3.0))
    assert (answer.status, answer.reason, answer.clock_cut) == ("optimal", "", False) and len(children) == 1
    assert answer.x is not None and answer.x.tolist() == [0, 1]


@pytest.mark.parametrize("children", [["later"]], indirect=True)
def test_an_aim_that_had_ended_before_the_clock_keeps_its_end(children: list[Any]) -> None:
    p = replace(easy(), stages=(stage([1.0, 1.0]), stage([2.0, 1.0])))
    answer = solve(p, gap=0.0, time_limit=2.0, seed=1)
    assert (answer.status, answer.clock_cut) == ("work_limit", True) and len(children) == 1
    assert [(result.value, result.status) for result in answer.stages] == [(2, "work_limit"), (3, "time_limit")]


@pytest.mark.parametrize("children", [["deaf", "mute"]], indirect=True)
def test_a_solver_that_hangs_before_any_point_has_no_answer(children: list[Any]) -> None:
    answer = solve(easy(), gap=0.0, time_limit=1, seed=1)
    assert (answer.status, answer.x, answer.clock_cut) == ("time_limit", None, True)
    assert [child.returncode for child in children] == [-signal.SIGKILL]


@pytest.mark.parametrize("children", [["deaf"]], indirect=True)
def test_ctrl_c_waits_for_no_solver_that_hangs(children: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Four that heed no signal are all gone within two seconds, and what each had found is there."""
    monkeypatch.setattr(process.os, "sched_getaffinity", lambda _: set(range(4)))
    told, asked = set(), 0.0

    def stop(number: int, _: object) -> None:
        nonlocal asked
        told.add(number)
        if len(told) == 4:
            asked = time.monotonic()
            signal.raise_signal(signal.SIGINT)

    answers = solve_many([easy()] * 4, gap=0.0, time_limit=60, seed=1, on_progress=stop)
    assert time.monotonic() - asked < 2
    assert [answer.status for answer in answers] == ["interrupted"] * 4
    assert all(answer.x is not None and answer.x.tolist() == [1, 1] for answer in answers)
    assert [child.returncode for child in children] == [-signal.SIGKILL] * 4


def test_whoever_interrupts_waits_for_no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted, asked = Answer("interrupted", np.ones(2)), []

    def again(*_: object, method: str, **more: object) -> list[Answer]:
        asked.append(method)
        return [interrupted]

    monkeypatch.setattr(opinion, "solve_many", again)
    how: Any = {"gap": 0.0, "time_limit": 60, "seed": 1}
    assert opinions([easy()], [interrupted], **how) == [[]]
    assert asked == []
    [[heard]] = opinions([easy()], [Answer("optimal", np.ones(2))], **how)
    assert (asked, heard.verdict) == (["without_presolve"], "undecided")


@pytest.mark.parametrize("lie", [Run("optimal", np.array([1.0, 0.0]), -3.0, -3.0), Run("infeasible", None, 0.0, 0.0)])
def test_a_claim_of_the_solver_that_is_wrong_is_found_out(lie: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worth 3 and 2 each, 4 units of room for things of 2 and 1: the best is 1 and 2, worth 7."""
    def lying(p: Program, *arguments: Any, **options: Any) -> Run:
        return lie if p.integer.any() and "presolve" not in options else run(p, *arguments, **options)

    monkeypatch.setattr(moves, "run", lying)
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None)
    x = s.run()
    assert x is not None and x.tolist() == [1, 2]
    assert [(r.value, r.status) for r in s.stages] == [(-7, "optimal")]
    assert s.stages[0].bound == pytest.approx(-7)


def test_a_whole_column_that_is_nearly_none_is_none() -> None:
    """Without presolve HiGHS takes 3e-10 of a lot for none and lets it hold people; none of a lot holds none."""
    p = replace(program([[-5e4, 1.0]], [0.0], stage([1.0, 0.0]), top=[1.0, 10.0], integer=[True, False]),
                col_lower=np.array([0.0, 1.5e-5]))
    s = search.Search(p, 0.01, 10.0, 1, lambda *_: None)
    x = s.run()
    assert x is not None and missed(p, x) <= 1e-9 and (x[0], s.stages[0].value) == (1, 1)


def test_a_false_word_of_no_point_is_no_proof_of_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    p = program([[2.0, 2.0]], [3.0], stage([2.0, 3.0]), lower=[3.0])  # an even number is never 3
    assert run(p, p.stages[0], 10.0, presolve="off").bound == -np.inf
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None, presolve="off")
    assert s.run(np.array([1.0, 1.0])) is None and s.infeasible  # a start that breaks a row is none
    monkeypatch.setattr(moves, "run", lambda p, *rest, **more: Run("infeasible", None, np.inf, -np.inf)
                        if p.integer.any() else run(p, *rest, **more))
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None, direct=True)
    x = s.run(np.array([1.0, 2.0]))
    assert x is not None and x.tolist() == [1, 2] and s.stages[0].status == "work_limit"


@pytest.mark.parametrize("large", [False, True])
def test_a_bound_above_a_point_is_not_believed(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best is -7; whoever claims that nothing is below -5 proves nothing."""
    monkeypatch.setattr(moves, "LARGE", 1 if large else 300)
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None, Known(bound=-5.0))
    x = s.run(np.array([1.0, 2.0]))
    assert x is not None and s.stages[0].value == -7
    assert s.stages[0].bound == pytest.approx(-7) and s.stages[0].status == "optimal"
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None, Known(bound=-5.5))
    x = s.run(np.array([2.0, 0.0]))  # worth 6, which the claim says is as good as any: it is searched on
    assert x is not None and x.tolist() == [1, 2]


@pytest.mark.parametrize("start", [[1.0, 2.0 - 5e-7], [0.0, 3.0], [2.0, np.nan]])
def test_a_start_counts_only_as_far_as_it_is_a_point(start: list[float]) -> None:
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None)
    x = s.run(np.array(start))
    assert x is not None and x.tolist() == [1, 2] and s.stages[0].status == "optimal"


def test_a_linear_programme_is_proved_by_its_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again, without presolve, only where they don't come to its value; a start makes no difference."""
    asked: list[object] = []

    def heard(*arguments: Any, **options: Any) -> Run:
        asked.append(options.get("presolve"))
        found = run(*arguments, **options)
        return replace(found, duals=0 * found.duals) if wrong and found.duals is not None else found

    monkeypatch.setattr(moves, "run", heard)
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    p = replace(p, integer=np.zeros(2, dtype=bool))
    for wrong in (False, True):
        asked.clear()
        s = search.Search(p, 0.0, 10.0, 1, lambda *_: None)
        x = s.run(np.zeros(2))
        assert x is not None and x.tolist() == [1, 2] and s.stages[0].status == "optimal"
        assert ("off" in asked) == wrong


def test_a_later_better_point_proves_a_bound_wrong_and_a_true_one_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told that nothing is below -5.5, with a point worth 5: the search finds 7, and proves it."""
    monkeypatch.setattr(moves, "LARGE", 1)
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None, Known(bound=-5.5))
    x = s.run(np.array([1.0, 1.0]))
    assert x is not None and x.tolist() == [1, 2]
    assert s.stages[0].bound == pytest.approx(-7) and s.stages[0].status == "optimal"


@pytest.mark.parametrize("duals", [np.zeros(2), np.array([np.nan])])
@pytest.mark.parametrize("choice", [np.zeros(3), np.array([np.nan, 1.0])])
def test_what_is_known_of_another_programme_counts_only_where_it_fits(duals: np.ndarray, choice: np.ndarray,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "LARGE", 1)
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0, choice=np.arange(2), series=((0,), (1,)),
                blocks=np.arange(2))
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None, Known((choice,), np.nan, duals))
    x = s.run()
    assert x is not None and x.tolist() == [1, 2] and s.stages[0].status == "optimal"


def test_a_whole_column_between_bounds_that_are_not_whole_is_whole() -> None:
    p = program([[1.0]], [9.0], stage([-1.0]), top=2.5)
    s = search.Search(p, 0.0, 10.0, 1, lambda *_: None)
    x = s.run(np.array([3.0]))
    assert x is not None and x.tolist() == [2] and s.stages[0].status == "optimal"


@pytest.mark.parametrize("known", [False, True])
def test_an_error_on_the_way_leaves_a_known_point(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise SolverError("HiGHS: run ended with kSolveError")

    monkeypatch.setattr(search.Search, "_branch", broken)
    s = search.Search(easy(), 0.0, 10.0, 1, lambda *_: None)
    if not known:
        with pytest.raises(SolverError):
            s.answer()
        return
    answer = s.answer(np.array([1.0, 0.0]))
    assert answer.x is not None and answer.x.tolist() == [1, 0]
    assert (answer.status, answer.reason) == ("failed", "HiGHS: run ended with kSolveError")
    assert (answer.stages[0].value, answer.stages[0].bound) == (1, 0)


def test_an_error_in_branch_and_bound_leaves_the_better_point_it_had_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start is worth 2; HiGHS tells of the best, worth 7, and fails."""
    def failing(part: Program, *rest: Any, **options: Any) -> Run:
        if "watch" not in options:
            return run(part, *rest, **options)
        options["watch"](-8.0, np.array([1.0, 2.0 - 1e-9]))
        raise SolverError("HiGHS: run ended with kSolveError")

    monkeypatch.setattr(moves, "run", failing)
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    told: list[Any] = []
    answer = search.Search(p, 0.0, 10.0, 1, lambda *what: told.append(what)).answer(np.array([0.0, 1.0]))
    assert answer.x is not None and answer.x.tolist() == [1, 2]
    assert (answer.status, answer.stages[0].value, answer.stages[0].bound) == ("failed", -7, -8)
    assert told[0][0] == 0 and told[0][2].tolist() == [0, 1]  # the start, before anything else


def test_a_bound_that_a_told_point_proves_wrong_takes_the_place_of_none() -> None:
    p = program([[1.0, 1.0]], [2.0], stage([1.0, 1.0]))
    child = process._Child(0, p, 0.0, 9.0, 1, None, "search", Known())
    for bound, x, known in ((0.5, None, 0.5), (None, np.array([1.0, 0.0]), 0.5), (5.0, None, 0.5), (0.9, None, 0.9),
                            (None, np.array([0.0, 0.0]), None), (0.0, None, 0.0)):
        child.take(("progress", 0, bound, x, ()))
        assert child.bound == known


@pytest.mark.parametrize(("bound", "number", "wanted"), [(-7.0, 0, 0.001), (-7.21, 0, 0.003), (-70.0, 0, 0.005),
                                                         (-70.0, 1, 0.001), (None, 0, 0.001)])
def test_a_search_with_the_lists_held_ends_within_a_tenth_of_what_is_open(bound: float | None, number: int,
                                                                          wanted: float) -> None:
    p = program([[2.0, 1.0]], [4.0], stage([-3.0, -2.0]), top=2.0)
    s = search.Search(p, 0.01, 10.0, 1, lambda *_: None)
    asked: list[float] = []

    def bounded(*arguments: Any, **_: Any) -> Run:
        asked.append(arguments[5])
        return Run("work_limit", None, np.inf, -np.inf)

    s._bounded = bounded
    state = moves.State(None if bound is None else np.array([1.0, 2.0]), -np.inf if bound is None else bound)
    s._improve(number, p.stages[0], state, None, np.array([1.0, 2.0]), time.monotonic() + 9)
    assert asked == [pytest.approx(wanted)]


def test_a_bound_is_told_however_soon_after_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    result = StageResult("aim", 1.0, 1.0, 0.0, "optimal", 0.0)

    class Telling:
        def __init__(self, program: Program, gap: float, limit: float, seed: int, tell: Any, *_: Any, **__: Any):
            self.stages, self.tell = [], tell

        def answer(self, start: Any) -> Answer:
            for number, bound, x in ((0, None, np.ones(2)), (0, 0.5, None), (0, 0.5, None), (0, 1.0, None)):
                self.tell(number, bound, x)
            self.stages.append(result)
            self.tell(1, 1.0, None)
            return Answer("optimal", np.ones(2))

    monkeypatch.setattr(worker, "Search", Telling)
    out = BytesIO()
    worker._search(out, easy(), 0.0, time.monotonic() + 9, 1, None, "search", Known())
    out.seek(0)
    told = list(iter(lambda: worker.receive(out), None))
    assert [message[0] for message in told] == ["progress"] * 4 + ["done"]
    assert [(number, bound, len(ended)) for _, number, bound, _, ended in told[:-1]] == [
        (0, None, 0), (0, 0.5, 0), (0, 1.0, 0), (1, 1.0, 1)]


def test_a_process_that_has_answered_ends_in_good_order() -> None:
    child = process._worker()
    assert child.stdin and child.stdout
    with child.stdin, child.stdout:
        worker.send(child.stdin, ("search", easy(), 0.0, time.monotonic() + 30, 1, None, "search", Known()))
        while (message := worker.receive(child.stdout)) and message[0] != "done":
            pass
        assert message and message[1].x.tolist() == [0, 0]
        assert child.wait(10) == 0
