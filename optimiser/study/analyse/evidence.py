"""The value of evidence: which figures are most worth measuring better before a list is decided."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from optimiser.study.analyse import given
from optimiser.study.analyse.sample import Sample, listing
from optimiser.study.analyse.titles import Titles
from optimiser.texts import say

Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]
COLUMNS = ["rank", "factor", "flips", "flips_low", "flips_high", "flips_floor", "flips_distinct", "flips_most",
           "regret", "regret_low", "regret_high", "regret_floor", "regret_distinct"]
FEWEST_ROWS = 40
DRAWN = 20  # factors that get an interval


def evppi(codes: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Expected value of knowing each factor before one of the lists is chosen, in the unit of the losses.

    min over lists of E[loss] - E over x of (min over lists of E[loss | x]): the expected value of partial perfect
    information of Strong, Oakley & Brennan (2014), doi 10.1177/0272989X13505910, equation 3 for losses; E[loss | x] is
    taken as the mean in the factor's slice. The choice is by expected loss: a maximum over the rows of a slice falls
    with their number alone, and would make any factor look worth knowing.

    Parameters
    ----------
    codes : array of int, rows x factors
    losses : array, rows x lists
    """
    n = len(losses)
    informed = np.zeros(codes.shape[1])
    for s in range(int(codes.max(initial=0)) + 1):
        informed += ((codes == s).astype(float).T @ losses).min(axis=1) / n
    return losses.mean(axis=0).min() - informed


def evidence(sample: Sample, regret: pd.DataFrame | None = None, *, seed: int = 1, dummies: int = 1000,
             resamples: int = 50, most: int = 10) -> tuple[pd.DataFrame, list[str]]:
    """What knowing each factor would spare: flips of the list, and regret of the best of the tried lists.

    The lists of two worlds drawn at random differ by 2 sum p(1 - p) entries on average, p being how often each
    occupation is listed. When the two share the value of a factor, they differ by 2 sum E[p(x)(1 - p(x))]: fewer by
    2 sum Var(E[listed | x]). That many flips per pair of worlds the factor's uncertainty makes. Regret: `evppi`.

    Both are biased upwards: any grouping of rows explains something. The mean of what shuffled factors get is
    subtracted; the floor is the most that any of them gets, less that mean.

    Parameters
    ----------
    sample : Sample
        Rows that are independent of each other.
    regret : DataFrame, optional
        As `regret.regret` gives it; the upper ends count, over rows in which every list has a plan.
    seed : int
    dummies, resamples : int
        Shuffled factors; draws of the bootstrap for the intervals (95 %, moved by its bias) of the twenty first.
    most : int
        Figures named in the lines.
    """
    planned = int(sample.planned.loc[sample.x.index].sum().max()) if len(sample.regions) else 0
    if planned < FEWEST_ROWS:
        return pd.DataFrame(columns=COLUMNS), [say("study_analyse.evidence_few", rows=planned, least=FEWEST_ROWS)]
    flips = _flips(sample)
    table = pd.DataFrame({"factor": sample.factors})
    table = table.join(_worth("flips", sample, [(known, marks.to_numpy(float)) for known, marks in flips],
                              _by_flips, seed, dummies, resamples))
    table["flips_most"] = _most(sample, flips)
    losses = _losses(sample, regret) if regret is not None and len(regret) else []
    if losses:
        table = table.join(_worth("regret", sample, losses, evppi, seed, dummies, resamples))
    else:
        table[[name for name in COLUMNS if name.startswith("regret")]] = np.nan
    table = table.sort_values(["flips", "regret", "factor"], ascending=[False, False, True], kind="stable",
                              ignore_index=True)
    table["rank"] = np.arange(1, len(table) + 1)
    return table[COLUMNS], _told(sample.titles, table, flips, bool(losses), most)


def _by_flips(codes: np.ndarray, marks: np.ndarray) -> np.ndarray:
    return 2.0 * given.explained(codes, marks).sum(axis=1)


