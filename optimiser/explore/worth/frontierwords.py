"""A frontier in plain words and in the numbers that are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimiser.explore.finding import interval
from optimiser.problem import Problem
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.explore.worth.frontier import Frontier, Point

SHARE = "worst_coverage"
DECIMALS = {"unfilled": 0, "worst_coverage": 1, "list_changes": 0, "cost": 0}


def columns(aim: str) -> tuple[str, str]:
    """Columns of an aim in the table: its value, and what no plan can undercut."""
    return (f"share_{aim}", f"share_end_{aim}") if aim == SHARE else (f"value_{aim}", f"bound_{aim}")


def shown(aim: str, value: float, regions: tuple[str, ...]) -> float:
    """A value as it is published: a coverage positive, and of several regions their mean."""
    return -value / len(regions) + 0.0 if aim == SHARE else value


def told(aim: str, low: float, high: float, regions: tuple[str, ...]) -> str:
    """A value, or the interval in which it lies, with its unit."""
    ends = sorted((shown(aim, low, regions), shown(aim, high, regions)))
    scale = 100.0 if aim == SHARE else 1.0
    return say(f"explore.frontier_of_{aim}", number=interval(ends[0] * scale, ends[1] * scale, DECIMALS[aim]))


def lines(problem: Problem, one: Frontier, x: str, y: str) -> list[str]:
    """What a frontier says: its ends, what the first and the last step buy, where the base stands, what is open."""
    names = ", ".join(problem.title("regions", r) for r in one.regions)
    if not one.points:
        return [say("explore.frontier_none", regions=names)]
    first, last = one.points[0], one.points[-1]
    result = [say("explore.frontier_ends", regions=names, n=len(one.points), first=_both(one, first, x, y),
                  last=_both(one, last, x, y))]
    if len(one.points) == 1 and one.unanswered:
        result = [say("explore.frontier_only", regions=names, point=_both(one, first, x, y))]
    elif len(one.points) == 1:
        result = [say("explore.frontier_one", regions=names, point=_both(one, first, x, y))]
    if len(one.points) > 2:
        result += [_step(one, a, b, x, y, word) for word, a, b in (
            ("first", *one.points[:2]), ("last", *one.points[-2:]))]
    if one.base:
        base = one.base
        result.append(say("explore.frontier_base_at", who=say(
            "explore.frontier_base_run" if one.run else "explore.frontier_base_leading"), point=_both(one, base, x, y),
                          best=told(y, base.low_y, min((p.y for p in one.points if p.x <= base.x), default=base.y),
                                    one.regions)))
    ties = sum(point.tie for point in one.points)
    result += [say("explore.frontier_ties", n=ties)] if ties else []
    result += [say("explore.frontier_unanswered", n=one.unanswered)] if one.unanswered else []
    return [*result, say("explore.frontier_every" if one.every else "explore.frontier_some")]


def _both(one: Frontier, point: Point, x: str, y: str) -> str:
    return say("explore.frontier_both", x=told(x, point.x, point.x, one.regions),
               y=told(y, point.low_y, point.y, one.regions))


def _step(one: Frontier, before: Point, after: Point, x: str, y: str, word: str) -> str:
    """How y changes from one point to the next, as an interval, for how much more of x."""
    ends = sorted(abs(shown(y, number, one.regions)) for number in (
        max(0.0, before.low_y - after.y), before.y - after.low_y))
    more = abs(shown(x, after.x - before.x, one.regions))
    scale = [100.0 if aim == SHARE else 1.0 for aim in (x, y)]
    return say(f"explore.frontier_{word}_step",
               x=say(f"explore.frontier_change_{x}", number=f"{more * scale[0]:,.{DECIMALS[x]}f}"),
               y=say(f"explore.frontier_change_{y}",
                     number=interval(ends[0] * scale[1], ends[1] * scale[1], DECIMALS[y])))
