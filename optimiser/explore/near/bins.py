"""Three bins: which occupations every list near the best has, which some have, and which none has - proved.

Three ways to know, from free to dear. The prices of the base's relaxation rule out what costs too much. One search for
a plan near the best that has many occupations not seen listed before, and lacks many not seen left out, shows as much
as that many single ones. What is left is asked one by one, listed and left out; that also narrows the prices.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from optimiser.errors import InfeasibleError, ResultError
from optimiser.explore.desk import Asked, Desk, Question, refuse_no_answer
from optimiser.explore.finding import Finding
from optimiser.explore.near import binned
from optimiser.explore.near.answers import Answers
from optimiser.explore.near.binning import UNPROVED, Side, Standing, Told
from optimiser.explore.near.nearly import refuse_share
from optimiser.explore.near.prices import floors
from optimiser.explore.programme import digest, programme, scale
from optimiser.explore.wishes import off_list, on_list
from optimiser.model.components import components
from optimiser.model.handover import Key
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solver import processors
from optimiser.texts import say

SECONDS = 540.0  # of a whole exploration; reading, building and writing take the rest of ten minutes
ONE = 60.0  # most seconds of one question; on two free processors it takes five
BESIDE = 2  # single questions more than there are processors, beside a search for many, which takes longer
LAST = 1.0  # seconds below which no further question is worth asking
GAPS = (0.3, 0.05)  # of a question asked first, and once more, as parts of the share
NEAREST = len(GAPS)  # effort of asking only what the nearest list to the best one comes to: for prices alone
CLOSELY = NEAREST + 1  # effort of asking as closely as the best itself is known
REWARDS = 20.0  # occupations shown at once for which the whole room is given at first
KNOWN = 1.3  # times what is open of the best itself: a price known so well is not asked about
TRIES = 2  # that may show too little before occupations are asked about one by one
MANY = 30.0  # most seconds of a search for many occupations at once
EACH = 4.0  # seconds in which it must newly show an occupation, lest asking one by one is quicker
Tell = Callable[[int, int, str], None]
"""Called with how many occupations are proved, how many there are, and what is being asked."""


@dataclass(frozen=True)
class Job:
    """A question to ask, what it is about, and how hard it is to be searched."""

    standing: Standing
    about: Side | None
    question: Question = field(repr=False)
    effort: int


@dataclass
class Cover:
    """How the search for many occupations at once goes.

    Attributes
    ----------
    worth : float
        What an occupation is worth in the unit of the leading aim.
    idle : int
        How often, without a break, it has shown too little.
    failed : int
        How often, without a break, its plan was not near enough.
    """

    worth: float
    idle: int = 0
    failed: int = 0

    @property
    def useful(self) -> bool:
        """Whether it is better than asking one by one."""
        return self.idle < TRIES and self.failed < TRIES + 1


def bins(problem: Problem, within: float = 0.01, *, desk: Desk | None = None, seconds: float = SECONDS,
         answers: Path | str | None = None, tell: Tell | None = None) -> Finding:
    """Which occupations every list near the best has, which some have and which none has.

    Parameters
    ----------
    problem : Problem
    within : float
        What "near" means: 0.01 for plans whose leading aim is within 1 % of the best possible.
    desk : Desk, optional
        Where it is asked; by default one with the gap and the time limit of the config.
    seconds : float
        For everything; what is not proved by then is said to be unproved.
    answers : path, optional
        A file that keeps every answer as it comes. If it exists, what stands in it is not asked again. It is removed
        once every occupation is in a bin.
    tell : callable, optional
        Told of the progress.

    Returns
    -------
    Finding

    Raises
    ------
    InputError
        When `within` is no share, or the file of answers belongs to another case or share.
    InfeasibleError
        When the case has no plan at all.
    SolverError
        When not even one plan was found in time.
    """
    refuse_share(within)
    solver = problem.config.solver
    desk = desk or Desk(solver.gap, solver.time_limit, solver.seed)
    parts = components(problem)
    about = {"case": _case(desk, problem), "within": f"{within:.6g}"}
    run = Run(problem, desk, within, time.monotonic() + seconds, Answers(answers, about),
              {regions: Standing(problem, regions, within) for regions in parts}, tell or (lambda *_: None))
    run.begin()
    run.ask_all()
    finding = binned.finding(problem, within, list(run.standings.values()), desk)
    if not any(standing.bin(pair) == UNPROVED for standing in run.standings.values()
               for pair in standing.occupations):
        run.answers.forget()
    return finding


def _case(desk: Desk, problem: Problem) -> str:
    """A name that two cases share only when their models are the same."""
    return " ".join(digest(programme(desk.model(problem, regions), Question(problem, regions)))[:16]
                    for regions in components(problem))


@dataclass
class Run:
    """One exploration: what is known, and what to ask next."""

    problem: Problem
    desk: Desk
    share: float
    ends: float
    answers: Answers
    standings: dict[tuple[str, ...], Standing]
    tell: Tell
    covers: dict[tuple[str, ...], Cover] = field(default_factory=dict)
    earlier: set[tuple[str, ...]] = field(default_factory=set)

    def begin(self) -> None:
        """Take up earlier answers, solve the case itself where they don't hold it, and screen by prices."""
        for told in self.answers.known:
            self.standings[told.regions].take(told)
            self.earlier.add(told.regions)
        unsolved = [regions for regions, standing in self.standings.items() if math.isinf(standing.value)]
        self._say(say("explore.bins_telling_case"))
        gap = min(self.desk.gap, max(GAPS) * self.share)
        for asked in self.desk.ask([Question(self.problem, regions) for regions in unsolved], gap=gap):
            if refuse_no_answer(asked).infeasible:
                raise InfeasibleError(say("solve.infeasible", regions=", ".join(asked.question.regions)),
                                      [say("explore.bins_no_plan")])
            self._take(Job(self.standings[asked.question.regions], None, asked.question, 0), asked)
        for regions, standing in self.standings.items():
            handed = self.desk.model(self.problem, regions)
            found = floors(handed, self.desk.prices(self.problem, regions), scale(handed))
            standing.rule_out(side for side, floor in found.items() if math.isinf(floor))
            for (r, o, on), floor in found.items():
                standing.learn((r, o, on), floor)
            self.covers[regions] = Cover(standing.nearly.room / REWARDS)

    def ask_all(self) -> None:
        """Ask until all is known or the time is over, as many questions side by side as there are processors."""
        while (left := self.ends - time.monotonic()) > LAST:
            jobs = self._batch(processors())
            if not jobs:
                return
            self._say(say("explore.bins_telling", what="; ".join(self._named(job) for job in jobs)))
            most = MANY if any(job.question.costs for job in jobs) else ONE
            try:
                asked = self.desk.ask([job.question for job in jobs], gap=self._gap(jobs), seconds=min(left, most))
            except ResultError:  # a plan that no rounding saves shows nothing; the rest is not lost for it
                asked = [Asked(job.question, "failed") for job in jobs]
            for job, answer in zip(jobs, asked, strict=True):
                self._take(job, answer)

    def _batch(self, processors: int) -> list[Job]:
        """The next questions: one per processor, and some short ones more beside a search for many."""
        jobs = list(islice(self._jobs(), processors + BESIDE))
        jobs = [job for job in jobs if job.effort == jobs[0].effort]
        covers = sum(bool(job.question.costs) for job in jobs)
        return jobs if 0 < covers < processors else jobs[:processors]

    def _gap(self, jobs: list[Job]) -> float:
        """The gap at which an answer is good enough; once all bins are proved, that of the case itself will do."""
        effort = jobs[0].effort
        if effort < len(GAPS):
            return min(self.desk.gap, GAPS[effort] * self.share)
        own = (job.standing for job in jobs)
        return min(self.desk.gap, max((s.value - s.bound) / max(abs(s.value), 1e-9) for s in own) * 1.25 + 1e-4)

    def _jobs(self) -> Iterator[Job]:
        """What to ask, the most useful first."""
        standings, covered = list(self.standings.values()), []
        for standing in standings:
            cover = self.covers[standing.regions]
            if cover.useful and standing.nearly.room > 0 and (question := self._cover(standing, cover.worth)):
                covered.append(standing)
                yield Job(standing, None, question, 0)
        free = [standing for standing in standings if standing not in covered]
        for effort in range(len(GAPS)):
            for part in (free, covered):  # what one search may soon show is not asked one by one yet
                for standing, side in _in_turn(part, [_open(standing, effort) for standing in part]):
                    yield self._single(standing, side, effort)
        for effort in (NEAREST, CLOSELY):
            for standing, side in _in_turn(standings, [_by_width(standing, effort) for standing in standings]):
                yield self._single(standing, side, effort)

    def _single(self, standing: Standing, side: Side, effort: int) -> Job:
        """The best plan with an occupation listed, or with it left out.

        At first the list nearest to the best one will do: mostly it is near enough, and no search is needed.
        """
        r, o, on = side
        wishes = (on_list(self.problem, r, o),) if on else off_list(self.problem, r, o)
        return Job(standing, side, self._question(standing, wishes=wishes, near=effort in (0, NEAREST)), effort)

    def _cover(self, standing: Standing, worth: float) -> Question | None:
        """A plan near the best that shows much: each open side of an occupation that it has is worth something.

        Entries count, not lists: an occupation that is not on the list in force is listed if it ever enters; one that
        is, if it stays at first. None when nothing is open.
        """
        handed = self.desk.model(self.problem, standing.regions)
        leading, unit = handed.program.stages[0], scale(handed)
        rewards: dict[Key, float] = defaultdict(float)
        for r, o, on in filter(standing.open, standing.sides):
            held = o in self.problem.in_force[r]
            sign = -worth / unit if on else worth / unit
            for e in self.problem.reviews[r]:
                if e.number == 1 and held:
                    rewards["listed", (r, o, 1)] += sign
                elif not held or not on:
                    rewards["enters", (r, o, e.number)] += sign
        if not rewards:
            return None
        costs = {handed.columns[i]: float(leading.cost[i]) for i in np.flatnonzero(leading.cost)}
        return self._question(standing, costs=costs | {
            key: number + costs.get(key, 0.0) for key, number in rewards.items()})

    def _question(self, standing: Standing, **wanted: Any) -> Question:
        """A question of the case; where the case itself was solved in an earlier run, its lists are told."""
        like = (Plan(standing.listed),) if standing.regions in self.earlier else ()
        return Question(self.problem, standing.regions, like=like, **wanted)

    def _take(self, job: Job, asked: Asked) -> None:
        """Learn from an answer, and keep it."""
        standing = job.standing
        open_before = sum(map(standing.open, standing.sides))
        listed = None if asked.plan is None else asked.plan.listed
        effort = CLOSELY if asked.status in ("optimal", "infeasible") else job.effort
        told = Told(standing.regions, job.about, asked.value, asked.bound, listed, effort)
        standing.take(told)
        self.answers.add(told)
        if job.question.costs:
            cover, nearly = self.covers[standing.regions], standing.nearly
            shown = open_before - sum(map(standing.open, standing.sides))
            if not nearly.surely_in(asked.value):
                cover.worth /= 2
                cover.failed += 1
                return
            cover.idle = cover.idle + 1 if shown * EACH < max(asked.seconds, EACH) else 0
            cover.failed = 0
            if asked.value - nearly.bound < nearly.room / 2:
                cover.worth *= 1.5

    def _say(self, what: str) -> None:
        bins_now = [standing.bin(pair) for standing in self.standings.values() for pair in standing.occupations]
        self.tell(sum(found != UNPROVED for found in bins_now), len(bins_now), what)

    def _named(self, job: Job) -> str:
        if job.about is None:
            return say("explore.bins_telling_cover", regions=", ".join(job.standing.regions))
        r, o, on = job.about
        return say("explore.bins_telling_on" if on else "explore.bins_telling_off", region=r, occupation=o)


def _open(standing: Standing, effort: int) -> list[Side]:
    """Sides of which it is open whether they can be had near the best, and that were not searched so hard yet."""
    return [side for side in standing.sides if standing.open(side) and standing.effort.get(side, -1) < effort]


def _by_width(standing: Standing, effort: int) -> list[Side]:
    """Sides whose price is known less well than the best itself, those known least well first."""
    widths = {side: high - low for side in standing.sides if standing.effort.get(side, -1) < effort
              for low, high in [standing.price(side)] if math.isfinite(low)}
    known = KNOWN * (standing.value - standing.bound) + 1e-6 * abs(standing.value)
    return sorted((side for side, width in widths.items() if width > known), key=lambda side: -widths[side])


def _in_turn(standings: list[Standing], sides: list[list[Side]]) -> Iterator[tuple[Standing, Side]]:
    """One side of each in turn, so that regions that share nothing are asked about side by side."""
    for row in zip_longest(*sides):
        for standing, side in zip(standings, row, strict=True):
            if side is not None:
                yield standing, side