def _flips(sample: Sample) -> list[tuple[np.ndarray, pd.DataFrame]]:
    """Per region: which rows have a plan, and the marks that differ among them."""
    marks, parts = listing(sample), []
    for region in sample.regions:
        known = sample.planned.loc[sample.x.index, region].to_numpy(bool)
        mine = marks.loc[known, marks.columns.get_level_values(0) == region]
        mine = mine.loc[:, (mine.max() > mine.min()).to_numpy()]
        if mine.shape[1] and known.sum() >= FEWEST_ROWS:
            parts.append((known, mine))
    return parts


def _losses(sample: Sample, regret: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per region with at least two lists: which rows have all of them, and the regret of each."""
    parts = []
    for _, part in regret.groupby("region", sort=True):
        wide = part.pivot(index="row", columns="list", values="high").reindex(sample.x.index)
        known = np.isfinite(wide.to_numpy(float)).all(axis=1)
        if wide.shape[1] > 1 and known.sum() >= FEWEST_ROWS:
            parts.append((known, wide.to_numpy(float)[known]))
    return parts


def _worth(name: str, sample: Sample, parts: list[tuple[np.ndarray, np.ndarray]], measure: Measure, seed: int,
           dummies: int, resamples: int) -> pd.DataFrame:
    """A measure summed over regions, less what shuffled factors get, with its interval and floor."""
    x = sample.x.to_numpy(float)
    chance = given.noise(len(x), dummies, seed)
    value, noise = np.zeros(x.shape[1]), np.zeros(dummies)
    codes = [sample.order.part(known).slices() for known, _ in parts]
    for (known, of), slices in zip(parts, codes, strict=True):
        value += measure(slices, of)
        noise += measure(given.even(chance[known], len(x)), of)
    low, high = np.full(len(value), np.nan), np.full(len(value), np.nan)
    top = np.argsort(-value, kind="stable")[:DRAWN]
    rng = np.random.default_rng(seed)
    again = np.zeros((resamples, len(top)))
    for (_, of), slices in zip(parts, (np.ascontiguousarray(code[:, top]) for code in codes), strict=True):
        for k, draw in enumerate(rng.integers(len(of), size=(resamples, len(of)))):
            again[k] += measure(slices[draw], of[draw])
    if resamples and len(top):
        ends = np.quantile(again, [0.025, 0.975], axis=0) - again.mean(axis=0) + value[top] - noise.mean()
        low[top], high[top] = np.maximum(ends, 0.0)
    return pd.DataFrame({name: np.maximum(value - noise.mean(), 0.0), f"{name}_low": low, f"{name}_high": high,
                         f"{name}_floor": noise.max(initial=0.0) - noise.mean(),
                         f"{name}_distinct": (value > noise.max(initial=0.0)).astype(int)})


def _most(sample: Sample, flips: list[tuple[np.ndarray, pd.DataFrame]]) -> list[str]:
    """The region and occupation that each factor flips most."""
    x = sample.x.to_numpy(float)
    best, name = np.zeros(x.shape[1]), [""] * x.shape[1]
    for known, marks in flips:
        shares = given.explained(sample.order.part(known).slices(), marks.to_numpy(float))
        for j, k in enumerate(np.argmax(shares, axis=1)):
            if shares[j, k] > best[j]:
                best[j], name[j] = shares[j, k], " ".join(map(str, marks.columns[k]))
    return name


def _told(titles: Titles, table: pd.DataFrame, flips: list[tuple[np.ndarray, pd.DataFrame]], regret: bool,
          most: int) -> list[str]:
    total = sum(float(2 * (share * (1 - share)).sum()) for share in (marks.mean() for _, marks in flips))
    lines = [say("study_analyse.evidence_total", flips=f"{total:,.2f}")]
    for name in ("flips", "regret") if regret else ("flips",):
        first = table[table[f"{name}_distinct"] == 1].sort_values([name, "factor"], ascending=[False, True]).head(most)
        if first.empty:
            lines.append(say(f"study_analyse.evidence_{name}_none"))
            continue
        lines.append(say(f"study_analyse.evidence_{name}", factors="; ".join(
            say("study_analyse.evidence_value", factor=titles.factor(row["factor"]), value=f"{row[name]:,.2f}")
            for row in first.to_dict("records"))))
    return lines if regret else [*lines, say("study_analyse.evidence_no_lists")]
