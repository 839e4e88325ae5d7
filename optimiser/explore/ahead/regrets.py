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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimiser.explore.ahead.holding import hold
from optimiser.explore.ahead.parts import Alone, Held, Part, level
from optimiser.explore.ahead.stages import Searched, joined_point, left, telling, with_list
from optimiser.explore.desk import Desk
from optimiser.model.handover import Key
from optimiser.model.scenarios import join, regret
from optimiser.solver import Answer, Known, Program, solve_many
from optimiser.texts import say

FINER, COARSER = 0.025, 0.1
"""Of the wanted gap, which is a share of all that stays unfilled: a regret is a hundredth of that. The coarser one is
for lists, whose quotas are sought again.
"""
BEGIN = 2  # futures that known lists and quotas regret most
MORE = 2  # futures that are counted more in every round
MORE_FOR_QUOTAS = 3  # where the list is held, which makes a search so much easier
LIST_SHARE = 0.15  # of the time, for the list of the mean numbers
ROUND_SHARE, QUOTAS_SHARE = 0.5, 0.6  # of the time that is left
TINY = 1e-9  # person-years
ARITHMETIC = 1e-12  # of a level, that adding it to a bound may cost


@dataclass
class Sought:
    """The search for the least regret of one part.

    Attributes
    ----------
    ones : one per future
        The best for each alone, of all that is known when the search begins.
    best, last : Held
        What regrets least in all futures, and what was found last, which may break a rule in some.
    worlds : list of int
        The futures that are counted.
    low : float
        No list and quotas regret less.
    clock_cut : bool
        Whether a clock ended a search.
    """

    part: Part = field(repr=False)
    ones: tuple[Alone, ...] = field(repr=False)
    average: Alone | None = field(repr=False)
    best: Held = field(repr=False)
    last: Held = field(repr=False)
    worlds: list[int]
    low: float = 0.0
    clock_cut: bool = False

    def regrets(self, kept: Held) -> list[float]:
        """What is regretted in every future; infinite where a rule is broken."""
        return [float("inf") if value is None else float(value - one.value)
                for value, one in zip(kept.values, self.ones, strict=True)]

    @property
    def high(self) -> float:
        """The least regret known."""
        return max(self.regrets(self.best))

    @property
    def distance(self) -> float:
        """From the least regret known to what none can be below, as a share of what stays unfilled."""
        return (self.high - self.low) / max(self.level, TINY)

    @property
    def level(self) -> float:
        """What a gap is a share of."""
        return level(self.part, self.ones)

    def behind(self) -> list[int]:
        """Futures not counted in which what was found last is regretted more than in any that is, the worst first."""
        regrets = self.regrets(self.last)
        most = max(regrets[s] for s in self.worlds)
        return sorted((s for s, one in enumerate(regrets) if s not in self.worlds and one > most),
                      key=lambda s: -regrets[s])

    def take(self, kept: Held) -> None:
        """Take up what was found, held in all futures."""
        self.last = kept
        if max(self.regrets(kept)) < self.high:
            self.best = kept


@dataclass(frozen=True)
class Question:
    """The least regret of a part over some futures alone, perhaps with its lists decided."""

    sought: Sought
    part: Part
    program: Program
    start: np.ndarray | None


def least_regret(parts: Sequence[Part], singles: Sequence[tuple[list[Alone], Alone | None]], means: Sequence[Held],
                 begin: Sequence[Held], desk: Desk, ends: float) -> list[Searched]:
    """The lists and quotas that are regretted least at the worst, and the same with the list of the mean numbers.

    Parameters
    ----------
    means : sequence of Held
        List and quotas of the mean numbers, one per part.
    begin : sequence of Held
        Lists and quotas that keep the rules in all futures.
    ends : float
        When the searches must be over, as `time.monotonic()` tells it.
    """
    all_sought = [_sought(part, ones, average, of_mean, kept)
                  for part, (ones, average), of_mean, kept in zip(parts, singles, means, begin, strict=True)]
    gap = desk.gap * FINER
    until = ends - LIST_SHARE * (ends - time.monotonic())
    going = all_sought
    while going and time.monotonic() < until:
        _seek_lists(going, desk, until)
        going = [one for one in going if one.behind() and one.distance > gap]
        _seek_quotas(going, desk, gap, until)
        going = [one for one in going if one.distance > gap]
    return _with_mean_list(all_sought, desk, gap, ends)


def _seek_lists(going: Sequence[Sought], desk: Desk, until: float) -> None:
    """The least regret over the futures that are counted: a bound, and a list."""
    asked = [_question(one, one.worlds) for one in going]
    answers = _asked(asked, say("futures.all"), desk, desk.gap * COARSER, left(until, ROUND_SHARE))
    for one, answer, kept in zip(going, answers, _held(asked, answers, desk), strict=True):
        one.clock_cut |= answer.clock_cut
        if answer.stages:
            one.low = max(one.low, answer.stages[0].bound - one.level)
        if kept:
            one.take(kept)


