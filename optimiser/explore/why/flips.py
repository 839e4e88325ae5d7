"""Flips: at which value of a single number an answer turns, with both sides of the turn solved.

At every value two questions are asked, with the thing and without it; what is asked is whether the best plan has it.
A side that is better than the other can possibly be is proved; one that is better than what was found of the other is
only found, within what the searches left open.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from optimiser.errors import InputError, ResultError
from optimiser.explore.desk import Asked, Desk, Question, Regions
from optimiser.explore.why.levers import Lever
from optimiser.explore.wishes import Wish
from optimiser.plan import Plan
from optimiser.problem import Problem

SAME = 1e-6  # relative distance below which two values count as equal
NEARLY = 0.1  # below this share of the value now, a flip needs to be no narrower
WIDE = 3  # ratio of two values from which on their geometric mean halves the way
STEPS_BACK = 3  # how often an end without an answer is brought nearer
WITH, WITHOUT = ("in", "in_found"), ("out", "out_found")
Tell = Callable[[int, int, Lever], None]


@dataclass(frozen=True)
class Sides:
    """Wishes that a plan has the thing, and that it has not; every plan grants one of the two.

    `unlisted` says that plans without the thing have nothing of the occupation at all; see `Lever.listed_only`.
    `starts_inside` and `starts_outside` have lists that may do well, beside those of the values asked before; `room` is
    that of the questions. `deep` has every value searched as a case of its own, not only lists near those known.
    """

    regions: Regions
    inside: tuple[Wish, ...]
    outside: tuple[Wish, ...]
    unlisted: bool = True
    starts_inside: tuple[Plan, ...] = field(default=(), repr=False)
    starts_outside: tuple[Plan, ...] = field(default=(), repr=False)
    room: dict[tuple[str, str, int], int] = field(default_factory=dict, repr=False)
    deep: bool = False

    def settled(self, lever: Lever) -> bool:
        """Whether the answer without the thing holds at every value of a number."""
        return self.unlisted and lever.listed_only


@dataclass(frozen=True)
class Point:
    """Both questions at one value of a number.

    `inside` and `outside` are None where there is no such case, or no answer.
    """

    value: float
    inside: Asked | None = field(repr=False)
    outside: Asked | None = field(repr=False)

    @property
    def verdict(self) -> str:
        """in, out (proved); in_found, out_found (found, not proved); tie; neither (no plan); open (nothing known)."""
        if self.inside is None or self.outside is None:
            return "open"
        a, b = self.inside, self.outside
        if a.infeasible and b.infeasible:
            return "neither"
        if math.isinf(a.value) and math.isinf(b.value):
            return "open"
        noise = SAME * max(1.0, *(abs(n) for n in (a.value, b.value) if math.isfinite(n)))
        for name, one, other in (("in", a, b), ("out", b, a)):
            if one.value < other.bound - noise:
                return name
        if abs(a.value - b.value) <= noise:
            return "tie"
        return "in_found" if a.value < b.value else "out_found"


@dataclass
class Bisection:
    """The search for the value of one number at which the answer turns.

    Attributes
    ----------
    lever : Lever
    towards : bool
        Whether the thing is to come in, rather than to go out.
    points : dict value -> Point
        What was asked; the value that the number has now is in it from the start.
    precision : float
        Width of the flip at which it is narrow enough, relative to its larger end.
    """

    lever: Lever
    towards: bool
    points: dict[float, Point]
    precision: float
    ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ends = [self.lever.end(self.towards)]

    def turned(self, point: Point) -> bool:
        """Whether the answer is the one that is looked for."""
        return point.verdict in (WITH if self.towards else WITHOUT)

    @property
    def last(self) -> Point:
        """The value furthest from now that has not turned, before the first that has."""
        first = self.first
        beyond = self._away(first.value) if first else math.inf
        return max((p for p in self.points.values() if not self.turned(p) and self._away(p.value) < beyond
                    and p.verdict not in ("open", "neither")),
                   key=lambda p: self._away(p.value), default=self.points[self.lever.now])

    @property
    def first(self) -> Point | None:
        """The value nearest to now that has turned."""
        return min((p for p in self.points.values() if self.turned(p)), key=lambda p: self._away(p.value), default=None)

    @property
    def proved(self) -> Point | None:
        """The value nearest to now at which it is proved that the answer has turned."""
        name = "in" if self.towards else "out"
        return min((p for p in self.points.values() if p.verdict == name), key=lambda p: self._away(p.value),
                   default=None)

    @property
    def held(self) -> Point | None:
        """The value furthest from now at which it is proved that the answer has not turned."""
        name = "out" if self.towards else "in"
        return max((p for p in self.points.values() if p.verdict == name), key=lambda p: self._away(p.value),
                   default=None)

    def next(self) -> float | None:
        """The value to ask about next; None when there is nothing left to ask."""
        end = self.ends[-1]
        if end == self.lever.now:
            return None
        if end not in self.points:
            return end
        if self.first is None:
            if self.points[end].verdict in ("open", "neither") and len(self.ends) <= STEPS_BACK:
                self.ends.append(self._middle(self.lever.now, end))
                return self.next()
            return None
        low, high = self.last.value, self.first.value
        width = self.precision * max(abs(low), abs(high), NEARLY * abs(self.lever.now))
        if abs(high - low) <= (1 if self.lever.whole else width):
            return None
        middle = self._middle(low, high)
        return None if middle in self.points else middle

    def _away(self, value: float) -> float:
        return abs(value - self.lever.now)

    def _middle(self, low: float, high: float) -> float:
        middle = (low + high) / 2
        if min(low, high) > 0 and max(low, high) > WIDE * min(low, high):
            middle = math.sqrt(low * high)
        return float(int(middle)) if self.lever.whole else middle


def hunt(desk: Desk, sides: Sides, now: tuple[Asked, Asked], levers: Sequence[Lever], towards: bool, seconds: float,
         precision: float = 0.05, tell: Tell | None = None) -> list[Bisection]:
    """Look for the value of each number at which the answer turns, a little of each in turn.

    Parameters
    ----------
    now : tuple of Asked
        With the thing and without it, as the case is.
    seconds : float
        No new question is asked once they are over, nor after Ctrl-C.
    precision : float
        See `Bisection`.
    tell : callable, optional
        Called before every round with how many numbers are settled, of how many, and the one asked about.

    Returns
    -------
    list of Bisection, in the order of the levers
    """
    ends = time.monotonic() + seconds
    searches = [Bisection(lever, towards, {lever.now: Point(lever.now, *now)}, precision) for lever in levers]
    while time.monotonic() < ends:
        waiting = [(search, value) for search in sorted(searches, key=lambda s: len(s.points))
                   if (value := search.next()) is not None]
        if not waiting:
            break
        round_ = waiting[:2 if sides.settled(waiting[0][0].lever) else 1]
        if tell:
            tell(len(searches) - len(waiting), len(searches), round_[0][0].lever)
        try:
            points = _solved(desk, sides, now, round_)
        except KeyboardInterrupt:  # what is settled already is worth telling
            break
        for (search, _), point in zip(round_, points, strict=True):
            search.points[point.value] = point
    return searches


def _solved(desk: Desk, sides: Sides, now: tuple[Asked, Asked], round_: list[tuple[Bisection, float]]) -> list[Point]:
    """The points of a round, their questions side by side; where one is no case, the others are asked alone."""
    asked: list[tuple[float, list[Question], Asked | None]] = []
    for search, value in round_:
        try:
            case = search.lever.change(value)
        except InputError:
            if len(round_) > 1:
                break
            return [Point(value, None, None)]
        both = [_question(case, sides, search, value, side) for side in ("inside", "outside")]
        settled = sides.settled(search.lever)
        asked.append((value, both[:1] if settled else both, now[1] if settled else None))
    try:
        if len(asked) < len(round_):
            raise InputError(())
        answers = iter(desk.ask([question for _, questions, _ in asked for question in questions]))
    except (InputError, ResultError):
        if len(round_) > 1:
            return [point for one in round_ for point in _solved(desk, sides, now, [one])]
        return [Point(round_[0][1], None, None)]
    return [Point(value, next(answers), known or next(answers)) for value, _, known in asked]


def _question(case: Problem, sides: Sides, search: Bisection, value: float, side: str) -> Question:
    """A question that begins with the lists of the nearest value asked before."""
    near = sorted(search.points.values(), key=lambda point: abs(point.value - value))
    plans = [answer.plan for point in near if (answer := getattr(point, side)) and answer.plan]
    return Question(case, sides.regions, getattr(sides, side), like=(*plans[:1], *getattr(sides, f"starts_{side}")),
                    room=sides.room, near=not sides.deep)
