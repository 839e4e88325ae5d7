"""The search: stage after stage, each from the best point so far, with work limits before clocks.

What was measured on two cores decided how. HiGHS alone rounds the list of every review at once: on the plain model of
Flanders it stood at a gap of 2 % after a minute. Deciding the reviews one after the other, with later ones relaxed,
reaches 0.8 % in ten seconds, and the first of these steps is itself a relaxation of the whole programme, so that its
bound holds. Prices of the rows between occupations (`pricing.py`) come to the relaxation in a third to a half of the
time, and with each occupation whole far beyond it; what they mix says where to search for plans.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from optimiser.errors import SolverError
from optimiser.solver.moves import NEAR_GAP, SLACK, STEP_GAP, STEP_NODES, USED, Moves, State
from optimiser.solver.pricing import Pricing
from optimiser.solver.program import Answer, Program, Stage, Step, believed, ended, missed, relative_gap

LEADING_SHARE = 0.75  # of the time for the leading stage
LATER_SHARE = 0.7  # of the time left for each stage after it
FIRST_SHARE = 0.7  # of the leading stage's time for its first period, the hardest one
FINE = 2 * STEP_GAP  # gap from which on such steps are too coarse to gain anything
FAR = 0.05  # gap from which on a relaxation tells so little that these steps come before prices
STEP_CHECKS = 60  # of a step that decides one period
STEPS = ("recall", "round", "periods", "prices", "around", "branch")
"""What a search may consist of, in this order: see `docs/performance.md`."""
TURNS = 4  # of prices between two looks for a point
PRICES_SHARE = 0.8  # of the leading stage's time that is left, for prices
TURNS_SHARE = 0.85  # of that for turns, the rest for the last points
NEARLY = 0.1  # of what is open, or wanted: prices end when they can gain no more than that
RELAXED = 1e-4  # relative distance at which a relaxation by prices ends even where a tenth of the gap wanted is less
HOPELESS = 8  # turns from the first without a better bound, after which it is relaxed in another way, too
FRUITLESS = 15  # turns one after the other without a better bound, after which it is relaxed in another way
POLISH = 10  # times the work of other searches near a point, where the choice is the best known
ALIKE = 0.01  # difference of a column below which a point and a mixture have the same
DIFFER_NODES = 1000  # of a search where they differ


class Search(Moves):
    """One search: which moves it takes when."""

    def answer(self, start: np.ndarray | None = None) -> Answer:
        """Run, and say how it ended; see `run`."""
        x = self.run(start)
        nothing = "time_limit" if self.clock_cut else "failed"
        status = "infeasible" if self.infeasible else (self.stages[0].status if self.stages else nothing)
        return Answer(status, x, tuple(self.stages), time.monotonic() - self.began, self.reason, self.clock_cut,
                      self.duals, tuple(self.steps))

    def run(self, start: np.ndarray | None = None) -> np.ndarray | None:
        """Optimise all stages in order; the best point (n,) found, or None.

        Parameters
        ----------
        start : array (n,), optional
            A point to begin from. It counts only as far as it keeps all limits.

        Raises
        ------
        SolverError
            When HiGHS fails before there is any point.
        """
        x = start if start is not None and np.isfinite(start).all() else None
        if x is not None and (missed(self.program, x) > SLACK or (x != np.round(x))[self.program.integer].any()):
            x = self._clean(self.program.stages[0], x)
        if x is not None:
            self.tell(0, None, x)
        count = len(self.program.stages)
        kept = self.program
        for number, stage in enumerate(self.program.stages):
            began = time.monotonic()
            share = 1.0 if number == count - 1 else (LEADING_SHARE if number == 0 else LATER_SHARE)
            state = self._stage(number, stage, x, began + (self.deadline - began) * share)
            if state.x is None:
                return None
            x = state.x
            value = stage.value(x)
            bound = believed(state.bound, value)
            self.stages.append(ended(stage.name, value, bound, self.gap, state.status, time.monotonic() - began))
            self.tell(number, bound, x)
            self.program = _keeping(kept, stage, x)
            if not stage.passing:
                kept = self.program
        return x

    def _stage(self, number: int, stage: Stage, x: np.ndarray | None, ends: float) -> State:
        state = State(x, self.program.bound(stage))

        def step(name: str, does: Callable[..., None], *more: Any) -> None:
            """Take a step and note what it came to; a known point is worth more than an error on the way to another."""
            began = time.monotonic()
            try:
                does(number, stage, state, ends, *more)
            except SolverError as error:
                if state.x is None:
                    raise
                state.status, self.reason = "failed", str(error)
            value = np.inf if state.x is None else stage.value(state.x)
            self.steps.append(Step(stage.name, name, value, state.bound, time.monotonic() - began))

        def priced() -> bool:
            """Whether there is a point to begin from, and something falls apart once rows are priced."""
            return self.priced and state.x is not None and self._priced(number, stage, state.x, ends) is not None

        if number == 0:
            step("recall", self._recall)
            if self.large and self.known.only and state.x is not None:
                return state
        if self.large and number == 0 and self._open(stage, state):
            step("round", self._round)
            if self._open(stage, state, FAR if priced() else FINE):
                step("periods", self._period_by_period)
            if self._open(stage, state) and priced():
                step("prices", self._by_prices)
                if self._open(stage, state):
                    step("around", self._where_they_differ)
        elif self.large and number:
            step("around", self._around)
        settled = not stage.proof and all(done.gap == 0 for done in self.stages)
        if settled or (self._open(stage, state) and (number == 0 or not self.large)):
            step("branch", self._branch, 0.0 if settled else self.gap)
        return state

    def _recall(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """Take up what is known: the bound, the prices, and the choices nearest to those that were good elsewhere."""
        for bound in (self.program.bound(stage, self.duals), self.known.bound):
            self._proved(number, stage, state, bound)
        if self.large and self.priced and self.duals is not None and self._open(stage, state):
            self._decomposed(number, stage, state, ends)
        for choice in self.known.choices if self.large else ():
            if self._open(stage, state) or (self.known.only and not self.infeasible):
                self._choose(number, stage, state, choice, ends)

    def _priced(self, number: int, stage: Stage, x: np.ndarray | None, ends: float) -> Pricing | None:
        """What prices tell of a stage; None where nothing falls apart once rows are priced.

        A later stage begins with the points that prices of the stage before have found.
        """
        before = None if self.pricing is None or self.pricing.stage is stage else self.pricing
        if (self.pricing is None or before) and self.program.block_of().max(initial=-1) > 0:
            self.pricing = Pricing(self.program, stage, self.settings, None if number else self.duals)
        if self.pricing is not None and x is not None:
            self.pricing.add(x)
            if before:
                self.pricing.begin_from(before, ends)
        return self.pricing

    def _decomposed(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """Keep the known prices of the rows that tie blocks together, and price all other rows anew.

        Without the tying rows the relaxation falls apart into small ones, which the simplex method solves in a tenth
        of the time that the whole relaxation takes. On the Flemish case with all shortages drawn anew the known prices
        alone lose 1 to 4 % of the bound, with the others priced anew up to 0.3 % (Lagrangian relaxation; Geoffrion
        1974). What the small ones choose together is a first point.
        """
        pricing = self._priced(number, stage, state.x, ends)
        if pricing is None:
            return
        with suppress(SolverError):
            pricing.price(time.monotonic() + (ends - time.monotonic()) / 4)
        self._heed_prices(number, stage, state, pricing)
        if pricing.points is not None and self._open(stage, state):
            self._choose(number, stage, state, pricing.points, ends)

    def _heed_prices(self, number: int, stage: Stage, state: State, pricing: Pricing) -> None:
        """Take up what prices have proved so far, and the prices of the relaxation where they are the best known."""
        if pricing.clock_cut:
            self.clock_cut, state.status = True, "time_limit"
        if number == 0 and pricing.relaxed_bound > self.program.bound(stage, self.duals):
            self.duals = pricing.duals
        self._proved(number, stage, state, pricing.bound)

    def _round(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """First points: the allowed choice that later aims like best, held, with the rest solved, which is there in a
        moment; then the one closest to the relaxation's.
        """
        if state.x is None:
            self._choose(number, stage, state, None, ends, gap=NEAR_GAP)
        relaxed = self._relaxed(number, stage, state, ends)
        if relaxed is not None:
            self._choose(number, stage, state, relaxed, ends)

    def _relaxed(self, number: int, stage: Stage, state: State, ends: float) -> np.ndarray | None:
        """A point of the relaxation, nearly its best; its value is a bound. None when a plan is near enough first."""
        relaxed = self._relaxed_by_prices(number, stage, state, ends)
        if relaxed is None and self._open(stage, state):
            relaxed = self._relaxation(number, stage, state, ends)
        return relaxed

    def _relaxed_by_prices(self, number: int, stage: Stage, state: State, ends: float) -> np.ndarray | None:
        """The relaxation as a mixture of what blocks come to at prices, nearly at its best; None when it isn't.

        The time it takes grows as the number of blocks. The interior-point method's grows faster, and a search needs
        neither its last digits nor a corner.
        """
        wanted = self.priced and state.x is not None and self._open(stage, state) and time.monotonic() < ends
        pricing = self._priced(number, stage, state.x, ends) if wanted else None
        if pricing is None:
            return None
        enough = max(RELAXED, NEARLY * self.gap)
        going, near, since, first = True, False, 0, None
        while going and not near and since < (HOPELESS if pricing.bound == first else FRUITLESS) and (
                self._open(stage, state)):
            before = pricing.bound
            going = pricing.turn(ends)
            first = pricing.bound if first is None else first
            since = 0 if relative_gap(pricing.bound, before) > 0 else since + 1
            self._heed_prices(number, stage, state, pricing)
            near = np.isfinite(pricing.reach) and relative_gap(pricing.reach, state.bound) <= enough
        return pricing.mean if near or not self._open(stage, state) else None

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
                self._proved(number, stage, state, step.bound)
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
        pricing = self._priced(number, stage, state.x, ends)
        if pricing is None:
            return
        pricing.begin_whole()
        turns, going = 0, True
        while going and self._open(stage, state):
            turns, going = turns + 1, pricing.turn(last, stage.value(state.x) - state.bound)
            self._heed_prices(number, stage, state, pricing)
            if going and turns % TURNS == 0 and self._open(stage, state):
                pricing.look(last)
                self._point_near(number, stage, state, pricing, pricing.mean, last)
            going = going and pricing.reach - state.bound > NEARLY * (stage.value(state.x) - state.bound)
        if self._open(stage, state):
            pricing.look(ends)
            now = time.monotonic()
            chosen = pricing.chosen(now + (ends - now) / 4, self.gap / 2)
            if chosen is not None:
                self._take(number, stage, state, self._clean(stage, chosen))
            if self._open(stage, state):
                self._point_near(number, stage, state, pricing, pricing.mean if chosen is None else chosen, ends)
        self._heed_prices(number, stage, state, pricing)

    def _where_they_differ(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """The best point's lists where the master's mixture has the same, held, and the rest searched.

        The neighbourhood of Danna, Rothberg and Le Pape (2005) with a mixture of whole points in place of the
        relaxation: they agree on nearly all lists by then. It only pays once the prices have settled.
        """
        assert state.x is not None
        pricing = self.pricing
        if pricing is None or pricing.mean is None:
            return
        lower, upper = self.program.col_lower.copy(), self.program.col_upper.copy()
        lists = np.array([column for series in self.program.series for column in series], dtype=int)
        same = lists[abs(pricing.mean[lists] - state.x[lists]) < ALIKE]
        lower[same] = upper[same] = np.round(state.x[same])
        self._found(number, stage, state, self._bounded(stage, lower, upper, self.program.integer, ends,
                                                        self.gap / 10, DIFFER_NODES, state.x))
        self._heed_prices(number, stage, state, pricing)

    def _point_near(self, number: int, stage: Stage, state: State, pricing: Pricing, mean: np.ndarray | None,
                    ends: float) -> None:
        """The choice nearest to a mixture, held, and the rest searched longer than elsewhere."""
        before = state.x
        self._choose(number, stage, state, mean, ends, POLISH)
        if state.x is not None and state.x is not before:
            pricing.add(state.x)

    def _around(self, number: int, stage: Stage, state: State, ends: float) -> None:
        """The best point with every whole column held, then with all periods held; the bound of the relaxation; then,
        where the stage counts the choice itself, one period free at a time (elsewhere that gained next to nothing).

        Free are only the series that the point or the relaxation uses. Without `proof` every whole column is held.
        """
        assert state.x is not None
        cleaned = self._clean(stage, state.x)  # what is not whole was decided for other aims
        state.x = state.x if cleaned is None else cleaned
        if not stage.proof:
            return
        self._improve(number, stage, state, None, state.x, ends)
        relaxed = self._relaxed(number, stage, state, ends)
        counts_choice = bool(stage.cost[self.program.choice].any())
        for free in reversed(range(self.periods if counts_choice else 0)):
            if relative_gap(stage.value(state.x), state.bound) > NEAR_GAP:
                self._improve(number, stage, state, free, state.x, ends, None if relaxed is None else relaxed > USED)


def _keeping(program: Program, stage: Stage, x: np.ndarray) -> Program:
    """The programme with rows that keep what a stage has come to."""
    for cost, constant, relative, absolute in stage.parts:
        held = float(cost @ x) + constant
        noise = SLACK * max(1.0, abs(held))
        program = program.with_row(cost, held + max(relative * abs(held), absolute) + noise - constant)
    return program
