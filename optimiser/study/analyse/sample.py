"""The rows of a study as matrices: what was put in, what came out, what was listed, and where there was no plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from optimiser.study.analyse.given import Order
from optimiser.study.analyse.kinds import LISTING, OUTCOME, STATUS
from optimiser.study.analyse.titles import Titles

__all__ = ["LISTING", "OUTCOME", "STATUS", "TARGET", "Held", "Sample", "base_listing", "base_values", "each", "held_of",
           "labelled", "listing", "pairs", "sample_of", "targets", "values", "varies"]

NOT_FACTORS = ("row", "sample")
TARGET = ["kind", "region", "target"]
INFEASIBLE = "infeasible"


@dataclass(frozen=True)
class Held:
    """Which row lists what in which review.

    Attributes
    ----------
    rows : Index of row numbers
    pairs : MultiIndex of (region, occupation), sorted
    reviews : array of int, sorted
    cube : array of bool, rows x pairs x reviews
    """

    rows: pd.Index
    pairs: pd.MultiIndex
    reviews: np.ndarray
    cube: np.ndarray


@dataclass(frozen=True)
class Sample:
    """A study's rows, ready to be counted.

    Attributes
    ----------
    x : DataFrame, rows of the sample (in the order of the design) x factors
        Positions of uncertainties, values of levers; its index is the row's number.
    base : int or None
        The row that stands beside the sample: the case itself.
    base_x : Series or None
        What the factors are there.
    planned : DataFrame of bool, rows (base as well) x regions
        Whether the row has a plan for the region, that is: whether it has an outcome there.
    infeasible : DataFrame of float, rows (base as well) x regions
        1 where the region's component was proved to have no plan, 0 where there is one, NaN where nobody knows.
    outcomes : DataFrame
        row, region, outcome, value, bound.
    listed : DataFrame
        row, region, occupation, review, quota, filled.
    held : Held
        `listed` without its numbers, as a cube.
    order : Order
        Of the rows by each factor.
    levers : frozenset of str
        The factors that policy sets; all others are positions of uncertainties.
    titles : Titles
        What codes are called in lines.
    """

    x: pd.DataFrame
    base: int | None
    base_x: pd.Series | None
    planned: pd.DataFrame
    infeasible: pd.DataFrame
    outcomes: pd.DataFrame
    listed: pd.DataFrame
    held: Held
    order: Order
    levers: frozenset[str] = frozenset()
    titles: Titles = Titles()

    @property
    def factors(self) -> list[str]:
        return [str(name) for name in self.x.columns]

    @property
    def regions(self) -> list[str]:
        return [str(name) for name in self.planned.columns]

    def of(self, rows: Iterable[int]) -> Sample:
        """The same with only some rows of the sample."""
        kept = self.x.index.isin(list(rows))
        return replace(self, x=self.x[kept], order=self.order.part(kept))


def sample_of(design: pd.DataFrame, status: pd.DataFrame, outcomes: pd.DataFrame, listed: pd.DataFrame,
              levers: Iterable[str] = (), titles: Titles | None = None) -> Sample:
    """The tables of a store as a Sample.

    Parameters
    ----------
    design, status, outcomes, listed : DataFrame
        As in a store. A row counts as infeasible for every region of a component whose status says so.
    levers : iterable of str
        Names of the factors that policy sets.
    titles : Titles, optional
        What codes are called; without, they stand for themselves.
    """
    rows = design.set_index("row", drop=True)
    chosen = rows["sample"].astype(bool)
    factors = rows.drop(columns=["sample"]).astype(float)
    beside = list(rows.index[~chosen])
    base = int(beside[0]) if beside else None
    answered = outcomes[outcomes["value"].notna()]
    parts = status["component"].astype(str).str.split("-") if len(status) else pd.Series(dtype=object)
    regions = sorted(set(answered["region"].astype(str)) | {region for part in parts for region in part})
    planned = pd.DataFrame(False, index=rows.index, columns=regions)
    there = answered[["row", "region"]].drop_duplicates()
    for region, part in there.groupby("region", sort=True):
        planned.loc[planned.index.isin(part["row"]), str(region)] = True
    infeasible = pd.DataFrame(np.where(planned, 0.0, np.nan), index=planned.index, columns=planned.columns)
    proved = status["status"] == INFEASIBLE
    for part, row in zip(parts[proved], status.loc[proved, "row"], strict=True):
        infeasible.loc[row, [region for region in part if region in infeasible]] = 1.0
    return Sample(factors[chosen], base, factors[~chosen].iloc[0] if beside else None, planned, infeasible, outcomes,
                  listed, held_of(rows.index, listed), Order(factors[chosen].to_numpy(float)), frozenset(levers),
                  titles or Titles())


def held_of(rows: pd.Index, listed: pd.DataFrame) -> Held:
    """The lists of some rows as a cube."""
    mine = listed[listed["row"].isin(rows)]
    kinds = [pd.Categorical(mine[name].astype(str)) for name in ("region", "occupation")]
    codes = [np.asarray(kind.codes, dtype=np.int64) for kind in kinds]
    wide = max(len(kinds[1].categories), 1)
    found, pair = np.unique(codes[0] * wide + codes[1], return_inverse=True)
    reviews, review = np.unique(mine["review"].to_numpy(), return_inverse=True)
    cube = np.zeros((len(rows), len(found), len(reviews)), dtype=bool)
    cube[rows.get_indexer(pd.Index(mine["row"])), pair, review] = True
    pairs = pd.MultiIndex.from_arrays([kind.categories.astype(object)[at] for kind, at in zip(
        kinds, (found // wide, found % wide), strict=True)], names=["region", "occupation"])
    return Held(rows, pairs, reviews, cube)


def listing(sample: Sample, when: str = "any") -> pd.DataFrame:
    """Which row lists what: rows of the sample x (region, occupation); 1, 0, or NaN without a plan.

    Parameters
    ----------
    when : {"any", "first", "all"}
        In any review, in the region's first, in all of its reviews.
    """
    return _marks(sample, sample.x.index, when)


def base_listing(sample: Sample) -> pd.Series:
    """What the base row lists in any review: 1, 0 or NaN per (region, occupation); all NaN without a base row."""
    marks = _marks(sample, pd.Index([-1 if sample.base is None else sample.base]), "any")
    return marks.iloc[0]


def _marks(sample: Sample, rows: pd.Index, when: str) -> pd.DataFrame:
    held = sample.held
    inside = held.rows.isin([*sample.x.index, sample.base])
    reviewed = np.asarray(held.cube[inside].any(axis=0))  # pairs x reviews
    there = np.asarray(reviewed.any(axis=1))
    columns = held.pairs[there]
    regions = columns.get_level_values(0).to_numpy()
    marks = np.zeros((len(rows), len(columns)))
    at = held.rows.get_indexer(rows)
    mine = held.cube[at[at >= 0]][:, there]
    for region in dict.fromkeys(regions):
        of = np.flatnonzero(regions == region)
        known = np.flatnonzero(reviewed[there][of].any(axis=0))  # reviews of the region
        part = mine[:, of][:, :, known]
        marks[np.ix_(at >= 0, of)] = part.any(axis=2) if when == "any" else (
            part[:, :, 0] if when == "first" else part.all(axis=2))
    frame = pd.DataFrame(marks, index=rows, columns=columns)
    planned = sample.planned.reindex(rows, fill_value=False)[list(regions)].to_numpy()
    return frame.where(planned)


def values(sample: Sample, column: str = "value") -> pd.DataFrame:
    """What came out: rows of the sample x (region, outcome); NaN where there is none.

    Parameters
    ----------
    column : {"value", "bound"}
    """
    wide = sample.outcomes.pivot_table(index="row", columns=["region", "outcome"], values=column, sort=True,
                                       dropna=False, aggfunc="first")
    return wide.reindex(sample.x.index).astype(float)


def base_values(sample: Sample, column: str = "value") -> pd.Series:
    """What came out of the base row, per (region, outcome)."""
    rows = sample.outcomes[sample.outcomes["row"] == sample.base]
    return rows.set_index(["region", "outcome"])[column].astype(float)


def targets(sample: Sample, flips: Iterable[tuple[str, str]] = ()) -> pd.DataFrame:
    """What indices are asked of: every outcome that varies, the listings given, and infeasibility where it occurs.

    Parameters
    ----------
    flips : iterable of (region, occupation)
        Listings to look at: those on the border.

    Returns
    -------
    DataFrame, rows of the sample x (kind, region, target); NaN where the row has no such value.
    """
    parts = {(OUTCOME, *key): column for key, column in each(values(sample))}
    marks = dict(each(listing(sample)))
    parts |= {(LISTING, *key): marks[key] for key in flips if key in marks}
    known = sample.infeasible.reindex(sample.x.index)
    parts |= {(STATUS, region, INFEASIBLE): known[region].to_numpy(float) for region in sample.regions}
    kept = {key: column for key, column in parts.items() if varies(column)}
    columns = pd.MultiIndex.from_arrays([[key[k] for key in kept] for k in range(3)], names=TARGET)
    return pd.DataFrame(np.array(list(kept.values())).reshape(len(kept), -1).T if kept else
                        np.empty((len(sample.x), 0)), index=sample.x.index, columns=columns)


def each(wanted: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """The columns of a matrix with their keys, one after the other."""
    for key, column in zip(wanted.columns, wanted.to_numpy(float).T, strict=True):
        yield tuple(map(str, key)), column


def pairs(of: pd.Series) -> Iterator[tuple[tuple[str, ...], float]]:
    """The numbers of a column with their keys."""
    for key, value in zip(of.index, of.to_numpy(float), strict=True):
        yield tuple(map(str, key)), float(value)


def labelled(part: pd.DataFrame, key: tuple[str, ...]) -> pd.DataFrame:
    """A table of one target, with the target in columns of its own."""
    return part.assign(kind=key[0], region=key[1], target=key[2])


def varies(y: np.ndarray) -> bool:
    """Whether numbers differ by more than rounding; NaN left aside."""
    known = y[np.isfinite(y)]
    return known.size > 1 and float(np.ptp(known)) > 1e-9 * max(1.0, float(np.abs(known).max()))
