"""Indices: known functions with known indices, noise kept out, and what happens when a row has no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import pawn as salib_pawn
from SALib.analyze.delta import calc_delta
from SALib.sample import ff as sample_ff
from SALib.sample import morris as sample_morris
from SALib.sample import sobol as sample_sobol
from scipy.stats import spearmanr
from study_rows import sample, tables

from optimiser.study.analyse import given
from optimiser.study.analyse.indices import indices
from optimiser.study.analyse.layouts import layout
from optimiser.study.analyse.sample import Sample, targets
from optimiser.study.analyse.tornado import interactions, tornado

RANDOM = np.random.default_rng(11)


def problem(names: int, low: float = 0.0, high: float = 1.0) -> dict[str, object]:
    return {"num_vars": names, "names": [f"x{j}" for j in range(names)], "bounds": [[low, high]] * names}


def ishigami(x: np.ndarray) -> np.ndarray:
    """sin a + 7 sin^2 b + 0.1 c^4 sin a, all from -pi to pi; here of positions from 0 to 1."""
    a, b, c = ((2 * x - 1) * np.pi).T
    return np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


def g_function(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Sobol's g: the product of (|4x - 2| + a) / (1 + a)."""
    return np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=1)


def found(of: Sample, **more: object) -> pd.DataFrame:
    """Value per index and factor of the only target."""
    table, _ = indices(of, targets(of), **more)  # pyright: ignore[reportArgumentType]
    return table.pivot(index="factor", columns="index", values="value")


# Complete designs ---------------------------------------------------------------------------------------------------


def test_ishigami_has_its_known_indices() -> None:
    """S1 = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437; the only pair is a with c, S2 = 0.2437 (Sobol 1999)."""
    x = sample_sobol.sample(problem(3), 1024, calc_second_order=True, seed=5)
    of = sample(x, {"A": ishigami(x)})
    value = found(of)
    assert value["S1"].to_list() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert value["ST"].to_list() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    table, _ = indices(of, targets(of))
    pairs = interactions(of, targets(of), table).set_index(["factor_a", "factor_b"])
    assert set(pairs["method"]) == {"S2"}
    assert pairs["value"].to_list() == pytest.approx([0.0, 0.2437, 0.0], abs=0.03)
    assert (pairs["low"] < pairs["value"]).all() and (pairs["low"] > 0).to_list() == [False, True, False]


def test_g_function_has_its_known_indices() -> None:
    """V_i = 1 / (3 (1 + a_i)^2), V = prod(1 + V_i) - 1, S1 = V_i / V, ST = V_i prod_{j != i}(1 + V_j) / V."""
    a = np.array([0.0, 1.0, 9.0, 99.0])
    part = 1 / (3 * (1 + a) ** 2)
    whole = np.prod(1 + part) - 1
    x = sample_sobol.sample(problem(4), 1024, calc_second_order=False, seed=5)
    of = sample(x, {"A": g_function(x, a)})
    value = found(of)
    assert value["S1"].to_numpy() == pytest.approx(part / whole, abs=0.02)
    assert value["ST"].to_numpy() == pytest.approx(part * (whole + 1) / (1 + part) / whole, abs=0.02)
    table, lines = indices(of, targets(of))
    assert set(table["method"]) == {"sobol"} and lines[0].startswith("Sobol's indices")
    total = table[table["index"] == "ST"]
    assert total["factor"].to_list() == ["x0", "x1", "x2", "x3"] and total["rank"].to_list() == [1, 2, 3, 4]
    assert ((total["low"] <= total["value"]) & (total["value"] <= total["high"])).all()


