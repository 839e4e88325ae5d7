"""What the solving layer takes and gives: a lexicographic mixed-integer programme, progress, and an answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

WRONG = 1e-6  # by which a bound above a point, or a point beyond its limits, is wrong, relative to at least one
SAME = 1e-8  # difference that is arithmetic, relative to values of at least one
NOISE = 1e-10  # of the largest cost: what differences of equal numbers leave, which scaling would take for real
ARITHMETIC = 1e-13  # of all terms of a sum, that adding them may cost

Keep = tuple[np.ndarray, float, float, float]
"""Cost (n,), constant, relative and absolute tolerance of a part that later stages must keep."""


@dataclass(frozen=True)
class Stage:
    """One objective, minimised: `cost @ x + constant`, with `cost` of shape (n,).

    Later stages keep every part in `keep` (the whole objective when it is empty) at its value, or worse by at most
    `max(relative * |value|, absolute)`; with `passing` only the next stage does. A stage without `proof` chooses among
    equals: it is solved to its end when all stages before it are, and otherwise a good point will do.
    """

    name: str
    cost: np.ndarray
    constant: float = 0.0
    relative_tolerance: float = 0.0
    absolute_tolerance: float = 0.0
    keep: tuple[Keep, ...] = ()
    proof: bool = True
    passing: bool = False

    @property
    def parts(self) -> tuple[Keep, ...]:
        """What later stages must keep."""
        return self.keep or ((self.cost, self.constant, self.relative_tolerance, self.absolute_tolerance),)

    def value(self, x: np.ndarray) -> float:
        """The objective of a point."""
        return float(self.cost @ x) + self.constant


@dataclass(frozen=True)
class Program:
    """Rows, columns and stages.

    Attributes
    ----------
    matrix : csc_array (m, n); at least one column
    row_lower, row_upper : array (m,); infinite where a side is missing
    col_lower, col_upper : array (n,); finite
    integer : bool array (n,)
    row_names, col_names : tuple of str
    stages : tuple of Stage, the most important first
    series : tuple of tuples of columns
        Columns that are the same decision in successive periods; the search for a first answer decides them period
        by period. May be empty.
    choice : array of columns
        The columns of `series` and those that only follow from them; rows over these columns alone say which choices
        are allowed at all. May be empty.
    blocks : array (n,) of int
        Columns with the same number, from 0 without a number left out, belong together (a decision and what follows
        from it); -1 for what belongs to none. Rows over columns of one block alone fall apart from each other once all
        other rows are priced.
    """

    matrix: sparse.csc_array = field(repr=False)
    row_lower: np.ndarray = field(repr=False)
    row_upper: np.ndarray = field(repr=False)
    col_lower: np.ndarray = field(repr=False)
    col_upper: np.ndarray = field(repr=False)
    integer: np.ndarray = field(repr=False)
    row_names: tuple[str, ...] = field(repr=False)
    col_names: tuple[str, ...] = field(repr=False)
    stages: tuple[Stage, ...] = field(repr=False)
    series: tuple[tuple[int, ...], ...] = field(default=(), repr=False)
    choice: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int), repr=False)
    blocks: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int), repr=False)

    def block_of(self) -> np.ndarray:
        """The block of every column (n,), also of those that were added later, which belong to none."""
        return np.append(self.blocks, np.full(len(self.col_lower) - len(self.blocks), -1))

    def coupling(self) -> np.ndarray:
        """Which rows (m,) tie blocks together, or columns that belong to none; rows without entries are among them."""
        by_row = self.matrix.tocsr()
        starts, filled = by_row.indptr[:-1], np.diff(by_row.indptr) > 0
        of_entries = self.block_of()[by_row.indices]
        least, most = np.full(len(filled), -1), np.full(len(filled), -1)
        least[filled] = np.minimum.reduceat(of_entries, starts[filled])
        most[filled] = np.maximum.reduceat(of_entries, starts[filled])
        return (least != most) | (least < 0)

    def apart(self) -> tuple[np.ndarray, Program]:
        """Which rows (m,) tie blocks together, and the relaxation without them, which falls apart into blocks."""
        tying = self.coupling()
        by_row = self.matrix.tocsr()
        names = np.array(self.row_names, dtype=object)[~tying]
        return tying, replace(self, matrix=by_row[~tying].tocsc(), row_lower=self.row_lower[~tying],
                              row_upper=self.row_upper[~tying], row_names=tuple(names),
                              integer=np.zeros_like(self.integer))

    def bound(self, stage: Stage, duals: np.ndarray | None = None) -> float:
        """What no point of the programme can be below in a stage, whatever the prices of its rows.

        The value of the Lagrange function with all rows priced, least over the bounds of the columns alone:
        weak duality makes it a bound for any `duals`, so prices of a similar programme will do. A price on a side that
        a row does not have counts as none.

        Parameters
        ----------
        duals : array (m,), optional
            Positive where a row's lower side is paid for, negative for its upper side; no row is priced by default.
        """
        prices = np.zeros(len(self.row_lower)) if duals is None else sided(duals, self.row_lower, self.row_upper)
        left = stage.cost - self.matrix.T @ prices
        terms = np.concatenate([paid(prices, self.row_lower, self.row_upper),
                                np.minimum(left * self.col_lower, left * self.col_upper)])
        return float(terms.sum() - ARITHMETIC * abs(terms).sum()) + stage.constant

    def with_row(self, cost: np.ndarray, most: float) -> Program:
        """The same programme with the row `cost @ x <= most` added."""
        return replace(self, matrix=sparse.csc_array(sparse.vstack([self.matrix, cost[None, :]])),
                       row_lower=np.append(self.row_lower, -np.inf), row_upper=np.append(self.row_upper, most),
                       row_names=(*self.row_names, "kept objective"))


@dataclass(frozen=True)
class Known:
    """What is known of a programme's leading stage before it is searched; it changes how fast, never what is right.

    Attributes
    ----------
    choices : tuple of arrays (n,)
        Points whose `choice` columns may do well; the nearest allowed choice of each is tried first.
    bound : float
        No point is better.
    duals : array (m,) or None
        Prices of the rows from a similar programme.
    only : bool
        Whether a large programme is searched no further once all `choices` were tried and a point is known.
    """

    choices: tuple[np.ndarray, ...] = ()
    bound: float = -np.inf
    duals: np.ndarray | None = None
    only: bool = False

    def fitting(self, program: Program) -> Known:
        """What of it can be used: only arrays with a finite number for each column, or row, of the programme."""
        def fits(numbers: np.ndarray, like: np.ndarray) -> bool:
            return numbers.shape == like.shape and bool(np.isfinite(numbers).all())

        duals = self.duals if self.duals is not None and fits(self.duals, program.row_lower) else None
        return replace(self, choices=tuple(x for x in self.choices if fits(x, program.col_lower)), duals=duals)


NOTHING = Known()


@dataclass(frozen=True)
class Progress:
    """Where a search stands: best value so far, bound, relative gap and seconds since it began.

    Value and bound are those of the stage as it is minimised.
    """

    stage: str
    number: int
    stages: int
    incumbent: float | None
    bound: float | None
    gap: float | None
    seconds: float


@dataclass(frozen=True)
class StageResult:
    """How a stage ended: optimal, within_gap, work_limit, time_limit, interrupted or failed.

    Value and bound are those of the stage as it is minimised, `gap` is relative, `seconds` what it took.
    """

    name: str
    value: float
    bound: float
    gap: float
    status: str
    seconds: float


@dataclass(frozen=True)
class Step:
    """What one step of a search came to.

    Attributes
    ----------
    stage, step : str
        The objective, and the name of the step (`search.STEPS`).
    value, bound : float
        Best value and bound at its end; infinite where there is none.
    seconds : float
        How long it took.
    """

    stage: str
    step: str
    value: float
    bound: float
    seconds: float


@dataclass(frozen=True)
class Answer:
    """How a search ended.

    `status` is that of the leading stage (optimal, within_gap, work_limit, time_limit), or interrupted, infeasible or
    failed. `x` is the best point found, its whole columns exactly whole, or None. `clock_cut` says that a clock ended
    some part of the search, so that another machine might answer otherwise. `reason` is what failed, also where the
    search could go on without. `duals` are prices of the rows from the leading stage's relaxation where there was one,
    or else those that were known: `Program.bound` makes a bound of them, also of a similar programme.
    `steps` say what each step of the search gained; empty when the search had to be ended from outside.
    """

    status: str
    x: np.ndarray | None
    stages: tuple[StageResult, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    clock_cut: bool = False
    duals: np.ndarray | None = None
    steps: tuple[Step, ...] = ()


def without_noise(cost: np.ndarray) -> np.ndarray:
    """Costs that were worked out as differences, with those that are next to nothing left out."""
    return np.where(abs(cost) > NOISE * abs(cost).max(initial=0.0), cost, 0.0)


def sided(duals: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Prices of rows (m,): positive ones pay for the lower side, negative ones for the upper; 0 if it isn't there."""
    return np.where(np.isfinite(np.where(duals > 0, lower, upper)), duals, 0.0)


