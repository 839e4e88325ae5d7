"""Alternatives: as far apart as trying every list allows, near the best, and no near-duplicates."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inline
import pytest
from test_bins import ROOM, case
from worlds import rows, world, write_world

from optimiser import terminal
from optimiser.cli import main
from optimiser.errors import InfeasibleError, InputError
from optimiser.explore import desk as desks
from optimiser.explore.desk import Desk, Question
from optimiser.explore.finding import Finding, read
from optimiser.explore.near import alternatives as exploring
from optimiser.explore.near import trades
from optimiser.explore.near.alternatives import Series, alternatives
from optimiser.problem import Problem
from optimiser.solver import Answer, Program, Progress

Lists = frozenset[tuple[str, str, int]]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desks, "solve_many", inline.solve_many)
    yield


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> list[Series]:
    """The series of the last exploration."""
    kept: list[Series] = []
    told = trades.finding

    def tell(problem: Problem, share: float, count: int, found: list[Series], desk: Desk) -> Finding:
        kept[:] = found
        return told(problem, share, count, found, desk)

    monkeypatch.setattr(trades, "finding", tell)
    return kept


def near(of_lists: dict[Lists, float], regions: tuple[str, ...], share: float) -> dict[Lists, float]:
    """The lists within a share of the best that are surely, or perhaps, so: the value, less the edge."""
    best = min(of_lists.values())
    return {listed: value - best - share * abs(best) for listed, value in of_lists.items()}


def test_lists_known_from_before_are_of_use_where_a_distance_is_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    known = 0

    def heard(programs: list[Program], **more: Any) -> list[Answer]:
        nonlocal known
        for program, one in zip(programs, more["known"], strict=True):
            assert len(one.fitting(program).choices) == len(one.choices)
            known += "distance" in program.col_names and len(one.choices) > 0
        return inline.solve_many(programs, **more)

    monkeypatch.setattr(desks, "solve_many", heard)
    problem = next(problem for problem, of_lists in map(case, range(20)) if len(of_lists) > 2)
    alternatives(problem, 0.3, 3, desk=Desk(0.0, 30.0))
    assert known


@pytest.mark.parametrize("large", [False, True])
def test_each_is_the_farthest_that_trying_every_list_allows(series: list[Series], large: bool,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact where the limit on the aim is asked as it stands; with rewards, never farther than is told possible."""
    if large:
        monkeypatch.setattr(exploring, "LARGE", 0)
    compared = ended = 0
    for number in range(20):
        problem, of_lists = case(number)
        if not of_lists:
            with pytest.raises(InfeasibleError):
                alternatives(problem, 0.3, 3, desk=Desk(0.0, 30.0))
            continue
        alternatives(problem, 0.3, 3, desk=Desk(0.0, 30.0))
        if len(series) > 1:
            continue
        [one] = series
        edges = near(of_lists, one.regions, 0.3)
        best = min(of_lists.values())
        surely = [listed for listed, beyond in edges.items() if beyond <= -ROOM]
        perhaps = [listed for listed, beyond in edges.items() if beyond <= ROOM]
        for n in range(1, len(one.lists) + (1 if one.ended else 0)):
            def farthest(found: list[Lists], n: int = n, one: Series = one) -> int:
                return max((min(len(listed ^ other) for other in one.lists[:n]) for listed in found), default=0)

            if n == len(one.lists):  # it ended: nothing farther than a near-duplicate was to be had
                assert large or farthest(surely) < one.least, number
                assert farthest(surely) <= one.most + 1e-6, number
                ended += 1
                continue
            apart = min(len(one.lists[n] ^ other) for other in one.lists[:n])
            assert apart == one.apart[n] >= one.least
            assert one.lists[n] in perhaps and one.asked[n].value <= 1.3 * best + 1e-6 * abs(best) + ROOM or best < 0
            assert apart <= farthest(perhaps), number
            assert large or apart >= farthest(surely), number
            assert farthest(surely) <= one.limits[n] + 1e-6, number
            compared += 1
    assert compared > 8 and ended > 3, (compared, ended)


