"""Two stages: lists and quotas are decided once for several futures, people come in each of them as it turns out.

Every future is a case of its own, handed over like any other, so that every rule is written once. Here their
programmes become one: the columns of the first stage are shared, all others and their rows stand side by side, a block
for each future (the extensive form; Birge and Louveaux, Introduction to Stochastic Programming, 2011, ch. 3).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.model.frame import Frame
from optimiser.model.handover import Handed, Key, names_of
from optimiser.solver.program import Program, Stage

FIRST = ("listed", "enters", "leaves", "lots")
"""What is decided before a future is known: the decree. Arrivals, training starts and extra capacity come after it."""

SMALL = 300
"""Whole columns up to which a second stage is worth its time: with the 1,128 of Flanders it took a third of four
minutes, and left too little for the measure itself.
"""


@dataclass(frozen=True)
class Joined:
    """The programmes of several futures as one, without an objective.

    Attributes
    ----------
    handed : tuple of Handed, one per future
    program : Program
    first : tuple of (name, index)
        The columns of the first stage, which are the first of the programme.
    at, rows : tuple of arrays, one per future
        Where the columns and rows of its own programme stand in the joined one.
    """

    handed: tuple[Handed, ...] = field(repr=False)
    program: Program = field(repr=False)
    first: tuple[Key, ...] = field(repr=False)
    at: tuple[np.ndarray, ...] = field(repr=False)
    rows: tuple[np.ndarray, ...] = field(repr=False)

    def aim(self, future: int) -> Stage:
        """The first aim of one future over the columns of the joined programme."""
        stage = self.handed[future].program.stages[0]
        cost = np.zeros(len(self.program.col_lower))
        cost[self.at[future]] = stage.cost
        return Stage(stage.name, cost, stage.constant)

    def prices(self, shares: Sequence[float], duals: Sequence[np.ndarray | None]) -> np.ndarray:
        """Prices of the joined rows from those of every future's own, each counted by its share in the objective."""
        prices = np.zeros(len(self.program.row_lower))
        for share, own, rows in zip(shares, duals, self.rows, strict=True):
            if own is not None:
                np.add.at(prices, rows, share * own)
        return prices

    def ends(self, future: int) -> tuple[float, float]:
        """Least and most that the bounds of the columns leave the first aim of a future."""
        stage, program = self.handed[future].program.stages[0], self.handed[future].program
        sides = stage.cost * program.col_lower, stage.cost * program.col_upper
        return float(np.minimum(*sides).sum()) + stage.constant, float(np.maximum(*sides).sum()) + stage.constant


def shared_room(frames: Sequence[Frame]) -> dict[tuple[str, str, int], int]:
    """Lots that a quota may come to because some future has use for them, by region, occupation and year.

    What is of use differs between futures, and a quota holds in all: without it the future with the least use would
    cut the quotas of the others. What limits a quota in some future still does (see `frame`).
    """
    most: dict[tuple[str, str, int], int] = {}
    for one in frames:
        for key, lots in one.lots_cap.items():
            most[key] = max(most.get(key, 0), lots)
    return most


