"""A given list: worth what brute force says, every rule it breaks named, every difference with its true reason."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import inline
import pytest
from oracle import Lists, Solver, lists_allowed, optimum, quotas_allowed
from oracle_rest import Rest
from test_oracle import drawn
from worlds import rows, world, write_world

from optimiser.check import violations
from optimiser.cli import main
from optimiser.explore import desk as desks
from optimiser.explore.beside import evaluate
from optimiser.explore.beside.evaluate import evaluate_list
from optimiser.explore.beside.given import of_lists
from optimiser.explore.beside.listrules import broken_rules, in_words, lifted
from optimiser.explore.finding import Finding
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solver import conflict

ROOM = 0.1  # what publishing three decimals may cost, in the units of the aim
LIST_FAMILIES = ("list_length", "list_changes", "locks")
BUILDER, NURSE = "0110", "2221"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desks, "solve_many", inline.solve_many)
    monkeypatch.setattr(evaluate, "explain", conflict.clashes)
    yield


# Against brute force -------------------------------------------------------------------------------------------------


def worlds(folder: Path, numbers: range) -> Iterator[tuple[Problem, random.Random]]:
    """Tiny worlds of one region whose leading aim is what stays unfilled."""
    for number in numbers:
        problem = drawn(folder, number)
        if len(problem.regions) == 1 and problem.rules("R").objectives[0].name == "unfilled":
            yield problem, random.Random(number)


def some_list(problem: Problem, rng: random.Random) -> dict[tuple[str, int], list[str]]:
    """Any list, whether allowed or not; of occupations of the case, also those that are no candidates."""
    return {("R", e.number): [o for o in (BUILDER, NURSE) if rng.random() < 0.6] for e in problem.reviews["R"]}


def least(problem: Problem, given: dict[tuple[str, int], list[str]], quotas: dict[tuple[str, str, int], int]
          ) -> float:
    """The least that can stay unfilled with a list and with quotas, by trying all that are left open."""
    everyone = replace(problem, candidates={"R": (BUILDER, NURSE)}, locked={})
    lists: Lists = {("R", o, e): o in given["R", e] for _, e in given for o in (BUILDER, NURSE)}
    rest = Rest(everyone)
    solver = Solver(rest)
    solver.aim(rest.aims["R", "unfilled"][0], [])
    values = [solver.best(found, []) for found in quotas_allowed(everyone, "R", lists)
              if all(found[key] == number for key, number in quotas.items())]
    return min((value for value in values if value is not None), default=math.inf)


def agrees(finding: Finding, value: float, best: float) -> None:
    """What is said of a list holds the true value, and its price the true price."""
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["feasible"] == "no") == math.isinf(value)
    if math.isinf(value):
        assert "quotas" in finding.lines[0]
        assert "clash with" in finding.lines[0]
        assert len(finding.lines) > 1
        assert "no clash was found" not in "".join(finding.lines)
        return
    assert told["bound"] <= value + 1e-6
    assert value - 1e-6 <= told["value"] <= value + ROOM
    if math.isfinite(best):
        assert told["low"] - 1e-6 <= value - best <= told["high"] + 1e-6
        assert told["high"] - told["low"] <= 2 * ROOM + 1e-6
    else:
        assert "no plan can" in finding.lines[0]


def test_lists_are_worth_what_brute_force_says(tmp_path: Path) -> None:
    """Any list, allowed or not, with the best quotas: list rules lifted where it breaks them, all others kept."""
    seen = {"broken": 0, "kept": 0, "impossible": 0, "possible": 0}
    for problem, rng in worlds(tmp_path, range(26)):
        best = optimum(problem, 0.0, 1)
        lists = some_list(problem, rng)
        finding = evaluate_list(problem, lists)
        value = least(problem, lists, {})
        agrees(finding, value, math.inf if best is None else best[0])
        allowed = any(all(on == (o in lists["R", e]) for (_, o, e), on in found.items())
                      for found in lists_allowed(problem, "R"))
        strange = {o for listed in lists.values() for o in listed} - set(problem.candidates["R"])
        assert len(finding.tables["evaluate_broken"]) == 0 or not allowed
        assert len(finding.tables["evaluate_broken"]) > 0 or allowed or strange
        seen["kept" if allowed else "broken"] += 1
        seen["impossible" if math.isinf(value) else "possible"] += 1
    assert min(seen.values()) >= 2, seen


def test_quotas_hold_even_where_nobody_has_use_for_so_many(tmp_path: Path) -> None:
    """Some quotas given, others free; those given may exceed what is of use, or what limits allow."""
    seen = {"impossible": 0, "possible": 0}
    for problem, rng in worlds(tmp_path, range(100, 124)):
        lists = some_list(problem, rng)
        quotas = {("R", o, t): int(problem.parameter("lot", "R", o) or 1) * rng.choice([0, 1, 1, 2])
                  for o in (BUILDER, NURSE) for t in problem.years
                  if o in lists["R", problem.review_of("R", t).number] and rng.random() < 0.6}
        value = least(problem, lists, quotas)
        best = optimum(problem, 0.0, 1)
        agrees(evaluate_list(problem, lists, quotas), value, math.inf if best is None else best[0])
        seen["impossible" if math.isinf(value) else "possible"] += 1
    assert min(seen.values()) >= 4, seen


def test_rules_said_to_be_broken_are_those_that_the_check_finds(tmp_path: Path) -> None:
    """The independent check finds a broken list rule exactly where one is named, and none once they are lifted."""
    told = 0
    for problem, rng in worlds(tmp_path, range(200, 224)):
        given = of_lists(problem, some_list(problem, rng))
        plan = Plan(given.listed)
        broken = broken_rules(problem, given)
        families = {v.family for v in violations(problem, plan) if v.family in LIST_FAMILIES}
        named = {{"list_length_by_tier": "list_length", "list_length_by_sector": "list_length",
                  "minimum_stay": "list_changes", "must_list": "locks", "must_not_list": "locks",
                  "exclusions": "locks", "groups": "locks"}.get(found.rule, found.rule) for found in broken}
        excluded = {found.of for found in broken if found.rule == "exclusions"} - set(problem.candidates["R"])
        assert named - ({"locks"} if excluded else set()) <= families
        assert families <= named
        case = lifted(problem, given, broken)
        left = [v for v in violations(case, plan) if v.family in (*LIST_FAMILIES, "domains")]
        assert left == []
        assert (case is problem) == (not broken and {o for _, o, _ in given.listed} <= set(problem.candidates["R"]))
        told += bool(broken)
    assert told > 6


# By hand -------------------------------------------------------------------------------------------------------------


def town(folder: Path, rules: dict[str, Any] | None = None, total: int = 6, **tables: Any) -> Problem:
    """Ten builders and four nurses are short in A1; six permits."""
    return world(folder, {"regions": {"R": rules or {}}},
                 **({"permit_totals": rows("region year central", ("R", 2026, total))} | tables))


def test_the_price_of_a_list_by_hand(tmp_path: Path) -> None:
    """One occupation allowed. Builders take all six permits: 8 unfilled. Nurses take four: 10 unfilled."""
    problem = town(tmp_path, {"list_length": 1})
    finding = evaluate_list(problem, {"R": [NURSE]})
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["value"], told["best"], told["low"], told["high"]) == (10.0, 8.0, 2.0, 2.0)
    assert "worse than the optimum under the same capacities by 2 weighted person-years" in finding.lines[0]
    areas = finding.tables["evaluate_areas"].set_index("area").loc["A1"]
    assert (areas["filled_list"], areas["filled_optimum"], areas["shortage"]) == (4.0, 6.0, 14.0)
    both = finding.tables["evaluate_differences"].set_index("occupation")
    assert dict(both["more_on"]) == {BUILDER: "optimum", NURSE: "given list"}
    assert set(both["decides"]) == {"numbers"}
    assert not any("evaluated without" in line for line in finding.lines)


def test_a_list_that_is_too_long_is_evaluated_without_that_rule(tmp_path: Path) -> None:
    """Two given where one is allowed; with twelve permits both fill 12, the optimum with builders alone fills 10."""
    finding = evaluate_list(town(tmp_path, {"list_length": 1}, 12), {"R": [NURSE, BUILDER]})
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["value"], told["best"], told["low"], told["high"]) == (2.0, 4.0, -2.0, -2.0)
    assert "better than the optimum of the case by 2" in finding.lines[0]
    assert "R, 2026: 1 occupations allowed, 2 given (list_length)" in finding.lines
    [broken] = finding.tables["evaluate_broken"].to_dict("records")
    assert (broken["rule"], broken["number_allowed"], broken["number_given"]) == ("list_length", 1, 2)


def test_the_same_list_ties_and_differs_in_nothing(tmp_path: Path) -> None:
    finding = evaluate_list(town(tmp_path, {"list_length": 1}), {"R": [BUILDER]})
    assert "as good as the optimum as far as is proved" in finding.lines[0]
    assert finding.tables["evaluate_differences"].empty
    assert any("are the same" in line for line in finding.lines)


def test_limits_that_a_list_clashes_with_are_named(tmp_path: Path) -> None:
    """At least four permits each where six are allowed: not both. Neither rule alone is to blame."""
    problem = town(tmp_path, parameters=rows("parameter region occupation central", ("min_quota", "R", "*", 4)))
    finding = evaluate_list(problem, {"R": [BUILDER, NURSE]})
    assert finding.lines[0].startswith("R: no quotas make this list possible")
    reason = " ".join(finding.lines[1:3])
    assert "at most 6 permits a year in 2026; the others need at least 8" in reason
    assert "min_quota" in reason
    assert finding.tables["evaluate_price"]["feasible"].tolist() == ["no"]
    assert "evaluate_areas" not in finding.tables


def test_limits_that_given_quotas_clash_with_are_named(tmp_path: Path) -> None:
    """Seven permits given where six are allowed; nine are of no use beyond a shortage of four, but no clash."""
    finding = evaluate_list(town(tmp_path / "a"), {"R": [NURSE]}, {("R", NURSE, 2026): 7})
    assert "at most 6 permits a year in 2026; at least 7 is needed whatever the other limits are" in finding.lines[1]
    finding = evaluate_list(town(tmp_path / "b", total=9), {"R": [NURSE]}, {("R", NURSE, 2026): 9})
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["feasible"], told["value"]) == ("yes", 10.0)
    assert finding.tables["evaluate_quotas"].set_index("occupation")["quota_list"][NURSE] == 9


def test_a_service_that_given_permits_use_up_is_named(tmp_path: Path) -> None:
    problem = town(
        tmp_path, total=100, services=rows("service scope unit source", ("desk", "region", "files", "S")),
        capacities=rows("service place year central", ("desk", "R", 2026, 10)),
        service_use=rows("service region occupation per cohort_year central", ("desk", "R", "*", "permit", 0, 2)))
    finding = evaluate_list(problem, {"R": [BUILDER]}, {("R", BUILDER, 2026): 8})
    assert finding.lines[1].startswith("desk in R: at most 10 files in 2026; at least 16 files is needed")


def test_every_broken_rule_is_named_with_its_numbers(tmp_path: Path) -> None:
    occupations = rows("occupation title_en sector skill_tier", (BUILDER, "Builder", "construction", "medium"),
                       (NURSE, "Nurse", "health", "high"), ("3", "Clerk", "office", "high"),
                       ("4", "Cook", "food", "low"), ("5", "Guide", "food", "low"))
    problem = world(
        tmp_path, {"last_year": 2028, "regions": {"R": {
            "list_length": 2, "list_length_by_tier": {"high": 1}, "list_length_by_sector": {"food": 0},
            "list_changes": 1, "minimum_stay": 2, "must_list": [BUILDER], "must_not_list": ["5"],
            "groups": [[NURSE, "4"]]}}}, occupations=occupations,
        shortages=rows("area occupation year central", *(("A1", o, t, 9) for o in (BUILDER, NURSE, "3", "4", "5")
                                                         for t in (2026, 2027, 2028))),
        list_in_force=rows("region occupation entry", ("R", BUILDER, "x")),
        exclusions=rows("region occupation reason", ("*", "3", "pay")))
    given = of_lists(problem, {("R", 1): [NURSE, "3", "5"], ("R", 2): ["3", "5"], ("R", 3): [BUILDER]})
    words = in_words(problem, broken_rules(problem, given))
    assert set(words) == {
        "R, 2026: 2 occupations allowed, 3 given (list_length)",
        "R, 2026: 1 occupations of skill tier high allowed, 2 given (list_length_by_tier)",
        "R, 2026-2027: 0 occupations of sector food allowed, 1 given (list_length_by_sector)",
        "R, 2026: 1 entries and exits in a review allowed, 4 needed (list_changes)",
        "R, 2028: 1 entries and exits in a review allowed, 3 needed (list_changes)",
        "R, 2027: Nurse (2221) must stay 2 reviews, it leaves after 1 (minimum_stay)",
        "R, 2026-2027: 1 that must be listed, not given: Builder (0110) (must_list)",
        "R, 2026-2027: 1 that must not be listed, given: Guide (5) (must_not_list)",
        "R, 2026-2027: 1 that the law keeps off the list, given: Clerk (3) (exclusions.csv)",
        "R, 2026: 1 of the 2 occupations of a group given: Nurse (2221), Cook (4) (groups)"}
    case = lifted(problem, given, broken_rules(problem, given))
    assert case.rules("R").list_length is None
    assert case.rules("R").list_length_by_tier == {}
    assert violations(case, Plan(given.listed)) == []
    [told] = evaluate_list(problem, {("R", 1): [NURSE, "3", "5"], ("R", 2): ["3", "5"], ("R", 3): [BUILDER]}
                           ).tables["evaluate_price"].to_dict("records")
    # Five are short of nine for three years; nobody leaves: nurses, clerks and guides fill three years, builders one.
    assert told["value"] == 9 * 15 - 9 * (3 + 3 + 3 + 1)


def test_only_what_is_broken_is_lifted(tmp_path: Path) -> None:
    """The law of the other region stays, and so do rules that the list keeps."""
    problem = world(
        tmp_path, {"regions": {"R": {"list_length": 1, "must_not_list": [BUILDER]}, "Q": {"list_length": 1}}},
        regions=rows("region", ("R",), ("Q",)), areas=rows("area region", ("A1", "R"), ("B1", "Q")),
        shortages=rows("area occupation year central", ("A1", BUILDER, 2026, 5), ("A1", NURSE, 2026, 5),
                       ("B1", NURSE, 2026, 5), ("B1", BUILDER, 2026, 5)),
        exclusions=rows("region occupation reason", ("*", NURSE, "pay")))
    given = of_lists(problem, {"R": [NURSE]})
    case = lifted(problem, given, broken_rules(problem, given))
    assert case.locked == {("Q", NURSE): 0, ("R", BUILDER): 0} or case.locked == {("R", BUILDER): 0}
    assert case.rules("R").list_length == case.rules("Q").list_length == 1
    assert ("Q", NURSE, 1) not in of_lists(problem, {"Q": [BUILDER]}).listed
    finding = evaluate_list(problem, {"R": [NURSE]})
    assert any("says nothing of Q" in line for line in finding.lines)


def test_a_region_that_the_list_leaves_open_chooses_freely(tmp_path: Path) -> None:
    """A shared desk takes six files. Nobody listed in R: Q fills its four; the optimum fills six."""
    problem = world(
        tmp_path, {"regions": {"R": {}, "Q": {}}}, regions=rows("region", ("R",), ("Q",)),
        areas=rows("area region", ("A1", "R"), ("B1", "Q")),
        shortages=rows("area occupation year central", ("A1", BUILDER, 2026, 10), ("B1", NURSE, 2026, 4)),
        services=rows("service scope unit source", ("desk", "shared", "files", "S")),
        capacities=rows("service place year central", ("desk", "*", "*", 6)),
        service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 1)))
    finding = evaluate_list(problem, {"R": []})
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["regions"], told["value"], told["low"], told["high"]) == ("Q, R", 10.0, 2.0, 2.0)
    assert any("says nothing of Q, which shares services" in line for line in finding.lines)
    assert set(finding.tables["evaluate_differences"]["region"]) == {"R"}


def test_a_coverage_is_told_in_percentage_points(tmp_path: Path) -> None:
    """The only area fills 6 of 14 at best, 4 of 14 with nurses."""
    problem = town(tmp_path, {"list_length": 1, "objectives": [{"name": "worst_coverage"}]})
    finding = evaluate_list(problem, {"R": [NURSE]})
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["value"], told["best"]) == (pytest.approx(4 / 14), pytest.approx(6 / 14))
    assert told["low"] == pytest.approx(2 / 14)
    assert "by 14.29 percentage points" in finding.lines[0]
    assert "28.57 % against 42.86 %" in finding.lines[0]


def reasons(problem: Problem, *given: str) -> dict[str, tuple[str, str, str]]:
    """Which list has more, what decides, and why, by occupation."""
    table = evaluate_list(problem, {"R": list(given)}).tables["evaluate_differences"]
    return {row["occupation"]: (row["more_on"], row["decides"], row["reason"]) for row in table.to_dict("records")}


def test_what_fills_nothing_has_its_true_reason(tmp_path: Path) -> None:
    occupations = rows("occupation", ("kept",), ("num",), ("small",))
    short = rows("area occupation year central", ("A1", "num", 2026, 10), ("A1", "small", 2026, 5))
    in_force = rows("region occupation entry", ("R", "kept", "x"))
    held = town(tmp_path / "held", {"list_changes": 1}, 3, occupations=occupations, list_in_force=in_force,
                shortages=rows("area occupation year central", ("A1", "num", 2026, 10)))
    found = reasons(held, "num")
    assert found.keys() == {"kept"}
    assert found["kept"][:2] == ("optimum", "numbers")
    assert "on the list in force, and a review uses all 1 changes allowed" in found["kept"][2]
    figure = town(tmp_path / "figure", {"list_length": 1}, 3, occupations=occupations, list_in_force=in_force,
                  shortages=short, parameters=rows("parameter region occupation central", ("weight", "R", "num", 2)))
    found = reasons(figure, "kept", "num", "small")
    assert {o: decides for o, (_, decides, _) in found.items()} == {"kept": "policy", "small": "numbers"}
    assert "no shortage figure in the region, so that" in found["kept"][2]
    assert "the best quotas for the given list fill nothing with it either" in found["small"][2]
    found = reasons(figure, "small")
    assert found["num"][0] == "optimum"
    assert {reason for _, _, reason in found.values()} == {"the numbers, under all limits together"}


def test_every_difference_has_its_true_reason(tmp_path: Path) -> None:
    """One occupation for every reason, and nothing else that could decide it."""
    codes = ("law", "never", "must", "alone", "group", "nocand", "cover", "nouse", "num")
    short = [("A1", o, 2026, n) for o, n in (("law", 9), ("never", 9), ("group", 9), ("num", 3), ("cover", 5),
                                             ("nouse", 2), ("must", 1))]
    problem = world(
        tmp_path, {"regions": {"R": {"must_list": ["must"], "must_not_list": ["never"],
                                     "groups": [["group", "alone"]], "list_length": 4}}},
        occupations=rows("occupation", *((o,) for o in codes)),
        shortages=rows("area occupation year central", *short),
        activatable=rows("area occupation year central", ("A1", "cover", 2026, 5)),
        exclusions=rows("region occupation reason", ("R", "law", "pay below the threshold")),
        parameters=rows("parameter region occupation central", ("min_other_vacancies", "R", "nouse", 2)))
    given = {"R": ["law", "never", "nocand", "cover", "nouse"]}
    told = evaluate_list(problem, given).tables["evaluate_differences"].set_index("occupation")
    reason = dict(told["reason"])
    assert "pay below the threshold (exclusions.csv)" in reason["law"]
    assert "must_not_list" in reason["never"]
    assert "must_list" in reason["must"]
    assert "group" in reason["group"]
    assert "no candidate" in reason["nocand"]
    assert "activated cover the whole shortage" in reason["cover"]
    assert "let nobody come" in reason["nouse"]
    assert reason["num"] == "the numbers, under all limits together"
    assert set(told.index[told["decides"] == "policy"]) == {"law", "never", "must", "group", "alone", "nocand"}
    assert set(told.index) == set(codes)


# The command, and what it says of an unfinished search ----------------------------------------------------------------


def test_the_command_writes_a_page_with_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    config = write_world(tmp_path / "case", {"regions": {"R": {"list_length": 1}}},
                         permit_totals=rows("region year central", ("R", 2026, 6)))
    (tmp_path / "wish.csv").write_text("region,occupation,quota\nR,2221,3\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["optimiser", "evaluate", str(config), "--list", str(tmp_path / "wish.csv"),
                                      "--quotas", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    shown = capsys.readouterr().out
    assert "3 weighted person-years" in " ".join(shown.split())
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert (tmp_path / "out" / "tables.xlsx").is_file()
    assert (tmp_path / "out" / "evaluate_differences.csv").is_file()


def test_what_was_not_searched_to_the_end_says_so(tmp_path: Path) -> None:
    """The stated gap is the one that was reached, not the one that was wanted."""
    problem = town(tmp_path, {"list_length": 1})
    desk = desks.Desk(0.0, 30.0)
    [base] = desk.whole(problem)
    name = next(iter(desk._answers))
    desk._answers[name] = replace(base, bound=base.value * 0.5, status="optimal")  # known, with half of it unproved
    finding = evaluate_list(problem, {"R": [NURSE]}, desk=desk)
    [told] = finding.tables["evaluate_price"].to_dict("records")
    assert (told["low"], told["high"]) == (2.0, 6.0)
    assert "by 2 to 6 weighted person-years" in finding.lines[0]
    assert "each proved to within 50.00%" in finding.lines[0]
