"""Designs: their shapes, their seeds, what their mathematics promises, and the base case in front of every one."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from SALib.analyze import ff, sobol
from SALib.analyze import morris as elementary
from scipy.stats import qmc
from studycase import study

from optimiser.study.design import design, salib_problem
from optimiser.study.size import planned, row_bytes
from optimiser.study.spec import Study, load

SHORT = {"name": "short", "table": "shortages", "by": ["region", "occupation"], "distribution": "pert"}  # 4 factors
TAKEN = {"name": "taken", "table": "parameters", "where": {"parameter": "uptake"}, "distribution": "pert"}
LENGTH = {"name": "length", "path": "list_length.R", "values": [2, 1, 0]}
STAY = {"name": "stay", "path": "minimum_stay.Q", "values": [1, 2]}
KINDS: list[dict[str, Any]] = [
    {"kind": "one_at_a_time"}, {"kind": "grid", "positions": [0.1, 0.9]}, {"kind": "fractional"},
    {"kind": "lhs", "rows": 10}, {"kind": "sobol", "rows": 16}, {"kind": "morris", "trajectories": 5},
    {"kind": "saltelli", "samples": 4}]


def rows(made: Study) -> np.ndarray:
    return design(made).iloc[1:, 1:-1].to_numpy(float)


def plain(folder: Path, *uncertainties: dict[str, Any], levers: list[dict[str, Any]] | None = None, **kind: Any
          ) -> Study:
    return study(folder, uncertainties=list(uncertainties) or [SHORT, TAKEN], levers=levers, design=kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
def test_every_design_has_the_base_case_in_front_and_as_many_rows_as_planned(tmp_path: Path, kind: dict[str, Any]
                                                                            ) -> None:
    made = plain(tmp_path, levers=[LENGTH], **kind)
    found = design(made)
    names = [factor.name for factor in made.factors]
    assert names == ["length", "short[Q 0110]", "short[Q 2221]", "short[R 0110]", "short[R 2221]", "taken"]
    assert list(found.columns) == ["row", *names, "sample"]
    assert found["row"].tolist() == list(range(planned(made.settings.design, made.factors) + 1))
    assert found[names].to_numpy(float)[0].tolist() == [2.0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert found["sample"].tolist() == [False] + [True] * (len(found) - 1)
    assert set(found["length"]) <= {0.0, 1.0, 2.0}
    positions = found[names[1:]].to_numpy(float)
    assert ((positions > 0) & (positions < 1)).all()
    assert all(str(found[name].dtype) == "float64" for name in names)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
def test_the_same_study_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, kind: dict[str, Any]) -> None:
    made = [study(tmp_path / str(n), uncertainties=[SHORT], levers=[LENGTH], design=kind, seed=seed)
            for n, seed in enumerate((3, 3, 4))]
    one, same, other = (design(each).to_csv() for each in made)
    assert one == same
    assert (one != other) == (kind["kind"] in ("lhs", "sobol", "morris", "saltelli"))


def test_one_at_a_time(tmp_path: Path) -> None:
    made = plain(tmp_path, TAKEN, levers=[LENGTH], kind="one_at_a_time")
    assert rows(made).tolist() == [[1, 0.5], [0, 0.5], [2, 0.05], [2, 0.95]]


def test_a_grid_is_every_combination(tmp_path: Path) -> None:
    made = plain(tmp_path / "levers", TAKEN, levers=[LENGTH, STAY], kind="grid")
    assert rows(made).tolist() == [[length, stay, 0.5] for length in (2, 1, 0) for stay in (1, 2)]
    made = plain(tmp_path / "all", TAKEN, levers=[LENGTH], kind="grid", positions=[0.1, 0.5, 0.9])
    assert rows(made).tolist() == [[*both] for both in itertools.product((2, 1, 0), (0.1, 0.5, 0.9))]


def test_a_fractional_design_is_balanced(tmp_path: Path) -> None:
    """Every pair of factors takes each of its four combinations equally often; its effects are those of the sum."""
    made = plain(tmp_path, kind="fractional")
    found = rows(made)
    assert found.shape == (16, 5)
    assert set(found.flat) == {0.05, 0.95}
    for one, other in itertools.combinations(found.T, 2):
        assert [int(((one == a) & (other == b)).sum()) for a in (0.05, 0.95) for b in (0.05, 0.95)] == [4] * 4
    effects = ff.analyze(salib_problem(made), found, found @ [3, 0, 0, 1, 2])
    assert list(effects["ME"][:5]) == pytest.approx([3 * 0.45, 0, 0, 0.45, 2 * 0.45])  # from the middle to an end


def test_a_latin_hypercube_hits_every_stratum_once(tmp_path: Path) -> None:
    made = plain(tmp_path, levers=[LENGTH], kind="lhs", rows=30)
    found = rows(made)
    assert all(sorted(np.floor(column * 30)) == list(range(30)) for column in found[:, 1:].T)
    assert np.unique(found[:, 0], return_counts=True)[1].tolist() == [10, 10, 10]  # every value as often


def test_a_sobol_sequence_is_evener_than_chance(tmp_path: Path) -> None:
    """Every part of 1/64 of each factor holds one of 64 points, and every box of 1/8 x 1/8 of the first two one."""
    made = plain(tmp_path, kind="sobol", rows=64)
    found = rows(made)
    assert all(sorted(np.floor(column * 64)) == list(range(64)) for column in found.T)
    assert len({(int(a), int(b)) for a, b in found[:, :2] * 8}) == 64
    assert qmc.discrepancy(found) < qmc.discrepancy(np.random.default_rng(1).random((64, 5))) / 3


@pytest.mark.parametrize(("second", "each"), [(False, 7), (True, 12)])
def test_saltelli_exchanges_one_factor_at_a_time(tmp_path: Path, second: bool, each: int) -> None:
    """N (D + 2) or N (2 D + 2) rows; of every N the first and last are unrelated, the next differs in one factor."""
    made = plain(tmp_path, kind="saltelli", samples=8, second_order=second)
    found = rows(made)
    assert found.shape == (8 * each, 5)
    for block in found.reshape(8, each, 5):
        first, last = block[0], block[-1]
        assert (first != last).all()
        for k in range(5):
            assert block[1 + k].tolist() == [last[j] if j == k else first[j] for j in range(5)]


def test_saltelli_gives_the_indices_of_a_function_that_has_known_ones(tmp_path: Path) -> None:
    """Y = 2 a + b of independent uniforms: four fifths of the variance are a's, one fifth b's."""
    made = plain(tmp_path, kind="saltelli", samples=512)
    found = rows(made)
    indices = sobol.analyze(salib_problem(made), 2 * found[:, 0] + found[:, 1], calc_second_order=False, seed=1)
    assert indices["S1"] == pytest.approx([0.8, 0.2, 0, 0, 0], abs=0.02)
    assert indices["ST"] == pytest.approx([0.8, 0.2, 0, 0, 0], abs=0.02)


def test_morris_moves_one_factor_at_a_time(tmp_path: Path) -> None:
    """(D + 1) N rows; positions at four levels from 0.05 to 0.95; a sum's effects are its coefficients."""
    made = plain(tmp_path, kind="morris", trajectories=6)
    found = rows(made)
    assert found.shape == (36, 5)
    assert sorted(set(found.round(9).flat)) == pytest.approx([0.05, 0.35, 0.65, 0.95])
    for trajectory in found.reshape(6, 6, 5):
        assert sorted((np.diff(trajectory, axis=0) != 0).argmax(axis=1)) == [0, 1, 2, 3, 4]
        assert ((np.diff(trajectory, axis=0) != 0).sum(axis=1) == 1).all()
    effects = elementary.analyze(salib_problem(made), found, ((found - 0.05) / 0.9) @ np.array([3, 0, 0, 1, 2]))
    assert list(effects["mu_star"]) == pytest.approx([3, 0, 0, 1, 2])  # from one end of the levels to the other


