"""The benchmark set: trajectories worked out by hand, the table, and a tiny country on which all searches agree."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))  # the benchmarks are no part of the installed package

from benchmarks import beside, growth, measure, prepare, steps, table  # noqa: E402
from benchmarks.__main__ import main, options  # noqa: E402
from benchmarks.cases import CASES, Country  # noqa: E402
from benchmarks.peers import METHODS, cpsat_line, installed  # noqa: E402
from benchmarks.trajectory import Trajectory, gap, together  # noqa: E402
from optimiser.model.components import components  # noqa: E402
from optimiser.model.frame import frame  # noqa: E402
from optimiser.model.handover import hand_over  # noqa: E402
from optimiser.solver.highs import run  # noqa: E402
from optimiser.solver.search import Search  # noqa: E402

TINY = Country("tiny", 10, 2, 2, 2, "yearly", 2)


def told(*points: tuple[float, float | None, float | None]) -> Trajectory:
    trajectory = Trajectory()
    for point in points:
        trajectory.note(*point)
    return trajectory


def test_a_trajectory_keeps_the_best_told_so_far() -> None:
    search = told((1, None, 50), (2, 200, None), (3, 300, 40), (4, 100, None), (5, None, 99))
    assert search.points == [(1, None, 50), (2, 200, 50), (4, 100, 50), (5, 100, 99)]
    assert search.at(0.5) == (None, None) and search.at(2) == (200, 50) and search.at(4.5) == (100, 50)
    assert search.seconds_to(0.75) == 2 and search.seconds_to(0.5) == 4 and search.seconds_to(0.01) == 5
    assert search.seconds_to(0.005) is None


def test_the_gap_at_a_moment_is_known_up_to_the_limit_or_for_ever() -> None:
    search = told((1, 200, 100), (8, 125, 100))
    search.end(10.2, 125, 120, finished=False)
    assert [search.gap_at(moment, 10) for moment in (0, 5, 9, 10, 60)] == [None, 0.5, 0.2, 0.04, None]
    search.end(10.3, 120, 120, finished=True)
    assert search.gap_at(60, 10) == 0.0


def test_a_bound_beyond_the_value_is_shown_as_it_is() -> None:
    assert gap(100, 101) == pytest.approx(-0.01) and gap(0, 0) == 0 and gap(None, 1) is None and gap(1, None) is None


def test_methods_side_by_side_at_the_same_moments() -> None:
    """Ours ended by itself after 20 s, HiGHS ran for a minute and again for five, SCIP for five alone, CP-SAT not."""
    ours = {"case": "one", "method": "ours", "seconds": 60.0, "rows": 1000, "frame_s": 0.1, "handover_s": 0.4,
            "lp_s": 5.0, "lp_bound": 1.0, "gap": 0.001, "search_s": 20.0, "gap_10s": 0.03, "repeats": 3,
            "to_1pct_s": 12.0}
    highs = {"case": "one", "method": "highs", "seconds": 60.0, "gap": 0.01, "search_s": 60.3, "gap_60s": 0.01}
    longer = highs | {"seconds": 300.0, "gap_60s": 0.5, "gap_300s": 0.002, "search_s": 300.2}
    scip = {"case": "one", "method": "scip", "seconds": 300.0, "gap_60s": None, "gap_300s": 0.2, "search_s": 300.0}
    [line] = beside.lines([longer, ours, scip, highs])
    assert (line["build"], line["LP"], line["build/LP"], line["runs"]) == ("0.50", "5.0", "10 %", "3")
    assert (line["10 s"], line["60 s"], line["300 s"]) == ("3.00 %", "0.10 %", "0.10 %")
    assert (line["to 1 %"], line["to 0.5 %"]) == ("12.0", "-")
    assert (line["HiGHS 60 s"], line["HiGHS 300 s"]) == ("1.00 %", "0.20 %")
    assert (line["SCIP 60 s"], line["SCIP 300 s"]) == ("no plan", "20.00 %")
    assert (line["CP-SAT 60 s"], line["CP-SAT 300 s"]) == ("", "") and line["ours/best"] == "0.10"
    assert beside.ratio([ours, scip]) == "no peer has a plan" and beside.ratio([highs]) == beside.ratio([ours]) == "-"
    assert beside.ratio([ours, highs | {"gap_60s": 0.0}]) == "peer at its end"
    parts = ours | {"status": "time_limit/within_gap", "search_s": 53.0}  # the last one ended before its time was over
    assert beside.at([parts], "ours", 300.0) == (False, None)
    assert beside.text([]) == "nothing measured yet"
    heading, rule, row = beside.text([ours, highs], markdown=True).splitlines()
    assert heading.count("|") == rule.count("|") == row.count("|") == len(line) + 1 and row.startswith("| one")


def test_the_documented_table_is_the_measured_one() -> None:
    shown = beside.text(table.read(ROOT / "benchmarks" / "national.csv"), markdown=True)
    assert shown in (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


def test_a_country_is_the_sum_of_its_parts() -> None:
    one, other = told((1, 60, 40), (5, 50, 45)), told((2, None, 30), (3, 40, None), (6, 36, None))
    assert together([one, other]).points == [
        (2, None, 70), (3, 100, 70), (5, 90, 75), (6, 86, 75)]
    assert together([one, told()]).last == (None, None)
    one.end(7, 50, 50, finished=True)
    assert not together([one, other]).finished


def test_what_a_process_tells_becomes_a_row() -> None:
    heard = measure.Told(limit=10)
    assert heard.hear('@{"begin": "1.2", "constant": 5}\n') and not heard.hear("noise\n")
    heard.hear("#1       2.50s best:100   next:[90,99] found_by\n")
    heard.hear('@{"end": "feasible", "t": 10.5, "value": 104, "finished": false, "bound": null}\n')
    row = heard.row()
    assert (row["incumbent"], row["bound"], row["version"], row["status"]) == (104, 95, "1.2", "feasible")
    assert row["gap_10s"] == pytest.approx(9 / 104) and row["gap_60s"] is None and row["note"] == \
        "told 105, its point has 104"


@pytest.mark.parametrize(("line", "expected"), [
    ("#Bound   5.72s best:inf   next:[18435.8,28768.5] initial_domain", (5.72, None, 18435.8)),
    ("#12      0.31s best:-7.5  next:[-9,-7.6]  quick_restart", (0.31, -7.5, -9)),
    ("#Model   1.00s var:5/7 constraints:2/9", (1.0, None, None)),
    ("#Done    3.00s quick", (3.0, None, None)), ("status: OPTIMAL", None)])
def test_lines_of_cp_sat(line: str, expected: tuple[float, float | None, float | None] | None) -> None:
    assert cpsat_line(line) == expected


def test_medians_count_what_was_not_reached_as_worst() -> None:
    rows = [{"to": 1.0, "gap": None, "status": "a"}, {"to": 3.0, "gap": None, "status": "a"},
            {"to": None, "gap": 0.5, "status": "b"}]
    assert measure.middle(rows) == {"to": 3.0, "gap": None, "status": "a/b"}


def test_rows_of_other_cases_stay_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    old = [{"case": name, "method": "ours", "seconds": 10.0, "incumbent": 1.0, "rows": 3} for name in ("a", "b")]
    table.write(old, file)
    new = old[0] | {"incumbent": 2.0, "status": "optimal"}
    table.write(table.merged(table.read(file), [new, new | {"seconds": 60.0}]), file)
    assert [(row["case"], row["seconds"], row["incumbent"], row["rows"], row["gap"]) for row in table.read(file)] == [
        ("a", 10, 2, 3, None), ("b", 10, 1, 3, None), ("a", 60, 2, 3, None)]


def test_the_table_is_aligned_and_marks_what_is_missing() -> None:
    rows = [{"case": "a", "method": "ours", "frame_s": 1.0, "handover_s": 0.5, "incumbent": 12345.6, "gap": 0.0123},
            {"case": "a", "method": "scip", "status": "not installed"}]
    text, markdown = table.text(rows).splitlines(), table.text(rows, markdown=True).splitlines()
    assert "1.5" in text[1] and "12,346" in text[1] and "1.23 %" in text[1] and text[2].endswith("not installed")
    assert len({len(line) for line in markdown}) == 1 and markdown[1].startswith("| :---")


def test_the_exponent_of_a_power_is_found() -> None:
    sizes = np.array([10.0, 20.0, 40.0])
    assert growth.power(sizes, 3 * sizes**1.5) == pytest.approx(1.5)
    assert growth.power(sizes, np.array([10.0, np.nan, 40.0])) == pytest.approx(1.0)
    assert math.isnan(growth.power(sizes, np.array([1.0, np.nan, np.nan])))


def test_growth_is_written_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def one(case: Country, _: float) -> dict[str, float | None]:
        asked.append(case.name)
        slow = case.occupations == 872 and case.reviews == "yearly"
        return dict.fromkeys(growth.MEASURES, None if slow else 2.0 * case.occupations)

    monkeypatch.setattr(growth, "one", one)
    monkeypatch.setattr(growth, "CHART", tmp_path / "growth.svg")
    main(["--growth", "--out", str(tmp_path / "growth.csv")])
    rows = pd.read_csv(tmp_path / "growth.csv")
    assert set(rows[rows["series"] == "occupations"]["exponent"]) == {1.0} and rows["value"].isna().sum() == 5
    assert set(rows[rows["series"] != "occupations"]["exponent"]) == {0.0}
    assert len(asked) == len(set(asked)) == 2 * (5 + 3 + 4)  # what two series share is measured once
    assert (tmp_path / "growth.svg").read_text("utf-8").startswith("<svg")


def test_the_set_has_the_cases_it_names() -> None:
    assert len(CASES) == 21 and {"belgium", "S-once-loose", "L-yearly-tight", "W-once-tight"} <= set(CASES)
    large = CASES["L-yearly-tight"]
    assert isinstance(large, Country) and (large.length, large.reviews, large.areas) == (10, "yearly", 5)
    assert options(["S-once-loose", "--seconds", "5"]).methods == list(METHODS)
    for wrong in (["S"], ["--methods", "cplex"], ["--seconds", "0"]):
        with pytest.raises(SystemExit):
            options(wrong)


def test_a_point_that_misses_a_limit_is_seen() -> None:
    joined = prepare.Joined(np.ones(2, bool), sparse.csc_array(np.array([[1.0, 1.0]])), np.array([2.0]),
                            np.array([np.inf]), np.zeros(2), np.array([5.0, 5.0]), np.array([True, False]),
                            np.array([1.0, 2.0]), 7.0)
    assert joined.value(np.array([1.0, 1.0])) == 10 and joined.violation(np.array([1.0, 1.0])) == 0
    assert joined.violation(np.array([1.0, 0.0])) == 0.5  # a row by one of two
    assert joined.violation(np.array([1.75, 1.0])) == 0.25  # a whole number
    assert joined.violation(np.array([0.0, 8.0])) == pytest.approx(0.6)  # a bound by three of five


def test_a_programme_in_steps_has_room_for_them_and_its_points_are_made_exact() -> None:
    equal = prepare.Joined(np.ones(2, bool), sparse.csc_array(np.array([[1.0, -3.0], [1.0, 0.0]])),
                           np.array([0.5, -np.inf]), np.array([0.5, 4e4]), np.zeros(2), np.array([4e4, 9.0]),
                           np.array([False, True]), np.array([1.0, 0.0]), 0.0)
    in_steps, units = steps.stepped(equal)
    assert units.tolist() == [4, 1] and in_steps.matrix.toarray().tolist() == [[4, -3], [4, 0]]
    assert in_steps.row_lower[0] == pytest.approx(0.5 - 4e-3) and in_steps.row_upper.tolist() == [0.5 + 4e-3, 4e4]
    assert in_steps.col_upper.tolist() == [1e4, 9] and in_steps.cost.tolist() == [4, 0]
    assert steps.exact(equal, np.array([6.5021, 2.0])) == pytest.approx([6.5, 2])
    assert steps.exact(equal, np.array([0.0, -1.0])) is None


def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "READING", 0.3)
    peak, wrong = measure.process("timeit", "-n1", "-r1", "import time; time.sleep(60)", limit=1)
    assert wrong.startswith("killed") and peak > 0
    assert "no module" in measure.process("nowhere_at_all", limit=1)[1].lower()


def test_all_searches_agree_on_a_tiny_country(tmp_path: Path) -> None:
    prepared = measure.prepare(TINY, tmp_path, 5)
    assert prepared["components"] == 2 and prepared["integers"] > 0 and prepared["build_mib"] > 0
    rows = {method: measure.search(method, tmp_path, 5, 1e-4) for method in METHODS if installed(method)}
    assert {"ours", "highs"} <= set(rows)
    assert all(row["incumbent"] is not None and row["memory_mib"] > 0 for row in rows.values()), rows
    best = min(rows[method]["incumbent"] for method in ("ours", "highs"))
    for method, row in rows.items():
        near = 0.01 if method == "cpsat" else 1e-3  # in steps, and at times not done in time
        assert row["incumbent"] == pytest.approx(best, rel=near), method
        assert prepared["lp_bound"] * (1 - 1e-6) <= row["incumbent"] and row["bound"] <= best * (1 + near), method
        assert row["violation"] <= 1e-5, method
    assert rows["ours"]["gap"] <= 1e-4 and rows["ours"]["gap_60s"] == rows["ours"]["gap"]


def test_the_command_prints_one_table_and_writes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(CASES, "tiny", TINY)
    monkeypatch.setattr("benchmarks.__main__.installed", lambda method: method == "ours")
    main(["tiny", "--methods", "ours,scip", "--seconds", "5", "--repeat", "2", "--out", str(tmp_path / "rows.csv")])
    printed = capsys.readouterr().out
    rows, side_by_side = printed.strip().split("\n\n")[-2:]
    assert printed.count("tiny ours:") == 1 and rows.endswith("not installed") and "ours/best" in side_by_side
    (row,) = table.read(tmp_path / "rows.csv")
    assert (row["case"], row["method"], row["repeats"], row["seconds"]) == ("tiny", "ours", 2, 5)
    assert row["incumbent"] > 0 and row["gap"] <= 1e-4


@pytest.mark.parametrize("name", ["S-once-tight", "S-yearly-tight", "S-once-loose"])
def test_the_smallest_countries_of_the_benchmark_by_highs_to_its_end(
        tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    """No bound of the search is above the optimum that HiGHS alone proves, and no plan is below it."""
    if name.endswith("loose") and not request.config.getoption("--long"):
        pytest.skip("HiGHS alone takes a while: with --long")
    problem = CASES[name].problem(tmp_path)
    for regions in components(problem):
        program = hand_over(frame(problem, regions)).program
        program = replace(program, stages=program.stages[:1])
        best = run(program, program.stages[0], 300.0)
        assert best.end == "optimal"
        search = Search(program, 1e-4, 60.0, 1, lambda *_: None)
        assert search.run() is not None
        ours = search.stages[0]
        assert ours.bound <= best.value * (1 + 1e-9) and best.bound <= ours.value * (1 + 1e-9)
        assert ours.gap <= 2e-4
