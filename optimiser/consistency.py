"""Do the config and the tables fit together? One small function per question; each returns its faults."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from optimiser.cells import cell, nearest
from optimiser.cells import got as shown
from optimiser.config import Config, Keys, Places, Region
from optimiser.errors import Fault, few
from optimiser.schema import ANY
from optimiser.selectors import Selectors, resolve
from optimiser.tables import ROW
from optimiser.texts import say

SMALLEST_SHORTAGE = 0.001  # persons; people are published with so many decimals

if TYPE_CHECKING:
    from optimiser.problem import Problem, Service


@dataclass(frozen=True)
class Where:
    """How to name a place in the config and the folder of tables."""

    settings: Places
    folder: str

    def setting(self, *path: str | int, got: str, expected: str, hint: str) -> Fault:
        """A fault of a setting."""
        return Fault(*self.settings.of(path), ".".join(map(str, path)), got, expected, hint)

    def table(self, name: str, row: int, column: str, got: str, expected: str, hint: str) -> Fault:
        """A fault of a table."""
        return Fault(f"{self.folder}/{name}.csv", row, column, got, expected, hint)


def regions(config: Config, known: set[str], where: Where) -> Iterator[Fault]:
    """Deciding regions stand in regions.csv; no objective stands twice."""
    names = ", ".join(sorted(known))
    unknown = [region for region in config.regions if region not in known]
    yield from few(unknown, lambda region: where.setting(
        "regions", region, got=repr(region), expected=say("faults.region_of_tables", names=names),
        hint=nearest(region, known) or say("faults.add_code", table="regions")))
    for region, rules in config.regions.items():
        names = [objective.name for objective in rules.objectives]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield where.setting("regions", region, "objectives", got=say("faults.twice_objective", name=name),
                                expected=say("faults.once_objective"), hint=say("faults.remove_one_objective"))


def members(settings: Mapping[Keys, Sequence[str]], selectors: Selectors, where: Where, faults: list[Fault]
            ) -> list[set[str]]:
    """Occupations that the selectors of each setting mean; a selector that means none is a fault."""
    unknown = [((*path, i), selector) for path, selected in settings.items() for i, selector in enumerate(selected)
               if not selectors.members(selector)]
    faults += few(unknown, lambda found: selectors.fault(*where.settings.of(found[0]), ".".join(map(str, found[0])),
                                                         found[1]))
    return [{occupation for selector in selected for occupation in selectors.members(selector)}
            for selected in settings.values()]


def locks(region: str, rules: Region, must: set[str], never: set[str], excluded: set[str],
          groups: Iterable[tuple[str, ...]], in_force: frozenset[str], selectors: Selectors, where: Where
          ) -> Iterator[Fault]:
    """What must be listed contradicts neither what must not, nor the limits of the list.

    `must`, `never` and `excluded` are what must_list, must_not_list and exclusions.csv name; a group that one of them
    touches is wholly listed, or wholly not.
    """
    listed, barred = whole_groups(must, groups), whole_groups(never | excluded, groups)

    def contradiction(occupation: str) -> Fault:
        why = "locks" if occupation in must & never else "exclusion" if occupation in must & excluded else "group"
        return where.setting("regions", region, "must_list", expected=say("faults.no_contradiction"),
                             got=say(f"faults.contradictory_{why}", occupation=occupation),
                             hint=say("faults.loosen_lock"))

    yield from few(sorted(listed & barred), contradiction)
    limits: list[tuple[Keys, int | None, set[str]]] = [(("list_length",), rules.list_length, listed)]
    for word, lengths in (("tier", rules.list_length_by_tier), ("sector", rules.list_length_by_sector)):
        limits += [((f"list_length_by_{word}", value), most, listed & set(selectors.members(f"{word}:{value}")))
                   for value, most in lengths.items()]
    limits.append((("list_changes",), rules.list_changes, (listed - in_force) | (barred & in_force)))
    for path, most, needed in limits:
        if most is not None and len(needed) > most:
            names = ", ".join([*sorted(needed)[:3], *["..."][: len(needed) > 3]])
            yield where.setting("regions", region, *path, got=str(most), hint=say("faults.loosen_lock"),
                                expected=say("faults.locks_need", n=len(needed), names=names))


def whole_groups(occupations: set[str], groups: Iterable[tuple[str, ...]]) -> set[str]:
    """The occupations and all who share a group with one of them, directly or through others."""
    sharing: dict[str, list[tuple[str, ...]]] = {}
    for group in groups:
        for occupation in group:
            sharing.setdefault(occupation, []).append(group)
    found, waiting = set(occupations), list(occupations)
    while waiting:
        for group in sharing.pop(waiting.pop(), ()):
            waiting += set(group) - found
            found.update(group)
    return found


def cohorts(by_age: Mapping[tuple[str, str], Mapping[int, float]], last: int, where: Where) -> Iterator[Fault]:
    """Retention is given for every year a cohort can reach within the plan, or not at all."""
    told = set()
    for (region, occupation), ages in by_age.items():
        missing = [age for age in range(last + 1) if age not in ages]
        if missing and (region, tuple(missing)) not in told:
            told.add((region, tuple(missing)))
            got = say("faults.cohort_missing", age=missing[0], region=region, occupation=occupation)
            yield where.table("retention", 0, "cohort_year", got, say("faults.cohort_needed", last=last),
                              say("faults.add_cohort", age=missing[0]))


def uses(use: pd.DataFrame, services: Mapping[str, Service], where: Where) -> Iterator[Fault]:
    """Use per permit belongs to services of a region or shared ones, and to cohort year 0."""
    permits = use[use["per"] == "permit"].sort_values(ROW).to_dict("records")
    local = [row for row in permits if row["service"] in services and services[row["service"]].scope == "area"]
    yield from few(local, lambda row: where.table("service_use", row[ROW], "per", say("faults.no_permit_scope"),
                                                  say("faults.permit_scope"), say("faults.change_per")))
    later = [row for row in permits if row["cohort_year"] != 0]
    yield from few(later, lambda row: where.table("service_use", row[ROW], "cohort_year", cell(row["cohort_year"]),
                                                  say("faults.permit_age"), say("faults.write_like", example="0")))


def places(name: str, frame: pd.DataFrame, services: Mapping[str, Service], everywhere: Mapping[str, set[str]],
           where: Where) -> Iterator[Fault]:
    """Every place is of the kind that the scope of its service says."""
    named = frame[(frame["place"] != ANY) & frame["service"].isin(list(services))].sort_values(ROW)
    wrong = [row for row in named.to_dict("records")
             if row["place"] not in everywhere[services[row["service"]].scope]]

    def fault(row: dict) -> Fault:
        scope = services[row["service"]].scope
        names = ", ".join(sorted(everywhere[scope])[:12])
        return where.table(name, row[ROW], "place", repr(row["place"]),
                           say("faults.scope_place", places=names, scope=scope),
                           nearest(row["place"], everywhere[scope]) or say("faults.choose_place"))

    yield from few(wrong, fault)


def check(problem: Problem, where: Where) -> list[Fault]:
    """Questions that need the whole problem."""
    return [*_quotas(problem, where), *_isco(problem, where), *_tiles(problem, where),
            *_sectors(problem, where), *_years(problem, where), *_tiny(problem, where), *_prices(problem, where)]


def _prices(problem: Problem, where: Where) -> Iterator[Fault]:
    """Prices of repairs and steps of ladders name services that exist."""
    prices, known = problem.config.repair_prices, set(problem.services)
    unknown = [("repair_prices", kind, g) for kind in ("service_capacity", "max_expansion") if prices
               for g in getattr(prices, kind) if g not in known]
    unknown += [("steps", g) for g in problem.config.steps if g not in known]
    yield from few(unknown, lambda found: where.setting(
        *found, got=say("faults.unknown_service", name=repr(found[-1])),
        expected=say("faults.known_service", names=", ".join(sorted(known))),
        hint=nearest(found[-1], known) or say("faults.remove_setting")))


def _tiny(problem: Problem, where: Where) -> Iterator[Fault]:
    """No shortage is smaller than what is published: nobody could be sent to fill it."""
    table = problem.tables["shortages"]
    numbers = table[problem.config.values].fillna(table["central"])
    tiny = table.assign(number=numbers)[(numbers > 0) & (numbers < SMALLEST_SHORTAGE)]
    column = problem.config.values
    yield from few(tiny.to_dict("records"), lambda row: where.table(
        "shortages", row[ROW], column, cell(row["number"]), say("faults.at_least_published", least=SMALLEST_SHORTAGE),
        say("faults.no_tiny")))


def _quotas(problem: Problem, where: Where) -> Iterator[Fault]:
    """A listed occupation can reach its smallest quota with whole lots, below its largest."""
    wrong: dict[tuple[str, float, float, float], str] = {}  # the same numbers of a region are told once
    for (region, occupation), largest in problem.parameters["max_quota"].items():
        lot = problem.parameter("lot", region, occupation) or 1.0
        smallest = problem.parameter("min_quota", region, occupation) or 0.0
        if occupation in problem.candidates[region] and math.ceil(smallest / lot) * lot > largest:
            wrong.setdefault((region, smallest, largest, lot), occupation)
    if not wrong:
        return
    table = problem.tables["parameters"]
    rows = resolve(table.assign(central=table[ROW]), Selectors.of(problem.tables["occupations"]), problem.regions,
                   problem.years, ("parameter",), "central", "", [])

    def fault(found: tuple[tuple[str, float, float, float], str]) -> Fault:
        (region, smallest, largest, lot), occupation = found
        row = rows.get(("min_quota", region, occupation)) or rows["max_quota", region, occupation]
        got = say("faults.min_above_max", minimum=cell(smallest), maximum=cell(largest), region=region,
                  occupation=occupation)
        return where.table("parameters", int(row), "min_quota/max_quota", got,
                           say("faults.min_below_max", lot=cell(lot)), say("faults.change_quotas"))

    yield from few(list(wrong.items()), fault)


def _isco(problem: Problem, where: Where) -> Iterator[Fault]:
    """ISCO-08 unit groups have four digits; a spreadsheet drops the leading zero."""
    table = problem.tables["occupations"]
    bad = table[(table["isco08"] != "") & ~table["isco08"].str.fullmatch("[0-9]{4}").astype(bool)]
    yield from few(list(zip(bad["isco08"], bad[ROW], strict=True)), lambda found: where.table(
        "occupations", int(found[1]), "isco08", repr(found[0]), say("faults.isco_four"), say("faults.isco_fix")))


def _tiles(problem: Problem, where: Where) -> Iterator[Fault]:
    """A tile has a row and a column; where one is missing, cells may have shifted."""
    table = problem.tables["areas"]
    halves = table[table["tile_row"].isna() != table["tile_column"].isna()].sort_values(ROW)
    yield from few(halves.to_dict("records"), lambda area: where.table(
        "areas", area[ROW], "tile_row/tile_column", f"tile_row {shown(cell(area['tile_row']))}, "
        f"tile_column {shown(cell(area['tile_column']))}", say("faults.both_or_none"), say("faults.check_shift")))


def _sectors(problem: Problem, where: Where) -> Iterator[Fault]:
    """A list length by sector names a sector that exists."""
    known = set(problem.tables["occupations"]["sector"]) - {""}
    unknown = [(region, sector) for region in problem.regions
               for sector in problem.rules(region).list_length_by_sector if sector not in known]
    yield from few(unknown, lambda found: where.setting(
        "regions", found[0], "list_length_by_sector", found[1], got=say("faults.unknown_sector", name=repr(found[1])),
        expected=say("faults.known_sector", names=", ".join(sorted(known))),
        hint=nearest(found[-1], known) or say("faults.remove_setting")))


def _years(problem: Problem, where: Where) -> Iterator[Fault]:
    """The tables speak of at least one planned year."""
    table = problem.tables["shortages"]
    planned = {str(year) for year in problem.years}
    if len(table) and not table["year"].isin(planned).any():
        got = say("faults.year_of_plan", first=problem.years[0], last=problem.years[-1])
        yield where.setting("first_year", got=got, hint=say("faults.check_years"), expected=say(
            "faults.year_of_plan", first=table["year"].min(), last=table["year"].max()))
