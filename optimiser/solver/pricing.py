r"""The bound by prices: rows that tie blocks together are priced, and every block is solved for itself.

For any prices $\pi$ of the tying rows the Lagrange function

$$L(\pi) = c_0 + \pi^\top b(\pi) + \sum_k \min \{ (c_k - A_k^\top \pi)^\top x_k : x_k \in X_k \}
+ \sum_j \min (c_j - a_j^\top \pi)\, x_j$$

is a bound; $b(\pi)$ has a row's lower side where its price is positive and its upper side where it is negative (a price
of a side that a row does not have counts as none), $j$ are the columns of no block, within their bounds, and $c_0$ is
the aim's constant. Its best value over all $\pi$ is that of the programme in which each block may only be a mixture of
its points $X_k$: that of the relaxation where they may be broken, and at least as tight where they are whole (Geoffrion
1974). It is sought by column generation (Dantzig and Wolfe 1960): the blocks' points go into a master programme, whose
prices go back to the blocks. Two things keep the prices from jumping: the master is solved by the interior-point method
without crossover, so that its prices lie in the middle of all that are best (Rousseau, Gendreau and Feillet 2007), and
the next prices are halfway between these and the best so far (Wentges 1997; Pessoa et al. 2018).

Turns with broken points come first. They take a seventh to a third of the time, since all blocks together are one
linear programme that goes on from where it stood at the last prices. Whole turns begin where these have little more to
say. The master then knows few whole points of the blocks that matter, and would price far off; so it keeps the broken
ones, which tell how a block answers to prices nearby, but lets them cost more than the block's whole point was proved
to cost. Its prices are as good as any to look at next; what whole points alone can reach is asked for by itself
(`look`).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from optimiser.errors import SolverError
from optimiser.solver.gate import scaling
from optimiser.solver.highs import NO_SUB_MIPS, Held, Run, run
from optimiser.solver.master import TINY, Master
from optimiser.solver.program import ARITHMETIC, SAME, WRONG, Program, Stage, paid, sided, without_noise

SMOOTH = 0.5  # how far the next prices stay with the best so far
OFF = 1e-9  # what a reduced cost of a block may be wrong by, as scaled: the solver's tolerance
BETTER = 1e-9  # relative gain of a bound that counts
LIFT = 2.0  # times what a block's whole point costs more than its broken one, that broken ones cost more from then on
LITTLE = 0.02  # of what is open: broken points are forgotten when the master sees no more than that with them
LOST = 0.02  # of what is open between bound and point, that all blocks together may leave unproved
BLOCK_SECONDS = 10.0  # most that one block may take; it is then bounded by what was proved
FOR_BLOCKS: dict[str, Any] = NO_SUB_MIPS | {"presolve": "off"}  # with presolve HiGHS 1.16 is at times wrong


class Pricing:
    """The bound of one stage by prices, better from turn to turn.

    Parameters
    ----------
    program, stage
        What is minimised; `program.blocks` says which columns belong together.
    settings : dict
        Options of every run.
    prices : array (m,), optional
        Of the rows, from a relaxation or a similar programme; those of tying rows are where the search begins. No row
        is priced by default.

    Attributes
    ----------
    whole : bool
        Whether blocks are solved whole; relaxed before.
    bound : float
        The best so far; no point of the programme is below it.
    duals : array (m,)
        Prices of all rows at which the relaxed blocks had their best bound.
    reach : float
        What the bound can come to at most with the points known, broken ones while blocks are relaxed: the master's
        value; infinite before it was asked.
    mean : array (n,) or None
        What the master mixes there: a point of the relaxation, of a tighter one where blocks are whole.
    points : array (n,) or None
        What the blocks came to in the last turn, each for itself.
    clock_cut : bool
        Whether a clock ended some part, so that another machine might come further.
    """

    def __init__(self, program: Program, stage: Stage, settings: dict[str, Any], prices: np.ndarray | None = None):
        self.program, self.stage, self.settings = program, stage, settings
        self.of_column = program.block_of()
        self.count = int(self.of_column.max(initial=-1)) + 1
        self.tied, self.apart = program.apart()
        self.tying: Any = program.matrix.tocsr()[self.tied].tocsc()
        self.lower, self.upper = program.row_lower[self.tied], program.row_upper[self.tied]
        self.of_row = self._block_of_rows()
        self.master = Master(self.tying, self.lower, self.upper, program, stage, self.of_column)
        self.held = Held(self.apart, solver="simplex", **settings)
        self.by_row: Any = self.apart.matrix.tocsr()
        self.parts: dict[int, tuple[np.ndarray, Program]] = {}
        self.duals = np.zeros(len(program.row_lower)) if prices is None else prices
        self.prices = sided(self.duals[self.tied], self.lower, self.upper)
        self.best_prices, self.relaxed_bound, self.bound, self.reach = self.prices, -np.inf, -np.inf, np.inf
        self.mean: np.ndarray | None = None
        self.points: np.ndarray | None = None
        self.whole, self.cut = False, False

    @property
    def clock_cut(self) -> bool:
        """Whether a clock ended some part."""
        return self.cut or self.master.clock_cut

    def _block_of_rows(self) -> np.ndarray:
        entries: Any = self.apart.matrix.tocoo()
        found = np.full(len(self.apart.row_lower), -1)
        found[entries.row] = self.of_column[entries.col]
        return found

    def _part(self, k: int) -> tuple[np.ndarray, Program]:
        """The columns of a block, and its own rows as a programme."""
        if k not in self.parts:
            columns, rows = np.flatnonzero(self.of_column == k), np.flatnonzero(self.of_row == k)
            self.parts[k] = columns, Program(
                matrix=self.by_row[rows][:, columns].tocsc(), row_lower=self.apart.row_lower[rows],
                row_upper=self.apart.row_upper[rows], col_lower=self.program.col_lower[columns],
                col_upper=self.program.col_upper[columns], integer=self.program.integer[columns],
                row_names=("",) * len(rows), col_names=("",) * len(columns), stages=())
        return self.parts[k]

    def add(self, x: np.ndarray) -> None:
        """Let the master mix the blocks of a point of the programme, too. It needs one such point."""
        self.master.learn(x)

    def begin_from(self, before: Pricing, ends: float) -> None:
        """Know the points that prices of another stage know, and begin at the prices of their best mixture.

        Left out are points that break a row of their block that is new in this stage.
        """
        known = before.master
        for number, x in enumerate(known.vectors):
            rows = self.apart.matrix @ x
            sides = self.apart.row_lower - rows, rows - self.apart.row_upper
            broken = self.of_row[np.maximum(*sides) > WRONG * np.maximum(1.0, abs(rows))]
            mine = np.setdiff1d(known.blocks[known.vector == number], broken)
            self.master.learn(x, frozenset(range(self.count)) - frozenset(mine.tolist()))
        with suppress(SolverError):
            mixed = self.master.mix(ends, self.settings, forget=True)
            if mixed is not None:
                self.prices = self.best_prices = sided(mixed.prices, self.lower, self.upper)

    def begin_whole(self) -> None:
        """From now on blocks are solved whole, at the best prices so far first."""
        if not self.whole:
            self.whole, self.prices, self.reach = True, self.best_prices, np.inf
            self.master.keep_whole = True

    def turn(self, ends: float, distance: float = 0.0) -> bool:
        """Price the blocks, learn their points, and have the master say what to price next.

        Parameters
        ----------
        ends : float
            When to give up, in `time.monotonic()`. What a turn that is cut has proved and learned is kept.
        distance : float
            Between the bound and a point: whole blocks are solved as exactly as this needs.

        Returns
        -------
        bool
            Whether another turn may gain something.
        """
        try:
            new, gained, in_time = self.price(ends, distance)
            # Forgotten is only after a gain: points that were forgotten and are found again would go round in circles.
            mixed = self.master.mix(ends, self.settings, forget=gained) if in_time else None
        except SolverError:  # a bound that is there already is worth more than an error
            return False
        if mixed is None:
            return False
        before = self.prices
        self.prices = sided(SMOOTH * self.best_prices + (1 - SMOOTH) * mixed.prices, self.lower, self.upper)
        more = gained or new > 0 or bool((abs(self.prices - before) > SAME * np.maximum(1.0, abs(before))).any())
        if not (self.whole and self.master.broken.any()):
            self.reach, self.mean = mixed.value, mixed.mean
        elif not more or mixed.value - self.bound <= LITTLE * distance:
            self.master.forget_broken()
            more = True
        return more

    def look(self, ends: float) -> None:
        """Ask the master what whole points alone come to: `reach` and `mean`."""
        with suppress(SolverError):
            mixed = self.master.mix(ends, self.settings, whole=True)
            if mixed is not None:
                self.reach, self.mean = mixed.value, mixed.mean

    def price(self, ends: float, distance: float = 0.0) -> tuple[int, bool, bool]:
        """Solve the blocks at the prices as they are, and learn their points.

        All blocks together are relaxed first, in one run; whole, only those are solved again whose point is broken. A
        block that is not solved in time has the bound that was proved until then.

        Returns
        -------
        int
            How many points are new.
        bool
            Whether the bound is better than before.
        bool
            Whether there is time for another look.
        """
        exact = self.stage.cost - self.tying.T @ self.prices
        cost = without_noise(exact)
        relaxed = self._heed_clock(self.held.run(cost, ends - time.monotonic()))
        if relaxed.x is None or relaxed.duals is None:
            return 0, False, False
        bounds, noise = self._block_bounds(cost, relaxed.duals)
        rest = np.concatenate([paid(self.prices, self.lower, self.upper), self._least(cost)[self.of_column < 0],
                               self._least(exact - cost)])  # what was left out of the costs is paid for all the same
        value = self._sum(bounds, rest, noise)
        if value > self.relaxed_bound:
            self.relaxed_bound, self.duals = value, np.zeros(len(self.tied))
            self.duals[self.tied], self.duals[~self.tied] = self.prices, relaxed.duals
        self.points, unsolved = relaxed.x, frozenset()
        if self.whole:
            whole = bounds.copy()
            self.points, unsolved = self._made_whole(relaxed.x, cost, whole, ends, distance)
            value = max(value, self._sum(whole, rest, noise))
            self.master.lift(self.prices, bounds + LIFT * (whole - bounds))
        gained = value > self.bound + BETTER * max(1.0, abs(value))
        if value > self.bound:
            self.bound, self.best_prices = value, self.prices
        new, in_time = self.master.learn(self.points, unsolved), time.monotonic() < ends
        self.cut |= not in_time
        return new, gained, in_time

    def _made_whole(self, x: np.ndarray, cost: np.ndarray, bounds: np.ndarray, ends: float, distance: float
                    ) -> tuple[np.ndarray, frozenset[int]]:
        """The point with broken blocks solved whole, and the blocks that were not solved; `bounds` are raised."""
        broken = np.flatnonzero(self.master.broken_blocks(x)).tolist()
        x, unsolved, relaxed = x.copy(), set(), bounds.copy()
        for k in broken:
            columns = self._part(k)[0]
            solved = self._solved_whole(k, cost[columns], ends, LOST * distance / len(broken))
            if solved is not None:
                bounds[k] = max(bounds[k], solved.bound)
            if solved is None or solved.x is None:
                unsolved.add(k)
            else:
                x[columns] = solved.x
        wrong = ~self._agree(bounds)
        bounds[wrong] = relaxed[wrong]
        return x, frozenset(unsolved)

    def _agree(self, bounds: np.ndarray) -> np.ndarray:
        """Which bounds of blocks (count,) at the prices as they are no known whole point contradicts."""
        known = self.master.least(self.prices)
        off = TINY * abs(self.prices).sum()  # what the master leaves out of its points
        return bounds <= known + WRONG * np.maximum(1.0, abs(np.where(np.isfinite(known), known, 0.0))) + off

    def _solved_whole(self, k: int, cost: np.ndarray, ends: float, left_open: float) -> Run | None:
        """A block with its whole columns whole, its bound less what the solver's tolerance may hide; None when it
        can't be solved.
        """
        left = ends - time.monotonic()
        if left <= 0:
            self.cut = True
            return None
        _, program = self._part(k)
        try:
            solved = self._heed_clock(run(program, Stage("block", cost), min(left, BLOCK_SECONDS), left_open=left_open,
                                          **self.settings | FOR_BLOCKS))
        except SolverError:  # the other blocks are worth more than an error
            return None
        off = OFF / min(1.0, scaling(program, cost).cost)
        return replace(solved, bound=solved.bound - off * float((program.col_upper - program.col_lower).sum()))

    def _heed_clock(self, ended: Run) -> Run:
        """Remember when a clock, not the work done, ended a run."""
        self.cut |= ended.end == "time_limit"
        return ended

    def _sum(self, bounds: np.ndarray, rest: np.ndarray, noise: float) -> float:
        """The Lagrange function from what blocks and all else come to, less what adding up may cost."""
        return float(bounds.sum() + rest.sum() - ARITHMETIC * (abs(bounds).sum() + abs(rest).sum()) - noise
                     ) + self.stage.constant

    def _least(self, cost: np.ndarray) -> np.ndarray:
        """What every column costs at least within its bounds."""
        return np.minimum(cost * self.program.col_lower, cost * self.program.col_upper)

    def _block_bounds(self, cost: np.ndarray, duals: np.ndarray) -> tuple[np.ndarray, float]:
        """A bound of every block from the duals of its own rows, by weak duality, and what adding them up may cost."""
        duals = sided(duals, self.apart.row_lower, self.apart.row_upper)
        of_rows = paid(duals, self.apart.row_lower, self.apart.row_upper)
        least = self._least(cost - self.apart.matrix.T @ duals)
        columns = self.of_column >= 0
        bounds = (np.bincount(self.of_row, of_rows, self.count)
                  + np.bincount(self.of_column[columns], least[columns], self.count))
        return bounds, ARITHMETIC * float(abs(of_rows).sum() + abs(least).sum())

    def chosen(self, ends: float, gap: float) -> np.ndarray | None:
        """The best point that takes one known point of each block; None when none is found in time."""
        try:
            return self.master.choose(ends, gap, self.settings)
        except SolverError:
            return None