def test_one_row_without_an_answer_makes_sobol_given_data_and_says_so() -> None:
    x = sample_sobol.sample(problem(4), 256, calc_second_order=False, seed=5)
    y = 3 * x[:, 0] + x[:, 1]
    y[7] = np.nan
    of = sample(x, {"A": y})
    table, lines = indices(of, targets(of))
    assert set(table["method"]) == {"given_data"}
    assert set(table["index"]) == {"S1", "pawn", "delta", "rank_correlation"}
    assert "1 of 1 targets lack an answer in up to 1 rows" in " ".join(lines)
    # row 7 lies between A and B: what counts are the 512 rows that don't repeat each other
    alone = np.arange(len(x)) % 6 % 5 == 0
    expected = spearmanr(x[alone, 0], y[alone])[0]
    assert table[(table["index"] == "rank_correlation") & (table["factor"] == "x0")]["value"].item() == pytest.approx(
        expected)


def test_morris_of_a_linear_function_is_its_slope() -> None:
    slope = np.array([5.0, -2.0, 0.0, 1.0])
    x = sample_morris.sample(problem(4), 12, num_levels=4, seed=3)
    of = sample(x, {"A": x @ slope})
    value = found(of, levels=4)
    pd.testing.assert_frame_equal(value, found(of))
    assert value["mu"].to_numpy() == pytest.approx(slope)
    assert value["mu_star"].to_numpy() == pytest.approx(np.abs(slope))
    assert value["sigma"].to_numpy() == pytest.approx(np.zeros(4), abs=1e-9)


def test_morris_leaves_out_trajectories_with_a_gap() -> None:
    x = sample_morris.sample(problem(3), 6, num_levels=6, seed=3)
    y = x @ np.array([5.0, -2.0, 1.0])
    y[2] = np.nan
    of = sample(x, {"A": y})
    table, lines = indices(of, targets(of))
    assert set(table["method"]) == {"morris"} and "only trajectories without a gap" in " ".join(lines)
    assert table[table["index"] == "mu"].set_index("factor")["value"].to_dict() == pytest.approx(
        {"x0": 5.0, "x1": -2.0, "x2": 1.0})
    y[4:] = np.nan
    of = sample(x, {"A": y})
    assert indices(of, targets(of))[0].empty


def test_groups_are_told_as_one() -> None:
    groups = {"x0": "first", "x1": "first", "x2": "second"}
    asked = problem(3) | {"groups": list(groups.values())}
    x = sample_sobol.sample(asked, 256, calc_second_order=False, seed=5)
    of = sample(x, {"A": x[:, 0] + x[:, 1] + x[:, 2]})
    value = found(of, groups=groups)
    assert value["S1"].to_dict() == pytest.approx({"first": 2 / 3, "second": 1 / 3}, abs=0.02)
    assert layout(of.x).kind == "free"  # without the groups, these are no rows of Saltelli's


def test_fraction_gives_effects_and_shows_columns_without_a_factor_as_noise() -> None:
    names = problem(5)
    x = sample_ff.sample(dict(names) | {"names": list(names["names"]), "bounds": list(names["bounds"])})[:, :5]  # pyright: ignore
    of = sample(x, {"A": 4 * x[:, 0] - 3 * x[:, 1] + 0.5})
    table, _ = indices(of, targets(of))
    assert set(table["method"]) == {"fractional"}
    assert table.set_index("factor")["value"].to_dict() == pytest.approx(
        {"x0": 4.0, "x1": -3.0, "x2": 0.0, "x3": 0.0, "x4": 0.0}, abs=1e-9)
    assert table.head(2)["distinct"].to_list() == [1, 1] and table["factor"].to_list()[:2] == ["x0", "x1"]


def test_layouts_are_known_by_their_rows_alone() -> None:
    x = sample_sobol.sample(problem(4), 8, calc_second_order=True, seed=5)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(4)])
    assert (layout(frame).kind, layout(frame).second, layout(frame).block) == ("saltelli", True, 10)
    assert layout(frame.iloc[:-1]).kind == "free"
    assert layout(frame.iloc[::-1]).kind != "morris"
    one = pd.DataFrame([[0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]], columns=["a", "b"])
    assert layout(one, pd.Series({"a": 0.5, "b": 0.5})).kind == "one_at_a_time"
    assert layout(one).kind == "free"
    assert layout(pd.DataFrame(RANDOM.random((60, 300)))).kind == "free"
    grid = pd.DataFrame([(a, b, 0.5) for a in (20.0, 25.0, 30.0) for b in (0.1, 0.9)])
    assert layout(grid).kind == "grid" and layout(grid.iloc[1:]).kind == "free"
    assert not layout(grid).random and layout(grid).scattered


