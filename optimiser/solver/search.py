"""The search: stage after stage, each from the best point so far, with work limits before clocks.

What was measured on two cores decided how. HiGHS alone rounds the list of every review at once: on the Flemish case it
stood at a gap of 2 % after a minute. Deciding the reviews one after the other, with later ones relaxed, reaches 0.8 %
in ten seconds, and the first of these steps is itself a relaxation of the whole programme, so that its bound holds.
What the relaxation leaves open, prices close (`pricing.py`): rows between occupations priced, each occupation whole.
The simplex method inside branch and bound is faster than the interior-point method there; for a relaxation alone it is
the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimiser.errors import SolverError
from optimiser.solver.highs import Run, run
from optimiser.solver.pricing import Pricing
from optimiser.solver.program import NOTHING, Known, Program, Stage, StageResult, Step, relative_gap

Tell = Callable[[int, float | None, float | None, np.ndarray | None], None]
"""Called with the stage's number, and a better value, a bound and a point where there are new ones."""

LARGE = 300  # whole columns from which on a first answer is sought period by period
HUGE = 50_000  # rows from which on the interior-point method begins a search near a point, too, in half of the time
LEADING_SHARE = 0.75  # of the time for the leading stage
LATER_SHARE = 0.7  # of the time left for each stage after it
FIRST_SHARE = 0.7  # of the leading stage's time for its first period, the hardest one
STEP_GAP = 0.004  # of the steps that decide one period
FINE = 2 * STEP_GAP  # gap from which on such steps are too coarse to gain anything
STEP_NODES = 100
STEP_CHECKS = 60
STEPS = ("recall", "round", "periods", "prices", "around", "branch")
"""What a search may consist of, in this order: see `docs/performance.md`."""
TURNS = 4  # of prices between two looks for a point
PRICES_SHARE = 0.8  # of the leading stage's time that is left, for prices
TURNS_SHARE = 0.85  # of that for turns, the rest for the last points
RELAXED = 1e-4  # relative distance at which a relaxation by prices is near enough
NEARLY = 0.1  # of the way from bound to point: prices end when they can gain no more than that
POLISH = 10  # times the work of other searches near a point, where the choice is the best known
NEAR_NODES = 20  # of a search that holds all periods, or all but one, of a known point
NEAR_CHECKS = 6
ALIKE = 0.01  # difference of a column below which a point and a mixture have the same
DIFFER_NODES = 1000  # of a search where they differ
NO_SUB_MIPS = {f"mip_heuristic_run_{name}": False for name in ("rins", "rens", "root_reduced_cost")}
NEAR_GAP = 0.05  # at which a later objective is good enough with the list as it is
LATER = 0.05  # what later objectives count where the first list is chosen
USED = 0.1  # share from which on the relaxation counts as using a column
NODES = 20_000  # of branch and bound
AGAIN_NODES = 200  # of the second run that a small programme is worth
AGAIN_CHECKS = 400
EXACT = 1e-9  # gap up to which a stage is at its end
SLACK = 1e-9  # what floating-point noise may cost a kept objective, relative


@dataclass
class State:
    """What a stage has come to: its best point, its bound, and how it ended."""

    x: np.ndarray | None
    bound: float = -np.inf
    status: str = "work_limit"


