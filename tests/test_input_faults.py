"""Bad input: every fault is one line with file, row, column, got, expected and what to do; all at once, exit 2."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from refusal import CONFIG, HEAD, ROW, Refuse, shortage
from worlds import rows, write_world

from optimiser.errors import MAX_FAULTS
from optimiser.problem import load

NUMBER = "a number between 0 and 1000000 (persons)"
CELL = "case/shortages.csv, row 2, {}: got {}; expected {}; {}"
SERVICES = rows("service scope unit", ("course", "area", "hours"), ("desk", "region", "files"))
PARAMETER = "parameter region occupation central"
CAPACITY = "service place year central"
USE = "service region occupation per cohort_year central"


@pytest.mark.parametrize(("cells", "line"), [
    ("A1,0110,2026,,ten,,assumed,S", ("central", "'ten'", NUMBER, "write it like 100")),
    ("A1,0110,2026,,-3,,assumed,S",
     ("central", "'-3'", NUMBER, "a number below 0 has no meaning here; check the sign and the columns")),
    ("A1,0110,2026,,nan,,assumed,S", ("central", "'nan'", NUMBER, "leave the cell empty when nothing is known")),
    ("A1,0110,2026,,inf,,assumed,S", ("central", "'inf'", NUMBER, "write it like 100")),
    ('A1,0110,2026,,"1,5",,assumed,S', ("central", "'1,5'", NUMBER, "write 1.5, with a decimal point")),
    ("A1,0110,2026,12,10,13,assumed,S",
     ("low/central/high", "low '12', central '10', high '13'",
      "low <= central <= high, with low and high both given or both empty",
      "put the three in order, or leave low and high empty")),
    ("A1,110,2026,,10,,assumed,S",
     ("occupation", "'110'", "a code that stands in occupations.csv",
      "it seems to have lost a leading zero: did you mean 0110? (keep codes as text in the spreadsheet)")),
    ("A9,0110,2026,,10,,assumed,S",
     ("area", "'A9'", "a code that stands in areas.csv", "correct it, or add it to areas.csv")),
    ("A1,0110,2026,,10,,guessed,S",
     ("basis", "'guessed'", "one of: observed, derived, estimated, assumed",
      "write one of these words, in small letters")),
    ("A1,0110,26,,10,,assumed,S",
     ("year", "'26'", "a year, four digits, from 1900 to 2199", "write it like 2026")),
])
def test_a_wrong_cell(refuse: Refuse, cells: str, line: tuple[str, str, str, str]) -> None:
    assert refuse(shortages__csv=shortage(cells)) == [CELL.format(*line)]


@pytest.mark.parametrize(("text", "line"), [
    (HEAD + ROW + "A1,0110,2026,,11,,assumed,S\n",
     "case/shortages.csv, row 3, area/occupation/year: got area=A1, occupation=0110, year=2026; expected every "
     "combination once; it also stands in row 2; remove one of the two"),
    (HEAD + "A1,0110,2026,,1,5,,assumed,S\n",
     "case/shortages.csv, row 2: got 9 cells; expected 8 cells; the row is shifted: a comma too many or too few; put "
     "text that holds a comma in double quotes"),
    ("\ufeff" + HEAD + ROW,
     "case/shortages.csv, row 1: got a byte-order mark (U+FEFF) before the first character; expected UTF-8 text "
     "without a byte-order mark; save it as plain UTF-8 (in Excel: export, then remove the mark; in an editor: "
     "encoding UTF-8 without BOM)"),
    ((HEAD + ROW).replace(",", ";"),
     "case/shortages.csv, row 1: got cells separated by semicolons; expected the names of the columns: "
     "area,occupation,year,low,central,high,basis,source; save the table as comma-separated CSV with decimal points"),
    (HEAD.replace("source", "source,colour") + ROW.replace("S\n", "S,red\n"),
     "case/shortages.csv, row 1, 'colour': got a column that does not exist; expected one of: area, occupation, year, "
     "low, central, high, basis, source; correct its spelling or remove it"),
    (HEAD.replace("source", "source,low") + ROW.replace("S\n", "S,1\n"),
     "case/shortages.csv, row 1, low: got the column a second time; expected every column once; correct its spelling "
     "or remove it"),
    (HEAD.replace(",basis", "") + "A1,0110,2026,,10,,S\n",
     "case/shortages.csv, row 1, basis: got no such column; expected this column, which the table needs; add it to "
     "the header and fill it, for example with observed"),
])
def test_a_wrong_table(refuse: Refuse, text: str, line: str) -> None:
    assert refuse(shortages__csv=text) == [line]


@pytest.mark.parametrize(("text", "line"), [
    (CONFIG.replace("{}", "{list_length: ten}"),
     "row 5, regions.R.list_length: got 'ten'; expected a whole number; write it like 30"),
    (CONFIG.replace("{}", "{list_length: NO}"),
     "row 5, regions.R.list_length: got 'NO'; expected a whole number; write it like 30"),
    (CONFIG.replace("{}", "{list_length: -1}"),
     "row 5, regions.R.list_length: got -1; expected at least 0; check the number and its unit"),
    (CONFIG.replace("R: {}", "R:\n    fairness:\n      band: 0,5"),
     "row 7, regions.R.fairness.band: got '0,5'; expected a number, with a decimal point; write 0.5, with a decimal "
     "point"),
    (CONFIG.replace("{}", "{fairness: {band: .inf}}"),
     "row 5, regions.R.fairness.band: got '.inf'; expected a number, with a decimal point; write it like 0.25"),
    (CONFIG.replace("{}", "{fairness: {band: 1e400}}"),
     "row 5, regions.R.fairness.band: got inf; expected a finite number; docs/config.md shows every setting with an "
     "example"),
    (CONFIG + "title: ># a comment\n", "row 6: got a # right behind | or >; expected a space before a comment; write a "
     "space before #, or put a text that begins with | or > in quotes"),
    (CONFIG + "titel: x\n",
     "row 6, titel: got a setting that does not exist; expected one of: title, tables, first_year, last_year, values, "
     "regions, solver, applied_scenarios, repair_prices, steps, scenarios; did you mean title?"),
    (CONFIG + "list_length: 3\n",
     "row 6, list_length: got a setting that does not exist; expected one of: title, tables, first_year, last_year, "
     "values, regions, solver, applied_scenarios, repair_prices, steps, scenarios; it belongs to a region: write it "
     "below regions, as in regions.BE2.list_length"),
    (CONFIG + "first_year: 2027\n",
     "row 6, first_year: got the name a second time; expected every name once; remove one of the two; the first is in "
     "row 2"),
    (CONFIG.replace("R:", "NO:"),
     "row 5, regions.NO: got 'NO'; expected a region that stands in regions.csv: R; correct it, or add it to "
     "regions.csv"),
    (CONFIG.replace("{}", "{must_list: [110]}"),
     "row 5, regions.R.must_list.0: got '110'; expected a code of occupations.csv or one of: *, sector:X, tier:X, "
     "risk:X, regulated:yes, group:741; it seems to have lost a leading zero: did you mean 0110? (keep codes as text "
     "in the spreadsheet)"),
    (CONFIG.replace("last_year: 2026", "last_year: 2020"),
     "row 3, last_year: got 2020; expected at least 2026; last_year must not come before first_year"),
])
def test_a_wrong_setting(refuse: Refuse, text: str, line: str) -> None:
    assert refuse(config__yaml=text) == [f"case/config.yaml, {line}"]


@pytest.mark.parametrize(("rules", "line"), [
    ("{must_list: [0110], must_not_list: [0110]}",
     "must_list: got 0110, which must_not_list keeps off the list; expected occupations that may be listed; loosen one "
     "of the two"),
    ("{must_list: ['*'], list_length: 1}",
     "list_length: got 1; expected at least 2, which must_list, must_not_list, groups and exclusions.csv need (0110, "
     "2221); loosen one of the two"),
    ("{must_list: ['2221'], list_length_by_tier: {high: 0}}",
     "list_length_by_tier.high: got 0; expected at least 1, which must_list, must_not_list, groups and exclusions.csv "
     "need (2221); loosen one of the two"),
    ("{must_list: ['2221'], list_changes: 0}",
     "list_changes: got 0; expected at least 1, which must_list, must_not_list, groups and exclusions.csv need (2221); "
     "loosen one of the two"),
    ("{must_list: ['2221'], groups: [['2221', '0110']], list_length: 1}",
     "list_length: got 1; expected at least 2, which must_list, must_not_list, groups and exclusions.csv need (0110, "
     "2221); loosen one of the two"),
])
def test_contradictory_locks(refuse: Refuse, rules: str, line: str) -> None:
    found = refuse(config__yaml=CONFIG.replace("{}", rules))
    assert found == [f"case/config.yaml, row 5, regions.R.{line}"]


def test_a_lock_against_the_law_or_through_a_group(refuse: Refuse) -> None:
    excluded = rows("region occupation reason", ("*", "0110", "pay"))
    lock = "case/config.yaml, row 5, regions.R.must_list: got 0110, "
    [line] = refuse(config__yaml=CONFIG.replace("{}", "{must_list: [0110]}"), world={"exclusions": excluded})
    assert line.startswith(f"{lock}which exclusions.csv keeps off the list; ")
    found = refuse(config__yaml=CONFIG.replace("{}", "{must_list: ['2221'], must_not_list: [0110], "
                                                     "groups: [['2221', 0110]]}"))
    assert [line.split(";")[0] for line in found] == [
        f"{lock}whose group holds one that must not be listed",
        "case/config.yaml, row 5, regions.R.must_list: got 2221, whose group holds one that must not be listed"]


@pytest.mark.parametrize(("given", "line"), [
    ({"capacities": rows(CAPACITY, ("course", "A1", 2026, -1)), "services": SERVICES},
     "capacities.csv, row 2, central: got '-1'; expected a number between 0 and 1000000 (units/year); a number below 0 "
     "has no meaning here; check the sign and the columns"),
    ({"capacities": rows(CAPACITY, ("cours", "A1", 2026, 1)), "services": SERVICES},
     "capacities.csv, row 2, service: got 'cours'; expected a code that stands in services.csv; did you mean course?"),
    ({"capacities": rows(CAPACITY, ("desk", "A1", "*", 1)), "services": SERVICES},
     "capacities.csv, row 2, place: got 'A1'; expected R, since the scope of the service is region; choose one of "
     "these, or * for all"),
    ({"service_use": rows(USE, ("course", "*", "*", "permit", 0, 1)), "services": SERVICES},
     "service_use.csv, row 2, per: got per permit; expected per person, since permits are counted per region and this "
     "service has a place in every area; change it to person, or the scope of the service to region"),
    ({"parameters": rows(PARAMETER, ("max_quota", "*", "*", 5), ("min_quota", "*", "group:01", 9))},
     "parameters.csv, row 3, min_quota/max_quota: got min_quota 9 above max_quota 5 (region R, occupation 0110); "
     "expected min_quota <= max_quota, both reached with whole lots of 1; lower min_quota, raise max_quota or change "
     "the lot"),
    ({"parameters": rows(PARAMETER, ("lot", "*", "*", 7), ("min_quota", "*", "*", 9), ("max_quota", "*", "*", 10))},
     "parameters.csv, row 3, min_quota/max_quota: got min_quota 9 above max_quota 10 (region R, occupation 0110); "
     "expected min_quota <= max_quota, both reached with whole lots of 7; lower min_quota, raise max_quota or change "
     "the lot"),
    ({"parameters": rows(PARAMETER, ("uptake", "*", "*", 1.5))},
     "parameters.csv, row 2, central: got '1.5'; expected a number between 0.001 and 1 (persons/permit); check the "
     "number and its unit"),
    ({"parameters": rows(PARAMETER, ("lot", "*", "*", 2.5))},
     "parameters.csv, row 2, central: got '2.5'; expected a whole number between 1 and 10000 (permits/year); check the "
     "number and its unit"),
    ({"parameters": rows(PARAMETER, ("weight", "*", "sector:health", 1), ("weight", "*", "tier:high", 2))},
     "parameters.csv, row 3, occupation: got 'sector:health' and 'tier:high', which both set occupation 2221 and are "
     "equally specific; expected one most specific row; add a row for the occupation itself"),
    ({"occupations": rows("occupation isco08", ("0110", "110"), ("2221", "2221"))},
     "occupations.csv, row 2, isco08: got '110'; expected four digits, such as 0110; ISCO-08 unit groups have four "
     "digits; a leading zero may be lost"),
])
def test_tables_that_do_not_fit(refuse: Refuse, given: dict[str, Any], line: str) -> None:
    assert refuse(world=given) == [f"case/{line}"]


def test_several_faults_are_told_at_once(refuse: Refuse) -> None:
    """In the config, two tables and the folder: every one of them, in the order of files and rows."""
    found = refuse(
        "--set", "solver.gap=7", "--set", "nonsense",
        config__yaml=CONFIG.replace("{}", "{list_length: x, list_changes: -1}") + "colour: red\n",
        shortages__csv=HEAD + "A1,110,2026,,10,,assumed,S\nA9,0110,2026,9,-1,1,gess,T\n",
        areas__csv="area,region\nA1,R\nA1,R\n",
        buget__csv="region\n", capacities__xlsx=b"PK\x03\x04")
    assert [re.sub("got .*", "", line) for line in found] == [f"{place}: " for place in (
        "--set", "--set, solver.gap",
        "case/areas.csv, row 3, area", "case/buget.csv", "case/capacities.xlsx",
        "case/config.yaml, row 5, regions.R.list_changes", "case/config.yaml, row 5, regions.R.list_length",
        "case/config.yaml, row 6, colour",
        "case/shortages.csv, row 3, basis", "case/shortages.csv, row 3, central")]


def test_references_are_checked_in_every_readable_table(refuse: Refuse) -> None:
    """A fault in one table does not hide those of another; codes of an unreadable table are not called unknown."""
    found = refuse(shortages__csv=shortage("A9,0110,2026,,10,,assumed,S"),
                   occupations__csv="occupation,regulated\n2221,perhaps\n",
                   commuting__csv="area,reaches,source\nA1,A8,S\n")
    assert [line.split(":")[0] for line in found] == [
        "case/commuting.csv, row 2, reaches", "case/occupations.csv, row 2, regulated",
        "case/shortages.csv, row 2, area"]


def test_many_faults_of_a_kind_are_counted(refuse: Refuse) -> None:
    found = refuse(shortages__csv=HEAD + "".join(f"A1,X{i},2026,,10,,assumed,S\n" for i in range(5000)))
    assert len(found) == MAX_FAULTS + 1
    assert found[-1] == (
        "case/shortages.csv, row 22, occupation: got 4980 more faults of this kind, from here on; expected none; they "
        "are like the ones above")


def test_the_real_command_shows_no_traceback(tmp_path: Path) -> None:
    """A process of its own, run as a user runs it."""
    config = write_world(tmp_path / "case", {"first_year": "NO"})
    done = subprocess.run([sys.executable, "-m", "optimiser", "solve", str(config)], capture_output=True, text=True,
                          cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (f"{config}, row 2, first_year: got 'NO'; expected a whole number; write it like 30\n"
                           "1 fault; nothing was computed.\n")


# Scenarios and --set ---------------------------------------------------------------------------------------------

SCENARIO = "title: t\nreason: r\nsource: s\n"


@pytest.mark.parametrize("setting", [
    "", "=", "x", "=3", "regions.R.list_length", "regions.R.list_length=x", "regions.R.list_length=1,5",
    "regions.R.lst=3", "regions.Q.list_length=3", "list_length.Q=1", "list_length=3", "regions.R=3", "regions=3",
    "..=3", "regions..list_length=3", "tables.x=3", "regions.R.must_list=[2221", "regions.R.objectives.0.tolerance=1",
    "regions.R.must_list=[&a x, *a]", "title=[a: b", "title=\ud800", "title=\x1b[31m", "solver=", "solver.gap=1e400",
    "regions.R.fairness.band.x=3", "x" * 5000 + "=3", ".".join("a" * 5000) + "=1", "tables=/nowhere",
])
def test_a_malformed_set(refuse: Refuse, setting: str) -> None:
    [line] = refuse("--set", setting)
    assert line.startswith("/nowhere: got " if setting == "tables=/nowhere" else "--set")
    assert len(line) < 1200


def test_set_reads_values_as_the_config_does(tmp_path: Path) -> None:
    config = write_world(tmp_path)
    problem = load(config, settings=[
        "regions.R.list_length=1", "list_changes.R=null", 'regions.R.must_list=["2221"]',
        "regions.R.groups=[[0110, 2221]]", "regions.R.list_length_by_tier={high: 3}", "regions.R.list_length=2",
        "title=a: b = c", "solver.gap=1e-3"])
    rules = problem.rules("R")
    assert (rules.list_length, rules.list_changes, rules.must_list) == (2, None, ("2221",))
    assert rules.groups == (("0110", "2221"),)
    assert rules.list_length_by_tier == {"high": 3}
    assert problem.config.title == "a: b = c"
    assert problem.config.solver.gap == 0.001


@pytest.mark.parametrize(("text", "place"), [
    ("", ", row 1"), (SCENARIO + "sett: {}\n", ", row 4, sett"), (SCENARIO.replace("title: t\n", ""), ", row 1, title"),
    (SCENARIO + "set:\n  regions.R.lst: 3\n", ", row 5, regions.R.lst"),
    (SCENARIO + "set:\n  list_length.R: -3\n", ", row 5, regions.R.list_length"),
    (SCENARIO + "set:\n  a: 1\n  a: 2\n", ", row 6, set.a"), (SCENARIO + "set: [a]\n", ", row 4, set"),
    (SCENARIO + "scale:\n  - {table: shortage, by: 2}\n", ", row 5, scale.0.table"),
    (SCENARIO + "scale:\n  - {table: areas, by: 2}\n", ", row 5, scale.0.table"),
    (SCENARIO + "scale:\n  - {table: shortages, by: -2}\n", ", row 5, scale.0.by"),
    (SCENARIO + "scale:\n  - {table: shortages, by: '2'}\n", ", row 5, scale.0.by"),
    (SCENARIO + "scale:\n" + "  - table: shortages\n    by: 1000\n" * 2, ", row 8, scale.1.by"),
    (SCENARIO + "scale:\n  - {table: parameters, by: 3}\n", ", row 5, scale.0.by"),
    (SCENARIO + "scale:\n  - {table: budgets, by: 2}\n", ", row 5, scale.0.where"),
    (SCENARIO + "scale:\n  - {table: shortages, by: 2, where: {area: A9}}\n", ", row 5, scale.0.where"),
    (SCENARIO + "scale:\n  - {table: shortages, by: 2, where: {regio: R}}\n", ", row 5, scale.0.where"),
    (SCENARIO + "scale:\n  - {table: shortages, by: 2, where: {occupation: 110}}\n", ", row 5, scale.0.where"),
    (SCENARIO + "scale:\n  - {table: shortages, by: 2, wher: {}}\n", ", row 5, scale.0.wher"),
    (SCENARIO + "scale:\n  - {table: shortages, by: 2, where: {year: 2026.0}}\n", ", row 5, scale.0.where.year"),
])
def test_a_malformed_scenario(refuse: Refuse, text: str, place: str) -> None:
    [line] = refuse("--scenario", "s", scenario=text,
                    world={"parameters": rows(PARAMETER, ("uptake", "*", "*", 0.5))})
    assert line.startswith(f"case/scenarios/s.yaml{place}: got ")


@pytest.mark.parametrize("names", ["t", "", "../config", "s,s"])
def test_an_unknown_scenario(refuse: Refuse, names: str) -> None:
    [line] = refuse("--scenario", names, scenario=SCENARIO)
    assert line.startswith("case/scenarios, --scenario: got the scenario ")


def test_a_scenario_scales_the_rows_it_names(tmp_path: Path) -> None:
    config = write_world(tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "s.yaml").write_text(
        SCENARIO + "scale:\n  - {table: shortages, by: 2, where: {occupation: 0110, year: 2026}}\n", encoding="utf-8")
    assert load(config, ["s"]).shortage == {("0110", "A1", 2026): 20, ("2221", "A1", 2026): 4}
