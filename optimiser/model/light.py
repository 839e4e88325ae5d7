"""Light columns: what the functions of the model are called with where only matrices are wanted.

Pyomo's variables can do far more than a sum needs, and making their expressions takes most of the time of a small
variant. The functions of this room state the model once: called with a Pyomo model they make a Pyomo model, called with
this one they make the rows of a matrix. A test holds both against each other, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy import sparse

LESS, EQUAL, MORE = 1, 0, -1
Row = tuple["Linear", int, float]
"""A sum, how it stands to a number, and the number."""


class Linear:
    """A sum of columns times numbers, and a number. It is never changed.

    Sums share their lists: `a + b` writes b behind a when a was the last to be written there, so that a long sum costs
    no more than its terms; what stands behind the end of a sum is not its own.
    """

    __slots__ = ("at", "by", "constant", "end")

    def __init__(self, at: list[int], by: list[float], end: int, constant: float = 0.0):
        self.at, self.by, self.end, self.constant = at, by, end, constant

    def terms(self) -> tuple[list[int], list[float]]:
        """Columns and what each is multiplied by; a column may stand there several times."""
        end = self.end
        return (self.at, self.by) if len(self.at) == end else (self.at[:end], self.by[:end])

    def __add__(self, other: Linear | float) -> Linear:
        at, by, end = self.at, self.by, self.end
        if not isinstance(other, Linear):
            return Linear(at, by, end, self.constant + other) if other else self
        if end == 1 or len(at) != end:
            at, by = at[:end], by[:end]
        if other.end == 1:
            at.append(other.at[0])
            by.append(other.by[0])
        else:
            more, times = other.terms()
            at.extend(more)
            by.extend(times)
        return Linear(at, by, len(at), self.constant + other.constant)

    __radd__ = __add__

    def __mul__(self, number: float) -> Linear:
        if isinstance(number, Linear):
            raise TypeError("the model is linear")
        if self.end == 1:
            return Linear([self.at[0]], [number * self.by[0]], 1, number * self.constant)
        at, by = self.terms()
        return Linear(at[:], [number * value for value in by], self.end, number * self.constant)

    __rmul__ = __mul__

    def __truediv__(self, number: float) -> Linear:
        return self * (1 / number)

    def __neg__(self) -> Linear:
        return self * -1

    def __sub__(self, other: Linear | float) -> Linear:
        return self + -other

    def __rsub__(self, other: float) -> Linear:
        return -self + other

    def __le__(self, other: Linear | float) -> Row:
        return (self - other, LESS, 0.0) if isinstance(other, Linear) else (self, LESS, other)

    def __ge__(self, other: Linear | float) -> Row:
        return (other - self, LESS, 0.0) if isinstance(other, Linear) else (self, MORE, other)

    def __eq__(self, other: Linear | float) -> Row:  # pyright: ignore[reportIncompatibleMethodOverride]
        return (self - other, EQUAL, 0.0) if isinstance(other, Linear) else (self, EQUAL, other)

    __hash__ = None  # pyright: ignore


class Light:
    """A model in light columns; see `build.Stated` for what it has in common with Pyomo's.

    Attributes
    ----------
    lower, upper, whole : list, one entry per column
    columns, rows : list of (name, index)
    """

    def __init__(self, frame: Any):
        self.frame = frame
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.whole: list[bool] = []
        self.columns: list[tuple[str, tuple[Any, ...]]] = []
        self.rows: list[tuple[str, tuple[Any, ...]]] = []
        self._at: list[int] = []
        self._by: list[float] = []
        self._ends = [0]
        self._kinds: list[int] = []
        self._sides: list[float] = []

    def declare(self, name: str, keys: Iterable[Any], bounds: Callable[..., tuple[float, float]], whole: bool = False
                ) -> None:
        """Columns of a name, one for every key."""
        family = {}
        for key in keys:
            index = key if key.__class__ is tuple else (key,)
            low, high = bounds(*index)
            family[key] = Linear([len(self.lower)], [1.0], 1)
            self.lower.append(low)
            self.upper.append(high)
            self.whole.append(whole)
            self.columns.append((name, index))
        setattr(self, name, family)

    def require(self, rule: Callable[..., Any], keys: Iterable[Any]) -> None:
        """Rows of a function, one for every key that it does not skip."""
        name = rule.__name__
        for key in keys:
            index = key if key.__class__ is tuple else (key,)
            row = rule(self, *index)
            if row is pyo.Constraint.Skip:
                continue
            total, kind, side = row
            at, by = total.terms()
            self._at.extend(at)
            self._by.extend(by)
            self._ends.append(len(self._at))
            self._kinds.append(kind)
            self._sides.append(side - total.constant)
            self.rows.append((name, index))

    def linear(self, total: Linear | float) -> tuple[dict[int, float], float]:
        """Every column of a sum once, with what it is multiplied by; and the number."""
        if not isinstance(total, Linear):
            return {}, float(total)
        found: dict[int, float] = {}
        for column, number in zip(*total.terms(), strict=True):
            found[column] = found.get(column, 0.0) + number
        return found, float(total.constant)

    def matrices(self) -> tuple[sparse.csc_array, np.ndarray, np.ndarray]:
        """All rows as a matrix (m, n), their kinds (m,) and their right sides (m,).

        A row whose columns cancel out says nothing, and is left out where nothing is what it allows.
        """
        shape = len(self.rows), len(self.columns)
        matrix: Any = sparse.csr_array((np.array(self._by, dtype=float), np.array(self._at, dtype=np.int32),
                                        np.array(self._ends, dtype=np.int32)), shape=shape)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        kinds, sides = np.array(self._kinds), np.array(self._sides, dtype=float)
        idle = (np.diff(matrix.indptr) == 0) & ((kinds == LESS) & (sides >= 0) | (kinds == MORE) & (sides <= 0)
                                                | (kinds == EQUAL) & (sides == 0))
        if idle.any():
            self.rows = [row for row, left_out in zip(self.rows, idle, strict=True) if not left_out]
            matrix, kinds, sides = matrix[~idle], kinds[~idle], sides[~idle]
        return matrix.tocsc(), kinds, sides