def join(handed: Sequence[Handed]) -> Joined:
    r"""One programme of several futures, linked by what is decided before.

    $$\text{listed}_{roe},\ \text{lots}_{rot} \text{ the same in all futures } s;\quad
    A_s\,(\text{first}, \text{second}_s) \in [\text{low}_s, \text{high}_s]$$

    A shared column keeps to its bounds in every future; lots that a future does not allow at all are 0. Rows over
    shared columns alone that several futures have in common stand once.
    """
    place: dict[Key, int] = {}
    for one in handed:
        for key in one.columns:
            if key[0] in FIRST:
                place.setdefault(key, len(place))
    shared = len(place)
    lower, upper, integer = np.full(shared, -np.inf), np.full(shared, np.inf), np.zeros(shared, dtype=bool)
    at, bounds, size = [], [(lower, upper)], shared
    for one in handed:
        own = np.array([key[0] not in FIRST for key in one.columns])
        where = np.array([place.get(key, -1) for key in one.columns])
        where[own] = size + np.arange(own.sum())
        size += int(own.sum())
        first = where[~own]
        lower[first] = np.maximum(lower[first], one.program.col_lower[~own])
        upper[first] = np.minimum(upper[first], one.program.col_upper[~own])
        integer[first] |= one.program.integer[~own]
        absent = np.ones(shared, dtype=bool)
        absent[first] = False
        upper[absent] = 0.0
        bounds.append((one.program.col_lower[own], one.program.col_upper[own]))
        at.append(where)
    lower[np.isneginf(lower)] = 0.0
    names = [*names_of(place), *(f"{name} in future {n}" for n, one in enumerate(handed, start=1)
                                 for name in names_of(key for key in one.columns if key[0] not in FIRST))]
    base, (matrix, sides, row_names, rows) = handed[0].program, _rows(handed, at, shared, size)
    program = Program(
        matrix=matrix, row_lower=sides[0], row_upper=sides[1], row_names=row_names,
        col_lower=np.concatenate([part for part, _ in bounds]), col_upper=np.concatenate([part for _, part in bounds]),
        integer=np.concatenate([integer, np.zeros(size - shared, dtype=bool)]), col_names=tuple(names), stages=(),
        series=tuple(tuple(int(at[0][i]) for i in series) for series in base.series), choice=at[0][base.choice],
        blocks=_blocks(handed, at, size))
    return Joined(tuple(handed), program, tuple(place), tuple(at), rows)


def _blocks(handed: Sequence[Handed], at: Sequence[np.ndarray], size: int) -> np.ndarray:
    """One block for an occupation of a region in all futures together: what is decided before ties them."""
    numbers: dict[tuple[Hashable, ...], int] = {}
    blocks = np.full(size, -1)
    for one, where in zip(handed, at, strict=True):
        of = {int(number): index[:2] for number, (name, index) in zip(one.program.blocks, one.columns, strict=True)
              if name == "listed"}
        blocks[where] = [numbers.setdefault(of[number], len(numbers)) if number in of else -1
                         for number in map(int, one.program.blocks)]
    return blocks


def _rows(handed: Sequence[Handed], at: Sequence[np.ndarray], shared: int, size: int
          ) -> tuple[sparse.csc_array, np.ndarray, tuple[str, ...], tuple[np.ndarray, ...]]:
    """Matrix, sides and names of the rows of all futures, and where each future's own stand.

    A row over shared columns alone that a future before has too, is left out.
    """
    seen: dict[tuple[bytes, ...], int] = {}
    parts, lower, upper, names, places = [], [], [], [], []
    for n, (one, where) in enumerate(zip(handed, at, strict=True), start=1):
        program = one.program
        entries: Any = program.matrix.tocoo()
        matrix: Any = sparse.csr_array((entries.data, (entries.row, where[entries.col])),
                                       shape=(entries.shape[0], size))
        matrix.sort_indices()
        kept, place = [], np.zeros(matrix.shape[0], dtype=int)
        for row, (low, high) in enumerate(zip(program.row_lower, program.row_upper, strict=True)):
            span = slice(matrix.indptr[row], matrix.indptr[row + 1])
            columns = matrix.indices[span]
            place[row] = number = len(names)
            if len(columns) and columns[-1] < shared:
                text = columns.tobytes(), matrix.data[span].tobytes(), repr((float(low), float(high))).encode()
                place[row] = seen.setdefault(text, number)
            if place[row] == number:
                kept.append(row)
                names.append(f"{program.row_names[row]} in future {n}")
        parts.append(matrix[kept])
        lower.append(program.row_lower[kept])
        upper.append(program.row_upper[kept])
        places.append(place)
    return (sparse.csc_array(sparse.vstack(parts)), np.array([np.concatenate(lower), np.concatenate(upper)]),
            tuple(names), tuple(places))


