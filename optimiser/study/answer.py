"""One variant answered: its best lists found, with bound and gap, every plan checked; faster for what is known already.

The base case of a component is solved once, for all processes. Its list is a first point of every variant, and its
prices of the rows that tie occupations together make a bound of every variant once the other rows are priced anew
(`Search._decomposed`). Nothing is learned from other variants: unless a clock cuts the base case, an answer is the same
whoever asks it, and in whatever order.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from optimiser.errors import ResultError
from optimiser.exact import Outcome
from optimiser.explore.desk import leading_value
from optimiser.explore.programme import scale
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, Key, hand_over
from optimiser.model.objectives import SCALES
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solver import Known, OutOfRange, solve_here, solve_many
from optimiser.solver.program import NOTHING, Answer, Program, relative_gap
from optimiser.solving import sound
from optimiser.texts import say

NO_PLAN = {"infeasible": say("study.infeasible"), "time_limit": say("study.no_time")}


Listed = frozenset[tuple[str, str, int]]
"""(region, occupation, review) of every entry of the lists."""
LIST_RULES = ("list_length", "list_changes", "locks")  # families of the check, and of the rows of the model
LIST_ROWS = ("list_length", "list_length_by_tier", "list_length_by_sector", "list_changes", "minimum_stay", "groups")
FINER = 4  # times the gap of a row is the gap at which a kept list is searched, so that lists can be told apart


@dataclass(frozen=True)
class RowAnswer:
    """What became of a variant in one component.

    Attributes
    ----------
    status : str
        optimal, within_gap, work_limit, time_limit, infeasible or failed.
    reason : str
        Why there is no plan, or why it was not searched to the end; empty otherwise.
    gap : float
        Of the first aim, relative; NaN without a plan or a bound.
    seconds : float
        Building, searching and checking.
    outcomes : list of (region, outcome, value, bound)
        The first aim has a bound where the region is solved alone; other outcomes are those of the plan found (NaN).
    listed : list of (region, occupation, review, quota, filled)
        Permits and person-years filled by the scheme over the years of the review.
    """

    status: str
    reason: str = ""
    gap: float = math.nan
    seconds: float = 0.0
    outcomes: list[tuple[str, str, float, float]] = field(default_factory=list)
    listed: list[tuple[str, str, int, int, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Tried:
    """Lists that are kept whatever the world; `official` ones needn't keep the rules on lists, they are the law."""

    listed: Listed
    official: bool = False


@dataclass(frozen=True)
class Kept:
    """What a list that is kept comes to in a variant: the first aim (less is better) and what no quotas can beat."""

    name: str
    value: float
    bound: float


@dataclass(frozen=True)
class Learned:
    """What the base case tells of its variants: its lists, and prices of its rows."""

    plan: Plan
    prices: dict[Key, float] = field(repr=False)

    def known(self, handed: Handed) -> Known:
        """For the search of a variant."""
        duals = np.array([self.prices.get(row, 0.0) for row in handed.rows])
        return Known((handed.choice_of(self.plan),), duals=duals if self.prices else None)


