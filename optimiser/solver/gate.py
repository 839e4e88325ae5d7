"""The gate: a programme is brought into the range in which the solver's arithmetic holds, or refused by name.

HiGHS takes coefficients of 1e-9 and less for nothing, drops a row with one that is no number or 1e15 and more, calls a
point feasible that misses a row by 1e-9 in the row's own unit, and goes wrong where bounds of whole columns reach 1e6.
So rows, objectives and columns that lie outside the range are multiplied by powers of two, which changes no digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.errors import SolverError
from optimiser.solver.program import Program

LEAST, MOST = 1e-4, 1e5  # coefficients of rows and objectives
MOST_BOUND = 1e6  # bounds of columns
MOST_WHOLE = 1e5  # bounds of whole columns
MOST_STRETCH = 1e3  # by which a column may be scaled: more would show in the published decimals
MOST_SIDE = 1e7  # sides of rows
ALIKE = f"coefficients of one row that differ at most {1 / LEAST**2:,.0f} times"


class OutOfRange(SolverError):
    """A number that can't be brought into range.

    Attributes
    ----------
    row, column : str
        Names; `row` is an objective's for a cost, empty for a bound; `column` is empty for a side.
    number : float
        As it stands in the programme.
    expected : str
        What it may be.
    """

    def __init__(self, row: str, column: str, number: float, expected: str):
        self.row, self.column, self.number, self.expected = row, column, number, expected
        where = ", ".join(name for name in (row, column) if name)
        super().__init__(f"{where}: got {number:.6g}, expected {expected}")


@dataclass(frozen=True)
class Scaling:
    """Powers of two: `rows` multiplies the rows, `columns` is what one of the scaled columns stands for, `cost`
    multiplies the objective.
    """

    rows: np.ndarray
    columns: np.ndarray
    cost: float


def scaling(program: Program, cost: np.ndarray) -> Scaling:
    """The factors that bring a programme and an objective into range; 1 wherever they are in range already."""
    bound = np.maximum(abs(program.col_lower), abs(program.col_upper))
    columns = np.where(bound > MOST_BOUND, _power(bound / MOST_BOUND, np.ceil), 1.0)
    columns[program.integer] = 1.0  # a whole number stays one
    least, most = _ranges(program.matrix, columns)
    costs = abs(cost * columns)[cost != 0]
    ends = (costs.min(), costs.max()) if costs.size else (1.0, 1.0)
    return Scaling(_factors(least, most), columns, float(_factors(*map(np.atleast_1d, ends))[0]))


def _ranges(matrix: sparse.csc_array, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest size of the coefficients of every row, 1 where it has none."""
    entries: Any = matrix.tocoo()
    kept = entries.data != 0
    rows, sizes = entries.row[kept], abs(entries.data * columns[entries.col])[kept]
    least, most = np.full(entries.shape[0], np.inf), np.zeros(entries.shape[0])
    np.minimum.at(least, rows, sizes)
    np.maximum.at(most, rows, sizes)
    return np.where(most > 0, least, 1.0), np.where(most > 0, most, 1.0)


