"""Alternatives: lists near the best and as different from each other as possible, with what each trades.

One after the other: the list whose nearest one among those found so far is farthest, counted in entries (an occupation
in a review) that differ, among lists whose plan is surely near the best. Where the programme is small this is asked as
it stands. On a large one a limit on the aim leaves the search without a first plan for long; there each entry that
differs is worth something against the aim, and the worth is varied until the plan comes out just near enough. Either
way the bound of the search says how far apart a further list could be at most.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from optimiser.errors import Fault, InfeasibleError, InputError
from optimiser.explore.desk import Asked, Desk, Question, refuse_no_answer
from optimiser.explore.finding import Finding
from optimiser.explore.near.nearly import Nearly, refuse_share
from optimiser.explore.wishes import exactly_these
from optimiser.model.components import components
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solver import batches
from optimiser.texts import say

SECONDS = 300.0  # of a whole exploration
ONE = 60.0  # most seconds of one question; on a free processor it takes five to ten
LAST = 1.0  # seconds below which no further question is worth asking
LARGE = 300  # whole columns from which on entries are given a worth; see `solver.moves.LARGE`
GAP = 0.6  # of a question whose entries are worth something, as part of the share: its first plans will do
TRIES = 4  # worths tried for one alternative
NEAR_ENOUGH = 0.7  # of the room used, from which on no larger worth is tried
WANTED = 0.9  # of the room that the next worth shall use
STEP = 0.3, 3.0  # least and most that a worth changes by at once
FILLED = 0.1  # gap of the quotas of a list that was found, as part of the share
ALIKE = 0.1  # of the entries of the best list: lists that differ in fewer are near-duplicates
MOST = 50  # alternatives that may be asked for
Lists = frozenset[tuple[str, str, int]]


@dataclass
class Series:
    """The best plan of some regions that are solved together and the alternatives to it, in the order found.

    Attributes
    ----------
    asked : list of Asked
        The best plan first.
    apart : list of int
        Entries in which each differs from the nearest one before it; the first has none.
    limits : list of float
        Entries in which it could at most have differed from it: the bound of the search; the first has none.
    most : float
        The same of a further list.
    ended : str
        Why there are no further lists: `alike`, the next one is a near-duplicate; `none`, not one was found; or
        nothing yet.
    worth : float
        What an entry that differs is worth against the aim on a large programme.
    careful : bool
        Whether a plan asked for at the edge came out beyond it when it was published in few decimals.
    """

    problem: Problem = field(repr=False)
    regions: tuple[str, ...]
    share: float
    asked: list[Asked] = field(default_factory=list)
    apart: list[int] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    most: float = math.inf
    ended: str = ""
    worth: float = 0.0
    careful: bool = False

    @property
    def nearly(self) -> Nearly:
        """Where "within the share of the best" ends."""
        base = self.asked[0]
        return Nearly(self.share, base.bound, min(asked.value for asked in self.asked))

    @property
    def plans(self) -> list[Plan]:
        """All plans, the best first."""
        return [asked.plan for asked in self.asked if asked.plan]

    @property
    def lists(self) -> tuple[Lists, ...]:
        """Their lists."""
        return tuple(plan.listed for plan in self.plans)

    @property
    def least(self) -> int:
        """Entries in which a list must differ from every other to be no near-duplicate."""
        return max(1, math.ceil(ALIKE * len(self.lists[0])))

    def distance(self, listed: Lists) -> int:
        """Entries in which a list differs from the nearest one found so far."""
        return min(len(listed ^ other) for other in self.lists)


def alternatives(problem: Problem, within: float = 0.01, count: int = 5, *, desk: Desk | None = None,
                 seconds: float = SECONDS) -> Finding:
    """Lists near the best that are as different from each other as possible.

    Parameters
    ----------
    problem : Problem
    within : float
        0.01 for plans whose leading aim is within 1 % of the best possible, whatever that is between bound and best
        plan found.
    count : int
        Alternatives to the best list; fewer are given where the next would be a near-duplicate.
    desk : Desk, optional
        Where it is asked; by default one with the gap and the time limit of the config.
    seconds : float
        For everything.

    Returns
    -------
    Finding

    Raises
    ------
    InputError
        When `within` is no share or `count` out of range.
    InfeasibleError
        When the case has no plan at all.
    SolverError
        When not even one plan was found in time.
    """
    from optimiser.explore.near import trades

    refuse_share(within)
    if not 1 <= count <= MOST:
        raise InputError([Fault("--count", 0, "", str(count), say("explore.alternatives_count", most=MOST))])
    solver = problem.config.solver
    desk = desk or Desk(solver.gap, solver.time_limit, solver.seed)
    series = _begun(problem, within, desk)
    ends = time.monotonic() + seconds
    while open_ones := [one for one in series if len(one.asked) <= count and not one.ended]:
        if ends - time.monotonic() < LAST:
            break
        share_of_time = (ends - time.monotonic()) / (count + 1 - min(len(one.asked) for one in open_ones))
        _add(desk, open_ones, time.monotonic() + share_of_time)
    return trades.finding(problem, within, count, series, desk)


def _begun(problem: Problem, share: float, desk: Desk) -> list[Series]:
    """The best plan of all regions."""
    parts = components(problem)
    series = []
    questions = [Question(problem, regions) for regions in parts]
    for asked in desk.ask(questions, gap=min(desk.gap, share / 3) if share else desk.gap):
        regions = asked.question.regions
        if refuse_no_answer(asked).infeasible:
            raise InfeasibleError(say("solve.infeasible", regions=", ".join(regions)),
                                  [say("explore.bins_no_plan")])
        one = Series(problem, regions, share, [asked], [0], [0.0])
        one.worth = one.nearly.room / max(1, len(one.lists[0]))
        series.append(one)
    return series


def _add(desk: Desk, series: list[Series], ends: float) -> None:
    """The next alternative of each, side by side; those that find none that is far enough are marked."""
    found: dict[tuple[str, ...], Asked] = {}
    going = list(series)
    for number in range(TRIES):
        left = ends - time.monotonic()
        if not going or left < LAST:
            break
        questions = [_question(desk, one) for one in going]
        rewarded = any(question.reward for question in questions)
        seconds = min(ONE, left / len(batches(going)) / (1 if number == TRIES - 1 else 2))
        asked = desk.ask(questions, gap=min(desk.gap, GAP * series[0].share) if rewarded else 0.0,
                         seconds=max(LAST, seconds))
        going = [one for one, answer in zip(going, asked, strict=True) if _learn(one, answer, found)]
    _fill(desk, series, found)
    for one in series:
        best = found.get(one.regions)
        apart = one.distance(_lists(best)) if best else 0
        if best is None or apart < one.least:
            one.ended = "none" if best is None and one.most >= one.least else "alike"
        else:
            one.apart.append(apart)
            one.limits.append(one.most)
            one.asked.append(best)


def _fill(desk: Desk, series: list[Series], found: dict[tuple[str, ...], Asked]) -> None:
    """The best quotas for each list that was found: what made it the farthest did not ask for them."""
    kept = list(found.values())
    questions = []
    for answer in kept:
        problem, regions, listed = answer.question.problem, answer.question.regions, _lists(answer)
        questions.append(Question(problem, regions, tuple(
            wish for r in regions for wish in exactly_these(problem, r, listed)), like=(Plan(listed),), near=True))
    gap = min(desk.gap, FILLED * min((one.share for one in series), default=1.0))
    for answer, better in zip(kept, desk.ask(questions, gap=gap, seconds=ONE), strict=True):
        if better.plan and better.value < answer.value:
            found[answer.question.regions] = better


def _lists(answer: Asked) -> Lists:
    return answer.plan.listed if answer.plan else frozenset()


def _question(desk: Desk, one: Series) -> Question:
    """The farthest list near the best, or one whose entries are worth something."""
    whole = int(desk.model(one.problem, one.regions).program.integer.sum())
    if whole < LARGE or one.worth <= 0:
        edge = one.nearly.aimed if one.careful else one.nearly.inside
        return Question(one.problem, one.regions, within=edge, apart=one.lists)
    return Question(one.problem, one.regions, apart=one.lists, reward=one.worth)


def _learn(one: Series, answer: Asked, found: dict[tuple[str, ...], Asked]) -> bool:
    """Keep the farthest list, tighten the bound, vary the worth; whether to ask again.

    A plan within the share that differs in `d` entries has `value - worth * d` at least at the bound of the search. A
    bound holds for further lists too: with more lists to differ from, the nearest can only be nearer.
    """
    nearly, worth = one.nearly, answer.question.reward
    if not one.careful or worth:
        limit = (nearly.inside - answer.score_bound) / worth if worth else -answer.score_bound
        one.most = min(one.most, 0.0 if answer.infeasible else math.inf if math.isnan(limit) else limit)
    good = answer.plan is not None and nearly.surely_in(answer.value)
    if answer.plan and good:
        best = found.get(one.regions)
        if best is None or not best.plan or one.distance(answer.plan.listed) > one.distance(best.plan.listed):
            found[one.regions] = answer
    if not worth:
        again = answer.plan is not None and not good and not one.careful
        one.careful |= again
        return again
    if answer.plan is None:
        return True
    used = (answer.value - nearly.bound) / max(nearly.room, 1e-12)
    if NEAR_ENOUGH <= used <= 1:
        return False
    one.worth *= min(max(WANTED / max(used, 1e-3), STEP[0]), STEP[1])
    return True
