"""The numbers of the tables as a case uses them: which of several rows holds for every occupation, place and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimiser import consistency
from optimiser.config import Config
from optimiser.errors import Fault
from optimiser.schema import ANY, PARAMETERS, SERVICE_PARAMETERS, SHARED
from optimiser.selectors import Selectors, resolve
from optimiser.tables import Tables


@dataclass(frozen=True)
class Service:
    """Anything that receives people and can run out."""

    code: str
    scope: str
    unit: str


def numbers(tables: Tables, areas: dict[str, tuple[str, ...]], selectors: Selectors, config: Config,
            where: consistency.Where, faults: list[Fault]) -> dict[str, Any]:
    """Every field of a Problem that holds numbers of tables, and the services; `areas` by deciding region."""
    regions = tuple(areas)
    return (_persons(tables, areas, config) | _by_occupation(tables, selectors, regions, config, where, faults)
            | _services(tables, areas, selectors, regions, config, where, faults))


def chosen(frame: pd.DataFrame, values: str) -> pd.Series:
    """The column of numbers a run uses; central stands in where no range is given."""
    return frame[values].fillna(frame["central"])


def _persons(tables: Tables, areas: dict[str, tuple[str, ...]], config: Config) -> dict[str, Any]:
    """Shortages and activatable jobseekers of the deciding regions and planned years; only positive numbers."""
    decided = {area for group in areas.values() for area in group}
    years = {str(year) for year in config.years}
    result = {}
    for name, table in (("shortage", "shortages"), ("activatable", "activatable")):
        frame = tables[table]
        frame = frame[frame["area"].isin(decided) & frame["year"].isin(years)]
        number = chosen(frame, config.values)
        frame = frame.assign(number=number)[number > 0]
        keys = zip(frame["occupation"], frame["area"], frame["year"].astype(int), strict=True)
        result[name] = dict(sorted(zip(keys, frame["number"].astype(float), strict=True)))
    return result


def _by_occupation(tables: Tables, selectors: Selectors, regions: tuple[str, ...], config: Config,
                   where: consistency.Where, faults: list[Fault]) -> dict[str, Any]:
    """Parameters, retention, training places; and what regions may authorise and spend."""
    def resolved(table: str, extra: tuple[str, ...]) -> dict[tuple[Any, ...], float]:
        return resolve(tables[table], selectors, regions, config.years, extra, config.values,
                       f"{where.folder}/{table}.csv", faults)

    parameters: dict[str, dict[tuple[str, str], float]] = {p.name: {} for p in PARAMETERS}
    for (name, region, occupation), number in resolved("parameters", ("parameter",)).items():
        parameters[name][region, occupation] = number
    by_age: dict[tuple[str, str], dict[int, float]] = {}
    for (age, region, occupation), number in resolved("retention", ("cohort_year",)).items():
        by_age.setdefault((region, occupation), {})[int(age)] = number
    last = len(config.years) - 1
    faults += consistency.cohorts(by_age, last, where)
    retention = {key: tuple(ages.get(age, 0.0) for age in range(last + 1)) for key, ages in by_age.items()}
    whole = {(r, o): (1.0,) * (last + 1) for r in regions for o in selectors.occupations}
    places = resolved("training_places", ())
    return {
        "parameters": {name: dict(sorted(numbers.items())) for name, numbers in parameters.items()},
        "retention": whole | retention,
        "training_places": {key: number for key, number in sorted(places.items()) if number > 0},
        "permit_total": _by_region_and_year(tables["permit_totals"], regions, config),
        "budget": _by_region_and_year(tables["budgets"], regions, config),
    }


def _by_region_and_year(frame: pd.DataFrame, regions: tuple[str, ...], config: Config) -> dict[tuple[str, int], float]:
    """Numbers by region and year; a named region wins over `*`, then a named year."""
    numbers: dict[tuple[str, int], float] = {}
    frame = frame.assign(number=chosen(frame, config.values))
    order = (frame["region"] != ANY).astype(int) * 2 + (frame["year"] != ANY).astype(int)
    for row in frame.assign(order=order).sort_values("order", kind="stable").to_dict("records"):
        for region in regions if row["region"] == ANY else (row["region"],):
            for year in config.years if row["year"] == ANY else (int(row["year"]),):
                if region in regions and year in config.years:
                    numbers[region, year] = float(row["number"])
    return dict(sorted(numbers.items()))


def _services(tables: Tables, areas: dict[str, tuple[str, ...]], selectors: Selectors, regions: tuple[str, ...],
              config: Config, where: consistency.Where, faults: list[Fault]) -> dict[str, Any]:
    services = {row["service"]: Service(row["service"], row["scope"], row["unit"])
                for row in tables["services"].to_dict("records")}
    places = {code: {"area": tuple(a for r in regions for a in areas[r]), "region": regions,
                     SHARED: (SHARED,)}[service.scope] for code, service in services.items()}
    everywhere = {"area": set(tables["areas"]["area"]), "region": set(tables["regions"]["region"]), SHARED: {SHARED}}
    use = tables["service_use"]
    faults += consistency.uses(use, services, where)
    for name in ("capacities", "service_parameters"):
        faults += consistency.places(name, tables[name], services, everywhere, where)
    rows = resolve(use, selectors, regions, config.years, ("service", "per", "cohort_year"), config.values,
                   f"{where.folder}/service_use.csv", faults)
    use_permit: dict[tuple[str, str, str], float] = {}
    by_age: dict[tuple[str, str, str], dict[int, float]] = {}
    for (service, per, age, region, occupation), number in sorted(rows.items()):
        if per == "permit":
            use_permit[service, region, occupation] = number
        else:
            by_age.setdefault((service, region, occupation), {})[int(age)] = number
    ages = range(len(config.years))
    return {
        "services": dict(sorted(services.items())),
        "use_permit": use_permit,
        "use_person": {key: tuple(held.get(age, 0.0) for age in ages) for key, held in by_age.items()},
        "capacity": _capacity(tables["capacities"], places, config),
        "service_parameters": _service_parameters(tables["service_parameters"], places, config),
    }


def _capacity(frame: pd.DataFrame, places: dict[str, tuple[str, ...]], config: Config
              ) -> dict[tuple[str, str, int], float]:
    """Capacity by service, place and year; a named place wins over `*`, then a named year."""
    numbers: dict[tuple[str, str, int], float] = {}
    frame = frame.assign(number=chosen(frame, config.values))
    order = (frame["place"] != ANY).astype(int) * 2 + (frame["year"] != ANY).astype(int)
    for row in frame.assign(order=order).sort_values("order", kind="stable").to_dict("records"):
        for place in places.get(row["service"], ()) if row["place"] == ANY else (row["place"],):
            for year in config.years if row["year"] == ANY else (int(row["year"]),):
                if place in places.get(row["service"], ()) and year in config.years:
                    numbers[row["service"], place, year] = float(row["number"])
    return dict(sorted(numbers.items()))


def _service_parameters(frame: pd.DataFrame, places: dict[str, tuple[str, ...]], config: Config
                        ) -> dict[str, dict[tuple[str, str], float]]:
    numbers: dict[str, dict[tuple[str, str], float]] = {p.name: {} for p in SERVICE_PARAMETERS}
    frame = frame.assign(number=chosen(frame, config.values), exact=frame["place"] != ANY)
    for row in frame.sort_values("exact", kind="stable").to_dict("records"):
        for place in places.get(row["service"], ()):
            if row["place"] in (ANY, place):
                numbers[row["parameter"]][row["service"], place] = float(row["number"])
    return numbers
