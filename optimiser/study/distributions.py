"""How uncertain numbers are spread: the quantile functions of triangular, PERT, uniform and log-normal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import ndtri

OUTER = float(ndtri(0.95))  # standard deviations from the median to the 95 % quantile of a normal number


@dataclass(frozen=True, eq=False)
class Law:
    """One distribution for every number of a set, all of one kind.

    Parameters
    ----------
    kind : str
        - ``uniform`` between `low` and `high`.
        - ``triangular`` between `low` and `high` with mode `central`.
        - ``pert``: beta on [`low`, `high`] with mode `central` and mean (low + 4 central + high) / 6, after Malcolm,
          Roseboom, Clark & Fazar (1959), doi 10.1287/opre.7.5.646; shapes 1 + 4 (central - low) / (high - low) and
          1 + 4 (high - central) / (high - low), as in Vose (2008), Risk Analysis.
        - ``lognormal`` with median `central`, 5 % quantile `low` and 95 % quantile `high`. Where the two sides differ
          it is in two pieces: half of the numbers lie on either side of the median, each side as a log-normal of its
          own spread. That is the idea of the two-piece normal (Wallis 2014, doi 10.1214/13-STS417) on the logarithm,
          but with the median held instead of the mode: these three quantiles are what a table says.
    low, central, high : array of float, shape (numbers,)
        In the unit of the numbers; low <= central <= high. `central` says nothing of ``uniform``.
    """

    kind: str
    low: np.ndarray
    central: np.ndarray
    high: np.ndarray

    def quantile(self, position: np.ndarray) -> np.ndarray:
        """The number below which it lies with probability `position`, of every number of the set.

        Parameters
        ----------
        position : array of float in (0, 1), shape (numbers,)

        Returns
        -------
        array of float, shape (numbers,)
            `low` where low and high are one.
        """
        width = self.high - self.low
        spread = np.where(width > 0, width, 1.0)
        side = np.clip((self.central - self.low) / spread, 0.0, 1.0)
        if self.kind == "uniform":
            found = self.low + position * width
        elif self.kind == "triangular":
            found = stats.triang.ppf(position, side, self.low, spread)
        elif self.kind == "pert":
            found = stats.beta.ppf(position, 1 + 4 * side, 1 + 4 * (1 - side), self.low, spread)
        else:
            return self._lognormal(ndtri(position), width)
        return np.where(width > 0, found, self.low)

    def _lognormal(self, normal: np.ndarray, width: np.ndarray) -> np.ndarray:
        able = (width > 0) & (self.low > 0)
        low, central, high = (np.log(np.where(able, numbers, 1.0)) for numbers in (self.low, self.central, self.high))
        spread = np.where(normal < 0, central - low, high - central) / OUTER
        return np.where(able, np.exp(central + normal * spread), self.central)


def of_ranges(kind: str, low: np.ndarray, central: np.ndarray, high: np.ndarray) -> Law:
    """The distribution between the ends of every row; a row without ends does not move.

    Parameters
    ----------
    kind : str
        triangular, pert or lognormal.
    low, central, high : array of float, shape (numbers,)
        NaN where a row has no range.
    """
    return Law(kind, np.where(np.isnan(low), central, low), central, np.where(np.isnan(high), central, high))


def of_numbers(kind: str, numbers: Sequence[float], times: np.ndarray) -> Law:
    """The distribution that a study file gives in numbers, multiplied by `times` (1 for a value as it stands).

    Parameters
    ----------
    kind : str
        uniform or lognormal (two numbers), triangular or pert (three).
    numbers : sequence of float
        In order; above 0 for lognormal.
    times : array of float, at least 0, shape (numbers,)
    """
    low, high = numbers[0], numbers[-1]
    middle = numbers[1] if len(numbers) == 3 else np.sqrt(low * high) if kind == "lognormal" else (low + high) / 2
    return Law(kind, low * times, middle * times, high * times)
