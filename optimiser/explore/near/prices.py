"""What listing an occupation, or leaving it out, costs at least: read off a relaxation's prices, nothing solved."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from optimiser.model.handover import Handed
from optimiser.solver.program import sided

FOLLOWS = ("listed", "enters", "lots", "arrivals")  # what is nothing for an occupation that no review lists


def floors(handed: Handed, prices: np.ndarray | None, unit: float) -> dict[tuple[str, str, bool], float]:
    """Bounds of the leading aim with an occupation listed in some review (True) and in none (False).

    The Lagrange function with all rows priced is least, column by column, at a bound of each column. An occupation that
    is listed has at least one `listed` column at 1; one that is not has all that follows from its list at 0. What these
    columns then cost more is added to the bound. Infinite where the bounds of the columns alone rule it out.

    Parameters
    ----------
    prices : array (rows,), optional
        From any relaxation; see `Program.bound`.
    unit : float
        What a value of the model is multiplied by to be a published one.

    Returns
    -------
    dict (region, occupation, whether it is listed) -> number
    """
    program, stage = handed.program, handed.program.stages[0]
    held = np.zeros(len(program.row_lower)) if prices is None else sided(prices, program.row_lower, program.row_upper)
    left = stage.cost - program.matrix.T @ held
    least = np.minimum(left * program.col_lower, left * program.col_upper)
    floor = program.bound(stage, prices)
    more_on: dict[tuple[str, str], float] = defaultdict(lambda: math.inf)
    more_off: dict[tuple[str, str], float] = defaultdict(float)
    region_of = handed.frame.problem.region_of
    for i, (name, index) in enumerate(handed.columns):
        if name not in FOLLOWS:
            continue
        key = (region_of[str(index[1])], str(index[0])) if name == "arrivals" else (str(index[0]), str(index[1]))
        more_off[key] += -least[i] if program.col_lower[i] <= 0 else math.inf
        if name == "listed" and program.col_upper[i] >= 1:
            more_on[key] = min(more_on[key], left[i] - least[i])
    return {(*key, on): unit * (floor + (more_on if on else more_off)[key]) for key in more_off for on in (True, False)}
