"""What a search can do with its programme: relax it, and choose, hold, improve and clean points.

The simplex method inside branch and bound is faster than the interior-point method there; for a relaxation alone it is
mostly the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimiser.errors import SolverError
from optimiser.solver.highs import NO_SUB_MIPS, UNLIMITED, Run, run
from optimiser.solver.pricing import Pricing
from optimiser.solver.program import (
    NOTHING,
    WRONG,
    Known,
    Program,
    Stage,
    StageResult,
    Step,
    believed,
    missed,
    relative_gap,
)

Tell = Callable[[int, float | None, np.ndarray | None], None]
"""Called with the stage's number, and a bound and a better point (n,) where there are new ones."""

LARGE = 300  # whole columns from which on branch and bound comes last, after steps that find and prove more
STEP_GAP = 0.004  # of the steps that decide one period
STEP_NODES = 100
NEAR_NODES = 20  # of a search that holds all periods, or all but one, of a known point
NEAR_CHECKS = 6
NEAR_GAP = 0.05  # at which a first point, or a later objective with the list as it is, is good enough
LATER = 0.05  # what later objectives count where the first list is chosen
USED = 0.1  # share from which on the relaxation counts as using a column
NODES = 20_000  # of branch and bound
AGAIN_NODES = 200  # of the second run that a small programme is worth
AGAIN_CHECKS = 400
CLEAN_SECONDS = 1.0  # that solving a point's other columns again may take, even past the deadline
SLACK = 1e-9  # floating-point noise in values and limits


@dataclass
class State:
    """What a stage has come to: its best point, its bound, and how it ended."""

    x: np.ndarray | None
    bound: float = -np.inf
    status: str = "work_limit"


