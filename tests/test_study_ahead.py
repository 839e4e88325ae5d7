"""What a design for several futures shows: a picture of every future, and what is told when futures clash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import inline
import pandas as pd
import pytest
from test_scenarios_model import town
from worlds import rows, world

from optimiser.errors import InfeasibleError
from optimiser.explore.ahead import holding, stages
from optimiser.explore.ahead.design import design_list
from optimiser.explore.desk import Desk
from optimiser.explore.finding import Finding
from optimiser.futures import Future
from optimiser.problem import Problem
from optimiser.report.charts_design import draw
from optimiser.report.explored import section
from optimiser.report.words import Words


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (stages, holding):
        monkeypatch.setattr(module, "solve_many", inline.solve_many)
    yield


def designed(futures: list[Future]) -> Finding:
    return design_list(futures[0].problem, futures, measure="cvar", alpha=0.9, desk=Desk(0.0, 60.0))


def test_every_future_is_drawn_from_the_best_possible_there(tmp_path: Path) -> None:
    """Alone 18, 0 and 0 are left; the design for the worst lists builders: 18, 8, 16; the mean numbers, nurses.

    11 permits of the mean are too few for the 16 nurses of the winter: 30, 0 and 5.
    """
    futures = [Future("boom", 1, town(tmp_path / "a", 30, 8)), Future("calm", 1, town(tmp_path / "b", 0, 8)),
               Future("winter", 1, town(tmp_path / "c", 0, 16))]
    found = designed(futures)
    [figure] = draw(Words(futures[0].problem), found)
    assert figure.grid.rows == [("boom", "18", "18", "30"), ("calm", "0", "8", "0"), ("winter", "0", "16", "5")]
    assert [text for _, text in figure.legend] == ["list and quotas of the mean numbers",
                                                   "list and quotas designed for the futures"]
    for said in ("boom (at least 18)", "+12", "+8", "+16", "+5"):
        assert said in figure.svg
    assert section(Words(futures[0].problem), found).figures[0].title == figure.title


def test_futures_in_which_the_mean_breaks_a_rule_are_marked(tmp_path: Path) -> None:
    futures = [Future("open", 1, town(tmp_path / "a", 9, 0, permits=10)),
               Future("shut", 1, town(tmp_path / "b", 9, 0, permits=2))]
    words = Words(futures[0].problem)
    [figure] = draw(words, designed(futures))
    assert "breaks a rule" in figure.svg and figure.grid.rows[1][3] == "breaks a rule"
    table = pd.DataFrame({"regions": ["R"], "future": ["one"], "low_alone": [4.0], "unfilled_design": [5.0],
                          "unfilled_mean": [None]})
    [alone] = draw(words, Finding("design", "", (), {"design_futures": table}))
    assert len(alone.legend) == 1 and "breaks a rule" not in alone.svg
    assert draw(words, Finding("design", "", (), {"design_futures": table.iloc[:0]})) == []


def case(folder: Path, least: int, permits: int) -> Problem:
    """An occupation that must be listed, with a smallest quota and so many permits."""
    return world(folder, {"regions": {"R": {"must_list": ["0110"]}}},
                 parameters=rows("parameter region occupation central", ("min_quota", "*", "*", least)),
                 permit_totals=rows("region year central", ("R", "*", permits)))


def test_all_futures_that_are_impossible_alone_are_named(tmp_path: Path) -> None:
    fair, hard, harder = case(tmp_path / "a", 1, 4), case(tmp_path / "b", 5, 4), case(tmp_path / "c", 9, 4)
    with pytest.raises(InfeasibleError, match="the future 'hard' by itself") as one:
        designed([Future("fair", 1, fair), Future("hard", 1, hard)])
    assert one.value.clashes[0].startswith("1 of 2 futures have plans in all regions.")
    with pytest.raises(InfeasibleError, match="any of these futures by itself: 'hard', 'harder'"):
        designed([Future("fair", 1, fair), Future("hard", 1, hard), Future("harder", 1, harder)])
    with pytest.raises(InfeasibleError) as every:
        designed([Future("hard", 1, hard), Future("harder", 1, harder)])
    assert every.value.clashes[0].startswith("All 2 futures are of this kind")


def test_futures_that_clash_only_together_are_told_with_what_to_do(tmp_path: Path) -> None:
    futures = [Future("a", 1, case(tmp_path / "a", 5, 9)), Future("b", 1, case(tmp_path / "b", 1, 4))]
    with pytest.raises(InfeasibleError, match="each of the 2 futures has plans .* when it is alone") as told:
        designed(futures)
    assert told.value.clashes[-1].startswith("What can be done: leave the future")
