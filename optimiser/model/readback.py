"""The solver's numbers as a plan: whole variables rounded once, the others to the published decimals, safely."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from optimiser.model.handover import Handed
from optimiser.model.margins import tightened
from optimiser.plan import DECIMALS, Plan
from optimiser.solver import solve

SNAP = 6  # a number closer to a published decimal than this many decimals is taken to be it
STEP = 10**DECIMALS
RESOLVE_SECONDS = 30.0


def plans(handed: Handed, x: np.ndarray) -> Iterator[Plan]:
    """Plans to try, the most faithful first; whoever asks takes the first that passes the exact check.

    Arrivals are rounded down, since fewer people never break a limit on services, permits or budgets; trainees and
    expansion up. The first plan takes a number within 1e-6 of a published one for it, the second trusts every digit.
    The third solves the programme again with its whole decisions held and room for the rounding (`margins.py`).
    """
    yield _plan(handed, x, lambda n: _down(n, SNAP), lambda n: _up(n, SNAP))
    yield _plan(handed, x, lambda n: _down(n, 12), lambda n: _up(n, 12))
    again = solve(tightened(handed, x), gap=0.0, time_limit=RESOLVE_SECONDS, seed=1)
    if again.x is not None:
        exact = np.where(handed.program.integer, np.round(x), again.x)
        yield _plan(handed, exact, lambda n: _down(n, SNAP), lambda n: _up(n, SNAP))


def _down(number: float, snap: int) -> Fraction:
    return Fraction(int(np.floor(round(number, snap) * STEP + 10.0 ** (DECIMALS - snap - 3))), STEP)


def _up(number: float, snap: int) -> Fraction:
    return Fraction(int(np.ceil(round(number, snap) * STEP - 10.0 ** (DECIMALS - snap - 3))), STEP)


def _plan(handed: Handed, x: np.ndarray, down: Callable[[float], Fraction], up: Callable[[float], Fraction]) -> Plan:
    lot = handed.frame.lot
    plan = Plan(frozenset((str(i[0]), str(i[1]), int(str(i[2]))) for (name, i), value in zip(handed.columns, x,
                strict=True) if name == "listed" and value > 0.5))
    for (name, index), value in zip(handed.columns, x, strict=True):
        key: tuple = index
        if name == "lots" and (lots := round(value)) > 0:
            plan.quota[key] = lot[key[:2]] * lots
        elif name == "arrivals" and (number := down(value)) > 0:
            plan.arrivals[key] = number
        elif name == "trainees" and (number := up(value)) > 0:
            plan.trainees[key] = number
        elif name == "expansion" and (number := up(value)) > 0:
            plan.expansion[key] = number
    return plan


def merged(parts: list[Plan]) -> Plan:
    """Plans of regions that share nothing as one plan, in canonical order."""
    whole = Plan(frozenset().union(*(part.listed for part in parts)))
    for name in ("quota", "arrivals", "trainees", "expansion"):
        entries = {key: value for part in parts for key, value in getattr(part, name).items()}
        getattr(whole, name).update(sorted(entries.items()))
    return whole
