"""What decided lists and quotas come to in every future, exactly; and the fewest permits that do as much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any

from optimiser.check import violations
from optimiser.errors import SolverError
from optimiser.exact import parameter
from optimiser.explore.ahead.parts import Alone, Decisions, Held, Part, refuse, value_of
from optimiser.explore.desk import Desk, Question, sound
from optimiser.model.handover import Handed, Key
from optimiser.model.scenarios import FIRST, decided, fewest_lots, held
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solver import Answer, Program, batches, solve_many
from optimiser.texts import say

HELD_SECONDS = 30.0  # for what decided lists and quotas come to in one future, a linear programme
LEAN_SECONDS = 10.0


def hold(asked: Sequence[tuple[Part, Decisions]], desk: Desk) -> list[Held]:
    """What lists and quotas come to in every future: the best for it that they allow, checked exactly."""
    jobs = [(n, s) for n, (part, _) in enumerate(asked) for s in range(len(part.handed))]
    answers = _linear([(asked[n][0].handed[s], asked[n][1]) for n, s in jobs], desk)
    plans: list[list[Plan | None]] = [[] for _ in asked]
    values: list[list[Fraction | None]] = [[] for _ in asked]
    for (n, s), answer in zip(jobs, answers, strict=True):
        part = asked[n][0]
        if answer.x is None:
            if answer.status != "infeasible":
                refuse(answer, part)
            plans[n].append(None)
            values[n].append(None)
            continue
        plan, outcome = sound(Question(part.problems[s], part.regions), part.handed[s], answer.x)
        plans[n].append(plan)
        values[n].append(value_of(part.handed[s], outcome.objective))
    size = [len(part.handed) for part, _ in asked]
    at = [sum(size[:n]) for n in range(len(asked))]
    return [Held(first, tuple(plans[n]), tuple(values[n]), tuple(answer.x for answer in answers[at[n]:at[n] + size[n]]))
            for n, (_, first) in enumerate(asked)]


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


def lean(part: Part, kept: Held) -> Held:
    """The same with the fewest permits that no future misses: a quota that none uses up is not published.

    Everything else stays; where a plan would break a rule by it (shares of risk classes), all stays.
    """
    needed = _needed(part, [(part.problems[s], plan) for s, plan in enumerate(kept.plans) if plan is not None])
    first = _fewest(part.joined.program, part.joined.first, kept.first, needed)
    if first is None:
        return kept
    lot = part.handed[0].frame.lot
    quota: dict[Any, int] = {index: lot[str(index[0]), str(index[1])] * int(lots)
                             for (name, index), lots in sorted(first.items(), key=str) if name == "lots"}
    leaner = tuple(plan and replace(plan, quota=dict(quota)) for plan in kept.plans)
    if any(plan and violations(part.problems[s], plan, part.regions) for s, plan in enumerate(leaner)):
        return kept
    return Held(first, leaner, kept.values)


def lean_average(part: Part, one: Alone, desk: Desk) -> Decisions:
    """What the case of mean numbers decides, with the fewest permits that it does not miss."""
    [answer] = _linear([(part.average, one.first)], desk)
    if answer.x is None:
        return one.first
    problem = part.average.frame.problem
    plan, _ = sound(Question(problem, part.regions), part.average, answer.x)
    return _fewest(part.average.program, part.average.columns, one.first, _needed(part, [(problem, plan)])) or one.first


def _needed(part: Part, plans: Sequence[tuple[Problem, Plan]]) -> dict[Key, int]:
    """Lots without which the people of some plan could not come, by column."""
    needed: dict[Key, int] = {}
    lot = part.handed[0].frame.lot
    for problem, plan in plans:
        coming: dict[tuple[str, str, int], Fraction] = {}
        for (o, p, t), persons in plan.arrivals.items():
            key = problem.region_of[p], o, t
            coming[key] = coming.get(key, Fraction(0)) + persons
        for (r, o, t), persons in coming.items():
            lots = ceil(persons / (parameter(problem, "uptake", r, o) * lot[r, o]))
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