@pytest.mark.parametrize(("kind", "each"), [({"kind": "morris", "trajectories": 4}, 3),
                                           ({"kind": "saltelli", "samples": 4}, 4)], ids=["morris", "saltelli"])
def test_groups_move_as_one(tmp_path: Path, kind: dict[str, Any], each: int) -> None:
    """Two groups, `short` of four factors and `taken`: rows are counted by groups."""
    made = plain(tmp_path, groups=True, **kind)
    found = rows(made)
    assert salib_problem(made)["groups"] == ["short"] * 4 + ["taken"]
    assert found.shape == (4 * each, 5)
    for block in found.reshape(4, each, 5)[:, :2]:
        changed = block[0] != block[1]
        assert changed.tolist() in ([True] * 4 + [False], [False] * 4 + [True])


def test_a_given_design_is_taken_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("taken,length\n0.25,1\n0.5,2\n\n1e-3,0\n", encoding="utf-8")
    made = plain(tmp_path, TAKEN, levers=[LENGTH], kind="given", file="rows.csv")
    assert rows(made).tolist() == [[1, 0.25], [2, 0.5], [0, 0.001]]
    before = made.digest
    (tmp_path / "rows.csv").write_text("taken,length\n0.25,1\n0.5,2\n\n2e-3,0\n", encoding="utf-8")
    assert plain(tmp_path, TAKEN, levers=[LENGTH], kind="given", file="rows.csv").digest != before


@pytest.mark.parametrize(("name", "factors", "rows"), [
    ("belgium-uncertain-shortages", 232 + 2 + 13, 1 + 500),  # occupations short in a region; take-up; cycles
    ("belgium-list-length", 2 + 2, 1 + 4 * 3 * 3 * 3)])
def test_the_shipped_studies(name: str, factors: int, rows: int) -> None:
    made = load(Path(__file__).parent.parent / "configs" / "studies" / f"{name}.yaml")
    assert made.components == (("BE2",), ("BE3",))
    assert design(made).shape == (rows, factors + 2)


def test_what_salib_is_told(tmp_path: Path) -> None:
    made = plain(tmp_path, TAKEN, levers=[LENGTH], kind="lhs", rows=4)
    assert salib_problem(made) == {"num_vars": 2, "names": ["length", "taken"], "bounds": [[0, 2], [0, 1]]}


def test_what_a_row_takes_on_the_disk(tmp_path: Path) -> None:
    """Two regions, two occupations, two reviews each, lists of up to two: eight listings; and six factors."""
    made = plain(tmp_path, levers=[LENGTH], kind="lhs", rows=4)
    assert row_bytes(made.problem, made.factors) == 4000 + 6 * 16 + 8 * 120
