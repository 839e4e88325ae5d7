"""Why an occupation is on the list: what it fills per unit of the scarcest service it uses."""

from __future__ import annotations

import pandas as pd

from optimiser.problem import Problem
from optimiser.report.content import FULL, PERMITS, fullness, records, shortages
from optimiser.schema import SHARED
from optimiser.solution import Solution

SCALES = (100, 1_000, 10_000, 100_000)  # units that rates are given for
_USAGE = ["region", "occupation", "service", "per", "cohort_year", "place", "year", "units"]


def usage(problem: Problem, solution: Solution) -> pd.DataFrame:
    """Units of every service that each occupation takes.

    Returns
    -------
    DataFrame
        region, occupation, service, per (permit or person), cohort_year, place, year, units; positive ones only.
        The permit total counts as the service `PERMITS`, one unit per permit.
    """
    frame = pd.DataFrame([*_of_permits(problem, solution), *_of_persons(problem, solution)], columns=_USAGE)
    return frame.groupby(_USAGE[:-1], sort=True)["units"].sum().reset_index()


def _of_permits(problem: Problem, solution: Solution) -> list[tuple[object, ...]]:
    per_permit: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for (g, r, o), units in problem.use_permit.items():
        if units > 0:
            per_permit.setdefault((r, o), []).append((g, units))
    rows: list[tuple[object, ...]] = []
    for row in records(solution.quotas[solution.quotas["quota"] > 0]):
        r, o, t, quota = row["region"], row["occupation"], row["year"], float(row["quota"])
        if (r, t) in problem.permit_total:
            rows.append((r, o, PERMITS, "permit", 0, r, t, quota))
        for g, units in per_permit.get((r, o), ()):
            rows.append((r, o, g, "permit", 0, _place(problem, g, r, ""), t, quota * units))
    return rows


def _of_persons(problem: Problem, solution: Solution) -> list[tuple[object, ...]]:
    per_person: dict[tuple[str, str], list[tuple[str, int, float]]] = {}
    for (g, r, o), by_age in problem.use_person.items():
        per_person.setdefault((r, o), []).extend((g, age, units) for age, units in enumerate(by_age) if units > 0)
    rows: list[tuple[object, ...]] = []
    for row in records(solution.arrivals):
        p, o, t, people = row["area"], row["occupation"], row["year"], row["arrivals"]
        r = problem.region_of[p]
        for g, age, units in per_person.get((r, o), ()):
            if t + age <= problem.years[-1]:
                rows.append((r, o, g, "person", age, _place(problem, g, r, p), t + age, people * units))
    return rows


def _place(problem: Problem, service: str, region: str, area: str) -> str:
    return {"area": area, "region": region}.get(problem.services[service].scope, SHARED)


def with_fullness(problem: Problem, solution: Solution, used: pd.DataFrame) -> pd.DataFrame:
    """Usage rows of places with a capacity, with `share` of it used by everybody and whether that is `full`."""
    shares = fullness(problem, solution)[["service", "place", "year", "share"]]
    frame = used.merge(shares, on=["service", "place", "year"], how="inner")
    return frame.assign(full=frame["share"] >= FULL)


def reasons(problem: Problem, solution: Solution) -> pd.DataFrame:
    """Every listed occupation's scarcest service and what the occupation fills per so many units of it.

    The scarcest service is the one whose places are fullest where the occupation uses it (share of capacity used,
    weighted by the occupation's units); the first code wins among equals.

    Returns
    -------
    DataFrame
        region, occupation, people (arrivals), filled (person-years filled by the scheme), service (empty when
        none of those used has a limit), units (of it), per (the round number of units a rate is given for, the
        same for all occupations with that scarcest service), rate (person-years per so many units), share (mean
        share of capacity used), full (tuple of places that are full in some year in which the occupation uses them).
    """
    frame = solution.quotas.groupby(["region", "occupation"], sort=True)["quota"].sum().reset_index()
    rows = shortages(problem, solution)
    filled = rows.groupby(["region", "occupation"])["filled_by_scheme"].sum().to_dict()
    arrivals = solution.arrivals.assign(region=solution.arrivals["area"].map(problem.region_of))
    people = arrivals.groupby(["region", "occupation"])["arrivals"].sum().to_dict()
    scarcest = _scarcest(with_fullness(problem, solution, usage(problem, solution)))
    result = []
    for r, o in zip(frame["region"], frame["occupation"], strict=True):
        fill, (service, units, share, full) = float(filled.get((r, o), 0.0)), scarcest.get((r, o), ("", 0.0, 0.0, ()))
        result.append((r, o, float(people.get((r, o), 0.0)), fill, service, units, share, full))
    columns = ["region", "occupation", "people", "filled", "service", "units", "share", "full"]
    return _with_rates(pd.DataFrame(result, columns=columns))


def _with_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Add `per` and `rate`, so that the middle rate of a service reads as a small number."""
    one = (frame["filled"] / frame["units"]).where(frame["units"] > 0)
    middle = one.groupby(frame["service"]).transform("median")
    frame.insert(6, "per", [next((n for n in SCALES if n * rate >= 1), SCALES[-1]) for rate in middle.fillna(0.0)])
    frame.insert(7, "rate", one * frame["per"])
    return frame


def _scarcest(used: pd.DataFrame) -> dict[tuple[str, str], tuple[str, float, float, tuple[str, ...]]]:
    """(region, occupation) -> service, units, mean share used, full places."""
    used = used.assign(weighted=used["units"] * used["share"])
    sums = used.groupby(["region", "occupation", "service"], sort=True)[["units", "weighted"]].sum().reset_index()
    sums["share"] = sums["weighted"] / sums["units"]
    best = sums.sort_values(["share", "service"], ascending=[False, True], kind="stable")
    best = best.drop_duplicates(["region", "occupation"])
    full = used[used["full"]].groupby(["region", "occupation", "service"])["place"].unique().to_dict()
    return {(row["region"], row["occupation"]): (row["service"], row["units"], row["share"], tuple(sorted(
        full.get((row["region"], row["occupation"], row["service"]), ())))) for row in records(best)}