# What is minimised --------------------------------------------------------------------------------------------------


def expected(joined: Joined, weights: Sequence[float]) -> Program:
    r"""The first aim on average over the futures, least.

    $$\sum_s \text{weight}_s\, \text{aim}_s$$

    Unit: that of the aim; the weights add up to one.
    """
    aims = [joined.aim(s) for s in range(len(weights))]
    cost = np.sum([weight * aim.cost for weight, aim in zip(weights, aims, strict=True)], axis=0)
    constant = sum(weight * aim.constant for weight, aim in zip(weights, aims, strict=True))
    return replace(joined.program, stages=(Stage("expected", cost, constant),))


def small(joined: Joined) -> bool:
    """Whether designs that are as good at worst are told apart by what they come to on average."""
    return int(joined.program.integer.sum()) < SMALL


def _then_on_average(joined: Joined, program: Program, weights: Sequence[float]) -> Program:
    """The programme with a second stage, where it is small: of all that are as good, the one that is best on average.

    A measure that looks at the worst alone leaves the other futures whatever the search happened to find.
    """
    if not small(joined):
        return program
    [average] = expected(joined, weights).stages
    cost = np.append(average.cost, np.zeros(len(program.col_lower) - len(average.cost)))
    return replace(program, stages=(*program.stages, replace(average, cost=cost)))


def conditional(joined: Joined, weights: Sequence[float], alpha: float) -> Program:
    r"""The first aim on average over the worst share of 1 - alpha of the futures, least (CVaR).

    $$\min\ \eta + \frac{1}{1-\alpha} \sum_s \text{weight}_s\, \text{excess}_s,\qquad
    \text{excess}_s \ge \text{aim}_s - \eta,\ \text{excess}_s \ge 0$$

    Unit: that of the aim. After Rockafellar and Uryasev (Journal of Risk 2000, 21-41). The last columns are
    $\eta$ and the excesses. Among equals the least on average.
    """
    count = len(weights)
    ends = [joined.ends(s) for s in range(count)]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    cost = np.concatenate([[1.0], np.asarray(weights) / (1 - alpha)])
    rows = np.zeros((count, 1 + count))
    rows[:, 0] = -1.0
    rows[:, 1:] = -np.eye(count)
    program = _with_columns(joined, rows, [0.0] * count, [least, *[0.0] * count],
                            [most, *(max(0.0, high - least) for _, high in ends)], Stage("cvar", cost))
    return _then_on_average(joined, program, weights)


def regret(joined: Joined, best: Sequence[float], bounds: Sequence[float], level: float, weights: Sequence[float]
           ) -> Program:
    r"""The most by which the first aim is worse than the best that the future allows by itself, least.

    $$\min\ \text{regret},\qquad \text{regret} \ge \text{aim}_s - \text{best}_s$$

    Unit: that of the aim. Among equals the least on average.

    Parameters
    ----------
    best, bounds : sequence of float
        Best known value and bound of every future by itself.
    level : float
        What is added to the objective: a gap is a share of it, where one of the regret alone would ask for more of a
        small regret than anybody can know of `best`.
    """
    ends = [joined.ends(s) for s in range(len(best))]
    least = -max(value - bound for value, bound in zip(best, bounds, strict=True))
    most = max(high - value for (_, high), value in zip(ends, best, strict=True))
    rows = -np.ones((len(best), 1))
    program = _with_columns(joined, rows, best, [least], [max(most, least)], Stage("regret", np.ones(1), level))
    return _then_on_average(joined, program, weights)


