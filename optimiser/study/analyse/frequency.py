"""How often each occupation is listed over the rows, how sure that is, and with which quota."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from optimiser.study.analyse.sample import Sample, base_listing, listing
from optimiser.texts import say

CORE, BORDERLINE, OUTSIDE = "core", "borderline", "outside"
WHEN = ("any", "first", "all")
COLUMNS = ["region", "occupation", "rows", "no_plan", *[f"listed_{when}" for when in WHEN],
           *[f"{end}_{when}" for when in WHEN for end in ("share", "low", "high")], "base", "class"]
QUOTAS = ["region", "occupation", "review", "rows", "low", "median", "high", "base"]


def wilson(hits: Any, rows: Any, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share, after Wilson (1927), "Probable inference", JASA 22:209-212.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), with p = hits/rows, n = rows.

    Parameters
    ----------
    hits, rows : number or array
        Without a row, the share may be anything: 0 to 1.
    level : float
        Probability that the interval holds the share.
    """
    k, n = np.asarray(hits, float), np.asarray(rows, float)
    z = float(norm.ppf(0.5 + level / 2))
    safe = np.maximum(n, 1.0)
    share = k / safe
    centre = share + z * z / (2 * safe)
    wide = z * np.sqrt(share * (1 - share) / safe + z * z / (4 * safe * safe))
    low, high = (centre - wide) / (1 + z * z / safe), (centre + wide) / (1 + z * z / safe)
    return np.where(n > 0, np.clip(low, 0, 1), 0.0), np.where(n > 0, np.clip(high, 0, 1), 1.0)


def classes(low: np.ndarray, high: np.ndarray, core: float = 0.9, outside: float = 0.1) -> np.ndarray:
    """core where even the lower end is at least `core`, outside where even the upper is at most `outside`."""
    return np.where(low >= core, CORE, np.where(high <= outside, OUTSIDE, BORDERLINE))


def frequency(sample: Sample, core: float = 0.9, outside: float = 0.1) -> tuple[pd.DataFrame, list[str]]:
    """In which share of the rows each occupation is listed.

    Parameters
    ----------
    sample : Sample
    core, outside : float
        An occupation belongs to the robust core when the lower end of its interval (listed in any review) is at least
        `core`; it is outside when the upper end is at most `outside`; else it is borderline.

    Returns
    -------
    table : DataFrame
        Columns as in `optimiser.study.analyse`.
    lines : list of str
        Per region: how many belong where, and how many rows stand behind it.
    """
    marks = {when: listing(sample, when) for when in WHEN}
    table = marks["any"].columns.to_frame(index=False)
    table.columns = ["region", "occupation"]
    table["rows"] = marks["any"].notna().sum().to_numpy(int)
    table["no_plan"] = len(sample.x) - table["rows"]
    for when in WHEN:
        table[f"listed_{when}"] = marks[when].sum().to_numpy(int)
        hits, rows = table[f"listed_{when}"].to_numpy(), table["rows"].to_numpy()
        table[f"share_{when}"] = np.where(rows > 0, hits / np.maximum(rows, 1), np.nan)
        table[f"low_{when}"], table[f"high_{when}"] = wilson(hits, rows)
    table["base"] = base_listing(sample).to_numpy(float)
    table["class"] = classes(table["low_any"].to_numpy(float), table["high_any"].to_numpy(float), core, outside)
    table = table[COLUMNS].sort_values(["region", "share_any", "occupation"], ascending=[True, False, True],
                                       kind="stable", ignore_index=True)
    return table, _told(sample, table, core, outside)


def _told(sample: Sample, table: pd.DataFrame, core: float, outside: float) -> list[str]:
    lines = []
    for region in sample.regions:
        part = table[table["region"] == region]
        planned = int(sample.planned.loc[sample.x.index, region].sum())
        if not planned:
            lines.append(say("study_analyse.no_rows", region=sample.titles.region(region), rows=f"{len(sample.x):,}"))
            continue
        number = part["class"].value_counts()
        lines.append(say("study_analyse.classes", region=sample.titles.region(region), core=number.get(CORE, 0),
                         rows=f"{planned:,}", borderline=number.get(BORDERLINE, 0), outside=number.get(OUTSIDE, 0),
                         no_plan=f"{len(sample.x) - planned:,}", at_least=f"{core:.0%}", at_most=f"{outside:.0%}"))
    return [*lines, say("study_analyse.ties")] if len(table) else lines


def quotas(sample: Sample) -> pd.DataFrame:
    """The quota of each occupation over the rows that list it: 5 %, 50 % and 95 % quantiles, in permits.

    Returns
    -------
    DataFrame
        Columns as in `optimiser.study.analyse`; `review` is empty for the total over all reviews.
    """
    texts = {"region": str, "occupation": str}
    listed = sample.listed.astype(texts).astype(dict.fromkeys(texts, "category"))  # grouped in less time
    each = listed[["row", "region", "occupation", "review", "quota"]].astype({"review": float, "quota": float})
    total = each.groupby(["row", "region", "occupation"], as_index=False, observed=True)["quota"].sum()
    total = total.assign(review=np.nan)
    both = pd.concat([total, each], ignore_index=True)[["row", "region", "occupation", "review", "quota"]]
    keys = ["region", "occupation", "review"]
    of = both[both["row"].isin(sample.x.index)].groupby(keys, dropna=False, observed=True)["quota"]
    table = pd.DataFrame({"rows": of.count(), "low": of.quantile(0.05), "median": of.quantile(0.5),
                          "high": of.quantile(0.95)}).reset_index().astype(texts)
    base = both.loc[both["row"] == sample.base, [*keys, "quota"]].rename(columns={"quota": "base"}).astype(texts)
    table = table.merge(base, on=keys, how="left")
    return table[QUOTAS].sort_values(keys, na_position="first", kind="stable", ignore_index=True)
