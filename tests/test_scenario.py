"""Scenarios: what they lock and change, that they compose, how a run tells of them, and every fault in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from refusal import Refuse
from worlds import rows, write_world

import optimiser
from optimiser import strictyaml
from optimiser.cli import main
from optimiser.problem import load

HEAD = {"title": "An option", "reason": "to see", "source": "nobody"}
TEXT = "title: An option\nreason: to see\nsource: nobody\n"
CAPACITY = "service place year central"
PARAMETER = "parameter region occupation central"
USE = "service region occupation per cohort_year central"


def case(folder: Path, config: dict[str, Any] | None = None, scenarios: dict[str, dict[str, Any]] | None = None,
         **tables: Any) -> Path:
    """A world on disk, with scenarios beside it."""
    path = write_world(folder, config, **tables)
    (folder / "scenarios").mkdir()
    for name, scenario in (scenarios or {}).items():
        (folder / "scenarios" / f"{name}.yaml").write_text(strictyaml.dump(HEAD | scenario), encoding="utf-8")
    return path


def course(*capacities: tuple[Any, ...]) -> dict[str, Any]:
    return {"services": rows("service scope unit", ("course", "area", "hours"), ("desk", "region", "hours")),
            "service_use": rows(USE, ("course", "*", "*", "person", 0, 1)),
            "capacities": rows(CAPACITY, *capacities)}


# Locks -----------------------------------------------------------------------------------------------------------


def test_two_scenarios_that_lock_one_occupation_each_both_hold(tmp_path: Path) -> None:
    config = case(tmp_path, {"regions": {"R": {"must_list": ["0110"]}}}, {
        "nurse": {"lock": {"R": {"must_list": ["2221"]}}}, "again": {"lock": {"R": {"must_list": ["2221", "0110"]}}},
        "none": {"set": {"must_list.R": []}}})
    assert load(config, ["nurse"]).locked == {("R", "0110"): 1, ("R", "2221"): 1}
    assert load(config, ["again,nurse"]).rules("R").must_list == ("0110", "2221")  # each once
    assert load(config, ["nurse", "none"]).rules("R").must_list == ("2221",)  # what is set does not undo a lock
    assert load(config, ["nurse"], ["must_list.R=[]"]).locked == {}  # what is asked for last does


def test_a_lock_keeps_an_occupation_off_the_list(tmp_path: Path) -> None:
    config = case(tmp_path, None, {"s": {"lock": {"R": {"must_not_list": ["sector:health"]}}}})
    assert load(config, ["s"]).locked == {("R", "2221"): 0}
    assert load(config).locked == {}


def test_scenarios_that_lock_against_each_other_are_refused(tmp_path: Path) -> None:
    config = case(tmp_path, None, {"on": {"lock": {"R": {"must_list": ["2221"]}}},
                                   "off": {"lock": {"R": {"must_not_list": ["2221"]}}}})
    with pytest.raises(optimiser.InputError) as caught:
        load(config, ["on,off"])
    [fault] = caught.value.faults
    assert (fault.file, fault.row) == (str(tmp_path / "scenarios" / "on.yaml"), 6)
    assert fault.got == "2221, which must_not_list keeps off the list"


def test_a_locked_occupation_that_is_unknown_is_found_where_it_stands(tmp_path: Path) -> None:
    """Behind entries of the config and of another scenario."""
    config = case(tmp_path, {"regions": {"R": {"must_list": ["0110"]}}}, {
        "a": {"lock": {"R": {"must_list": ["2221"]}}}, "b": {"lock": {"R": {"must_list": ["0110", "2222"]}}}})
    with pytest.raises(optimiser.InputError) as caught:
        load(config, ["a", "b"])
    [fault] = caught.value.faults
    assert (fault.file, fault.row, fault.hint) == (str(tmp_path / "scenarios" / "b.yaml"), 8, "did you mean 2221?")
    config.write_text(config.read_text("utf-8").replace("'0110'", "'0111'"), encoding="utf-8")
    with pytest.raises(optimiser.InputError) as caught:
        load(config, ["a"])
    [fault] = caught.value.faults
    assert (fault.file, fault.hint) == (str(config), "did you mean 0110?")


# Numbers ---------------------------------------------------------------------------------------------------------


def changed(folder: Path, change: dict[str, Any], *capacities: tuple[Any, ...]) -> dict[tuple[str, str, int], float]:
    config = case(folder, {"last_year": 2027}, {"s": {"change": [{"table": "capacities", **change}]}},
                  **course(*capacities))
    return load(config, ["s"]).capacity


def test_a_capacity_is_changed_absolutely_or_by_addition(tmp_path: Path) -> None:
    given = ("course", "A1", 2026, 100), ("course", "A2", 2026, 50)
    where = {"service": "course", "place": "A1"}
    assert changed(tmp_path / "to", {"where": where, "to": 30}, *given) == {
        ("course", "A1", 2026): 30, ("course", "A2", 2026): 50}
    assert changed(tmp_path / "add", {"where": where, "add": -20.5}, *given) == {
        ("course", "A1", 2026): 79.5, ("course", "A2", 2026): 50}
    assert changed(tmp_path / "all", {"add": 5}, *given) == {("course", "A1", 2026): 105, ("course", "A2", 2026): 55}


def test_a_row_that_speaks_of_more_gets_a_row_for_what_is_meant(tmp_path: Path) -> None:
    """Every place and every year has its number by another row; of those only what is meant may change."""
    given = ("course", "*", "*", 10), ("course", "A1", "*", 20), ("course", "*", 2027, 30)
    before = {("course", "A1", 2026): 20, ("course", "A1", 2027): 20,
              ("course", "A2", 2026): 10, ("course", "A2", 2027): 30}
    assert changed(tmp_path / "year", {"where": {"year": 2027}, "add": 1}, *given) == before | {
        ("course", "A1", 2027): 21, ("course", "A2", 2027): 31}
    assert changed(tmp_path / "one", {"where": {"place": "A1", "year": 2027}, "add": 1}, *given) == before | {
        ("course", "A1", 2027): 21}
    assert changed(tmp_path / "place", {"where": {"place": "A2"}, "to": 7}, *given) == before | {
        ("course", "A2", 2026): 7, ("course", "A2", 2027): 7}
    assert changed(tmp_path / "star", {"where": {"place": "*", "year": "*"}, "to": 7}, *given) == before | {
        ("course", "A2", 2026): 7}  # `*` means the rows that say so


def test_a_selector_means_its_occupations_however_the_rows_speak_of_them(tmp_path: Path) -> None:
    given = (("uptake", "*", "*", 0.5), ("uptake", "R", "2221", 0.8), ("weight", "*", "tier:high", 2))
    for name, occupation, uptake, weight in (("one", "2221", 0.4, 1), ("tier", "tier:high", 0.4, 1),
                                             ("other", "0110", 0.8, 2)):
        config = case(tmp_path / name, None, {"s": {"scale": [
            {"table": "parameters", "where": {"occupation": occupation}, "by": 0.5}]}}, parameters=rows(
                PARAMETER, *given))
        after = load(config, ["s"])
        assert after.parameter("uptake", "R", "2221") == uptake
        assert after.parameter("uptake", "R", "0110") == (0.25 if name == "other" else 0.5)
        assert after.parameter("weight", "R", "2221") == weight


def test_a_changed_number_is_assumed_and_an_end_of_the_range_is_not(tmp_path: Path) -> None:
    short = rows("area occupation year low central high basis", ("A1", "0110", 2026, 5, 10, 20, "observed"),
                 ("A1", "2221", 2026, "", 4, "", "observed"))
    config = case(tmp_path, None, {
        "low": {"change": [{"table": "shortages", "take": "low"}]},
        "to": {"change": [{"table": "shortages", "where": {"occupation": "0110"}, "to": 7}]},
        "by": {"scale": [{"table": "shortages", "where": {"occupation": "0110"}, "by": 2}]}}, shortages=short)

    def builders(*arguments: Any) -> list[str]:
        table = load(config, *arguments).tables["shortages"].fillna(-1)
        return table.loc[table["occupation"] == "0110", ["low", "central", "high", "basis"]].iloc[0].tolist()

    assert builders(["low"]) == [-1, 5, -1, "observed"]
    assert builders(["to"]) == [-1, 7, -1, "assumed"]
    assert builders(["by"]) == [10, 20, 40, "assumed"]
    assert builders(["low,by"]) == [-1, 10, -1, "assumed"]  # in order
    assert builders(["by,low"]) == [-1, 10, -1, "assumed"]
    assert load(config, ["low"], ["values=high"]).shortage == {("0110", "A1", 2026): 5, ("2221", "A1", 2026): 4}


def test_what_was_changed_is_read_back_as_it_was(tmp_path: Path) -> None:
    config = case(tmp_path / "case", {"last_year": 2027}, {"s": {
        "lock": {"R": {"must_list": ["2221"]}},
        "change": [{"table": "capacities", "where": {"place": "A1", "year": 2027}, "to": 3}]}},
        **course(("course", "*", "*", 10)))
    problem = load(config, ["s"])
    problem.save(tmp_path / "copy")
    again = load(tmp_path / "copy" / "config.yaml")
    assert again == problem
    assert [one.name for one in again.config.applied_scenarios] == ["s"]


# Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "line"), [
    ("set:\n  list_lenght.R: 3\n",
     "row 5, list_lenght.R: got a setting that does not exist;*did you mean list_length.R?"),
    ("set:\n  solvr.gap: 0.1\n", "row 5, solvr.gap: got a setting that does not exist;*did you mean solver.gap?"),
    ("set:\n  list_length.RR: 3\n", "row 5, regions.RR.list_length: got 'RR'; expected a region of the config: R; "
                                    "did you mean R?"),
    ("lock:\n  RR: {must_list: [2221]}\n", "row 5, regions.RR.must_list: got 'RR'; expected a region of the config: R; "
                                           "did you mean R?"),
    ("lock:\n  R: {must_lst: [2221]}\n", "row 5, lock.R.must_lst: got a setting that does not exist; expected one of: "
                                         "must_list, must_not_list; did you mean must_list?"),
    ("lock:\n  R:\n    must_list:\n      - 2221\n      - sector:helth\n",
     "row 8, regions.R.must_list.1: got 'sector:helth', which matches no occupation;*"),
    ("lock:\n  R: {must_not_list: [221]}\n", "row 5, regions.R.must_not_list.0: got '221';*did you mean 2221?"),
    ("change:\n  - {table: capacity, to: 3}\n", "row 5, change.0.table: got 'capacity';*did you mean capacities?"),
    ("change:\n  - {table: shortages}\n", "row 5, change.0: got nothing; expected exactly one of to, add and take;*"),
    ("change:\n  - {table: shortages, to: 3, add: 1}\n", "row 5, change.0: got to + add; expected exactly one*"),
    ("change:\n  - {table: shortages, take: lowest}\n",
     "row 5, change.0.take: got 'lowest'; expected one of: low or high;*"),
    ("change:\n  - {table: shortages, add: -11}\n",
     "row 5, change.0.add: got -1 after the change; expected between 0 and*"),
    ("change:\n  - {table: parameters, to: 3}\n",
     "row 5, change.0.to: got 3 after the change; expected between 0.001 and 1;*"),
    ("change:\n  - table: capacities\n    where: {plce: A1}\n    to: 3\n",
     "row 6, change.0.where: got plce: A1; expected a column: value pair that matches at least one row of "
     "capacities.csv; did you mean place?"),
    ("change:\n  - {table: capacities, where: {place: A9}, to: 3}\n",
     "row 5, change.0.where: got place: A9;*; choose from *, A1, A2, R"),
    ("change:\n  - {table: capacities, where: {service: desk, place: A1}, to: 3}\n",
     "row 5, change.0.where: got place: A1;*"),
    ("change:\n  - {table: capacities, where: {service: cours}, to: 3}\n",
     "row 5, change.0.where: got service: cours;*did you mean course?"),
    ("change:\n  - {table: capacities, where: {year: 2036}, to: 3}\n",
     "row 5, change.0.where: got year: 2036;*did you mean 2026?"),
    ("change:\n  - {table: parameters, where: {region: RR}, to: 0.3}\n",
     "row 5, change.0.where: got region: RR;*did you mean R?"),
    ("change:\n  - {table: parameters, where: {occupation: 2222}, to: 0.3}\n",
     "row 5, change.0.where: got occupation: 2222;*did you mean 2221?"),
    ("change:\n  - {table: parameters, where: {occupation: 'group:02'}, to: 0.3}\n",
     "row 5, change.0.where: got occupation: group:02; expected*"),
    ("change:\n  - {table: training_places, where: {occupation: 'sector:health'}, to: 3}\n",
     "row 5, change.0.where: got occupation: sector:health; expected occupations that rows of the table speak of "
     "wholly or not at all; tier:high holds some of these and others; name the occupations one by one"),
    ("title: x\n", "row 4, title: got the name a second time;*"),
])
def test_faults_stand_in_one_line_with_the_nearest_name(refuse: Refuse, text: str, line: str) -> None:
    tables = course(("course", "*", 2026, 100), ("desk", "*", "*", 100)) | {
        "parameters": rows(PARAMETER, ("uptake", "*", "*", 0.5)),
        "training_places": rows("region occupation year central", ("*", "tier:high", "*", 5)),
        "occupations": rows("occupation sector skill_tier", ("0110", "construction", "medium"),
                            ("2221", "health", "high"), ("2330", "education", "high"), ("5321", "health", "medium"))}
    [found] = refuse("--scenario", "s", scenario=TEXT + text, world=tables)
    start, more, end = line.partition("*")
    assert found.startswith(f"case/scenarios/s.yaml, {start}") if more else found == f"case/scenarios/s.yaml, {start}"
    assert found.endswith(end)


def test_all_faults_of_several_scenarios_are_told_at_once(tmp_path: Path) -> None:
    config = case(tmp_path, None, {"a": {"set": {"list_lenght.R": 3}}, "b": {"lock": {"Q": {"must_list": ["2221"]}}},
                                   "c": {"change": [{"table": "shortages", "where": {"area": "A3"}, "to": 3}]}})
    with pytest.raises(optimiser.InputError) as caught:
        load(config, ["a,b,c,d"], ["list_length.R=x"])
    assert [(Path(fault.file).name, fault.row) for fault in caught.value.faults] == [
        ("--set", 0), ("scenarios", 0), ("a.yaml", 5), ("b.yaml", 6), ("c.yaml", 6)]


# What a reader is told ---------------------------------------------------------------------------------------------


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["optimiser", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_a_run_says_which_scenarios_it_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    long = {"title": "Lists of two", "reason": "to fill <more>", "source": "A council, 2026"}
    config = case(tmp_path / "case", None, {"long": long | {"set": {"list_length.R": 2}},
                                              "nurse": {"lock": {"R": {"must_list": ["2221"]}}}})
    folder = tmp_path / "run"
    assert run(monkeypatch, "solve", config, "--scenario", "long,nurse", "--out", folder) == 0
    told = {"name": "long", "title": "Lists of two", "reason": "to fill <more>", "source": "A council, 2026"}
    status = json.loads((folder / "status.json").read_text("utf-8"))
    assert status["scenarios"] == [told, {"name": "nurse", **HEAD}]
    shown = capsys.readouterr().out
    assert "Scenario long: Lists of two. to fill <more>. Source: A council, 2026." in shown
    first = (folder / "report.html").read_text("utf-8").split('<section id="short"')[1].split("</section>")[0]
    assert "the case was changed by &#34;Lists of two&#34; and &#34;An option&#34;." in first
    assert "<dt>Lists of two</dt><dd>to fill &lt;more&gt;. Source: A council, 2026. (scenario long)</dd>" in first
    sheet = openpyxl.load_workbook(folder / "lists.xlsx")["Read first"]
    assert "to fill <more>. Source: A council, 2026. (scenario long)" in [row[1].value for row in sheet.rows]
    assert run(monkeypatch, "check", folder) == 0
    status["scenarios"].pop()
    (folder / "status.json").write_text(json.dumps(status), encoding="utf-8")
    assert run(monkeypatch, "check", folder) == 5


def test_a_run_of_the_base_case_tells_of_no_scenario(tmp_path: Path) -> None:
    problem = load(case(tmp_path / "case", None, {"s": {}}))
    solution = optimiser.solve(problem)
    assert solution.status["scenarios"] == []
    page = (optimiser.save_run(problem, solution, tmp_path / "run") / "report.html").read_text("utf-8")
    assert "what-if" not in page
    assert "What changed the case" not in page


def test_scenarios_are_listed_with_what_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    config = case(tmp_path, {"regions": {"R": {"list_length": 1}}}, {"s": {
        "set": {"list_length.R": 2, "list_changes.R": 4, "solver.gap": None},
        "lock": {"R": {"must_list": ["2221"], "must_not_list": ["0110"]}},
        "scale": [{"table": "shortages", "by": 1.5}],
        "change": [{"table": "shortages", "where": {"area": "A1", "year": "2026"}, "to": 3},
                   {"table": "shortages", "add": 1200}, {"table": "shortages", "take": "low"}]}})
    [told] = optimiser.list_scenarios(config)
    assert (told.name, told.title, told.reason, told.source) == ("s", *HEAD.values())
    assert told.changes == (
        "list_length.R: 1 -> 2", "list_changes.R: 4", "solver.gap: 0 -> no limit", "R must list 2221",
        "R must not list 0110", "shortages x 1.5", "shortages = 3, where area A1, year 2026", "shortages +1,200",
        "shortages: the low end of the range")
    (tmp_path / "scenarios" / "s.yaml").write_text(strictyaml.dump(HEAD | {"set": {"list_length.R": 2}}), "utf-8")
    assert run(monkeypatch, "scenarios", config) == 0
    assert capsys.readouterr().out.splitlines() == [
        "", "An option (--scenario s)", " - Why: to see", " - Source: nobody", " - Changes: list_length.R: 1 -> 2"]
    wrong = HEAD | {"lock": {"Q": {"must_list": ["2"]}}}
    (tmp_path / "scenarios" / "s.yaml").write_text(strictyaml.dump(wrong), "utf-8")
    assert run(monkeypatch, "scenarios", config) == 2
    assert "s.yaml, row 6, regions.Q.must_list: got 'Q'" in capsys.readouterr().err


def test_a_case_without_scenarios_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "scenarios", write_world(tmp_path)) == 0
    assert capsys.readouterr().out.startswith(f"No scenarios: {tmp_path / 'scenarios'} holds no file")
