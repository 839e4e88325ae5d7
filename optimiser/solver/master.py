"""The master of column generation: known points of blocks, and the best mixture of them that keeps the tying rows.

Blocks are priced for themselves (`pricing.py`); what they answer comes here. The master's prices say what tying rows
are worth where only mixtures of known points count; its value is what such a mixture costs.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.solver.highs import Run, run
from optimiser.solver.program import Program, Stage

TINY = 1e-7  # what a point takes of a tying row below this is nothing
SAME_POINT = 6  # decimals to which two points take the same
SECONDS = 30.0  # most for one mixture
KEPT = 2  # points of each block that are kept, on average, beside those mixed or new
MIXED = 1e-6  # share from which on a point counts as mixed
YOUNG = 1  # mixtures for which a new point is kept whether or not it is taken
WHOLE = 1e-7  # distance from a whole number at which a column counts as whole
LOOSE = 1e-7  # to which mixtures keep their rows: their prices only say where to look


@dataclass(frozen=True)
class Mixture:
    """What a run of the master came to: its value, the prices of the tying rows (m,), the mixed point (n,)."""

    value: float
    prices: np.ndarray
    mean: np.ndarray


class Master:
    """Points of blocks, and mixtures of them.

    Parameters
    ----------
    tying : csc_array (m, n)
        The rows that tie blocks together.
    lower, upper : array (m,)
        Their sides.
    program, stage
        Bounds and costs of the columns, and which of them are whole.
    of_column : array (n,) of int
        The block of every column, -1 for none.

    Attributes
    ----------
    keep_whole : bool
        Whether points that are whole are kept however dear they are. They are few, and plans are made of them.
    clock_cut : bool
        Whether a clock ended a run.
    """

    def __init__(self, tying: Any, lower: np.ndarray, upper: np.ndarray, program: Program, stage: Stage,
                 of_column: np.ndarray):
        self.tying, self.lower, self.upper = tying, lower, upper
        self.program, self.stage, self.of_column = program, stage, of_column
        self.count = int(of_column.max(initial=-1)) + 1
        self.free, self.inside = np.flatnonzero(of_column < 0), np.flatnonzero(of_column >= 0)
        self.whole = np.flatnonzero(program.integer & (of_column >= 0))
        entries = tying.tocoo()
        mine = of_column[entries.col] >= 0
        self.columns, self.entries = entries.col[mine], entries.data[mine]
        places, self.place = np.unique(of_column[self.columns] * tying.shape[0] + entries.row[mine],
                                       return_inverse=True)
        self.of_place = np.divmod(places, tying.shape[0])  # blocks and rows
        self.vectors: list[np.ndarray] = []  # (n,): each known point is the part of one of them that its block has
        self.names: list[tuple[int, bytes]] = []
        self.takes: Any = sparse.csc_array((tying.shape[0], 0))
        self.costs = np.zeros(0)
        self.blocks, self.vector, self.age = np.zeros(0, int), np.zeros(0, int), np.zeros(0, int)
        self.broken = np.zeros(0, bool)  # points with whole columns that aren't whole
        self.keep_whole = False
        self.clock_cut = False

    def broken_blocks(self, x: np.ndarray) -> np.ndarray:
        """Which blocks (count,) have whole columns that aren't whole in a vector (n,)."""
        broken = np.zeros(self.count, dtype=bool)
        broken[self.of_column[self.whole[abs(x[self.whole] - np.round(x[self.whole])) > WHOLE]]] = True
        return broken

    def learn(self, x: np.ndarray, left_out: frozenset[int] = frozenset()) -> int:
        """Know the points that a vector (n,) has of all blocks but those left out; how many of them are new."""
        taken = np.bincount(self.place, self.entries * x[self.columns], len(self.of_place[0]))
        taken[abs(taken) <= TINY] = 0.0
        takes: Any = sparse.csc_array((taken, self.of_place[::-1]), shape=(len(self.lower), self.count))
        takes.eliminate_zeros()
        costs = np.bincount(self.of_column[self.inside], (self.stage.cost * x)[self.inside], self.count)
        known, broken = set(self.names), self.broken_blocks(x)
        rounded = np.round(takes.data, SAME_POINT) + 0.0
        new, names = [], []
        for k in range(self.count):
            part = slice(takes.indptr[k], takes.indptr[k + 1])
            name = (k, hashlib.blake2b(takes.indices[part].tobytes() + rounded[part].tobytes()
                                       + f"{costs[k]:.{SAME_POINT}f}{broken[k]}".encode(), digest_size=16).digest())
            if k not in left_out and name not in known:
                new.append(k)
                names.append(name)
        if new:
            self.broken = np.append(self.broken, broken[new])
            self.takes = sparse.csc_array(sparse.hstack([self.takes, takes[:, new]]))
            self.costs, self.blocks = np.append(self.costs, costs[new]), np.append(self.blocks, new)
            self.vector = np.append(self.vector, np.full(len(new), len(self.vectors)))
            self.age = np.append(self.age, np.zeros(len(new), int))
            self.names += names
            self.vectors.append(x)
        return len(new)

    def lift(self, prices: np.ndarray, least: np.ndarray) -> None:
        """Let no broken point of a block cost less at these prices than `least` (count,)."""
        lacking = least[self.blocks] - (self.costs - self.takes.T @ prices)
        self.costs = self.costs + np.where(self.broken, np.maximum(0.0, lacking), 0.0)

    def least(self, prices: np.ndarray) -> np.ndarray:
        """What the cheapest known whole point of every block (count,) costs at these prices; infinite without one."""
        found, whole = np.full(self.count, np.inf), ~self.broken
        np.minimum.at(found, self.blocks[whole], (self.costs - self.takes.T @ prices)[whole])
        return found

    def forget_broken(self) -> None:
        """Know only points that are whole where they have to be."""
        self._keep(~self.broken)

    def _keep(self, kept: np.ndarray) -> None:
        where = np.flatnonzero(kept)
        self.takes = sparse.csc_array(self.takes[:, where])
        self.costs, self.blocks, self.age = self.costs[where], self.blocks[where], self.age[where]
        self.broken = self.broken[where]
        self.names = [self.names[i] for i in where]
        used, self.vector = np.unique(self.vector[where], return_inverse=True)
        self.vectors = [self.vectors[i] for i in used]

    def _program(self, most: float, whole: bool = False) -> tuple[Program, Stage]:
        """Mixtures, or with `whole` choices, of each block's known points that keep the tying rows; `most` is what
        broken points may have of them.
        """
        count, free = len(self.costs), self.free
        one_each = sparse.csc_array((np.ones(count), (self.blocks, np.arange(count))),
                                    shape=(self.count, count + len(free)))
        matrix: Any = sparse.vstack([sparse.hstack([self.takes, self.tying[:, free]]), one_each]).tocsc()
        ones, names = np.ones(self.count), ("",)
        program = Program(
            matrix=matrix, row_lower=np.append(self.lower, ones), row_upper=np.append(self.upper, ones),
            col_lower=np.append(np.zeros(count), self.program.col_lower[free]),
            col_upper=np.append(np.where(self.broken, most, 1.0), self.program.col_upper[free]),
            integer=np.append(np.full(count, whole), self.program.integer[free] & whole),
            row_names=names * (len(self.lower) + len(ones)), col_names=names * (count + len(free)), stages=())
        return program, Stage("master", np.append(self.costs, self.stage.cost[free]), self.stage.constant)

    def mix(self, ends: float, settings: dict[str, Any], whole: bool = False, forget: bool = False) -> Mixture | None:
        """The best mixture, or the best of whole points; None when there is none in time. With `forget` those points
        are forgotten that it would not pay for by far.

        Solved by the interior-point method without crossover, so that the prices lie in the middle of all best ones.
        """
        program, stage = self._program(0.0 if whole else 1.0)
        ends = min(ends, time.monotonic() + SECONDS)
        loose: dict[str, Any] = {"primal_feasibility_tolerance": LOOSE, "dual_feasibility_tolerance": LOOSE}
        solved = run(program, stage, ends - time.monotonic(), **settings | loose, solver="ipm", run_crossover="off")
        if solved.duals is None and solved.end != "time_limit":  # without crossover it at times stops short of its end
            solved = run(program, stage, ends - time.monotonic(), **settings)
        self._heed_clock(solved)
        if solved.x is None or solved.duals is None:
            return None
        mixture = Mixture(solved.value, solved.duals[:len(self.lower)], self._mixed(solved.x))
        if forget:
            self._forget_dear(solved.x, stage.cost - program.matrix.T @ solved.duals)
        return mixture

    def _forget_dear(self, weights: np.ndarray, dear: np.ndarray) -> None:
        """Forget the points that cost most more than a mixture would pay for, but for young ones."""
        count = len(self.costs)
        rank = np.empty(count, int)
        rank[np.argsort(dear[:count], kind="stable")] = np.arange(count)
        self.age += 1
        self.age[weights[:count] > MIXED] = 0
        self._keep((self.age <= YOUNG) | (rank < KEPT * self.count) | (self.keep_whole & ~self.broken))

    def choose(self, ends: float, gap: float, settings: dict[str, Any]) -> np.ndarray | None:
        """The best point (n,) that takes one whole point of each block; None when none is found in time."""
        program, stage = self._program(0.0, whole=True)
        found = self._heed_clock(run(program, stage, ends - time.monotonic(), **settings, gap=gap))
        return None if found.x is None else self._mixed(found.x)

    def _heed_clock(self, ended: Run) -> Run:
        self.clock_cut |= ended.end == "time_limit"
        return ended

    def _mixed(self, weights: np.ndarray) -> np.ndarray:
        mixed = np.zeros(len(self.of_column))
        for number, x in enumerate(self.vectors):
            mine = self.vector == number
            share = np.bincount(self.blocks[mine], weights[:len(self.costs)][mine], self.count)
            mixed[self.inside] += share[self.of_column[self.inside]] * x[self.inside]
        mixed[self.free] = weights[len(self.costs):]
        return mixed