def _seek_quotas(going: Sequence[Sought], desk: Desk, gap: float, until: float) -> None:
    """With the list that was found last, the best quotas for more futures, some of which are counted from now on."""
    asked = [_question(one, one.worlds + one.behind()[:MORE_FOR_QUOTAS], one.last.first) for one in going]
    for one in going:
        one.worlds += one.behind()[:MORE]
    answers = _asked(asked, say("futures.all"), desk, gap, left(until, QUOTAS_SHARE))
    for one, kept in zip(going, _held(asked, answers, desk), strict=True):
        if kept:
            one.take(kept)


def _sought(part: Part, ones: Sequence[Alone], average: Alone | None, of_mean: Held, kept: Held) -> Sought:
    """Where the search begins: with the futures that regret most, and one of those in which the mean numbers fail."""
    best = tuple(one.with_value(min(one.value, value)) for one, value in zip(ones, kept.all_values, strict=True))
    sought = Sought(part, best, average, kept, kept, [])
    regrets = sought.regrets(kept)
    worst = sorted(range(len(best)), key=lambda s: -regrets[s])
    broken = [s for s in worst[BEGIN:] if average and of_mean.values[s] is None]
    sought.worlds = [*worst[:BEGIN], *broken[:1]]
    return sought


def _question(one: Sought, worlds: Sequence[int], first: Mapping[Key, float] | None = None) -> Question:
    """The least regret over some futures, of any list or of the lists in `first`."""
    handed = [one.part.handed[s] for s in worlds]
    part = replace(one.part, names=tuple(one.part.names[s] for s in worlds),
                   shares=tuple(one.part.shares[s] for s in worlds),
                   problems=tuple(one.part.problems[s] for s in worlds), handed=tuple(handed), joined=join(handed))
    ones = [one.ones[s] for s in worlds]
    program = regret(part.joined, [float(each.value) for each in ones], [each.bound for each in ones], one.level)
    return Question(one, part, program if first is None else with_list(part, program, first),
                    _start(one, part, worlds, first))


def _start(one: Sought, part: Part, worlds: Sequence[int], first: Mapping[Key, float] | None) -> np.ndarray | None:
    """The point to begin with: of what was found last, or else of the best, where it keeps the rules."""
    for kept in (one.last, one.best):
        regrets = [one.regrets(kept)[s] for s in worlds]
        if max(regrets) < float("inf") and (first is None or _lists(kept.first) == _lists(first)):
            return np.append(joined_point(part, [kept.points[s] for s in worlds]), max(regrets))
    return None


def _lists(first: Mapping[Key, float]) -> set[Key]:
    return {key for key in first if key[0] == "listed"}


def _asked(asked: Sequence[Question], name: str, desk: Desk, gap: float, seconds: float) -> list[Answer]:
    """The answers, searched side by side."""
    known = [Known(bound=one.sought.low + one.sought.level * (1 - ARITHMETIC)) for one in asked]
    return solve_many([one.program for one in asked], gap=gap, seed=desk.seed, together=False, known=known,
                      starts=[one.start for one in asked], time_limit=seconds,
                      on_progress=telling(desk, [(one.sought.part, name) for one in asked]))


def _held(asked: Sequence[Question], answers: Sequence[Answer], desk: Desk) -> list[Held | None]:
    """What was found, held in all futures; None where nothing was."""
    found = [(one.sought.part, one.part.decided(answer.x)) for one, answer in zip(asked, answers, strict=True)
             if answer.x is not None]
    kept = iter(hold(found, desk))
    return [next(kept) if answer.x is not None else None for answer in answers]


def _with_mean_list(all_sought: Sequence[Sought], desk: Desk, gap: float, ends: float) -> list[Searched]:
    """What was found, beside the least regret of the list of the mean numbers with quotas for the same futures."""
    asked = [_question(one, one.worlds, one.average.first) for one in all_sought if one.average]
    answers = _asked(asked, say("futures.mean_list"), desk, gap, left(ends, 1.0))
    lists = {id(question.sought): (answer, kept) for question, answer, kept in
             zip(asked, answers, _held(asked, answers, desk), strict=True)}
    return [_searched(one, *lists.get(id(one), (None, None))) for one in all_sought]


def _searched(one: Sought, answer: Answer | None, kept: Held | None) -> Searched:
    list_low = list_high = float("inf")
    if answer and answer.status != "infeasible":
        list_low = max(0.0, answer.stages[0].bound - one.level) if answer.stages else 0.0
    if kept:
        list_high = max(one.regrets(kept))
    return Searched((one.best, *([kept] if kept and kept.sound else [])), one.low, list_low, list_high,
                    one.clock_cut or bool(answer and answer.clock_cut))
