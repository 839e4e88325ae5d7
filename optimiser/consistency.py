"""Do the config and the tables fit together? One small function per question; each returns its faults."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from optimiser.config import Config
from optimiser.errors import Fault
from optimiser.schema import ANY
from optimiser.selectors import Selectors
from optimiser.strictyaml import Lines
from optimiser.tables import ROW, nearest
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.problem import Problem, Service


@dataclass(frozen=True)
class Where:
    """How to name a place in the config and the folder of tables."""

    config: str
    folder: str
    lines: Lines

    def row(self, *path: str | int) -> int:
        """Line of a setting, or of the nearest setting around it."""
        return next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 0)

    def setting(self, *path: str | int, got: str, expected: str, hint: str = "") -> Fault:
        """A fault of a setting."""
        return Fault(self.config, self.row(*path), ".".join(map(str, path)), got, expected, hint)


def regions(config: Config, known: set[str], where: Where) -> Iterator[Fault]:
    """Deciding regions stand in regions.csv; no objective stands twice."""
    for region, rules in config.regions.items():
        if region not in known:
            yield where.setting("regions", region, got=repr(region),
                                expected=say("faults.region_of_tables", names=", ".join(sorted(known))),
                                hint=nearest(region, known))
        names = [objective.name for objective in rules.objectives]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield where.setting("regions", region, "objectives", got=say("faults.twice_objective", name=name),
                                expected=say("faults.once_objective"))


def members(selected: Iterable[str], selectors: Selectors, where: Where, region: str, setting: str,
            faults: list[Fault]) -> set[str]:
    """Occupations that the selectors of a setting mean; a selector that means none is a fault."""
    result: set[str] = set()
    for selector in selected:
        path = ("regions", region, *setting.split("."))
        if fault := selectors.fault(where.config, where.row(*path), ".".join(path), selector):
            faults.append(fault)
        result.update(selectors.members(selector))
    return result


def locks(region: str, must: set[str], never: set[str], excluded: set[str], length: int | None, where: Where
          ) -> Iterator[Fault]:
    """Locks don't contradict one another, the exclusions or the length of the list."""
    for occupation in sorted(must & never):
        yield where.setting("regions", region, "must_list", expected=say("faults.no_contradiction"),
                            got=say("faults.contradictory_locks", occupation=occupation))
    for occupation in sorted(must & excluded):
        yield where.setting("regions", region, "must_list", expected=say("faults.no_excluded"),
                            got=say("faults.must_excluded", occupation=occupation))
    if length is not None and len(must) > length:
        yield where.setting("regions", region, "must_list", got=say("faults.locks_too_long", n=len(must)),
                            expected=say("faults.locks_fit", length=length))


def cohorts(by_age: Mapping[tuple[str, str], Mapping[int, float]], last: int, file: str) -> Iterator[Fault]:
    """Retention is given for every year a cohort can reach within the plan, or not at all."""
    told = set()
    for (region, occupation), ages in by_age.items():
        missing = [age for age in range(last + 1) if age not in ages]
        if missing and (region, tuple(missing)) not in told:
            told.add((region, tuple(missing)))
            yield Fault(file, 0, "cohort_year", say("faults.cohort_missing", age=missing[0], region=region,
                        occupation=occupation), say("faults.cohort_needed", last=last))


def uses(use: pd.DataFrame, services: Mapping[str, Service], file: str) -> Iterator[Fault]:
    """Use per permit belongs to services of a region or shared ones, and to cohort year 0."""
    for row in use[use["per"] == "permit"].to_dict("records"):
        service = services.get(row["service"])
        if service and service.scope == "area":
            yield Fault(file, int(row[ROW]), "per", say("faults.no_permit_scope"), say("faults.permit_scope"))
        if row["cohort_year"] != 0:
            yield Fault(file, int(row[ROW]), "cohort_year", str(row["cohort_year"]), say("faults.permit_age"))


def places(frame: pd.DataFrame, services: Mapping[str, Service], everywhere: Mapping[str, set[str]], file: str
           ) -> Iterator[Fault]:
    """Every place is of the kind that the scope of its service says."""
    for row in frame.to_dict("records"):
        service = services.get(row["service"])
        if service and row["place"] != ANY and row["place"] not in everywhere[service.scope]:
            names = ", ".join(sorted(everywhere[service.scope])[:12])
            expected = say("faults.scope_place", places=names, scope=service.scope)
            yield Fault(file, int(row[ROW]), "place", repr(row["place"]), expected,
                        nearest(row["place"], everywhere[service.scope]))


def check(problem: Problem, where: Where) -> list[Fault]:
    """Questions that need the whole problem."""
    return [*_quotas(problem, where), *_isco(problem, where), *_sectors(problem, where), *_years(problem, where)]


def _quotas(problem: Problem, where: Where) -> Iterator[Fault]:
    """A listed occupation can reach its smallest quota with whole lots, below its largest."""
    told = set()
    for (region, occupation), largest in problem.parameters["max_quota"].items():
        if occupation not in problem.candidates[region]:
            continue
        lot = problem.parameter("lot", region, occupation) or 1.0
        smallest = problem.parameter("min_quota", region, occupation) or 0.0
        if math.ceil(smallest / lot) * lot > largest and (region, smallest, largest, lot) not in told:
            told.add((region, smallest, largest, lot))
            got = say("faults.min_above_max", minimum=smallest, maximum=largest, region=region, occupation=occupation)
            yield Fault(f"{where.folder}/parameters.csv", 0, "min_quota/max_quota", got,
                        say("faults.min_below_max", lot=lot))


def _isco(problem: Problem, where: Where) -> Iterator[Fault]:
    """ISCO-08 unit groups have four digits; a spreadsheet drops the leading zero."""
    table = problem.tables["occupations"]
    bad = table[(table["isco08"] != "") & ~table["isco08"].str.fullmatch("[0-9]{4}").astype(bool)]
    for code, row in zip(bad["isco08"], bad[ROW], strict=True):
        yield Fault(f"{where.folder}/occupations.csv", int(row), "isco08", repr(code), say("faults.isco_four"),
                    say("faults.isco_fix"))


def _sectors(problem: Problem, where: Where) -> Iterator[Fault]:
    """A list length by sector names a sector that exists."""
    known = sorted(set(problem.tables["occupations"]["sector"]) - {""})
    for region in problem.regions:
        for sector in problem.rules(region).list_length_by_sector:
            if sector not in known:
                yield where.setting("regions", region, "list_length_by_sector", sector,
                                    got=say("faults.unknown_sector", name=repr(sector)),
                                    expected=say("faults.known_sector", names=", ".join(known)),
                                    hint=nearest(sector, set(known)))


def _years(problem: Problem, where: Where) -> Iterator[Fault]:
    """The tables speak of at least one planned year."""
    table = problem.tables["shortages"]
    planned = {str(year) for year in problem.years}
    if len(table) and not table["year"].isin(planned).any():
        got = say("faults.year_of_plan", first=table["year"].min(), last=table["year"].max())
        yield where.setting("first_year", got=got, hint=say("faults.check_years"),
                            expected=say("faults.year_of_plan", first=problem.years[0], last=problem.years[-1]))
