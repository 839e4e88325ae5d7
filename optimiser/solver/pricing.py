r"""The bound by prices: rows that tie blocks together are priced, and every block is solved for itself, whole.

For any prices $\pi$ of the tying rows the Lagrange function

$$L(\pi) = \pi^\top b + \sum_k \min \{ (c_k - A_k^\top \pi)^\top x_k : x_k \in X_k,\ \text{whole} \}
+ \sum_j \min (c_j - a_j^\top \pi)\, x_j$$

is a bound; $b$ is the side that a row's price pays for, $j$ are the columns of no block, within their bounds. Its best
value over all $\pi$ is that of the programme in which each block may only be a mixture of its own whole points, which
is at least as tight as the relaxation (Geoffrion 1974). It is sought by column generation (Dantzig and Wolfe 1960): the
blocks' points go into a master programme, whose prices go back to the blocks. Two things keep the prices from jumping:
the master is solved by the interior-point method without crossover, so that its prices lie in the middle of all that
are best, and the next prices are halfway between these and the best so far (Wentges 1997; Pessoa et al. 2018).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.errors import SolverError
from optimiser.solver.gate import scaling
from optimiser.solver.highs import Run, run
from optimiser.solver.program import ARITHMETIC, Program, Stage, paid, sided, without_noise

SMOOTH = 0.5  # how far the next prices stay with the best so far
WHOLE = 1e-7  # distance from a whole number at which a column counts as whole
TINY = 1e-7  # what a point takes of a tying row below this is nothing
OFF = 1e-9  # what a reduced cost of a block may be wrong by, as scaled: the solver's tolerance
BETTER = 1e-9  # relative gain of a bound that counts
SAME_POINT = 6  # decimals to which two points of a block are the same
BLOCK_SECONDS = 10.0  # most that one block may take; it is then bounded by what was proved
MASTER_SECONDS = 30.0


@dataclass
class Block:
    """One block: its columns, its own rows as a programme, its entries in the tying rows, and names of known points."""

    columns: np.ndarray
    program: Program
    tying: Any
    seen: set[bytes] = field(default_factory=set)


@dataclass
class Points:
    """Points of blocks that the master may mix: their blocks, costs, and what they take of which tying rows."""

    blocks: list[int] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
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
        What the master mixes, a point of a tighter relaxation.
    clock_cut : bool
        Whether a clock ended some part, so that another machine might come further.
    """

    def __init__(self, program: Program, stage: Stage, prices: np.ndarray, x: np.ndarray, settings: dict[str, Any]):
        self.program, self.stage, self.of_column = program, stage, program.block_of()
        self.settings: dict[str, Any] = settings
        self.for_blocks: dict[str, Any] = settings | {"presolve": "off"}  # with it HiGHS 1.16 is at times wrong
        tying, self.apart = program.apart()
        by_row: Any = program.matrix.tocsr()
        self.tying: Any = by_row[tying].tocsc()
        self.lower, self.upper = program.row_lower[tying], program.row_upper[tying]
        self.free = np.flatnonzero(self.of_column < 0)
        self.of_row = self._block_of_rows()
        self.blocks = self._split()
        self.known = Points()
        self.prices = sided(prices[tying], self.lower, self.upper)
        self.best_prices, self.bound, self.reach, self.mean = self.prices, -np.inf, np.inf, x
        self.clock_cut = False
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

    def add(self, x: np.ndarray) -> None:
        """Let the master mix the blocks of a point of the programme, too."""
        for k, block in enumerate(self.blocks):
            self._learn(k, x[block.columns])

    def _learn(self, k: int, point: np.ndarray) -> None:
        block = self.blocks[k]
        name = hashlib.blake2b((np.round(point, SAME_POINT) + 0.0).tobytes(), digest_size=16).digest()
        if name not in block.seen:
            block.seen.add(name)
            takes = block.tying @ point
            rows = np.flatnonzero(abs(takes) > TINY)
            self.known.blocks.append(k)
            self.known.costs.append(float(self.stage.cost[block.columns] @ point))
            self.known.rows.append(rows)
            self.known.takes.append(takes[rows])
            self.known.points.append(point)

    def turn(self, ends: float) -> bool:
        """Price the blocks, learn their points, and have the master say what to price next.

        Parameters
        ----------
        ends : float
            When to give up, in `time.monotonic()`. What a turn that is cut has proved and learned is kept.

        Returns
        -------
        bool
            Whether another turn may gain something.
        """
        count = len(self.known.blocks)
        try:
            value, priced = self._lagrange(ends)
            gained = value > self.bound + BETTER * max(1.0, abs(value))
            if value > self.bound:
                self.bound, self.best_prices = value, self.prices
            prices = self._master(ends) if priced else None
        except SolverError:  # a bound that is there already is worth more than an error
            return False
        if prices is None:
            return False
        self.prices = sided(SMOOTH * self.best_prices + (1 - SMOOTH) * prices, self.lower, self.upper)
        return gained or len(self.known.blocks) > count

    def _heed_clock(self, ended: Run) -> Run:
        """Remember when a clock, not the work done, ended a run."""
        self.clock_cut |= ended.end == "time_limit"
        return ended

    def _lagrange(self, ends: float) -> tuple[float, bool]:
        """The Lagrange function at the prices, and whether every block was priced; their points are learned on the way.

        All blocks together are relaxed first, in one run; only those whose best point is not whole are solved whole.
        A block that is not solved in time keeps the bound of its relaxation.
        """
        exact = self.stage.cost - self.tying.T @ self.prices
        cost = without_noise(exact)
        relaxed = self._heed_clock(run(self.apart, replace(self.stage, cost=cost, constant=0.0),
                                       ends - time.monotonic(), **self.settings, solver="simplex"))
        if relaxed.x is None or relaxed.duals is None:
            return -np.inf, False
        (bounds, noise), priced = self._block_bounds(cost, relaxed.duals), True
        for k, block in enumerate(self.blocks):
            point, whole = relaxed.x[block.columns], block.program.integer
            if abs(point[whole] - np.round(point[whole])).max(initial=0.0) > WHOLE:
                solved = self._solved_whole(block, cost[block.columns], ends)
                if solved is None or solved.x is None:
                    priced = False
                    continue
                bounds[k], point = max(bounds[k], solved.bound), solved.x
            self._learn(k, point)
        terms = np.concatenate([paid(self.prices, self.lower, self.upper), bounds, self._least(cost)[self.free],
                                self._least(exact - cost)])  # what was left out of the costs is paid for all the same
        return float(terms.sum() - ARITHMETIC * abs(terms).sum() - noise) + self.stage.constant, priced

    def _solved_whole(self, block: Block, cost: np.ndarray, ends: float) -> Run | None:
        """A block with its whole columns whole, its bound less what the solver's tolerance may hide; None: no time."""
        left = ends - time.monotonic()
        if left <= 0:
            self.clock_cut = True
            return None
        solved = self._heed_clock(run(block.program, Stage("block", cost), min(left, BLOCK_SECONDS),
                                      **self.for_blocks))
        spread = block.program.col_upper - block.program.col_lower
        off = OFF / min(1.0, scaling(block.program, cost).cost)
        return replace(solved, bound=solved.bound - off * float(spread.sum()))

    def _least(self, cost: np.ndarray) -> np.ndarray:
        """What every column costs at least within its bounds."""
        return np.minimum(cost * self.program.col_lower, cost * self.program.col_upper)

    def _block_bounds(self, cost: np.ndarray, duals: np.ndarray) -> tuple[np.ndarray, float]:
        """A bound of every block from the duals of its own rows, by weak duality, and what adding them up may cost."""
        duals = sided(duals, self.apart.row_lower, self.apart.row_upper)
        of_rows = paid(duals, self.apart.row_lower, self.apart.row_upper)
        least = self._least(cost - self.apart.matrix.T @ duals)
        bounds = np.zeros(len(self.blocks))
        mine, columns = self.of_row >= 0, self.of_column >= 0
        np.add.at(bounds, self.of_row[mine], of_rows[mine])
        np.add.at(bounds, self.of_column[columns], least[columns])
        return bounds, ARITHMETIC * float(abs(of_rows).sum() + abs(least).sum())

    def _master_program(self, whole: bool) -> tuple[Program, Stage]:
        """The master: mixtures, or with `whole` choices, of each block's known points that keep the tying rows."""
        known, count, free = self.known, len(self.known.blocks), self.free
        one_each = sparse.csc_array((np.ones(count), (known.blocks, np.arange(count))),
                                    shape=(len(self.blocks), count + len(free)))
        ends = np.cumsum([0, *map(len, known.rows)])
        mixed = sparse.csc_array((np.concatenate([*known.takes, []]), np.concatenate([*known.rows, []]).astype(int),
                                  ends), shape=(len(self.lower), count))
        matrix: Any = sparse.vstack([sparse.hstack([mixed, self.tying[:, free]]), one_each]).tocsc()
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
        program, stage = self._master_program(False)
        ends = min(ends, time.monotonic() + MASTER_SECONDS)
        solved = run(program, stage, ends - time.monotonic(), **self.settings, solver="ipm", run_crossover="off")
        if solved.duals is None and solved.end != "time_limit":  # without crossover it at times stops short of its end
            solved = run(program, stage, ends - time.monotonic(), **self.settings)
        self._heed_clock(solved)
        if solved.x is None or solved.duals is None:
            return None
        self.reach, self.mean = solved.value, self._mixed(solved.x)
        return solved.duals[:len(self.lower)]

    def chosen(self, ends: float, gap: float) -> np.ndarray | None:
        """The best point that takes one known point of each block; None when none is found in time."""
        program, stage = self._master_program(True)
        try:
            found = self._heed_clock(run(program, stage, ends - time.monotonic(), **self.settings, gap=gap))
        except SolverError:
            return None
        return None if found.x is None else self._mixed(found.x)

    def _mixed(self, weights: np.ndarray) -> np.ndarray:
        mixed = np.zeros(len(self.program.col_lower))
        for weight, k, point in zip(weights, self.known.blocks, self.known.points, strict=False):
            if weight > 0:
                mixed[self.blocks[k].columns] += weight * point
        mixed[self.free] = weights[len(self.known.blocks):]
        return mixed
