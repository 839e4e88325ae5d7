"""Light columns make the very rows that a Pyomo model makes, on every kind of case; their sums are never changed."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from countries import country
from hypothesis import given
from hypothesis import strategies as some
from tiny import write_tiny
from worlds import rows, world

from optimiser import load
from optimiser.errors import InputError, ResultError
from optimiser.generate import generate
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, hand_over
from optimiser.model.light import EQUAL, LESS, MORE, Light, Linear
from optimiser.model.plain import plain
from optimiser.model.reference import by_pyomo, differences
from optimiser.problem import Problem
from optimiser.solving import solve

ROOT = Path(__file__).parent.parent


def same_rows(problem: Problem) -> int:
    """Assert that both ways make the same programme of every component; how many rows there are."""
    count = 0
    for regions in components(problem):
        light = hand_over(frame(problem, regions))
        assert_same(light)
        count += len(light.rows)
    return count


def assert_same(light: Handed) -> None:
    reference = by_pyomo(light.frame)
    assert list(differences(light, reference)) == []
    for name in ("indptr", "indices"):  # not even a zero more
        np.testing.assert_array_equal(getattr(light.program.matrix, name), getattr(reference.program.matrix, name))


@pytest.mark.parametrize("seed", range(40))
def test_random_countries_have_the_rows_that_pyomo_makes(tmp_path: Path, seed: int) -> None:
    assert same_rows(country(random.Random(seed), tmp_path)) > 0


def test_tiny_worlds_have_the_rows_that_pyomo_makes(tmp_path: Path) -> None:
    count = 0
    for seed in range(40):
        with suppress(InputError):  # worlds that contradict themselves
            count += same_rows(load(write_tiny(tmp_path / str(seed), seed)))
    assert count > 1000


@pytest.mark.parametrize("reviews", ["yearly", "once"])
def test_a_generated_country_has_the_rows_that_pyomo_makes(tmp_path: Path, reviews: str) -> None:
    generate(tmp_path / "land", 45, 2, 4, 4, seed=3, reviews=reviews)
    assert same_rows(load(tmp_path / "land" / "config.yaml")) > 2000


def test_belgium_has_the_rows_that_pyomo_makes() -> None:
    problem = load(ROOT / "configs" / "belgium.yaml")
    assert same_rows(problem) > 25_000
    assert_same(plain(problem, ("BE3",)).handed)


def test_rows_that_cancel_out_are_left_out_by_both(tmp_path: Path) -> None:
    """A risk class that everybody is in may have all quotas: the rule says nothing."""
    jobs = rows("occupation sector skill_tier regulated risk_class", ("0110", "construction", "medium", "no", "high"),
                ("2221", "health", "high", "yes", "high"))
    problem = world(tmp_path, {"regions": {"R": {"risk_shares": {"high": 1.0}}}}, occupations=jobs)
    assert same_rows(problem) > 0
    assert "risk_share" not in {name for name, _ in hand_over(frame(problem, ("R",))).rows}


def test_a_difference_is_told_by_name(tmp_path: Path) -> None:
    light = hand_over(frame(country(random.Random(3), tmp_path), ("Q",)))
    reference, program = by_pyomo(light.frame), light.program
    matrix = program.matrix.copy()
    matrix.data[0] *= 1 + 1e-9
    row = program.row_names[matrix.indices[0]]
    assert list(differences(replace(light, program=replace(program, matrix=matrix)), reference)) == [row]
    upper = program.col_upper.copy()
    upper[-1] += 1e-6
    found = list(differences(replace(light, program=replace(program, col_upper=upper)), reference))
    assert found == [f"col_upper of {program.col_names[-1]}"]
    cost = replace(program.stages[0], constant=program.stages[0].constant + 1.0)
    changed = replace(program, stages=(cost, *program.stages[1:]))
    assert list(differences(replace(light, program=changed), reference)) == [f"aim {cost.name}"]
    assert list(differences(replace(light, rows=light.rows[1:]), reference)) == ["rows"]


def test_verify_solves_nothing_that_pyomo_states_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = country(random.Random(3), tmp_path)
    monkeypatch.setattr(Light, "linear", lambda m, total: ({}, 0.0))
    with pytest.raises(ResultError, match="by way of Pyomo"):
        solve(problem, verify=True)


Sum = tuple[Linear, dict[int, float], float]


def column(i: int) -> Sum:
    return Linear([i, 1.0], 2), {i: 1.0}, 0.0


def terms(total: Linear) -> list[tuple[int, float]]:
    own = total.own()
    return list(zip(own[::2], own[1::2], strict=True))


def holds(one: Sum) -> None:
    """What a sum says, added up, is what it must say."""
    found: dict[int, float] = {}
    for at, by in terms(one[0]):
        found[at] = found.get(at, 0.0) + by
    assert {at: by for at, by in found.items() if by} == {at: by for at, by in one[1].items() if by}
    assert one[0].constant == one[2]


@given(some.lists(some.tuples(some.sampled_from("+-*n"), some.integers(0, 30), some.integers(0, 30)), max_size=40))
def test_sums_keep_what_they_say_whatever_is_made_of_them(steps: list[tuple[str, int, int]]) -> None:
    """Sums of sums, in any order, with whole numbers, so that adding them is exact."""
    made = [column(i) for i in range(3)]
    for what, left, right in steps:
        (a, in_a, c), (b, in_b, d) = made[left % len(made)], made[right % len(made)]
        number = right % 5 - 2
        if what in "+-":
            sign = 1 if what == "+" else -1
            terms = {i: in_a.get(i, 0.0) + sign * in_b.get(i, 0.0) for i in in_a | in_b}
            made.append((a + b if sign > 0 else a - b, terms, c + sign * d))
        elif what == "*":
            made.append((number * a, {i: number * by for i, by in in_a.items()}, number * c))
        else:
            made.append((number - a, {i: -by for i, by in in_a.items()}, number - c))
        if max(abs(by) for by in [1.0, *made[-1][1].values()]) > 1e9:
            break
    for one in made:
        holds(one)


def test_both_sides_of_a_relation_stand_as_in_pyomo() -> None:
    """A number stays on the right; of two sums the difference is at most, or exactly, nothing."""
    x, y = column(0)[0], column(1)[0]

    def said(row: Any) -> tuple[dict[int, float], int, float]:
        total, kind, side = row
        return dict(terms(total)), kind, side

    assert said(x <= 3) == ({0: 1.0}, LESS, 3)
    assert said(x >= 3) == ({0: 1.0}, MORE, 3)
    assert said(x >= 2 * y) == ({0: -1.0, 1: 2.0}, LESS, 0.0)
    assert said(x + y == 1) == ({0: 1.0, 1: 1.0}, EQUAL, 1)
    assert said(x == y) == ({0: 1.0, 1: -1.0}, EQUAL, 0.0)
    assert said(sum([x, y]) / 2 >= 1) == ({0: 0.5, 1: 0.5}, MORE, 1)
