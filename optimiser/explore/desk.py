"""The desk: questions about variants of a case, answered from what earlier answers know.

Every question is one model of regions that are solved together, their leading aim alone. The list of the nearest
answer so far is tried first, the prices of its relaxation give a bound before anything is searched, and what was asked
before is not searched again: a question is known by the bytes of its programme. Every plan passes the exact check.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optimiser import solving
from optimiser.check import violations
from optimiser.errors import InputError, SolverError
from optimiser.exact import Outcome, evaluate
from optimiser.explore.programme import digest, programme, scale
from optimiser.explore.wishes import Wish, granted
from optimiser.model.components import components
from optimiser.model.frame import NO_ROOM, frame
from optimiser.model.handover import Handed, Key, hand_over
from optimiser.model.objectives import SCALES
from optimiser.origin import fault
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.solver import Answer, Known, OutOfRange, Program, Progress, batches, solve_many
from optimiser.texts import say
from optimiser.variant import same_case

REMEMBERED = 6  # models kept as matrices; each Belgian one takes a second to build
Regions = tuple[str, ...]
Report = Callable[[str, Progress], None]


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes
    ----------
    problem : Problem
    regions : tuple of str
        One of `components(problem)`.
    wishes : tuple of Wish
        What a plan must have beside keeping the rules.
    within : float or None
        Most that the leading aim may be (see `Asked.value`).
    aim : str
        The aim to minimise, summed over the regions; the leading one when it is empty. One of the regions' objectives.
    limits : dict aim -> number
        Most that other aims may be, in the same units; they must be among the regions' objectives too.
    costs : dict column -> number
        What to minimise in place of an aim, column by column.
    apart : tuple of lists, each a set of (region, occupation, review)
        What the plan's own lists shall differ from: the entries that differ from the nearest of them are maximised
        in place of an aim. `Asked.score` is then minus their number.
    reward : float
        What each of these entries is worth: when it is given, the leading aim less the reward is minimised.
    like : tuple of Plan
        Plans whose lists may do well; the best one known for the regions comes after them.
    room : dict (region, occupation, year) -> lots
        That quotas may come to although nobody has use for so many.
    near : bool
        Whether the best of those lists, each with the best quotas for it, is answer enough; the bound is what the
        prices of the relaxation give. Many questions of one kind are so compared on an equal footing. Cases too small
        for that are solved as ever.
    """

    problem: Problem = field(repr=False)
    regions: Regions
    wishes: tuple[Wish, ...] = ()
    within: float | None = None
    aim: str = ""
    limits: dict[str, float] = field(default_factory=dict)
    costs: dict[Key, float] = field(default_factory=dict)
    apart: tuple[frozenset[tuple[str, str, int]], ...] = field(default=(), repr=False)
    reward: float = 0.0
    like: tuple[Plan, ...] = field(default=(), repr=False)
    room: dict[tuple[str, str, int], int] = field(default_factory=dict, repr=False)
    near: bool = False

    @property
    def other(self) -> bool:
        """Whether something else than an aim is minimised."""
        return bool(self.costs or self.apart)


@dataclass(frozen=True)
class Asked:
    """What came of a question.

    Attributes
    ----------
    status : str
        optimal, within_gap, work_limit, time_limit, infeasible or failed.
    value : float
        The aim of the plan in published units, least being best (a coverage counts negative), summed over the
        regions; infinite without a plan.
    bound : float
        No plan that answers the question is better; infinite when there is none, minus infinite when nothing is known.
    plan : Plan or None
        Checked exactly; of these regions alone.
    score, score_bound : float
        The same for what `Question.costs` or `Question.apart` minimises, when they are given.
    seconds : float
    """

    question: Question = field(repr=False)
    status: str
    value: float = math.inf
    bound: float = -math.inf
    plan: Plan | None = field(default=None, repr=False)
    score: float = math.nan
    score_bound: float = math.nan
    seconds: float = 0.0

    @property
    def infeasible(self) -> bool:
        """Whether it is proved that no plan answers the question."""
        return self.status == "infeasible"

    @property
    def gap(self) -> float:
        """Relative distance of value and bound; infinite when one is not known."""
        if not math.isfinite(self.value) or not math.isfinite(self.bound):
            return math.inf
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-9)