def village(folder: Path, **rules: Any) -> Problem:
    """Ten builders and four nurses short; six permits: builders leave 8 unfilled, nurses 10, both together 8."""
    return world(folder, {"regions": {"R": rules}}, permit_totals=rows("region year central", ("*", "*", 6)))


def test_a_village_by_hand(tmp_path: Path) -> None:
    """Within a third of 8 (10.67) all but the empty list are near: {b}, {n}, {b, n}. From {b}: {n} is 2 entries away;
    from these two, {b, n} is 1."""
    finding = alternatives(village(tmp_path, list_length=1), 1 / 3, 5, desk=Desk(0.0, 30.0))
    table = finding.tables["alternatives"]
    assert list(table["number_alternative"]) == [0, 1]
    assert list(table["differences_nearest"])[1:] == [2] and list(table["differences_most"])[1:] == [2]
    assert list(table["unfilled_whole"]) == [pytest.approx(8), pytest.approx(10)]
    assert list(table["low_loss"])[1] == pytest.approx(2) and list(table["high_loss"])[1] == pytest.approx(2)
    swaps = {(row["occupation"], row["moves"]): (row["filled_best_plan"], row["filled_alternative"])
             for row in finding.tables["alternatives_swaps"].to_dict("records")}
    assert swaps == {("0110", "goes"): (pytest.approx(6), 0.0), ("2221", "comes"): (0.0, pytest.approx(4))}
    assert finding.facts["parts"][0]["ended"] == "alike"
    both = alternatives(village(tmp_path / "both"), 1 / 3, 5, desk=Desk(0.0, 30.0))
    assert max(both.tables["alternatives"]["differences_best"]) >= 1


def test_the_distance_to_the_nearest_is_what_is_maximised(tmp_path: Path) -> None:
    """Of four lists of two occupations, {} is 1 from {b} and 1 from {n}; {b, n} is 2 from {}."""
    problem = world(tmp_path)
    desk = Desk(0.0, 30.0)
    empty, b, n = frozenset(), frozenset({("R", "0110", 1)}), frozenset({("R", "2221", 1)})
    for apart, score in (((empty,), -2.0), ((empty, b | n), -1.0), ((empty, b, n), -1.0), ((empty, b, n, b | n), 0.0)):
        [asked] = desk.ask([Question(problem, ("R",), apart=apart)])
        assert asked.score == pytest.approx(score) == pytest.approx(asked.score_bound)
        assert asked.plan and -score == min(len(asked.plan.listed ^ other) for other in apart)
    # Each nurse filled is worth one person-year, so an entry worth more than four is worth giving the nurses up.
    for worth, value in ((3.9, 0.0), (4.1, 4.0)):
        [asked] = desk.ask([Question(problem, ("R",), apart=(b | n,), reward=worth)])
        assert asked.value == pytest.approx(value)
        assert asked.score == pytest.approx(min(0.0, 4.0 - worth))


@pytest.mark.parametrize(("share", "count"), [(1.0, 5), (-0.1, 5), (math.nan, 5), (0.1, 0), (0.1, 51)])
def test_what_makes_no_sense_is_refused(tmp_path: Path, share: float, count: int) -> None:
    with pytest.raises(InputError):
        alternatives(world(tmp_path), share, count)


def test_the_command_writes_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
                                     ) -> None:
    """With child processes and progress lines, as a person runs it."""
    monkeypatch.undo()
    config = write_world(tmp_path / "case", {"regions": {"R": {"list_length": 1}}},
                         permit_totals=rows("region year central", ("*", "*", 6)))
    monkeypatch.setattr(sys, "argv", ["optimiser", "alternatives", str(config), "--within", "34%", "--out",
                                      str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capsys.readouterr().err
    for stage in ("apart", "wished"):  # whether a search is long enough to be told of hangs on the machine
        assert terminal._progress_line("R", Progress(stage, 1, 1, None, None, None, 2.0)).endswith("(2 s)")
    found = read(tmp_path / "out")
    assert list(found.tables["alternatives"]["differences_best"]) == [0, 2]
    assert (tmp_path / "out" / "report.html").read_text("utf-8").count("<svg") == 1
