"""The numbers each section shows, as tidy tables: pure functions of a Problem and its Solution, no layout."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimiser.problem import Problem
from optimiser.schema import BASES
from optimiser.solution import Solution

PARTS = ["activated", "filled_by_training", "filled_by_scheme", "unfilled"]
"""What a shortage is made of, in the order in which it is filled."""
FULL = 0.995  # a place counts as full from this share of its capacity on
PERMITS = "*permits"  # stands for the permit total where services are named; no code can begin with a star


Record = dict[Any, Any]


def records(frame: pd.DataFrame) -> list[Record]:
    """The rows of a table as dicts by column name."""
    return list(frame.to_dict("records"))


def shortages(problem: Problem, solution: Solution) -> pd.DataFrame:
    """Shortage rows with their region.

    Returns
    -------
    DataFrame
        region, area, occupation, year, shortage and `PARTS` (persons); one row per area, occupation and year.
    """
    frame = solution.unfilled.copy()
    frame.insert(0, "region", frame["area"].map(problem.region_of).astype(object))
    return frame


def totals(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Person-years over all years, with the net shortage and the share of it that is filled.

    Parameters
    ----------
    frame : DataFrame
        What `shortages` gives.
    by : list of str
        Columns to keep apart.

    Returns
    -------
    DataFrame
        `by`, shortage, `PARTS`, net (shortage less activated), coverage (share of net filled; NaN without a net).
    """
    sums = frame.groupby(by, sort=True)[["shortage", *PARTS]].sum().reset_index()
    sums["net"] = sums["shortage"] - sums["activated"]
    filled = sums["filled_by_training"] + sums["filled_by_scheme"]
    sums["coverage"] = (filled / sums["net"]).where(sums["net"] > 0)
    return sums


def glance(problem: Problem, solution: Solution) -> pd.DataFrame:
    """One row per region, whether or not anything is short in it.

    Returns
    -------
    DataFrame
        region, permits, people (arrivals), starts (of training), shortage, `PARTS`, net (person-years), coverage
        (share; NaN without a net shortage), all over the whole plan.
    """
    frame = pd.DataFrame({"region": list(problem.regions)})
    arrivals = solution.arrivals.assign(region=solution.arrivals["area"].map(problem.region_of))
    for name, table, column in (("permits", solution.quotas, "quota"), ("people", arrivals, "arrivals"),
                                ("starts", solution.training, "trainees")):
        frame[name] = frame["region"].map(table.groupby("region")[column].sum()).fillna(0).astype(float)
    sums = totals(shortages(problem, solution), ["region"]).set_index("region")
    for name in ("shortage", *PARTS, "net"):
        frame[name] = frame["region"].map(sums[name]).fillna(0.0).astype(float)
    frame["coverage"] = frame["region"].map(sums["coverage"]).astype(float)
    return frame


