"""Problem: the config and the tables together, cross-checked and immutable; everything later stands on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser import consistency, patching, scenario, strictyaml
from optimiser.config import Config, Places, parse
from optimiser.config import Region as Rules
from optimiser.errors import Fault, InputError
from optimiser.numbers import Service, numbers
from optimiser.schema import ANY, BY_NAME, SHARED
from optimiser.selectors import Selectors
from optimiser.tables import Tables, read_all, write

DEFAULTS = {"weight": 1.0, "uptake": 1.0, "additional": 1.0, "lot": 1.0, "min_quota": 0.0, "training_lag": 0.0}


@dataclass(frozen=True, order=True)
class Review:
    """One period over which a region's list is fixed; years inclusive, numbered from 1."""

    number: int
    first_year: int
    last_year: int


@dataclass(frozen=True)
class Problem:
    """A whole case. Every index is in canonical order, whatever the order of rows in the files.

    Attributes
    ----------
    config : Config
    tables : dict of DataFrame
        As read (and patched by scenarios), for whoever needs basis, source or titles.
    regions : tuple of str
        Regions that decide.
    areas : dict region -> tuple of areas
    years : tuple of int
    reviews : dict region -> tuple of Review
    candidates : dict region -> tuple of occupations
        Occupations with a shortage in the region, or on its list in force, or named by its locks or groups.
    locked : dict (region, occupation) -> 0 or 1
        0: never listed (exclusions, must_not_list); 1: listed in every review (must_list).
    groups : dict region -> tuple of tuples of occupations
    in_force : dict region -> frozenset of occupations
    shortage, activatable : dict (occupation, area, year) -> persons; only positive entries
    parameters : dict name -> dict (region, occupation) -> number
    retention : dict (region, occupation) -> tuple of shares by years since arrival
    services : dict service -> Service
    use_permit : dict (service, region, occupation) -> units per permit
    use_person : dict (service, region, occupation) -> tuple of units per person by years since arrival
    capacity : dict (service, place, year) -> units; a missing key means no limit
    service_parameters : dict name -> dict (service, place) -> number
    permit_total, budget : dict (region, year) -> permits, EUR
    training_places : dict (region, occupation, year) -> persons
    reach : dict area -> tuple of areas within commuting reach, itself included
    """

    config: Config
    tables: Tables = field(repr=False, compare=False)
    regions: tuple[str, ...]
    areas: dict[str, tuple[str, ...]]
    years: tuple[int, ...]
    reviews: dict[str, tuple[Review, ...]]
    candidates: dict[str, tuple[str, ...]]
    locked: dict[tuple[str, str], int]
    groups: dict[str, tuple[tuple[str, ...], ...]]
    in_force: dict[str, frozenset[str]]
    shortage: dict[tuple[str, str, int], float] = field(repr=False)
    activatable: dict[tuple[str, str, int], float] = field(repr=False)
    parameters: dict[str, dict[tuple[str, str], float]] = field(repr=False)
    retention: dict[tuple[str, str], tuple[float, ...]] = field(repr=False)
    services: dict[str, Service]
    use_permit: dict[tuple[str, str, str], float] = field(repr=False)
    use_person: dict[tuple[str, str, str], tuple[float, ...]] = field(repr=False)
    capacity: dict[tuple[str, str, int], float] = field(repr=False)
    service_parameters: dict[str, dict[tuple[str, str], float]] = field(repr=False)
    permit_total: dict[tuple[str, int], float] = field(repr=False)
    budget: dict[tuple[str, int], float] = field(repr=False)
    training_places: dict[tuple[str, str, int], float] = field(repr=False)
    reach: dict[str, tuple[str, ...]] = field(repr=False)

    def parameter(self, name: str, region: str, occupation: str) -> float | None:
        """A number of `parameters.csv`, its documented default, or None when it is switched off."""
        return self.parameters[name].get((region, occupation), DEFAULTS.get(name))

    def service_parameter(self, name: str, service: str, place: str) -> float:
        """A number of `service_parameters.csv`; 0 when it is not given."""
        return self.service_parameters[name].get((service, place), 0.0)

    def rules(self, region: str) -> Rules:
        """The settings of a region."""
        return self.config.regions[region]

    def places(self, service: str) -> tuple[str, ...]:
        """Where a service has its places, in canonical order."""
        scope = self.services[service].scope
        if scope == "area":
            return tuple(area for region in self.regions for area in self.areas[region])
        return self.regions if scope == "region" else (SHARED,)

    def regions_of(self, service: str, place: str) -> tuple[str, ...]:
        """Regions whose people use a place of a service."""
        scope = self.services[service].scope
        if scope == "area":
            return (self.region_of[place],)
        return (place,) if scope == "region" else self.regions

    def payers(self, service: str, place: str) -> tuple[str, ...]:
        """Regions that pay for extra capacity of a place, in equal parts: those whose occupations could use it."""
        able = tuple(r for r in self.regions_of(service, place) if (service, r) in self.users)
        return able or self.regions_of(service, place)

    def review_of(self, region: str, year: int) -> Review:
        """The review whose list holds in a year."""
        return self._review_of[region, year]

    def shortages_in(self, regions: tuple[str, ...]) -> list[tuple[tuple[str, str, int], float]]:
        """Entries of `shortage` in the areas of some regions, in its order."""
        if len(regions) == 1:  # a country of many is asked for one after the other
            return self._shortages_by_region[regions[0]]
        return [entry for entry in self.shortage.items() if self.region_of[entry[0][1]] in regions]

    def title(self, table: str, code: str, language: str = "en") -> str:
        """The title of a region, area, occupation or service; another language or the code stands in."""
        return self._titles(table, language).get(code, code)

    def attribute(self, name: str, occupation: str) -> str:
        """Sector, skill_tier, regulated or risk_class of an occupation; empty when unknown."""
        return self._attributes[name].get(occupation, "")

    @cached_property
    def region_of(self) -> dict[str, str]:
        """Region of every area."""
        return {area: region for region in self.regions for area in self.areas[region]}

    @cached_property
    def _review_of(self) -> dict[tuple[str, int], Review]:
        return {(region, year): review for region, reviews in self.reviews.items() for review in reviews
                for year in range(review.first_year, review.last_year + 1)}

    @cached_property
    def _shortages_by_region(self) -> dict[str, list[tuple[tuple[str, str, int], float]]]:
        found: dict[str, list[tuple[tuple[str, str, int], float]]] = {region: [] for region in self.regions}
        for entry in self.shortage.items():
            found[self.region_of[entry[0][1]]].append(entry)
        return found

    @cached_property
    def users(self) -> set[tuple[str, str]]:
        """(service, region) where an occupation that could be listed takes something of the service."""
        able = {(r, o) for r, candidates in self.candidates.items() for o in candidates}
        return {(g, r) for g, r, o in (*self.use_permit, *self.use_person) if (r, o) in able}

    @cached_property
    def _attributes(self) -> dict[str, dict[str, str]]:
        table = self.tables["occupations"].set_index("occupation")
        return {name: dict(zip(table.index, table[name], strict=True))
                for name in ("sector", "skill_tier", "regulated", "risk_class")}

    @cached_property
    def _titled(self) -> dict[tuple[str, str], dict[str, str]]:
        """Titles by table and language, as far as they were asked for."""
        return {}

    def _titles(self, table: str, language: str) -> dict[str, str]:
        if (table, language) not in self._titled:
            frame = self.tables[table]
            order = [f"title_{code}" for code in dict.fromkeys((language, "en", "nl", "fr", "de"))]
            best = frame[order].replace("", None).bfill(axis=1).iloc[:, 0].fillna(frame.iloc[:, 0])
            self._titled[table, language] = dict(zip(frame.iloc[:, 0], best, strict=True))
        return self._titled[table, language]

    def save(self, folder: Path) -> None:
        """Write the resolved input, so that `load(folder / "config.yaml")` gives this problem again."""
        folder.mkdir(parents=True, exist_ok=True)
        raw = self.config.model_dump(mode="json", exclude_unset=True) | {"tables": "."}
        (folder / "config.yaml").write_text(strictyaml.dump(raw), encoding="utf-8")
        for name, frame in self.tables.items():
            if len(frame) or BY_NAME[name].required:
                write(frame, BY_NAME[name], folder / BY_NAME[name].file)


