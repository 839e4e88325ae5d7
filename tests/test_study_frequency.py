"""How often occupations are listed, the interval of that, quotas, and after how many rows an answer stays."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from study_rows import sample, tables

from optimiser.errors import ResultError
from optimiser.study.analyse import TABLES, Analysis, analyse, analysis_of
from optimiser.study.analyse.convergence import convergence, prefixes, settled_at
from optimiser.study.analyse.frequency import classes, frequency, quotas, wilson
from optimiser.study.analyse.sample import listing, targets


def test_wilson_by_hand_and_against_scipy() -> None:
    """8 of 10, z = 1.959964: centre 0.8 + 0.192073 = 0.992073, root 1.959964 x 0.158105 = 0.309880; by 1.384146."""
    low, high = wilson(8, 10)
    assert (float(low), float(high)) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    for hits, rows in ((0, 1), (0, 50), (50, 50), (13, 40)):
        theirs = binomtest(hits, rows).proportion_ci(method="wilson")
        assert [float(end) for end in wilson(hits, rows)] == pytest.approx([theirs.low, theirs.high])
    assert [float(end) for end in wilson(0, 0)] == [0.0, 1.0]


def test_classes_go_by_the_ends_of_the_interval() -> None:
    low, high = np.array([0.9, 0.89, 0.0, 0.0]), np.array([1.0, 1.0, 0.1, 0.11])
    assert classes(low, high).tolist() == ["core", "borderline", "outside", "borderline"]
    assert classes(low, high, core=0.85, outside=0.2).tolist() == ["core", "core", "outside", "outside"]


def test_shares_count_only_rows_with_a_plan() -> None:
    """Four rows, one without a plan: listed in 2 of 3, in the first review in 2, in both in 1; the base row apart."""
    of = sample(np.arange(4.0)[:, None], {"A": np.array([1.0, 1.0, np.nan, 1.0])},
                {("A", "1"): np.array([2, 1, 2, 0]), ("A", "2"): np.array([0, 0, 0, 1])}, infeasible=[(3, "A")])
    table, lines = frequency(of)
    first = table[table["occupation"] == "1"].to_dict("records")[0]
    assert [int(first[name]) for name in ("rows", "no_plan", "listed_any", "listed_first", "listed_all")] == [
        3, 1, 2, 2, 1]
    assert first["share_any"] == pytest.approx(2 / 3) and first["share_all"] == pytest.approx(1 / 3)
    assert first["low_any"] == pytest.approx(float(wilson(2, 3)[0])) and first["base"] == 0.0
    assert "3 rows with a plan stand behind it, 1 had none" in lines[0] and "only proved to its gap" in lines[-1]
    assert np.isnan(listing(of)["A", "1"].iloc[2])


def test_a_review_that_is_not_the_first_counts_in_any_only() -> None:
    x, twice = np.arange(2.0)[:, None], {("A", "1"): np.array([2, 2])}
    design, status, outcomes, listed = tables(x, {"A": np.ones(2)}, twice)
    listed = listed[~((listed["row"] == 2) & (listed["review"] == 1))]
    table = analysis_of(design, status, outcomes, listed).tables["frequency"]
    assert table[["listed_any", "listed_first", "listed_all"]].to_numpy().tolist() == [[2, 1, 1]]


def test_a_region_without_any_plan_says_so() -> None:
    of = sample(np.arange(3.0)[:, None], {"A": np.full(3, np.nan)})
    table, lines = frequency(of)
    assert table.empty and "none of the 3 rows has a plan" in lines[0]


def test_quotas_are_quantiles_over_rows_that_list() -> None:
    """Totals 10, 20, 20 over one or two reviews; the row that doesn't list it is left out."""
    of = sample(np.arange(4.0)[:, None], {"A": np.ones(4)}, {("A", "1"): np.array([1, 2, 2, 0])})
    table = quotas(of)
    total, first, second = table.to_dict("records")
    assert np.isnan(total["review"]) and (total["rows"], total["median"], total["high"]) == (3, 20.0, 20.0)
    assert total["low"] == pytest.approx(11.0)  # a twentieth of two steps: 10 + 0.1 x 10
    assert (first["review"], first["rows"], second["review"], second["rows"]) == (1, 3, 2, 2)


