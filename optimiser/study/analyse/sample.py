"""The rows of a study as matrices: what was put in, what came out, what was listed, and where there was no plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

NOT_FACTORS = ("row", "sample")
TARGET = ["kind", "region", "target"]
OUTCOME, LISTING, STATUS = "outcome", "listing", "status"
INFEASIBLE = "infeasible"


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
    levers : frozenset of str
        The factors that policy sets; all others are positions of uncertainties.
    """

    x: pd.DataFrame
    base: int | None
    base_x: pd.Series | None
    planned: pd.DataFrame
    infeasible: pd.DataFrame
    outcomes: pd.DataFrame
    listed: pd.DataFrame
    levers: frozenset[str] = frozenset()

    @property
    def factors(self) -> list[str]:
        return [str(name) for name in self.x.columns]

    @property
    def regions(self) -> list[str]:
        return [str(name) for name in self.planned.columns]

    def of(self, rows: Iterable[int]) -> Sample:
        """The same with only some rows of the sample."""
        keep = set(rows)
        return replace(self, x=self.x[self.x.index.isin(keep)])


def sample_of(design: pd.DataFrame, status: pd.DataFrame, outcomes: pd.DataFrame, listed: pd.DataFrame,
              levers: Iterable[str] = ()) -> Sample:
    """The tables of a store as a Sample.

    Parameters
    ----------
    design, status, outcomes, listed : DataFrame
        As in a store. A row counts as infeasible for every region of a component whose status says so.
    levers : iterable of str
        Names of the factors that policy sets.
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
    return Sample(factors[chosen], base, factors[~chosen].iloc[0] if beside else None, planned, infeasible,
                  outcomes, listed, frozenset(levers))


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
    seen = sample.listed[sample.listed["row"].isin([*sample.x.index, sample.base])]
    pairs = seen[["region", "occupation"]].astype(str).drop_duplicates().sort_values(["region", "occupation"])
    columns = pd.MultiIndex.from_frame(pairs)
    reviews = seen.groupby("region")["review"].agg(["min", "nunique"])
    cells = seen.groupby(["row", "region", "occupation"])["review"].agg(["min", "nunique"]).reset_index()
    first, number = cells["region"].map(reviews["min"]), cells["region"].map(reviews["nunique"])
    hit = {"any": cells["min"].notna(), "first": cells["min"] == first, "all": cells["nunique"] == number}[when]
    marks = np.zeros((len(rows), len(columns)))
    at = rows.get_indexer(pd.Index(cells.loc[hit, "row"]))
    column = columns.get_indexer(pd.MultiIndex.from_frame(cells.loc[hit, ["region", "occupation"]].astype(str)))
    marks[at[at >= 0], column[at >= 0]] = 1.0
    frame = pd.DataFrame(marks, index=rows, columns=columns)
    known = sample.planned.reindex(rows, fill_value=False)[[region for region, _ in columns]].to_numpy()
    return frame.where(known)


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
