"""Room for rounding: rows made tighter by what publishing with few decimals can cost them.

Arrivals and trainees are published rounded down, extra capacity rounded up. Rows that then could be broken - a coverage
that loses the rounded-down, a budget that pays for the rounded-up - are solved once more with that much room.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimiser.model.handover import Handed
from optimiser.plan import DECIMALS
from optimiser.solver.program import Program

STEP = 10.0**-DECIMALS
DOWN, UP = ("arrivals", "trainees"), ("expansion",)
KEPT = ("worst_area", "training_required")  # the rounding itself sees to these
# Rows that only define a column: the column's own error follows from those of the others in the row.
DEFINED = (("service_use", "used"), ("shortage_balance", "unfilled"), ("area_supply", "supplied"),
           ("area_coverage", "coverage"))


def tightened(handed: Handed, x: np.ndarray) -> Program:
    """The programme with its whole columns held at `x` and its rows tightened by the worst rounding error."""
    program = handed.program
    whole = np.round(x)
    below, above = _errors(handed)
    matrix = program.matrix.tocsr()
    plus, minus = matrix.maximum(0), (-matrix).maximum(0)
    rises = plus @ above + minus @ below  # how much the left side of a row can rise, and fall
    falls = plus @ below + minus @ above
    defining = np.array([name in dict(DEFINED) or name in KEPT for name, _ in handed.rows])
    rises[defining], falls[defining] = 0.0, 0.0
    return replace(
        program, integer=np.zeros_like(program.integer), series=(),
        row_lower=program.row_lower + falls, row_upper=program.row_upper - rises,
        col_lower=np.where(program.integer, whole, program.col_lower),
        col_upper=np.where(program.integer, whole, program.col_upper))


def _errors(handed: Handed) -> tuple[np.ndarray, np.ndarray]:
    """Most that every column's published value can lie below and above the solver's."""
    names = np.array([name for name, _ in handed.columns])
    families = np.array([name for name, _ in handed.rows])
    below = np.where(np.isin(names, DOWN), STEP, 0.0)
    above = np.where(np.isin(names, UP), STEP, 0.0)
    matrix = handed.program.matrix.tocsr()
    for family, column in DEFINED:
        for row in np.flatnonzero(families == family):
            entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
            columns, values = matrix.indices[entries], np.asarray(matrix.data[entries], dtype=float)
            own = names[columns] == column
            if not own.any():
                continue
            target, scale = columns[own][0], values[own][0]
            others, effect = columns[~own], -values[~own] / scale
            rise, fall = np.maximum(effect, 0), np.maximum(-effect, 0)
            above[target] = rise @ above[others] + fall @ below[others]
            below[target] = rise @ below[others] + fall @ above[others]
    return below, above
