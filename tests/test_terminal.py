"""What a person sees in the terminal: numbers that agree with the tables, on screens of any width."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from valley import PLAN, answered, valley
from worlds import rows

from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.solver import Progress
from optimiser.solving import solve
from optimiser.terminal import searching, show_solution


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return valley(tmp_path / "case")


def shown(problem: Problem, solution: Solution, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_solution(problem, solution, Path("runs/valley"))
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def cells(lines: list[str], start: str) -> list[str]:
    """The cells of the first line that begins so; two spaces part them."""
    line = next(line for line in lines if line.startswith(start))
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_the_summary_agrees_with_the_tables(problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    solution = answered(problem)
    lines = shown(problem, solution, capsys)
    builders = solution.unfilled[solution.unfilled["occupation"] == "0110"]
    got, short = builders["filled_by_scheme"].sum(), builders["shortage"].sum()
    assert "The lists: 1 occupations, at most 1 at once; permits per year" in lines
    assert cells(lines, "0110") == ["0110 Builder", "10", "4", f"{got:,.0f}", f"{got / short:.0%}"]
    assert cells(lines, "Together") == ["Together", "10", "4", f"{got:,.0f}"]
    assert cells(lines, "All occupations") == ["All occupations", f"{solution.unfilled['unfilled'].sum():,.0f}"]
    assert cells(lines, "2221") == ["2221 Nurse", "8"]
    assert lines[-1] == "Everything is in runs/valley; open runs/valley/report.html"


def test_every_aim_shows_its_bound_or_that_none_is_known(problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(problem, answered(problem), capsys)
    assert cells(lines, "1. Unfilled shortage")[2:] == ["17.1", "10.47%"]
    for rank in (2, 3, 4):
        assert cells(lines, f"{rank}. ")[2:] == ["not known", "not known"]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_screen_and_no_number_is_cut(
        problem: Problem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a screen
    monkeypatch.setenv("NO_COLOR", "1")
    show_solution(problem, answered(problem), Path("runs/valley"))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= width
    numbers = [line for line in lines if line.startswith(("0110", "1. ", "Together"))]
    assert len(numbers) == 4 and not any(re.search(r"[0-9]…", line) for line in numbers)


def test_years_that_do_not_fit_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    years = range(2026, 2046)
    problem = valley(
        tmp_path / "long", {"last_year": 2045},
        shortages=rows("area occupation year central", *(("A1", "0110", t, 10) for t in years)),
        retention=rows("region occupation cohort_year central", *(("*", "*", age, 1) for age in range(20))))
    plan = Plan(frozenset(("R", "0110", e + 1) for e in range(20)), {("R", "0110", t): 2 for t in years}, {}, {}, {})
    lines = shown(problem, answered(problem, plan), capsys)
    assert cells(lines, "Occupation") == ["Occupation", "Permits, all years", "Filled", "Share"]
    assert cells(lines, "0110") == ["0110 Builder", "40", "0", "0%"]


def test_an_empty_plan_has_little_to_show(problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(problem, answered(problem, Plan(frozenset(), {}, {}, {}, {})), capsys)
    assert "The lists: 0 occupations, at most 0 at once; permits per year" in lines
    assert cells(lines, "Together") == ["Together", "0", "0", "0"]
    assert "No service is full." in lines


def test_the_end_of_a_search_is_said(problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    solution = answered(problem, PLAN)
    for status, words in (({"termination": "time_limit", "clock_cut": True}, "The time limit cut the search short"),
                          ({"termination": "interrupted", "clock_cut": True}, "You ended the search"),
                          ({"termination": "failed", "clock_cut": True}, "The solver broke off")):
        lines = shown(problem, replace(solution, status=solution.status | status), capsys)
        assert lines[-2].startswith(words)


def test_a_search_without_a_screen_says_how_every_aim_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with searching() as show:
        show("R", Progress("unfilled", 1, 2, None, None, None, 0.2))
        show("R", Progress("unfilled", 1, 2, 20.0, 18.5, 0.075, 1.0))
        show("R", Progress("tie_break", 2, 2, None, None, None, 1.4))
        show("R", Progress("tie_break", 2, 2, None, None, None, 12.0))
    assert capsys.readouterr().err.splitlines() == [
        "R: 1/2 Unfilled shortage, weighted person-years: not known, at best not known, gap not known (0 s)",
        "R: 1/2 Unfilled shortage, weighted person-years: 20, at best 18.5, gap 7.50% (1 s)",
        "R: 2/2 Tie-break among equals (12 s)"]


def test_progress_is_told_in_published_units(problem: Problem) -> None:
    seen: dict[str, list[Progress]] = {}
    solution = solve(problem, on_progress=lambda _, progress: seen.setdefault(progress.stage, []).append(progress))
    values = solution.objectives.set_index("objective")["value"]
    for name, steps in seen.items():
        last = steps[-1]
        if name == "tie_break":
            assert (last.incumbent, last.bound, last.gap) == (None, None, None)
        elif last.incumbent is not None:
            assert last.incumbent == pytest.approx(values[name], rel=0.05, abs=1e-3)
