"""What `optimiser validate` shows of a case: every count and every note by a tiny world."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from worlds import rows, world, write_world

from optimiser.overview import notes, overview
from optimiser.terminal import show_overview

TWO_REGIONS = {
    "regions": rows("region title_en", ("R", "The Valley"), ("Q", "The Coast"), ("Z", "")),
    "areas": rows("area region", ("A1", "R"), ("A2", "R"), ("B1", "Q"), ("Z1", "Z")),
    "shortages": rows("area occupation year low central high basis",
                      ("A1", "0110", 2026, 8, 10, 12, "observed"), ("A1", "0110", 2027, 5, 6, 7, "estimated"),
                      ("A2", "2221", 2026, "", 4, "", "assumed"), ("B1", "2221", 2027, "", 20, "", "estimated"),
                      ("B1", "0110", 2026, "", "", "", "estimated"), ("Z1", "0110", 2026, "", 9, "", "observed"),
                      ("A1", "2221", 2040, "", 9, "", "observed")),
    "activatable": rows("area occupation year central", ("A1", "0110", 2026, 3), ("A2", "2221", 2026, 5)),
    "list_in_force": rows("region occupation entry", ("R", "2221", "Nurse"), ("R", "2221", "Midwife")),
    "services": rows("service title_en scope unit", ("desk", "Permit desk", "shared", "hours"),
                     ("course", "Course", "area", "hours")),
    "service_use": rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 5),
                        ("course", "*", "*", "person", 0, 50)),
    "capacities": rows("service place year central", ("desk", "shared", "*", 100), ("course", "A1", "*", 600),
                       ("course", "B1", 2026, 600)),
}
CONFIG = {"title": "Valley and coast", "last_year": 2027, "regions": {
    "R": {"list_length": 3, "review_years": 2}, "Q": {}}}


def said(folder: Path, **tables: Any) -> str:
    return "\n".join(notes(world(folder, **tables)))


def test_it_counts_what_the_case_holds(tmp_path: Path) -> None:
    shown = overview(world(tmp_path, CONFIG, **TWO_REGIONS))
    assert (shown.title, shown.years, shown.values) == ("Valley and coast", (2026, 2027), "central")
    assert shown.counts == {"regions": 2, "areas": 3, "occupations": 2, "services": 2}
    regions = shown.regions.set_index("region")
    assert regions.to_dict("index")["R"] == {
        "title": "The Valley", "areas": 2, "candidates": 2, "in_force": 1, "list_length": 3, "reviews": 1}
    coast = regions.to_dict("index")["Q"]
    assert (coast["title"], coast["candidates"], coast["in_force"], coast["reviews"]) == ("The Coast", 1, 0, 2)
    assert math.isnan(coast["list_length"])


def test_shortages_are_summed_by_region_and_year(tmp_path: Path) -> None:
    frame = overview(world(tmp_path, CONFIG, **TWO_REGIONS)).shortages.set_index(["region", "year"])
    assert frame["shortage"].to_dict() == {("Q", 2026): 0, ("Q", 2027): 20, ("R", 2026): 14, ("R", 2027): 6}
    assert frame["net"].to_dict() == {("Q", 2026): 0, ("Q", 2027): 20, ("R", 2026): 7, ("R", 2027): 6}


def test_bases_are_weighed_by_person_years_and_by_rows(tmp_path: Path) -> None:
    frame = overview(world(tmp_path, CONFIG, **TWO_REGIONS)).bases.set_index("basis")
    assert frame["person_years"].to_dict() == {"observed": 10, "derived": 0, "estimated": 26, "assumed": 4}
    assert frame["share_of_person_years"]["estimated"] == pytest.approx(26 / 40)
    assert frame["rows"].to_dict() == {"observed": 3, "derived": 0, "estimated": 3, "assumed": 1 + 2 + 2 + 3}
    assert frame["share_of_rows"].sum() == pytest.approx(1)


def test_a_place_counts_as_limited_with_a_capacity_in_every_year(tmp_path: Path) -> None:
    frame = overview(world(tmp_path, CONFIG, **TWO_REGIONS)).services.set_index("service")
    assert frame[["places", "limited"]].to_dict("index") == {
        "course": {"places": 3, "limited": 1}, "desk": {"places": 1, "limited": 1}}


def test_missing_pairs_and_empty_cells_mean_no_shortage_and_say_so(tmp_path: Path) -> None:
    lines = notes(world(tmp_path, CONFIG, **TWO_REGIONS))
    assert lines[:3] == [
        "Pairs of area and occupation without a row in shortages.csv, where no shortage is assumed: 1 of 6 (17%).",
        "Rows of shortages.csv with an empty central value, where no shortage is assumed: 1.",
        "Rows of shortages.csv left out, since their region does not decide or their year is not planned: 2."]


def test_numbers_without_a_range_are_counted(tmp_path: Path) -> None:
    """Two of the six shortages have a range; the others, and 2 + 2 + 3 of other tables, have none."""
    line = "Numbers without low and high, so that every run uses their central value: 11 of 13."
    assert line in notes(world(tmp_path, CONFIG, **TWO_REGIONS))


def test_shortages_that_jobseekers_meet_are_counted(tmp_path: Path) -> None:
    line = "Shortages met by the jobseekers who can be activated, so that nobody needs to come: 1 of 4."
    assert line in notes(world(tmp_path, CONFIG, **TWO_REGIONS))


def test_regions_without_areas_are_named(tmp_path: Path) -> None:
    tables = {"regions": rows("region title_en", ("R", ""), ("Q", "The Coast"))}
    assert "Regions without areas: The Coast (Q)." in notes(world(tmp_path, {"regions": {"R": {}, "Q": {}}}, **tables))


def test_short_occupations_that_are_never_listed_are_named(tmp_path: Path) -> None:
    excluded = rows("region occupation reason", ("*", "0110", "law"))
    assert ("R: short, but never to be listed (exclusions.csv, must_not_list): Builder (0110); 10 person-years."
            in said(tmp_path / "a", exclusions=excluded))
    locked = world(tmp_path / "b", {"regions": {"R": {"must_not_list": ["2221"]}}})
    assert "Nurse (2221); 4 person-years" in "\n".join(notes(locked))


def test_occupations_without_enough_other_vacancies_are_named(tmp_path: Path) -> None:
    needed = rows("parameter region occupation central", ("min_other_vacancies", "R", "*", 4))
    line = "R: never more vacancies within reach than min_other_vacancies asks for, so nobody can come: Nurse (2221)."
    assert line in said(tmp_path / "a", parameters=needed)
    more = rows("area occupation year central", ("A1", "0110", 2026, 10), ("A1", "2221", 2026, 4),
                ("A2", "2221", 2026, 1))
    assert line in said(tmp_path / "b", parameters=needed, shortages=more)
    near = rows("area reaches", ("A1", "A2"))
    assert "min_other_vacancies asks" not in said(tmp_path / "c", parameters=needed, shortages=more, commuting=near)


def test_every_absent_table_says_what_it_switches_off(tmp_path: Path) -> None:
    bare = [line for line in notes(world(tmp_path / "bare")) if line.startswith("No ")]
    assert len(bare) == 13 and "No budgets.csv; money sets no limit." in bare
    full = notes(world(tmp_path / "full", CONFIG, **TWO_REGIONS))
    assert not any("No capacities.csv" in line or "No services.csv" in line for line in full)


def test_parameters_that_no_row_sets_are_named(tmp_path: Path) -> None:
    some = said(tmp_path, parameters=rows("parameter region occupation central", ("uptake", "*", "*", 0.5)))
    line = next(line for line in some.splitlines() if line.startswith("parameters.csv does not set"))
    assert "max_migrant_share" in line and "uptake" not in line


def test_many_names_are_cut_to_three_and_counted(tmp_path: Path) -> None:
    jobs = [(f"{n}", f"Job {n}") for n in range(1000, 1007)]
    problem = world(tmp_path, occupations=rows("occupation title_en", *jobs),
                    shortages=rows("area occupation year central", *(("A1", code, 2026, 9) for code, _ in jobs)),
                    exclusions=rows("region occupation reason", *(("R", code, "law") for code, _ in jobs)))
    assert any("Job 1000 (1000), Job 1001 (1001), Job 1002 (1002) and 4 more; 63 person-years" in line
               for line in notes(problem))


def test_the_terminal_shows_all_of_it_within_eighty_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    config = CONFIG | {"title": "A [bold] title", "last_year": 2055}
    long = "A note that is far longer than a narrow screen " * 3
    show_overview(overview(world(tmp_path, config, **TWO_REGIONS)), [long], ["It bites [itself]"])
    shown = capsys.readouterr().out
    assert "A [bold] title" in shown and "The Valley (R)" in shown and "no limit" in shown and "53.1%" in shown
    assert f" - {long}" in shown.splitlines() and " - It bites [itself]" in shown.splitlines()  # whole lines in a pipe
    assert max(len(line) for line in shown.splitlines() if not line.startswith(" - ")) <= 80
    assert "2026" in shown and "2055" not in shown.split("Persons short")[1].split("How the numbers")[0]


def test_validate_ends_with_0_though_a_case_contradicts_itself_and_with_2_when_it_has_faults(tmp_path: Path) -> None:
    fine = write_world(tmp_path / "fine", {"regions": {"R": {"must_list": ["2221"]}}},
                       shortages=rows("area occupation year central", ("A1", "0110", 2026, 10)))
    done = subprocess.run([sys.executable, "-m", "optimiser", "validate", fine], capture_output=True, text=True)
    assert done.returncode == 0 and "Contradictions" in done.stdout and "Nurse (2221)" in done.stdout
    bad = write_world(tmp_path / "bad", shortages=rows("area occupation year central", ("A1", "0110", 2026, -1)))
    done = subprocess.run([sys.executable, "-m", "optimiser", "validate", bad], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and "shortages.csv, row 2, central" in done.stderr
