"""How limits that clash read: whose they are, their numbers, and many of a kind in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from worlds import rows, world

from optimiser.clash import in_words
from optimiser.errors import InfeasibleError
from optimiser.problem import Problem
from optimiser.solving import solve


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return world(
        tmp_path, {"last_year": 2029, "regions": {"R": {"must_list": ["0110"], "fairness": {"area_coverage": 0.9}}}},
        services=rows("service title_en scope unit source", ("course", "Course", "area", "hours", "S")),
        capacities=rows("service place year central", ("course", "A1", "*", 300), ("course", "A2", "*", 40)),
        permit_totals=rows("region year central", ("R", "*", 5)),
        exclusions=rows("region occupation reason source", ("R", "2221", "Law", "S")))


def test_limits_come_first_and_with_their_numbers(problem: Problem) -> None:
    assert in_words(problem, ["shortage_balance[0110, A1, 2026]", "fair_areas[R, A1]", "lots[R, 0110, 2026]",
                              "service_capacity[course, A1, 2027]", "ties_variables[R]", "lots[R, 0110, 2026]"]) == [
        "R: at least a share of 0.9 of the shortage of A1 must be filled",
        "R: at most 5 permits in 2026",
        "Course (course) in A1 in 2027: at most 300 hours",
        "A1: only people who come or are trained fill the shortage of Builder (0110) in 2026"]


def test_locks_say_which_way(problem: Problem) -> None:
    assert in_words(problem, ["listed[R, 0110, 1]", "listed[R, 2221, 1]"]) == [
        "R: Builder (0110) must be listed in review 1 (must_list)",
        "R: Nurse (2221) may not be listed in review 1 (must_not_list, exclusions.csv)"]


def test_many_of_a_kind_are_one_line(problem: Problem) -> None:
    names = [f"service_capacity[course, {area}, {year}]" for area in ("A1", "A2") for year in problem.years]
    assert in_words(problem, names) == ["Course (course) in A1, A2 in 2026-2029: at most 300 hours, 40 hours"]
    assert len(in_words(problem, names[:3])) == 3
    skipped = [name for name in names if "2027" not in name]
    assert in_words(problem, skipped) == [
        "Course (course) in A1, A2 in 2026, 2028, 2029: at most 300 hours, 40 hours"]


def test_a_clash_of_many_shortages_is_short(tmp_path: Path) -> None:
    """Nine tenths of what 40 occupations lack can't be filled with 5 permits."""
    codes = [f"{n:04d}" for n in range(1000, 1040)]
    case = world(
        tmp_path, {"regions": {"R": {"fairness": {"area_coverage": 0.9}}}},
        occupations=rows("occupation sector skill_tier regulated risk_class",
                         *((code, "care", "medium", "no", "low") for code in codes)),
        shortages=rows("area occupation year central", *(("A1", code, 2026, 3) for code in codes)),
        permit_totals=rows("region year central", ("R", "*", 5)))
    with pytest.raises(InfeasibleError) as caught:
        solve(case)
    lines = list(caught.value.clashes)
    assert len(lines) <= 8
    assert lines[0].startswith("R: at ") and any("0.9" in line for line in lines)
    assert any(re.search(r"10\d\d, 10\d\d, 10\d\d and \d+ more in 2026", line) for line in lines)
