"""What comes of regions in several futures: the design, what it is compared with, and how far all of it is proved."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from optimiser.errors import ResultError
from optimiser.explore.ahead.holding import found_or_tried, hold, lean_average, published
from optimiser.explore.ahead.measures import measured
from optimiser.explore.ahead.parts import Alone, Held, Part, level, listed, part_of
from optimiser.explore.ahead.regrets import least_regret
from optimiser.explore.ahead.stages import Searched, alone, together
from optimiser.explore.desk import Desk
from optimiser.futures import Future, mean, shares
from optimiser.model.components import components
from optimiser.plan import exact
from optimiser.solver import Answer
from optimiser.texts import say

SEARCHING = 0.8  # of the time; the rest is for what is found to be held in every future, rounded and checked


@dataclass(frozen=True)
class Designed:
    """What came of the regions that are solved together.

    Attributes
    ----------
    part : Part
    alone : tuple of Alone, one per future
        The best for each by itself; `value` is the best value known of it from any search.
    average : Alone
        The best for the case of mean numbers; None where that has no plan.
    design : Held
        The list and quotas designed for the futures.
    of_average : Held
        List and quotas of the mean numbers, held in every future.
    low, high : float
        The measure of the design: what no list and quotas can be below, and the design's own. Of regret, `high` counts
        against the best known values; `most` is the most it can be, against the bounds of these values.
    most : float
    list_low, list_high : float
        The same for the list of the mean numbers with quotas for the futures; infinite where it can't keep the rules.
    clock_cut : bool
        Whether a clock ended a search over all futures, so that another machine may find another list.
    """

    part: Part
    alone: tuple[Alone, ...] = field(repr=False)
    average: Alone | None = field(repr=False)
    design: Held = field(repr=False)
    of_average: Held = field(repr=False)
    low: float
    high: float
    most: float
    list_low: float
    list_high: float
    measure: str
    alpha: float
    clock_cut: bool = False

    def measured(self, values: Sequence[Fraction]) -> float:
        """The measure of the values of all futures."""
        return float(measured(self.measure, values, self.part.shares, exact(self.alpha),
                              [one.value for one in self.alone]))

    @property
    def in_advance(self) -> tuple[float, float]:
        """The measure when every future is known before the list is decided (wait and see): low and high."""
        values = [one.value for one in self.alone]
        return self.measured([min(exact(one.bound), one.value) for one in self.alone]), self.measured(values)

    @property
    def mean_value(self) -> float:
        """The measure of the list and quotas of the mean numbers; infinite where they break a rule in some future."""
        return self.measured(self.of_average.all_values) if self.of_average.sound else float("inf")

    @property
    def saved(self) -> tuple[float, float]:
        """What the design saves against list and quotas of the mean numbers (value of the stochastic solution)."""
        return max(0.0, self.mean_value - self.high), max(0.0, self.mean_value - self.low)

    @property
    def worth_knowing(self) -> tuple[float, float]:
        """What it would save to know the future in advance (expected value of perfect information)."""
        low, high = self.in_advance
        return max(0.0, self.low - high), max(0.0, self.high - low)

    @property
    def gap(self) -> float:
        """How far the design may be from the best, as a share of what stays unfilled; of regret, see `parts.level`."""
        whole = level(self.part, self.alone) if self.measure == "regret" else self.high
        return max(0.0, self.high - self.low) / max(whole, 1e-9)


def designed(futures: Sequence[Future], measure: str, alpha: float, desk: Desk) -> list[Designed]:
    """What comes of every group of regions that are solved together; `futures` as `futures.together` gives them."""
    average, weights = mean(futures), shares(futures)
    ends = time.monotonic() + desk.seconds * SEARCHING
    parts = [part_of(futures, weights, average, regions) for regions in components(futures[0].problem)]
    singles = alone(parts, desk, ends)
    leanest = [(part, lean_average(part, one, desk)) for part, (_, one) in zip(parts, singles, strict=True) if one]
    kept = iter(hold(leanest, desk))
    means = [next(kept) if one else Held({}, (None,)) for _, one in singles]
    if measure == "expected":
        found = _all_together(parts, singles, means, measure, alpha, desk, ends)
    else:  # what is best on average is found sooner, and is where a harder search begins
        half = (ends + time.monotonic()) / 2
        easier = together(parts, singles, means, "expected", alpha, desk, half, compared=False)
        begin = [_sound(part, ones, answer, of_mean, desk)[0] for part, (ones, _), (answer, _), of_mean in
                 zip(parts, singles, easier, means, strict=True)]
        singles = [([one.with_value(min(one.value, value)) for one, value in zip(ones, kept.all_values, strict=True)],
                    average) for (ones, average), kept in zip(singles, begin, strict=True)]
        found = (least_regret(parts, singles, means, begin, desk, ends) if measure == "regret" else
                 _all_together(parts, singles, begin, measure, alpha, desk, ends))
    return [_best(part, ones, searched, of_mean, average, measure, alpha)
            for part, (ones, average), searched, of_mean in zip(parts, singles, found, means, strict=True)]


def _all_together(parts: Sequence[Part], singles: Sequence[tuple[list[Alone], Alone | None]], begin: Sequence[Held],
                  measure: str, alpha: float, desk: Desk, ends: float) -> list[Searched]:
    """What the programme of all futures comes to."""
    found = []
    for part, (ones, average), start, (answer, of_mean) in zip(
            parts, singles, begin, together(parts, singles, begin, measure, alpha, desk, ends), strict=True):
        kept = _sound(part, ones, answer, start, desk)
        if of_mean and of_mean.x is not None:  # the list of the mean numbers at times turns out to be the better one
            kept += [one for one in hold([(part, part.decided(of_mean.x))], desk) if one.sound]
        of_list = (0.0, float("inf")) if average and not of_mean else _ends(of_mean)
        found.append(Searched(tuple(kept), _ends(answer)[0], *of_list,
                              answer.clock_cut or bool(of_mean and of_mean.clock_cut)))
    return found


def _sound(part: Part, ones: Sequence[Alone], answer: Answer, start: Held, desk: Desk) -> list[Held]:
    """What a search over all futures found and what it began with, as far as they keep the rules in all of them.

    Raises
    ------
    ResultError
        When neither does.
    """
    found = [] if answer.x is None and start.sound else found_or_tried(part, ones, answer, desk)
    if kept := [one for one in (*found, start) if one.sound]:
        return kept
    raise ResultError(say("solve.broken"), [say("futures.unsound", names=", ".join(
        name for name, value in zip(part.names, found[0].values, strict=True) if value is None))])


def _best(part: Part, ones: Sequence[Alone], searched: Searched, of_average: Held, average: Alone | None,
          measure: str, alpha: float) -> Designed:
    """The better of what was found and of the list of the mean, in exact numbers, with its bound."""
    known = [kept for kept in (*searched.found, of_average) if kept.sound]
    best = [min([one.value, *(kept.all_values[s] for kept in known)]) for s, one in enumerate(ones)]

    def of(kept: Held) -> Fraction:
        return measured(measure, kept.all_values, part.shares, exact(alpha), best)

    design = published(part, min(known, key=of))
    high = most = float(of(design))
    low = searched.low
    if measure == "regret":
        most = max(float(value) - one.bound for value, one in zip(design.all_values, ones, strict=True))
    else:  # what every future needs alone is a bound too
        low = max(low, float(measured(measure, [exact(one.bound) for one in ones], part.shares, exact(alpha))))
    low = min(low, high)
    of_list = [float(of(kept)) for kept in (*known, design) if average and listed(kept.first) == listed(average.first)]
    list_high = max(low, min([searched.list_high, *of_list]))
    list_low = min(max(low, searched.list_low), list_high)  # with the list decided, nothing is better than without
    return Designed(part, tuple(one.with_value(value) for one, value in zip(ones, best, strict=True)), average, design,
                    of_average, low, high, most, list_low, list_high, measure, alpha, searched.clock_cut)


def _ends(answer: Answer | None) -> tuple[float, float]:
    """Bound and value of a search over all futures; infinite where there is no point."""
    if answer is None:
        return float("inf"), float("inf")
    if answer.status == "infeasible" or not answer.stages:
        return float("inf") if answer.status == "infeasible" else 0.0, float("inf")
    low, high = answer.stages[0].bound, answer.stages[0].value
    return max(0.0, min(low, high)), high