def sizes(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Length of the list of every review; review 0 is the list in force.

    Returns
    -------
    DataFrame
        review, first_year, last_year, listed, entered, left (occupations; left: on the list before, no longer on it).
    """
    held = _held(solution, region)
    rows, before = [(0, 0, 0, len(held.get(0, set())), 0, 0)], held.get(0, set())
    for review in problem.reviews[region]:
        now = held.get(review.number, set())
        rows.append((review.number, review.first_year, review.last_year, len(now), len(now - before),
                     len(before - now)))
        before = now
    return pd.DataFrame(rows, columns=["review", "first_year", "last_year", "listed", "entered", "left"])


def _held(solution: Solution, region: str) -> dict[int, set[str]]:
    """The list of every review of a region, as sets of occupations."""
    lists = solution.lists[solution.lists["region"] == region]
    return {int(review): set(rows) for review, rows in lists.groupby("review")["occupation"]}  # pyright: ignore


def listed(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Occupations listed in at least one review, the one that fills most first.

    Returns
    -------
    DataFrame
        occupation, reviews (tuple of numbers), one column per year (permits; NaN when not listed), permits (sum),
        filled (person-years filled by the scheme).
    """
    lists = solution.lists[(solution.lists["region"] == region) & (solution.lists["review"] > 0)]
    reviews = {str(o): tuple(sorted(map(int, rows))) for o, rows in lists.groupby("occupation")["review"]}
    quotas = solution.quotas[solution.quotas["region"] == region]
    wide = quotas.pivot(index="occupation", columns="year", values="quota")
    wide = wide.reindex(index=sorted(reviews), columns=list(problem.years)).astype(float)
    rows = shortages(problem, solution)
    filled = rows[rows["region"] == region].groupby("occupation")["filled_by_scheme"].sum()
    frame = wide.rename_axis(index="occupation", columns=None).reset_index()
    frame.insert(1, "reviews", [reviews[str(o)] for o in frame["occupation"]])
    frame["permits"] = frame[list(problem.years)].sum(axis=1)
    frame["filled"] = frame["occupation"].map(filled).fillna(0.0).astype(float)
    order = ["filled", "permits", "occupation"]
    return frame.sort_values(order, ascending=[False, False, True]).reset_index(drop=True)


def moves(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Entries and exits of every review, the first against the list in force.

    Returns
    -------
    DataFrame
        review, first_year, move (entered or left), occupation.
    """
    held = _held(solution, region)
    before, rows = held.get(0, set()), []
    for review in problem.reviews[region]:
        now = held.get(review.number, set())
        for move, changed in (("entered", now - before), ("left", before - now)):
            rows += [(review.number, review.first_year, move, o) for o in sorted(changed)]
        before = now
    return pd.DataFrame(rows, columns=["review", "first_year", "move", "occupation"])


def official_exits(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Official entries of the list in force that lose some or all of their occupations.

    Returns
    -------
    DataFrame
        entry, first_year (of the first review in which the entry has lost most), whole (nothing of it stays),
        left, stays (tuples of occupations).
    """
    table = problem.tables["list_in_force"]
    held, rows = _held(solution, region), []
    for entry, group in table[table["region"] == region].groupby("entry", sort=True):
        members = tuple(sorted(set(group["occupation"])))
        kept = {e: tuple(o for o in members if o in held.get(e.number, set())) for e in problem.reviews[region]}
        if not kept:
            continue
        worst = min(kept, key=lambda e: (len(kept[e]), e.number))
        if len(kept[worst]) < len(members):
            gone = tuple(o for o in members if o not in kept[worst])
            rows.append((str(entry), worst.first_year, not kept[worst], gone, kept[worst]))
    frame = pd.DataFrame(rows, columns=["entry", "first_year", "whole", "left", "stays"])
    return frame.sort_values(["first_year", "entry"]).reset_index(drop=True)


def by_occupation(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Shortage of every occupation of a region and what becomes of it, the most unfilled first.

    Returns
    -------
    DataFrame
        occupation, shortage, `PARTS`, net (person-years), coverage (share), listed (in at least one review), bases
        (tuple of the bases of its shortage numbers, the firmest first).
    """
    frame = shortages(problem, solution)
    sums = totals(frame[frame["region"] == region], ["occupation"])
    held = _held(solution, region)
    ever = set().union(*(held[e] for e in held if e))
    sums["listed"] = sums["occupation"].isin(ever)
    sums["bases"] = sums["occupation"].map(shortage_bases(problem, region))
    return sums.sort_values(["unfilled", "occupation"], ascending=[False, True]).reset_index(drop=True)


def shortage_bases(problem: Problem, region: str) -> dict[str, tuple[str, ...]]:
    """Occupation -> bases of its shortage numbers in a region, the firmest first."""
    table = problem.tables["shortages"]
    mine = table[table["area"].isin(problem.areas[region]) & table["year"].isin([str(year) for year in problem.years])]
    return {str(o): tuple(basis for basis in BASES if basis in set(rows)) for o, rows in
            mine.groupby("occupation")["basis"]}


def by_area(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Shortage of every area of a region and what becomes of it, the worst served first.

    Returns
    -------
    DataFrame
        area, shortage, `PARTS`, net (person-years), coverage (share; NaN without a net shortage, these come last),
        people (arrivals), tile_row, tile_column (NaN when the areas table gives none).
    """
    frame = shortages(problem, solution)
    sums = totals(frame[frame["region"] == region], ["area"]).set_index("area").reindex(list(problem.areas[region]))
    sums = sums.rename_axis("area").reset_index()
    amounts = ["shortage", *PARTS, "net"]
    sums[amounts] = sums[amounts].astype(float).fillna(0.0)
    arrivals = solution.arrivals.groupby("area")["arrivals"].sum()
    sums["people"] = sums["area"].map(arrivals).fillna(0.0).astype(float)
    places = problem.tables["areas"].set_index("area")
    for name in ("tile_row", "tile_column"):
        sums[name] = pd.to_numeric(sums["area"].map(places[name]), errors="coerce")
    return sums.sort_values(["coverage", "area"], na_position="last").reset_index(drop=True)


def fullness(problem: Problem, solution: Solution, region: str | None = None) -> pd.DataFrame:
    """How full every service is; the permit total counts as one, named `PERMITS`.

    Parameters
    ----------
    region : str, optional
        Only places that its people use; every place by default.

    Returns
    -------
    DataFrame
        service, place, year, capacity, expansion, used (units), share (used of capacity and expansion; 1 where
        nothing can be used).
    """
    frame = solution.services.copy()
    permits = solution.quotas.groupby(["region", "year"])["quota"].sum().to_dict()
    total = [(PERMITS, r, t, limit, 0.0, float(permits.get((r, t), 0)))
             for (r, t), limit in problem.permit_total.items()]
    if total:
        more = pd.DataFrame(total, columns=list(frame.columns))
        frame = pd.concat([frame, more], ignore_index=True) if len(frame) else more
    if region is not None:
        mine = [g == PERMITS and place == region or g != PERMITS and region in problem.regions_of(g, place)
                for g, place in zip(frame["service"], frame["place"], strict=True)]
        frame = frame[pd.Series(mine, index=frame.index, dtype=bool)]
    room = frame["capacity"] + frame["expansion"]
    frame = frame.assign(share=(frame["used"] / room).where(room > 0, 1.0))
    return frame.reset_index(drop=True)


def pipeline(problem: Problem, solution: Solution, region: str) -> pd.DataFrame:
    """Training starts by occupation, the most first.

    Returns
    -------
    DataFrame
        occupation, one column per year (persons who start), starts (sum), filled (person-years filled by training).
    """
    training = solution.training[solution.training["region"] == region]
    wide = training.pivot(index="occupation", columns="year", values="trainees")
    wide = wide.reindex(columns=list(problem.years)).astype(float).fillna(0.0)
    frame = wide.rename_axis(index="occupation", columns=None).reset_index()
    rows = shortages(problem, solution)
    filled = rows[rows["region"] == region].groupby("occupation")["filled_by_training"].sum()
    frame["starts"] = frame[list(problem.years)].sum(axis=1)
    frame["filled"] = frame["occupation"].map(filled).fillna(0.0).astype(float)
    return frame.sort_values(["starts", "occupation"], ascending=[False, True]).reset_index(drop=True)
