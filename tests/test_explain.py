"""Why not: verdicts, prices and flips as worked out by hand, and as brute force over every list gives them."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inline
import pytest
from hamlet import BUILDERS, NURSES, hamlet, parameter
from oracle import optimum
from refusal import LINE
from test_desk import ROOM, has, true_best, worlds
from worlds import rows, write_world

from optimiser.cli import main
from optimiser.errors import InputError
from optimiser.explore import desk as desks
from optimiser.explore.desk import Asked, Desk, Question
from optimiser.explore.finding import Finding, read
from optimiser.explore.why.explain import explain
from optimiser.explore.why.flips import Bisection, Point, Sides, hunt
from optimiser.explore.why.levers import Lever, levers
from optimiser.explore.why.neighbours import with_occupation, without_occupation
from optimiser.explore.wishes import off_list, on_list
from optimiser.solver import moves
from optimiser.variant import with_numbers


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desks, "solve_many", inline.solve_many)
    yield


def numbers(found: Finding) -> dict[str, dict[str, Any]]:
    """The table of single numbers, by what each is called."""
    return keyed(found, "numbers", "what")


def keyed(found: Finding, table: str, column: str) -> dict[str, dict[str, Any]]:
    """The rows of a table, by one of their columns."""
    return {str(row[column]): {str(key): value for key, value in row.items()}
            for row in found.tables[table].to_dict("records")}


def short(a1: float = 10, nurses: float = 4, a2: float = 0) -> list[dict[str, Any]]:
    return rows("area occupation year central", ("A1", BUILDERS, 2026, a1), ("A1", NURSES, 2026, nurses),
                *([("A2", NURSES, 2026, a2)] if a2 else []))


def test_what_one_place_on_the_list_decides(tmp_path: Path) -> None:
    """Ten builders or four nurses: forcing the nurses on costs six person-years and displaces the builders."""
    found = explain(hamlet(tmp_path, {"list_length": 1}), "R", NURSES)
    assert found.facts["verdict"] == "not_listed" and not found.facts["tie"]
    assert (found.facts["price_low"], found.facts["price_high"]) == (6.0, 6.0)
    moved = {o: (row["filled_before"], row["filled_after"], row["reviews_after"])
             for o, row in keyed(found, "shifts", "occupation").items()}
    assert moved == {BUILDERS: (10.0, 0.0, ""), NURSES: (0.0, 4.0, "1")}
    assert "Builder (0110)" in "\n".join(found.lines) and "6.000 weighted person-years worse" in found.lines[0]


def test_the_single_numbers_that_turn_it(tmp_path: Path) -> None:
    """More than ten nurses short, a weight above 2.5, or a second place bring the nurses in; nothing else does."""
    problem = hamlet(tmp_path, {"list_length": 1}, parameters=parameter("uptake", 0.5))
    found = numbers(explain(problem, "R", NURSES, precision=0.001))
    for what, flip in (("shortage in A1 (persons a year)", 10.0), ("weight in the aim", 2.5)):
        row = found[what]
        assert row["setting_last"] - 0.001 <= flip <= row["setting_first"] <= flip * 1.002, what  # 3 decimals
        assert row["shown_last"] in ("proved out", "tie") and row["shown_first"] == "proved in"
    assert (found["length of the list (occupations)"]["setting_last"],
            found["length of the list (occupations)"]["setting_first"]) == (1, 2)
    assert math.isnan(found["take-up (arrivals per permit)"]["setting_first"])
    assert found["take-up (arrivals per permit)"]["shown_first"] == "no value does"


def test_the_hours_a_person_takes_turn_it(tmp_path: Path) -> None:
    """Forty hours: builders at four fill ten; nurses, worth three each, at 10 + x fill 40 / (10 + x)."""
    problem = hamlet(
        tmp_path, {"list_length": 1},
        shortages=short(10, 10), parameters=parameter("weight", 3, NURSES),
        services=rows("service scope unit", ("course", "area", "hours")),
        service_use=rows("service region occupation per cohort_year central", ("course", "*", BUILDERS, "person", 0, 4),
                         ("course", "*", NURSES, "person", 0, 20)),
        capacities=rows("service place year central", ("course", "*", "*", 40)))
    found = explain(problem, "R", NURSES, precision=0.001)
    row = numbers(found)["course: units per person in the first year"]
    # Builders: 10 of weight 1. Nurses: 3 * 40 / hours; they draw level at 12 hours.
    assert found.facts["price_low"] == pytest.approx(4.0)
    assert row["setting_first"] <= 12.0 <= row["setting_last"] and row["setting_last"] <= 12.0 * 1.002
    full = found.tables["fullness"]
    assert full[["service", "place", "years", "newly"]].to_numpy().tolist() == [["course", "A1", "2026", "no"]]


def test_what_would_push_it_out(tmp_path: Path) -> None:
    """The builders go once fewer than four are short; at exactly four it is a tie."""
    found = explain(hamlet(tmp_path, {"list_length": 1}), "R", BUILDERS, precision=0.001)
    assert found.facts["verdict"] == "listed" and found.facts["price_low"] == 6.0
    row = numbers(found)["shortage in A1 (persons a year)"]
    assert row["setting_first"] <= 4.0 <= row["setting_last"] and row["setting_last"] - row["setting_first"] <= 0.01
    length = numbers(found)["length of the list (occupations)"]
    assert (length["setting_first"], length["shown_first"], length["setting_last"]) == (0, "proved out", 1)


def test_a_smallest_quota_that_is_too_large(tmp_path: Path) -> None:
    """Nobody may list nurses while each permit needs a training start and only three places are there."""
    problem = hamlet(
        tmp_path, parameters=[*parameter("min_quota", 4, NURSES), *parameter("trainees_per_permit", 1, NURSES)],
        training_places=rows("region occupation year central", ("R", NURSES, "*", 3)))
    found = explain(problem, "R", NURSES)
    assert found.facts["price_low"] is None and "no plan that keeps every limit can have it" in found.lines[0]
    row = numbers(found)["smallest quota (permits a year)"]
    assert (row["setting_last"], row["shown_last"], row["setting_first"], row["shown_first"]) == (
        4, "proved out", 3, "proved in")
    assert numbers(found)["training places (a year)"]["setting_first"] == pytest.approx(4.0, abs=0.1)


def test_why_a_quota_is_not_larger(tmp_path: Path) -> None:
    """Six permits in all go to builders, of whom ten are short; a seventh is impossible, and worth one person-year."""
    problem = hamlet(tmp_path, {"list_length": 1}, permit_totals=rows("region year central", ("R", "*", 6)))
    found = explain(problem, "R", BUILDERS, quota=True, precision=0.001)
    limits = keyed(found, "limits", "limit")
    total = limits["permits of the region"]
    assert (total["used"], total["value_most"], total["binds"]) == (6, 6, "yes")
    assert limits["shortage in A1: nothing is left to fill"]["binds"] == "no"
    assert "No plan that keeps every limit gives it one lot" in "\n".join(found.lines)
    row = numbers(found)["permits of the region (a year)"]
    assert row["setting_last"] <= 7.0 <= row["setting_first"] <= 7.02 and row["shown_first"] == "proved in"


def test_a_larger_quota_that_fills_nothing_is_a_tie(tmp_path: Path) -> None:
    found = explain(hamlet(tmp_path), "R", BUILDERS, quota=True, seconds=0)
    assert found.facts["tie"] and "a tie" in "\n".join(found.lines)
    assert keyed(found, "limits", "limit")["shortage in A1: nothing is left to fill"]["binds"] == "yes"


@pytest.mark.parametrize(("rules", "tables", "verdict", "words"), [
    ({}, {"exclusions": rows("region occupation reason", ("R", NURSES, "pay below the threshold"))}, "excluded",
     "pay below the threshold (exclusions.csv, source S: Nobody, Made up for a test, 2026)"),
    ({"must_not_list": [NURSES]}, {}, "must_not", "regions.R.must_not_list"),
    ({"must_list": [NURSES]}, {}, "must", "regions.R.must_list"),
    ({}, {"shortages": rows("area occupation year central", ("A1", BUILDERS, 2026, 10))}, "no_candidate",
     "no shortage of it in any area"),
])
def test_what_is_settled_is_not_solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: dict[str, Any],
                                       tables: dict[str, Any], verdict: str, words: str) -> None:
    problem = hamlet(tmp_path, rules, **tables)
    monkeypatch.setattr(desks, "solve_many", lambda *_, **__: pytest.fail("something was solved"))
    found = explain(problem, "R", NURSES)
    assert found.facts["verdict"] == verdict and words in found.lines[0]


def test_unknown_codes_are_all_named_at_once(tmp_path: Path) -> None:
    problem = hamlet(tmp_path)
    with pytest.raises(InputError) as refused:
        explain(problem, "X", "222")
    assert [fault.file for fault in refused.value.faults] == ["--occupation", "--region"]
    assert "2221" in refused.value.faults[0].hint and "R" in refused.value.faults[1].expected
    with pytest.raises(InputError) as refused:
        explain(problem, "R", "nurse")
    assert "2221" in refused.value.faults[0].hint


def test_prices_and_verdicts_are_those_of_brute_force(tmp_path: Path) -> None:
    """Every occupation of the random worlds: the price holds the true one, and the best list is what it says."""
    asked_of = 0
    for problem in worlds(tmp_path):
        desk = Desk(0.0, 30.0)
        if math.isinf(best := true_best(problem)):
            continue
        for o in problem.candidates["R"]:
            if ("R", o) in problem.locked:
                continue
            found = explain(problem, "R", o, desk=desk, seconds=0).facts
            other = true_best(problem, (lambda lists, o=o: not has(o)(lists)) if found["listed"] else has(o))
            if math.isinf(other):
                assert found["price_low"] is None
            else:
                assert found["price_low"] - ROOM <= other - best <= found["price_high"] + ROOM
                assert found["tie"] or other - best > -1e-6
            asked_of += 1
    assert asked_of > 25


def test_flips_are_those_of_brute_force(tmp_path: Path) -> None:
    """Both sides of every flip found in the random worlds, solved again by trying every list and quota."""
    flips = 0
    for problem in worlds(tmp_path):
        desk = Desk(0.0, 30.0)
        [base] = desk.whole(problem)
        for o in problem.candidates["R"]:
            if ("R", o) in problem.locked or base.plan is None:
                continue
            sides = Sides(("R",), (on_list(problem, "R", o),), off_list(problem, "R", o))
            now = tuple(desk.ask([Question(problem, ("R",), wishes) for wishes in (sides.inside, sides.outside)]))
            towards = Point(0.0, now[0], now[1]).verdict != "in"
            some = [lever for lever in levers(problem, "R", o) if lever.name in (
                "shortage", "list_length", "uptake", "use_person", "min_quota", "weight")][:4]
            for search in hunt(desk, sides, (now[0], now[1]), some, towards, 20.0, precision=0.2):
                for point in search.points.values():
                    assert holds(search.lever, o, point), (search.lever, point.verdict)
                flips += search.first is not None
        if flips > 12:
            return
    raise AssertionError("too few flips to tell")


def holds(lever: Lever, o: str, point: Point) -> bool:
    """Whether what is said of one value is so."""
    if point.verdict in ("open", "neither"):
        return True
    case = lever.change(point.value)
    inside, outside = true_best(case, has(o)), true_best(case, lambda lists: not has(o)(lists))
    if point.verdict == "tie":
        return abs(inside - outside) <= ROOM
    return inside < outside if point.verdict == "in" else outside < inside if point.verdict == "out" else (
        inside < outside + ROOM if point.verdict == "in_found" else outside < inside + ROOM)


def test_plans_without_it_stay_as_good_where_a_number_is_said_to_concern_the_listed_alone(tmp_path: Path) -> None:
    told = 0
    for problem in worlds(tmp_path):
        for o in problem.candidates["R"]:
            if ("R", o) in problem.locked:
                continue
            before = optimum(problem, 0.0, 1, lambda lists, o=o: not has(o)(lists))
            for lever in (each for each in levers(problem, "R", o) if each.listed_only):
                for end in {lever.least, lever.most} - {lever.now}:
                    case = lever.change(end)
                    after = optimum(case, 0.0, 1, lambda lists, o=o: not has(o)(lists))
                    assert (after is None) == (before is None)
                    assert before is None or after is None or after[0] == pytest.approx(before[0], abs=1e-6), lever
                    told += 1
        if told > 60:
            return
    raise AssertionError("too few to tell")


def test_a_verdict_is_proved_only_by_bounds() -> None:
    """Values and bounds as loose as they may be around the truth: what is called proved is so."""
    nothing: Any = None
    question, proved = Question(nothing, ("R",)), 0
    for inside, outside in ((10.0, 10.0), (10.0, 11.0), (12.0, 10.0), (10.0, math.inf)):
        for over, under, over2, under2 in itertools.product((0.0, 0.5, 3.0), repeat=4):
            a, b = (Asked(question, "infeasible" if math.isinf(n) else "within_gap", n + up, n - down)
                    for n, up, down in ((inside, over, under), (outside, over2, under2)))
            verdict = Point(1.0, a, b).verdict
            if verdict in ("in", "out"):
                assert (inside < outside) if verdict == "in" else (outside < inside)
                proved += 1
            elif verdict != "tie":
                assert verdict == ("in_found" if a.value < b.value else "out_found")
            if over + under2 < outside - inside:  # what is known leaves no other answer
                assert verdict == "in"
    assert proved > 50
    unknown = Asked(question, "time_limit")
    impossible = Asked(question, "infeasible", math.inf, math.inf)
    assert [Point(1.0, *pair).verdict for pair in ((unknown, unknown), (impossible, impossible), (None, unknown))] == [
        "open", "neither", "open"]


def test_a_bisection_needs_both_sides_and_no_more(tmp_path: Path) -> None:
    """What is looked for at the end of the range first; then halves until whole numbers are next to each other."""
    problem = hamlet(tmp_path, {"list_length": 1})
    lever = Lever("list_length", "", 3, 0, 90, True, True, False, lambda _: problem)
    [base] = Desk(0.0, 30.0).whole(problem)
    worse = with_numbers(problem, "capacity", {})
    [other] = Desk(0.0, 30.0).ask([Question(worse, ("R",), (on_list(problem, "R", NURSES),))])
    search = Bisection(lever, True, {3: Point(3, other, base)}, 0.02)
    asked: list[float] = []
    while (value := search.next()) is not None:
        asked.append(value)
        search.points[value] = Point(value, base, other) if value >= 17 else Point(value, other, base)
    assert asked[0] == 90 and (search.last.value, search.first and search.first.value) == (16, 17) and len(asked) <= 9
    assert search.proved is search.first and search.held is search.last


def test_lists_near_the_best_hold_the_truth_between_value_and_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                                    ) -> None:
    """As in large cases: only the lists given are tried, and what is forced is there; a bound stays a bound."""
    seen = 0
    for problem in worlds(tmp_path):
        desk = Desk(0.0, 30.0)
        [base] = desk.whole(problem)
        monkeypatch.setattr(moves, "LARGE", 0)
        for o in problem.candidates["R"] if base.plan else ():
            if ("R", o) in problem.locked or base.plan is None:
                continue
            on = any(key[1] == o for key in base.plan.listed)
            near = (without_occupation if on else with_occupation)(problem, "R", base.plan, o)
            wishes = off_list(problem, "R", o) if on else (on_list(problem, "R", o),)
            [asked] = desk.ask([Question(problem, ("R",), wishes, like=near, near=True)])
            true = true_best(problem, (lambda lists, o=o: not has(o)(lists)) if on else has(o))
            assert asked.bound <= true + 1e-6 and true <= asked.value + 1e-6
            assert asked.plan is None or any(key[1] == o for key in asked.plan.listed) != on
            seen += asked.plan is not None
        monkeypatch.undo()
        monkeypatch.setattr(desks, "solve_many", inline.solve_many)
        if seen > 20:
            return
    raise AssertionError("too few to tell")


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of a command."""
    monkeypatch.setattr(sys, "argv", ["optimiser", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_the_commands_refuse_what_they_do_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    """All faults at once, one line each, with the nearest name; nothing is written."""
    monkeypatch.chdir(tmp_path)
    write_world(Path("case"), {"steps": {"curse": {"name": "class", "units": 4}}})
    code, _, err = told(monkeypatch, capsys, "ladder", "case/config.yaml", "--out", "found")
    assert code == 2 and "steps.curse: got the service 'curse'" in err
    write_world(Path("case"))
    code, _, err = told(monkeypatch, capsys, "explain", "case/config.yaml", "--region", "Q", "--occupation", "2222",
                        "--out", "found")
    lines = err.splitlines()
    assert code == 2 and lines[-1] == "2 faults; nothing was computed." and not Path("found").exists()
    assert all(LINE.fullmatch(line) for line in lines[:-1]) and "did you mean 2221?" in lines[0]
    code, _, err = told(monkeypatch, capsys, "ladder", "case/config.yaml", "--service", "course", "--region", "Q",
                        "--out", "found")
    assert code == 2 and len(err.splitlines()) == 3 and not Path("found").exists()


def test_the_commands_write_what_they_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    write_world(Path("case"), {"regions": {"R": {"list_length": 1}}},
                services=rows("service scope unit", ("course", "area", "hours")),
                service_use=rows("service region occupation per cohort_year central",
                                 ("course", "*", "*", "person", 0, 4)),
                capacities=rows("service place year central", ("course", "*", "*", 20)))
    code, out, err = told(monkeypatch, capsys, "explain", "case/config.yaml", "--region", "R", "--occupation", NURSES,
                          "--out", "why")
    assert code == 0 and "Why is Nurse (2221) not on the list of R?" in out and "single numbers: 2 of 6" in err
    assert read(Path("why")).tables["numbers"]["setting_now"].tolist()[0] == 4
    assert "<svg" in Path("why/report.html").read_text("utf-8")
    code, out, _ = told(monkeypatch, capsys, "ladder", "case/config.yaml", "--service", "course", "--out", "worth")
    assert code == 0 and read(Path("worth")).tables["ladder"]["value_found"].tolist() == pytest.approx(
        [0.25, 0.5, 1.0, 2.5])
    assert "<svg" in Path("worth/report.html").read_text("utf-8")
    code, _, _ = told(monkeypatch, capsys, "ladder", "case/config.yaml", "--region", "R", "--out", "all")
    assert code == 0 and len(read(Path("all")).tables["ladder_all"]) == 1
    assert "<svg" in Path("all/report.html").read_text("utf-8")
