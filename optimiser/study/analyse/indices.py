"""Which uncertainty moves which outcome and flips which occupation: indices, each with its method and its noise."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import ff as salib_ff
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol

from optimiser.study.analyse import given
from optimiser.study.analyse.layouts import FRACTIONAL, MORRIS, ONE_AT_A_TIME, SALTELLI, Layout, layout
from optimiser.study.analyse.sample import LISTING, STATUS, TARGET, Sample, each, labelled
from optimiser.study.analyse.titles import Titles
from optimiser.texts import say

COLUMNS = [*TARGET, "factor", "method", "index", "value", "low", "high", "floor", "distinct", "rank"]
MAIN = {"sobol": "ST", "morris": "mu_star", "fractional": "effect", "given_data": "S1"}
"""The index that ranks factors, per method."""
TOP = 10  # factors per target that get an interval
FEWEST_ROWS = 40
FEWEST_TRAJECTORIES = 4
Found = list[tuple[str, np.ndarray, np.ndarray, np.ndarray, float, np.ndarray]]
"""Per index: name, value, low, high (per factor), level of noise, whether above it."""


def indices(sample: Sample, wanted: pd.DataFrame, groups: Mapping[str, str] | None = None, *, seed: int = 1,
            dummies: int = 500, resamples: int = 50, with_delta: bool = True,
            levels: int | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Indices of every factor on every target.

    Complete designs get the indices that they are made for, when all their rows have the target: Saltelli's rows
    Sobol's S1 and ST, Morris's trajectories mu_star, mu and sigma (trajectories with a gap are left out), a fraction
    the effect of going from the lower to the upper level. Everything else is given data: S1 from the means in slices of
    each factor, PAWN, delta and Spearman's rank correlation. Saltelli's rows with a gap are given data of their A and B
    rows only, since the rows between repeat these.

    Given-data indices are biased upwards: shuffled factors get some, too. The highest that any of `dummies` shuffled
    factors gets is the level of noise; what doesn't exceed it is not distinct.

    Parameters
    ----------
    sample : Sample
    wanted : DataFrame, rows x (kind, region, target)
        See `sample.targets`.
    groups : mapping, optional
        Group of each factor, where the design moves groups.
    seed : int
        Of the shuffled factors and of the bootstrap.
    dummies, resamples : int
        Shuffled factors; draws of the bootstrap for the intervals (95 %) of the ten highest.
    with_delta : bool
        Without, delta of targets with more than two values - most of the time needed - is left out.
    levels : int, optional
        Levels of Morris's grid; without, as many as the factor with most different values has.

    Returns
    -------
    table : DataFrame
        Columns as in `optimiser.study.analyse`.
    lines : list of str
        Which method, what it lacks, and what moves the outcomes most.
    """
    lay = layout(sample.x, sample.base_x, groups)
    if lay.kind == ONE_AT_A_TIME:
        return pd.DataFrame(columns=COLUMNS), [say("study_analyse.one_at_a_time")]
    data = _Given(sample, wanted.to_numpy(float), seed, dummies, resamples, with_delta)
    parts: list[pd.DataFrame] = []
    fell_back: list[int] = []
    few = 0
    for key, y in each(wanted):
        method, names, found = _one(lay, sample.x, y, data, seed, resamples, levels)
        if lay.kind in (SALTELLI, MORRIS, FRACTIONAL) and not np.isfinite(y).all():
            fell_back.append(int((~np.isfinite(y)).sum()))
        few += not found and method == "given_data"
        parts.append(_table(key, names, method, found))
    table = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else (
        pd.DataFrame(columns=COLUMNS))
    lines = [say(f"study_analyse.method_{lay.kind}", rows=f"{len(sample.x):,}")]
    if fell_back:
        lines.append(say(f"study_analyse.gap_{lay.kind}", targets=len(fell_back), of=wanted.shape[1],
                         missing=f"{max(fell_back):,}"))
    if few:
        lines.append(say("study_analyse.indices_few", targets=few, of=wanted.shape[1], least=FEWEST_ROWS))
    if (table["method"] == "given_data").any():
        lines.append(say("study_analyse.noise", dummies=dummies))
    return table[COLUMNS], [*lines, *_strongest(table, sample.titles)]


