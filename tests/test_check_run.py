"""The check of a run folder: every published cell that doesn't follow from the plan is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest
from hamlet import BUILDERS, NURSES, hamlet, listing, parameter
from worlds import rows

from optimiser import run_folder
from optimiser.check import check_run, differences
from optimiser.errors import ResultError
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import COLUMNS, Solution, derive

PLAN = Plan(
    listing((BUILDERS, 1), (BUILDERS, 2), (NURSES, 2)),
    {("R", BUILDERS, 2026): 5, ("R", BUILDERS, 2027): 4},
    {(BUILDERS, "A1", 2026): F("4.5"), (BUILDERS, "A1", 2027): F("1.234")},
    {("R", NURSES, 2026): F("1.5")},
    {("language_course", "A1", 2027): F("10.5")},
)


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    """Two years, a course in A1 that can grow, thirds in the tables so that results need rounding."""
    return hamlet(
        tmp_path / "case", last_year=2027,
        shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("A1", BUILDERS, 2027, 10),
                       ("A2", NURSES, 2026, 4)),
        parameters=parameter("additional", 0.333333) + parameter("training_success", 0.5, NURSES),
        training_places=rows("region occupation year central", ("R", NURSES, "*", 2)),
        services=rows("service scope unit source", ("language_course", "area", "hours", "S")),
        service_use=rows("service region occupation per cohort_year central",
                         ("language_course", "R", "*", "person", 0, 60)),
        capacities=rows("service place year central", ("language_course", "A1", "*", 300)),
        service_parameters=rows("parameter service place central", ("max_expansion", "language_course", "A1", 50)))


@pytest.fixture
def run(problem: Problem, tmp_path: Path) -> Path:
    """A sound run folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    run_folder.fill(problem, derive(problem, PLAN), folder)
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert text.count(old) == 1, text
    (folder / file).write_text(text.replace(old, new), "utf-8")


def test_a_sound_run_has_nothing_wrong(run: Path) -> None:
    assert check_run(run) == []


def test_a_sound_solution_has_no_differences(problem: Problem) -> None:
    assert differences(problem, derive(problem, PLAN)) == []


@pytest.mark.parametrize(("file", "old", "new", "words"), [
    ("unfilled.csv", "A1,0110,2026,10,0,1.499998,", "A1,0110,2026,10,0,1.499999,",
     "unfilled.csv, A1 0110 2026, filled_by_scheme: 1.499999 is published, 1.499998 follows from the plan"),
    ("services.csv", "language_course,A1,2026,300,0,270", "language_course,A1,2026,300,0,269",
     "services.csv, language_course A1 2026, used: 269 is published, 270 follows from the plan"),
    ("services.csv", "language_course,A1,2026,300,0,270", "language_course,A1,2026,301,0,270",
     "services.csv, language_course A1 2026, capacity: 301 is published, 300 follows from the plan"),
    ("lists.csv", "R,2221,2,2027,2027,yes,no", "R,2221,2,2027,2027,no,no",
     "lists.csv, R 2221 2, entered: no is published, yes follows from the plan"),
    ("quotas.csv", "R,2221,2027,0\n", "", "quotas.csv, R 2221 2027: the row is missing"),
    ("quotas.csv", "R,2221,2027,0\n", "R,2221,2026,0\nR,2221,2027,0\n",
     "quotas.csv, R 2221 2026: a row that doesn't follow from the plan"),
    ("quotas.csv", "R,2221,2027,0\n", "R,2221,2027,0\nR,2221,2027,0\n", "quotas.csv: 1 rows stand twice"),
    ("quotas.csv", "R,0110,2026,5\nR,0110,2027,4\n", "R,0110,2027,4\nR,0110,2026,5\n",
     "quotas.csv: the rows stand in another order than they should"),
    ("arrivals.csv", "A1,0110,2027,1.234\n", "A1,0110,2027,1.234\nA2,0110,2027,0\n",
     "arrivals.csv, A2 0110 2027: a row that doesn't follow from the plan"),
    ("objectives.csv", "R,3,list_changes,entries and exits,2,", "R,3,list_changes,entries and exits,1,",
     "objectives.csv, R list_changes, value: 1 is published, 2 follows from the plan"),
    ("objectives.csv", "R,4,cost,", "R,5,cost,",
     "objectives.csv, R cost, rank: 5 is published, 4 follows from the plan"),
])
def test_every_cell_is_recomputed(run: Path, file: str, old: str, new: str, words: str) -> None:
    edit(run, file, old, new)
    assert words in check_run(run)
    assert len(check_run(run)) == 1


def test_a_changed_decision_shows_in_all_that_follows(run: Path) -> None:
    edit(run, "arrivals.csv", "A1,0110,2026,4.5", "A1,0110,2026,5.001")
    broken = check_run(run)
    assert broken[:2] == [
        "0110 in R in 2026: 5.001 people arrive, 5 can (5 permits, 1 people per permit)",
        "language_course in A1 in 2026: 300.06 hours used, 300 can be given (capacity 300 + expansion 0)"]
    assert "services.csv, language_course A1 2026, used: 270 is published, 300.06 follows from the plan" in broken