def price(asked: Asked, base: Asked, tighter: bool = False) -> tuple[float, float]:
    """What an answer costs more than another, as an interval that holds whatever the searches left open.

    Parameters
    ----------
    tighter : bool
        Whether every plan that answers `asked` also answers `base`: then nothing is gained.

    Returns
    -------
    tuple of float
        `[bound - best, best - bound]`, in the unit of the leading aim; both infinite when there is no such plan.
    """
    low, high = asked.bound - base.value, asked.value - base.bound
    return (max(0.0, low), max(0.0, high)) if tighter else (low, high)


class Desk:
    """Asks the solving layer, several questions side by side, and remembers the answers.

    Parameters
    ----------
    gap : float
        Relative gap at which an answer is good enough.
    seconds : float
        Most that one question may take, once the solver has it.
    seed : int
        Of the solver's own random choices.
    on_progress : callable, optional
        Called with the regions' names and a `Progress` while questions are searched.

    Attributes
    ----------
    taken_up : dict regions -> Plan
        Of the run that it began with.
    """

    def __init__(self, gap: float, seconds: float, seed: int = 1, on_progress: Report | None = None):
        self.gap, self.seconds, self.seed, self.on_progress = gap, seconds, seed, on_progress
        self.searches = 0
        self.taken_up: dict[Regions, Plan] = {}
        self._models: dict[tuple[int, Regions, tuple[Any, ...]], tuple[Problem, Handed]] = {}
        self._answers: dict[str, Asked] = {}
        self._best: dict[Regions, Asked] = {}  # the best plan of the case that was asked about first
        self._bounds: dict[tuple[int, Regions], float] = {}
        self._duals: dict[Regions, dict[Key, float]] = {}

    def begin(self, problem: Problem, case: Problem, solution: Solution) -> None:
        """Take up a run: its lists start every search; where it answers this very case, it need not be solved again.

        Parameters
        ----------
        problem : Problem
            What will be asked about.
        case : Problem
            What the run answers.
        """
        same = same_case(problem, case)
        for regions in components(problem):
            plan = self.taken_up[regions] = part(problem, solution.plan, regions)
            question = Question(problem, regions)
            rows = solution.objectives[(solution.objectives["rank"] == 1) & solution.objectives["region"].isin(regions)]
            handed = self.model(problem, regions)
            asked = Asked(question, "work_limit", leading_value(handed, evaluate(problem, plan)), plan=plan)
            if same and not violations(problem, plan, regions):
                signs = [1 if SCALES[name] > 0 else -1 for name in rows["objective"]]
                bound = min(float((rows["bound"] * signs).sum(skipna=False)), asked.value)
                if math.isfinite(bound) and len(rows) == len(handed.parts[0]):
                    asked = replace(asked, status="within_gap", bound=bound)
                    self._answers[digest(programme(handed, question))] = asked
                    self._bounds[id(problem), regions] = bound / scale(handed)
            self._best[regions] = asked

    def whole(self, problem: Problem, wishes: Sequence[Wish] = ()) -> list[Asked]:
        """A question without anything special about every region of a case, each with the wishes that concern it."""
        return self.ask([Question(problem, regions, tuple(wish for wish in wishes if wish.region in regions))
                         for regions in components(problem)])

    def ask(self, questions: Sequence[Question], gap: float | None = None, seconds: float | None = None
            ) -> list[Asked]:
        """Answers in the order of the questions; those not known yet are searched side by side.

        Raises
        ------
        InputError
            When a number can't be brought into the range in which the solver is to be trusted.
        ResultError
            When a plan breaks a rule in every rounding.
        KeyboardInterrupt
            When Ctrl-C ends a search; what was answered before is remembered.
        """
        gap, seconds = self.gap if gap is None else gap, self.seconds if seconds is None else seconds
        handed = [self.model(question.problem, question.regions, question.room) for question in questions]
        programs = [programme(h, question) for h, question in zip(handed, questions, strict=True)]
        names = [digest(program) for program in programs]
        new = [i for i, name in enumerate(names) if names.index(name) == i and not self._known_well(name, gap)]
        if new:
            self.searches += len(new)
            try:
                found = solve_many(
                    [programs[i] for i in new], gap=gap, time_limit=seconds * len(batches(new)), seed=self.seed,
                    together=False,
                    known=[self._known(questions[i], handed[i], programs[i]) for i in new],
                    on_progress=self.on_progress and (lambda n, progress: self._tell(questions[new[n]], progress)))
            except OutOfRange as error:
                raise InputError([fault(questions[0].problem, error)]) from None
            for i, answer in zip(new, found, strict=True):
                self._remember(names[i], questions[i], handed[i], answer)
            if any(answer.status == "interrupted" for answer in found):
                raise KeyboardInterrupt
        return [replace(self._answers[name], question=question)
                for name, question in zip(names, questions, strict=True)]

    def model(self, problem: Problem, regions: Regions, room: Mapping[tuple[str, str, int], int] = NO_ROOM) -> Handed:
        """The model of some regions as matrices, built once."""
        key = id(problem), regions, tuple(sorted(room.items()))
        if key not in self._models:
            if len(self._models) >= REMEMBERED:
                oldest = next(iter(self._models))
                del self._models[oldest]
                self._bounds.pop(oldest[:2], None)  # the number of a case that is gone may be given to another
            self._models[key] = problem, hand_over(frame(problem, regions, room))
        return self._models[key][1]

    def prices(self, problem: Problem, regions: Regions) -> np.ndarray | None:
        """Prices of the rows of a case's model from a relaxation of it or of a variant; None before one was solved."""
        known, rows = self._duals.get(regions), self.model(problem, regions).rows
        return None if known is None else np.array([known.get(row, 0.0) for row in rows])

    def _known_well(self, name: str, gap: float) -> bool:
        known = self._answers.get(name)
        return known is not None and (known.infeasible or known.gap <= gap + 1e-12 or known.status == "optimal")

    def _tell(self, question: Question, progress: Progress) -> None:
        if self.on_progress:
            scale = SCALES.get(progress.stage)
            value, bound = (None if number is None or scale is None else number * scale + 0.0
                            for number in (progress.incumbent, progress.bound))
            self.on_progress(", ".join(question.regions), replace(progress, incumbent=value, bound=bound))

    def _known(self, question: Question, handed: Handed, program: Program) -> Known:
        """What earlier answers tell of a question."""
        best = self._best.get(question.regions)
        alone = question.near and question.like
        likely = [*question.like, *([best.plan] if best and best.plan and not alone else [])]
        more = np.zeros(len(program.col_lower) - len(handed.columns))  # columns that only the question has
        choices = tuple(np.append(handed.choice_of(plan), more) for plan in likely)
        if question.other or question.aim:
            return Known(choices, only=question.near)
        prices = self._duals.get(question.regions, {})
        duals = np.array([prices.get(row, 0.0) for row in handed.rows])
        extra = len(program.row_lower) - len(duals)
        bound = self._bounds.get((id(question.problem), question.regions), -math.inf)
        return Known(choices, bound, np.append(duals, np.zeros(extra)) if prices else None,
                     question.near)

    def _remember(self, name: str, question: Question, handed: Handed, answer: Answer) -> None:
        asked = self._with_earlier(name, handed, _asked(question, handed, answer))
        if asked.status != "interrupted":
            self._answers[name] = asked
        regions, plain = question.regions, not (question.wishes or question.other or question.limits or question.aim
                                                or question.within is not None)
        if answer.duals is not None and (plain or regions not in self._duals) and not (question.other or question.aim):
            self._duals[regions] = dict(zip(handed.rows, answer.duals[:len(handed.rows)], strict=True))
        if plain and answer.stages and (id(question.problem), regions) in self._models:  # else the number may be reused
            self._bounds[id(question.problem), regions] = answer.stages[0].bound
        best = self._best.get(regions)
        same = best is not None and best.question.problem is question.problem
        if asked.plan and not question.aim and (best is None or (same and asked.value < best.value)):
            self._best[regions] = asked

    def _with_earlier(self, name: str, handed: Handed, asked: Asked) -> Asked:
        """An answer with what is known better: the plan or bound of an earlier search, the bound without wishes."""
        question, earlier = asked.question, self._answers.get(name)
        if question.other or question.aim or asked.infeasible:
            return asked
        if earlier and earlier.value < asked.value:
            asked = replace(asked, value=earlier.value, plan=earlier.plan)
        floor = self._bounds.get((id(question.problem), question.regions), -math.inf)
        bounds = asked.bound, floor * scale(handed), earlier and earlier.bound
        return replace(asked, bound=min(max(bound for bound in bounds if bound is not None), asked.value))


