"""What must not change the answer: the order of rows, the names of things, and things that hold nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from worlds import Rows, rows, world

from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.solving import solve

Case = tuple[dict[str, Any], dict[str, Rows]]
OCCUPATIONS = ("0110", "2221", "5120", "7126", "7411", "9112")
PLACES = {"Q1": "Q", "Q2": "Q", "R1": "R", "R2": "R", "R3": "R"}
YEARS = (2026, 2027, 2028)


def case() -> Case:
    """Two regions with a shared desk, each by its own rules; every family of constraints is on, numbers are drawn."""
    rng = random.Random(2)
    cells = [(p, o, t) for p in PLACES for o in OCCUPATIONS if rng.random() < 0.6 for t in YEARS]
    common = {"list_length": 3, "list_changes": 3, "risk_shares": {"high": 0.5}}
    settings = {"last_year": YEARS[-1], "regions": {
        "Q": common | {"minimum_stay": 2, "fairness": {"area_coverage": 0.02, "band": 0.4}},
        "R": common | {"review_years": 2, "must_list": ["2221"], "fairness": {"sector_coverage": 0.01}}}}
    # No two permits are worth or cost the same: there are no ties.
    unlike = [(name, "*", o, round(rng.uniform(*ends), 3)) for o in OCCUPATIONS
              for name, ends in (("weight", (0.8, 1.6)), ("permit_cost", (250, 400)), ("training_cost", (800, 999)))]
    each = [("uptake", "*", "*", 0.8), ("additional", "*", "*", 0.9), ("lot", "Q", "*", 2), ("min_quota", "*", "*", 2),
            ("max_quota", "*", "sector:works", 25), ("max_migrant_share", "*", "*", 0.7),
            ("trainees_per_permit", "*", "sector:works", 0.1), ("training_success", "*", "*", 0.6),
            ("training_lag", "*", "*", 1), ("min_other_vacancies", "*", "*", 2)]
    tables = {
        "regions": rows("region", ("Q",), ("R",)),
        "areas": rows("area region", *PLACES.items()),
        "occupations": rows("occupation sector skill_tier regulated risk_class", *zip(
            OCCUPATIONS, ("works", "health", "food", "works", "works", "food"), ("low", "high", "low") * 2,
            ("no", "yes") * 3, ("high", "low", "medium") * 2, strict=True)),
        "shortages": rows("area occupation year central", *((*cell, round(rng.uniform(3, 30), 1)) for cell in cells)),
        "activatable": rows("area occupation year central",
                            *((*cell, round(rng.uniform(0, 5), 1)) for cell in cells if rng.random() < 0.3)),
        "list_in_force": rows("region occupation entry", ("Q", "0110", "a"), ("R", "9112", "b"), ("R", "5120", "c")),
        "exclusions": rows("region occupation reason", ("Q", "9112", "pay")),
        "parameters": rows("parameter region occupation central", *unlike, *each),
        "retention": rows("region occupation cohort_year central",
                          *(("*", "*", age, share) for age, share in enumerate((0.5, 0.86, 0.74)))),
        "services": rows("service scope unit", ("course", "area", "hours"), ("desk", "shared", "hours"),
                         ("rooms", "region", "rooms")),
        "service_use": rows("service region occupation per cohort_year central",
                            ("course", "*", "*", "person", 0, 110), ("course", "R", "*", "person", 1, 40),
                            ("desk", "*", "*", "permit", 0, 6.5), ("rooms", "*", "*", "person", 0, 0.6)),
        "capacities": rows("service place year central", ("course", "*", "*", 900), ("course", "R1", 2027, 1300),
                           ("desk", "*", "*", 350), ("rooms", "Q", "*", 9), ("rooms", "R", "*", 14)),
        "service_parameters": rows("parameter service place central", ("unit_cost", "course", "*", 3),
                                   ("expansion_cost", "course", "*", 5), ("max_expansion", "course", "*", 120),
                                   ("expansion_cost", "desk", "*", 40), ("max_expansion", "desk", "*", 50),
                                   ("lead_time", "course", "*", 1)),
        "permit_totals": rows("region year central", ("Q", "*", 24), ("R", "*", 41)),
        "budgets": rows("region year central", ("*", "*", 60000)),
        "training_places": rows("region occupation year central", ("*", "*", "*", 7)),
        "commuting": rows("area reaches", ("R1", "R2"), ("R2", "R1"), ("R3", "R2"), ("Q1", "Q2")),
    }
    return settings, tables


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, Solution]:
    """The case as it stands, and its proved answer."""
    settings, tables = case()
    problem = world(tmp_path_factory.mktemp("known"), settings, **tables)
    solution = solve(problem)
    assert solution.status["termination"] == "optimal"
    assert len(solution.lists) > 8
    return problem, solution


def objectives(solution: Solution, named: Callable[[str], str] = str) -> dict[tuple[str, str], float]:
    table = solution.objectives
    return {(named(r), name): float(value) for r, name, value in
            zip(table["region"], table["objective"], table["value"], strict=True)}


def same_values(one: dict[tuple[str, str], float], other: dict[tuple[str, str], float]) -> None:
    """Equal up to what publishing three decimals can cost."""
    for key, value in one.items():
        assert other[key] == pytest.approx(value, rel=1e-4, abs=5e-3), key


def test_the_case_is_no_easy_one(known: tuple[Problem, Solution]) -> None:
    """Something is left out, some service is full, something is trained and extended: the answer could change."""
    _, solution = known
    assert solution.unfilled["unfilled"].gt(0).any()
    assert (solution.services["used"] > 0.99 * (solution.services["capacity"] + solution.services["expansion"])).any()
    assert len(solution.training)
    assert solution.services["expansion"].gt(0).any()
    assert (solution.lists["entered"] == "yes").any()


def test_row_order(known: tuple[Problem, Solution], tmp_path: Path) -> None:
    """Every table shuffled, and columns and settings turned round: the same problem, and the same bytes of answer."""
    settings, tables = case()
    for seed in range(3):
        rng = random.Random(seed)
        shuffled = {name: rng.sample(records, len(records)) for name, records in tables.items()}
        turned = settings | {"regions": dict(reversed(settings["regions"].items()))}
        problem = world(tmp_path / str(seed), turned, **shuffled)
        assert problem == known[0]
        assert list(problem.shortage) == list(known[0].shortage)
        assert list(problem.parameters["weight"]) == list(known[0].parameters["weight"])
    solution = solve(problem)
    assert solution.plan == known[1].plan
    for name in ("lists", "quotas", "arrivals", "training", "unfilled", "services"):
        pd.testing.assert_frame_equal(getattr(solution, name), getattr(known[1], name))


def renamed(names: dict[str, str]) -> Case:
    """The case with other codes in every table and setting."""
    settings, tables = case()
    columns = {"area", "reaches", "occupation", "region", "place", "service"}
    tables = {name: [{key: names.get(str(value), value) if key in columns else value for key, value in row.items()}
                     for row in records] for name, records in tables.items()}
    regions = {names.get(region, region): rules | (
        {"must_list": [names.get(o, o) for o in rules["must_list"]]} if "must_list" in rules else {})
        for region, rules in settings["regions"].items()}
    return settings | {"regions": regions}, tables


CODES = (*OCCUPATIONS, *PLACES, "Q", "R", "course", "desk", "rooms")


@pytest.mark.parametrize("names", [
    {code: f"x{code}x" for code in CODES},
    {old: new for group in (OCCUPATIONS, tuple(PLACES), ("Q", "R"), ("course", "desk", "rooms"))
     for old, new in zip(group, (f"N{code}" for code in reversed(group)), strict=True)},
], ids=["in the same order", "in another order"])
def test_names(known: tuple[Problem, Solution], tmp_path: Path, names: dict[str, str]) -> None:
    """Codes are names only: the same values of every objective, and the same lists and quotas under other names."""
    settings, tables = renamed(names)
    solution = solve(world(tmp_path, settings, **tables))
    same_values(objectives(known[1], lambda region: names[region]), objectives(solution))
    for name, key in (("lists", ["region", "occupation", "review"]), ("quotas", ["region", "occupation", "year"])):
        before = getattr(known[1], name).replace({"region": names, "occupation": names})
        pd.testing.assert_frame_equal(before.sort_values(key, ignore_index=True),
                                      getattr(solution, name).sort_values(key, ignore_index=True))


def with_nothing(tables: dict[str, Rows], settings: dict[str, Any]) -> None:
    """A region without areas that decides, one that does not, areas and occupations without shortages."""
    tables["regions"] += rows("region", ("A",), ("Z",))
    settings["regions"] = {"A": {}} | settings["regions"]
    tables["areas"] += rows("area region", ("A0", "R"), ("Q9", "Q"), ("Z1", "Z"))
    tables["occupations"] += rows("occupation sector risk_class", ("0000", "works", "high"), ("9999", "void", ""))
    tables["commuting"] += rows("area reaches", ("A0", "R1"), ("R1", "A0"))
    tables["shortages"] += rows("area occupation year central", ("Z1", "0110", 2026, 50), ("R1", "2221", 2031, 50),
                                ("A0", "0000", 2026, ""), ("Q9", "9999", 2027, 0))


def test_things_that_hold_nothing(known: tuple[Problem, Solution], tmp_path: Path) -> None:
    """The same lists, quotas and values; the empty region has an empty list."""
    settings, tables = case()
    with_nothing(tables, settings)
    solution = solve(world(tmp_path, settings, **tables))
    same_values(objectives(known[1]), objectives(solution))
    for name in ("lists", "quotas", "training", "unfilled"):
        pd.testing.assert_frame_equal(getattr(solution, name), getattr(known[1], name))
    pd.testing.assert_frame_equal(solution.arrivals, known[1].arrivals)


def test_things_that_hold_nothing_stay_out_of_the_problem(known: tuple[Problem, Solution], tmp_path: Path) -> None:
    """They are no candidates, no shortages, and pay for nothing."""
    settings, tables = case()
    with_nothing(tables, settings)
    problem = world(tmp_path, settings, **tables)
    assert problem.candidates == known[0].candidates | {"A": ()}
    assert problem.shortage == known[0].shortage
    assert problem.payers("desk", "shared") == ("Q", "R")