def _with_columns(joined: Joined, entries: np.ndarray, most: Sequence[float], lower: Sequence[float],
                  upper: Sequence[float], stage: Stage) -> Program:
    """The programme with more columns, and a row for every future: `aim_s + entries_s @ new <= most_s`."""
    program, extra = joined.program, len(lower)
    aims = [joined.aim(s) for s in range(len(most))]
    wide = sparse.hstack([program.matrix, sparse.csc_array((len(program.row_lower), extra))])
    more = sparse.hstack([sparse.csc_array(np.array([aim.cost for aim in aims])), sparse.csc_array(entries)])
    sides = np.array([value - aim.constant for value, aim in zip(most, aims, strict=True)])
    return replace(
        program, matrix=sparse.csc_array(sparse.vstack([wide, more])),
        row_lower=np.append(program.row_lower, np.full(len(most), -np.inf)),
        row_upper=np.append(program.row_upper, sides),
        row_names=(*program.row_names, *(f"{stage.name}[{s}]" for s in range(1, len(most) + 1))),
        col_lower=np.append(program.col_lower, lower), col_upper=np.append(program.col_upper, upper),
        integer=np.append(program.integer, np.zeros(extra, dtype=bool)),
        col_names=(*program.col_names, *(f"{stage.name}[{n}]" for n in range(extra))),
        stages=(replace(stage, cost=np.append(np.zeros(len(program.col_lower)), stage.cost)),))


# What follows -------------------------------------------------------------------------------------------------------


def decided(columns: Sequence[Key], x: np.ndarray) -> dict[Key, float]:
    """What a point decides in the first stage; its columns that are not 0."""
    return {key: float(round(value)) for key, value in zip(columns, x, strict=False)
            if key[0] in FIRST and round(value) != 0}


def held(handed: Handed, first: Mapping[Key, float]) -> Program:
    """The programme of one future with the first stage decided: a linear one, its first aim and then the tie-break.

    A decision that the future has no column for, or whose bounds forbid it, leaves it without a point.
    """
    program, aim = handed.program, handed.program.stages[0]
    fixed = np.array([key[0] in FIRST for key in handed.columns])
    values = np.array([first.get(key, 0.0) for key in handed.columns])
    unknown = bool(first.keys() - set(handed.columns))
    outside = fixed & ((values < program.col_lower - 1e-9) | (values > program.col_upper + 1e-9))
    part = replace(program, integer=np.zeros_like(program.integer), series=(), choice=np.zeros(0, dtype=int),
                   col_lower=np.where(fixed, values, program.col_lower), blocks=np.zeros(0, dtype=int),
                   col_upper=np.where(fixed, values, program.col_upper),
                   stages=(Stage(aim.name, aim.cost, aim.constant), program.stages[-1]))  # nothing of it is given back
    if not unknown and not outside.any():
        return part
    return replace(part, matrix=sparse.csc_array(sparse.vstack([part.matrix, sparse.csc_array((1, len(values)))])),
                   row_lower=np.append(part.row_lower, 1.0), row_upper=np.append(part.row_upper, np.inf),
                   row_names=(*part.row_names, "decided"))


def fewest_lots(program: Program, columns: Sequence[Key], first: Mapping[Key, float], needed: Mapping[Key, int]
                ) -> Program:
    """The rules on lists and quotas alone, with the lists held: the fewest lots, none below what some people need.

    Parameters
    ----------
    program : Program
        Its columns begin with `columns`; rows over others too are left out.
    needed : dict column -> lots
    """
    mine = np.array([i for i, key in enumerate(columns) if key[0] in FIRST])
    others = np.ones(len(program.col_lower))
    others[mine] = 0.0
    matrix: Any = program.matrix.tocsr()
    rows = np.flatnonzero(abs(matrix) @ others == 0)
    lots = np.array([columns[i][0] == "lots" for i in mine])
    now = np.array([first.get(columns[i], 0.0) for i in mine])
    least = np.array([float(needed.get(columns[i], 0)) for i in mine])
    return Program(
        matrix=sparse.csc_array(matrix[rows][:, mine]), row_lower=program.row_lower[rows],
        row_upper=program.row_upper[rows], col_lower=np.where(lots, np.minimum(least, now), now), col_upper=now,
        integer=lots, row_names=tuple(program.row_names[row] for row in rows),
        col_names=tuple(program.col_names[i] for i in mine), stages=(Stage("fewest", lots.astype(float)),))