class Answering:
    """Answers variants of a case; one per process, it keeps what the base case tells.

    Parameters
    ----------
    base : Problem
        The case that the variants come from.
    gap, time_limit : float
        Relative gap at which a search may stop, and its seconds, for each component of a variant.
    learned : mapping component -> Learned or None, optional
        What is known already; see `learn`.
    """

    def __init__(self, base: Problem, gap: float, time_limit: float, seed: int = 1,
                 learned: Mapping[tuple[str, ...], Learned | None] | None = None):
        self.base, self.gap, self.time_limit, self.seed = base, gap, time_limit, seed
        self._learned = dict(learned or {})

    def learn(self, components: Sequence[tuple[str, ...]], jobs: int) -> dict[tuple[str, ...], Learned | None]:
        """What the base case tells of all its components, `jobs` solved side by side, for all who answer variants.

        Of a component that has no plan, or whose numbers can't be brought into the range of the solver, nothing is
        told; every variant says so itself.

        Raises
        ------
        KeyboardInterrupt
            When Ctrl-C ends the search.
        """
        for at in range(0, len(components), jobs):
            now = components[at:at + jobs]
            handed = [hand_over(frame(self.base, component)) for component in now]
            self._learned |= dict.fromkeys(now)
            try:
                answers = solve_many([replace(h.program, stages=h.program.stages[:1]) for h in handed], gap=self.gap,
                                     time_limit=self.time_limit, seed=self.seed, together=False)
            except OutOfRange:
                continue
            if any(answer.status == "interrupted" for answer in answers):
                raise KeyboardInterrupt
            for component, h, answer in zip(now, handed, answers, strict=True):
                with suppress(ResultError):
                    self._learned[component] = self._solved(self.base, component, h, answer).learned()
        return self._learned

    def answer(self, variant: Problem, component: tuple[str, ...]) -> RowAnswer:
        """What becomes of a variant; a plan that breaks a rule, or a solver that fails, is a result with its reason."""
        began = time.monotonic()
        try:
            solved = self._solve(variant, component, self._known(component))
        except (OutOfRange, ResultError) as error:
            return RowAnswer("failed", str(error), seconds=time.monotonic() - began)
        answer, seconds = solved.answer, time.monotonic() - began
        if solved.plan is None or solved.outcome is None or answer.status == "failed":
            return RowAnswer(answer.status, answer.reason or NO_PLAN.get(answer.status, ""), seconds=seconds)
        value, bound = _valued(solved.handed, answer, solved.outcome)
        [lead, *others] = solved.handed.parts[0]  # regions that share an aim have one bound, which is split by nobody
        bounds = {} if others else {lead: bound if SCALES[lead[1]] > 0 else -bound}
        reason = say("study.not_within_gap") if answer.status in ("work_limit", "time_limit") else ""
        return RowAnswer(answer.status, reason, relative_gap(value, bound), seconds,
                         outcomes(variant, component, solved.plan, solved.outcome, bounds),
                         listed(variant, component, solved.plan, solved.outcome))

    def keep(self, variant: Problem, component: tuple[str, ...], lists: Mapping[str, Tried]) -> list[Kept]:
        """How each of some lists would do in a variant, with the best quotas for it.

        A list that has no plan there has the value infinity; one that was not settled in time has NaN.
        """
        handed = hand_over(frame(variant, component))
        return [self._keep(variant, component, handed, name, tried) for name, tried in lists.items()]

    def _keep(self, variant: Problem, component: tuple[str, ...], handed: Handed, name: str, tried: Tried) -> Kept:
        program = _holding(handed, tried)
        answer = None if program is None else solve_here(program, gap=self.gap / FINER, time_limit=self.time_limit,
                                                         seed=self.seed)
        if answer is None or answer.status == "infeasible":
            return Kept(name, math.inf, math.inf)
        if answer.x is None:
            return Kept(name, math.nan, math.nan)
        _, outcome = sound(own(variant, component), handed, answer.x, LIST_RULES if tried.official else ())
        return Kept(name, *_valued(handed, answer, outcome))

    def _known(self, component: tuple[str, ...]) -> Learned | None:
        """What the base case tells of a component; nothing when it has no plan itself."""
        if component not in self._learned:
            try:
                base = self._solve(self.base, component, None)
            except (OutOfRange, ResultError):
                base = None
            self._learned[component] = base.learned() if base else None
        return self._learned[component]

    def _solve(self, variant: Problem, component: tuple[str, ...], learned: Learned | None) -> _Solved:
        handed = hand_over(frame(variant, component))
        program = replace(handed.program, stages=handed.program.stages[:1])
        answer = solve_here(program, gap=self.gap, time_limit=self.time_limit, seed=self.seed,
                            known=learned.known(handed) if learned else NOTHING)
        return self._solved(variant, component, handed, answer)

    @staticmethod
    def _solved(variant: Problem, component: tuple[str, ...], handed: Handed, answer: Answer) -> _Solved:
        found = None if answer.x is None else sound(own(variant, component), handed, answer.x)
        return _Solved(handed, answer, *(found or (None, None)))