def load(path: str | Path, scenarios: Sequence[str] = (), settings: Sequence[str | scenario.Setting] = ()) -> Problem:
    """Read a config and its tables.

    Parameters
    ----------
    path : str or Path
        The YAML config.
    scenarios : sequence of str
        Names of files in `scenarios/` beside the config, applied in order.
    settings : sequence of str
        `path=value` settings, applied last.

    Raises
    ------
    InputError
        With every fault found.
    """
    path = Path(path)
    raw, lines = strictyaml.read(path)
    faults: list[Fault] = []
    patch = scenario.collect(path, raw, scenarios, settings, faults)
    raw, places = patching.apply_settings(raw, patch, Places(str(path), lines), faults)
    config, tables = None, None
    try:
        config = parse(raw, places)
    except InputError as error:
        faults += error.faults
    folder = raw.get("tables")
    if isinstance(folder, str) and folder:
        shown = os.path.normpath(path.parent / folder)  # as a person would write it: `configs/../data` is `data`
        try:
            tables = patching.apply_numbers(read_all(path.parent / folder, shown), patch,
                                            config.years if config else (), faults)
        except InputError as error:
            faults += error.faults
    if faults or config is None or tables is None:
        raise InputError(faults)
    return build(config, tables, places, os.path.normpath(path.parent / str(folder)))


