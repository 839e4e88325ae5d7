"""A design for several futures in plain words and tidy tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from optimiser.explore.ahead.designed import Designed
from optimiser.explore.ahead.parts import listed
from optimiser.explore.finding import frame_of, interval
from optimiser.model.scenarios import small
from optimiser.problem import Problem
from optimiser.texts import say

MOST_NAMES = 8  # occupations in a line


def lines(problem: Problem, found: Sequence[Designed]) -> list[str]:
    """The answer, the most important first."""
    told = [line for one in found for line in _of_part(problem, one)]
    return [*told, *([say("futures.honest_clock")] if any(one.clock_cut for one in found) else []),
            say("futures.honest_stages"), say("futures.honest_aim"),
            *([say("futures.honest_others")] if found[0].measure != "expected" and not all(
                small(one.part.joined) for one in found) else []),
            *([say("futures.honest_apart")] if len(found) > 1 and found[0].measure != "expected" else [])]


def _of_part(problem: Problem, one: Designed) -> Iterator[str]:
    regions = ", ".join(problem.title("regions", r) for r in one.part.regions)
    share = f"{1 - one.alpha:.0%}"
    yield say(f"futures.found_{one.measure}", regions=regions, value=_number(one.high), most=_number(one.most),
              bound=_number(one.low), gap=f"{one.gap:.2%}", n=len(one.part.names), share=share)
    if one.average is None:
        yield say("futures.mean_infeasible", regions=regions)
        return
    broken = [name for name, value in zip(one.part.names, one.of_average.values, strict=True) if value is None]
    if broken:
        yield say("futures.mean_breaks", regions=regions, futures=", ".join(broken))
    else:
        yield say("futures.mean_costs", regions=regions, value=_number(one.mean_value), saved=_between(*one.saved))
    if math.isinf(one.list_high):
        yield say("futures.list_breaks" if math.isinf(one.list_low) else "futures.list_unknown", regions=regions)
    else:
        yield say("futures.list_costs", regions=regions, value=_between(one.list_low, one.list_high))
    if one.measure != "regret":
        yield say("futures.in_advance", regions=regions, saved=_between(*one.worth_knowing))
    ours, theirs = listed(one.design.first), listed(one.average.first)
    if ours == theirs:
        same = one.design.first == one.of_average.first
        yield say("futures.all_same" if same else "futures.list_same", regions=regions)
        return
    here, there = ({index[:2] for index in lists} for lists in (ours, theirs))
    sides = [say(f"futures.list_{side}", names=_names(problem, sorted(only)))
             for side, only in (("on", here - there), ("off", there - here)) if only]
    yield " ".join([say("futures.list_differs", regions=regions, n=len(ours - theirs), of=len(ours)),
                    *(sides or [say("futures.list_moved")])])


def tables(problem: Problem, found: Sequence[Designed]) -> dict[str, pd.DataFrame]:
    """Measures, futures, lists and quotas."""
    return {
        "design": frame_of(_measures(found), "regions plan low_measure high_measure"),
        "design_futures": frame_of(_futures(found), "regions future share low_alone high_alone unfilled_design "
                                                    "unfilled_mean low_regret high_regret"),
        "design_list": frame_of(_lists(problem, found), "region occupation review first_year last_year permits "
                                                        "count_futures count_mean"),
        "design_quotas": frame_of(_quotas(found), "region occupation year quota"),
    }


def _measures(found: Sequence[Designed]) -> Iterator[tuple[Any, ...]]:
    for one in found:
        regions = ", ".join(one.part.regions)
        yield regions, say("futures.plan_design"), one.low, one.high
        yield regions, say("futures.plan_mean"), _known(one.mean_value), _known(one.mean_value)
        yield regions, say("futures.plan_list"), _known(one.list_low), _known(one.list_high)
        if one.measure == "regret":
            yield regions, say("futures.plan_proved"), one.low, one.most
        else:
            yield regions, say("futures.plan_advance"), *one.in_advance
            yield regions, say("futures.plan_saved"), *map(_known, one.saved)
            yield regions, say("futures.plan_knowing"), *one.worth_knowing


def _futures(found: Sequence[Designed]) -> Iterator[tuple[Any, ...]]:
    for one in found:
        for n, (name, alone) in enumerate(zip(one.part.names, one.alone, strict=True)):
            value, of_mean = one.design.all_values[n], one.of_average.values[n] if one.average else None
            yield (", ".join(one.part.regions), name, float(one.part.shares[n]), alone.bound, float(alone.value),
                   float(value), None if of_mean is None else float(of_mean), float(value - alone.value),
                   float(value) - alone.bound)


def _lists(problem: Problem, found: Sequence[Designed]) -> Iterator[tuple[Any, ...]]:
    """Every entry of the design: its permits over the review, and how many futures alone would list it."""
    for one in found:
        alone = [listed(each.first) for each in one.alone]
        quota, of_mean = _permits(one), listed(one.average.first) if one.average else set()
        for r, o, e in sorted(listed(one.design.first)):
            review = next(review for review in problem.reviews[r] if review.number == e)
            years = range(review.first_year, review.last_year + 1)
            yield (r, o, e, review.first_year, review.last_year, sum(quota.get((r, o, t), 0) for t in years),
                   sum((r, o, e) in each for each in alone), int((r, o, e) in of_mean))


def _quotas(found: Sequence[Designed]) -> Iterator[tuple[Any, ...]]:
    for one in found:
        yield from ((*index, permits) for index, permits in sorted(_permits(one).items()))


def _permits(one: Designed) -> dict[tuple[str, str, int], int]:
    return one.design.plans[0].quota


def _names(problem: Problem, entries: Sequence[tuple[Any, ...]]) -> str:
    names = [problem.title("occupations", o) for _, o in entries[:MOST_NAMES]]
    more = len(entries) - len(names)
    return ", ".join(names) + (say("futures.and_more", n=more) if more else "")


def _number(value: float) -> str:
    return f"{value:,.1f}"


def _between(low: float, high: float) -> str:
    return interval(low, high, 1)


def _known(value: float) -> float | None:
    """A number that a table can hold."""
    return value if math.isfinite(value) else None
