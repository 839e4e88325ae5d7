r"""The bound by prices: rows that tie blocks together are priced, and every block is solved for itself, whole.

For any prices $\pi$ of the tying rows the Lagrange function

$$L(\pi) = \pi^\top b + \sum_k \min \{ (c_k - A_k^\top \pi)^\top x_k : x_k \in X_k,\ \text{whole} \}$$

is a bound. Its best value over all $\pi$ is that of the programme in which each block may only be a mixture of its own
whole points, which is tighter than the relaxation (Geoffrion 1974). It is sought by column generation (Dantzig and
Wolfe 1960): the blocks' points go into a master programme, whose prices go back to the blocks. Two things keep the
prices from jumping: the master is solved by the interior-point method without crossover, so that its prices lie in
the middle of all that are best, and the next prices are halfway between these and the best so far (Wentges 1997; Pessoa
et al. 2018).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.solver.highs import run
from optimiser.solver.program import ARITHMETIC, Program, Stage

SMOOTH = 0.5  # how far the next prices stay with the best so far
WHOLE = 1e-7  # distance from a whole number at which a column counts as whole
NOTHING = 1e-10  # of the largest cost: what differences of equal numbers leave, which scaling would take for real
TINY = 1e-7  # an entry of the master below this is nothing
BLOCK_SECONDS = 10.0  # most that one block may take; it is then bounded by what was proved
MASTER_SECONDS = 30.0
OFF = 1e-9  # what a reduced cost of a block may be wrong by: the solver's tolerance
SAME = 6  # decimals to which two points of a block are the same


@dataclass
class Block:
    """One block: its columns, its own rows as a programme, and its entries in the tying rows."""

    columns: np.ndarray
    program: Program
    tying: Any
    seen: set[bytes] = field(default_factory=set)


@dataclass
class Mixture:
    """Points of the blocks that the master may mix: their blocks, costs, and what they take of the tying rows."""

    blocks: list[int] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    takes: list[np.ndarray] = field(default_factory=list)
    points: list[np.ndarray] = field(default_factory=list)


class Pricing:
    """The bound of one stage by prices, better from turn to turn.

    Parameters
    ----------
    program, stage
        What is minimised; `program.blocks` says which columns belong together.
    prices : array (m,)
        Of the rows, from a relaxation; those of tying rows are where the search begins.
    x : array (n,)
        A point of the programme, so that the master always has one.
    settings : dict
        Options of every run.

    Attributes
    ----------
    bound : float
        The best so far; no point of the programme is below it.
    reach : float
        What the bound can come to at most with the points known: the master's value; infinite before the first turn.
    mean : array (n,)
        The master's mixture, a point of a tighter relaxation.
    """

    def __init__(self, program: Program, stage: Stage, prices: np.ndarray, x: np.ndarray, settings: dict[str, Any]):
        self.program, self.stage, self.of_column = program, stage, program.block_of()
        self.settings: dict[str, Any] = settings
        self.for_blocks: dict[str, Any] = settings | {"presolve": "off"}  # with it HiGHS 1.16 is at times wrong
        tying = program.coupling()
        by_row: Any = program.matrix.tocsr()
        self.tying: Any = by_row[tying].tocsc()
        self.lower, self.upper = program.row_lower[tying], program.row_upper[tying]
        self.own = ~tying
        self.apart = replace(program, matrix=by_row[self.own].tocsc(), row_lower=program.row_lower[self.own],
                             row_upper=program.row_upper[self.own], integer=np.zeros_like(program.integer),
                             row_names=tuple(np.array(program.row_names, dtype=object)[self.own]))
        self.free = np.flatnonzero(self.of_column < 0)
        self.of_row = self._block_of_rows()
        self.blocks = self._split()
        self.known = Mixture()
        self.prices = self._sided(prices[tying])
        self.best, self.bound, self.reach, self.mean = self.prices, -np.inf, np.inf, x
        self.add(x)

    def _block_of_rows(self) -> np.ndarray:
        entries: Any = self.apart.matrix.tocoo()
        found = np.full(len(self.apart.row_lower), -1)
        found[entries.row] = self.of_column[entries.col]
        return found

    def _split(self) -> list[Block]:
        by_row: Any = self.apart.matrix.tocsr()
        blocks = []
        for k in range(int(self.of_column.max(initial=-1)) + 1):
            columns, rows = np.flatnonzero(self.of_column == k), np.flatnonzero(self.of_row == k)
            part = Program(
                matrix=by_row[rows][:, columns].tocsc(), row_lower=self.apart.row_lower[rows],
                row_upper=self.apart.row_upper[rows], col_lower=self.program.col_lower[columns],
                col_upper=self.program.col_upper[columns], integer=self.program.integer[columns],
                row_names=tuple(self.apart.row_names[i] for i in rows),
                col_names=tuple(self.program.col_names[i] for i in columns), stages=())
            blocks.append(Block(columns, part, self.tying[:, columns]))
        return blocks

    def _sided(self, prices: np.ndarray) -> np.ndarray:
        """The prices without those of sides that a row does not have."""
        return np.where(np.isfinite(np.where(prices > 0, self.lower, self.upper)), prices, 0.0)

    def add(self, x: np.ndarray) -> None:
        """Let the master mix the blocks of a point of the programme, too."""
        for k, block in enumerate(self.blocks):
            self._learn(k, x[block.columns])

    def _learn(self, k: int, point: np.ndarray) -> None:
        block, name = self.blocks[k], np.round(point, SAME).tobytes()
        if name not in block.seen:
            block.seen.add(name)
            self.known.blocks.append(k)
            self.known.costs.append(float(self.stage.cost[block.columns] @ point))
            self.known.takes.append(block.tying @ point)
            self.known.points.append(point)

    def turn(self, ends: float) -> bool:
        """Price the blocks, learn their points, and have the master say what to price next.

        Parameters
        ----------
        ends : float
            When to give up, in `time.monotonic()`; a turn that is cut teaches nothing.

        Returns
        -------
        bool
            Whether the turn came to its end.
        """
        value = self._lagrange(ends)
        if value is None:
            return False
        if value > self.bound:
            self.bound, self.best = value, self.prices
        prices = self._master(ends)
        if prices is None:
            return False
        self.prices = self._sided(SMOOTH * self.best + (1 - SMOOTH) * prices)
        return True

    def _lagrange(self, ends: float) -> float | None:
        """The Lagrange function at the prices; the blocks' points are learned on the way. None when time is up.

        All blocks together are relaxed first, in one run; only those whose best point is not whole are solved whole.
        """
        cost = self.stage.cost - self.tying.T @ self.prices
        cost = np.where(abs(cost) > NOTHING * abs(cost).max(initial=0.0), cost, 0.0)
        relaxed = run(self.apart, replace(self.stage, cost=cost, constant=0.0), ends - time.monotonic(),
                      **self.settings, solver="simplex")
        if relaxed.x is None or relaxed.duals is None:
            return None
        bounds, noise = self._block_bounds(cost, relaxed.duals)
        for k, block in enumerate(self.blocks):
            point, whole = relaxed.x[block.columns], block.program.integer
            if abs(point[whole] - np.round(point[whole])).max(initial=0.0) > WHOLE:
                left = ends - time.monotonic()
                if left <= 0:
                    return None
                solved = run(block.program, Stage("block", cost[block.columns]), min(left, BLOCK_SECONDS),
                             **self.for_blocks)
                spread = block.program.col_upper - block.program.col_lower
                bounds[k] = max(bounds[k], solved.bound - OFF * float(spread.sum()))
                if solved.x is None:
                    return None
                point = solved.x
            self._learn(k, point)
        sides = np.where(self.prices > 0, self.lower, np.where(self.prices < 0, self.upper, 0.0))
        terms = np.concatenate([self.prices * sides, bounds, self._least(cost)[self.free]])
        return float(terms.sum() - ARITHMETIC * abs(terms).sum() - noise) + self.stage.constant

    def _least(self, cost: np.ndarray) -> np.ndarray:
        """What every column costs at least within its bounds."""
        return np.minimum(cost * self.program.col_lower, cost * self.program.col_upper)

    def _block_bounds(self, cost: np.ndarray, duals: np.ndarray) -> tuple[np.ndarray, float]:
        """A bound of every block from the duals of its own rows, by weak duality, and what adding them up may cost."""
        low, high = self.apart.row_lower, self.apart.row_upper
        duals = np.where(np.isfinite(np.where(duals > 0, low, high)), duals, 0.0)
        paid = duals * np.where(duals > 0, low, np.where(duals < 0, high, 0.0))
        least = self._least(cost - self.apart.matrix.T @ duals)
        bounds = np.zeros(len(self.blocks))
        mine, columns = self.of_row >= 0, self.of_column >= 0
        np.add.at(bounds, self.of_row[mine], paid[mine])
        np.add.at(bounds, self.of_column[columns], least[columns])
        return bounds, ARITHMETIC * float(abs(paid).sum() + abs(least).sum())

    def _programme(self, whole: bool) -> tuple[Program, Stage]:
        """The master: mixtures of each block's known points that keep the tying rows."""
        known, count, free = self.known, len(self.known.blocks), self.free
        one_each = sparse.csc_array((np.ones(count), (known.blocks, np.arange(count))),
                                    shape=(len(self.blocks), count + len(free)))
        taken = np.array(known.takes).reshape(count, len(self.lower))
        takes = sparse.hstack([sparse.csc_array(taken.T), self.tying[:, free]])
        matrix: Any = sparse.vstack([takes, one_each]).tocsc()
        matrix.data[abs(matrix.data) < TINY] = 0.0
        matrix.eliminate_zeros()
        ones, names = np.ones(len(self.blocks)), ("",)
        program = Program(
            matrix=matrix, row_lower=np.append(self.lower, ones), row_upper=np.append(self.upper, ones),
            col_lower=np.append(np.zeros(count), self.program.col_lower[free]),
            col_upper=np.append(np.ones(count), self.program.col_upper[free]),
            integer=np.append(np.full(count, whole), self.program.integer[free] & whole),
            row_names=names * (len(self.lower) + len(ones)), col_names=names * (count + len(free)), stages=())
        return program, Stage("master", np.append(known.costs, self.stage.cost[free]), self.stage.constant)

    def _master(self, ends: float) -> np.ndarray | None:
        """Prices of the tying rows from the master; None when it has none in time."""
        program, stage = self._programme(False)
        seconds = min(MASTER_SECONDS, ends - time.monotonic())
        solved = run(program, stage, seconds, **self.settings, solver="ipm", run_crossover="off")
        if solved.duals is None:  # without crossover the method at times stops short of its end
            solved = run(program, stage, seconds, **self.settings)
        if solved.x is None or solved.duals is None:
            return None
        self.reach, self.mean = solved.value, self._mixed(solved.x)
        return solved.duals[:len(self.lower)]

    def whole(self, ends: float, gap: float) -> np.ndarray | None:
        """The best point that takes one known point of each block; None when none is found in time."""
        program, stage = self._programme(True)
        found = run(program, stage, ends - time.monotonic(), **self.settings, gap=gap)
        return None if found.x is None else self._mixed(found.x)

    def _mixed(self, weights: np.ndarray) -> np.ndarray:
        mixed = np.zeros(len(self.program.col_lower))
        for weight, k, point in zip(weights, self.known.blocks, self.known.points, strict=False):
            if weight > 0:
                mixed[self.blocks[k].columns] += weight * point
        mixed[self.free] = weights[len(self.known.blocks):]
        return mixed
