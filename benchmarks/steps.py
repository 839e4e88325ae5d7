"""A programme for a solver that knows whole numbers only: continuous columns in steps, and room for what steps miss."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
from scipy import sparse

from benchmarks.prepare import Joined, loaded

STEP = 1e-3  # of a continuous column
LARGEST = 1e4  # units of a continuous column: CP-SAT would cut off what takes more than ten million steps


def stepped(joined: Joined) -> tuple[Joined, np.ndarray]:
    """The programme with room for steps, and the units of its columns: a point times `units` is one of `joined`.

    Columns that reach far have larger units, powers of two. Rows that say `equal` may be missed by one step of their
    continuous column that weighs most: in steps they would have hardly a point. The room is in the solver's favour.
    """
    reach = np.maximum(abs(joined.col_lower), abs(joined.col_upper))
    units = np.where(joined.integer, 1.0, 2.0 ** np.ceil(np.log2(np.maximum(reach, LARGEST) / LARGEST)))
    matrix = sparse.csc_array(joined.matrix @ sparse.diags_array(units))
    continuous = sparse.diags_array((~joined.integer).astype(float))
    most = np.asarray(abs(matrix @ continuous).max(axis=1).todense()).ravel()
    room = np.where(joined.row_lower == joined.row_upper, STEP * most, 0.0)
    return replace(joined, matrix=matrix, row_lower=joined.row_lower - room, row_upper=joined.row_upper + room,
                   col_lower=joined.col_lower / units, col_upper=joined.col_upper / units,
                   cost=joined.cost * units), units


def exact(joined: Joined, x: np.ndarray) -> np.ndarray | None:
    """The best point with the whole columns of `x`, without any room; None when there is none."""
    whole = np.round(x)
    lower = np.where(joined.integer, whole, joined.col_lower)
    upper = np.where(joined.integer, whole, joined.col_upper)
    highs = loaded(replace(joined, col_lower=lower, col_upper=upper, integer=np.zeros_like(joined.integer)))
    highs.setOptionValue("threads", 1)  # the number of the first run in a process is that of all runs after it
    highs.run()
    done = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return np.array(highs.getSolution().col_value) if done else None