def test_settled_needs_the_last_three_answers_to_be_the_same() -> None:
    rows = [10, 20, 30, 40, 50]
    assert settled_at(rows, ["a", "b", "c", "c", "c"]) == 30
    assert settled_at(rows, ["c", "c", "c", "c", "c"]) == 10
    assert np.isnan(settled_at(rows, ["c", "c", "b", "c", "c"]))
    assert np.isnan(settled_at(rows, [None] * 5))
    assert np.isnan(settled_at([10, 20], ["a", "a"]))


def test_prefixes_hold_whole_blocks() -> None:
    assert prefixes(100) == list(range(10, 101, 10))
    assert prefixes(60, block=6) == list(range(6, 61, 6))
    assert prefixes(3) == [1, 2, 3]


def test_what_is_clear_settles_and_what_is_at_the_border_does_not() -> None:
    """Occupation 1 is always listed, 2 in nine rows of ten, then in all: core from 360 rows on."""
    rng = np.random.default_rng(2)
    n = 400
    x = rng.random((n, 8))
    late = np.where(np.arange(n) % 10 == 0, 0, 1) | (np.arange(n) >= 240)
    of = sample(x, {"A": 9 * x[:, 0] + 5 * x[:, 1] + 0.1 * rng.random(n)}, {("A", "1"): np.ones(n), ("A", "2"): late})
    table, lines = convergence(of, targets(of))
    classes_ = table[table["quantity"] == "class"]
    assert set(classes_[classes_["target"] == "1"]["settled_at"]) == {40.0}
    late_classes = classes_[classes_["target"] == "2"].set_index("rows")["class"]
    assert late_classes.loc[[320, 360, 400]].to_list() == ["borderline", "core", "core"]  # 296 of 320: from 0.891
    assert classes_[classes_["target"] == "2"]["settled_at"].isna().all()
    ranking = table[table["quantity"] == "index"]
    assert set(ranking["factor"]) == {"x0", "x1"}
    assert (ranking["settled_at"] <= 200).all() and ranking["rows"].max() == 400
    strongest = ranking[ranking["factor"] == "x0"].set_index("rows")
    width = (strongest["high"] - strongest["low"]).to_dict()
    assert width[400] < width[80]
    assert any("stays from" in line for line in lines)


def test_an_order_that_changes_to_the_end_is_not_settled() -> None:
    """The first 180 of 400 rows are moved by another factor than the rest: that is the stronger at last, not at 320."""
    x = np.random.default_rng(4).random((400, 4))
    y = np.where(np.arange(400) < 180, 5 * x[:, 0], 5 * x[:, 1])
    of = sample(x, {"A": y})
    table, lines = convergence(of, targets(of))
    assert set(table["factor"]) == {"x0", "x1"}
    assert table["settled_at"].isna().all() and any(line.startswith("Not settled") for line in lines)


def test_an_analysis_is_written_and_read_and_is_the_same_each_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.random((80, 4))
    made = tables(x, {"A": 5 * x[:, 0] + rng.random(80)}, {("A", "01"): (x[:, 1] > 0.5) * 2}, gap=0.01)
    tried = pd.DataFrame({"row": np.tile(np.arange(1, 81), 2), "region": "A", "list": ["a"] * 80 + ["b"] * 80,
                          "value": 8 + rng.random(160), "bound": 7.9})
    analysis = analysis_of(*made, tried, title="Eighty worlds", seed=3)
    assert tuple(analysis.tables) == TABLES
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    analysis.write(tmp_path / "one")
    analysis_of(*made, tried, title="Eighty worlds", seed=3).write(tmp_path / "two")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(["finding.json", *(f"{name}.csv" for name in TABLES)])
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
    again = Analysis.read(tmp_path / "one")
    assert (again.lines, again.sections, again.facts) == (analysis.lines, analysis.sections, analysis.facts)
    assert set(again.tables["frequency"]["occupation"]) == {"01"}
    for name, table in analysis.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name], check_dtype=False)
    with pytest.raises(ResultError):
        Analysis.read(tmp_path / "three")