# Given data ---------------------------------------------------------------------------------------------------------


def test_pawn_is_salibs() -> None:
    x = RANDOM.random((400, 4))
    for y in (x[:, 0] ** 2 + 0.3 * x[:, 1], np.round(3 * x[:, 2]), (x[:, 1] > 0.7).astype(float)):
        mine = given.pawn(given.distances(given.slices(x), y)[0])
        theirs = salib_pawn.analyze(problem(4), x, y, S=10)["median"]
        assert mine == pytest.approx(np.asarray(theirs), abs=0.02)  # SALib leaves out the highest row of a factor


def test_delta_is_salibs() -> None:
    x = RANDOM.random((500, 3))
    y = np.exp(x[:, 0]) + 0.2 * x[:, 1]
    bins = np.linspace(0, 500, 11)
    theirs = [calc_delta(y, np.linspace(y.min(), y.max(), 100), x[:, j], bins) for j in range(3)]
    assert given.delta(given.slices(x), y) == pytest.approx(theirs, rel=1e-6)


def test_delta_of_a_listing_by_hand() -> None:
    """Listed in 8 of 10 rows of the upper half and in 2 of the lower: E|p - 0.5| = 0.3."""
    codes = np.repeat([0, 1], 10)[:, None]
    y = np.r_[np.ones(2), np.zeros(8), np.ones(8), np.zeros(2)]
    assert given.measures(codes, y)["delta"] == pytest.approx([0.3])
    assert given.measures(codes, y)["pawn"] == pytest.approx([0.3])


def test_first_order_index_from_given_data_is_close_to_the_known_one() -> None:
    """Ishigami's S1 again, from plain random rows, in slices that are narrow for waves of a fourth of the range."""
    x = np.random.default_rng(1).random((4000, 3))
    value = given.measures(given.slices(x, 40), ishigami(x), False)["S1"]
    assert value == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)


def test_rank_correlation_is_spearmans() -> None:
    x = np.round(RANDOM.random((80, 3)), 1)  # ties
    y = np.round(x[:, 0] + RANDOM.random(80), 1)
    assert given.rank_correlation(x, y) == pytest.approx([spearmanr(x[:, j], y)[0] for j in range(3)])
    low, high = given.rank_interval(np.array([0.0, 0.5]), 103)
    assert high == pytest.approx([np.tanh(1.959964 * 0.1), np.tanh(np.arctanh(0.5) + 1.959964 * np.sqrt(0.01125))])
    assert low[0] == pytest.approx(-high[0])


def test_slices_of_a_lever_are_its_values() -> None:
    x = np.column_stack([np.tile([20.0, 25.0, 30.0], 40), np.arange(120.0)])
    codes = given.slices(x)
    assert codes[:3, 0].tolist() == [0, 1, 2]
    assert np.bincount(codes[:, 1]).tolist() == [12] * 10


def test_noise_is_kept_out_and_what_matters_is_kept_in() -> None:
    x = RANDOM.random((400, 60))
    y = 4 * x[:, 0] + 2 * x[:, 1] + RANDOM.normal(0, 0.3, 400)
    mark = (x[:, 2] + 0.2 * RANDOM.random(400) > 0.6).astype(float)
    of = sample(x, {"A": y}, {("A", "1"): mark})
    table, lines = indices(of, targets(of, [("A", "1")]), resamples=10)
    for (target, _), part in table.groupby(["target", "index"]):
        distinct = set(part.loc[part["distinct"] == 1, "factor"])
        true = {"x0", "x1"} if target == "unfilled" else {"x2"}
        assert true <= distinct and len(distinct - true) <= 1  # 60 factors, the highest of 500 that are noise
    assert "can't be told from noise" in " ".join(lines)
    assert "unfilled shortage is moved most by x0" in " ".join(lines)
    assert "flipped by x2 (1)" in " ".join(lines)
    again, _ = indices(of, targets(of, [("A", "1")]), resamples=10)
    pd.testing.assert_frame_equal(table, again)


