"""The hamlet for tests of the check: small plans in a few words, and what the check says of them."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path
from typing import Any

from worlds import Rows, rows, world

from optimiser.check import violations
from optimiser.plan import Plan
from optimiser.problem import Problem

BUILDERS, NURSES = "0110", "2221"
Key = tuple[str, str, int]
STEP = F(1, 1000)  # the smallest step of arrivals, trainees and expansion


def hamlet(folder: Path, rules: dict[str, Any] | None = None, last_year: int = 2026, **tables: Rows) -> Problem:
    """Region R; in A1 ten builders and four nurses are short in 2026."""
    return world(folder, {"regions": {"R": rules or {}}, "last_year": last_year}, **tables)


def parameter(name: str, number: float, occupation: str = "*") -> Rows:
    return rows("parameter region occupation central", (name, "*", occupation, number))


def listing(*entries: tuple[str, int]) -> frozenset[Key]:
    return frozenset(("R", o, e) for o, e in entries)


def builders(quota: int | dict[Key, int] = 0, arrivals: F | int | dict[Key, F] = 0,
             trainees: dict[Key, F] | None = None, expansion: dict[Key, F] | None = None) -> Plan:
    """Builders listed in the first review; a bare number is the quota of 2026, or the arrivals in A1 in 2026."""
    return Plan(
        listing((BUILDERS, 1)),
        quota if isinstance(quota, dict) else {("R", BUILDERS, 2026): quota},
        arrivals if isinstance(arrivals, dict) else {(BUILDERS, "A1", 2026): F(arrivals)},
        trainees or {}, expansion or {})


def found(problem: Problem, plan: Plan) -> list[tuple[str, str]]:
    return [(violation.family, str(violation)) for violation in violations(problem, plan)]
