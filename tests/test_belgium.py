"""The Belgian case: solved, checked, within its own rules, and what is published agrees with its tables."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest

import optimiser
from optimiser.explore.beside.given import read_list
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


def rules_changed(problem: optimiser.Problem, case: optimiser.Problem) -> dict[tuple[str, str], object]:
    """Rules of a case that are others than those of the base, by region and name; nothing else may differ."""
    same = {"regions", "applied_scenarios"}
    assert case.config.model_dump(exclude=same) == problem.config.model_dump(exclude=same)
    return {(region, name): value for region, rules in case.config.regions.items()
            for name, value in rules.model_dump().items() if value != problem.rules(region).model_dump()[name]}


RULES = {  # what the settings of every scenario come to, worked out by hand
    "longer-lists": {("BE2", "list_length"): 35, ("BE3", "list_length"): 50, ("BE2", "list_changes"): 22,
                     ("BE3", "list_changes"): 22},
    "steady-lists": {("BE2", "list_changes"): 6, ("BE3", "list_changes"): 6},
    "social-partners": {("BE2", "list_length"): 25 + 40, ("BE2", "list_length_by_tier"): {"high": 21},
                        ("BE2", "list_changes"): 40 + 12},
    "wallonia-73-entries": {("BE3", "list_length"): 52, ("BE3", "list_changes"): 12 + 12},
    "yearly-review": {("BE2", "review_years"): 1, ("BE2", "list_changes"): 6, ("BE2", "minimum_stay"): 2},
    "no-list-changes": {("BE2", "list_changes"): 0, ("BE3", "list_changes"): 0},
    "worker-protection": {("BE2", "risk_shares"): {"high": 0.1}, ("BE3", "risk_shares"): {"high": 0.2}},
}
NUMBERS = {  # tables that scenarios change, and what becomes of a row
    "low-take-up": {"parameters": lambda row: 0.8 * row["central"] if row["parameter"] == "uptake" else row["central"]},
    "more-language-courses": {"capacities": lambda row: (
        1.25 if row["service"] == "language_course" else 1) * row["central"]},
    "language-courses-20": {"capacities": lambda row: (
        1.2 if row["service"] == "language_course" else 1) * row["central"]},
    "worker-protection": {
        "service_use": lambda row: (2 if row["service"] == "inspection" else 1) * row["central"],
        "parameters": lambda row: 20 if row["parameter"] == "min_other_vacancies" else row["central"]},
    "no-expansion": {"service_parameters": lambda row: 0 if row["parameter"] == "max_expansion" else row["central"]},
    "low-shortages": {"shortages": lambda row: row["low"], "activatable": lambda row: row["low"]},
    "high-shortages": {"shortages": lambda row: row["high"], "activatable": lambda row: row["high"]},
}


def test_the_scenarios_are_the_options_that_are_told_of() -> None:
    assert set(SCENARIOS) == set(RULES) | set(NUMBERS)
    assert len(SCENARIOS) == 13


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_changes_what_it_says_and_nothing_else(problem: optimiser.Problem, name: str) -> None:
    case = optimiser.load(CONFIG, [name])
    assert rules_changed(problem, case) == RULES.get(name, {})
    changed = NUMBERS.get(name, {})
    assert {table for table, frame in case.tables.items() if not frame.equals(problem.tables[table])} == set(changed)
    for table, number in changed.items():
        before, after = problem.tables[table], case.tables[table]
        keys = list(before.columns[:before.columns.get_loc("low")])
        assert after[keys].equals(before[keys])
        expected = before.apply(number, axis=1)
        assert after["central"].to_numpy() == pytest.approx(expected.to_numpy())
        assert (expected != before["central"]).any()
    [told] = case.config.applied_scenarios
    assert told.name == name


def test_the_conversion_of_entries_into_unit_groups_is_the_one_of_the_files() -> None:
    """Flanders by titles, Wallonia by entries: the numbers in the scenarios' comments."""
    force = pd.read_csv(CONFIG.parent.parent / "data" / "belgium" / "list_in_force.csv", dtype=str)
    here = {region: force[force["region"] == region] for region in ("BE2", "BE3")}
    titles, groups = len(here["BE2"]), here["BE2"]["occupation"].nunique()
    entries = here["BE2"]["entry"].str.split(" ").str[0]
    assert (titles, groups, entries.nunique()) == (32, 25, 21)
    assert RULES["social-partners"]["BE2", "list_length"] == groups + round(51 * groups / titles)
    assert round(8 / 25 * (groups + round(51 * groups / titles))) == 21
    walloon = (here["BE3"]["entry"].nunique(), here["BE3"]["occupation"].nunique())
    assert walloon == (56, 40)
    assert RULES["wallonia-73-entries"]["BE3", "list_length"] == round(73 * 40 / 56)


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"longer-lists", "steady-lists"}))
def test_no_scenario_contradicts_itself_in_what_data_show(name: str) -> None:
    assert optimiser.find_contradictions(optimiser.load(CONFIG, [name])) == []


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


