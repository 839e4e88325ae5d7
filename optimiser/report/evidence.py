"""What the numbers of a plan rest on: shares of each basis, and the sources in use."""

from __future__ import annotations

import pandas as pd

from optimiser.numbers import chosen
from optimiser.problem import Problem
from optimiser.report.content import shortages
from optimiser.schema import ANY, BASES, TABLES
from optimiser.solution import Solution
from optimiser.tables import ROW

_CELL = ["area", "occupation", "year"]


def evidenced(problem: Problem, solution: Solution) -> pd.DataFrame:
    """Shortage rows with what is known of each number.

    Returns
    -------
    DataFrame
        What `content.shortages` gives, with on_list (its occupation is listed in its year), low, central, high,
        number (persons, the value used), basis and source.
    """
    table = problem.tables["shortages"]
    table = table[table["year"].isin([str(year) for year in problem.years])]
    known = table[[*_CELL, "low", "central", "high", "basis", "source"]].assign(
        year=table["year"].astype(int), number=chosen(table, problem.config.values))
    frame = shortages(problem, solution).merge(known, on=_CELL, how="left", validate="one_to_one")
    held = set(zip(solution.quotas["region"], solution.quotas["occupation"], solution.quotas["year"], strict=True))
    frame["on_list"] = [key in held for key in zip(frame["region"], frame["occupation"], frame["year"], strict=True)]
    return frame


def basis_shares(problem: Problem, solution: Solution) -> pd.DataFrame:
    """Shares of each basis in what the plan rests on.

    Returns
    -------
    DataFrame
        of (shortage, listed, filled or parameters), region (empty for parameters, which are not split), amount
        (person-years of shortage, of shortage of listed occupations in the years in which they are listed, or
        filled by the scheme; for parameters the number of table rows), one column per basis (share of the amount).
    """
    frame = evidenced(problem, solution)
    rows = []
    for region in problem.regions:
        here = frame[frame["region"] == region]
        for of, amounts in (("shortage", here["shortage"]), ("listed", here["shortage"].where(here["on_list"], 0.0)),
                            ("filled", here["filled_by_scheme"])):
            rows.append((of, region, *_shares(amounts.groupby(here["basis"]).sum())))
    rows.append(("parameters", "", *_shares(pd.Series(_used_rows(problem), dtype=object).value_counts())))
    return pd.DataFrame(rows, columns=["of", "region", "amount", *BASES])


def overall(shares: pd.DataFrame, of: str) -> dict[str, float]:
    """Shares of each basis over all regions, weighted by their amounts; zeros when there is no amount."""
    rows = shares[shares["of"] == of]
    whole = float(rows["amount"].sum())
    return {basis: float((rows["amount"] * rows[basis]).sum()) / whole if whole else 0.0 for basis in BASES}


def _shares(amounts: pd.Series) -> tuple[float, ...]:
    whole = float(amounts.sum())
    return (whole, *(float(amounts.get(basis, 0.0)) / whole if whole else 0.0 for basis in BASES))


def _used_rows(problem: Problem) -> list[str]:
    """Basis of every row that sets a number of the model other than a shortage, for deciding regions and years."""
    regions, years = {*problem.regions, ANY}, {*map(str, problem.years), ANY}
    areas = set(problem.region_of)
    found: list[str] = []
    for table in TABLES:
        if not table.numeric or table.name == "shortages":
            continue
        frame = problem.tables[table.name]
        keep = pd.Series(True, index=frame.index)
        for column, codes in (("region", regions), ("year", years), ("area", areas)):
            if column in frame:
                keep &= frame[column].isin(codes)
        if "place" in frame:
            keep &= frame["place"].isin({*areas, *regions, "shared"})
        found += frame["basis"][keep].tolist()
    return found


def sources_used(problem: Problem) -> pd.DataFrame:
    """Sources that some row of the tables points to.

    Returns
    -------
    DataFrame
        source, publisher, title, date, confidence, note, rows (how many table rows point to it).
    """
    columns = [problem.tables[t.name]["source"] for t in TABLES
               if t.name != "sources" and any(c.name == "source" for c in t.columns)]
    counts = pd.concat(columns).value_counts()
    frame = problem.tables["sources"].drop(columns=ROW, errors="ignore")
    frame = frame.assign(rows=frame["source"].map(counts).fillna(0).astype(int))
    return frame[frame["rows"] > 0].reset_index(drop=True)