def build(config: Config, tables: Tables, places: Places | None = None, folder: str = "tables") -> Problem:
    """A Problem from checked settings and tables; cross-checks them.

    Raises
    ------
    InputError
        With every contradiction between the two that makes the case meaningless.
    """
    faults: list[Fault] = []
    where = consistency.Where(places or Places("config"), folder)
    known = set(tables["regions"]["region"])
    faults += consistency.regions(config, known, where)
    selectors = Selectors.of(tables["occupations"])
    regions = tuple(sorted(r for r in config.regions if r in known))
    table_areas = tables["areas"]
    areas = {r: tuple(sorted(table_areas["area"][table_areas["region"] == r])) for r in regions}
    data: dict[str, Any] = {"config": config, "tables": tables, "regions": regions, "areas": areas,
                            "years": config.years, "reviews": {r: _reviews(config, r) for r in regions}}
    data |= numbers(tables, areas, selectors, config, where, faults)
    data |= _lists(tables, selectors, areas, regions, config, where, data, faults)
    data["reach"] = _reach(tables["commuting"], areas)
    if not faults:
        problem = Problem(**data)
        faults += consistency.check(problem, where)
        if not faults:
            return problem
    raise InputError(faults)


def _reviews(config: Config, region: str) -> tuple[Review, ...]:
    step, first, last = config.regions[region].review_years, config.first_year, config.last_year
    starts = range(first, last + 1, step)
    return tuple(Review(n + 1, year, min(year + step - 1, last)) for n, year in enumerate(starts))


def _lists(tables: Tables, selectors: Selectors, areas: dict[str, tuple[str, ...]], regions: tuple[str, ...],
           config: Config, where: consistency.Where, data: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Candidates, locks, groups and the list in force of every region."""
    in_force_table, exclusions = tables["list_in_force"], tables["exclusions"]
    candidates, groups, in_force = {}, {}, {}
    locked: dict[tuple[str, str], int] = {}
    for region in regions:
        rules = config.regions[region]
        here = set(areas[region])
        short = {o for o, p, _ in data["shortage"] if p in here}
        in_force[region] = frozenset(in_force_table["occupation"][in_force_table["region"] == region])
        excluded = set(exclusions["occupation"][exclusions["region"].isin([region, ANY])])
        home = ("regions", region)
        [must] = consistency.members({(*home, "must_list"): rules.must_list}, selectors, where, faults)
        [never] = consistency.members({(*home, "must_not_list"): rules.must_not_list}, selectors, where, faults)
        groups[region] = tuple(tuple(sorted(group)) for group in consistency.members(
            {(*home, "groups", i): group for i, group in enumerate(rules.groups)}, selectors, where, faults))
        faults += consistency.locks(region, rules, must, never, excluded, groups[region], in_force[region], selectors,
                                    where)
        named = must.union(*groups[region]) if groups[region] else must
        candidates[region] = tuple(sorted((short - excluded) | in_force[region] | named))
        locked |= {(region, o): 0 for o in candidates[region] if o in never | excluded}
        locked |= {(region, o): 1 for o in must}
    return {"candidates": candidates, "locked": dict(sorted(locked.items())), "groups": groups, "in_force": in_force}


def _reach(commuting: pd.DataFrame, areas: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    decided = {area for group in areas.values() for area in group}
    reach: dict[str, set[str]] = {area: {area} for area in decided}
    for area, other in zip(commuting["area"], commuting["reaches"], strict=True):
        if area in decided and other in decided:
            reach[area].add(other)
    return {area: tuple(sorted(others)) for area, others in sorted(reach.items())}
