"""What is known of regions in several futures: their models, the best for each future alone, decisions held in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from optimiser.errors import SolverError
from optimiser.explore.desk import Regions
from optimiser.futures import Future
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, Key, hand_over
from optimiser.model.scenarios import Joined, decided, join, shared_room
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solver import Answer
from optimiser.texts import say

Decisions = dict[Key, float]


@dataclass(frozen=True)
class Part:
    """Regions that are solved together, in every future.

    Attributes
    ----------
    names, problems, handed : one per future
    average : Handed
        Of the case of mean numbers.
    """

    regions: Regions
    names: tuple[str, ...]
    shares: tuple[Fraction, ...]
    problems: tuple[Problem, ...] = field(repr=False)
    handed: tuple[Handed, ...] = field(repr=False)
    average: Handed = field(repr=False)
    joined: Joined = field(repr=False)

    def decided(self, x: np.ndarray | None) -> Decisions:
        """What a point of the joined programme decides before a future is known."""
        assert x is not None
        return decided(self.joined.first, x)


@dataclass(frozen=True)
class Alone:
    """A future by itself, or the case of mean numbers: what is decided, the solver's value and bound, and prices."""

    first: Decisions = field(repr=False)
    value: Fraction
    bound: float
    duals: np.ndarray | None = field(repr=False)

    def with_value(self, value: Fraction) -> Alone:
        """The same with a value that another search has found."""
        return replace(self, value=value, bound=min(self.bound, float(value)))


@dataclass(frozen=True)
class Held:
    """Lists and quotas, and what they come to in every future; None where they break a rule.

    Attributes
    ----------
    first : dict column -> number
        What is decided.
    values : tuple, one per future
        The first aim; of the solver's numbers, or exactly that of the plans where there are any.
    points : tuple of arrays
        The solver's numbers.
    plans : tuple of Plan
        Rounded, and checked exactly.
    """

    first: Decisions = field(repr=False)
    values: tuple[Fraction | None, ...]
    points: tuple[np.ndarray | None, ...] = field(default=(), repr=False)
    plans: tuple[Plan, ...] = field(default=(), repr=False)

    @property
    def sound(self) -> bool:
        """Whether they keep the rules in every future."""
        return None not in self.values

    @property
    def all_values(self) -> tuple[Fraction, ...]:
        """The values, when they are sound."""
        return tuple(value for value in self.values if value is not None)


def listed(first: Mapping[Key, float]) -> set[tuple[Any, ...]]:
    """What decisions list: (region, occupation, review)."""
    return {index for name, index in first if name == "listed"}


def refuse_interrupted(answers: Sequence[Answer]) -> None:
    """Hand Ctrl-C on that ended a search."""
    if any(answer.status == "interrupted" for answer in answers):
        raise KeyboardInterrupt


def part_of(futures: Sequence[Future], shares: Sequence[Fraction], average: Problem, regions: Regions) -> Part:
    """The models of some regions in every future, and joined."""
    problems = tuple(future.problem for future in futures)
    room = shared_room([frame(problem, regions) for problem in problems])
    handed = tuple(hand_over(frame(problem, regions, room)) for problem in problems)
    return Part(regions, tuple(future.name for future in futures), tuple(shares), problems, handed,
                hand_over(frame(average, regions)), join(handed))


def level(part: Part, ones: Sequence[Alone]) -> float:
    """What stays unfilled on average when every future is known in advance: what a gap of regret is a share of."""
    return float(sum(share * one.value for share, one in zip(part.shares, ones, strict=True)))


def refuse(answer: Answer, part: Part) -> None:
    """Turn an answer without a point into the error that says why."""
    if answer.x is None and answer.status == "interrupted":
        raise KeyboardInterrupt
    if answer.x is None:
        raise SolverError(say("solve.no_plan", regions=", ".join(part.regions), reason=answer.reason or answer.status))
