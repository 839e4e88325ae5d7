"""Make `shortages.csv` and `activatable.csv` of a country from its evidence, by one documented procedure.

Only a few occupations have a published count of open posts. The procedure keeps every published count, and shares the
rest of the surveyed total out over the occupations that the region itself calls short:

1. total of a region = open posts x share in listed occupations x share hard to fill;
2. total of a sector with evidence = open posts x share in listed occupations (x share hard to fill, when the posts come
   from a survey of employers; an employment service's count stands as it is);
3. published counts are subtracted from the total they belong to; the remainder goes to the other occupations in
   proportion to a prior: projects that employers call difficult, without the seasonal part, divided by the share
   of employers that the prior's survey covers;
4. areas get a region's figure by population, except an area that has a count of its own;
5. years follow `year_levels`; ranges widen with the age of a count or the weakness of the prior.

The share hard to fill is the prior's own: difficult projects / projects over the occupations concerned. Everything
here is a pure function of tables; nothing but the evidence is specific to a country.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from optimiser import tables
from optimiser.errors import Fault, InputError
from optimiser.evidence import VALUES, Evidence, listed, read
from optimiser.schema import BY_NAME
from optimiser.storage import write_whole
from optimiser.texts import say

ESTIMATE = "estimate"  # the row of sources.csv that stands for this procedure
WIDEST = 0.9  # no range reaches down to nothing, however old a count is


def write(folder: Path | str, force: bool = False) -> None:
    """Write `shortages.csv` and `activatable.csv` from the evidence in `folder/evidence`.

    Raises
    ------
    InputError
        When one of them exists and `force` is not given: it may hold other numbers than this procedure makes. Or when
        the evidence has faults.
    """
    folder = Path(folder)
    paths = {name: folder / BY_NAME[name].file for name in ("shortages", "activatable")}
    _refuse_loss(paths.values(), force)
    texts = {name: io.BytesIO() for name in paths}
    for name, frame in build_all(folder).items():
        tables.write(frame, BY_NAME[name], texts[name])
    _refuse_loss(paths.values(), force)  # they may have appeared meanwhile
    write_whole({paths[name]: text.getvalue() for name, text in texts.items()})


def _refuse_loss(paths: Iterable[Path], force: bool) -> None:
    if not force and (standing := [path for path in paths if os.path.lexists(path)]):
        raise InputError(Fault(str(path), 0, "", say("estimate.standing"), say("estimate.free"), say("estimate.force"))
                         for path in standing)


def build(folder: Path) -> pd.DataFrame:
    """The table `shortages` [persons], as the schema describes it."""
    return build_all(folder)["shortages"]


def build_all(folder: Path) -> dict[str, pd.DataFrame]:
    """Both tables, from the evidence, areas and occupations of a folder.

    Raises
    ------
    InputError
        When an evidence table is missing or faulty, or when its figures contradict one another.
    """
    evidence = read(folder)
    try:
        regional = regional_shortages(evidence)
    except InputError as error:
        raise InputError(replace(fault, file=str(folder / fault.file)) for fault in error.faults) from None
    cells = area_shortages(regional, evidence)
    shortages = yearly(cells, evidence["year_levels"])
    return {"shortages": shortages, "activatable": activatable(shortages, evidence)}


def short_occupations(evidence: Evidence) -> pd.DataFrame:
    """Region and occupation of every shortage, with sector, projects, difficult projects and the prior's weight.

    A unit group is short where at least one of its titles stands on the region's own lists.
    """
    short = listed(evidence).merge(evidence["hiring_difficulty"], on="occupation")
    short = short.merge(evidence["occupations"][["occupation", "sector"]], on="occupation")
    steady = 1 - (short["seasonal_projects"] / short["projects"]).fillna(0).clip(0, 1)
    for column in ("projects", "difficult_projects"):
        short[column] /= short["coverage"]
    short["weight"] = short["difficult_projects"] * steady
    return short.sort_values(["region", "occupation"], ignore_index=True)


def regional_shortages(evidence: Evidence) -> pd.DataFrame:
    """Low, central and high shortage of every region and occupation on its lists.

    Returns
    -------
    DataFrame
        region, occupation, low, central, high [persons], basis, source; counts stand as published.
    """
    short = short_occupations(evidence)
    counts = regional_counts(evidence)
    short = short.merge(counts, on=["region", "occupation"], how="left", suffixes=("", "_count"))
    known = short["basis"].notna()
    for value in VALUES:
        short.loc[~known, value] = 0.0
        for region, rows in short.groupby("region", sort=True):
            short.loc[rows.index, value] = _share_out(rows, evidence, str(region), value)
    spread = short["confidence"].map(_shares(evidence, "prior_"))
    short.loc[~known, "low"] *= 1 - spread[~known]
    short.loc[~known, "high"] *= 1 + spread[~known]
    short.loc[~known, "low"] = short.loc[~known, ["low", "central"]].min(axis=1)
    short.loc[~known, "high"] = short.loc[~known, ["high", "central"]].max(axis=1)
    short.loc[~known, ["basis", "source_count"]] = ["estimated", ESTIMATE]
    short = short.drop(columns="source").rename(columns={"source_count": "source"})
    return short[["region", "occupation", *VALUES, "basis", "source"]]


def regional_counts(evidence: Evidence) -> pd.DataFrame:
    """Published counts of whole regions with their ranges; where areas have counts of their own, those are kept.

    The count of a region with such areas is the sum of the areas' own counts and, for the others, their share by
    population of the region's count.
    """
    areas, counts = evidence["areas"], ranged_counts(evidence)
    share = areas["population"] / areas.groupby("region")["population"].transform("sum")
    own = counts.merge(areas[["area", "region"]].assign(share=share), left_on="place", right_on="area")
    rows = counts[counts["place"].isin(areas["region"])].rename(columns={"place": "region"}).copy()
    for index, row in rows.iterrows():
        mine = own[(own["region"] == row["region"]) & (own["occupation"] == row["occupation"])]
        for value in VALUES:
            rows.loc[index, value] = row[value] * (1 - mine["share"].sum()) + mine[value].sum()
    return rows[["region", "occupation", *VALUES, "basis", "source"]]


def ranged_counts(evidence: Evidence) -> pd.DataFrame:
    """Published counts with low and high: +- (count + year_of_age x age) of the count, age up to the first year."""
    counts, shares = evidence["occupation_counts"].copy(), _shares(evidence)
    first = evidence["year_levels"]["year"].astype(int).min()
    age = (first - counts["year"].astype(int)).clip(lower=0)
    spread = (shares["count"] + shares["year_of_age"] * age).clip(upper=WIDEST)
    counts["low"], counts["central"] = counts["count"] * (1 - spread), counts["count"]
    counts["high"] = counts["count"] * (1 + spread)
    return counts


def sector_anchors(short: pd.DataFrame, evidence: Evidence, region: str, value: str) -> dict[str, float]:
    """Shortage of every sector of a region that has a total of its own [persons]."""
    anchors = {}
    rows = evidence["sector_totals"]
    for row in rows[rows["region"] == region].to_dict("records"):
        inside = short[short["sector"] == row["sector"]]
        hard = hard_to_fill(inside) if row["kind"] == "survey" else 1.0
        anchors[str(row["sector"])] = row[value] * row["listed_share"] * hard
    return anchors


def region_anchor(short: pd.DataFrame, evidence: Evidence, region: str, value: str) -> float:
    """Shortage of a whole region [persons]: open posts x share listed x share hard to fill."""
    rows = evidence["region_totals"].set_index(["region", "quantity"])[value]
    return float(rows[region, "open_posts"] * rows[region, "listed_share"] * hard_to_fill(short))


def hard_to_fill(short: pd.DataFrame) -> float:
    """Share of the prior's hiring projects that employers call difficult."""
    return float(short["difficult_projects"].sum() / short["projects"].sum())


