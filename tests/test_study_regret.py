"""Regret of lists as intervals, its tail, the most robust list, and what it is worth to know a figure: all by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from study_rows import sample

from optimiser.study.analyse import given
from optimiser.study.analyse.evidence import evidence, evppi
from optimiser.study.analyse.regret import regret, robust_lists, tail_mean


def outcomes(rows: list[tuple[int, str, float, float]]) -> pd.DataFrame:
    return pd.DataFrame([(row, region, "unfilled", value, bound) for row, region, value, bound in rows],
                        columns=["row", "region", "outcome", "value", "bound"])


def tried(rows: list[tuple[int, str, str, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["row", "region", "list", "value", "bound"])


def test_tail_mean_by_hand() -> None:
    ten = np.arange(1.0, 11.0)
    assert tail_mean(ten, 0.1) == 10.0
    assert tail_mean(ten, 0.2) == 9.5
    assert tail_mean(ten, 0.25) == pytest.approx((10 + 9 + 0.5 * 8) / 2.5)
    assert tail_mean(ten, 1.0) == 5.5
    assert tail_mean(np.array([3.0, 7.0]), 0.1) == 7.0  # fewer than one row in the tail: the worst
    assert tail_mean(np.arange(30.0), 0.1) == 28.0  # 0.1 x 30 is a little more than 3 in floating point
    assert tail_mean(np.array([1.0, np.inf]), 0.1) == np.inf


def test_tail_mean_is_the_least_of_rockafellars_formula() -> None:
    """CVaR = min over c of c + E[(loss - c)+] / share."""
    losses = np.random.default_rng(1).exponential(5, 37)
    for share in (0.1, 0.23, 0.5):
        least = min(c + np.maximum(losses - c, 0).mean() / share for c in losses)
        assert tail_mean(losses, share) == pytest.approx(least)


def test_regret_is_an_interval_that_respects_bounds() -> None:
    """Best in [9, 10], list in [12, 13]: regret between 12 - 10 and 13 - 9; never below nought."""
    best = outcomes([(1, "A", 10.0, 9.0), (2, "A", 10.0, 9.0), (3, "A", 10.0, np.nan), (4, "A", 10.0, 9.0),
                     (5, "A", 10.0, 9.0)])
    lists = tried([(1, "A", "l", 13.0, 12.0), (2, "A", "l", 10.5, 9.5), (3, "A", "l", 13.0, 12.0),
                   (4, "A", "l", np.inf, np.inf), (5, "A", "l", np.nan, 11.0), (6, "A", "l", 1.0, 1.0)])
    found = regret(lists, best)
    assert found["row"].to_list() == [1, 2, 3, 4, 5]  # row 6 has no best
    assert found["low"].to_list() == [2.0, 0.0, 2.0, np.inf, 1.0]
    assert found["high"].to_list() == [4.0, 1.5, 13.0, np.inf, np.inf]


def test_regions_solved_together_are_added_up() -> None:
    best = outcomes([(1, "A", 10.0, 9.0), (1, "B", 5.0, 4.0), (2, "A", 10.0, 9.0)])
    found = regret(tried([(1, "A-B", "l", 20.0, 18.0), (2, "A-B", "l", 20.0, 18.0)]), best)
    assert found[["row", "low", "high"]].to_numpy().tolist() == [[1, 3.0, 7.0]]


def test_the_most_robust_list_and_its_ties() -> None:
    """Ten worlds: `flat` regrets 3 in all; `bold` nothing but 20 once; `near` 3 to 3.5, so it may equal `flat`."""
    rows = range(1, 11)
    best = outcomes([(row, "A", 0.0, 0.0) for row in rows])
    lists = tried([(row, "A", "flat", 3.0, 3.0) for row in rows]
                  + [(row, "A", "bold", 20.0 * (row == 4), 20.0 * (row == 4)) for row in rows]
                  + [(row, "A", "near", 3.5, 3.0) for row in rows])
    table, lines = robust_lists(regret(lists, best))
    flat, near, bold = (table.set_index("list").loc[name] for name in ("flat", "near", "bold"))
    assert table["list"].to_list() == ["flat", "near", "bold"]
    assert (flat["max_low"], flat["max_high"], flat["cvar_high"], flat["mean_high"]) == (3.0, 3.0, 3.0, 3.0)
    assert (bold["max_high"], bold["cvar_high"], bold["mean_high"]) == (20.0, 20.0, 2.0)
    assert (near["max_low"], near["max_high"]) == (3.0, 3.5)
    assert table["best_max"].to_list() == [1, 1, 0] and table["best_cvar"].to_list() == [1, 1, 0]
    assert lines[0].endswith("flat has the smallest largest regret: 3.0 to 3.0 weighted person-years; "
                             "not to be told from it: near")
    half, _ = robust_lists(regret(lists, best), worst=1.0)
    assert half.set_index("list")["best_cvar"].to_dict() == {"bold": 1, "flat": 0, "near": 0}


def test_only_rows_that_all_lists_were_tried_in_count() -> None:
    best = outcomes([(1, "A", 0.0, 0.0), (2, "A", 0.0, 0.0)])
    table, _ = robust_lists(regret(tried([(1, "A", "a", 1.0, 1.0), (2, "A", "a", 9.0, 9.0), (1, "A", "b", 2.0, 2.0)]),
                                   best))
    assert table[["list", "rows", "max_high"]].to_numpy().tolist() == [["a", 1, 1.0], ["b", 1, 2.0]]


def test_a_list_without_a_plan_somewhere_limits_nothing() -> None:
    best = outcomes([(1, "A", 0.0, 0.0), (2, "A", 0.0, 0.0)])
    lists = tried([(1, "A", "a", np.inf, np.inf), (2, "A", "a", 0.0, 0.0), (1, "A", "b", 5.0, 5.0),
                   (2, "A", "b", 5.0, 5.0)])
    table, lines = robust_lists(regret(lists, best))
    assert table[["list", "no_plan", "max_high", "best_max"]].to_numpy().tolist() == [
        ["b", 0, 5.0, 1], ["a", 1, np.inf, 0]]
    _, lines = robust_lists(regret(lists[lists["list"] == "a"], best))
    assert "each of 1 lists has no plan" in lines[0]


# The value of evidence ----------------------------------------------------------------------------------------------


def test_explained_variance_by_hand() -> None:
    """A mark that a factor decides: all of its variance, 1/4. One that it half decides (3/4, 1/4): 1/16."""
    codes = np.array([[0, 0], [0, 1], [0, 0], [0, 1], [1, 0], [1, 1], [1, 0], [1, 1]])
    marks = np.array([[0, 0], [0, 0], [0, 0], [0, 1], [1, 1], [1, 1], [1, 1], [1, 0]], dtype=float)
    assert given.explained(codes, marks) == pytest.approx(np.array([[0.25, 0.0625], [0.0, 0.0]]))
    assert given.explained(codes, marks[:, 1:]) == pytest.approx(np.array([[0.0625], [0.0]]))


def test_evppi_of_two_choices_by_hand() -> None:
    """Losses of two lists (0, 6) while x is low and (8, 2) while it is high, both as likely.

    Without knowing, each costs 4; knowing x, 0 and 2: 1 on average. Worth 3. The other factor says nothing.
    """
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    losses = np.array([[0.0, 6.0], [0.0, 6.0], [8.0, 2.0], [8.0, 2.0]])
    assert evppi(codes, losses) == pytest.approx([3.0, 0.0])


def test_knowing_what_does_not_change_the_choice_is_worth_nothing() -> None:
    codes = np.array([[0], [0], [1], [1]])
    assert evppi(codes, np.array([[1.0, 2.0], [1.0, 2.0], [5.0, 9.0], [5.0, 9.0]])) == pytest.approx([0.0])


def test_evidence_ranks_what_flips_and_leaves_noise_out() -> None:
    """x0 decides what is listed in half of the rows: two worlds differ by 2 x 1/4 entries, by none once it is known."""
    rng = np.random.default_rng(7)
    n = 400
    x = rng.random((n, 40))
    x[:, 0] = (rng.permutation(n) + 0.5) / n
    marks = {("A", "1"): (x[:, 0] > 0.5).astype(int), ("A", "2"): (rng.random(n) < 0.5).astype(int)}
    of = sample(x, {"A": np.ones(n)}, marks)
    table, lines = evidence(of)
    first = table.iloc[0]
    assert (first["factor"], first["rank"], first["flips_most"], first["flips_distinct"]) == ("x0", 1, "A 1", 1)
    assert first["flips"] == pytest.approx(0.5, abs=0.04)
    assert first["flips_low"] <= first["flips"] <= first["flips_high"]
    assert table["flips_distinct"].sum() <= 2 and table["regret"].isna().all()
    assert "differ by 1.00 entries" in lines[0] and "No lists were tried" in lines[-1]


def test_evidence_of_regret_is_that_of_the_choice_it_would_change() -> None:
    """The hand example again, x3 deciding between the lists, in 400 worlds with ten factors."""
    rng = np.random.default_rng(7)
    x = rng.random((400, 10))
    x[:, 3] = (rng.permutation(400) + 0.5) / 400
    high = x[:, 3] > 0.5
    of = sample(x, {"A": np.zeros(400)}, {("A", "1"): high.astype(int)})
    lists = tried([(row + 1, "A", name, value, value) for row in range(400)
                   for name, value in (("a", 8.0 * high[row]), ("b", 2.0 if high[row] else 6.0))])
    table, lines = evidence(of, regret(lists, of.outcomes))
    first = table.sort_values("regret").iloc[-1]
    assert (first["factor"], first["regret_distinct"]) == ("x3", 1) and table["regret_distinct"].sum() <= 2
    # 3 less the mean of what shuffled factors seem to spare, which is known from the same rows
    chance = given.even(given.noise(400, 1000, 1), 400)
    losses = np.column_stack([8.0 * high, np.where(high, 2.0, 6.0)])
    assert first["regret"] == pytest.approx(3.0 - evppi(chance, losses).mean())
    assert any("weighted person-years spared on average: x3" in line for line in lines)


def test_evidence_needs_rows() -> None:
    of = sample(np.random.default_rng(1).random((30, 2)), {"A": np.ones(30)})
    table, lines = evidence(of)
    assert table.empty and "too few" in lines[0]


def test_noise_is_shuffled_and_seeded() -> None:
    once, again = given.noise(50, 3, 4), given.noise(50, 3, 4)
    assert (once == again).all() and (np.sort(once, axis=0) == np.arange(50)[:, None]).all()
    assert (once[:, 0] != once[:, 1]).any()