def test_a_store_and_its_study_say_what_is_a_lever_and_which_factors_move_together() -> None:
    x = np.column_stack([np.tile([20.0, 30.0], 40), np.random.default_rng(3).random(80)])
    design, status, outcomes, listed = tables(x, {"A": x[:, 0]}, {("A", "1"): (x[:, 0] > 25) * 1},
                                              names=["length", "own"])
    store = SimpleNamespace(design=design, status=status, outcomes=outcomes, listed=listed, regret=None)
    factors = [SimpleNamespace(name="length", kind="lever", group="length", words="length of the list"),
               SimpleNamespace(name="own", kind="uncertainty", group="own", words="own ways")]
    problem = SimpleNamespace(tables={"regions": pd.DataFrame({"region": ["A"]}), "occupations": pd.DataFrame(
        {"occupation": ["1"]})}, title=lambda table, code, _: {"regions": "Avalon", "occupations": "Welders"}[table])
    settings = SimpleNamespace(seed=4, design=SimpleNamespace(groups=False, levels=4))
    study = SimpleNamespace(title="Lengths", factors=factors, settings=settings, problem=problem)
    analysis = analyse(cast(Any, store), cast(Any, study))
    assert (analysis.title, analysis.facts["seed"], analysis.facts["layout"]) == ("Lengths", 4, "free")
    assert any(line.startswith("Avalon: Welders (1) comes in in 100% of the rows") and
               "when length of the list at least 30;" in line for line in analysis.lines)
    assert any("most are flipped by length of the list (1)" in line for line in analysis.lines)
    assert set(analysis.tables["frequency"]["occupation"]) == {"1"}  # tables keep codes


@pytest.mark.parametrize("kind", ["nothing answered", "one row", "no plan", "nothing listed", "one factor"])
def test_there_is_always_an_analysis(kind: str) -> None:
    x = np.random.default_rng(5).random((1 if kind == "one row" else 50, 1 if kind == "one factor" else 3))
    made = tables(x, {"A": np.full(len(x), np.nan) if kind == "no plan" else x[:, 0]},
                  {} if kind == "nothing listed" else {("A", "1"): np.ones(len(x))})
    if kind == "nothing answered":
        made = (made[0], *(table.iloc[:0] for table in made[1:]))
    analysis = analysis_of(*made)
    assert tuple(analysis.tables) == TABLES and analysis.facts["layout"] == "free"
    assert len(analysis.tables["frequency"]) == (kind in ("one row", "one factor"))
    assert analysis.lines[0] == f"{analysis.facts['rows']} rows, in which {x.shape[1]} factors vary"


def test_only_the_first_conditions_are_among_the_lines() -> None:
    x = np.random.default_rng(5).random((120, 2))
    marks = {("A", f"{code:02}"): (x[:, 0] > 0.2 + 0.03 * code) * 1 for code in range(15)}
    analysis = analysis_of(*tables(x, {"A": np.ones(120)}, marks))
    assert len(analysis.sections["conditions"]) == 16
    assert "4 more are in the table conditions" in analysis.lines
    assert sum("comes in in" in line for line in analysis.lines) == 11


def test_rows_that_are_still_open_are_left_aside() -> None:
    made = tables(np.random.default_rng(1).random((50, 2)), {"A": np.ones(50)}, {("A", "1"): np.ones(50)})
    status = made[1][made[1]["row"] <= 30]
    outcomes, listed = (table[table["row"] <= 30] for table in made[2:])
    analysis = analysis_of(made[0], status, outcomes, listed)
    assert (analysis.facts["rows"], analysis.facts["unanswered"]) == (30, 20)
    assert analysis.tables["frequency"]["no_plan"].to_list() == [0]
    assert any("20 rows of the design are not answered yet" in line for line in analysis.lines)
