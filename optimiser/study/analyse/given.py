"""Indices from given data, for many targets at once: S1, PAWN, delta, rank correlation, and the level of noise of each.

SALib works one target and one factor after the other, with a bootstrap for each; with hundreds of factors, hundreds of
shuffled ones beside them and dozens of targets that takes hours. Here S1, PAWN and delta are the same formulas on
matrices (tests hold them against SALib's), and delta of a listing - a 0/1 target - is exact: half the area between two
densities is then the difference of two shares.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

MOST = 10  # slices of a factor
FEWEST = 10  # rows that a slice should hold


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
    n, count = len(x), number(len(x), most)
    order = np.argsort(x, axis=0, kind="stable")
    codes = np.empty(x.shape, dtype=np.int64)
    np.put_along_axis(codes, order, np.broadcast_to((np.arange(n) * count // max(n, 1))[:, None], x.shape), axis=0)
    tied = (np.diff(np.take_along_axis(x, order, axis=0), axis=0) == 0).any(axis=0)
    for j in np.flatnonzero(tied):  # what is the same must not be split
        different, at = np.unique(x[:, j], return_inverse=True)
        edges = np.quantile(x[:, j], np.linspace(0, 1, count + 1)[1:-1])
        codes[:, j] = at if len(different) <= count else np.searchsorted(edges, x[:, j], side="right")
    return codes


def number(rows: int, most: int = MOST) -> int:
    """How many slices so many rows allow."""
    return max(2, min(most, rows // FEWEST))


def noise(rows: int, dummies: int, seed: int) -> np.ndarray:
    """Factors that have nothing to do with anything: places 0, 1, ... of the rows, shuffled; rows x dummies."""
    even = np.broadcast_to(np.arange(rows)[:, None], (rows, dummies))
    return np.random.default_rng(seed).permuted(even, axis=0)


def even(places: np.ndarray, rows: int) -> np.ndarray:
    """Slices of shuffled factors: their places cut into equal parts; `rows` is how many places there are."""
    return places * number(len(places)) // max(rows, 1)


def explained(codes: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Variance of each mark that each factor explains: Var(E[mark | slice of the factor]).

    Sum over slices of share x (mean in the slice - mean)^2: the first-order index before it is divided by the variance,
    from given data, after Plischke, Borgonovo & Smith (2013), doi 10.1016/j.ejor.2012.11.047, equation 6.

    Parameters
    ----------
    codes : array of int, rows x factors
        Slices, see `slices`.
    marks : array, rows x marks
        0/1, or any numbers.

    Returns
    -------
    array, factors x marks
    """
    n, overall = len(marks), marks.mean(axis=0)
    if marks.shape[1] == 1:  # counting is quicker than the product of matrices below, which is made for many marks
        count = int(codes.max(initial=0)) + 1
        at = (codes + count * np.arange(codes.shape[1])).ravel()
        size, sums = (np.bincount(at, weights, count * codes.shape[1]).reshape(-1, count)
                      for weights in (None, np.repeat(marks[:, 0] - overall[0], codes.shape[1])))
        part = np.divide(sums**2, size, out=np.zeros(size.shape), where=size > 0)
        return part.sum(axis=1, keepdims=True) / n
    total = np.zeros((codes.shape[1], marks.shape[1]))
    for s in range(int(codes.max(initial=0)) + 1):
        inside = (codes == s).astype(float)
        size = inside.sum(axis=0)[:, None]
        mean = np.divide(inside.T @ marks, size, out=np.zeros_like(total), where=size > 0)
        total += np.where(size > 0, size / n * (mean - overall) ** 2, 0.0)
    return total


def distances(codes: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kolmogorov-Smirnov distances between the target in a slice and the target over all rows.

    Parameters
    ----------
    codes : array of int, rows x factors
    y : array, rows

    Returns
    -------
    distance : array, slices x factors
        NaN where a slice is empty.
    share : array, slices x factors
        Share of the rows in the slice.
    """
    n = len(y)
    order = np.argsort(y, kind="stable")
    starts = np.append(0, np.flatnonzero(np.diff(y[order])) + 1)  # of what ties
    overall = (np.append(starts[1:], n) / n)[:, None]
    ordered = codes[order]
    count = int(codes.max(initial=0)) + 1
    distance, share = np.full((count, codes.shape[1]), np.nan), np.zeros((count, codes.shape[1]))
    for s in range(count):
        inside = ordered == s
        size = inside.sum(axis=0)
        below = np.add.reduceat(inside, starts, axis=0, dtype=np.int32).cumsum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            distance[s] = np.where(size > 0, np.abs(below / size - overall).max(axis=0), np.nan)
        share[s] = size / n
    return distance, share


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
    return np.nansum(distance * share, axis=0)


def delta(codes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Borgonovo's delta: half the area between the density of the target and its density in a slice, on average.

    Estimator (26) of Plischke, Borgonovo & Smith (2013), doi 10.1016/j.ejor.2012.11.047, with Gaussian kernels of
    Silverman's width on 100 points, as in SALib; without its reduction of the bias, which the floor of noise shows.
    A slice in which the target is always the same is left out, since it has no density.

    Parameters
    ----------
    codes : array of int, rows x factors
    y : array, rows

    Returns
    -------
    array, factors
    """
    n, grid = len(y), np.linspace(y.min(), y.max(), 100)
    step = grid[1] - grid[0]
    overall = _density(y, np.zeros(n, dtype=np.int64), grid)[0][0]
    value = np.zeros(codes.shape[1])
    for j in range(codes.shape[1]):
        density, share = _density(y, codes[:, j], grid)
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


def measures(codes: np.ndarray, y: np.ndarray, with_delta: bool = True) -> dict[str, np.ndarray]:
    """S1, PAWN and delta of a target that varies, per factor; exact delta where the target has two values."""
    distance, share = distances(codes, y)
    found = {"S1": explained(codes, y[:, None])[:, 0] / y.var(), "pawn": pawn(distance)}
    if len(np.unique(y)) <= 2:
        return found | {"delta": delta_of_marks(distance, share)}
    return found | ({"delta": delta(codes, y)} if with_delta else {})


def rank_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's correlation of every factor with the target; 0 for a factor that does not vary.

    Parameters
    ----------
    x : array, rows x factors
    y : array, rows
    """
    return correlation_of_ranks(rankdata(x, axis=0), y)


def correlation_of_ranks(ranks: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same from the ranks of the factors."""
    a, b = ranks - (len(y) + 1) / 2, rankdata(y) - (len(y) + 1) / 2
    size = np.sqrt((a * a).sum(axis=0) * (b @ b))
    return np.divide(b @ a, size, out=np.zeros(ranks.shape[1]), where=size > 0)


def rank_interval(value: np.ndarray, rows: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of Spearman's correlation after Bonett & Wright (2000), doi 10.1007/BF02294183.

    tanh(atanh r -+ z sqrt((1 + r^2/2) / (n - 3))).
    """
    safe = np.clip(value, -0.999999, 0.999999)
    wide = norm.ppf(0.5 + level / 2) * np.sqrt((1 + safe**2 / 2) / max(rows - 3, 1))
    return np.tanh(np.arctanh(safe) - wide), np.tanh(np.arctanh(safe) + wide)