def test_a_removed_occupation_shows_in_quotas_and_arrivals(run: Path) -> None:
    edit(run, "lists.csv", "R,0110,1,2026,2026,yes,no\n", "")
    broken = check_run(run)
    assert "0110 in R in 2026: a quota of 5 permits, but it is not listed (0 allowed)" in broken
    assert "quotas.csv, R 0110 2026: a row that doesn't follow from the plan" in broken


def test_codes_that_do_not_exist_end_the_check(run: Path) -> None:
    edit(run, "arrivals.csv", "A1,0110,2026,4.5", "A9,0110,2026,4.5")
    assert check_run(run) == ["arrivals 0110 A9 2026: the case has no such key"]


def test_a_changed_input_is_refused(run: Path) -> None:
    edit(run, "input/capacities.csv", "300", "400")
    with pytest.raises(ResultError, match=r"capacities\.csv"):
        check_run(run)


# Proofs
def proved(problem: Problem, **proofs: tuple[float, float]) -> Solution:
    return derive(problem, PLAN, {("R", name): (*proof, "within_gap") for name, proof in proofs.items()})


@pytest.mark.parametrize(("name", "bound", "gap"), [
    ("unfilled", 19.0, 0.1), ("unfilled", 19.8386704, 0.0), ("worst_coverage", 0.2, 0.5), ("list_changes", 2.0, 0.0),
    ("cost", 0.0, 0.0), ("unfilled", float("nan"), 0.0), ("unfilled", float("-inf"), float("inf")),
])
def test_honest_proofs_pass(problem: Problem, name: str, bound: float, gap: float) -> None:
    assert differences(problem, proved(problem, **{name: (bound, gap)})) == []


def test_no_value_is_better_than_its_bound(problem: Problem) -> None:
    """24 short; 4.5 and 4.5 + 1.234 people count a third each, and 0.75 nurses are trained."""
    value = derive(problem, PLAN).objectives.set_index("objective")["value"]
    assert (value["unfilled"], value["worst_coverage"]) == (19.83867, 0.170566)
    wrong = proved(problem, unfilled=(19.9, 0.01), worst_coverage=(0.17, 0.01), list_changes=(3, 0.5))
    assert differences(problem, wrong) == [
        "objectives.csv, R unfilled: the value 19.83867 weighted person-years is better than its bound 19.9, "
        "beyond rounding",
        "objectives.csv, R worst_coverage: the value 0.170566 share is better than its bound 0.17, beyond rounding",
        "objectives.csv, R list_changes: the value 2 entries and exits is better than its bound 3, beyond rounding"]


def test_no_gap_is_smaller_than_the_distance_to_the_bound(problem: Problem) -> None:
    assert differences(problem, proved(problem, unfilled=(17.854803, 0.05))) == [
        "objectives.csv, R unfilled: a gap of 0.05 is published, value 19.83867 and bound 17.854803 are 0.1 apart"]


def test_the_status_repeats_the_table(problem: Problem) -> None:
    solution = proved(problem, unfilled=(19.0, 0.1))

    def status(**content: Any) -> list[str]:
        return differences(problem, replace(solution, status=content))

    assert status(objective={"R": 19.83867}, bound={"R": 19.0}) == []
    assert status(bound={"R": None}) == []
    assert status(objective={"R": 20.0}, bound={"R": 20.5}) == [
        "status.json, objective of R: 20.0 is published, objectives.csv has 19.83867",
        "status.json, bound of R: 20.5 is published, objectives.csv has 19.0"]


def test_the_status_repeats_how_the_searches_ended(problem: Problem) -> None:
    solution = proved(problem, unfilled=(19.0, 0.1), worst_coverage=(0.2, 0.5))
    stages = [{"objective": name, "status": "within_gap"} for name in ("unfilled", "worst_coverage", "tie_break")]
    search = {"regions": ["R"], "termination": "within_gap", "stages": stages}

    def status(**content: Any) -> list[str]:
        return differences(problem, replace(solution, status=content))

    assert status(gap=0.1, termination="within_gap", searches=[search]) == []
    assert status(gap=0.05, termination="optimal", searches=[search]) == [
        "status.json, gap: 0.05 is published, the largest of objectives.csv is 0.1",
        "status.json, termination: optimal is published, its searches ended within_gap at worst"]
    stages[1]["status"] = "time_limit"
    assert status(searches=[search]) == [
        "objectives.csv, R worst_coverage, status: within_gap is published, status.json has time_limit"]
    for wrong in ({}, [1], [{"termination": []}], [search | {"regions": [[]]}]):
        assert status(searches=wrong) == ([] if wrong == {} else ["status.json, searches: not as a run writes them"])


def test_every_table_of_a_solution_is_compared(problem: Problem) -> None:
    solution = derive(problem, PLAN)
    for name in COLUMNS:
        emptied = replace(solution, **{name: getattr(solution, name).iloc[:0]})
        assert any(line.startswith(f"{name}.csv") for line in differences(problem, emptied)), name
