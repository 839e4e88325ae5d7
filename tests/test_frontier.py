"""Frontiers: against every list and quota of tiny worlds, by hand, and in words; aims and regions that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import inline
import pytest
from oracle import Solver, _constant, _sum, choices
from oracle_rest import Rest
from tiny import write_tiny
from worlds import rows, world

from optimiser import solving
from optimiser.errors import InputError
from optimiser.explore import desk as desk_module
from optimiser.explore.desk import Desk
from optimiser.explore.worth.frontier import Frontier, Tracer, frontier
from optimiser.problem import Problem, load

ROUNDING = {"unfilled": 0.1, "cost": 2.0, "worst_coverage": 0.01, "list_changes": 0.0}  # as in test_oracle


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desk_module, "solve_many", inline.solve_many)
    yield


def least(problem: Problem, aim: str, limited: str, most: list[float]) -> list[float | None]:
    """The least of one aim for each limit on another, by trying every list and quota."""
    rest = Rest(problem)
    solver = Solver(rest)
    one, other = [("R", aim)], [("R", limited)]
    solver.aim(_sum(rest, one), [_sum(rest, other)])
    found: list[float | None] = []
    for limit in most:
        values = [value + _constant(rest, one, choice) for choice in choices(problem)
                  if (value := solver.best(choice[1], [limit - _constant(rest, other, choice)])) is not None]
        found.append(min(values, default=None))
    return found


def traced(problem: Problem, x: str, y: str, points: int) -> Frontier:
    return Tracer(problem, problem.regions, x, y, Desk(0.0, 60)).run(points)




@pytest.mark.parametrize("number", [15, 16, 22, 40])
def test_changes_are_counted_one_by_one(number: int, tmp_path: Path) -> None:
    """The frontier of a whole aim is the whole of it: as many points as fewer changes leave more unfilled."""
    problem = load(write_tiny(tmp_path, number))
    found = traced(problem, "list_changes", "unfilled", 12)
    counts = [float(n) for n in range(9)]
    best = least(problem, "unfilled", "list_changes", counts)
    true: list[tuple[float, float]] = []
    for count, value in zip(counts, best, strict=True):
        if value is not None and (not true or value < true[-1][1] - ROUNDING["unfilled"]):
            true.append((count, value))
    assert found.every and len(true) >= 1
    points = [(point.x, point.y) for point in found.points]
    kept = [points[0], *(b for a, b in zip(points, points[1:], strict=False) if b[1] < a[1] - ROUNDING["unfilled"])]
    assert [x for x, _ in kept] == [x for x, _ in true]
    assert [y for _, y in kept] == pytest.approx([y for _, y in true], abs=ROUNDING["unfilled"])
    assert all(point.low_x == point.x for point in found.points if (point.x, point.y) in kept)
    turned = traced(problem, "unfilled", "list_changes", 12)
    assert [point.y for point in reversed(turned.points)] == [x for x, _ in points]
    assert [point.x for point in reversed(turned.points)] == pytest.approx([y for _, y in points])


@pytest.mark.parametrize(("x", "y"), [("cost", "unfilled"), ("unfilled", "cost"), ("worst_coverage", "cost")])
@pytest.mark.parametrize("number", [5, 12, 40])
def test_no_plan_undercuts_a_point(number: int, x: str, y: str, tmp_path: Path) -> None:
    """Each point is the best by both aims, and the ends are those of each aim alone."""
    problem = load(write_tiny(tmp_path, number))
    found = traced(problem, x, y, 5)
    xs, ys = [point.x for point in found.points], [point.y for point in found.points]
    room = 1e-6
    best_y = least(problem, y, x, [value + room for value in xs])
    best_x = least(problem, x, y, [value + room for value in ys])
    for point, by, bx in zip(found.points, best_y, best_x, strict=True):
        assert by is not None and bx is not None
        assert point.low_y - 1e-3 <= by <= point.y + 1e-3 and point.y - by <= ROUNDING[y]
        assert point.low_x - 1e-3 <= bx <= point.x + 1e-3 and point.x - bx <= ROUNDING[x]
    assert xs == sorted(xs) and ys == sorted(ys, reverse=True) and len(set(xs)) == len(xs)
    [end_x], [end_y] = least(problem, x, y, [1e12]), least(problem, y, x, [1e12])
    assert xs[0] == pytest.approx(end_x, abs=ROUNDING[x]) and ys[-1] == pytest.approx(end_y, abs=ROUNDING[y])


def builders(folder: Path, **rules: Any) -> Problem:
    """Ten builders and four nurses are short; a permit costs 100, and brings one."""
    return world(folder, {"regions": {"R": rules}},
                 parameters=rows("parameter region occupation central", ("permit_cost", "*", "*", 100)))


def test_by_hand(tmp_path: Path) -> None:
    """From nothing to 14 permits, 100 EUR for each person: five points on a line, none of them a tie."""
    found = traced(builders(tmp_path), "cost", "unfilled", 5)
    assert [(p.x, p.y) for p in found.points] == [(0, 14), (300, 11), (700, 7), (1000, 4), (1400, 0)]
    assert all((p.low_x, p.low_y) == pytest.approx((p.x, p.y)) and not p.tie for p in found.points)


def test_aims_the_case_does_not_have_and_words(tmp_path: Path) -> None:
    """The case asks for the steadiest list alone, which is no list: the base run stands at the left end."""
    finding = frontier(builders(tmp_path, objectives=[{"name": "list_changes"}]), "cost", "unfilled", points=3,
                       desk=Desk(0.0, 60))
    assert finding.facts["R"]["points"][0] == [0, 14, 0, 14]
    assert finding.facts["R"]["base"][:2] == [0, 14]
    assert finding.lines[0] == ("R: 3 points that no plan undercuts beyond the intervals, from 0 EUR with 14 weighted "
                                "person-years unfilled to 1,400 EUR with 0 weighted person-years unfilled.")
    assert list(finding.tables["frontier"]["mark"]) == ["", "", "", "best by the leading aim alone"]


def test_the_run_taken_up_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run lists nothing, since it wants a steady list first: it stands at nothing for nothing, on the frontier."""
    monkeypatch.setattr(solving, "solve_many", inline.solve_many)
    steady = builders(tmp_path / "a", objectives=[{"name": "list_changes"}, {"name": "cost"}])
    problem, desk = builders(tmp_path / "b"), Desk(0.0, 60)
    desk.begin(problem, steady, solving.solve(steady))
    finding = frontier(problem, points=3, desk=desk)
    assert finding.facts["R"]["base"] == [0, 14, 0, 14] and finding.facts["R"]["run"]
    assert finding.tables["frontier"]["mark"].iloc[-1] == "base run"
    assert any(line.startswith("The base run stands at 0 EUR with 14") for line in finding.lines)


