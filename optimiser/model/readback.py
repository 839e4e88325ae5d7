"""The solver's numbers as a plan: whole variables rounded once, the others to the published decimals, safely."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from math import ceil

import numpy as np

from optimiser.exact import parameter, units_used
from optimiser.model.handover import Handed
from optimiser.model.rounding import HAIRS, STEP, in_steps, with_room
from optimiser.plan import DECIMALS, Plan, exact
from optimiser.solver import OutOfRange, solve

SNAP = 6  # a number closer to a published decimal than this many decimals is taken to be it
EVERY_DIGIT = 12
UNIT = 10**DECIMALS
RESOLVE_SECONDS = 10.0


def plans(handed: Handed, x: np.ndarray) -> Iterator[Plan]:
    """Plans to try, the most faithful first; whoever asks takes the first that passes the exact check.

    Arrivals and trainees are published rounded down, since fewer people break no limit on services, permits or
    budgets, but no fewer trainees than the permits require; extra capacity is what the people published need. The
    first plan takes a number within 1e-6 of a published one for it, the second trusts every digit. The third searches
    the published numbers next to the answer that keep every row (`rounding.py`): a coverage that must be reached may
    need it. Where that takes too long, a hair more coverage is asked for, and rounded down.
    """
    yield _plan(handed, x, SNAP)
    yield _plan(handed, x, EVERY_DIGIT)
    program, base = in_steps(handed, x)
    with suppress(OutOfRange):  # counted in steps, a side may be too large to be searched
        again = solve(program, gap=0.0, time_limit=RESOLVE_SECONDS, seed=1)
        if again.x is not None:
            yield _plan(handed, base + STEP * again.x, SNAP)
    for hair in HAIRS:
        near = solve(with_room(handed, x, hair), gap=0.0, time_limit=RESOLVE_SECONDS, seed=1)
        if near.x is not None:
            yield _plan(handed, near.x, EVERY_DIGIT)


def _down(number: float, snap: int) -> Fraction:
    return Fraction(int(np.floor(round(number, snap) * UNIT + 10.0 ** (DECIMALS - snap - 3))), UNIT)


def _up(number: Fraction) -> Fraction:
    return Fraction(ceil(number * UNIT), UNIT)


def _plan(handed: Handed, x: np.ndarray, snap: int) -> Plan:
    problem, lot = handed.frame.problem, handed.frame.lot
    plan = Plan(frozenset((str(i[0]), str(i[1]), int(str(i[2]))) for (name, i), value in zip(handed.columns, x,
                strict=True) if name == "listed" and value > 0.5))
    for (name, index), value in zip(handed.columns, x, strict=True):
        key: tuple = index
        if name == "lots" and (lots := round(value)) > 0:
            plan.quota[key] = lot[key[:2]] * lots
        elif name == "arrivals" and (number := _down(value, snap)) > 0:
            plan.arrivals[key] = number
        elif name == "trainees" and (number := _down(value, snap)) > 0:
            plan.trainees[key] = number
    for (r, o, t), permits in plan.quota.items():
        required = _up(parameter(problem, "trainees_per_permit", r, o) * permits)
        if required > plan.trainees.get((r, o, t), 0):
            plan.trainees[r, o, t] = required
    plan.expansion.update(_expansion(handed, plan))
    return plan


def _expansion(handed: Handed, plan: Plan) -> dict[tuple[str, str, int], Fraction]:
    """Extra capacity that the plan's people need beyond each capacity; what stands once still stands the next year."""
    problem = handed.frame.problem
    used = units_used(problem, plan)
    stands: dict[tuple[str, str, int], Fraction] = {}
    for g, place, t in sorted(handed.frame.expansion_cap):
        before = stands.get((g, place, t - 1), Fraction(0))
        needed = max(before, _up(used[g, place, t] - exact(problem.capacity[g, place, t])))
        if needed > 0:
            stands[g, place, t] = needed
    return stands


def merged(parts: list[Plan]) -> Plan:
    """Plans of regions that share nothing as one plan, in canonical order."""
    whole = Plan(frozenset().union(*(part.listed for part in parts)))
    for name in ("quota", "arrivals", "trainees", "expansion"):
        entries = {key: value for part in parts for key, value in getattr(part, name).items()}
        getattr(whole, name).update(sorted(entries.items()))
    return whole