def _factors(least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """1 within the range, otherwise what puts the middle of the range at one."""
    return np.where((least >= LEAST) & (most <= MOST), 1.0, _power(1.0 / np.sqrt(least * most), np.round))


def _power(numbers: np.ndarray, to_whole: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.exp2(to_whole(np.log2(numbers)))


def scaled(program: Program, by: Scaling) -> Program:
    """The programme in the solver's units; sides that its scaled rows can never reach are taken away.

    The stages stay as they are: a cost is scaled where it is handed over.
    """
    if (by.rows == 1).all() and (by.columns == 1).all():
        return program
    matrix = sparse.csc_array(sparse.diags_array(by.rows) @ program.matrix @ sparse.diags_array(by.columns))
    lower, upper = program.row_lower * by.rows, program.row_upper * by.rows
    col_lower, col_upper = program.col_lower / by.columns, program.col_upper / by.columns
    plus, minus = matrix.maximum(0), matrix.minimum(0)
    most, least = plus @ col_upper + minus @ col_lower, plus @ col_lower + minus @ col_upper
    apart = 1e-9 * np.maximum(abs(most), abs(least))
    changed = by.rows != 1
    return replace(
        program, matrix=matrix, col_lower=col_lower, col_upper=col_upper,
        row_lower=np.where(changed & (lower < least - apart), -np.inf, lower),
        row_upper=np.where(changed & (upper > most + apart), np.inf, upper))


def refuse_out_of_range(program: Program) -> None:
    """Every number is one, and can be brought into range.

    Raises
    ------
    OutOfRange
        Naming the wrong number of the first kind looked at that is furthest from one.
    """
    _refuse_no_numbers(program)
    rows, columns = program.row_names, program.col_names
    by = scaling(program, np.zeros(len(columns)))
    part = scaled(program, by)
    bound = np.maximum(abs(program.col_lower), abs(program.col_upper))
    for wrong, most in ((program.integer & (bound > MOST_WHOLE), MOST_WHOLE),
                        (by.columns > MOST_STRETCH, MOST_BOUND * MOST_STRETCH)):
        _refuse(bound, wrong, f"at most {most:g}", lambda i: ("", columns[i]))
    entries = part.matrix.tocoo()
    natural = entries.data / by.rows[entries.row] / by.columns[entries.col]
    wide = np.isin(entries.row, entries.row[_outside(entries.data)])  # all of a row, so that the odd one is named
    _refuse(natural, wide & (natural != 0), ALIKE, lambda k: (rows[entries.row[k]], columns[entries.col[k]]))
    for side, own in ((part.row_lower, program.row_lower), (part.row_upper, program.row_upper)):
        _refuse(own, np.isfinite(side) & (abs(side) > MOST_SIDE), f"at most {MOST_SIDE:g} beside such coefficients",
                lambda i: (rows[i], ""))
    for stage in program.stages:
        by = scaling(program, stage.cost)
        if _outside(stage.cost * by.columns * by.cost).any():
            _refuse(stage.cost, stage.cost != 0, ALIKE, lambda i, aim=stage.name: (aim, columns[i]))


def _outside(coefficients: np.ndarray) -> np.ndarray:
    sizes = abs(coefficients)
    return (sizes > 0) & ((sizes < LEAST) | (sizes > MOST))


def _refuse(numbers: np.ndarray, wrong: np.ndarray, expected: str, named: Callable[[int], tuple[str, str]]) -> None:
    where = np.flatnonzero(wrong)
    if where.size:
        with np.errstate(divide="ignore"):
            worst = int(where[np.argmax(abs(np.log(abs(numbers[where]))))])
        raise OutOfRange(*named(worst), float(numbers[worst]), expected)


def _refuse_no_numbers(program: Program) -> None:
    """The solver drops rows with a coefficient that is no number, and still says "optimal"."""
    entries = program.matrix.tocoo()
    numbers = [(entries.data, ~np.isfinite(entries.data),
                lambda k: (program.row_names[entries.row[k]], program.col_names[entries.col[k]]))]
    numbers += [(side, np.isnan(side), lambda i: (program.row_names[i], ""))
                for side in (program.row_lower, program.row_upper)]
    numbers += [(bound, ~np.isfinite(bound), lambda i: ("", program.col_names[i]))
                for bound in (program.col_lower, program.col_upper)]
    for stage in program.stages:
        constant = np.array([stage.constant])
        numbers += [(stage.cost, ~np.isfinite(stage.cost), lambda i, aim=stage.name: (aim, program.col_names[i])),
                    (constant, ~np.isfinite(constant), lambda _, aim=stage.name: (aim, ""))]
    for values, wrong, named in numbers:
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise OutOfRange(*named(first), float(values[first]), "a finite number")
