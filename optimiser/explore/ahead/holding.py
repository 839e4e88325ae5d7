"""What decided lists and quotas come to in every future, exactly; and the fewest permits that do as much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from optimiser.errors import ResultError, SolverError
from optimiser.explore.ahead.parts import Alone, Decisions, Held, Part, refuse, refuse_interrupted
from optimiser.explore.desk import Desk, Question, sound
from optimiser.model.handover import Handed, Key
from optimiser.model.scenarios import FIRST, decided, fewest_lots, held
from optimiser.plan import exact
from optimiser.solver import Answer, Program, batches, solve_many
from optimiser.texts import say

HELD_SECONDS = 30.0  # for what decided lists and quotas come to in one future, a linear programme
LEAN_SECONDS = 10.0
NOISE = 1e-6  # of a lot


def hold(asked: Sequence[tuple[Part, Decisions]], desk: Desk) -> list[Held]:
    """What lists and quotas come to in every future: the best for it that they allow, by the solver's numbers."""
    all_answers = _linear([(handed, first) for part, first in asked for handed in part.handed], desk)
    refuse_interrupted(all_answers)
    answers = iter(all_answers)
    found = []
    for part, first in asked:
        own = [next(answers) for _ in part.handed]
        for answer in own:
            if answer.status != "infeasible":
                refuse(answer, part)
        found.append(Held(first, tuple(None if answer.x is None else exact(answer.stages[0].value) for answer in own),
                          tuple(answer.x for answer in own)))
    return found


def found_or_tried(part: Part, ones: Sequence[Alone], answer: Answer, desk: Desk) -> list[Held]:
    """What the search over all futures found, held in each; where time was too short for a point, what futures decide
    alone, the fewest permits first, until one keeps the rules in all.

    Raises
    ------
    SolverError
        When none does.
    """
    if answer.x is not None:
        return hold([(part, part.decided(answer.x))], desk)
    for one in sorted(ones, key=lambda one: sum(lots for (name, _), lots in one.first.items() if name == "lots")):
        [kept] = hold([(part, one.first)], desk)
        if kept.sound:
            return [kept]
    raise SolverError(say("solve.no_plan", regions=", ".join(part.regions), reason=answer.reason or answer.status))


def published(part: Part, kept: Held) -> Held:
    """The same with the fewest permits that no future misses, people rounded, and every rule checked exactly.

    A quota that none uses up is not published; where the fewest break a rule (shares of risk classes), all stay.

    Raises
    ------
    ResultError
        When a future has no rounding that keeps its rules.
    """
    points = [x for x in kept.points if x is not None]
    columns = part.joined.first
    first = _fewest(part.joined.program, columns, kept.first, _needed(part.handed, points))
    for decisions in ([first] if first is not None else []) + [kept.first]:
        try:
            return _rounded(part, decisions, points)
        except ResultError:
            if decisions is kept.first:
                raise
    raise AssertionError("the last one returns or raises")


def _rounded(part: Part, first: Decisions, points: Sequence[np.ndarray]) -> Held:
    plans, values = [], []
    for problem, handed, x in zip(part.problems, part.handed, points, strict=True):
        lots = np.array([name == "lots" for name, _ in handed.columns])
        authorised = np.where(lots, [first.get(key, 0.0) for key in handed.columns], x)
        plan, outcome = sound(Question(problem, part.regions), handed, authorised)
        plans.append(plan)
        values.append(sum((outcome.objective[r, "unfilled"] for r in part.regions), Fraction(0)))
    return Held(first, tuple(values), tuple(points), tuple(plans))


def lean_average(part: Part, one: Alone, desk: Desk) -> Decisions:
    """What the case of mean numbers decides, with the fewest permits that it does not miss."""
    [answer] = _linear([(part.average, one.first)], desk)
    if answer.x is None:
        return one.first
    needed = _needed([part.average], [answer.x])
    return _fewest(part.average.program, part.average.columns, one.first, needed) or one.first


def _needed(handed: Sequence[Handed], points: Sequence[np.ndarray]) -> dict[Key, int]:
    """Lots without which the people of some point could not come, by column."""
    needed: dict[Key, int] = {}
    for one, x in zip(handed, points, strict=True):
        problem, coming = one.frame.problem, {}
        for (name, index), persons in zip(one.columns, x, strict=True):
            if name == "arrivals":
                o, p, t = str(index[0]), str(index[1]), index[2]
                key = problem.region_of[p], o, t
                coming[key] = coming.get(key, 0.0) + persons
        for (r, o, t), persons in coming.items():
            lots = ceil(persons / ((problem.parameter("uptake", r, o) or 1.0) * one.frame.lot[r, o]) - NOISE)
            needed["lots", (r, o, t)] = max(needed.get(("lots", (r, o, t)), 0), lots)
    return needed


def _fewest(program: Program, columns: Sequence[Key], first: Decisions, needed: Mapping[Key, int]
            ) -> Decisions | None:
    """The decisions with the fewest lots; None when that is not known."""
    [answer] = solve_many([fewest_lots(program, columns, first, needed)], gap=0.0, time_limit=LEAN_SECONDS, seed=1)
    if answer.x is None:
        return None
    return decided([key for key in columns if key[0] in FIRST], answer.x)


def _linear(asked: Sequence[tuple[Handed, Decisions]], desk: Desk) -> list[Answer]:
    programs = [held(handed, first) for handed, first in asked]
    return solve_many(programs, gap=0.0, time_limit=HELD_SECONDS * max(1, len(batches(programs))), seed=desk.seed,
                      together=False)