def test_what_is_not_found_in_time_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every search for the least cost ends without a plan, one point is not called the best by both aims."""
    def failing(programs: Any, **how: Any) -> Any:
        answers = inline.solve_many(programs, **how)
        return [replace(answer, status="time_limit", x=None, stages=()) if program.stages[0].name == "cost" else answer
                for answer, program in zip(answers, programs, strict=True)]

    monkeypatch.setattr(desk_module, "solve_many", failing)
    finding = frontier(builders(tmp_path), points=2, desk=Desk(0.0, 60))
    assert "only one point was found in time" in finding.lines[0] and finding.facts["R"]["unanswered"] >= 1
    assert any("searches found no plan in time" in line for line in finding.lines)


def test_ties_are_said(tmp_path: Path) -> None:
    """With a gap of half nothing says that the last permits are needed."""
    found = Tracer(builders(tmp_path), ("R",), "cost", "unfilled", Desk(0.9, 60)).run(6)
    assert all(point.low_y <= point.y and point.low_x <= point.x for point in found.points)
    for before, point in zip(found.points, found.points[1:], strict=False):
        assert point.tie == (before.low_y <= point.y)


def test_one_plan_is_best_by_both(tmp_path: Path) -> None:
    problem = builders(tmp_path, must_not_list=["0110", "2221"])
    finding = frontier(problem, "cost", "unfilled", desk=Desk(0.0, 60))
    assert "one plan is the best by both aims" in finding.lines[0]


def test_no_plan(tmp_path: Path) -> None:
    problem = builders(tmp_path, must_not_list=["0110", "2221"], fairness={"area_coverage": 0.5})
    finding = frontier(problem, desk=Desk(0.0, 60))
    assert "no plan was found" in finding.lines[0] and finding.facts["R"]["points"] == []


@pytest.mark.parametrize(("asked", "told"), [
    ({"x": "costs"}, "--x: got 'costs'; expected one of: unfilled, worst_coverage, list_changes, cost; did you mean "
                     "cost?"),
    ({"x": "unfilled"}, "--y: got 'unfilled'; expected another aim than --x"),
    ({"region": "RR"}, "--region: got 'RR'; expected one of: R; did you mean R?")])
def test_what_does_not_exist(asked: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        frontier(builders(tmp_path), **asked)
    assert told in str(caught.value)