def test_too_few_rows_have_no_indices() -> None:
    x = RANDOM.random((30, 2))
    of = sample(x, {"A": x[:, 0]})
    table, lines = indices(of, targets(of))
    assert table.empty and "1 of 1 targets have an answer in fewer than 40 rows" in lines[1]


# One at a time, and pairs -------------------------------------------------------------------------------------------


def test_tornado_by_hand_respects_bounds() -> None:
    """x0 moves 10 to 30, x1 nothing; answers are proved to a tenth: the swing of 20 lies in [27 - 10, 30 - 9]."""
    x = np.array([[0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]])
    of = sample(x, {"A": np.array([10.0, 30.0, 20.0, 20.0])}, {("A", "1"): np.array([0, 1, 0, 0])}, gap=0.1)
    table, lines = tornado(of, targets(of, [("A", "1")]))
    first, second = table[table["target"] == "unfilled"].to_dict("records")
    assert (first["factor"], first["method"], first["low_position"], first["high_position"]) == (
        "x0", "one_at_a_time", 0.1, 0.9)
    assert (first["base"], first["at_low"], first["at_high"], first["swing"]) == (1.0, 10.0, 30.0, 20.0)
    assert (first["low"], first["high"]) == pytest.approx((17.0, 21.0))
    assert (second["swing"], second["low"], second["high"]) == pytest.approx((0.0, -2.0, 2.0))
    assert table[table["target"] == "1"]["swing"].to_list() == [1.0, 0.0]
    assert any("1 of 2 factors swing" in line for line in lines)
    assert indices(of, targets(of))[0].empty


def test_tornado_of_a_sample_compares_fifths() -> None:
    x = (np.arange(100)[:, None] + 0.5) / 100
    of = sample(x, {"A": 10 * x[:, 0]})
    row = tornado(of, targets(of))[0].iloc[0]
    assert (row["at_low"], row["at_high"], row["swing"]) == pytest.approx((1.0, 9.0, 8.0))
    assert row["low"] < 8 < row["high"] and row["method"] == "fifths"


def test_quarters_show_what_two_factors_do_together() -> None:
    """Only both together do something, so that one quarter alone stands out."""
    x = RANDOM.random((400, 6))
    of = sample(x, {"A": 10.0 * ((x[:, 0] > 0.5) & (x[:, 1] > 0.5)) + RANDOM.random(400)})
    table, _ = indices(of, targets(of))
    pairs = interactions(of, targets(of), table).set_index(["half_a", "half_b"])
    assert set(pairs["factor_a"]) | set(pairs["factor_b"]) == {"x0", "x1"} and set(pairs["method"]) == {"halves"}
    value = pairs["value"].to_dict()
    assert value.pop(("upper", "upper")) > 8 > 3 > max(value.values())
    assert pairs["rows"].sum() == 400


def test_infeasible_rows_are_a_target_and_unknown_ones_are_not() -> None:
    y = np.array([1.0, np.nan, np.nan, 4.0])
    of = sample(np.arange(4.0)[:, None], {"A": y}, infeasible=[(2, "A")])
    status = targets(of)["status", "A", "infeasible"]
    assert status.to_list()[:2] == [0.0, 1.0] and np.isnan(status.iloc[2]) and status.iloc[3] == 0.0
    design, _, outcomes, _ = tables(np.arange(4.0)[:, None], {"A": y})
    assert len(design) == 5 and len(outcomes) == 3
