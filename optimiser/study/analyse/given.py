"""Indices from given data, for many targets at once: S1, PAWN, delta, rank correlation, and the level of noise of each.

SALib works one target and one factor after the other, with a bootstrap for each; with hundreds of factors, hundreds of
shuffled ones beside them and dozens of targets that takes hours. Here S1, PAWN and delta are the same formulas on
matrices (tests hold them against SALib's), and delta of a listing - a 0/1 target - is exact: half the area between two
densities is then the difference of two shares.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import norm, rankdata

from optimiser.study.analyse.binned import POINTS, Binned

MOST = 10  # slices of a factor
FEWEST = 10  # rows that a slice should hold
MANY = 2_000  # rows beyond which densities are binned
TOGETHER = 32  # factors that are summed at once: as much as the processor has at hand


class Order:
    """The rows of a sample in the order of each factor, from which slices are cut; of a part of the rows, too.

    Parameters
    ----------
    x : array, rows x factors

    Attributes
    ----------
    order : array of int, factors x rows
        The rows from the least on.
    """

    def __init__(self, x: np.ndarray, order: np.ndarray | None = None, tied: np.ndarray | None = None):
        columns = np.ascontiguousarray(x.T)
        self._x = x
        self.order = np.argsort(columns, axis=1, kind="stable") if order is None else order
        # factors of which some rows may be alike
        self._tied = np.asarray((np.diff(np.take_along_axis(columns, self.order, axis=1), axis=1) == 0).any(axis=1)
                                if tied is None else tied)

    def part(self, rows: np.ndarray) -> Order:
        """The same of some rows.

        Parameters
        ----------
        rows : array of bool
        """
        place = np.cumsum(rows) - 1
        kept = self.order[rows[self.order]].reshape(len(self.order), -1)
        return Order(self._x[rows], place[kept], self._tied)

    def slices(self, most: int = MOST) -> np.ndarray:
        """As the function `slices`."""
        n, count = len(self._x), number(len(self._x), most)
        codes = np.empty(self.order.shape, dtype=np.int16)
        even = (np.arange(n) * count // max(n, 1)).astype(np.int16)
        np.put_along_axis(codes, self.order, np.broadcast_to(even, codes.shape), axis=1)
        for j in np.flatnonzero(self._tied):  # what is the same must not be split
            x = self._x[:, j]
            different, at = np.unique(x, return_inverse=True)
            if len(different) < n:
                edges = np.quantile(x, np.linspace(0, 1, count + 1)[1:-1])
                codes[j] = at if len(different) <= count else np.searchsorted(edges, x, side="right")
        return codes.T

    def ranks(self) -> np.ndarray:
        """Ranks from 1, rows x factors; what ties has the mean of its ranks."""
        ranks = np.empty(self.order.shape)
        np.put_along_axis(ranks, self.order, np.broadcast_to(np.arange(1.0, len(self._x) + 1), ranks.shape), axis=1)
        for j in np.flatnonzero(self._tied):
            ranks[j] = rankdata(self._x[:, j])
        return ranks.T


def slices(x: np.ndarray, most: int = MOST) -> np.ndarray:
    """In which of equally full slices each row lies, per factor.

    Parameters
    ----------
    x : array, rows x factors
    most : int
        Slices; fewer with less than ten rows for each. A factor with no more values than that has one per value.

    Returns
    -------
    array of int, rows x factors
    """
    return Order(x).slices(most)


def number(rows: int, most: int = MOST) -> int:
    """How many slices so many rows allow."""
    return max(2, min(most, rows // FEWEST))


def noise(rows: int, dummies: int, seed: int) -> np.ndarray:
    """Factors that have nothing to do with anything: places 0, 1, ... of the rows, shuffled; rows x dummies."""
    even = np.broadcast_to(np.arange(rows)[:, None], (rows, dummies))
    return np.random.default_rng(seed).permuted(even, axis=0)


def even(places: np.ndarray, rows: int) -> np.ndarray:
    """Slices of shuffled factors: their places cut into equal parts; `rows` is how many places there are."""
    return (places * number(len(places)) // max(rows, 1)).astype(np.int16)


def explained(codes: np.ndarray, marks: np.ndarray, sizes: np.ndarray | None = None) -> np.ndarray:
    """Variance of each mark that each factor explains: Var(E[mark | slice of the factor]).

    Sum over slices of share x (mean in the slice - mean)^2: the first-order index before it is divided by the variance,
    from given data, after Plischke, Borgonovo & Smith (2013), doi 10.1016/j.ejor.2012.11.047, equation 6.

    Parameters
    ----------
    codes : array of int, rows x factors
        Slices, see `slices`.
    marks : array, rows x marks
        0/1, or any numbers.
    sizes : array, factors x slices, optional
        How many rows each slice holds, `counted`, where they are known already.

    Returns
    -------
    array, factors x marks
    """
    n, overall = len(marks), marks.mean(axis=0)
    if marks.shape[1] == 1:
        size = counted(codes) if sizes is None else sizes
        return _between(counted(codes, marks[:, 0] - overall[0]), size)[:, None] / n
    total = np.zeros((codes.shape[1], marks.shape[1]))
    count = int(codes.max(initial=0)) + 1
    for first in range(0, codes.shape[1], TOGETHER):
        part = codes[:, first:first + TOGETHER]
        sums = _summed(part, marks, count)
        for size, added in zip(counted(part, count=count).T[:, :, None], sums.transpose(1, 0, 2), strict=True):
            mean = np.divide(added, size, out=np.zeros_like(added), where=size > 0)
            total[first:first + TOGETHER] += np.where(size > 0, size / n * (mean - overall) ** 2, 0.0)
    return total


def _between(sums: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Sum over the slices of the squares between them; factors x slices, of numbers less their mean."""
    return np.divide(sums**2, size, out=np.zeros(size.shape), where=size > 0).sum(axis=1)


