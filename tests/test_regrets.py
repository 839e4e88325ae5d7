"""Least regret over several futures: as few are counted as it takes, and nothing is lost when a search is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import inline
import numpy as np
import pytest
from mills import by_trying, design, mill, town
from worlds import rows, world

from optimiser.errors import SolverError
from optimiser.explore.ahead import designed, holding, regrets, stages
from optimiser.explore.ahead.design import design_list
from optimiser.explore.ahead.measures import MEASURES
from optimiser.explore.ahead.parts import Alone, Held, listed
from optimiser.explore.desk import Desk
from optimiser.futures import Future
from optimiser.problem import Problem
from optimiser.solver import Answer, Program


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (stages, holding, regrets):
        monkeypatch.setattr(module, "solve_many", inline.solve_many)
    yield


def mills(folder: Path, count: int, seed: int = 1) -> list[Future]:
    return [Future(f"f{n}", 1 + n % 2, mill(folder / str(n), n, seed)) for n in range(count)]


@pytest.mark.parametrize("seed", range(3))
def test_no_more_futures_are_counted_than_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The search begins with one of five futures; what is proved for some of them is never above the least."""
    futures = mills(tmp_path, 5, seed)
    for name in ("BEGIN", "MORE", "MORE_FOR_QUOTAS"):
        monkeypatch.setattr(regrets, name, 1)
    rounds: list[tuple[int, float]] = []

    def noted(sought: regrets.Sought, answer: Answer, kept: Held | None) -> None:
        rounds.append((len(sought.worlds), sought.low))
        take(sought, answer, kept)

    take = regrets.Sought.take
    monkeypatch.setattr(regrets.Sought, "take", noted)
    found, wanted = design(futures, "regret"), by_trying(futures, "regret")
    assert found.high == pytest.approx(wanted, abs=0.02)
    assert found.low == pytest.approx(wanted, abs=0.02) and found.low <= wanted + 1e-6
    assert all(low <= wanted + 1e-6 for _, low in rounds)
    assert rounds[0][0] == 1 < rounds[-1][0] < len(futures)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_any_number_of_futures(tmp_path: Path, count: int) -> None:
    futures = mills(tmp_path, count)
    found, wanted = design(futures, "regret"), by_trying(futures, "regret")
    assert found.low - 1e-6 <= wanted and found.low == pytest.approx(wanted, abs=0.02)
    assert found.high == pytest.approx(wanted, abs=0.02)
    assert found.low <= found.list_low <= found.list_high


def test_regret_is_counted_against_the_best_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of one future alone ended six persons short of its best: what is proved must hold of what is reported.

    Twenty are short of builders in one future and of nurses in the other; 20 and 18 may come, so each future alone
    leaves 2 unfilled at best, and 18 permits for both regret 9 in one of them.
    """
    def case(folder: Path, occupation: str, permits: int) -> Problem:
        return world(folder, {"regions": {"R": {"list_length": 2}}},
                     shortages=rows("area occupation year central", ("A1", occupation, 2026, 20)),
                     permit_totals=rows("region year central", ("R", "*", permits)),
                     parameters=rows("parameter region occupation central", ("lot", "*", "*", 1)))

    def worse(*asked: Any) -> list[Alone | None]:
        found = alone(*asked)
        return found if len(found) == 1 else [one and replace(one, value=one.value + more)
                                              for one, more in zip(found, (6, 0), strict=True)]

    alone: Callable[..., list[Alone | None]] = stages._alone
    monkeypatch.setattr(stages, "_alone", worse)
    futures = [Future("a", 20, case(tmp_path / "a", "0110", 20)), Future("b", 1, case(tmp_path / "b", "2221", 18))]
    found = design(futures, "regret")
    assert [one.value for one in found.alone] == [2, 2]
    assert found.low == found.high == 9
    assert found.list_high <= found.mean_value


@pytest.mark.parametrize("status", ["interrupted", "failed", "infeasible"])
def test_searches_that_come_to_nothing_end_soon_and_lose_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """Ctrl-C, or children that fail: a few questions at most, and what is best on average is the answer."""
    futures, asked = mills(tmp_path, 6), []

    def nothing(programs: list[Program], **_: Any) -> list[Answer]:
        asked.append(len(programs))
        return [Answer(status, None, clock_cut=status == "failed") for _ in programs]

    monkeypatch.setattr(regrets, "solve_many", nothing)
    found = design(futures, "regret")
    assert len(asked) == 1 if status == "interrupted" else len(asked) <= 4
    assert found.low == 0 and found.high <= design(futures, "expected").measured(
        design(futures, "expected").design.all_values) and found.design.sound
    assert found.clock_cut == (status != "infeasible")


def test_a_clock_that_is_over_is_told(tmp_path: Path) -> None:
    futures = mills(tmp_path, 6)
    found = design(futures, "regret", seconds=0.01)
    assert found.clock_cut and found.low <= found.high and found.list_high <= found.mean_value
    if found.average and listed(found.design.first) == listed(found.average.first):
        assert found.list_high <= found.high + 1e-9
    told = design_list(futures[0].problem, futures, measure="regret", desk=Desk(0.0, 0.01))
    assert any(line.startswith("The clock") for line in told.lines)


def test_a_plan_that_is_not_known_in_time_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is held in all futures; where that fails, what was found before is the answer."""
    def late(*_: Any) -> list[Held]:
        raise SolverError("late")

    monkeypatch.setattr(regrets, "hold", late)
    found = design(mills(tmp_path, 4), "regret")
    assert found.design.sound and found.low <= found.high


def test_a_search_on_average_that_breaks_a_rule_is_left_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list and quotas of the mean numbers are where the search begins then."""
    def broken(*asked: Any) -> list[Held]:
        return [replace(kept, values=(None, *kept.values[1:]), points=(None, *kept.points[1:]))
                for kept in tried(*asked)]

    tried = designed.found_or_tried
    monkeypatch.setattr(designed, "found_or_tried", broken)
    futures = mills(tmp_path, 3)
    found = design(futures, "regret")
    assert found.high == pytest.approx(by_trying(futures, "regret"), abs=0.02)


@pytest.mark.parametrize("measure", MEASURES)
def test_searches_begin_with_points_that_keep_the_rows(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: str) -> None:
    """Those with the list of the mean numbers, too, where what is best on average has another.

    Nurses are 8, 8 and 12 short, builders 30 in a boom alone: 10 on average, of whom 20 permits bring 20 / 3.
    """
    missed: list[float] = []

    def noted(programs: list[Program], *, starts: Sequence[np.ndarray | None] = (), **options: Any) -> list[Answer]:
        for program, x in zip(programs, starts, strict=False):
            if x is not None:
                row = program.matrix @ x
                missed.append(max((program.row_lower - row).max(), (row - program.row_upper).max(),
                                  (program.col_lower - x).max(), (x - program.col_upper).max()))
        return inline.solve_many(programs, **options)

    for module in (regrets, stages):
        monkeypatch.setattr(module, "solve_many", noted)
    futures = [Future(name, 1, town(tmp_path / name, builders, nurses))
               for name, builders, nurses in (("boom", 30, 8), ("calm", 0, 8), ("winter", 0, 12))]
    found = design(futures, measure)
    assert found.average and listed(found.average.first) == {("R", "0110", 1)}
    assert found.list_high >= found.high
    design(mills(tmp_path, 6), measure)
    assert missed and max(missed) <= 1e-8
