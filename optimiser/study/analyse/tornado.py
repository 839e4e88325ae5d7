"""What each factor alone does to each target, from its low to its high end; and what two of them do together."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from SALib.analyze import sobol as salib_sobol
from scipy.stats import norm

from optimiser.study.analyse.indices import main_index
from optimiser.study.analyse.layouts import ONE_AT_A_TIME, SALTELLI, layout
from optimiser.study.analyse.sample import (
    LISTING,
    OUTCOME,
    TARGET,
    Sample,
    base_listing,
    base_values,
    each,
    labelled,
    pairs,
    values,
)
from optimiser.study.analyse.titles import Titles
from optimiser.texts import say

COLUMNS = [*TARGET, "factor", "method", "low_position", "high_position", "base", "at_low", "at_low_bound", "at_high",
           "at_high_bound", "swing", "low", "high", "rank"]
PAIRS = [*TARGET, "method", "factor_a", "factor_b", "half_a", "half_b", "value", "low", "high", "rows"]
FIFTHS, HALVES, S2 = "fifths", "halves", "S2"
Z = float(norm.ppf(0.975))


def tornado(sample: Sample, wanted: pd.DataFrame, *, most: int = 20) -> tuple[pd.DataFrame, list[str]]:
    """Swing of every target between the low and the high end of each factor.

    Rows that change one factor at a time are compared as they are. An answer is proved to an interval [bound, value]
    of unfilled, so the swing lies in [bound at high - value at low, value at high - bound at low]. In any other sample
    the ends are the rows of the lowest and of the highest fifth of the factor: means, with the interval (95 %) of their
    difference after Welch (1947), widened by the mean gap of each side.

    Parameters
    ----------
    sample : Sample
    wanted : DataFrame, rows x (kind, region, target)
        See `sample.targets`.
    most : int
        Factors per target in the table: those with the largest swing.
    """
    alone = layout(sample.x, sample.base_x).kind == ONE_AT_A_TIME
    bounds = dict(each(values(sample, "bound")))
    ends = _Ends(sample.x.to_numpy(float))
    base: dict[tuple[str, ...], float] = {(OUTCOME, *key): value for key, value in pairs(base_values(sample))}
    base |= {(LISTING, *key): value for key, value in pairs(base_listing(sample))}
    parts = []
    for key, y in each(wanted):
        bound = bounds.get(key[1:], y) if key[0] == OUTCOME else y
        bound = np.where(np.isfinite(bound), bound, y)
        part = _alone(sample, y, bound) if alone else _fifths(sample.factors, ends, y, bound)
        part = part[part["swing"].notna()].assign(base=base.get(key, np.nan))
        part = part.iloc[np.argsort(-part["swing"].abs().to_numpy(), kind="stable")[:most]]
        part["rank"] = np.arange(1, len(part) + 1)
        parts.append(labelled(part, key))
    table = pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)
    return table, _told(table, sample.titles) if alone else []


def _alone(sample: Sample, y: np.ndarray, bound: np.ndarray) -> pd.DataFrame:
    """One row at the low and one at the high end of each factor; where one end is the base itself, nothing is known."""
    assert sample.base_x is not None
    x, base = sample.x.to_numpy(float), sample.base_x.to_numpy(float)
    rows = []
    for j, factor in enumerate(sample.factors):
        at = np.flatnonzero(x[:, j] != base[j])
        if len(at) < 2:
            continue
        low, high = at[np.argmin(x[at, j])], at[np.argmax(x[at, j])]
        rows.append((factor, ONE_AT_A_TIME, x[low, j], x[high, j], y[low], bound[low], y[high], bound[high],
                     y[high] - y[low], bound[high] - y[low], y[high] - bound[low]))
    return _frame(rows)


class _Ends:
    """The rows of the lowest and of the highest fifth of each factor, among those that have a target; worked out once.

    Per factor that has both: its place, the two sets of rows and the mean position of each.
    """

    def __init__(self, x: np.ndarray):
        self._x = x
        self._kept: dict[bytes, list[tuple[int, np.ndarray, np.ndarray, float, float]]] = {}

    def of(self, known: np.ndarray) -> list[tuple[int, np.ndarray, np.ndarray, float, float]]:
        if known.tobytes() not in self._kept:
            found = self._kept[known.tobytes()] = []
            for j, x in enumerate(np.ascontiguousarray(self._x[known].T)):
                ends = np.quantile(x, [0.2, 0.8]) if len(x) else np.zeros(2)
                low, high = np.flatnonzero(x <= ends[0]), np.flatnonzero(x >= ends[1])
                if min(len(low), len(high)) >= 5 and ends[0] != ends[1]:
                    found.append((j, low, high, x[low].mean(), x[high].mean()))
        return self._kept[known.tobytes()]


def _fifths(factors: list[str], ends: _Ends, y: np.ndarray, bound: np.ndarray) -> pd.DataFrame:
    """Means of the lowest and highest fifth of each factor."""
    known = np.isfinite(y)
    y, bound = y[known], bound[known]
    rows = []
    for j, low, high, low_x, high_x in ends.of(known):
        a, b = y[low], y[high]
        wide = Z * np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        under_a, under_b = float(bound[low].mean()), float(bound[high].mean())
        rows.append((factors[j], FIFTHS, low_x, high_x, a.mean(), under_a, b.mean(), under_b,
                     b.mean() - a.mean(), under_b - a.mean() - wide, b.mean() - under_a + wide))
    return _frame(rows)


def _frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    names = ["factor", "method", "low_position", "high_position", "at_low", "at_low_bound", "at_high", "at_high_bound",
             "swing", "low", "high"]
    return pd.DataFrame.from_records(rows, columns=names)


def _told(table: pd.DataFrame, titles: Titles) -> list[str]:
    """Per region the largest sure swing of unfilled, and what flips."""
    lines = []
    for region, part in table.groupby("region", sort=True):
        named = titles.region(region)
        unfilled = part[(part["kind"] == OUTCOME) & (part["target"] == "unfilled")]
        sure = unfilled[(unfilled["low"] > 0) | (unfilled["high"] < 0)]
        for row in sure.head(1).to_dict("records"):
            lines.append(say("study_analyse.swing", region=named, factor=titles.factor(row["factor"]),
                             low=f"{row['at_low']:,.1f}", high=f"{row['at_high']:,.1f}"))
        if len(unfilled):
            lines.append(say("study_analyse.swing_sure", region=named, sure=len(sure), of=len(unfilled)))
        flips = part[(part["kind"] == LISTING) & (part["swing"].abs() > 0)]
        if len(flips):
            lines.append(say("study_analyse.swing_flips", region=named, factors=flips["factor"].nunique(),
                             listings=flips["target"].nunique()))
    return lines


def interactions(sample: Sample, wanted: pd.DataFrame, found: pd.DataFrame, groups: Mapping[str, str] | None = None, *,
                 seed: int = 1, resamples: int = 100) -> pd.DataFrame:
    """What pairs of factors do together.

    Sobol's second-order indices where the design allows them and every row has the target; otherwise the mean of the
    target in the four quarters that the medians of its two strongest factors cut (95 % interval of the mean).

    Parameters
    ----------
    sample, wanted
        As for `indices.indices`.
    found : DataFrame
        Its table: which factors are the strongest.
    """
    lay = layout(sample.x, sample.base_x, groups)
    main = main_index(found)
    parts = []
    for key, y in each(wanted):
        if lay.kind == SALTELLI and lay.second and np.isfinite(y).all():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                second = salib_sobol.analyze(lay.problem(sample.x), y, num_resamples=resamples, seed=seed + 1)
            both = [(lay.names[a], lay.names[b], "", "", second["S2"][a, b],
                     second["S2"][a, b] - second["S2_conf"][a, b], second["S2"][a, b] + second["S2_conf"][a, b],
                     len(y)) for a in range(len(lay.names)) for b in range(a + 1, len(lay.names))]
            method = S2
        else:
            mine = main[(main[TARGET] == list(key)).all(axis=1) & (main["distinct"] == 1)]
            names = [str(name) for name in mine.sort_values("rank").head(2)["factor"] if name in sample.x]
            both, method = _quarters(sample.x, y, names) if len(names) == 2 else [], HALVES
        part = pd.DataFrame.from_records(both, columns=PAIRS[4:]).assign(method=method)
        parts.append(labelled(part, key))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True)[PAIRS] if filled else pd.DataFrame(columns=PAIRS)


def _quarters(x: pd.DataFrame, y: np.ndarray, names: list[str]) -> list[tuple[object, ...]]:
    known = np.isfinite(y)
    upper = [x[name].to_numpy(float) > np.median(x[name].to_numpy(float)[known]) for name in names]
    rows = []
    for a in (False, True):
        for b in (False, True):
            part = y[known & (upper[0] == a) & (upper[1] == b)]
            mean = float(part.mean()) if len(part) else np.nan
            wide = Z * float(part.std(ddof=1)) / np.sqrt(len(part)) if len(part) > 1 else np.nan
            rows.append((*names, _half(a), _half(b), mean, mean - wide, mean + wide, len(part)))
    return rows


def _half(upper: bool) -> str:
    return "upper" if upper else "lower"
