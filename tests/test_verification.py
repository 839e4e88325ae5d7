"""Second opinions, seeds that change nothing, and what is kept of a plan that fails."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import inline
import numpy as np
import pytest
from countries import country
from worlds import rows, world, write_world

from optimiser import run_folder, solving
from optimiser.cli import main
from optimiser.errors import InfeasibleError, ResultError
from optimiser.model import readback
from optimiser.solver import Answer, Opinion, StageResult, opinion, scip
from optimiser.solving import solve


def answered(value: float, bound: float) -> Answer:
    return Answer("within_gap", np.zeros(1), (StageResult("aim", value, bound, 0.0, "within_gap", 0.1),))


NOTHING = Answer("time_limit", None)
IMPOSSIBLE = Answer("infeasible", None)


@pytest.mark.parametrize(("one", "other", "verdict"), [
    (answered(100, 99), answered(100, 99), "agrees"),
    (answered(100, 99), answered(100.9, 99), "agrees"),
    (answered(100, 99), answered(130, 60), "undecided"),
    (answered(100, 99), answered(98, 97), "contradicts"),  # better than the first proved possible
    (answered(100, 99), answered(105, 101), "contradicts"),  # the first is better than the second proved possible
    (answered(100, 99), NOTHING, "undecided"),
    (answered(100, 99), IMPOSSIBLE, "contradicts"),
    (IMPOSSIBLE, answered(100, 99), "contradicts"),
    (IMPOSSIBLE, IMPOSSIBLE, "agrees"),
    (IMPOSSIBLE, NOTHING, "undecided"),
])
def test_whether_two_answers_can_both_be_true(one: Answer, other: Answer, verdict: str) -> None:
    assert opinion.verdict(one, other, 0.01) == verdict


@pytest.mark.parametrize("seed", range(700, 706))
def test_second_opinions_of_random_countries_agree(tmp_path: Path, seed: int) -> None:
    problem = country(random.Random(seed), tmp_path)
    try:
        solution = solve(problem, gap=0.0, verify=True)
    except InfeasibleError:
        return
    heard = solution.status["opinions"]
    assert {told["verdict"] for told in heard} == {"agrees"}
    assert solution.confirmed
    methods = {"without_presolve", "scip"} if scip.installed() else {"without_presolve"}
    assert {told["method"] for told in heard} == methods


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["optimiser", "solve", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def doubt(monkeypatch: pytest.MonkeyPatch, verdict: str) -> None:
    monkeypatch.setattr(solving, "opinions", lambda programs, answers, **_: [
        [Opinion("without_presolve", verdict, 3.0, 2.5, 0.1)] for _ in programs])


def test_verify_tells_and_keeps_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    config = write_world(tmp_path / "case")
    assert run(monkeypatch, str(config), "--out", str(tmp_path / "run"), "--verify") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Second opinion for R, HiGHS without presolve, another seed: found 0, at best 0; that agrees." in said
    assert run_folder.read(tmp_path / "run")[1].confirmed


def test_a_plan_that_is_not_confirmed_is_written_and_said_to_be_so(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    doubt(monkeypatch, "undecided")
    config = write_world(tmp_path / "case")
    assert run(monkeypatch, str(config), "--out", str(tmp_path / "run"), "--verify") == 4
    assert "No second opinion got far enough" in capsys.readouterr().err
    assert not run_folder.read(tmp_path / "run")[1].confirmed


def test_a_contradicted_plan_is_kept_for_study_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    doubt(monkeypatch, "contradicts")
    config = write_world(tmp_path / "case")
    assert run(monkeypatch, str(config), "--out", str(tmp_path / "run"), "--verify") == 5
    said = capsys.readouterr().err
    assert "R: found 0, at best 0; HiGHS without presolve, another seed: found 3, at best 2.5" in said
    assert not (tmp_path / "run").exists()
    assert (tmp_path / "run-failed" / "solver.csv").is_file()


def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that lets half a person too many come."""
    real = readback.plans

    def wrong(*args: Any) -> Any:
        for plan in real(*args):
            yield replace(plan, arrivals={key: number + Fraction(1, 2) for key, number in plan.arrivals.items()})

    monkeypatch.setattr(solving, "plans", wrong)


def test_a_plan_that_fails_is_kept_for_study_and_never_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    spoilt(monkeypatch)
    config = write_world(tmp_path / "case")
    for folder in ("run-failed", "run-failed-2"):
        assert run(monkeypatch, str(config), "--out", str(tmp_path / "run")) == 5
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("R: ")]  # the progress
        first, *broken = lines
        assert first == ("The plan found breaks a rule and is not published. What the solver gave is kept for study in "
                         f"{tmp_path / folder}")
        assert "  - 0110 in R in 2026: 10.5 people arrive, 10 can (10 permits, 1 people per permit)" in broken
        assert not (tmp_path / "run").exists()
        kept = tmp_path / folder
        assert sorted(path.name for path in kept.iterdir()) == ["broken.txt", "input", "solver.csv"]
        assert (kept / "broken.txt").read_text("utf-8").splitlines() == [line[4:] for line in broken]
        assert 'R,"arrivals[0110, A1, 2026]",10.0,0.0,10.0' in (kept / "solver.csv").read_text("utf-8").splitlines()
        assert run(monkeypatch, str(kept / "input" / "config.yaml"), "--out", str(tmp_path / "again")) == 5
        capsys.readouterr()


def test_a_failed_plan_reaches_whoever_calls_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt(monkeypatch)
    with pytest.raises(ResultError) as caught:
        solve(world(tmp_path))
    assert caught.value.violations
    assert set(caught.value.study) == {"broken.txt", "solver.csv"}


@pytest.mark.drawn(20, 1_000)
def test_a_proved_answer_does_not_depend_on_the_seed(tmp_path: Path, numbers: range, monkeypatch: pytest.MonkeyPatch
                                                     ) -> None:
    """The tie-break leaves one plan of all that are equal."""
    monkeypatch.setattr(solving, "solve_many", inline.solve_many)
    monkeypatch.setattr(solving, "explain", inline.explain)
    for number in numbers:
        problem = country(random.Random(number), tmp_path / str(number))
        found = []
        for seed in (1, 2, 3):
            own = problem.config.model_copy(update={"solver": problem.config.solver.model_copy(update={"seed": seed})})
            try:
                found.append(solve(replace(problem, config=own), gap=0.0).plan)
            except InfeasibleError:
                found.append(None)
        assert found[0] == found[1] == found[2], number


def test_regions_that_share_are_split_evenly_among_equals(tmp_path: Path) -> None:
    """Three regions, ten builders short in each, a desk for fifteen people: five for each, and no other split."""
    regions = ("Q", "R", "S")
    problem = world(
        tmp_path, {"regions": {r: {"objectives": [{"name": "unfilled"}]} for r in regions}},
        regions=rows("region", *((r,) for r in regions)), areas=rows("area region", *((f"{r}1", r) for r in regions)),
        shortages=rows("area occupation year central", *((f"{r}1", "0110", 2026, 10) for r in regions)),
        services=rows("service scope unit", ("desk", "shared", "files")),
        service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "person", 0, 2)),
        capacities=rows("service place year central", ("desk", "shared", "*", 30)))
    solution = solve(problem, gap=0.0)
    assert solution.objectives["value"].tolist() == [5, 5, 5]
