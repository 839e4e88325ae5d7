"""Synthetic countries: the same bytes for a seed, the asked size, the shape of real ones, and always a plan."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optimiser.check import violations
from optimiser.errors import InputError
from optimiser.generate import generate
from optimiser.plan import Plan
from optimiser.problem import Problem, load
from optimiser.schema import TABLES
from optimiser.solving import solve


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def country(folder: Path, occupations: int, regions: int, areas: int, years: int, seed: int = 1,
            values: str = "central", **choices: Any) -> Problem:
    generate(folder, occupations, regions, areas, years, seed, **choices)
    return load(folder / "config.yaml", settings=[f"values={values}"])


def kept(problem: Problem) -> Plan:
    """The list in force as it is, with the smallest quotas, nobody coming, and the training that permits require."""
    listed = [(r, o, e.number) for r in problem.regions for o in problem.in_force[r] for e in problem.reviews[r]]
    quota = {(r, o, t): 10 for r in problem.regions for o in problem.in_force[r] for t in problem.years}
    ratio = {(r, o, t): problem.parameter("trainees_per_permit", r, o) for r, o, t in quota}
    trainees = {key: Fraction(str(share)) * 10 for key, share in ratio.items() if share}
    return Plan(frozenset(listed), quota, {}, trainees, {})


def test_a_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, 30, 2, 4, 3, seed)
    first, again, other = (contents(tmp_path / name) for name in "abc")
    assert first == again
    assert first["shortages.csv"] != other["shortages.csv"] and first["capacities.csv"] != other["capacities.csv"]


def test_it_has_the_size_asked_for_and_holds_every_table(tmp_path: Path) -> None:
    problem = country(tmp_path / "a", 50, 3, 4, 6)
    codes = problem.tables["occupations"]["occupation"]
    assert len(codes) == 50 and codes.str.fullmatch("[0-9]{4}").all()
    assert [len(problem.areas[r]) for r in problem.regions] == [4, 4, 4]
    assert problem.years == tuple(range(2026, 2032))
    assert all(len(problem.tables[table.name]) for table in TABLES)
    assert {problem.rules(r).review_years for r in problem.regions} == {1, 2}
    assert problem.rules("R1").list_length == 50 // 6


def test_thousands_of_occupations_get_longer_codes(tmp_path: Path) -> None:
    generate(tmp_path / "a", 6000, 1, 1, 1, 1)
    codes = pd.read_csv(tmp_path / "a" / "occupations.csv", dtype=str)["occupation"]
    assert codes.is_unique and len(codes) == 6000 and codes.str.fullmatch("[0-9]{6}").all()


def test_its_shortages_have_the_shape_of_real_ones(tmp_path: Path) -> None:
    problem = country(tmp_path / "a", 200, 2, 60, 2)
    table = problem.tables["shortages"]
    pairs = table.groupby(["area", "occupation"])["central"].mean()
    assert 0.70 <= 1 - len(pairs) / (200 * 120) <= 0.85  # most pairs have none
    assert pairs.nlargest(len(pairs) // 10).sum() > 0.35 * pairs.sum()  # a long tail
    assert any(len(problem.candidates[r]) < 200 for r in problem.regions)  # some occupations have none at all
    assert (table["low"] < table["high"]).mean() > 0.9 and set(table["basis"]) == {"estimated"}
    population = problem.tables["areas"].groupby("region")["population"]
    assert (population.max() > 10 * population.min()).all()
    by_year = table.pivot(index=["area", "occupation"], columns="year", values="central")
    assert not by_year["2026"].equals(by_year["2027"])


@pytest.mark.parametrize("values", ["low", "central", "high"])
@pytest.mark.parametrize(("occupations", "regions", "areas", "years", "seed"), [
    (1, 1, 1, 1, 0), (2, 3, 1, 2, 5), (9, 2, 5, 3, 1), (60, 2, 5, 5, 1), (60, 2, 5, 5, 2), (40, 3, 10, 4, 3),
    (120, 2, 40, 5, 4)])
def test_to_keep_the_list_in_force_breaks_no_limit(tmp_path: Path, occupations: int, regions: int, areas: int,
                                                   years: int, seed: int, values: str) -> None:
    problem = country(tmp_path / "a", occupations, regions, areas, years, seed, values)
    assert violations(problem, kept(problem)) == []


def test_a_tiny_one_is_solved(tmp_path: Path) -> None:
    problem = country(tmp_path / "a", 10, 2, 2, 2)
    solution = solve(problem, gap=0.02)
    assert not violations(problem, solution.plan)
    assert solution.unfilled["filled_by_scheme"].sum() > 0 and solution.unfilled["unfilled"].sum() > 0


def test_it_never_overwrites_and_refuses_what_no_machine_holds(tmp_path: Path) -> None:
    generate(tmp_path / "a", 3, 1, 1, 1, 1)
    before = contents(tmp_path / "a")
    with pytest.raises(InputError, match="already exists"):
        generate(tmp_path / "a", 4, 1, 1, 1, 1)
    assert contents(tmp_path / "a") == before
    with pytest.raises(InputError, match="fewer") as caught:
        generate(tmp_path / "b", 20_000, 200, 2_000, 30, 1)
    assert len(caught.value.faults) == 1 and not (tmp_path / "b").exists()


@pytest.mark.parametrize(("reviews", "expected"), [("yearly", [1, 1, 1]), ("once", [5, 5, 5]), ("mixed", [1, 2, 1])])
def test_reviews_are_as_asked(tmp_path: Path, reviews: str, expected: list[int]) -> None:
    problem = country(tmp_path / "a", 20, 3, 2, 5, reviews=reviews)
    assert [problem.rules(r).review_years for r in problem.regions] == expected
    assert [len(problem.reviews[r]) for r in problem.regions] == [-(-5 // years) for years in expected]


@pytest.mark.parametrize(("length", "changes"), [(1, 2), (7, 2), (20, 5)])
def test_a_list_is_as_long_as_asked(tmp_path: Path, length: int, changes: int) -> None:
    problem = country(tmp_path / "a", 60, 2, 5, 3, list_length=length, empty=0)
    for r in problem.regions:
        rules = problem.rules(r)
        assert (rules.list_length, rules.list_changes) == (length, changes)
        assert 0 < len(problem.in_force[r]) <= length


@pytest.mark.parametrize("empty", [0, 0.3, 0.6, 0.95])
def test_as_many_pairs_are_empty_as_asked(tmp_path: Path, empty: float) -> None:
    pairs = country(tmp_path / "a", 100, 2, 10, 2, empty=empty).tables["shortages"].groupby(["area", "occupation"])
    assert len(pairs) == pytest.approx((1 - empty) * 100 * 20, abs=2)  # every region has something to decide
    assert set(pairs.size()) == {2}


def test_choices_change_nothing_else_and_stand_in_the_file(tmp_path: Path) -> None:
    generate(tmp_path / "a", 30, 2, 4, 3, 1)
    generate(tmp_path / "b", 30, 2, 4, 3, 1, reviews="mixed", list_length=5, empty=None)
    generate(tmp_path / "c", 30, 2, 4, 3, 1, reviews="once", empty=0.5)
    as_today, same, other = (contents(tmp_path / name) for name in "abc")
    assert {name for name in as_today if as_today[name] != same[name]} == {"config.yaml"}
    assert as_today["config.yaml"].split(b"\n", 1)[1] == same["config.yaml"].split(b"\n", 1)[1]
    assert b"--seed 1\n" in as_today["config.yaml"] and b"--seed 1 --list-length 5\n" in same["config.yaml"]
    assert b"--seed 1 --reviews once --empty 0.5\n" in other["config.yaml"]
    assert as_today["areas.csv"] == other["areas.csv"] and as_today["occupations.csv"] == other["occupations.csv"]


@pytest.mark.parametrize("values", ["low", "central", "high"])
@pytest.mark.parametrize(("occupations", "areas", "choices"), [
    (60, 5, {"reviews": "yearly", "list_length": 1}), (60, 5, {"reviews": "once", "list_length": 60, "empty": 0}),
    (60, 5, {"empty": 0.95}), (120, 3, {"reviews": "yearly", "list_length": 3, "empty": 0.6}),
    (80, 20, {"reviews": "once", "list_length": 40, "empty": 0.6}), (5, 2, {"list_length": 50, "empty": 0.95})])
def test_a_plan_exists_whatever_is_asked(tmp_path: Path, occupations: int, areas: int, choices: dict[str, Any],
                                         values: str) -> None:
    problem = country(tmp_path / "a", occupations, 2, areas, 4, 1, values, **choices)
    assert violations(problem, kept(problem)) == []


@pytest.mark.parametrize("reviews", ["yearly", "once"])
def test_a_tiny_one_of_each_kind_is_solved(tmp_path: Path, reviews: str) -> None:
    problem = country(tmp_path / "a", 8, 2, 2, 2, reviews=reviews, list_length=2, empty=0.4)
    solution = solve(problem, gap=0.02)
    assert not violations(problem, solution.plan)
    assert all(len({o for r, o, _ in solution.plan.listed if r == region}) <= 2 * len(problem.reviews[region])
               for region in problem.regions)


@pytest.mark.parametrize(("choices", "words"), [
    ({"reviews": "weekly"}, "--reviews: got 'weekly'; expected one of: yearly, once, mixed"),
    ({"list_length": 0}, "--list-length: got 0; expected a whole number of occupations from 1 to 20,000"),
    ({"empty": 0.96}, "--empty: got 0.96; expected a share from 0 to 0.95"),
    ({"empty": float("nan")}, "--empty: got nan; expected a share from 0 to 0.95")])
def test_a_choice_out_of_range_is_one_line(tmp_path: Path, choices: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        generate(tmp_path / "a", 5, 1, 1, 1, 1, **choices)
    assert len(caught.value.faults) == 1 and str(caught.value).startswith(words)
    assert not (tmp_path / "a").exists()