def _summed(codes: np.ndarray, marks: np.ndarray, count: int) -> np.ndarray:
    """Sum of each mark over the rows of each slice; factors x slices x marks.

    A sparse product: a dense one is threaded, and crawls where the processors have other work.
    """
    n, factors = codes.shape
    at = codes.astype(np.int32) + count * np.arange(factors, dtype=np.int32)
    inside = csr_array((np.ones(at.size), at.ravel(), np.arange(n + 1) * factors), shape=(n, factors * count))
    return (inside.T @ marks).reshape(factors, count, marks.shape[1])


def distances(codes: np.ndarray, y: np.ndarray, sizes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Kolmogorov-Smirnov distances between the target in a slice and the target over all rows.

    Parameters
    ----------
    codes : array of int, rows x factors
    y : array, rows
    sizes : array, optional
        As for `explained`.

    Returns
    -------
    distance : array, slices x factors
        NaN where a slice is empty.
    share : array, slices x factors
        Share of the rows in the slice.
    """
    n, count = len(y), int(codes.max(initial=0)) + 1
    size = counted(codes, count=count) if sizes is None else sizes
    distance, share = np.full((count, codes.shape[1]), np.nan), size.T / n
    lowest = y.min()
    if (rest := y[y != lowest]).size and (rest == rest[0]).all():  # two values: between them lies the only step
        below = counted(codes, (y == lowest).astype(float), count)
        return _apart(below, size, np.count_nonzero(y == lowest) / n), share
    order = np.argsort(y, kind="stable")
    ties = np.flatnonzero(np.diff(y[order])) + 1
    group = np.repeat(np.arange(len(ties) + 1), np.diff(np.concatenate([[0], ties, [n]])))
    ends = np.concatenate([[0], ties, [n]]) / n  # of the distribution over all rows: before a group and with it
    place = np.empty(n, dtype=np.int64)
    for j, column in enumerate(np.ascontiguousarray(codes.T[:, order])):
        by_slice = np.argsort(column, kind="stable")
        filled = np.flatnonzero(size[j])
        rows = size[j, filled].astype(np.int64)
        starts = np.cumsum(rows) - rows
        place[:] = np.arange(n) - np.repeat(starts, rows)  # within the slice, from the least on
        mine, of = group[by_slice], np.repeat(size[j, filled], rows)
        first = np.ones(n, dtype=bool)
        first[1:] = mine[1:] != mine[:-1]
        first[starts] = True
        last = np.ones(n, dtype=bool)
        last[:-1] = first[1:]
        # the distance is largest at a step of the slice, or just before it
        before = np.where(first, np.abs(place / of - ends[mine]), 0.0)
        at = np.where(last, np.abs((place + 1) / of - ends[mine + 1]), 0.0)
        distance[filled, j] = np.maximum.reduceat(np.maximum(before, at), starts)
    return distance, share


def _apart(below: np.ndarray, size: np.ndarray, step: float) -> np.ndarray:
    """Distances of a target with two values, from how many rows of each slice have the lower; slices x factors."""
    return np.abs(np.divide(below, size, out=np.full(size.shape, np.nan), where=size > 0) - step).T


def counted(codes: np.ndarray, weights: np.ndarray | None = None, count: int | None = None) -> np.ndarray:
    """How many rows each slice of each factor holds, or the sum of their weights; factors x slices."""
    count = count or int(codes.max(initial=0)) + 1
    counted = [np.bincount(column, weights, count) for column in np.ascontiguousarray(codes.T)]
    return np.array(counted, dtype=float).reshape(codes.shape[1], count)


def pawn(distance: np.ndarray) -> np.ndarray:
    """PAWN: the median of the distances over the slices; Pianosi & Wagener (2018), doi 10.1016/j.envsoft.2018.07.019.

    Parameters
    ----------
    distance : array, slices x factors

    Returns
    -------
    array, factors; 0 (no influence) to 1
    """
    return np.nanmedian(distance, axis=0) if np.isnan(distance).any() else np.median(distance, axis=0)


def delta_of_marks(distance: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Borgonovo's delta of a 0/1 target: E|P(listed | slice) - P(listed)|, doi 10.1016/j.ress.2006.04.015.

    Half the area between the two-point distributions is the difference of the shares, and so is their
    Kolmogorov-Smirnov distance.
    """
    return np.nansum(np.ascontiguousarray(distance * share), axis=0)


def delta(codes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Borgonovo's delta: half the area between the density of the target and its density in a slice, on average.

    Estimator (26) of Plischke, Borgonovo & Smith (2013), doi 10.1016/j.ejor.2012.11.047, with Gaussian kernels of
    Silverman's width on 100 points, as in SALib; without its reduction of the bias, which the floor of noise shows.
    Beyond `MANY` rows the kernels are put on a finer grid (`binned.Binned`), which makes less than 0.002 of difference.
    A slice in which the target is always the same is left out, since it has no density.

    Parameters
    ----------
    codes : array of int, rows x factors
    y : array, rows

    Returns
    -------
    array, factors
    """
    n, grid = len(y), np.linspace(y.min(), y.max(), POINTS)
    step = grid[1] - grid[0]
    density_of = Binned(y) if n > MANY else lambda code: _density(y, code, grid)
    overall = density_of(np.zeros(n, dtype=np.int16))[0][0]
    value = np.zeros(codes.shape[1])
    for j, code in enumerate(np.ascontiguousarray(codes.T)):
        density, share = density_of(code)
        apart = np.abs(density - overall)
        area = (apart.sum(axis=1) - (apart[:, 0] + apart[:, -1]) / 2) * step
        value[j] = 0.5 * float((np.nan_to_num(area) * share).sum())
    return value


def _density(y: np.ndarray, code: np.ndarray, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kernel density of the target in each slice on the points of a grid, and the share of rows in the slice."""
    order = np.argsort(code, kind="stable")
    y, code = y[order], code[order]
    starts = np.flatnonzero(np.diff(code, prepend=code[0] - 1))
    size = np.diff(np.append(starts, len(y)))
    middle = np.add.reduceat(y, starts) / size
    spread = np.sqrt(np.add.reduceat((y - np.repeat(middle, size)) ** 2, starts) / np.maximum(size - 1, 1))
    same = np.maximum.reduceat(y, starts) == np.minimum.reduceat(y, starts)
    width = np.where(same, np.nan, spread * (0.75 * size) ** -0.2)
    of_row = np.repeat(width, size)
    kernel = np.exp(-0.5 * ((grid - y[:, None]) / of_row[:, None]) ** 2) / (of_row[:, None] * np.sqrt(2 * np.pi))
    return np.add.reduceat(kernel, starts, axis=0) / size[:, None], size / len(y)


def measures(codes: np.ndarray, y: np.ndarray, with_delta: bool = True,
             sizes: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """S1, PAWN and delta of a target that varies, per factor; exact delta where the target has two values."""
    sizes = counted(codes) if sizes is None else sizes
    distance, share = distances(codes, y, sizes)
    found = {"S1": explained(codes, y[:, None], sizes)[:, 0] / y.var(), "pawn": pawn(distance)}
    if len(np.unique(y)) <= 2:
        return found | {"delta": delta_of_marks(distance, share)}
    return found | ({"delta": delta(codes, y)} if with_delta else {})


def measures_of_marks(codes: np.ndarray, marks: np.ndarray, sizes: np.ndarray) -> list[dict[str, np.ndarray]]:
    """The same of many targets with two values each: rows x marks."""
    n, count = len(marks), sizes.shape[1]
    lower = marks == marks.min(axis=0)
    columns = np.ascontiguousarray(marks.T)
    both = np.hstack([marks - np.array([y[:, None].mean(axis=0)[0] for y in columns]), lower])
    sums = np.concatenate([_summed(codes[:, first:first + TOGETHER], both, count)
                           for first in range(0, codes.shape[1], TOGETHER)])
    found = []
    for k, y in enumerate(columns):
        of_mark, below = (np.ascontiguousarray(sums[:, :, at]) for at in (k, k + marks.shape[1]))
        distance = _apart(below, sizes, np.count_nonzero(lower[:, k]) / n)
        found.append({"S1": _between(of_mark, sizes) / n / y.var(), "pawn": pawn(distance),
                      "delta": delta_of_marks(distance, sizes.T / n)})
    return found


def rank_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's correlation of every factor with the target; 0 for a factor that does not vary.

    Parameters
    ----------
    x : array, rows x factors
    y : array, rows
    """
    centred = rankdata(x, axis=0) - (len(y) + 1) / 2
    return correlation_of_ranks(centred, (centred * centred).sum(axis=0), y)


def correlation_of_ranks(centred: np.ndarray, squares: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same from the ranks of the factors, less their mean, and the sums of the squares of these."""
    b = rankdata(y) - (len(y) + 1) / 2
    size = np.sqrt(squares * (b @ b))
    return np.divide(b @ centred, size, out=np.zeros(len(squares)), where=size > 0)


def rank_interval(value: np.ndarray, rows: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of Spearman's correlation after Bonett & Wright (2000), doi 10.1007/BF02294183.

    tanh(atanh r -+ z sqrt((1 + r^2/2) / (n - 3))).
    """
    safe = np.clip(value, -0.999999, 0.999999)
    wide = norm.ppf(0.5 + level / 2) * np.sqrt((1 + safe**2 / 2) / max(rows - 3, 1))
    return np.tanh(np.arctanh(safe) - wide), np.tanh(np.arctanh(safe) + wide)