class Moves:
    """A search's programme, what is known of it, and single moves; `search.Search` says which to take when.

    `stages` and `steps` fill as they end. `gap` is relative, `time_limit` in seconds from now. `options` go to the
    solver in every run. `known` is what answers to similar programmes tell of this one. A `direct` search is branch and
    bound from the start; without `priced` nothing is done by prices. `reason` is what failed, where the search could go
    on without.
    """

    def __init__(self, program: Program, gap: float, time_limit: float, seed: int, tell: Tell,
                 known: Known = NOTHING, direct: bool = False, priced: bool = True, **options: Any):
        self.program = program
        self.known = known.fitting(program)
        self.duals = self.known.duals
        self.gap = gap
        self.began = time.monotonic()
        self.deadline = self.began + time_limit
        self.tell = tell
        self.stages: list[StageResult] = []
        self.steps: list[Step] = []
        self.clock_cut = False
        self.infeasible = False
        self.reason = ""
        self.settings: dict[str, Any] = {"seed": seed} | options
        self.periods = max((len(series) for series in program.series), default=0)
        self.direct, self.priced = direct, priced
        self.pricing: Pricing | None = None  # of the stage that was priced last
        self.large = not direct and int(program.integer.sum()) >= LARGE

    def _open(self, stage: Stage, state: State, gap: float = 0.0) -> bool:
        """Whether a plan may exist and is not known to be within the wanted gap, or within `gap`, yet."""
        return not self.infeasible and (
            state.x is None or relative_gap(stage.value(state.x), state.bound) > max(self.gap, gap))

    def _found(self, number: int, stage: Stage, state: State, found: Run) -> None:
        """Take the point of a run when it is better, also once it is clean."""
        self._heed_clock(state, found)
        if found.x is not None and _better(stage, found.x, state.x):
            self._take(number, stage, state, self._clean(stage, found.x))

    def _take(self, number: int, stage: Stage, state: State, x: np.ndarray | None) -> None:
        """Take a clean point when it is better, and give up a bound that it proves wrong."""
        if x is not None and _better(stage, x, state.x):
            state.x = x
            if believed(state.bound, stage.value(x)) == -np.inf:
                state.bound = self.program.bound(stage, None if number else self.duals)
            self.tell(number, state.bound, x)

    def _proved(self, number: int, stage: Stage, state: State, bound: float) -> None:
        """Take up a better bound, unless a known point proves it wrong."""
        if state.bound < bound < np.inf and (state.x is None or believed(bound, stage.value(state.x)) > -np.inf):
            state.bound = bound
            self.tell(number, bound, None)

    def _heed_clock(self, state: State, ended: Run) -> None:
        """Remember when a clock, not the work done, ended a run."""
        if ended.end == "time_limit":
            self.clock_cut, state.status = True, "time_limit"

    def _relaxation(self, number: int, stage: Stage, state: State, ends: float) -> np.ndarray | None:
        """The best point of the relaxation, whose value is a bound; None when there is none in time."""
        relaxed = run(replace(self.program, integer=np.zeros_like(self.program.integer)), stage,
                      ends - time.monotonic(), **self.settings, solver="ipm")
        self._heed_clock(state, relaxed)
        self.infeasible |= relaxed.end == "infeasible" and state.x is None
        if relaxed.duals is not None:
            self._proved(number, stage, state, self.program.bound(stage, relaxed.duals))
        if number == 0 and relaxed.duals is not None:
            self.duals = relaxed.duals
        return relaxed.x

    def _choose(self, number: int, stage: Stage, state: State, relaxed: np.ndarray | None, ends: float,
                work: int = 1, gap: float = 0.0) -> None:
        """The best allowed choice, held, and the rest solved."""
        program, choice = self.program, self.program.choice
        if not len(choice):
            return
        matrix = program.matrix.tocsr()
        others = np.ones(len(program.col_lower))
        others[choice] = 0
        rows = np.flatnonzero(abs(matrix) @ others == 0)
        cost = LATER * sum((stage.cost[choice] / most for stage in program.stages[number + 1:]
                            if stage.proof and (most := abs(stage.cost[choice]).max()) > 0), np.zeros(len(choice)))
        if relaxed is not None:
            chosen = np.isin(choice, [column for series in program.series for column in series])
            cost += np.where(chosen, USED / 10 - relaxed[choice], 0.0)
        part = replace(program, matrix=matrix[rows][:, choice].tocsc(), integer=program.integer[choice],
                       row_lower=program.row_lower[rows], row_upper=program.row_upper[rows],
                       col_lower=program.col_lower[choice], col_upper=program.col_upper[choice])
        best = run(part, Stage("choice", cost), (ends - time.monotonic()) / 4, **self.settings, gap=STEP_GAP,
                   nodes=STEP_NODES)
        self._heed_clock(state, best)
        if best.x is not None:
            point = np.zeros(len(others))
            point[choice] = best.x
            self._improve(number, stage, state, None, point, ends, work=work, gap=gap)

    def _improve(self, number: int, stage: Stage, state: State, free: int | None, point: np.ndarray, ends: float,
                 used: np.ndarray | None = None, work: int = 1, gap: float = 0.0) -> None:
        """Search with all periods but one held at a point; series that neither it nor `used` has are held there too.

        It ends within a tenth of the gap wanted; where more is open of the leading stage, within a tenth of that: what
        this leaves other moves gain sooner than one with the lists held.
        """
        lower, upper = self.program.col_lower.copy(), self.program.col_upper.copy()
        some = (point > 0.5) if used is None else (point > 0.5) | used
        held = [column for series in self.program.series for i, column in enumerate(series)
                if i != free or not some[list(series)].any()]
        lower[held] = upper[held] = np.round(point[held])
        now = time.monotonic()
        left = 0.0 if number or state.x is None else min(relative_gap(stage.value(state.x), state.bound), NEAR_GAP)
        self._found(number, stage, state, self._bounded(
            stage, lower, upper, self.program.integer, now + (ends - now) / 2, max(gap, max(self.gap, left) / 10),
            work * NEAR_NODES, state.x if point is state.x else None, work * NEAR_CHECKS, **NO_SUB_MIPS))

    def _bounded(self, stage: Stage, lower: np.ndarray, upper: np.ndarray, whole: np.ndarray, ends: float,
                 gap: float, nodes: int, start: np.ndarray | None = None, checks: int = UNLIMITED, **options: Any
                 ) -> Run:
        """A run with other bounds and other whole columns."""
        part = replace(self.program, col_lower=lower, col_upper=upper, integer=whole)
        return run(part, stage, max(0.2, ends - time.monotonic()), **self.settings, gap=gap, nodes=nodes,
                   checks=checks, start=start, **options)

    def _branch(self, number: int, stage: Stage, state: State, ends: float, gap: float) -> None:
        """Branch and bound on the whole programme from the point so far."""
        heard: list[np.ndarray] = []

        def watch(bound: float | None, x: np.ndarray | None) -> None:
            if bound is not None:
                self._proved(number, stage, state, bound)
            if x is not None:
                heard.append(x)
                self.tell(number, None, x)

        try:
            whole = run(self.program, stage, max(0.2, ends - time.monotonic()), **self.settings, gap=gap, nodes=NODES,
                        start=state.x, watch=watch)
            if stage.proof and not self.large and not self.direct:
                whole = self._asked_again(stage, whole, ends, gap)
        except SolverError:
            for x in heard[-1:]:  # what was found until then is not lost
                self._take(number, stage, state, self._clean(stage, x))
            raise
        if whole.end == "infeasible" and state.x is None:
            self.infeasible = True
            return
        self._found(number, stage, state, whole)
        self._proved(number, stage, state, whole.bound)

    def _asked_again(self, stage: Stage, first: Run, ends: float, gap: float) -> Run:
        """The run, or a second one by another way that proves its claim wrong.

        With presolve HiGHS 1.16 calls a worse point optimal in about one of ten thousand tiny programmes.
        """
        if first.end not in ("optimal", "infeasible") or "presolve" in self.settings:
            return first
        if first.duals is not None and relative_gap(first.value, self.program.bound(stage, first.duals)) == 0.0:
            return first  # a linear programme's prices are its proof
        again = run(self.program, stage, max(0.2, ends - time.monotonic()), gap=gap, nodes=AGAIN_NODES,
                    checks=AGAIN_CHECKS, start=first.x, **self.settings | {"seed": self.settings["seed"] + 1},
                    presolve="off")
        self.clock_cut |= again.end == "time_limit"
        if again.x is None:
            return first
        x = self._clean(stage, again.x)  # what a row may be missed by must not make a point better
        if x is None:
            return first
        again = replace(again, x=x, value=stage.value(x))
        if first.x is not None and again.value >= stage.value(first.x) - SLACK * max(1.0, abs(first.value)):
            return first
        true = again.value >= first.bound - SLACK * max(1.0, abs(first.bound))
        return replace(again, bound=max(again.bound, first.bound) if true else again.bound)

    def _clean(self, stage: Stage, x: np.ndarray) -> np.ndarray | None:
        """The point with its whole columns exactly whole and the others solved again; itself, rounded, when that fails
        and it keeps all limits, or None.
        """
        whole, lower, upper = self.program.integer, self.program.col_lower, self.program.col_upper
        least, most = np.ceil(lower - WRONG), np.floor(upper + WRONG)
        if (least > most)[whole].any():
            return None
        rounded = np.clip(np.round(x), least, most)
        again = self._bounded(stage, np.where(whole, rounded, lower), np.where(whole, rounded, upper),
                              np.zeros_like(whole),
                              max(self.deadline, time.monotonic() + CLEAN_SECONDS), 0.0, 1)
        self.clock_cut |= again.end == "time_limit"
        if again.end == "optimal" and again.x is not None:
            return np.where(whole, rounded, again.x)
        clean = np.where(whole, rounded, x)
        return clean if missed(self.program, clean) <= WRONG else None


def _better(stage: Stage, x: np.ndarray, known: np.ndarray | None) -> bool:
    return known is None or stage.value(x) < stage.value(known) - SLACK
