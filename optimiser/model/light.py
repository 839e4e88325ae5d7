"""Light columns: what the functions of the model are called with where only matrices are wanted.

Pyomo's variables can do far more than a sum needs, and making their expressions takes most of the time of a small
variant. The functions of this room state the model once: called with a Pyomo model they make a Pyomo model, called with
this one they make the rows of a matrix. A test holds both against each other, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy import sparse

LESS, EQUAL, MORE = 1, 0, -1
Term = tuple[int, float]
"""A column, and what it is multiplied by."""
Row = tuple["Linear", int, float]
"""A sum, how it stands to a number, and the number."""


class Linear:
    """A sum of columns times numbers, and a number. It is never changed.

    Sums share their lists: `a + b` writes b behind a when a was the last to be written there, so that a long sum costs
    no more than its terms; what stands behind the end of a sum is not its own.
    """

    __slots__ = ("constant", "end", "written")

    def __init__(self, written: list[Term], end: int, constant: float = 0.0):
        self.written, self.end, self.constant = written, end, constant

    def terms(self) -> list[Term]:
        """Columns and what each is multiplied by; a column may stand there several times."""
        return self.written if len(self.written) == self.end else self.written[:self.end]

    def __add__(self, other: Linear | float) -> Linear:
        written, end = self.written, self.end
        if not isinstance(other, Linear):
            return Linear(written, end, self.constant + other) if other else self
        if end == 1 or len(written) != end:
            written = written[:end]
        written += other.terms()
        return Linear(written, len(written), self.constant + other.constant)

    __radd__ = __add__

    def __mul__(self, number: float) -> Linear:
        if isinstance(number, Linear):
            raise TypeError("the model is linear")
        if self.end == 1:
            column, times = self.written[0]
            return Linear([(column, number * times)], 1, number * self.constant)
        return Linear([(column, number * times) for column, times in self.terms()], self.end, number * self.constant)

    __rmul__ = __mul__

    def __truediv__(self, number: float) -> Linear:
        return self * (1 / number)

    def __neg__(self) -> Linear:
        return self * -1

    def __sub__(self, other: Linear | float) -> Linear:
        if not isinstance(other, Linear):
            return self + -other
        written = self.written[:self.end]
        written += [(column, -times) for column, times in other.terms()]
        return Linear(written, len(written), self.constant - other.constant)

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
        self._terms: list[Term] = []
        self._ends = [0]
        self._kinds: list[int] = []
        self._sides: list[float] = []

    def declare(self, name: str, keys: Iterable[Any], bounds: Callable[..., tuple[float, float]], whole: bool = False
                ) -> None:
        """Columns of a name, one for every key."""
        keys = list(keys)
        first, indices = len(self.columns), _indices(keys)
        sides = [bounds(*index) for index in indices]
        self.lower += [low for low, _ in sides]
        self.upper += [high for _, high in sides]
        self.whole += [whole] * len(keys)
        self.columns += [(name, index) for index in indices]
        setattr(self, name, {key: Linear([(column, 1.0)], 1) for column, key in enumerate(keys, first)})

    def require(self, rule: Callable[..., Any], keys: Iterable[Any]) -> None:
        """Rows of a function, one for every key that it does not skip."""
        name = rule.__name__
        for index in _indices(list(keys)):
            row = rule(self, *index)
            if row is pyo.Constraint.Skip:
                continue
            total, kind, side = row
            self._terms += total.terms()
            self._ends.append(len(self._terms))
            self._kinds.append(kind)
            self._sides.append(side - total.constant)
            self.rows.append((name, index))

    def linear(self, total: Linear | float) -> tuple[dict[int, float], float]:
        """Every column of a sum once, with what it is multiplied by; and the number."""
        if not isinstance(total, Linear):
            return {}, float(total)
        terms = total.terms()
        found = dict(terms)
        if len(found) < len(terms):
            found = dict.fromkeys(found, 0.0)
            for column, number in terms:
                found[column] += number
        return found, float(total.constant)

    def matrices(self) -> tuple[sparse.csc_array, np.ndarray, np.ndarray]:
        """All rows as a matrix (m, n), their kinds (m,) and their right sides (m,).

        A row whose columns cancel out says nothing, and is left out where nothing is what it allows.
        """
        shape = len(self.rows), len(self.columns)
        terms = np.fromiter(chain.from_iterable(self._terms), dtype=float, count=2 * len(self._terms))
        matrix: Any = sparse.csr_array((terms[1::2], terms[::2].astype(np.int32),
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


def _indices(keys: list[Any]) -> list[tuple[Any, ...]]:
    """Keys as tuples; those of one part alone stand for themselves."""
    return [key if key.__class__ is tuple else (key,) for key in keys]
