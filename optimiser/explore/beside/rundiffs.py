"""Two runs side by side, of what both speak of: one table per question, the run's numbers beside the reference's."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from optimiser.explore.beside.runs import Run, Shared
from optimiser.explore.beside.sides import beside, summed
from optimiser.explore.finding import frame_of
from optimiser.texts import say

ENDS = ("reference", "run")
LISTS = ("run region occupation change count_years_reference count_years_run quota_reference quota_run "
         "filled_reference filled_run")
SERVICES = ("run service place unit capacity_reference capacity_run used_reference used_run used_more "
            "share_reference share_run")


def tables(both: Shared) -> dict[str, pd.DataFrame]:
    """Every table of a comparison; all have the run's name in front."""
    filled = beside(both.filled[0], both.filled[1], ENDS)
    found = {"compare_lists": _lists(both, filled), "compare_quotas": _quotas(both)}
    for name, keys in (("areas", ["region", "area"]), ("sectors", ["region", "sector"]),
                       ("occupations", ["region", "occupation"])):
        frame = summed(filled, keys, ["shortage", "filled"], ENDS)
        found[f"compare_{name}"] = _named(both, _more(frame, "filled"))
    by = found["compare_occupations"]
    more = list(by["filled_more"])
    order = sorted((i for i, number in enumerate(more) if number), key=lambda i: -abs(more[i]))
    found["compare_occupations"] = by.iloc[order].reset_index(drop=True)
    return found | {"compare_services": _services(both), "compare_cost": _cost(both)}


def _named(both: Shared, frame: pd.DataFrame) -> pd.DataFrame:
    frame.insert(0, "run", both.run.name)
    return frame


def _more(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with how much more of a column the run has."""
    frame[f"{column}_more"] = (frame[f"{column}_run"] - frame[f"{column}_reference"]).round(6)
    return frame


def _on_list(both: Shared, run: Run) -> dict[tuple[str, str], set[int]]:
    """Years in which an occupation is listed, of regions, occupations and years that are compared."""
    years: dict[tuple[str, str], set[int]] = defaultdict(set)
    for r, o, e in run.solution.plan.listed:
        if r in both.regions and o in both.occupations:
            review = run.problem.reviews[r][e - 1]
            years[r, o] |= set(range(review.first_year, review.last_year + 1)) & set(both.years)
    return years


def _lists(both: Shared, filled: pd.DataFrame) -> pd.DataFrame:
    """Occupations that are longer on one of the two lists."""
    first, second = (_on_list(both, run) for run in both)
    quotas = [run.solution.quotas[run.solution.quotas["year"].isin(list(both.years))].groupby(
        ["region", "occupation"])["quota"].sum().to_dict() for run in both]
    by_scheme = summed(filled, ["region", "occupation"], ["by_scheme"], ENDS)
    scheme = {(r, o): (float(a), float(b)) for r, o, a, b in by_scheme.itertuples(index=False)}
    rows = []
    for key in sorted(first.keys() | second.keys()):
        before, after = first.get(key, set()), second.get(key, set())
        if before == after:
            continue
        rows.append((both.run.name, *key, say(f"explore.change_{_change(before, after)}"), len(before), len(after),
                     *(quota.get(key, 0) for quota in quotas), *scheme.get(key, (0.0, 0.0))))
    return frame_of(rows, LISTS)


def _change(before: set[int], after: set[int]) -> str:
    """What becomes of an occupation in the run."""
    if not before or not after:
        return "enters" if after else "leaves"
    if len(before) == len(after):
        return "moves"
    return "longer" if len(after) > len(before) else "shorter"


def _quotas(both: Shared) -> pd.DataFrame:
    """Quotas that differ, permits a year."""
    frames = [run.solution.quotas for run in both]
    parts = [frame[frame["region"].isin(list(both.regions)) & frame["occupation"].isin(list(both.occupations))
                   & frame["year"].isin(list(both.years))] for frame in frames]
    both_quotas = parts[0].merge(parts[1], on=["region", "occupation", "year"], how="outer",
                                 suffixes=tuple(f"_{end}" for end in ENDS), sort=True)  # pyright: ignore
    columns = [f"quota_{end}" for end in ENDS]
    both_quotas[columns] = both_quotas[columns].fillna(0).astype("int64")
    both_quotas["quota_more"] = both_quotas["quota_run"] - both_quotas["quota_reference"]
    return _named(both, both_quotas.query("quota_more != 0").reset_index(drop=True))


def _services(both: Shared) -> pd.DataFrame:
    """What services give and what is used of them: sums over the years, and the share used in the fullest year."""
    numbers = [_of_services(both, run) for run in both]
    rows = []
    for key in sorted(numbers[0].keys() & numbers[1].keys()):
        (room_a, used_a, share_a), (room_b, used_b, share_b) = (found[key] for found in numbers)
        unit = both.reference.problem.services[key[0]].unit
        rows.append((both.run.name, *key, unit, room_a, room_b, used_a, used_b, round(used_b - used_a, 6), share_a,
                     share_b))
    return frame_of(rows, SERVICES)


def _of_services(both: Shared, run: Run) -> dict[tuple[str, str], tuple[float, float, float]]:
    table = run.solution.services
    table = table[table["year"].isin(list(both.years))]
    table = table.assign(room=table["capacity"] + table["expansion"])
    table["share"] = (table["used"] / table["room"]).where(table["room"] > 0, 0.0)
    sums = table.groupby(["service", "place"]).agg(room=("room", "sum"), used=("used", "sum"), share=("share", "max"))
    return {(str(g), str(place)): (round(room, 6), round(used, 6), round(share, 6))
            for (g, place), room, used, share in zip(sums.index, sums["room"], sums["used"], sums["share"],
                                                     strict=True)}


def _cost(both: Shared) -> pd.DataFrame:
    """Public cost by region and year, EUR."""
    rows = []
    for r in both.regions:
        for t in both.years:
            first, second = (run.outcome.cost[r, t] for run in both)
            rows.append((both.run.name, r, t, round(float(first), 6), round(float(second), 6),
                         round(float(second - first), 6)))
    return frame_of(rows, "run region year cost_reference cost_run cost_more")
