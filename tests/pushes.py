"""Pushes: decisions of a plan moved step by step, until the next step is one too far for a limit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction as F
from itertools import zip_longest
from typing import Any

from sums import LIMITS, Limit, Place, number

from optimiser.plan import DECIMALS, Plan
from optimiser.problem import Problem

STEP = F(1, 10**DECIMALS)
FAR = 1 << 20  # steps of a push: a thousand persons, a million lots
TRIES = 40  # pushes of a kind that are tried at one place before another is looked at
AMOUNTS = ("quota", "arrivals", "trainees", "expansion")
Move = tuple[tuple[str, Place, int], ...]  # decisions that change together, and the sign of their change


def change(plan: Plan, name: str, key: Place, value: Any) -> Plan:
    """The plan with one number set, zeros left out."""
    numbers = {k: v for k, v in getattr(plan, name).items() if k != key} | ({key: value} if value else {})
    return replace(plan, **{name: numbers})


def size(problem: Problem, name: str, key: Place) -> F | int:
    """The smallest step of a decision."""
    return int(number(problem, "lot", key[0], key[1])) if name == "quota" else STEP


def pushed(problem: Problem, plan: Plan, move: Move, steps: int) -> Plan:
    """The plan after so many steps of a move: what rises does so at once, what falls is drained one after the other."""
    left = steps
    for name, key, sign in move:
        now, step = getattr(plan, name).get(key, 0), size(problem, name, key)
        taken = steps if sign > 0 else min(left, int(now / step))
        left -= taken if sign < 0 else 0
        if taken:
            plan = change(plan, name, key, now + sign * taken * step)
    return plan


def farthest(problem: Problem, plan: Plan, move: Move) -> int:
    """Steps until nothing is left to drain."""
    falling = [(name, key) for name, key, sign in move if sign < 0]
    return sum(int(getattr(plan, name)[key] / size(problem, name, key)) for name, key in falling) if falling else FAR


def singles(problem: Problem, plan: Plan) -> Iterator[Move]:
    """Every decision up or down."""
    for name, keys in every_key(problem).items():
        yield from (((name, key, 1),) for key in keys)
        yield from (((name, key, -1),) for key in getattr(plan, name))


def transfers(problem: Problem, plan: Plan) -> Iterator[Move]:
    """People and permits from one place, occupation or year to another."""
    keys = every_key(problem)
    for name in ("quota", "arrivals", "trainees"):
        for source in getattr(plan, name):
            yield from (((name, source, -1), (name, key, 1)) for key in keys[name]
                        if sum(a != b for a, b in zip(source, key, strict=True)) == 1)


def drains(problem: Problem, plan: Plan) -> Iterator[Move]:
    """All who come to an area and train in its region, or all of a sector in a region, one after the other."""
    for r, areas in problem.areas.items():
        trained = [("trainees", key, -1) for key in plan.trainees if key[0] == r]
        coming = [("arrivals", key, -1) for key in plan.arrivals if key[1] in areas]
        yield from ((*[part for part in coming if part[1][1] == p], *trained) for p in areas)
        sector = {o: problem.attribute("sector", o) for o in problem.candidates[r]}
        yield from ((*[part for part in coming if sector[part[1][0]] == s],
                     *[part for part in trained if sector[part[1][1]] == s]) for s in sorted(set(sector.values())))


def every_key(problem: Problem) -> dict[str, list[Place]]:
    """Every decision there is about numbers."""
    started = [(r, o, t) for r in problem.regions for o in problem.candidates[r] for t in problem.years]
    settled = [(o, p, t) for p, r in problem.region_of.items() for o in problem.candidates[r] for t in problem.years]
    return {"quota": started, "arrivals": settled, "trainees": started, "expansion": list(problem.capacity)}


def beyond(limit: Limit, rng: random.Random, problem: Problem, plan: Plan) -> tuple[Place, Plan, Plan | None] | None:
    """Push a plan to a limit, somewhere, by something: the place, the plan one step too far, and the one before it.

    The one before is left out where another limit that the same rule watches is broken there.
    """
    kinds = [[move for move in kind(problem, plan) if {f"{name}{'+' if sign > 0 else '-'}" for name, _, sign in move}
              & limit.levers] for kind in (singles, transfers, drains)]
    everywhere = list(limit.places(problem))
    for place in rng.sample(everywhere, len(everywhere)):
        picked = [rng.sample(kind, min(TRIES, len(kind))) for kind in kinds]
        for move in (move for of_each in zip_longest(*picked) for move in of_each if move):
            low, high = 0, farthest(problem, plan, move)
            if high < 1 or limit.beyond(problem, pushed(problem, plan, move, high), *place) <= 0:
                continue
            while high - low > 1:
                middle = (low + high) // 2
                too_far = limit.beyond(problem, pushed(problem, plan, move, middle), *place) > 0
                low, high = (low, middle) if too_far else (middle, high)
            within = pushed(problem, plan, move, low)
            return (place, pushed(problem, plan, move, high),
                    within if silent(limit, problem, within, place) else None)
    return None


def silent(limit: Limit, problem: Problem, plan: Plan, place: Place) -> bool:
    """Whether a plan breaks none of the limits that the same rule watches at a place."""
    return all(other.beyond(problem, plan, *place) <= 0 for other in LIMITS.values()
               if other.rule == limit.rule and place in other.places(problem))