def _asked(question: Question, handed: Handed, answer: Answer) -> Asked:
    """The answer in published units, its plan checked."""
    if answer.status == "infeasible":
        return Asked(question, "infeasible", math.inf, math.inf, seconds=answer.seconds)
    stage = answer.stages[0] if answer.stages else None
    plan, value = None, math.inf
    if answer.x is not None:
        plan, outcome = sound(question, handed, answer.x[:len(handed.columns)])
        value = aim_value(question, handed, outcome)
    if question.other:
        unit = scale(handed) if question.reward else 1.0
        score, score_bound = (stage.value * unit, stage.bound * unit) if stage else (math.nan, -math.inf)
        return Asked(question, answer.status, value, -math.inf, plan, score, score_bound, answer.seconds)
    bound = min(stage.bound * scale(handed, question.aim), value) if stage else -math.inf
    return Asked(question, answer.status, value, bound, plan, seconds=answer.seconds)


def sound(question: Question, handed: Handed, x: np.ndarray) -> tuple[Plan, Outcome]:
    """The first rounding of an answer that keeps every rule and grants every wish; see `solving.sound`."""
    return solving.sound(question.problem, handed, x, objections=lambda plan: [
        say("explore.wish_broken", wish=wish.words) for wish in question.wishes
        if not granted(wish, plan, handed.frame)])