@dataclass(frozen=True)
class _Solved:
    handed: Handed
    answer: Answer
    plan: Plan | None
    outcome: Outcome | None

    def learned(self) -> Learned | None:
        """What it tells of variants; None without a plan."""
        if self.plan is None:
            return None
        duals = self.answer.duals
        return Learned(self.plan, {} if duals is None else dict(zip(self.handed.rows, duals, strict=False)))


def _holding(handed: Handed, tried: Tried) -> Program | None:
    """The programme with the lists held; None when an occupation can't be listed, or must be and is not."""
    program, at = handed.program, [i for i, (kind, _) in enumerate(handed.columns) if kind == "listed"]
    on = np.array([float(handed.columns[i][1] in tried.listed) for i in at])
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    if (on > upper[at]).any() or (on < lower[at]).any():
        return None
    lower[at] = upper[at] = on
    row_lower, row_upper = program.row_lower.copy(), program.row_upper.copy()
    lifted = [i for i, (family, _) in enumerate(handed.rows) if tried.official and family in LIST_ROWS]
    row_lower[lifted], row_upper[lifted] = -np.inf, np.inf
    return replace(program, stages=program.stages[:1], series=(), choice=np.zeros(0, dtype=int), col_lower=lower,
                   col_upper=upper, row_lower=row_lower, row_upper=row_upper)


def _valued(handed: Handed, answer: Answer, outcome: Outcome) -> tuple[float, float]:
    """The first aim of a plan (less is better), exactly worked out, and what no plan can be below."""
    value = leading_value(handed, outcome)
    return value, min(answer.stages[0].bound * scale(handed), value)


def own(problem: Problem, component: tuple[str, ...]) -> Problem:
    """The case with the shortages of a component's own areas alone: no other region's numbers matter to it."""
    areas = {area for r in component for area in problem.areas[r]}
    return replace(problem, **{name: {key: number for key, number in getattr(problem, name).items() if key[1] in areas}
                               for name in ("shortage", "activatable")})


def outcomes(problem: Problem, component: tuple[str, ...], plan: Plan, outcome: Outcome,
             bounds: dict[tuple[str, str], float]) -> list[tuple[str, str, float, float]]:
    """(region, outcome, value, bound) of a plan; only the first aim has a bound."""
    found = []
    for r in component:
        values = {name: float(outcome.objective[r, name]) for name in SCALES} | {
            "permits": float(sum(number for key, number in plan.quota.items() if key[0] == r)),
            "listed": sum(key[0] == r for key in plan.listed) / len(problem.reviews[r])}
        found += [(r, name, value, bounds.get((r, name), math.nan)) for name, value in values.items()]
    return found


def listed(problem: Problem, component: tuple[str, ...], plan: Plan, outcome: Outcome
           ) -> list[tuple[str, str, int, int, float]]:
    """(region, occupation, review, quota, filled) of every entry of the lists."""
    filled: dict[tuple[str, str, int], Fraction] = defaultdict(Fraction)
    for (o, p, t), persons in outcome.filled_by_scheme.items():
        if persons:
            filled[problem.region_of[p], o, t] += persons
    found = []
    for r, o, e in sorted(key for key in plan.listed if key[0] in component):
        review = problem.reviews[r][e - 1]
        years = range(review.first_year, review.last_year + 1)
        found.append((r, o, e, int(sum(plan.quota.get((r, o, t), 0) for t in years)),
                      float(sum(filled[r, o, t] for t in years))))
    return found
