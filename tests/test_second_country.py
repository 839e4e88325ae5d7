"""A second country: its tables alone make the case; codes that other programs change, hundreds of areas, many gaps."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from worlds import Rows, rows, world

from optimiser import run_folder
from optimiser.check import check_run, violations
from optimiser.overview import notes
from optimiser.problem import Problem, load
from optimiser.solving import solve
from optimiser.storage import whole_folder

REGIONS = ("NO", "on", "007")
CODES = ("0110", "110", "T2A60", "NA", "null", "1e5", "TRUE", "NaN", "2026-01-01", "1.0", "é–ß", "7411")
YEARS = (2026, 2027)


def country(folder: Path, areas: int, settings: dict[str, Any] | None = None, **tables: Rows) -> Problem:
    """Three regions that share `areas` areas; one pair in eight has a row, and one row in ten no value."""
    rng = random.Random(7)
    places = [(f"{i:04d}" if i % 3 else f"N{i}", REGIONS[i % 3]) for i in range(areas)]
    cells = [(p, o, t, "" if rng.random() < 0.1 else round(rng.uniform(0.5, 40), 1))
             for p, _ in places for o in CODES if rng.random() < 0.125 for t in YEARS]
    base = {
        "regions": rows("region title_en", ("NO", "North"), ("on", "Onland"), ("007", "")),
        "areas": rows("area region", *places),
        "occupations": rows("occupation sector", *((o, rng.choice(["NA", "care", ""])) for o in CODES)),
        "shortages": rows("area occupation year central", *cells),
        "list_in_force": rows("region occupation entry", ("NO", "NA", "null"), ("007", "1e5", "n/a")),
        "parameters": rows("parameter region occupation central", ("uptake", "*", "*", 0.8), ("lot", "NO", "*", 5),
                           ("max_quota", "*", "group:1", 20), ("weight", "*", "sector:NA", 2)),
        "permit_totals": rows("region year central", ("*", "*", 60)),
    }
    rules = {"NO": {"list_length": 3, "must_list": ["NA"], "groups": [["null", "1e5"]]},
             "on": {"review_years": 2, "list_length": 2, "must_not_list": ["0110"]}, "007": {"list_changes": 2}}
    return world(folder, {"last_year": YEARS[-1], "regions": rules} | (settings or {}), **(base | tables))


def test_hundreds_of_areas_load_as_they_stand(tmp_path: Path) -> None:
    problem = country(tmp_path, areas=450)
    assert problem.regions == ("007", "NO", "on")
    assert sum(len(areas) for areas in problem.areas.values()) == 450
    assert {o for o, _, _ in problem.shortage} == set(CODES)
    assert problem.locked == {("NO", "NA"): 1, ("on", "0110"): 0}
    assert problem.in_force == {"NO": {"NA"}, "on": frozenset(), "007": {"1e5"}}
    assert problem.parameter("max_quota", "on", "110") == problem.parameter("max_quota", "on", "1e5") == 20
    assert problem.parameter("max_quota", "on", "0110") is None
    assert problem.attribute("sector", "T2A60") in ("NA", "care", "")
    weighted = {o for o in CODES if problem.parameter("weight", "on", o) == 2}
    assert weighted == {o for o in CODES if problem.attribute("sector", o) == "NA"} != set()


def test_missing_pairs_and_empty_cells_mean_no_shortage(tmp_path: Path) -> None:
    problem = country(tmp_path, areas=90)
    table = problem.tables["shortages"]
    empty = table[table["central"].isna()]
    assert len(empty) > 10
    assert not any((o, p, int(t)) in problem.shortage
                   for o, p, t in zip(empty["occupation"], empty["area"], empty["year"], strict=True))
    assert len(problem.shortage) == len(table) - len(empty) < 90 * len(CODES) * len(YEARS) / 6
    missing = 90 * len(CODES) - len(table[["area", "occupation"]].drop_duplicates())
    said = [note for note in notes(problem) if "no shortage is assumed" in note]
    assert any(f"{missing:,} of {90 * len(CODES):,}" in note for note in said)
    assert any(str(len(empty)) in note for note in said)


def test_saved_input_is_read_back_the_same(tmp_path: Path) -> None:
    problem = country(tmp_path / "case", areas=30)
    problem.save(tmp_path / "copy")
    again = load(tmp_path / "copy" / "config.yaml")
    assert again.config.regions == problem.config.regions
    for name in ("shortage", "candidates", "locked", "groups", "in_force", "parameters", "areas", "permit_total"):
        assert getattr(again, name) == getattr(problem, name)


def test_a_small_one_solves_and_its_run_keeps_every_code(tmp_path: Path) -> None:
    problem = country(tmp_path / "case", areas=18)
    solution = solve(problem, gap=0.01, time_limit=60)
    assert not violations(problem, solution.plan)
    listed = solution.lists[solution.lists["review"] > 0]
    assert {("NO", "NA")} < set(zip(listed["region"], listed["occupation"], strict=True))
    assert set(solution.unfilled["occupation"]) <= set(CODES)
    assert solution.quotas[solution.quotas["region"] == "NO"]["quota"].mod(5).eq(0).all()
    with whole_folder(tmp_path / "run") as folder:
        run_folder.fill(problem, solution, folder)
    assert check_run(tmp_path / "run") == []
    _, read = run_folder.read(tmp_path / "run")
    assert read.plan == solution.plan
    assert set(read.unfilled["area"]) == set(solution.unfilled["area"])
