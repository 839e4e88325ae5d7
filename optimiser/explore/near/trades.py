"""Alternatives in words and tables: how far apart they are, and what each trades against the best plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimiser.exact import Outcome, evaluate
from optimiser.explore.desk import Desk
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.problem import Problem
from optimiser.solution import UNITS
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.explore.near.alternatives import Series

FULL = 0.999  # share of a capacity from which on a service is full
NAMED = 4  # occupations named in a line before the rest is counted
SMALL = 0.005  # person-years or units below which nothing is said to differ


def finding(problem: Problem, share: float, count: int, series: Sequence[Series], desk: Desk) -> Finding:
    """The alternatives of every part of a case."""
    near = f"{100 * share:.6g} %"
    lines: list[str] = []
    told: dict[str, list[pd.DataFrame]] = {}
    for one in series:
        outcomes = [evaluate(problem, plan) for plan in one.plans]
        aims = desk.model(problem, one.regions).parts[0]
        lines += _lines(problem, one, outcomes, near, count, aims[0][1] if aims else "")
        for name, frame in {"alternatives": _measures(problem, one, outcomes), "alternatives_apart": _apart(one),
                            "alternatives_swaps": _swaps(problem, one, outcomes),
                            "alternatives_lists": _entries(problem, one),
                            "alternatives_services": _services(problem, one, outcomes)}.items():
            told.setdefault(name, []).append(frame)
    lines.append(say("explore.alternatives_meaning"))
    facts: dict[str, Any] = {"within": share, "count": count, "searches": desk.searches, "parts": [
        {"regions": list(one.regions), "apart": one.apart[1:], "most": _finite(one.most), "ended": one.ended}
        for one in series]}
    title = say("explore.alternatives_asked", near=near, count=count,
                title=problem.config.title or say("overview.untitled"))
    return Finding("alternatives", title, tuple(lines),
                   {name: pd.concat(frames, ignore_index=True) for name, frames in told.items()}, facts)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _most(number: float) -> float:
    """The bound of a distance, which is whole."""
    return float(math.floor(number + 1e-6)) if math.isfinite(number) else math.nan


def _names(regions: Sequence[str]) -> str:
    return ", ".join(regions)


# In words -----------------------------------------------------------------------------------------------------------


def _lines(problem: Problem, one: Series, outcomes: list[Outcome], near: str, count: int, aim: str) -> list[str]:
    regions = ", ".join(problem.title("regions", r) for r in one.regions)
    found = len(one.asked) - 1
    entries = len(one.lists[0])
    lines = [say("explore.alternatives_found" if found else "explore.alternatives_none", regions=regions, n=found,
                 near=near, entries=entries, apart=min(one.apart[1:], default=0))]
    for number in range(1, found + 1):
        price = interval(*_loss(aim, *_worse(one, number)),
                         2 if aim == "worst_coverage" else 0)
        unit = say("explore.evaluate_points") if aim == "worst_coverage" else UNITS.get(aim, "")
        lines.append(say("explore.alternatives_one", regions=regions, number=number,
                         comes=_called(problem, one, number, True), goes=_called(problem, one, number, False),
                         shifts=_shifted(one, number),
                         price=say("explore.evaluate_amount", number=price, unit=unit),
                         trades=_trades(one, outcomes, number)))
    if found < count:
        most = _most(one.most)
        lines.append(say(f"explore.alternatives_stopped_{one.ended or 'time'}", regions=regions, least=one.least))
        if not most < one.least:
            lines.append(say("explore.alternatives_not_proved", regions=regions,
                             most=say("explore.alternatives_any") if math.isnan(most) else f"{most:.0f}"))
    return lines


def _worse(one: Series, number: int) -> tuple[float, float]:
    """What a plan is worse than the best, at least and at most; a later plan may be the best that is known."""
    nearly = one.nearly
    return one.asked[number].value - nearly.best, one.asked[number].value - nearly.bound


def _shifted(one: Series, number: int) -> int:
    """Occupations that both lists have, in other reviews."""
    pairs = [{key[:2] for key in listed} for listed in (one.lists[0], one.lists[number])]
    changed = {key[:2] for key in one.lists[0] ^ one.lists[number]}
    return len(pairs[0] & pairs[1] & changed)


def _loss(aim: str, low: float, high: float) -> tuple[float, float]:
    scale = 100.0 if aim == "worst_coverage" else 1.0
    return scale * low, scale * high


def _called(problem: Problem, one: Series, number: int, comes: bool) -> str:
    """Occupations on the alternative's lists and not on the best's, or the other way round, in words."""
    best, other = ({key[:2] for key in listed} for listed in (one.lists[0], one.lists[number]))
    pairs = sorted(other - best if comes else best - other)
    names = ", ".join(f"{problem.title('occupations', o)} ({o})" for _, o in pairs[:NAMED])
    if not pairs:
        return say("explore.alternatives_nothing")
    return names if len(pairs) <= NAMED else say("explore.bins_more", names=names, n=len(pairs) - NAMED)


def _trades(one: Series, outcomes: list[Outcome], number: int) -> str:
    """Unfilled, cost, changes of the list and worst coverage against the best plan."""
    def total(outcome: Outcome, aim: str) -> float:
        values = [float(outcome.objective[r, aim]) for r in one.regions]
        return min(values) if aim == "worst_coverage" else sum(values)

    best, other = outcomes[0], outcomes[number]
    numbers = {aim: total(other, aim) - total(best, aim) for aim in ("unfilled", "cost", "list_changes")}
    worst = 100 * (total(other, "worst_coverage") - total(best, "worst_coverage"))
    return say("explore.alternatives_trades", unfilled=f"{numbers['unfilled']:+,.0f}", cost=f"{numbers['cost']:+,.0f}",
               changes=f"{numbers['list_changes']:+.0f}", worst=f"{worst:+.2f}")


# In tables ----------------------------------------------------------------------------------------------------------


def _measures(problem: Problem, one: Series, outcomes: list[Outcome]) -> pd.DataFrame:
    """How good each plan is in every aim, and how far it is from the others."""
    rows = []
    for number, outcome in enumerate(outcomes):
        values = {aim: [float(outcome.objective[r, aim]) for r in one.regions]
                  for aim in ("unfilled", "cost", "list_changes", "worst_coverage")}
        rows.append((_names(one.regions), number, len(one.lists[number] ^ one.lists[0]),
                     one.apart[number] if number else math.nan, _most(one.limits[number]) if number else math.nan,
                     *_worse(one, number), sum(values["unfilled"]),
                     sum(values["cost"]), sum(values["list_changes"]), min(values["worst_coverage"]),
                     len(_full(problem, one, outcome))))
    return frame_of(rows, "regions number_alternative differences_best differences_nearest differences_most low_loss "
                          "high_loss unfilled_whole cost_whole count_changes share_worst count_full")


def _apart(one: Series) -> pd.DataFrame:
    """Entries in which every two plans differ."""
    rows = [(_names(one.regions), a, b, len(one.lists[a] ^ one.lists[b]))
            for a in range(len(one.lists)) for b in range(a)]
    return frame_of(rows, "regions number_alternative number_other differences")


def _swaps(problem: Problem, one: Series, outcomes: list[Outcome]) -> pd.DataFrame:
    """Occupations whose reviews differ from those of the best plan, and what is filled with them."""
    rows = []
    for number in range(1, len(one.lists)):
        for r in one.regions:
            for o in problem.candidates[r]:
                was, now = (_reviews(listed, r, o) for listed in (one.lists[0], one.lists[number]))
                if was != now:
                    moves = "comes" if not was else "goes" if not now else "shifts"
                    filled = [_filled(problem, outcome, r, o) for outcome in (outcomes[0], outcomes[number])]
                    rows.append((number, r, o, say(f"explore.alternatives_{moves}"), _spelt(was), _spelt(now), *filled))
    return frame_of(rows, "number_alternative region occupation moves reviews_in_best reviews_in_alternative "
                          "filled_best_plan filled_alternative")


def _reviews(listed: frozenset[tuple[str, str, int]], r: str, o: str) -> list[int]:
    return sorted(e for region, occupation, e in listed if (region, occupation) == (r, o))


def _spelt(reviews: list[int]) -> str:
    return ", ".join(map(str, reviews)) or "-"


def _filled(problem: Problem, outcome: Outcome, r: str, o: str) -> float:
    return float(sum(number for (occupation, p, _), number in outcome.filled_by_scheme.items()
                     if occupation == o and problem.region_of.get(p) == r))


def _entries(problem: Problem, one: Series) -> pd.DataFrame:
    """Reviews in which each plan lists an occupation; those that all or none list throughout are left in."""
    rows = [(r, o, number, len(reviews), _spelt(reviews))
            for r in one.regions for o in problem.candidates[r]
            if any(key[:2] == (r, o) for listed in one.lists for key in listed)
            for number, listed in enumerate(one.lists) for reviews in [_reviews(listed, r, o)]]
    return frame_of(rows, "region occupation number_alternative count_reviews reviews_listed")


def _full(problem: Problem, one: Series, outcome: Outcome) -> set[tuple[str, str, int]]:
    """Services, places and years whose capacity, without any extra, is used up."""
    return {key for key, capacity in problem.capacity.items() if set(problem.regions_of(*key[:2])) & set(one.regions)
            and capacity > 0 and float(outcome.used.get(key, 0)) >= FULL * capacity}


def _services(problem: Problem, one: Series, outcomes: list[Outcome]) -> pd.DataFrame:
    """Units of every service in all years that each alternative takes, against the best plan."""
    rows = []
    places = sorted({(g, place) for g, place, _ in problem.capacity
                     if set(problem.regions_of(g, place)) & set(one.regions)})
    for g, place in places:
        used = [float(sum(outcome.used.get((g, place, t), 0) for t in problem.years)) for outcome in outcomes]
        years = [sum((g, place, t) in full for t in problem.years)
                 for full in (_full(problem, one, outcome) for outcome in outcomes)]
        for number in range(1, len(outcomes)):
            if abs(used[number] - used[0]) > SMALL:
                rows.append((number, g, place, used[0], used[number], years[0], years[number]))
    return frame_of(rows, "number_alternative service place used_best_plan used_alternative count_full_best "
                          "count_full_alternative")

