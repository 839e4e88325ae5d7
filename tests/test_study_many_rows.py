"""What makes an analysis of many rows quick gives the same numbers as the plain way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata
from study_rows import sample

from optimiser.study.analyse import given
from optimiser.study.analyse.binned import Binned
from optimiser.study.analyse.discovery import _quantile
from optimiser.study.analyse.sample import listing

RNG = np.random.default_rng(3)


def mixed(rows: int) -> np.ndarray:
    """Factors with ties and without, and one that never moves."""
    return np.column_stack([RNG.integers(0, 3, rows), np.ones(rows), np.round(RNG.random(rows), 2), RNG.random(rows)])


@pytest.mark.parametrize("kind", ["normal", "skewed", "two hills", "whole numbers"])
def test_binned_densities_make_nearly_the_same_delta(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    x, noise = RNG.random((2_400, 5)), RNG.normal(size=2_400)
    y = {"normal": 3 * x[:, 0] + 0.5 * x[:, 1] + 0.1 * noise, "skewed": np.exp(1.5 * noise + x[:, 0]),
         "two hills": 10.0 * (x[:, 0] > 0.5) + 0.05 * noise, "whole numbers": np.round(3 * noise)}[kind]
    codes = given.slices(x)
    binned = given.delta(codes, y)
    monkeypatch.setattr(given, "MANY", 10_000)
    assert binned == pytest.approx(given.delta(codes, y), abs=0.002)


def test_a_slice_without_spread_has_no_density() -> None:
    y = np.concatenate([np.full(1_000, 2.0), RNG.random(1_500)])
    density, share = Binned(y)(np.repeat([0, 2], [1_000, 1_500]))
    assert np.isnan(density[0]).all() and np.isfinite(density[1]).all()
    assert share.tolist() == [0.4, 0.6]


def test_slices_and_ranks_of_a_part_are_those_of_its_rows_alone() -> None:
    x = mixed(333)
    kept = RNG.random(333) < 0.4
    part = given.Order(x).part(kept)
    assert (part.slices() == given.slices(x[kept])).all()
    assert (part.slices(5) == given.slices(x[kept], 5)).all()
    assert (part.ranks() == rankdata(x[kept], axis=0)).all()


def test_many_marks_at_once_are_as_one_by_one() -> None:
    x, marks = mixed(400), (RNG.random((400, 3)) < [0.1, 0.5, 0.97]) * [1.0, 5.0, 1.0]
    codes = given.slices(x)
    together = given.measures_of_marks(codes, marks, given.counted(codes))
    for found, y in zip(together, marks.T, strict=True):
        alone = given.measures(codes, y)
        assert found.keys() == alone.keys()
        assert all((found[name] == alone[name]).all() for name in found)


def test_distances_with_ties_are_those_of_the_distributions() -> None:
    """Against the distribution functions, compared at every number that occurs."""
    codes, y = given.slices(mixed(200)), np.round(RNG.normal(size=200), 1)
    distance, share = given.distances(codes, y)
    for j in range(codes.shape[1]):
        for s in range(len(distance)):
            mine = y[codes[:, j] == s]
            assert share[s, j] == pytest.approx(len(mine) / 200)
            apart = [abs((mine <= at).mean() - (y <= at).mean()) for at in np.unique(y)] if len(mine) else [np.nan]
            assert distance[s, j] == pytest.approx(max(apart), nan_ok=True)


@pytest.mark.parametrize("share", [0.05, 0.95])
@pytest.mark.parametrize("rows", [1, 2, 11, 20, 157])
def test_quantiles_are_those_of_numpy(share: float, rows: int) -> None:
    x = RNG.random(rows)
    assert _quantile(np.sort(x), share) == np.quantile(x, share)


def test_first_and_all_reviews_are_those_of_the_region() -> None:
    """A has reviews 1 and 2, B only 1: what B lists in 1 it lists in all of its reviews."""
    x, ones = RNG.random((4, 2)), np.ones(4)
    of = sample(x, {"A": ones, "B": ones}, {("A", "1"): np.array([2, 1, 0, 2]), ("B", "1"): np.array([1, 0, 1, 1])})
    assert listing(of, "any")["A", "1"].tolist() == [1, 1, 0, 1]
    assert listing(of, "all")["A", "1"].tolist() == [1, 0, 0, 1]
    assert listing(of, "all")["B", "1"].tolist() == listing(of, "first")["B", "1"].tolist() == [1, 0, 1, 1]
    assert listing(of.of([2, 3]), "all")["A", "1"].tolist() == [1, 0]  # by the reviews that these rows list
