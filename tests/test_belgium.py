"""The Belgian case: solved, checked, within its own rules, and what is published agrees with its tables."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

import optimiser
from optimiser.solution import Solution

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


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_loads_and_changes_the_case(problem: optimiser.Problem, name: str) -> None:
    other = optimiser.load(CONFIG, [name])
    changed = other.config.regions != problem.config.regions or any(
        not table.equals(problem.tables[key]) for key, table in other.tables.items())
    assert changed
