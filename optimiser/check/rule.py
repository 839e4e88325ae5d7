"""What every rule of the check is made of: the facts it looks at and the violations it finds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from optimiser.exact import Outcome
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.schema import SHARED
from optimiser.texts import say


@dataclass(frozen=True)
class Facts:
    """A case, a plan, what follows from it, and the regions whose plan it is."""

    problem: Problem
    plan: Plan
    outcome: Outcome
    regions: tuple[str, ...]


@dataclass(frozen=True)
class Violation:
    """A broken rule: its constraint family, and one line of words with the numbers on both sides."""

    family: str
    words: str

    def __str__(self) -> str:
        return self.words


def violation(family: str, key: str, got: Fraction | int, limit: Fraction | int, **values: Any) -> Violation:
    """A violation in the words of `check.key`, with `{got}`, `{limit}` and other values filled in.

    Numbers get three decimals, or as many more as it takes to tell `got` from `limit`.
    """
    decimals = 3
    while got != limit and decimal(got, decimals) == decimal(limit, decimals):
        decimals += 3
    numbers: dict[str, Any] = {"got": got, "limit": limit} | values
    texts = {name: decimal(value, decimals) if isinstance(value, Fraction | int) else value
             for name, value in numbers.items()}
    return Violation(family, say(f"check.{key}", **texts))


def decimal(number: Fraction | int, decimals: int) -> str:
    """A number rounded to so many decimals, without closing zeros."""
    scaled = round(Fraction(number) * 10**decimals)
    digits = f"{abs(scaled):0{decimals + 1}d}"
    part = digits[-decimals:].rstrip("0")
    return ("-" if scaled < 0 else "") + digits[:-decimals] + (f".{part}" if part else "")


def place_name(place: str) -> str:
    """A place of a service in words."""
    return say("check.all_regions") if place == SHARED else place
