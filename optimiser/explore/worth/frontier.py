"""Frontier: what one aim costs in another - the best of one under every limit on the other, no dominated points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from optimiser.cells import meant
from optimiser.config import Objective
from optimiser.errors import Fault, InputError
from optimiser.exact import evaluate
from optimiser.explore.desk import Asked, Desk, Question, Regions
from optimiser.explore.finding import Finding, frame_of
from optimiser.explore.worth.frontierwords import columns, lines, shown
from optimiser.model.components import components
from optimiser.model.objectives import OBJECTIVES, SCALES
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.texts import say
from optimiser.variant import with_rules

POINTS = 12
FIRST = 0.6  # of the points, spread evenly; the others go where neighbours are furthest apart
AT_ONCE = 2  # gaps that are divided side by side
GRAIN = 1e-3  # of the range of an aim, below which two points are one
HAIR = 1e-5  # of a value, by which the published decimals of a second plan may miss it
SAME = 1e-9  # difference that is arithmetic, relative to values of at least one
WHOLE = "list_changes"


@dataclass(frozen=True)
class Point:
    """A plan by two aims, least being best; no plan with as little of one has less of the other than its `low`."""

    x: float
    y: float
    plan: Plan = field(repr=False, compare=False)
    low_x: float = -math.inf
    low_y: float = -math.inf
    tie: bool = False


@dataclass(frozen=True)
class Frontier:
    """The frontier of regions that are solved together.

    Attributes
    ----------
    points : tuple of Point
        By x; none dominates another. A `tie` reaches its y with more of x than the point before it, but it is not
        proved that less of x would not do.
    base : Point or None
        The run to compare with, or the plan that is best by the leading aim; its `low_y` is what the frontier may
        reach with as much of x.
    every : bool
        Whether each value that x can take between the ends was asked for.
    run : bool
        Whether the base is a run that was taken up.
    unanswered : int
        Questions that found no plan in time, and no proof that there is none.
    """

    regions: Regions
    points: tuple[Point, ...]
    base: Point | None
    every: bool
    run: bool = False
    unanswered: int = 0


def frontier(problem: Problem, x: str = "cost", y: str = "unfilled", *, points: int = POINTS,
             region: str | None = None, desk: Desk | None = None) -> Finding:
    """What less of one aim costs in the other, region by region; regions that share services together.

    Parameters
    ----------
    x, y : str
        Two aims: unfilled, worst_coverage, list_changes, cost.
    points : int
        Most points of a frontier, its two ends among them.
    region : str, optional
        Only the frontier that this region is part of.
    desk : Desk, optional
        When it has taken up a run (`Desk.begin`), that run is marked.

    Raises
    ------
    InputError
        When an aim or the region does not exist, or both aims are the same.
    """
    refuse(problem, x, y, region)
    limits = problem.config.solver
    desk = desk or Desk(limits.gap, limits.time_limit, limits.seed)
    groups = [regions for regions in components(problem) if region is None or region in regions]
    found = [Tracer(problem, regions, x, y, desk).run(max(2, points)) for regions in groups]
    rows, told, facts = [], [], {}
    for one in found:
        told += lines(problem, one, x, y)
        marked = [(point, say("explore.frontier_tie") if point.tie else "") for point in one.points]
        marked += [(one.base, say("explore.frontier_base" if one.run else "explore.frontier_leading"))
                   ] if one.base else []
        rows += [("-".join(one.regions), *(cell for aim, value, low in ((x, point.x, point.low_x),
                 (y, point.y, point.low_y)) for cell in (shown(aim, value, one.regions), shown(aim, low, one.regions))),
                  mark) for point, mark in marked]
        facts["-".join(one.regions)] = {
            "regions": list(one.regions), "x": x, "y": y, "every": one.every, "run": one.run,
            "unanswered": one.unanswered,
            "base": one.base and _pair(one, one.base, x, y),
            "points": [_pair(one, point, x, y) for point in one.points]}
    table = frame_of(rows, f"regions {' '.join((*columns(x), *columns(y)))} mark")
    title = say("explore.frontier_asked", x=say(f"explore.aim_{x}"), y=say(f"explore.aim_{y}"))
    return Finding("frontier", title, tuple(told), {"frontier": table}, facts)


def _pair(one: Frontier, point: Point, x: str, y: str) -> list[float | None]:
    """A point as numbers for a chart: x and y as they are published, and the ends of what may be better."""
    numbers = (shown(x, point.x, one.regions), shown(y, point.y, one.regions), shown(x, point.low_x, one.regions),
               shown(y, point.low_y, one.regions))
    return [number if math.isfinite(number) else None for number in numbers]


def refuse(problem: Problem, x: str, y: str, region: str | None) -> None:
    """Aims that exist and differ, a region that decides."""
    faults = []
    for option, name in (("--x", x), ("--y", y)):
        if name not in OBJECTIVES:
            faults.append(Fault(option, 0, "", repr(name), say("faults.one_of", names=", ".join(OBJECTIVES)),
                                meant(name, list(OBJECTIVES)) or say("faults.choose_word")))
    if x == y and not faults:
        faults.append(Fault("--y", 0, "", repr(y), say("explore.frontier_another"), say("faults.choose_word")))
    if region is not None and region not in problem.regions:
        faults.append(Fault("--region", 0, "", repr(region), say("faults.one_of", names=", ".join(problem.regions)),
                            meant(region, list(problem.regions)) or say("faults.choose_word")))
    if faults:
        raise InputError(faults)


class Tracer:
    """Looks for the frontier of some regions: limits on one aim, the other minimised, then the first one too.

    The aim that is limited is the whole one where there is one, so that every value it can take can be asked for.
    """

    def __init__(self, problem: Problem, regions: Regions, x: str, y: str, desk: Desk):
        self.problem, self.regions, self.desk = problem, regions, desk
        self.names = (x, y)
        self.turned = y == WHOLE
        self.limited, self.best = (y, x) if self.turned else (x, y)
        self.case = problem
        for r in regions:  # both aims, whatever the case itself asks for
            self.case = with_rules(self.case, r, objectives=tuple(
                Objective.model_validate({"name": name}) for name in (self.best, self.limited)))
        self.found: list[tuple[float, float, Plan]] = []  # limited aim, best aim
        self.unanswered = 0
        self.below: list[tuple[float, float]] = []  # (limit, bound): with at most so much limited, no less of the best
        self.beside: list[tuple[float, float]] = []  # the other way round

    def run(self, points: int) -> Frontier:
        """The frontier with up to so many points."""
        base = self.desk.taken_up.get(self.regions) or self.desk.ask([Question(self.problem, self.regions)])[0].plan
        like = (base,) if base else ()
        self._minimise([math.inf], like)
        self._minimise_limited([math.inf], like)
        if not self.found:
            return Frontier(self.regions, (), None, False, unanswered=self.unanswered)
        ends = sorted(value for value, *_ in self.found)
        if self.unanswered and math.isfinite(least := max(bound for _, bound in self.beside)):
            ends[0] = min(ends[0], least)  # the end itself was not found in time
        every = False
        if self.limited == WHOLE:
            between = list(range(round(ends[0]) + 1, round(ends[-1])))
            every = len(between) <= points - len(ends)
            if every:
                self._minimise([float(number) for number in between], like)
                return self._done(base, every)
        count = math.ceil(points * FIRST)
        step = (ends[-1] - ends[0]) / max(1, count - 1)
        if step > 0:
            self._minimise(self._new([ends[0] + step * n for n in range(1, count - 1)]), like)
            self._refine(points, like)
        return self._done(base, every)

    def _new(self, limits: Sequence[float]) -> list[float]:
        """Limits that were not asked for yet; whole ones where the aim is."""
        limits = [float(math.floor(limit)) if self.limited == WHOLE else limit for limit in limits]
        known = {limit for limit, _ in self.below}
        return [limit for limit in dict.fromkeys(limits) if limit not in known]

    def _refine(self, points: int, like: tuple[Plan, ...]) -> None:
        """Divide the gaps between neighbours that are furthest apart, until there are enough points."""
        asked = len(self.below)
        while len(front := nondominated(self.found)) < points and asked < 2 * points:
            wide, high = max(front[-1][0] - front[0][0], 1e-12), max(front[0][1] - front[-1][1], 1e-12)
            gaps = sorted(((math.hypot((b[0] - a[0]) / wide, (b[1] - a[1]) / high), (a[0] + b[0]) / 2)
                           for a, b in zip(front, front[1:], strict=False)), reverse=True)
            limits = self._new([limit for _, limit in gaps])[:min(AT_ONCE, points - len(front))]
            if not limits:
                return
            asked += len(limits)
            self._minimise(limits, like)

    def _minimise(self, limits: Sequence[float], like: tuple[Plan, ...]) -> None:
        """The best of the one aim under limits on the other, then as little of the other as that needs."""
        questions = [self._question(self.best, self.limited, limit, like) for limit in limits]
        first = self.desk.ask(questions)
        self.below += [(limit, asked.bound) for limit, asked in zip(limits, first, strict=True)]
        self._then(first, self.limited, self.best, self.beside)

    def _minimise_limited(self, limits: Sequence[float], like: tuple[Plan, ...]) -> None:
        """The same with the aims in each other's place."""
        first = self.desk.ask([self._question(self.limited, self.best, limit, like) for limit in limits])
        self.beside += [(limit, asked.bound) for limit, asked in zip(limits, first, strict=True)]
        self._then(first, self.best, self.limited, self.below)

    def _then(self, first: Sequence[Asked], aim: str, kept: str, bounds: list[tuple[float, float]]) -> None:
        """Of the plans that are as good, those that are best by the other aim."""
        self.unanswered += sum(asked.plan is None and not asked.infeasible for asked in first)
        plans = [asked.plan for asked in first if asked.plan]
        values = [self.values(plan) for plan in plans]
        n = 1 if kept == self.best else 0
        held = [pair[n] + HAIR * max(1.0, abs(pair[n])) * (kept != WHOLE) for pair in values]
        second = self.desk.ask([self._question(aim, kept, most, (plan,)) for most, plan in zip(held, plans,
                                                                                              strict=True)])
        bounds += [(most, asked.bound) for most, asked in zip(held, second, strict=True)]
        for pair, plan, asked in zip(values, plans, second, strict=True):
            self.found.append((*pair, plan))
            if asked.plan:
                self.found.append((*self.values(asked.plan), asked.plan))

    def _question(self, aim: str, limited: str, most: float, like: tuple[Plan, ...]) -> Question:
        return Question(self.case, self.regions, aim=aim, like=like,
                        limits={} if math.isinf(most) else {limited: most})

    def values(self, plan: Plan) -> tuple[float, float]:
        """The limited and the other aim of a plan, exactly worked out, least being best."""
        objective = evaluate(self.problem, plan).objective
        limited, best = (float(sum(objective[r, name] for r in self.regions)) * (1 if SCALES[name] > 0 else -1)
                         for name in (self.limited, self.best))
        return limited, best

    def _point(self, limited: float, best: float, plan: Plan) -> Point:
        """A point with what no other plan can undercut."""
        low_best = max((bound for limit, bound in self.below if limit >= limited), default=-math.inf)
        low_limited = max((bound for limit, bound in self.beside if limit >= best), default=-math.inf)
        if self.limited == WHOLE:
            low_limited = math.ceil(low_limited - 1e-6) if math.isfinite(low_limited) else low_limited
            low_limited = max(low_limited, self._fewest(best))
        pairs = (limited, min(limited, low_limited)), (best, min(best, low_best))
        (x, low_x), (y, low_y) = pairs[::-1] if self.turned else pairs
        return Point(x, y, plan, low_x, low_y)

    def _fewest(self, best: float) -> float:
        """Least of a whole aim with which so good a value of the other is not ruled out."""
        beyond = best + SAME * max(1.0, abs(best))
        ruled = [limit for limit, bound in self.below if math.isfinite(limit) and bound > beyond]
        return max(ruled, default=-math.inf) + 1

    def _done(self, base: Plan | None, every: bool) -> Frontier:
        front = sorted((self._point(*one) for one in nondominated(self.found)), key=lambda point: point.x)
        marked = [point if n == 0 else _tied(point, front[n - 1]) for n, point in enumerate(front)]
        mark = self._point(*self.values(base), base) if base else None
        return Frontier(self.regions, tuple(marked), mark, every, self.regions in self.desk.taken_up, self.unanswered)


def _tied(point: Point, before: Point) -> Point:
    """A point that is better by y than the one before only within what the proofs leave open."""
    return Point(point.x, point.y, point.plan, point.low_x, point.low_y, tie=before.low_y <= point.y)


def nondominated(found: Sequence[tuple[float, float, Plan]]) -> list[tuple[float, float, Plan]]:
    """Those that no other one undercuts, by the first number.

    What differs by less than a `GRAIN` of the whole range is the same: plans are published with three decimals, so that
    two searches for one point come a little apart.
    """
    front: list[tuple[float, float, Plan]] = []
    for one in sorted(found, key=lambda each: (each[0], each[1])):
        if not front or one[1] < front[-1][1] - SAME * max(1.0, abs(one[1])):
            front.append(one)
    if len(front) < 3:
        return front
    wide, high = (GRAIN * abs(front[-1][i] - front[0][i]) for i in (0, 1))  # pyright: ignore
    kept = front[:1]
    for one in front[1:]:
        if kept[-1][1] - one[1] <= high:
            continue
        if one[0] - kept[-1][0] <= wide:
            kept.pop()
        kept.append(one)
    return kept