def part(problem: Problem, plan: Plan, regions: Regions) -> Plan:
    """What a plan decides for some regions alone."""
    areas = {area for region in regions for area in problem.areas[region]}
    return Plan(
        frozenset(key for key in plan.listed if key[0] in regions),
        {key: number for key, number in plan.quota.items() if key[0] in regions},
        {key: number for key, number in plan.arrivals.items() if key[1] in areas},
        {key: number for key, number in plan.trainees.items() if key[0] in regions},
        {key: number for key, number in plan.expansion.items()
         if set(problem.regions_of(key[0], key[1])) & set(regions)})


def leading_value(handed: Handed, outcome: Outcome) -> float:
    """The leading aim of the regions of a model, exactly worked out, in published units, least being best."""
    return float(sum(outcome.objective[part] * (1 if SCALES[part[1]] > 0 else -1) for part in handed.parts[0]))


def aim_value(question: Question, handed: Handed, outcome: Outcome) -> float:
    """The aim that a question is about, exactly worked out; see `leading_value`."""
    if not question.aim:
        return leading_value(handed, outcome)
    sign = 1 if SCALES[question.aim] > 0 else -1
    return float(sign * sum(outcome.objective[r, question.aim] for r in question.regions))


def refuse_no_answer(asked: Asked) -> Asked:
    """The answer itself, when it has a plan or the proof that there is none.

    Raises
    ------
    SolverError
        When the time was not enough to know either.
    """
    if asked.plan is None and not asked.infeasible:
        raise SolverError(say("solve.no_plan", regions=", ".join(asked.question.regions), reason=asked.status))
    return asked
