"""The elastic programme: limits that may give way do so at a price, and the least price is sought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from optimiser.explore.negotiate.moves import Move
from optimiser.model.plain import Plain
from optimiser.solver import Program, Stage

REPAIR = "repair"


def elastic(asked: Plain, moved: Sequence[Move], unit: float) -> Program:
    """The programme with one column more for every move, and what they cost as its only aim.

    Parameters
    ----------
    moved : sequence of Move
        Those that may move; their columns are the last ones, in this order.
    unit : float
        What the aim is counted in, so that its coefficients stay near one.
    """
    program = asked.program
    first = len(program.col_lower)
    both = np.isfinite(program.row_lower) & np.isfinite(program.row_upper)
    entries: list[tuple[int, int, float]] = []  # row, column, coefficient
    links: list[list[tuple[int, float]]] = []  # rows <= 0
    aside: list[int] = []  # for rows with two sides: columns between -1 and 1, held by their move
    for n, move in enumerate(moved):
        for row, coefficient in move.rows:
            if both[row]:
                column = first + len(moved) + len(aside)
                aside.append(column)
                entries.append((row, column, 1.0))
                links += [[(column, 1.0), (first + n, -1.0)], [(column, -1.0), (first + n, -1.0)]]
            else:
                entries.append((row, first + n, coefficient))
    links += _later_first(moved, first)
    rows, size = len(program.row_lower), first + len(moved) + len(aside)
    entries += [(rows + n, column, number) for n, link in enumerate(links) for column, number in link]
    at = np.array(entries, dtype=float).reshape(-1, 3)
    extra = sparse.csc_array((at[:, 2], (at[:, 0].astype(int), at[:, 1].astype(int))), shape=(rows + len(links), size))
    matrix = program.matrix.tocsc(copy=True)
    matrix.resize((rows + len(links), size))
    cost = np.zeros(size)
    cost[first:first + len(moved)] = [move.price / unit for move in moved]
    return replace(
        program, matrix=sparse.csc_array(matrix + extra), stages=(Stage(REPAIR, cost),),
        series=asked.handed.program.series,
        row_lower=np.append(program.row_lower, np.full(len(links), -np.inf)),
        row_upper=np.append(program.row_upper, np.zeros(len(links))),
        row_names=(*program.row_names, *(f"link[{n}]" for n in range(len(links)))),
        col_lower=np.concatenate([program.col_lower, np.zeros(len(moved)), np.full(len(aside), -1.0)]),
        col_upper=np.concatenate([program.col_upper, [move.most for move in moved], np.ones(len(aside))]),
        integer=np.concatenate([program.integer, np.array([move.whole for move in moved], dtype=bool),
                                np.zeros(len(aside), dtype=bool)]),
        col_names=(*program.col_names, *(f"{move.key[0]}[{', '.join(map(str, move.key[1]))}]" for move in moved),
                   *(f"aside[{n}]" for n in range(len(aside)))))


def _later_first(moved: Sequence[Move], first: int) -> list[list[tuple[int, float]]]:
    """What must be listed may be missing in the first reviews only: it comes later, or never."""
    at = {move.key[1]: first + n for n, move in enumerate(moved) if move.key[0] == "must_list"}
    return [[(column, 1.0), (at[r, o, e - 1], -1.0)] if (r, o, e - 1) in at else [(column, 1.0)]
            for (r, o, e), column in at.items() if e > 1]


def held(program: Program, count: int, barred: Sequence[int], aside: int) -> Program:
    """The elastic programme in which some of its moves stay where they are."""
    upper = program.col_upper.copy()
    upper[np.array(barred, dtype=int) + len(upper) - aside - count] = 0.0
    return replace(program, col_upper=upper)
