"""Scenario discovery: the simplest conditions under which an occupation drops out, or a case turns bad.

The patient rule induction method (PRIM) of Friedman & Fisher (1999), doi 10.1023/A:1008894516817, used as Bryant &
Lempert (2010), doi 10.1016/j.techfore.2009.08.002, use it. A box is peeled: again and again the twentieth of its rows
at the lower or upper end of one factor is cut off, the one that leaves the largest share of events. At most three
factors may be cut, let in one by one. Of the boxes on the way, the one with the best balance of coverage and density
counts.

With hundreds of factors, some box looks good in any noise. So conditions are found on one half of the rows and tested
on the other: the box by the chance of so many events at the base rate (binomial) - over all events asked about, false
discoveries are held at one in twenty (Benjamini & Hochberg 1995) -, then each restriction by Bryant & Lempert's
quasi-p-value: those that could be luck are taken back. What doesn't pass is not told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom, false_discovery_control

from optimiser.study.analyse import given
from optimiser.study.analyse.sample import LISTING, OUTCOME, STATUS, TARGET, Sample, base_listing, each, pairs
from optimiser.texts import say

COLUMNS = [*TARGET, "event", "number", "factor", "low", "high", "p", "coverage", "density", "base_rate", "box_rows",
           "events", "rows", "test_density", "test_rows", "p_box"]
MOST = 3
PEEL = 0.05
LEAST = 10  # events, and rows of a box, below which nothing is looked for
TRIED = 6  # factors that may come next
WORTH = 0.03  # of balance, that a further restriction must bring
LUCK = 0.05


@dataclass(frozen=True)
class Box:
    """Limits of factors: column of the factor -> (low, high), inclusive; infinite where there is none."""

    limits: dict[int, tuple[float, float]]

    def holds(self, x: np.ndarray, but: int | None = None) -> np.ndarray:
        """Which rows meet the conditions (all but one of them)."""
        inside = np.ones(len(x), dtype=bool)
        for j, (low, high) in self.limits.items():
            if j != but:
                inside &= (x[:, j] >= low) & (x[:, j] <= high)
        return inside


def balance(inside: np.ndarray, y: np.ndarray) -> float:
    """Harmonic mean of coverage (events inside / events) and density (events inside / rows inside)."""
    return _balance(int(inside.sum()), int(y[inside].sum()), int(y.sum()))


def _balance(rows: int, hits: int, events: int) -> float:
    return 2.0 * hits / (rows + events) if rows + events else 0.0


def peel(x: np.ndarray, y: np.ndarray) -> list[Box]:
    """The boxes of one peeling, from the whole down to ten rows or to nothing but events.

    Parameters
    ----------
    x : array, rows x factors
    y : array of bool, rows
        Events.
    """
    return [box for box, _ in _peeled(x, y, given.Order(x).order)]


def _peeled(x: np.ndarray, y: np.ndarray, order: np.ndarray) -> list[tuple[Box, float]]:
    """The boxes of a peeling, each with its balance; `order` has the rows from the least on, per factor.

    Rows stay sorted by every factor, so that a cut is a place in a line, and only what it takes off is counted.
    """
    limits: dict[int, tuple[float, float]] = {}
    lines = [(rows, x[rows, j]) for j, rows in enumerate(order)]  # what is inside: rows, and the factor's values
    alive, rows, hits = np.ones(len(y), dtype=bool), len(y), int(y.sum())
    events = hits
    boxes = [(Box({}), _balance(rows, hits, events))]
    while rows > LEAST and 0 < hits < rows:
        best: tuple[float, int, tuple[float, float], np.ndarray, int] | None = None
        for lower in (True, False):
            for j, (line, values) in enumerate(lines):
                at = _cut(values, lower)
                left, gone = (rows - at, line[:at]) if lower else (at, line[at:])
                if not LEAST <= left < rows:
                    continue
                lost = int(np.count_nonzero(y[gone]))
                # a cut that takes more rows must bring more: gain per row taken off, as Friedman & Fisher propose
                gain = ((hits - lost) / left - hits / rows) / max(rows - left, 1)
                if best is None or gain > best[0]:
                    low, high = limits.get(j, (-np.inf, np.inf))
                    ends = (float(values[at]), high) if lower else (low, float(values[at - 1]))
                    best = gain, j, ends, gone, lost
        if best is None:
            break
        limits[best[1]] = best[2]
        alive[best[3]] = False
        rows, hits = rows - len(best[3]), hits - best[4]
        kept = [alive[line] for line, _ in lines]
        lines = [(line[stay], values[stay]) for (line, values), stay in zip(lines, kept, strict=True)]
        boxes.append((Box(dict(limits)), _balance(rows, hits, events)))
    return boxes


def _cut(values: np.ndarray, lower: bool) -> int:
    """Where a line of sorted values is cut; what ties with its end goes with it, or few values could never be cut."""
    cut, end = _quantile(values, PEEL if lower else 1 - PEEL), values[0 if lower else -1]
    return int(np.searchsorted(values, cut, "left" if lower != (cut == end) else "right"))


def _quantile(values: np.ndarray, share: float) -> float:
    """A quantile of sorted values, as `numpy.quantile` has it, many times as fast."""
    below = int(at := share * (len(values) - 1))
    low, high, part = float(values[below]), float(values[min(below + 1, len(values) - 1)]), at - below
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part


def discover(x: np.ndarray, y: np.ndarray, most: int = MOST, order: given.Order | None = None) -> Box:
    """The simplest box that holds many of the events and little else; without limits when there is none.

    A peeling of many factors at once soon cuts one of them by luck. So factors are let in one by one: the one with
    which a peeling finds the best balance, as long as it betters that without it. Only those are tried that have to do
    with the events most (delta), over all rows or within the box so far.
    """
    chosen: list[int] = []
    order = order or given.Order(x)
    of_all = _candidates(order, y)
    best, level = Box({}), balance(np.ones(len(y), dtype=bool), y)
    while len(chosen) < most:
        inside, tried = best.holds(x), []
        of_part = _candidates(order.part(inside), y[inside]) if chosen else []
        for j in dict.fromkeys([*of_all, *of_part]):
            if j in chosen:
                continue
            columns = [*chosen, j]
            box, score = max(_peeled(x[:, columns], y, order.order[columns]), key=lambda entry: entry[1])
            tried.append((score, -j, Box({columns[k]: ends for k, ends in box.limits.items()})))
        score, j, box = max(tried, key=lambda entry: entry[:2], default=(0.0, 0, best))
        if score <= level + WORTH:
            break
        best, level = box, score
        chosen.append(-j)
    return best


def _candidates(order: given.Order, y: np.ndarray) -> list[int]:
    """The factors that have to do with the events most, among some rows."""
    if len(y) < 2 * given.FEWEST or not 0 < y.sum() < len(y):
        return []
    delta = given.delta_of_marks(*given.distances(order.slices(5), y.astype(float)))
    return [int(j) for j in np.argsort(-delta, kind="stable")[:TRIED]]


def pruned(box: Box, x: np.ndarray, y: np.ndarray) -> Box:
    """The box without restrictions that could be luck, taken back one by one, the likeliest first."""
    while box.limits:
        p = {j: quasi_p(box, j, x, y) for j in box.limits}
        worst = max(p, key=lambda j: p[j])
        if p[worst] < LUCK:
            break
        box = Box({j: ends for j, ends in box.limits.items() if j != worst})
    return box


def quasi_p(box: Box, factor: int, x: np.ndarray, y: np.ndarray) -> float:
    """Chance of at least so many events in the box, had it the density of the box without that restriction.

    Bryant & Lempert (2010), section 3.2.
    """
    inside, without = box.holds(x), box.holds(x, but=factor)
    rate = float(y[without].mean()) if without.any() else 0.0
    return float(binom.sf(y[inside].sum() - 1, inside.sum(), rate))


def events(sample: Sample, wanted: pd.DataFrame) -> dict[tuple[str, str, str, str], pd.Series]:
    """What conditions are looked for: (kind, region, target, event) -> rows x bool, NaN where nobody knows.

    An occupation of the base list (or, without a base row, of most rows) drops out; any other comes in. A case turns
    infeasible. Unfilled is in the tenth of rows with most of it.
    """
    base, found = dict(pairs(base_listing(sample))), {}
    for (kind, region, target), y in each(wanted):
        column = pd.Series(y, index=wanted.index)
        if kind == LISTING:
            on = base.get((region, target), np.nan)
            on = float(column.mean() >= 0.5) if np.isnan(on) else on
            found[kind, region, target, "drops_out" if on else "comes_in"] = (1 - column) if on else column
        elif kind == STATUS:
            found[kind, region, target, "infeasible"] = column
        elif kind == OUTCOME and target == "unfilled":
            worst = (column > column.quantile(0.9)).astype(float).where(column.notna())
            found[kind, region, target, "worst_tenth"] = worst
    return found


def conditions(sample: Sample, wanted: pd.DataFrame, *, seed: int = 1) -> tuple[pd.DataFrame, list[str]]:
    """Conditions of every event that has some which pass the test.

    Parameters
    ----------
    sample : Sample
    wanted : DataFrame, rows x (kind, region, target)
        See `sample.targets`.
    seed : int
        Of the halves.

    Returns
    -------
    table : DataFrame
        Columns as in `optimiser.study.analyse`; sorted by balance of coverage and density.
    lines : list of str
    """
    asked = events(sample, wanted)
    orders: dict[bytes, given.Order] = {}
    tried: list[tuple[tuple[str, str, str, str], Box, np.ndarray, np.ndarray, np.ndarray, float]] = []
    for key, column in asked.items():
        known = column.notna().to_numpy()
        x, y = sample.x.to_numpy(float)[known], column.to_numpy(float)[known] > 0.5
        if min(y.sum(), (~y).sum()) < LEAST:
            continue
        test = halves(y, seed)
        if (key_of := known.tobytes()) not in orders:
            orders[key_of] = sample.order.part(known)
        box = discover(x[~test], y[~test], order=orders[key_of].part(~test))
        inside = box.holds(x[test])
        luck = float(binom.sf(y[test][inside].sum() - 1, inside.sum(), y[test].mean())) if box.limits else 1.0
        tried.append((key, pruned(box, x[test], y[test]), x, y, test, luck))
    adjusted = false_discovery_control([entry[-1] for entry in tried]) if tried else []
    passed = [(balance(box.holds(x), y), _rows(sample, key, box, x, y, test, float(p)))
              for (key, box, x, y, test, _), p in zip(tried, adjusted, strict=True) if box.limits and p < LUCK]
    passed.sort(key=lambda entry: -entry[0])
    table = pd.DataFrame.from_records([row for _, rows in passed for row in rows], columns=COLUMNS)
    lines = [say("study_analyse.conditions", asked=len(asked), looked=len(tried), found=len(passed))] if asked else []
    return table, [*lines, *(_told(sample, rows) for _, rows in passed)]


def halves(y: np.ndarray, seed: int) -> np.ndarray:
    """Which rows are kept for the test: half of the events and half of the rest, at random."""
    rng = np.random.default_rng(seed)
    test = np.zeros(len(y), dtype=bool)
    for rows in (np.flatnonzero(y), np.flatnonzero(~y)):
        test[rng.permutation(rows)[:len(rows) // 2]] = True
    return test


def _rows(sample: Sample, key: tuple[str, str, str, str], box: Box, x: np.ndarray, y: np.ndarray, test: np.ndarray,
          p_box: float) -> list[tuple[object, ...]]:
    inside = box.holds(x)
    on_test = inside & test
    facts = (y[inside].sum() / y.sum(), y[inside].mean(), y.mean(), int(inside.sum()), int(y.sum()), len(y),
             float(y[on_test].mean()) if on_test.any() else np.nan, int(on_test.sum()), p_box)
    p = {j: quasi_p(box, j, x[test], y[test]) for j in box.limits}
    return [(*key, number, sample.factors[j], *(end if np.isfinite(end) else np.nan for end in box.limits[j]), p[j],
             *facts) for number, j in enumerate(sorted(p, key=lambda j: (p[j], j)), start=1)]


def _told(sample: Sample, rows: list[tuple[object, ...]]) -> str:
    first = dict(zip(COLUMNS, rows[0], strict=True))
    named = [_limit(sample, str(row[5]), float(str(row[6])), float(str(row[7]))) for row in rows]
    return say(f"study_analyse.event_{first['event']}", region=sample.titles.region(first["region"]),
               target=sample.titles.target(first["kind"], first["target"]),
               conditions=say("study_analyse.and").join(named), density=f"{first['density']:.0%}",
               base=f"{first['base_rate']:.0%}", coverage=f"{first['coverage']:.0%}",
               tested=f"{first['test_density']:.0%}", rows=f"{first['test_rows']:,}")


def _limit(sample: Sample, factor: str, low: float, high: float) -> str:
    """A restriction in words: of a lever in its own numbers, of an uncertainty by quantiles."""
    side = "above" if np.isnan(high) else "below" if np.isnan(low) else "between"
    named = sample.titles.factor(factor)
    if factor in sample.levers:
        return say(f"study_analyse.lever_{side}", factor=named, low=f"{low:g}", high=f"{high:g}")
    return say(f"study_analyse.position_{side}", factor=named, low=f"{low:.0%}", high=f"{high:.0%}")
