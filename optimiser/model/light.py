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
ONE = 2  # what a sum of one term has written: a column and a number
Row = tuple["Linear", int, float]
"""A sum, how it stands to a number, and the number."""


class Linear:
    """A sum of columns times numbers, and a number. It is never changed.

    `written` holds columns and numbers by turns: a sum is one list, not one object per term. Sums share their lists:
    `a + b` writes b behind a when a was the last to be written there, so that a long sum costs no more than its terms;
    what stands behind the end of a sum is not its own.
    """

    __slots__ = ("constant", "end", "written")

    def __init__(self, written: list[Any], end: int, constant: float = 0.0):
        self.written, self.end, self.constant = written, end, constant

    def own(self) -> list[Any]:
        """Columns and what each is multiplied by, by turns; a column may stand there several times."""
        return self.written if len(self.written) == self.end else self.written[:self.end]

    def __add__(self, other: Linear | float) -> Linear:
        written, end = self.written, self.end
        if not isinstance(other, Linear):
            return Linear(written, end, self.constant + other) if other else self
        if end == ONE or len(written) != end:
            written = written[:end]
        written += other.written if len(other.written) == other.end else other.written[:other.end]
        return Linear(written, len(written), self.constant + other.constant)

    __radd__ = __add__

    def __mul__(self, number: float) -> Linear:
        if isinstance(number, Linear):
            raise TypeError("the model is linear")
        end = self.end
        if end == ONE:
            return Linear([self.written[0], number * self.written[1]], ONE, number * self.constant)
        written = self.written[:end]
        written[1::2] = [number * times for times in written[1::2]]
        return Linear(written, end, number * self.constant)

    __rmul__ = __mul__

    def __truediv__(self, number: float) -> Linear:
        return self * (1 / number)

    def __neg__(self) -> Linear:
        return self * -1

    def __sub__(self, other: Linear | float) -> Linear:
        if not isinstance(other, Linear):
            return self + -other
        end = self.end
        written = self.written[:end]
        if other.end == ONE:
            written += other.written[0], -other.written[1]
        else:
            written += other.own()
            written[end + 1::2] = [-times for times in written[end + 1::2]]
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
    """A model in light columns; `in_pyomo.InPyomo` has the same attributes and methods.

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
        self._written: list[float] = []
        self._ends: list[int] = []
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
        setattr(self, name, {key: Linear([column, 1.0], ONE) for column, key in enumerate(keys, first)})

    def require(self, rule: Callable[..., Any], keys: Iterable[Any]) -> None:
        """Rows of a function, one for every key that it does not skip."""
        name, skip = rule.__name__, pyo.Constraint.Skip
        rows, written, ends, kinds, sides = self.rows, self._written, self._ends, self._kinds, self._sides
        for index in _indices(list(keys)):
            row = rule(self, *index)
            if row is not skip:
                total, kind, side = row
                written += total.own()
                ends.append(len(written))
                kinds.append(kind)
                sides.append(side - total.constant)
                rows.append((name, index))

    def total(self, numbers: list[float], columns: Iterable[Linear]) -> Linear | int:
        """Numbers times columns, as one sum; 0 without any. It says what `sum` would say, in a fraction of the time."""
        written: list[Any] = [0] * (ONE * len(numbers))
        written[::2], written[1::2] = [column.written[0] for column in columns], numbers
        return Linear(written, len(written)) if written else 0

    def linear(self, total: Linear | float) -> tuple[dict[int, float], float]:
        """Every column of a sum once, with what it is multiplied by; and the number."""
        if not isinstance(total, Linear):
            return {}, float(total)
        written = total.own()
        columns, numbers = written[::2], written[1::2]
        found = dict(zip(columns, numbers, strict=True))
        if len(found) < len(columns):
            found = dict.fromkeys(found, 0.0)
            for column, number in zip(columns, numbers, strict=True):
                found[column] += number
        return found, float(total.constant)

    def matrices(self) -> tuple[sparse.csc_array, np.ndarray, np.ndarray]:
        """All rows as a matrix (m, n), their kinds (m,) and their right sides (m,).

        A row whose columns cancel out says nothing, and is left out where nothing is what it allows.
        """
        terms = np.array(self._written, dtype=float)
        ends = np.array([0, *self._ends], dtype=np.int32) // ONE
        matrix: Any = sparse.csr_array((terms[1::2], terms[::2].astype(np.int32), ends),
                                       shape=(len(self.rows), len(self.columns)))
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
