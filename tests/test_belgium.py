"""The Belgian case: solved, checked, within its own rules, and what is published agrees with its tables."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest

import optimiser
from optimiser.solution import Solution
from optimiser.terminal import show_solution

CONFIG = Path(__file__).parent.parent / "configs" / "belgium.yaml"
SCENARIOS = sorted(path.stem for path in (CONFIG.parent / "scenarios").glob("*.yaml"))
GAP = 0.02  # wide, so that the test is quick; the run of the README asks for half of it


@pytest.fixture(scope="module")
def problem() -> optimiser.Problem:
    return optimiser.load(CONFIG)


@pytest.fixture(scope="module")
def solution(problem: optimiser.Problem) -> Solution:
    return optimiser.solve(problem, gap=GAP, time_limit=300)


def test_both_regions_are_solved_within_the_gap_and_pass_the_check(problem: optimiser.Problem,
                                                                   solution: Solution) -> None:
    assert optimiser.violations(problem, solution.plan) == []
    first = solution.objectives[solution.objectives["rank"] == 1]
    assert first["region"].tolist() == ["BE2", "BE3"]
    assert (first["bound"] <= first["value"] + 1e-6).all()
    assert (first["gap"] <= GAP + 0.002).all()  # later aims may give back 0.2 %
    assert solution.objectives["bound"].notna().all()
    assert not solution.status["clock_cut"]


def test_the_lists_keep_their_lengths_and_their_changes(problem: optimiser.Problem, solution: Solution) -> None:
    for region, rules in problem.config.regions.items():
        lists = solution.lists[solution.lists["region"] == region]
        per_review = lists[lists["review"] > 0].groupby("review")["occupation"].nunique()
        assert len(per_review) == math.ceil(5 / rules.review_years)
        assert rules.list_length is not None and (per_review <= rules.list_length).all()
        held = {review: set(rows["occupation"]) for review, rows in lists.groupby("review")}
        held[0] = set(problem.in_force[region])
        assert rules.list_changes is not None
        assert all(len(held[e - 1] ^ held[e]) <= rules.list_changes for e in per_review.index)


def test_every_shortage_of_the_tables_is_accounted_for(problem: optimiser.Problem, solution: Solution) -> None:
    table = pd.read_csv(CONFIG.parent.parent / "data" / "belgium" / "shortages.csv", dtype={"occupation": str})
    short = table.set_index(["area", "occupation", "year"])["central"]
    published = solution.unfilled.set_index(["area", "occupation", "year"])
    assert published["shortage"].astype(float).sum() == pytest.approx(short.sum())
    parts = published[["activated", "filled_by_scheme", "filled_by_training", "unfilled"]].astype(float).sum(axis=1)
    assert (parts - published["shortage"].astype(float)).abs().max() < 1e-5


def test_the_lists_in_force_are_the_official_ones(problem: optimiser.Problem) -> None:
    assert {region: len(codes) for region, codes in problem.in_force.items()} == {"BE2": 25, "BE3": 40}


def limits(problem: optimiser.Problem) -> dict[str, tuple[int | None, int | None]]:
    return {region: (rules.list_length, rules.list_changes) for region, rules in problem.config.regions.items()}


def test_every_scenario_changes_what_it_says_and_nothing_else(problem: optimiser.Problem) -> None:
    other = {name: optimiser.load(CONFIG, [name]) for name in SCENARIOS}
    assert limits(problem) == {"BE2": (25, 12), "BE3": (40, 12)}
    assert {name: limits(case) for name, case in other.items()} == {
        "longer-lists": {"BE2": (35, 22), "BE3": (50, 22)}, "steady-lists": {"BE2": (25, 6), "BE3": (40, 6)},
        "low-take-up": limits(problem), "more-language-courses": limits(problem)}
    courses = {key: 1.25 * number if key[0] == "language_course" else number
               for key, number in problem.capacity.items()}
    assert other["more-language-courses"].capacity == pytest.approx(courses)
    assert problem.parameter("uptake", "BE3", "8332") == 0.85
    assert other["low-take-up"].parameter("uptake", "BE3", "8332") == pytest.approx(0.68)
    for case in other.values():
        changed = {name for name, table in case.tables.items() if not table.equals(problem.tables[name])}
        assert len(changed) <= 1 and changed <= {"capacities", "parameters"}


def test_scenarios_can_be_put_together(problem: optimiser.Problem) -> None:
    both = optimiser.load(CONFIG, ["longer-lists,steady-lists", "low-take-up"])
    assert limits(both) == {"BE2": (35, 6), "BE3": (50, 6)}  # the later one holds
    assert both.parameter("uptake", "BE2", "2221") == pytest.approx(0.68)


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(optimiser.InputError) as caught:
        optimiser.load(CONFIG, ["longer-list"])
    assert all(name in str(caught.value) for name in SCENARIOS)


def test_the_summary_shows_the_numbers_of_the_tables(problem: optimiser.Problem, solution: Solution,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    show_solution(problem, solution, Path("runs/belgium"))
    lines = [re.split(r"  +", line.strip()) for line in capsys.readouterr().out.splitlines()]
    together = [line for line in lines if line[0] == "Together"]
    left = [line[1] for line in lines if line[0] == "All occupations"]
    for i, region in enumerate(["BE2", "BE3"]):
        quotas = solution.quotas[solution.quotas["region"] == region].groupby("year")["quota"].sum()
        here = solution.unfilled[solution.unfilled["area"].isin(problem.areas[region])]
        assert together[i][1:] == [*(f"{n:,}" for n in quotas), f"{here['filled_by_scheme'].sum():,.0f}"]
        assert left[i] == f"{here['unfilled'].sum():,.0f}"