def paid(prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """What the sides of rows (m,) come to at their prices (m,)."""
    return prices * np.where(prices > 0, lower, np.where(prices < 0, upper, 0.0))


def missed(program: Any, x: np.ndarray) -> float:
    """The most by which a point (n,) misses a row, a bound or a whole number, relative to limits above one.

    `program` is a `Program`, or what has its matrix, sides, bounds and whole columns.
    """
    whole = x[program.integer]
    return max(_missed(program.matrix @ x, program.row_lower, program.row_upper),
               _missed(x, program.col_lower, program.col_upper), _missed(whole - np.round(whole), 0.0, 0.0))


def _missed(values: np.ndarray, lower: np.ndarray | float, upper: np.ndarray | float) -> float:
    most = 0.0
    for side, lacking in ((lower, lower - values), (upper, values - upper)):
        there = np.isfinite(side)
        share = np.where(there, lacking, 0.0) / np.maximum(1.0, abs(np.where(there, side, 0.0)))
        most = max(most, float(np.nan_to_num(share, nan=np.inf).max(initial=0.0)))
    return most


def believed(bound: float, value: float) -> float:
    """A bound, at most the value; none where the value lies so far below that it proves the bound wrong."""
    return min(bound, value) if bound <= value + WRONG * max(1.0, abs(value)) else -np.inf


def ended(name: str, value: float, bound: float, gap: float, status: str, seconds: float) -> StageResult:
    """How a stage ended that was asked for a gap; `status` says why it went no further, where it did not reach it."""
    reached = relative_gap(value, bound)
    return StageResult(name, value, bound, reached,
                       status if reached > gap else ("optimal" if reached == 0 else "within_gap"), seconds)


def relative_gap(value: float, bound: float) -> float:
    """Distance of a value to its bound as a share of the value; 0 when they are the same but for the last digits."""
    distance = value - bound
    return 0.0 if distance <= SAME * max(1.0, abs(value)) else distance / max(abs(value), SAME)