class Search:
    """One search; `stages` and `steps` fill as they end. `options` go to the solver in every run.

    `known` is what answers to similar programmes tell of this one. A `direct` one is branch and bound from the
    start; without `priced` the step by prices is left out.
    """

    def __init__(self, program: Program, gap: float, time_limit: float, seed: int, tell: Tell,
                 known: Known = NOTHING, direct: bool = False, priced: bool = True, **options: Any):
        self.program = program
        self.known = known
        self.duals = known.duals
        self.gap = gap
        self.deadline = time.monotonic() + time_limit
        self.tell = tell
        self.stages: list[StageResult] = []
        self.steps: list[Step] = []
        self.clock_cut = False
        self.infeasible = False
        self.settings: dict[str, Any] = {"seed": seed} | options
        self.periods = max((len(series) for series in program.series), default=0)
        self.direct, self.priced = direct, priced
        self.pricing: Pricing | None = None  # of the leading stage
        self.large = not direct and int(program.integer.sum()) >= LARGE

    def run(self, start: np.ndarray | None = None) -> np.ndarray | None:
        """Optimise all stages in order; the best point found, or None."""
        x = start
        count = len(self.program.stages)
        kept = self.program
        for number, stage in enumerate(self.program.stages):
            began = time.monotonic()
            share = 1.0 if number == count - 1 else (LEADING_SHARE if number == 0 else LATER_SHARE)
            state = self._stage(number, stage, x, began + (self.deadline - began) * share)
            if state.x is None:
                return None
            x = state.x
            value, bound = stage.value(x), min(state.bound, stage.value(x))
            gap = relative_gap(value, bound)
            status = state.status if gap > self.gap else ("optimal" if gap <= EXACT else "within_gap")
            self.stages.append(StageResult(stage.name, value, bound, gap, status, time.monotonic() - began))
            self.tell(number, value, bound, x)
            self.program = _keeping(kept, stage, x)
            if not stage.passing:
                kept = self.program
        return x

    def _stage(self, number: int, stage: Stage, x: np.ndarray | None, ends: float) -> State:
        state = State(x, self.program.bound(stage))

        def step(name: str, does: Callable[..., None], *more: Any) -> None:
            """Take a step and note what it came to."""
            began = time.monotonic()
            does(number, stage, state, ends, *more)
            value = np.inf if state.x is None else stage.value(state.x)
            self.steps.append(Step(stage.name, name, value, state.bound, time.monotonic() - began))

        if number == 0:
            step("recall", self._recall)
            if self.large and self.known.only and state.x is not None:
                return state
        if self.large and number == 0 and self._open(stage, state):
            step("round", self._round)
            if self._open(stage, state, FINE):
                step("periods", self._period_by_period)
            if self.priced and self._open(stage, state) and state.x is not None:
                step("prices", self._by_prices)
                if self._open(stage, state):
                    step("around", self._where_they_differ)
        elif self.large and number:
            step("around", self._around)
        settled = not stage.proof and all(done.gap <= EXACT for done in self.stages)
        if settled or (self._open(stage, state) and (number == 0 or not self.large)):
            step("branch", self._branch, 0.0 if settled else self.gap)
        return state

    def _recall(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """Take up what is known: the bound, the prices, and the choices nearest to those that were good elsewhere."""
        state.bound = max(state.bound, self.known.bound, self.program.bound(stage, self.duals))
        if self.large and self.priced and self.duals is not None and self._open(stage, state):
            self._decomposed(number, stage, state, ends)
        for choice in self.known.choices if self.large else ():
            if self._open(stage, state) or (self.known.only and not self.infeasible):
                self._choose(number, stage, state, choice, ends)
        self.tell(number, None, state.bound, None)

    def _priced(self, stage: Stage, x: np.ndarray | None) -> Pricing | None:
        """What prices tell of the leading stage; None where nothing falls apart once rows are priced."""
        if self.pricing is None and self.program.block_of().max(initial=-1) > 0:
            self.pricing = Pricing(self.program, stage, self.settings, self.duals)
        if self.pricing is not None and x is not None:
            self.pricing.add(x)
        return self.pricing

    def _decomposed(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """Keep the known prices of the rows that tie blocks together, and price all other rows anew.

        Without the tying rows the relaxation falls apart into small ones, which the simplex method solves in a tenth
        of the time that the whole relaxation takes. On the Flemish case with all shortages drawn anew the known prices
        alone lose 1 to 4 % of the bound, with the others priced anew up to 0.3 % (Lagrangian decomposition; Geoffrion
        1974). What the small ones choose together is a first point.
        """
        pricing = self._priced(stage, state.x)
        if pricing is None:
            return
        with suppress(SolverError):
            pricing.price(time.monotonic() + (ends - time.monotonic()) / 4)
        self._heed_prices(number, state, pricing)
        if pricing.points is not None and self._open(stage, state):
            self._choose(number, stage, state, pricing.points, ends)

    def _heed_prices(self, number: int, state: State, pricing: Pricing) -> None:
        """Take up what prices have proved so far."""
        self.clock_cut |= pricing.clock_cut
        if pricing.bound > state.bound:
            state.bound = pricing.bound
            self.tell(number, None, state.bound, None)

    def _open(self, stage: Stage, state: State, gap: float = 0.0) -> bool:
        """Whether a plan may exist and is not known to be within the wanted gap, or within `gap`, yet."""
        return not self.infeasible and (
            state.x is None or relative_gap(stage.value(state.x), state.bound) > max(self.gap, gap))

    def _found(self, number: int, stage: Stage, state: State, found: Run) -> bool:
        """Take the point of a run when it is better; False when the run has none."""
        self._heed_clock(state, found)
        if found.x is None:
            return False
        if state.x is None or stage.value(found.x) < stage.value(state.x) - SLACK:
            state.x = x = self._clean(stage, found.x)
            self.tell(number, stage.value(x), None, x)
        return True

    def _heed_clock(self, state: State, ended: Run) -> None:
        """Remember when a clock, not the work done, ended a run."""
        if ended.end == "time_limit":
            self.clock_cut, state.status = True, "time_limit"

    def _relaxation(self, number: int, stage: Stage, state: State, ends: float) -> np.ndarray | None:
        """The best point of the relaxation, whose value is a bound; None when there is none in time."""
        relaxed = run(replace(self.program, integer=np.zeros_like(self.program.integer)), stage,
                      ends - time.monotonic(), **self.settings, solver="ipm")
        self._heed_clock(state, relaxed)
        self.infeasible = relaxed.end == "infeasible" and state.x is None
        state.bound = max(state.bound, relaxed.bound)
        if number == 0 and relaxed.duals is not None:
            self.duals = relaxed.duals
        self.tell(number, None, state.bound, None)
        return relaxed.x

    def _round(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """First points: the allowed choice that later aims like best, held, with the rest solved, which is there in a
        moment; then the one closest to the relaxation's.
        """
        if state.x is None:
            self._choose(number, stage, state, None, ends, gap=NEAR_GAP)
        relaxed = self._relaxed_by_prices(number, stage, state, ends)
        if relaxed is None and self._open(stage, state):
            relaxed = self._relaxation(number, stage, state, ends)
        if relaxed is not None:
            self._choose(number, stage, state, relaxed, ends)

    def _relaxed_by_prices(self, number: int, stage: Stage, state: State, ends: float) -> np.ndarray | None:
        """The relaxation as a mixture of what blocks come to at prices, nearly at its best; None when it isn't.

        The time it takes grows as the number of blocks. The interior-point method's grows faster, and a search needs
        neither its last digits nor a corner.
        """
        pricing = self._priced(stage, state.x) if self.priced and state.x is not None else None
        if pricing is None:
            return None
        going, near = True, False
        while going and not near and self._open(stage, state):
            going = pricing.turn(ends)
            self._heed_prices(number, state, pricing)
            near = pricing.reach - pricing.bound <= max(RELAXED, self.gap / 10) * abs(pricing.reach)
        self.duals = pricing.duals
        return pricing.mean if near or not self._open(stage, state) else None

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

    def _period_by_period(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """Decide the first period with the later ones relaxed, hold it, decide the second, and so on; then the rest."""
        lower, upper = self.program.col_lower.copy(), self.program.col_upper.copy()
        for period in range(self.periods):
            columns = [series[period] for series in self.program.series if period < len(series)]
            whole = np.zeros_like(self.program.integer)
            whole[columns] = True
            now = time.monotonic()
            until = now + (ends - now) * (FIRST_SHARE if period == 0 else 1.0 / (self.periods - period + 1))
            step = self._bounded(stage, lower, upper, whole, until, STEP_GAP, STEP_NODES, checks=STEP_CHECKS)
            self._heed_clock(state, step)
            if period == 0:
                state.bound = max(state.bound, step.bound)
                self.tell(number, None, state.bound, None)
                self.infeasible |= step.end == "infeasible" and state.x is None
            if step.x is None:
                return
            lower[columns] = upper[columns] = np.round(step.x[columns])
        self._found(number, stage, state,
                    self._bounded(stage, lower, upper, self.program.integer, ends, self.gap / 4, STEP_NODES))

    def _by_prices(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """Better bounds from prices of the rows that tie blocks together, with every block solved whole; and points
        near what the master mixes, at last the best one that takes a known point of each block.
        """
        assert state.x is not None
        now = time.monotonic()
        ends, last = now + (ends - now) * PRICES_SHARE, now + (ends - now) * PRICES_SHARE * TURNS_SHARE
        pricing = self._priced(stage, state.x)
        if pricing is None:
            return
        pricing.begin_whole()
        turns, going = 0, True
        while going and self._open(stage, state):
            turns, going = turns + 1, pricing.turn(last, stage.value(state.x) - state.bound)
            self._heed_prices(number, state, pricing)
            if going and turns % TURNS == 0 and self._open(stage, state):
                pricing.look(last)
                self._point_near(number, stage, state, pricing, pricing.mean, last)
            going = going and pricing.reach - state.bound > NEARLY * (stage.value(state.x) - state.bound)
        if self._open(stage, state):
            pricing.look(ends)
            now = time.monotonic()
            chosen = pricing.chosen(now + (ends - now) / 4, self.gap / 2)
            if chosen is not None:
                self._held(number, stage, state, chosen, ends)
            if self._open(stage, state):
                self._point_near(number, stage, state, pricing, pricing.mean if chosen is None else chosen, ends)
        if pricing.clock_cut:
            state.status = "time_limit"

    def _where_they_differ(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """The best point's lists where the master's mixture has the same, held, and the rest searched.

        The neighbourhood of Danna, Rothberg and Le Pape (2005) with a mixture of whole points in place of the
        relaxation: they agree on nearly all lists by then. It only pays once the prices have settled.
        """
        assert state.x is not None
        mean = None if self.pricing is None else self.pricing.mean
        if mean is None:
            return
        lower, upper = self.program.col_lower.copy(), self.program.col_upper.copy()
        lists = np.array([column for series in self.program.series for column in series], dtype=int)
        same = lists[abs(mean[lists] - state.x[lists]) < ALIKE]
        lower[same] = upper[same] = np.round(state.x[same])
        self._found(number, stage, state, self._bounded(stage, lower, upper, self.program.integer, ends,
                                                        self.gap / 10, DIFFER_NODES, state.x))

    def _point_near(self, number: int, stage: Stage, state: State, pricing: Pricing, mean: np.ndarray | None,
                    ends: float) -> None:
        """The choice nearest to a mixture, held, and the rest searched longer than elsewhere."""
        before = state.x
        self._choose(number, stage, state, mean, ends, POLISH)
        if state.x is not None and state.x is not before:
            pricing.add(state.x)

    def _held(self, number: int, stage: Stage, state: State, point: np.ndarray, ends: float) -> None:
        """A point's whole columns, held, and the rest solved."""
        whole = self.program.integer
        lower = np.where(whole, np.round(point), self.program.col_lower)
        upper = np.where(whole, np.round(point), self.program.col_upper)
        self._found(number, stage, state, self._bounded(stage, lower, upper, np.zeros_like(whole), ends, 0.0, 1))

    def _around(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """The best point with every whole column held, then with all periods held; the bound of the relaxation; then,
        where the stage counts the choice itself, one period free at a time (elsewhere that gained next to nothing).

        Free are only the series that the point or the relaxation uses. Without `proof` every whole column is held.
        """
        assert state.x is not None
        state.x = self._clean(stage, state.x)  # what is not whole was decided for other aims
        if not stage.proof:
            return
        self._improve(number, stage, state, None, state.x, ends)
        relaxed = self._relaxation(number, stage, state, ends)
        counts_choice = bool(stage.cost[self.program.choice].any())
        for free in reversed(range(self.periods if counts_choice else 0)):
            if relative_gap(stage.value(state.x), state.bound) > NEAR_GAP:
                self._improve(number, stage, state, free, state.x, ends, None if relaxed is None else relaxed > USED)

    def _improve(self, number: int, stage: Stage, state: State, free: int | None, point: np.ndarray, ends: float,
                 used: np.ndarray | None = None, work: int = 1, gap: float = 0.0) -> None:
        """Search with all periods but one held at a point; series that neither it nor `used` has are held there too."""
        lower, upper = self.program.col_lower.copy(), self.program.col_upper.copy()
        some = (point > 0.5) if used is None else (point > 0.5) | used
        held = [column for series in self.program.series for i, column in enumerate(series)
                if i != free or not some[list(series)].any()]
        lower[held] = upper[held] = np.round(point[held])
        now = time.monotonic()
        first = {"mip_lp_solver": "ipm"} if len(self.program.row_lower) >= HUGE else {}
        self._found(number, stage, state, self._bounded(
            stage, lower, upper, self.program.integer, now + (ends - now) / 2, max(gap, self.gap / 10),
            work * NEAR_NODES,
            state.x if point is state.x else None, work * NEAR_CHECKS, **NO_SUB_MIPS, **first))

    def _bounded(self, stage: Stage, lower: np.ndarray, upper: np.ndarray, whole: np.ndarray, ends: float,
                 gap: float, nodes: int, start: np.ndarray | None = None, checks: int = 2**31 - 1, **options: Any
                 ) -> Run:
        """A run with other bounds and other whole columns."""
        part = replace(self.program, col_lower=lower, col_upper=upper, integer=whole)
        return run(part, stage, max(0.2, ends - time.monotonic()), **self.settings, gap=gap, nodes=nodes,
                   checks=checks, start=start, **options)

    def _branch(self, number: int, stage: Stage, state: State, ends: float, gap: float) -> None:
        """Branch and bound on the whole programme from the point so far."""
        whole = run(self.program, stage, max(0.2, ends - time.monotonic()), **self.settings, gap=gap, nodes=NODES,
                    start=state.x, watch=lambda value, bound, x: self.tell(number, value, bound, x))
        if stage.proof and not self.large and not self.direct:
            whole = self._asked_again(stage, whole, ends, gap)
        if whole.end == "infeasible" and state.x is None:
            self.infeasible = True
            return
        self._found(number, stage, state, whole)
        state.bound = max(state.bound, whole.bound)

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
        if again.x is None:
            return first
        x = self._clean(stage, again.x)  # what a row may be missed by must not make a point better
        again = replace(again, x=x, value=stage.value(x))
        if first.x is not None and again.value >= stage.value(first.x) - SLACK * max(1.0, abs(first.value)):
            return first
        true = again.value >= first.bound - SLACK * max(1.0, abs(first.bound))
        return replace(again, bound=max(again.bound, first.bound) if true else again.bound)

    def _clean(self, stage: Stage, x: np.ndarray) -> np.ndarray:
        """The point with its whole columns exactly whole and the others solved again; itself when that fails."""
        whole = self.program.integer
        rounded = np.where(whole, np.round(x), x)
        lower = np.where(whole, rounded, self.program.col_lower)
        upper = np.where(whole, rounded, self.program.col_upper)
        again = self._bounded(stage, lower, upper, np.zeros_like(whole), time.monotonic() + 30.0, 0.0, 1)
        return np.where(whole, rounded, again.x) if again.end == "optimal" and again.x is not None else rounded


def _keeping(program: Program, stage: Stage, x: np.ndarray) -> Program:
    """The programme with rows that keep what a stage has come to."""
    for cost, constant, relative, absolute in stage.parts:
        held = float(cost @ x) + constant
        noise = SLACK * max(1.0, abs(held))
        program = program.with_row(cost, held + max(relative * abs(held), absolute) + noise - constant)
    return program
