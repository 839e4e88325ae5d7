"""Which uncertain numbers move the plan most: what rests on each, times how wide its range is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from optimiser.numbers import chosen
from optimiser.problem import Problem
from optimiser.report.content import PERMITS, Record, records
from optimiser.report.evidence import evidenced
from optimiser.report.reasons import usage, with_fullness
from optimiser.schema import ANY, SHARED
from optimiser.selectors import Selectors, resolve
from optimiser.solution import Solution

COLUMNS = ["kind", "region", "subject", "detail", "years", "basis", "source", "low", "value", "high", "driven", "moves"]
Pair = tuple[str, str]  # region, occupation


def influential(problem: Problem, solution: Solution, most: int = 10) -> pd.DataFrame:
    """The uncertain numbers that matter most, by a first-order rule.

    What a number moves is the person-years filled by the scheme that rest on it, times its range relative to its
    value. Ranked are the shortages that the scheme fills; the shares of arrivals who stay and who would not have come
    otherwise; take-up where permits run out; capacities and use of services where they are full. Left out are observed
    numbers and numbers without a range.

    Returns
    -------
    DataFrame
        kind (shortage, retention, additional, uptake, capacity or use), region, subject (occupation or selector;
        service for capacity and use), detail (selector for use), years (since arrival, for retention and for use per
        person), basis, source (codes, comma separated), low, value, high (summed over the cells for shortages and
        capacities), driven (person-years that rest on it), moves (person-years); at most `most` rows, the largest
        first.
    """
    evidence = evidenced(problem, solution)
    sums = evidence.groupby(["region", "occupation"])["filled_by_scheme"].sum().reset_index()
    filled = {(row["region"], row["occupation"]): row["filled_by_scheme"] for row in records(sums)}
    used = with_fullness(problem, solution, usage(problem, solution))
    full = _shares_in_full(used, filled)
    rows = [*_shortages(evidence), *_capacities(problem, full), *_parameters(problem, solution, filled, full),
            *_uses(problem, full)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["moves"] = frame["driven"] * (frame["high"] - frame["low"]) / frame["value"]
    frame = frame[(frame["basis"] != "observed") & (frame["moves"] > 0) & (frame["value"] > 0)]
    order = ["moves", "kind", "region", "subject", "detail", "years"]
    return frame.sort_values(order, ascending=[False] + [True] * 5).head(most).reset_index(drop=True)


def _shares_in_full(used: pd.DataFrame, filled: Mapping[Pair, float]) -> pd.DataFrame:
    """Usage rows in full places, with `driven`: the person-years their occupation fills, shared out by its units."""
    whole = used.groupby(["region", "occupation", "service"])["units"].transform("sum")
    pairs = zip(used["region"], used["occupation"], strict=True)
    driven = used["units"] / whole * pd.Series([filled.get(pair, 0.0) for pair in pairs], index=used.index, dtype=float)
    return used.assign(driven=driven)[used["full"]]


def _shortages(evidence: pd.DataFrame) -> Iterator[Record]:
    cells = evidence[(evidence["filled_by_scheme"] > 0) & (evidence["basis"] != "observed") & evidence["low"].notna()]
    for (region, occupation), rows in cells.groupby(["region", "occupation"]):
        yield _summed("shortage", str(region), str(occupation), rows, rows["filled_by_scheme"])


def _summed(kind: str, region: str, subject: str, rows: pd.DataFrame, driven: pd.Series) -> Record:
    """One record for many table rows; the basis most person-years rest on stands for all."""
    basis = driven.groupby(rows["basis"]).sum().idxmax()
    return {"kind": kind, "region": region, "subject": subject, "detail": "", "years": "", "basis": basis,
            "source": ",".join(sorted(set(rows["source"]))), "low": rows["low"].sum(), "value": rows["number"].sum(),
            "high": rows["high"].sum(), "driven": driven.sum()}


def _capacities(problem: Problem, full: pd.DataFrame) -> Iterator[Record]:
    """Capacities of full places, together for each service and region."""
    table = problem.tables["capacities"]
    table = table.assign(number=chosen(table, problem.config.values))
    known = {(row["service"], row["place"], row["year"]): row for row in records(table)}
    cells = full[full["service"] != PERMITS]
    who = cells["region"].where(cells["place"] != SHARED, ANY)
    cells = cells.assign(region=who).groupby(["region", "service", "place", "year"])["driven"].sum().reset_index()
    rows = [next(known[g, p, t] for p in (place, ANY) for t in (str(year), ANY) if (g, p, t) in known)
            for g, place, year in zip(cells["service"], cells["place"], cells["year"], strict=True)]
    cells[["low", "number", "high", "basis", "source"]] = pd.DataFrame(
        rows, columns=["low", "number", "high", "basis", "source"], index=cells.index)
    cells = cells[cells["low"].notna()]
    for (region, service), group in cells.groupby(["region", "service"]):
        yield _summed("capacity", str(region), str(service), group, group["driven"])


def _parameters(problem: Problem, solution: Solution, filled: Mapping[Pair, float], full: pd.DataFrame
                ) -> Iterator[Record]:
    """Shares of people: each table row with all that its regions and occupations fill."""
    permits = full[full["per"] == "permit"].groupby(["region", "occupation", "service"])["driven"].sum()
    by_permits = permits.groupby(["region", "occupation"]).max().to_dict()
    table = problem.tables["parameters"]
    for name, driven in (("additional", filled), ("uptake", by_permits)):
        rows = table[table["parameter"] == name]
        wins = _winners(problem, rows, ())
        yield from _per_row(problem, name, rows, {key: float(driven.get(key, 0.0)) for key in wins}, wins)
    stays = _person_years_by_stay(problem, solution, filled)
    wins = _winners(problem, problem.tables["retention"], ("cohort_year",))
    yield from _per_row(problem, "retention", problem.tables["retention"], stays, wins)


def _person_years_by_stay(problem: Problem, solution: Solution, filled: Mapping[Pair, float]
                          ) -> dict[tuple[int, str, str], float]:
    """(years since arrival, region, occupation) -> person-years filled by people of that stay."""
    present: dict[Pair, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for area, o, t, people in solution.arrivals[["area", "occupation", "year", "arrivals"]].itertuples(index=False):
        r = problem.region_of[area]
        for age in range(problem.years[-1] - t + 1):
            present[r, o][age] += people * problem.retention[r, o][age]
    result = {}
    for (r, o), by_age in present.items():
        whole = sum(by_age.values())
        result |= {(age, r, o): filled.get((r, o), 0.0) * n / whole for age, n in by_age.items() if whole}
    return result


def _uses(problem: Problem, full: pd.DataFrame) -> Iterator[Record]:
    """Use of services per permit or person, where a place is full."""
    rows = problem.tables["service_use"]
    extra = ("service", "per", "cohort_year")
    driven = full.groupby([*extra, "region", "occupation"])["driven"].sum().to_dict()
    yield from _per_row(problem, "use", rows, driven, _winners(problem, rows, extra), "occupation", "service")


def _winners(problem: Problem, rows: pd.DataFrame, extra: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    """(*extra, region, occupation) -> position of the table row whose number holds."""
    numbered = rows.assign(central=range(len(rows)))
    if "cohort_year" in rows:
        numbered["cohort_year"] = rows["cohort_year"].astype(int)
    selectors = Selectors.of(problem.tables["occupations"])
    wins = resolve(numbered, selectors, problem.regions, problem.years, extra, "central", "", [])
    return {tuple(int(str(part)) if name == "cohort_year" else part for name, part in
                  zip((*extra, "region", "occupation"), key, strict=True)): int(position)
            for key, position in wins.items()}


def _per_row(problem: Problem, kind: str, rows: pd.DataFrame, driven: Mapping[Any, float],
             wins: Mapping[Any, int], detail: str = "", subject: str = "occupation") -> Iterator[Record]:
    sums: dict[int, float] = defaultdict(float)
    for key, amount in driven.items():
        if key in wins:
            sums[wins[key]] += amount
    numbers = chosen(rows, problem.config.values)
    for position, amount in sorted(sums.items()):
        row = rows.iloc[position]
        yield {"kind": kind, "region": row["region"], "subject": row[subject],
               "detail": row[detail] if detail else "", "years": _years(row), "basis": row["basis"],
               "source": row["source"], "low": row["low"], "value": numbers.iloc[position],
               "high": row["high"], "driven": amount}


def _years(row: pd.Series) -> str:
    """Years since arrival that a row is about; empty when it is about none."""
    return "" if "cohort_year" not in row or row.get("per") == "permit" else str(int(row["cohort_year"]))
