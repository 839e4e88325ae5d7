r"""Least regret: the futures that decide it are found one after the other, as they are few.

With fewer futures the least regret can only be smaller, so that what is proved for some of them holds for all:

$$\min \max_{s \in S'} (\text{aim}_s - \text{best}_s) \le \min \max_{s \in S} (\text{aim}_s - \text{best}_s)
\quad\text{for}\quad S' \subseteq S$$

The search begins with the futures that known lists and quotas regret most. In turn it seeks the best list and quotas
for these alone, which gives the bound; holds that list and seeks the best quotas for more futures, which gives what is
published; and counts the futures too in which what it found broke a rule or was regretted more (scenario relaxation:
Assavapokee, Realff, Ammons and Hong, *Computers & Operations Research* 2008, 2093-2102).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimiser.errors import SolverError
from optimiser.explore.ahead.holding import hold
from optimiser.explore.ahead.parts import Alone, Held, Part, level, listed, refuse_interrupted
from optimiser.explore.ahead.stages import Searched, joined_point, left, telling, with_list
from optimiser.explore.desk import Desk
from optimiser.model.scenarios import Joined, decided, join, regret
from optimiser.solver import Answer, Known, Program, Progress, solve_many
from optimiser.texts import say

FINER, COARSER = 0.025, 0.1
"""Of the wanted gap, which is a share of all that stays unfilled: a regret is a hundredth of that. The coarser one is
for lists, whose quotas are sought again.
"""
BEGIN = 2  # futures that known lists and quotas regret most
MORE = 2  # futures that are counted more in every round
MORE_FOR_QUOTAS = 3  # where the list is held, which makes a search so much easier
LIST_SHARE = 0.15  # of the time, for the list of the mean numbers
LISTS_SHARE, QUOTAS_SHARE = 0.5, 0.6  # of the time that is left
TINY = 1e-9  # person-years
ARITHMETIC = 1e-12  # of a level, that adding it to a bound may cost


@dataclass
class Sought:
    """The search for the least regret of one part.

    Attributes
    ----------
    ones : one per future
        The best for each alone, which regret is counted against.
    found : list of Held
        Lists and quotas that keep the rules in all futures.
    last : Held
        What was found last, which may break a rule in some.
    worlds : list of int
        The futures that are counted.
    low : float
        No list and quotas regret less; below 0 where a future may have a better plan than is known of it.
    clock_cut : bool
        Whether a clock ended a search.
    """

    part: Part = field(repr=False)
    ones: Sequence[Alone] = field(repr=False)
    average: Alone | None = field(repr=False)
    found: list[Held] = field(repr=False)
    last: Held = field(repr=False)
    worlds: list[int]
    low: float
    clock_cut: bool = False

    def regrets(self, kept: Held) -> list[float]:
        """What is regretted in every future; infinite where a rule is broken."""
        return [float("inf") if value is None else float(value - one.value)
                for value, one in zip(kept.values, self.ones, strict=True)]

    @property
    def level(self) -> float:
        """What a gap is a share of."""
        return level(self.part, self.ones)

    @property
    def distance(self) -> float:
        """From the least regret known to what none can be below, as a share of what stays unfilled."""
        return (min(max(self.regrets(kept)) for kept in self.found) - self.low) / max(self.level, TINY)

    def behind(self) -> list[int]:
        """Futures not counted in which what was found last is regretted more than in any that is, the worst first."""
        regrets = self.regrets(self.last)
        most = max(regrets[s] for s in self.worlds)
        return sorted((s for s, one in enumerate(regrets) if s not in self.worlds and one > most),
                      key=lambda s: -regrets[s])

    def take(self, answer: Answer, kept: Held | None) -> None:
        """Take up what a search found, held in all futures."""
        self.clock_cut |= answer.clock_cut
        if kept:
            self.last = kept
            self.found += [kept] if kept.sound else []


@dataclass(frozen=True)
class Question:
    """The least regret of a part over some futures alone, perhaps with its lists decided."""

    sought: Sought
    joined: Joined
    program: Program
    start: np.ndarray | None


def least_regret(parts: Sequence[Part], singles: Sequence[tuple[list[Alone], Alone | None]], means: Sequence[Held],
                 begin: Sequence[Held], desk: Desk, ends: float) -> list[Searched]:
    """The lists and quotas that are regretted least at the worst, and the same with the list of the mean numbers.

    Ctrl-C ends the search; what was found by then is the answer.

    Parameters
    ----------
    singles : sequence of (list of Alone, Alone)
        Regret is counted against their values, which are to be the best that is known.
    means : sequence of Held
        List and quotas of the mean numbers, one per part.
    begin : sequence of Held
        Lists and quotas that keep the rules in all futures.
    ends : float
        When the searches must be over, as `time.monotonic()` tells it.
    """
    all_sought = [_sought(part, ones, average, of_mean, kept)
                  for part, (ones, average), of_mean, kept in zip(parts, singles, means, begin, strict=True)]
    until = ends - LIST_SHARE * (ends - time.monotonic())
    try:
        _seek(all_sought, desk, until)
        return _with_mean_list(all_sought, desk, ends)
    except KeyboardInterrupt:
        for one in all_sought:
            one.clock_cut = True
        return [_searched(one, None) for one in all_sought]


def _sought(part: Part, ones: Sequence[Alone], average: Alone | None, of_mean: Held, kept: Held) -> Sought:
    """Where the search begins: with the futures that regret most, and one of those in which the mean numbers fail."""
    found = [kept, *([of_mean] if average and of_mean.sound else [])]
    sought = Sought(part, ones, average, found, kept, [], max(one.bound - float(one.value) for one in ones))
    regrets = sought.regrets(kept)
    worst = sorted(range(len(ones)), key=lambda s: -regrets[s])
    broken = [s for s in worst[BEGIN:] if average and of_mean.values[s] is None]
    sought.worlds = [*worst[:BEGIN], *broken[:1]]
    return sought


def _seek(all_sought: Sequence[Sought], desk: Desk, until: float) -> None:
    """Round after round, until no future is left out that counts, or the time is over."""
    gap, coarser, fine = desk.gap * FINER, desk.gap * COARSER, False
    while going := [one for one in all_sought if one.distance > gap]:
        if time.monotonic() > until:
            for one in going:
                one.clock_cut = True
            return
        _seek_lists(going, desk, gap if fine else coarser, left(until, 1.0 if fine else LISTS_SHARE))
        behind = [one for one in going if one.distance > gap and one.behind()]
        if fine and not behind:
            return
        fine = not behind
        _seek_quotas(behind, desk, gap, left(until, QUOTAS_SHARE))


def _seek_lists(going: Sequence[Sought], desk: Desk, gap: float, seconds: float) -> None:
    """The least regret over the futures that are counted: a bound, and a list."""
    asked = [_question(one, one.worlds) for one in going]
    answers = _asked(asked, "futures.regret_some", desk, gap, seconds)
    for one, answer, kept in zip(going, answers, _held(asked, answers, desk), strict=True):
        one.take(answer, kept)
        if answer.stages:
            one.low = max(one.low, answer.stages[0].bound - one.level)


def _seek_quotas(going: Sequence[Sought], desk: Desk, gap: float, seconds: float) -> None:
    """With the list that was found last, the best quotas for more futures, some of which are counted from now on."""
    asked = [_question(one, one.worlds + one.behind()[:MORE_FOR_QUOTAS], one.last) for one in going]
    for one in going:
        one.worlds += one.behind()[:MORE]
    answers = _asked(asked, "futures.regret_some", desk, gap, seconds)
    for one, answer, kept in zip(going, answers, _held(asked, answers, desk), strict=True):
        one.take(answer, kept)


def _question(one: Sought, worlds: Sequence[int], like: Held | Alone | None = None) -> Question:
    """The least regret over some futures, of any list or of that of `like`."""
    joined = join([one.part.handed[s] for s in worlds])
    best = [float(one.ones[s].value) for s in worlds]
    program = regret(joined, best, [one.ones[s].bound for s in worlds], one.level,
                     [float(one.part.shares[s]) for s in worlds])
    if like:
        program = with_list(joined, program, like.first)
    starts = []
    for kept in (one.last, *one.found):
        if None not in [kept.values[s] for s in worlds] and (not like or listed(kept.first) == listed(like.first)):
            x = joined_point(joined, [kept.points[s] for s in worlds])
            starts.append(np.append(x, max(joined.aim(n).value(x) - value for n, value in enumerate(best))))
    return Question(one, joined, program, min(starts, key=lambda x: x[-1], default=None))


def _asked(asked: Sequence[Question], text: str, desk: Desk, gap: float, seconds: float) -> list[Answer]:
    """The answers, searched side by side; progress tells of regret without the level that the programmes add.

    Raises
    ------
    KeyboardInterrupt
        When Ctrl-C ended a search.
    """
    known = [Known(bound=one.sought.low + one.sought.level * (1 - ARITHMETIC)) for one in asked]
    tell = telling(desk, [(one.sought.part, say(text, n=len(one.joined.handed), of=len(one.sought.part.names)))
                          for one in asked])

    def told(n: int, progress: Progress) -> None:
        level = asked[n].sought.level if progress.number == 1 else 0.0
        incumbent, bound = (None if number is None else number - level
                            for number in (progress.incumbent, progress.bound))
        if tell:
            tell(n, replace(progress, incumbent=incumbent, bound=bound))

    answers = solve_many([one.program for one in asked], gap=gap, seed=desk.seed, together=False, known=known,
                         starts=[one.start for one in asked], time_limit=seconds,
                         on_progress=told)
    refuse_interrupted(answers)
    return answers


def _held(asked: Sequence[Question], answers: Sequence[Answer], desk: Desk) -> list[Held | None]:
    """What was found, held in all futures; None where nothing was, or where that was not known in time."""
    found = [(one.sought.part, decided(one.joined.first, answer.x))
             for one, answer in zip(asked, answers, strict=True) if answer.x is not None]
    try:
        kept = iter(hold(found, desk))
    except SolverError:
        return [None] * len(asked)
    return [next(kept) if answer.x is not None else None for answer in answers]


def _with_mean_list(all_sought: Sequence[Sought], desk: Desk, ends: float) -> list[Searched]:
    """What was found, beside the least regret of the list of the mean numbers with quotas for the same futures."""
    with_mean = [one for one in all_sought if one.average]
    asked = [_question(one, one.worlds, one.average) for one in with_mean]
    answers = _asked(asked, "futures.regret_mean_list", desk, desk.gap * FINER, left(ends, 1.0))
    for one, answer, kept in zip(with_mean, answers, _held(asked, answers, desk), strict=True):
        one.take(answer, kept)
    of_list = iter(answers)
    return [_searched(one, next(of_list) if one.average else None) for one in all_sought]


def _searched(one: Sought, of_list: Answer | None) -> Searched:
    """What is known of a part; the plans found say how far its mean list can come, a bound how far it can't."""
    list_low = 0.0 if one.average else float("inf")
    if of_list and of_list.status == "infeasible":
        list_low = float("inf")
    elif of_list and of_list.stages:
        list_low = max(0.0, of_list.stages[0].bound - one.level)
    return Searched(tuple(one.found), max(0.0, one.low), list_low, float("inf"), one.clock_cut)
