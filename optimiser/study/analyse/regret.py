"""Regret of chosen lists: what each of them leaves unfilled in a row beyond what the best list there would."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimiser.study.analyse.titles import Titles
from optimiser.texts import say

REGRET = ["region", "list", "row", "low", "high"]
COLUMNS = ["region", "list", "rows", "no_plan", "max_low", "max_high", "cvar_low", "cvar_high", "mean_low",
           "mean_high", "best_max", "best_cvar"]


def tail_mean(values: np.ndarray, worst: float = 0.1) -> float:
    """CVaR: the mean of the worst share of the values, all equally likely.

    With k = worst x n: (sum of the floor(k) largest + (k - floor(k)) x the next) / k; after Rockafellar & Uryasev
    (2002), doi 10.1016/S0378-4266(02)00271-6, proposition 8.

    Parameters
    ----------
    values : array
        Losses: more is worse. At least one.
    worst : float
        Share in (0, 1]; with less than one value in it, the largest counts.
    """
    ordered = np.sort(np.asarray(values, float))[::-1]
    # 0.1 x 30 is 3.0000000000000004: not a sliver of the fourth value
    k = max(round(worst * len(ordered), 9), 1.0)
    whole = int(k)
    total = float(ordered[:whole].sum())
    return (total + (k - whole) * float(ordered[whole]) if whole < k else total) / k


def regret(tried: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Regret of every list in every row, as an interval.

    Values are proved to intervals, so regret is, too: at least max(0, bound of the list - value of the best), at most
    value of the list - bound of the best.

    Parameters
    ----------
    tried : DataFrame
        row, region (or regions solved together, joined by `-`), list, value, bound: weighted person-years unfilled
        when the list is fixed in the world of the row. Infinite: it has no plan there, and infinite regret. NaN: none
        was found in time, so that its regret has no upper end.
    outcomes : DataFrame
        As in a store; the best of each row is its outcome `unfilled`. Rows without one have no regret.

    Returns
    -------
    DataFrame
        region, list, row, low, high; sorted.
    """
    both = tried.merge(_best(tried, outcomes), on=["row", "region"], how="inner")
    both["low"] = (both["bound"] - both["best"]).fillna(0.0).clip(lower=0.0)
    both["high"] = (both["value"] - both["best_bound"]).fillna(np.inf)
    both["high"] = both[["low", "high"]].max(axis=1)
    return both[REGRET].sort_values(["region", "list", "row"], kind="stable", ignore_index=True)


def _best(tried: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """What the best list of each row leaves unfilled and its bound, added up over regions that were solved together."""
    unfilled = outcomes[(outcomes["outcome"] == "unfilled") & outcomes["value"].notna()]
    parts = []
    for name in sorted(set(tried["region"].astype(str))):
        regions = {name} if (unfilled["region"] == name).any() else set(name.split("-"))
        # a best without a bound could leave nothing unfilled
        mine = unfilled[unfilled["region"].isin(regions)].fillna({"bound": 0.0}).groupby("row")
        part = pd.DataFrame({"best": mine["value"].sum(), "best_bound": mine["bound"].sum()})
        parts.append(part[mine.size() == len(regions)].reset_index().assign(region=name))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["row", "region", "best",
                                                                                   "best_bound"])


def robust_lists(found: pd.DataFrame, worst: float = 0.1,
                 titles: Titles | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Largest, CVaR and mean regret of every list, and which list is the most robust.

    Only rows in which all lists of the region were tried are counted. A list is among the best when its lower end does
    not exceed the smallest upper end: no other is sure to be better.

    Parameters
    ----------
    found : DataFrame
        As `regret` gives it.
    worst : float
        Share of rows that CVaR is the mean of.
    titles : Titles, optional
        What regions are called in the lines.
    """
    rows = []
    for region, part in found.groupby("region", sort=True):
        low, high = (part.pivot(index="row", columns="list", values=end) for end in ("low", "high"))
        shared = low.notna().all(axis=1)
        for name in low.columns:
            ends = [side.loc[shared, name].to_numpy(float) for side in (low, high)]
            if shared.any():
                rows.append((region, name, int(shared.sum()), int(np.isinf(ends[1]).sum()),
                             *(float(end.max()) for end in ends), *(tail_mean(end, worst) for end in ends),
                             *(float(end.mean()) for end in ends)))
    table = pd.DataFrame.from_records(rows, columns=COLUMNS[:-2])
    for aim in ("max", "cvar"):
        least = table.groupby("region")[f"{aim}_high"].transform("min")
        table[f"best_{aim}"] = (table[f"{aim}_low"] <= least).astype(int)
    table = table.sort_values(["region", "cvar_high", "max_high", "list"], kind="stable", ignore_index=True)
    return table, [line for region, part in table.groupby("region", sort=True)
                   for line in _told((titles or Titles()).region(region), part, worst)]


def _told(region: str, part: pd.DataFrame, worst: float) -> list[str]:
    lines = []
    for aim in ("max", "cvar"):
        least = part.sort_values([f"{aim}_high", "list"], kind="stable").iloc[0]
        ties = [str(name) for name in part.loc[part[f"best_{aim}"] == 1, "list"] if name != least["list"]]
        if np.isinf(least[f"{aim}_high"]):
            lines.append(say(f"study_analyse.regret_{aim}_none", region=region, lists=len(part),
                             rows=f"{least['rows']:,}"))
            continue
        lines.append(say(f"study_analyse.regret_{aim}", region=region, list=least["list"], worst=f"{worst:.0%}",
                         low=f"{least[f'{aim}_low']:,.1f}", high=f"{least[f'{aim}_high']:,.1f}", lists=len(part),
                         rows=f"{least['rows']:,}") + (
            say("study_analyse.regret_ties", lists=", ".join(ties)) if ties else ""))
    return lines
