"""The searches: every future alone, and all of them together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np

from optimiser.errors import InfeasibleError, InputError
from optimiser.explore.ahead.measures import worst
from optimiser.explore.ahead.parts import Alone, Held, Part, listed, refuse, refuse_interrupted
from optimiser.explore.desk import Desk
from optimiser.model.handover import Handed, Key
from optimiser.model.scenarios import Joined, conditional, decided, expected
from optimiser.origin import fault
from optimiser.plan import exact
from optimiser.solver import Answer, Known, OutOfRange, Program, Progress, solve_many
from optimiser.texts import say

FINER = 0.25
"""Of the wanted gap, to which every search goes on while there is time: a gap is a share of all that stays unfilled,
and what a design saves against the mean numbers is little of that.
"""
AVERAGE_SHARE, ALONE_SHARE, JOINED_SHARE = 0.15, 0.5, 0.75
"""Of the time that is left: most for the mean numbers, for every future alone, and for all of them together."""


@dataclass(frozen=True)
class Searched:
    """What the searches over all futures came to for a part, of its measure.

    Attributes
    ----------
    found : tuple of Held
        Lists and quotas that keep the rules in all futures.
    low : float
        No list and quotas come to less.
    list_low, list_high : float
        The same for the list of the mean numbers, with the best quotas found for it; infinite where there are none.
    clock_cut : bool
        Whether a clock ended a search.
    """

    found: tuple[Held, ...] = field(repr=False)
    low: float
    list_low: float
    list_high: float
    clock_cut: bool


def alone(parts: Sequence[Part], desk: Desk, ends: float) -> list[tuple[list[Alone], Alone | None]]:
    """Every future by itself, and the case of mean numbers, for every part; None where that one has no plan.

    Raises
    ------
    InputError
        When a number can't be brought into the range in which the solver is to be trusted.
    InfeasibleError
        When no plan keeps the rules of a future.
    SolverError
        When none is found in time.
    KeyboardInterrupt
        When Ctrl-C ends a search: there is nothing to publish yet.
    """
    averages = _alone([(part, part.average, say("futures.mean")) for part in parts], [Known()] * len(parts),
                      desk, left(ends, AVERAGE_SHARE))
    asked = [(part, handed, name) for part in parts for handed, name in zip(part.handed, part.names, strict=True)]
    known = [_like(handed, part.average, average) for part, average in zip(parts, averages, strict=True)
             for handed in part.handed]
    answers = _alone(asked, known, desk, left(ends, ALONE_SHARE))
    _refuse_impossible([(part, name) for (part, _, name), one in zip(asked, answers, strict=True) if one is None],
                       len(parts[0].names))
    found = [one for one in answers if one]
    size = len(found) // len(parts)
    return [(found[n * size:(n + 1) * size], average) for n, average in enumerate(averages)]


def _refuse_impossible(futures: Sequence[tuple[Part, str]], of: int) -> None:
    """Refuse futures in which some regions have no plan even by themselves: all of them, by name."""
    if not futures:
        return
    lines = []
    for part in {id(part): part for part, _ in futures}.values():
        names = [name for one, name in futures if one is part]
        regions = ", ".join(part.regions)
        lines.append(say("futures.infeasible", regions=regions, name=names[0]) if len(names) == 1 else
                     say("futures.infeasible_several", regions=regions, names=", ".join(map(repr, names))))
    left = of - len({name for _, name in futures})
    advice = say("futures.infeasible_others", left=left, of=of) if left else say("futures.infeasible_none_left", of=of)
    raise InfeasibleError(lines[0], [*lines[1:], advice])


def _alone(asked: Sequence[tuple[Part, Handed, str]], known: Sequence[Known], desk: Desk, seconds: float
           ) -> list[Alone | None]:
    """The best of every case; None where it has no plan."""
    programs = [replace(handed.program, stages=handed.program.stages[:1]) for _, handed, _ in asked]
    try:
        answers = solve_many(programs, gap=desk.gap * FINER, seed=desk.seed, known=known,
                             time_limit=seconds,
                             on_progress=telling(desk, [(part, name) for part, _, name in asked]))
    except OutOfRange as error:
        raise InputError([fault(asked[0][1].frame.problem, error)]) from None
    refuse_interrupted(answers)
    found = []
    for (part, handed, _), answer in zip(asked, answers, strict=True):
        if answer.status == "infeasible":
            found.append(None)
            continue
        refuse(answer, part)
        assert answer.x is not None
        stage = answer.stages[0]
        found.append(Alone(decided(handed.columns, answer.x), exact(stage.value), min(stage.bound, stage.value),
                           answer.duals))
    return found


def _like(handed: Handed, other: Handed, one: Alone | None) -> Known:
    """What an answer to similar numbers tells of a programme: a list that may do well, and prices of the rows."""
    if one is None:
        return Known()
    choice = np.array([one.first.get(key, 0.0) if key[0] == "listed" else 0.0 for key in handed.columns])
    if one.duals is None:
        return Known((choice,))
    prices = dict(zip(other.rows, one.duals, strict=True))
    return Known((choice,), duals=np.array([prices.get(row, 0.0) for row in handed.rows]))


def together(parts: Sequence[Part], singles: Sequence[tuple[list[Alone], Alone | None]], begin: Sequence[Held],
             measure: str, alpha: float, desk: Desk, ends: float, compared: bool = True
             ) -> list[tuple[Answer, Answer | None]]:
    """The programme of all futures for every part: with the list free, and with the list of the mean numbers, if any.

    Where the lists and quotas of `begin` keep the rules in every future, the search begins with them.

    Parameters
    ----------
    ends : float
        When the searches must be over, as `time.monotonic()` tells it.
    compared : bool
        Whether the list of the mean numbers is asked about too; otherwise another search is to follow.

    Raises
    ------
    InfeasibleError
        When no list and quotas keep the rules in all futures.
    KeyboardInterrupt
        When Ctrl-C ends the search before anything is found, or before the search that is to follow.
    """
    asked: list[tuple[int, Program, Known, str, np.ndarray | None]] = []
    for n, (part, (ones, average), start_with) in enumerate(zip(parts, singles, begin, strict=True)):
        program, more = _measured(part, ones, measure, alpha)
        choices = tuple(_choice(part, one.first, len(program.col_lower)) for one in (average, *ones) if one)
        start = _start(part, ones, start_with, measure, alpha)
        asked.append((n, program, replace(more, choices=choices), say("futures.all"), start))
        if average and compared:
            with_mean = with_list(part.joined, program, average.first)
            start = start if listed(start_with.first) == listed(average.first) else None
            asked.append((n, with_mean, replace(more, choices=choices[:1]), say("futures.mean_list"), start))
    found: dict[tuple[int, str], Answer] = {}
    for name in (say("futures.all"), say("futures.mean_list")):  # the lists that are free first: they are what is asked
        wave = [one for one in asked if one[3] == name]
        answers = solve_many([one[1] for one in wave], gap=desk.gap * FINER, seed=desk.seed, together=False,
                             starts=[one[4] for one in wave], known=[one[2] for one in wave],
                             time_limit=left(ends, JOINED_SHARE),
                             on_progress=telling(desk, [(parts[one[0]], name) for one in wave]))
        found |= {(one[0], name): answer for one, answer in zip(wave, answers, strict=True)}
        if any(answer.status == "interrupted" for answer in answers):
            break
    for n, part in enumerate(parts):
        answer = found[n, say("futures.all")]
        if answer.status == "infeasible":
            _refuse_no_list(part, begin[n], singles[n][1])
        if answer.status == "interrupted" and (answer.x is None or not compared):
            raise KeyboardInterrupt
    return [(found[n, say("futures.all")], found.get((n, say("futures.mean_list")))) for n in range(len(parts))]


def _refuse_no_list(part: Part, of_mean: Held, average: Alone | None) -> NoReturn:
    """Say that no list and quotas keep the rules in all futures, and where those of the mean numbers fail."""
    regions = ", ".join(part.regions)
    broken = [name for name, value in zip(part.names, of_mean.values, strict=False) if value is None]
    told = [say("futures.no_list_mean", regions=regions, futures=", ".join(broken))] if average else []
    raise InfeasibleError(say("futures.no_list", regions=regions, n=len(part.names)),
                          [*told, say("futures.no_list_advice")])


def _measured(part: Part, ones: Sequence[Alone], measure: str, alpha: float) -> tuple[Program, Known]:
    """The programme of a measure, and what the futures alone tell of it: a bound, and prices of its rows."""
    joined, shares = part.joined, part.shares
    weights, values = [float(share) for share in shares], [one.value for one in ones]
    duals = [one.duals for one in ones]
    if measure == "expected":
        program, counted = expected(joined, weights), weights
        bound = sum(weight * one.bound for weight, one in zip(weights, ones, strict=True))
    else:
        program = conditional(joined, weights, alpha)
        counted = [float(share) for share in worst(values, shares, exact(alpha))]
        bounds = [exact(one.bound) for one in ones]
        tail = worst(bounds, shares, exact(alpha))
        bound = float(sum(share * least for share, least in zip(tail, bounds, strict=True)))
    prices = joined.prices(counted, duals)
    extra = len(program.row_lower) - len(prices)
    return program, Known((), bound - abs(bound) * 1e-12, np.append(prices, -np.array(counted)[:extra]))


def _start(part: Part, ones: Sequence[Alone], kept: Held, measure: str, alpha: float) -> np.ndarray | None:
    """The point of the joined programme that decided lists and quotas come to; None where they break a rule."""
    if not kept.sound:
        return None
    x = joined_point(part.joined, kept.points)
    values = [part.joined.aim(s).value(x) for s in range(len(ones))]
    if measure == "expected":
        return x
    tail = worst([exact(value) for value in values], part.shares, exact(alpha))
    eta = min(value for value, share in zip(values, tail, strict=True) if share > 0)
    return np.concatenate([x, [eta], np.maximum(0.0, np.array(values) - eta)])


def joined_point(joined: Joined, points: Sequence[np.ndarray | None]) -> np.ndarray:
    """The point of the joined programme that those of all futures make."""
    x = np.zeros(len(joined.program.col_lower))
    for where, own in zip(joined.at, points, strict=True):
        x[where] = own
    return x


def left(ends: float, share: float) -> float:
    """Seconds of a share of the time left; a moment where none is."""
    return max(1.0, share * (ends - time.monotonic()))


def _choice(part: Part, first: Mapping[Key, float], size: int) -> np.ndarray:
    """A point of the joined programme that has some lists and nothing else."""
    point = np.zeros(size)
    point[:len(part.joined.first)] = [first.get(key, 0.0) if key[0] == "listed" else 0.0 for key in part.joined.first]
    return point


def with_list(joined: Joined, program: Program, first: Mapping[Key, float]) -> Program:
    """The programme with the lists decided."""
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    for i, key in enumerate(joined.first):
        if key[0] == "listed":
            lower[i] = upper[i] = min(max(first.get(key, 0.0), lower[i]), upper[i])
    return replace(program, col_lower=lower, col_upper=upper)


def telling(desk: Desk, names: Sequence[tuple[Part, str]]) -> Callable[[int, Progress], None] | None:
    """Progress under the names of regions and futures."""
    tell = desk.on_progress
    if tell is None:
        return None

    def told(n: int, progress: Progress) -> None:
        part, name = names[n]
        tell(f"{', '.join(part.regions)}: {name}", replace(progress, stage="unfilled"))

    return told