def _share_out(short: pd.DataFrame, evidence: Evidence, region: str, value: str) -> pd.Series:
    """One value of one region: counts as they are, the remainder of every total by weight."""
    result = short[value].copy()
    known = short["basis"].notna()
    anchors = sector_anchors(short, evidence, region, value)
    remainder = region_anchor(short, evidence, region, value) - sum(anchors.values())
    for sector in [*anchors, None]:
        inside = short["sector"] == sector if sector else ~short["sector"].isin(list(anchors))
        rest = (anchors[sector] if sector else remainder) - result[inside & known].sum()
        if rest < 0:
            raise InputError([Fault(f"evidence/{'sector' if sector else 'region'}_totals.csv", 0, value,
                                    say("estimate.counts", region=region, sector=sector or "*", rest=round(-rest)),
                                    say("estimate.counts_within"), say("estimate.correct_counts"))])
        weight = short["weight"].where(inside & ~known, 0)
        if weight.sum() > 0:
            result += rest * weight / weight.sum()
    return result


def area_shortages(regional: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Shortage of every area: its own count, or its share by population.

    A regional count that is split is `derived`; an area's own published count keeps its basis.
    """
    areas = evidence["areas"][["area", "region", "population"]].copy()
    areas["alone"] = areas.groupby("region")["area"].transform("size") == 1
    own = ranged_counts(evidence).rename(columns={"place": "area"})
    own = own[own["area"].isin(areas["area"])][["area", "occupation", *VALUES, "basis", "source"]]
    cells = regional.merge(areas, on="region").merge(own, on=["area", "occupation"], how="left", suffixes=("", "_own"))
    free = cells["basis_own"].isna()
    key = [cells["region"], cells["occupation"]]
    others = cells["population"].where(free, 0)
    share = others / others.groupby(key).transform("sum")
    for value in VALUES:
        left = cells[value] - cells[f"{value}_own"].fillna(0).groupby(key).transform("sum")
        cells[value] = cells[f"{value}_own"].where(~free, left * share)
    cells.loc[free & ~cells["alone"] & (cells["basis"] == "observed"), "basis"] = "derived"
    cells.loc[~free, "basis"] = cells["basis_own"]
    cells.loc[~free, "source"] = cells["source_own"]
    return cells[["area", "occupation", *VALUES, "basis", "source"]]


def yearly(cells: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Every cell in every year, to one decimal; ranges multiply. A count is `observed` only at today's level."""
    years = levels[["year", *VALUES]].rename(columns={value: f"level_{value}" for value in VALUES})
    table = cells.merge(years, how="cross")
    moved = (table[list(years.columns[1:])] != 1).any(axis=1)
    table.loc[moved & (table["basis"] == "observed"), "basis"] = "derived"
    for value in VALUES:
        table[value] = (table[value] * table[f"level_{value}"]).round(1)
    table = table.sort_values(["area", "occupation", "year"], ignore_index=True)
    return table[["area", "occupation", "year", *VALUES, "basis", "source"]]


def activatable(shortages: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Jobseekers who can be activated [persons]: share of the shortage, by region and skill tier."""
    table = shortages.merge(evidence["areas"][["area", "region"]], on="area")
    table = table.merge(evidence["occupations"][["occupation", "skill_tier"]], on="occupation")
    rates = evidence["activation"][["region", "skill_tier", *VALUES, "basis", "source"]]
    table = table.merge(rates, on=["region", "skill_tier"], suffixes=("", "_rate"))
    for value in VALUES:
        table[value] = (table[value] * table[f"{value}_rate"]).round(1)
    table["basis"], table["source"] = table["basis_rate"], table["source_rate"]
    table = table[table["high"] > 0].sort_values(["area", "occupation", "year"], ignore_index=True)
    return table[["area", "occupation", "year", *VALUES, "basis", "source"]]


def _shares(evidence: Evidence, prefix: str = "") -> dict[str, float]:
    """The rows of `uncertainty` whose name begins with `prefix`, by the rest of the name."""
    rows = evidence["uncertainty"]
    return {name.removeprefix(prefix): float(share) for name, share in zip(rows["quantity"], rows["share"], strict=True)
            if name.startswith(prefix)}