LISTS = sorted((CONFIG.parent.parent / "data" / "belgium" / "lists").glob("*.csv"))
ENTRIES = {"flanders-2019": 20, "flanders-2021": 22, "flanders-2023": 29, "flanders-2026": 32, "wallonia-2020": 7,
           "wallonia-2025-partial": 53, "wallonia-2026": 56}  # official entries; of 2026 in Flanders, titles


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_official_lists_can_be_evaluated_and_have_as_many_entries_as_are_published(problem: optimiser.Problem,
                                                                                   path: Path) -> None:
    given = read_list(problem, path)
    assert given.regions == ({"flanders": "BE2", "wallonia": "BE3"}[path.stem.split("-")[0]],)
    rows = pd.read_csv(path, dtype=str)
    assert rows["entry"].nunique() == ENTRIES[path.stem]
    assert set(rows["source"]) <= set(problem.tables["sources"]["source"])
    page = (path.parent / "README.md").read_text("utf-8")
    assert re.search(rf"^\| `{path.name}` \|.* \*{{0,2}}{ENTRIES[path.stem]}( titles)?\*{{0,2}} \| "
                     rf"{rows['occupation'].nunique()} \|", page, re.M)


def test_the_official_lists_follow_from_each_other() -> None:
    """The counts of the changes are published: 20, merged to 18, and 4 are 22; less 3 and 10 are 29."""
    assert {path.stem for path in LISTS} == set(ENTRIES)
    entries = {path.stem: set(pd.read_csv(path, dtype=str)["entry"]) for path in LISTS}
    first, second, third = (entries[f"flanders-{year}"] for year in (2019, 2021, 2023))
    assert (len(first - second), len(second - first)) == (3, 4 + 1)  # three truck entries became one
    assert (len(second - third), len(third - second)) == (3, 10)
    assert len(entries["wallonia-2025-partial"] - entries["wallonia-2026"]) == 1
    force = pd.read_csv(CONFIG.parent.parent / "data" / "belgium" / "list_in_force.csv", dtype=str)
    today = pd.concat([pd.read_csv(path, dtype=str) for path in LISTS if path.stem.endswith("-2026")])
    assert sorted(today.itertuples(index=False)) == sorted(force.itertuples(index=False))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_a_plan_that_passes_the_check(solution: Solution, name: str,
                                                         request: pytest.FixtureRequest) -> None:
    """All are solved with --long; else those for which the plan of the base case is no plan are left to it, but one."""
    case = optimiser.load(CONFIG, [name])
    if not optimiser.violations(case, solution.plan):
        return
    if name != "no-list-changes" and not request.config.getoption("--long"):
        pytest.skip("solved with --long")
    found = optimiser.solve(case, gap=GAP, time_limit=300)
    assert optimiser.violations(case, found.plan) == []
    assert [one["name"] for one in found.status["scenarios"]] == [name]
