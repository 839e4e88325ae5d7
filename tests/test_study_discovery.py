"""Conditions: a planted box is found, noise is not told, and every number told is what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from study_rows import sample, tables

from optimiser.study.analyse.discovery import Box, balance, conditions, discover, halves, peel, pruned, quasi_p
from optimiser.study.analyse.sample import sample_of, targets


def test_a_box_holds_its_ends_and_leaves_other_factors_alone() -> None:
    box = Box({0: (0.2, np.inf), 2: (-np.inf, 0.5)})
    x = np.array([[0.2, 9.0, 0.5], [0.1, 0.0, 0.5], [0.3, 0.0, 0.6]])
    assert box.holds(x).tolist() == [True, False, False]
    assert box.holds(x, but=0).tolist() == [True, True, False]
    assert box.holds(x, but=2).tolist() == [True, False, True]


def test_balance_by_hand() -> None:
    """3 of 4 events inside, 5 rows inside: coverage 3/4, density 3/5, harmonic mean 2/3."""
    y = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    inside = np.array([1, 1, 1, 0, 1, 1, 0, 0], dtype=bool)
    assert balance(inside, y) == pytest.approx(2 / 3)


def test_quasi_p_by_hand() -> None:
    """Without the restriction half of the rows are events; four of four inside it: 0.5^4."""
    x = np.array([[0.9], [0.8], [0.7], [0.6], [0.4], [0.3], [0.2], [0.1]])
    y = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    assert quasi_p(Box({0: (0.5, np.inf)}), 0, x, y) == pytest.approx(1 / 16)


def test_peeling_takes_off_a_twentieth_at_a_time() -> None:
    rng = np.random.default_rng(3)
    x = rng.random((400, 2))
    y = (x[:, 0] > 0.6) & (x[:, 1] < 0.5)
    inside = [box.holds(x) for box in peel(x, y)]
    sizes = [int(rows.sum()) for rows in inside]
    assert all(0.93 * before <= after < before for before, after in zip(sizes[:-1], sizes[1:], strict=True)
               if before > 100)
    shares = [float(y[rows].mean()) for rows in inside]
    assert shares[-1] == 1.0 and shares == sorted(shares)


def test_at_most_three_factors_are_restricted() -> None:
    x = np.random.default_rng(3).random((800, 6))
    y = x[:, :5].min(axis=1) > 0.3
    assert len(discover(x, y).limits) == 3
    assert len(discover(x, y, most=1).limits) == 1


def test_a_planted_box_is_found() -> None:
    """Events where x3 > 0.7 and x8 < 0.4, among twenty factors, nine times in ten there and seldom elsewhere."""
    rng = np.random.default_rng(5)
    x = rng.random((600, 20))
    inside = (x[:, 3] > 0.7) & (x[:, 8] < 0.4)
    y = np.where(inside, rng.random(600) < 0.9, rng.random(600) < 0.03)
    box = discover(x, y)
    assert set(box.limits) >= {3, 8}
    box = pruned(box, x, y)
    assert box.limits[3][0] == pytest.approx(0.7, abs=0.06) and box.limits[8][1] == pytest.approx(0.4, abs=0.06)
    of = sample(x, {"A": np.ones(600)}, {("A", "1"): y.astype(int)})
    table, lines = conditions(of, targets(of, [("A", "1")]))
    assert table["factor"].to_list() in (["x3", "x8"], ["x8", "x3"]) and set(table["event"]) == {"comes_in"}
    assert table["number"].to_list() == [1, 2] and (table["p"] < 0.05).all() and (table["p_box"] < 1e-6).all()
    assert (table["density"] > 0.75).all() and (table["coverage"] > 0.6).all()
    assert "1 comes in in" in lines[1] and "quantile" in lines[1]


def test_numbers_told_are_those_of_the_box() -> None:
    rng = np.random.default_rng(5)
    x = rng.random((300, 4))
    y = x[:, 1] > 0.8
    of = sample(x, {"A": np.ones(300)}, {("A", "1"): y.astype(int)})
    row = conditions(of, targets(of, [("A", "1")]), seed=9)[0].iloc[0]
    inside = x[:, 1] >= row["low"]
    test = halves(y, 9)
    assert np.isnan(row["high"]) and row["box_rows"] == inside.sum()
    assert row["coverage"] == pytest.approx(y[inside].mean() * inside.sum() / y.sum())
    assert row["density"] == pytest.approx(y[inside].mean()) and row["base_rate"] == pytest.approx(y.mean())
    assert (row["events"], row["rows"], row["test_rows"]) == (y.sum(), 300, (inside & test).sum())
    assert row["p_box"] == pytest.approx(binom.sf(y[inside & test].sum() - 1, (inside & test).sum(), y[test].mean()))


def test_nothing_is_told_of_noise() -> None:
    """Forty events of pure noise among sixty factors: held at one false discovery in twenty, here there is none."""
    rng = np.random.default_rng(8)
    x = rng.random((300, 60))
    marks = {("A", str(code)): (rng.random(300) < 0.3).astype(int) for code in range(12)}
    of = sample(x, {"A": rng.random(300)}, marks)
    table, lines = conditions(of, targets(of, list(marks)))
    assert table.empty
    assert lines == ["Conditions were looked for of 13 events, 13 of which are frequent enough; 0 have conditions that "
                     "hold on rows not used to find them"]


def test_an_occupation_of_the_base_list_drops_out_and_a_case_turns_infeasible() -> None:
    rng = np.random.default_rng(2)
    x = rng.random((300, 5))
    y = np.where(x[:, 2] > 0.8, np.nan, 10 * x[:, 0])
    rows = [(int(row), "A") for row in np.flatnonzero(np.isnan(y)) + 1]
    design, status, outcomes, listed = tables(x, {"A": y}, {("A", "1"): (x[:, 1] > 0.3).astype(int)},
                                              infeasible=rows, names=list("abcde"))
    listed.loc[len(listed)] = [0, "A", "1", 1, 1.0, 1.0]
    of = sample_of(design, status, outcomes, listed)
    table, lines = conditions(of, targets(of, [("A", "1")]))
    told = {str(event): part for event, part in table.groupby("event")}
    assert set(told) == {"drops_out", "infeasible", "worst_tenth"}
    assert told["infeasible"]["factor"].to_list() == ["c"]
    assert told["infeasible"]["low"].item() == pytest.approx(0.8, abs=0.03)
    assert told["drops_out"]["factor"].to_list() == ["b"] and told["drops_out"]["high"].item() < 0.35
    assert told["worst_tenth"]["factor"].to_list() == ["a"] and told["worst_tenth"]["low"].item() > 0.75
    assert any("there is no plan in" in line for line in lines)


def test_a_lever_is_told_in_its_own_numbers() -> None:
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.choice([20.0, 25.0, 30.0], 300), rng.random(300)])
    of = sample(x, {"A": np.ones(300)}, {("A", "1"): (x[:, 0] == 30).astype(int)}, names=["length", "noise"])
    lever = replace(of, levers=frozenset({"length"}))
    table, lines = conditions(lever, targets(lever, [("A", "1")]))
    assert (table["factor"].item(), table["low"].item(), table["density"].item()) == ("length", 30.0, 1.0)
    assert "length at least 30" in lines[1]


def test_seldom_events_are_not_looked_at() -> None:
    x = np.random.default_rng(2).random((100, 3))
    of = sample(x, {"A": np.ones(100)}, {("A", "1"): (x[:, 0] > 0.95).astype(int)})
    table, lines = conditions(of, targets(of, [("A", "1")]))
    assert table.empty and "1 events, 0 of which are frequent enough" in lines[0]