def _one(lay: Layout, x: pd.DataFrame, y: np.ndarray, data: _Given, seed: int, resamples: int,
         levels: int | None) -> tuple[str, list[str], Found]:
    """Method, what the indices are of, and the indices of one target."""
    known = np.isfinite(y)
    if lay.kind == SALTELLI and known.all():
        return "sobol", list(lay.names), sobol(lay, x, y, seed, resamples)
    if lay.kind == FRACTIONAL and known.all():
        return "fractional", list(lay.names), _fractional(lay, x, y)
    if lay.kind == MORRIS:
        whole = known.reshape(-1, lay.block).all(axis=1).repeat(lay.block)
        if whole.sum() < FEWEST_TRAJECTORIES * lay.block:
            return "morris", [], []
        return "morris", list(lay.names), _morris(lay, x[whole], y[whole], seed, resamples, levels)
    return "given_data", [str(name) for name in x.columns], data.of(y, known & lay.alone(len(y)))


def sobol(lay: Layout, x: pd.DataFrame, y: np.ndarray, seed: int, resamples: int = 100) -> Found:
    """Sobol's first-order and total indices by SALib; those whose interval holds nought are not distinct."""
    place = np.arange(len(y)) % lay.block
    of_first = (place <= len(lay.names)) | (place == lay.block - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of constant draws, which come out as 0
        found = salib_sobol.analyze(lay.problem(x), y[of_first], calc_second_order=False, num_resamples=resamples,
                                    seed=seed + 1)
    return [(name, *_around(found[name], found[f"{name}_conf"])) for name in ("ST", "S1")]


def _around(value: Any, half: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, np.ndarray]:
    value, half = np.asarray(value, float), np.asarray(half, float)
    return value, value - half, value + half, np.nan, value - half > 0


def _morris(lay: Layout, x: pd.DataFrame, y: np.ndarray, seed: int, resamples: int, levels: int | None) -> Found:
    levels = levels or max(len(np.unique(x[name])) for name in x)
    problem = lay.problem(x)
    found = salib_morris.analyze(problem, x.to_numpy(float), y, num_resamples=resamples, seed=seed + 1,
                                 num_levels=max(levels + levels % 2, 2))
    main = _around(found["mu_star"], found["mu_star_conf"])
    none = np.full(len(lay.names), np.nan)
    rest: Found = [(name, np.ma.filled(np.ma.asarray(found[name], float), np.nan), none, none, np.nan, main[4])
                   for name in ("mu", "sigma")]
    return [("mu_star", *main), *rest]


def _fractional(lay: Layout, x: pd.DataFrame, y: np.ndarray) -> Found:
    """Effects of a fraction: SALib's ME is half the difference of the means; columns without a factor show noise."""
    found = salib_ff.analyze(lay.problem(x), x.to_numpy(float), y)
    effect = 2 * np.asarray(found["ME"], float)
    value, spare = effect[:len(lay.names)], np.abs(effect[len(lay.names):])
    floor = float(spare.max()) if spare.size else np.nan
    none = np.full(len(value), np.nan)
    return [("effect", value, none, none, floor, np.abs(value) > (floor if spare.size else 0.0))]


class _Columns:
    """Factors as given-data indices want them, for many targets: ranks, slices, and what follows from these alone."""

    def __init__(self, ranks: np.ndarray, codes: np.ndarray):
        self.ranks = ranks - (len(ranks) + 1) / 2
        self.squares = (self.ranks * self.ranks).sum(axis=0)
        self.codes, self.sizes = codes, given.counted(codes)


class _Given:
    """Indices from given data; what only depends on which rows are there is worked out once.

    Parameters
    ----------
    sample : Sample
    wanted : array, rows x targets
        All targets that may be asked about, NaN where there is none: those with two values are worked out together.
    """

    def __init__(self, sample: Sample, wanted: np.ndarray, seed: int, dummies: int, resamples: int, with_delta: bool):
        self.order, self.wanted, self.seed, self.dummies = sample.order, wanted, seed, dummies
        self.resamples, self.with_delta = resamples, with_delta
        self.kept: dict[bytes, tuple[_Columns, _Columns]] = {}
        self.marks: dict[bytes, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]] = {}  # of ours and by chance

    def of(self, y: np.ndarray, known: np.ndarray) -> Found:
        y = y[known]
        if len(y) < FEWEST_ROWS or np.ptp(y) == 0:
            return []
        if known.tobytes() not in self.kept:
            self._prepare(known)
        ours, chance = self.kept[known.tobytes()]
        value, dummies = self.marks.get(known.tobytes() + y.tobytes()) or (
            given.measures(ours.codes, y, self.with_delta, ours.sizes),
            given.measures(chance.codes, y, self.with_delta, chance.sizes))
        floor = {name: float(found.max()) for name, found in dummies.items()}
        top = np.argsort(-value["S1"], kind="stable")[:TOP]
        ends = self._drawn(np.ascontiguousarray(ours.codes[:, top]), y,
                           {name: found[top] for name, found in value.items()})
        parts: Found = []
        for name, found in value.items():
            low, high = np.full(len(found), np.nan), np.full(len(found), np.nan)
            low[top], high[top] = ends[name]
            parts.append((name, found, low, high, floor[name], found > floor[name]))
        rank = given.correlation_of_ranks(ours.ranks, ours.squares, y)
        level = float(np.abs(given.correlation_of_ranks(chance.ranks, chance.squares, y)).max())
        return [*parts, ("rank_correlation", rank, *given.rank_interval(rank, len(y)), level, np.abs(rank) > level)]

    def _prepare(self, known: np.ndarray) -> None:
        """What depends on the rows alone; and the indices of all targets with two values that these rows have."""
        order, shuffled = self.order.part(known), given.noise(int(known.sum()), self.dummies, self.seed)
        both = (_Columns(order.ranks(), order.slices()), _Columns(shuffled + 1.0, given.even(shuffled, len(shuffled))))
        self.kept[known.tobytes()] = both
        y = self.wanted[known]
        marks = [k for k in range(y.shape[1]) if np.isfinite(y[:, k]).all() and len(np.unique(y[:, k])) == 2]
        if not marks:
            return
        found = [given.measures_of_marks(columns.codes, y[:, marks], columns.sizes) for columns in both]
        for k, *told in zip(marks, *found, strict=True):
            self.marks[known.tobytes() + np.ascontiguousarray(y[:, k]).tobytes()] = (told[0], told[1])

    def _drawn(self, codes: np.ndarray, y: np.ndarray, value: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Ends of the interval of a bootstrap, moved by its bias: repeated rows make any index larger."""
        draws = np.random.default_rng(self.seed).integers(len(y), size=(self.resamples, len(y)))
        again = [given.measures(codes[draw], y[draw], self.with_delta) for draw in draws if np.ptp(y[draw]) > 0]
        if not again:
            return {name: np.full((2, len(found)), np.nan) for name, found in value.items()}
        ends = {}
        for name, found in value.items():
            drawn = np.array([one[name] for one in again if name in one])
            ends[name] = np.clip(np.quantile(drawn, [0.025, 0.975], axis=0) + found - drawn.mean(axis=0), 0, 1)
        return ends


def _table(key: tuple[str, ...], names: list[str], method: str, found: Found) -> pd.DataFrame:
    parts = []
    for index, value, low, high, floor, distinct in found:
        part = pd.DataFrame({"factor": names, "method": method, "index": index, "value": value, "low": low,
                             "high": high, "floor": floor, "distinct": distinct.astype(int)})
        part = part[part["value"].notna()]
        order = np.argsort(-part["value"].abs().to_numpy(), kind="stable")
        part = part.iloc[order]
        part["rank"] = np.arange(1, len(part) + 1)
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    return labelled(table, key)[COLUMNS]


def main_index(table: pd.DataFrame) -> pd.DataFrame:
    """Only the index of each method that ranks its factors."""
    return table[table["index"] == table["method"].map(MAIN)]


def _strongest(table: pd.DataFrame, titles: Titles, most: int = 3) -> list[str]:
    """Per region: what moves unfilled most, what moves infeasibility, and which factors flip most listings."""
    lines = []
    main = main_index(table)
    moved = main[(main["target"] == "unfilled") | (main["kind"] == STATUS)]
    for (_, region, target), part in moved.groupby(TARGET, sort=True):
        named = part[part["distinct"] == 1].nsmallest(most, "rank")
        what, named_region = titles.target(STATUS, target), titles.region(region)
        lines.append(say("study_analyse.moves", region=named_region, what=what, factors="; ".join(
            say("study_analyse.factor_value", factor=titles.factor(row.factor), value=f"{row.value:.3g}",
                index=say(f"study_analyse.index_{row.index_}"))
            for row in named.rename(columns={"index": "index_"}).itertuples()))
            if len(named) else say("study_analyse.moves_none", region=named_region, what=what, factors=len(part)))
    flips = main[main["kind"] == LISTING]
    for region, part in flips.groupby("region", sort=True):
        number = part[part["distinct"] == 1].groupby("factor").size()
        listings = part["target"].nunique()
        if number.empty:
            lines.append(say("study_analyse.flips_none", region=titles.region(region), listings=listings))
            continue
        first = number.reset_index(name="n").sort_values(["n", "factor"], ascending=[False, True]).head(most)
        lines.append(say("study_analyse.flips", region=titles.region(region), listings=listings, factors="; ".join(
            say("study_analyse.factor_flips", factor=titles.factor(name), number=n) for name, n in first.to_numpy())))
    return lines
