"""Villages: small cases as plain settings and rows, drawn and shrunk by hypothesis, solved in a moment and in memory.

Every row names its region, area or place, so that cases can be scaled, split and put side by side.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from hypothesis import currently_in_test_context, reject
from hypothesis import strategies as st
from worlds import DEFAULT, Rows, rows

from optimiser.config import Places, parse
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, hand_over
from optimiser.problem import Problem, build
from optimiser.schema import TABLES
from optimiser.solver import search
from optimiser.tables import ROW

OCCUPATIONS = {"0110": ("works", "low", "no", "high"), "2221": ("health", "high", "yes", "low"),
               "7411": ("works", "medium", "no", "medium")}
FIRST = 2026
AIMS = ("unfilled", "worst_coverage", "list_changes", "cost")
SCOPES = {"course": "area", "rooms": "region", "desk": "shared"}
FOUND = 1e-5  # what two proved optima may differ by, relative to the larger or absolutely


@dataclass
class Village:
    """A case as a config would hold it, and the rows of its tables."""

    settings: dict[str, Any]
    tables: dict[str, Rows]

    def copy(self) -> Village:
        """A village of its own."""
        return copy.deepcopy(self)

    def rules(self, region: str) -> dict[str, Any]:
        """The settings of a region."""
        return self.settings["regions"][region]

    @property
    def regions(self) -> list[str]:
        return list(self.settings["regions"])

    def areas(self, region: str) -> list[str]:
        """The areas of a region."""
        return [row["area"] for row in self.tables["areas"] if row["region"] == region]

    def short(self, region: str) -> list[str]:
        """Occupations short somewhere in a region."""
        here = self.areas(region)
        return sorted({row["occupation"] for row in self.tables["shortages"] if row["area"] in here})

    def problem(self) -> Problem:
        """The case, put together in memory."""
        return build(parse(self.settings, Places("config")), {table.name: self._frame(table) for table in TABLES})

    def _frame(self, table: Any) -> pd.DataFrame:
        records = self.tables.get(table.name, [])
        columns = {}
        for column in table.columns:
            number = column.kind in ("number", "whole")
            missing = float("nan") if number else DEFAULT.get(column.name, "")
            cells = [record.get(column.name, missing) for record in records]
            columns[column.name] = pd.Series(cells, dtype="float64") if number else pd.Series(
                [str(cell) for cell in cells], dtype="object")
        return pd.DataFrame(columns).assign(**{ROW: range(2, len(records) + 2)})


def handed(problem: Problem) -> list[Handed]:
    """The programmes of a case."""
    return [hand_over(frame(problem, regions)) for regions in components(problem)]


def optima(problem: Problem, aims: int = 1) -> list[float] | None:
    """Proved values of the first aims, as the model minimises them, summed over all programmes; None without a plan."""
    total = [0.0] * aims
    for each in handed(problem):
        program = replace(each.program, stages=each.program.stages[:aims])
        found = search.Search(program, 0.0, 60.0, 1, lambda *_: None)
        if found.run() is None:
            assert found.infeasible
            return None
        if not all(stage.status == "optimal" for stage in found.stages):  # a few run into the limit on nodes
            assert currently_in_test_context(), found.stages
            reject()
        total = [value + stage.value for value, stage in zip(total, found.stages, strict=True)]
    return total


def number(*ends: float, parts: int = 1) -> st.SearchStrategy[float]:
    """A number between two ends, in whole parts of one."""
    return st.integers(round(ends[0] * parts), round(ends[1] * parts)).map(lambda n: n / parts)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of a region; simple ones are off."""
    wishes: dict[str, st.SearchStrategy[Any]] = {
        "list_length": st.integers(1, 2), "list_changes": st.integers(1, 3), "minimum_stay": st.integers(1, 2),
        "list_length_by_tier": st.just({"high": 1, "low": 0}), "risk_shares": st.just({"high": 0.5}),
        "fairness": st.fixed_dictionaries({"area_coverage": number(0, 0.1, parts=100),
                                           "band": number(0.1, 0.6, parts=10)})}
    found = {name: draw(wish) for name, wish in wishes.items() if draw(st.integers(0, 3)) == 3}
    return found | ({"review_years": 2} if draw(st.booleans()) else {})


@st.composite
def villages(draw: st.DrawFn, regions: tuple[str, ...] = ("Q", "R"), years: int = 0, aims: tuple[str, ...] = (),
             scopes: tuple[str, ...] = ("area", "region", "shared")) -> Village:
    """A case of one region or two, each with two areas, for one year to three; `aims` in order, or one drawn."""
    regions = regions[:draw(st.integers(1, len(regions)))]
    span = range(FIRST, FIRST + (years or draw(st.integers(1, 3))))
    areas = [(f"{r}{i}", r) for r in regions for i in (1, 2)]
    cells = [(p, o, t) for p, _ in areas for o in OCCUPATIONS for t in span]
    first = aims or (draw(st.sampled_from(("unfilled", "unfilled", *AIMS))),)
    settings = {"tables": ".", "first_year": FIRST, "last_year": span[-1], "regions": {
        r: draw(rules()) | {"objectives": tuple({"name": name} for name in first)} for r in regions}}
    short = draw(st.lists(st.integers(0, 20), min_size=len(cells), max_size=len(cells)))
    spare = draw(st.dictionaries(st.sampled_from(cells), st.integers(1, 6), max_size=3))
    pairs = [(a, b) for a, _ in areas for b, _ in areas if a != b]
    ranges = {"weight": number(0.5, 3, parts=2), "uptake": number(0.5, 1, parts=4),
              "additional": number(0.5, 1, parts=4), "permit_cost": number(10, 50), "training_cost": number(10, 50),
              "max_migrant_share": number(0.2, 1, parts=10), "trainees_per_permit": number(0.1, 0.5, parts=10),
              "training_success": number(0.25, 0.75, parts=4), "min_other_vacancies": st.integers(1, 5),
              "lot": st.integers(1, 4), "min_quota": st.integers(1, 3), "max_quota": st.integers(4, 12),
              "training_lag": st.integers(0, 1)}
    given = [(name, r, "*", draw(value)) for name, value in ranges.items() if draw(st.integers(0, 2)) == 2
             for r in regions]
    return Village(settings, {
        "sources": rows("source publisher title date confidence", ("S", "Nobody", "Drawn for a test", 2026, "low")),
        "regions": rows("region", *((r,) for r in regions)), "areas": rows("area region", *areas),
        "occupations": rows("occupation sector skill_tier regulated risk_class",
                            *((o, *about) for o, about in OCCUPATIONS.items())),
        "shortages": rows("area occupation year central",
                          *((*cell, n) for cell, n in zip(cells, short, strict=True) if n)),
        "activatable": rows("area occupation year central", *((*cell, n) for cell, n in spare.items())),
        "retention": rows("region occupation cohort_year central", *(
            (r, "*", age, share) for r in regions for age, share in enumerate((0.5, 0.9, 0.75)[:len(span)]))),
        "list_in_force": rows("region occupation entry", *(
            (r, o, "x") for r in regions for o in draw(st.sets(st.sampled_from(sorted(OCCUPATIONS)), max_size=2)))),
        "parameters": rows("parameter region occupation central", *given),
        "training_places": rows("region occupation year central",
                                *((r, "*", "*", draw(number(1, 8))) for r in regions)),
        "permit_totals": rows("region year central", *((r, "*", draw(number(3, 25))) for r in regions)),
        "budgets": rows("region year central", *((r, "*", draw(number(200, 3000))) for r in regions)),
        "commuting": rows("area reaches", *draw(st.sets(st.sampled_from(pairs), max_size=2)))
    } | draw(services(regions, [p for p, _ in areas], scopes)))


@st.composite
def services(draw: st.DrawFn, regions: tuple[str, ...], areas: list[str], scopes: tuple[str, ...]
             ) -> dict[str, Rows]:
    """Some services, each at all its places, with room to grow."""
    kept = sorted(draw(st.sets(st.sampled_from(sorted(g for g, scope in SCOPES.items() if scope in scopes)))))
    places = {"area": areas, "region": list(regions), "shared": ["shared"]}
    per_person = [(g, r, "*", "person", age, draw(number(0.5, 3, parts=2))) for g in kept for r in regions
                  for age in (0, 1)]
    per_permit = [(g, r, "*", "permit", 0, draw(number(0.5, 3, parts=2))) for g in kept if SCOPES[g] != "area"
                  for r in regions]
    grow = [(name, g, place, value) for g in kept for place in places[SCOPES[g]] for name, value in (
        ("unit_cost", 2), ("expansion_cost", 3), ("max_expansion", draw(number(0, 8))),
        ("lead_time", draw(st.integers(0, 1))))]
    return {
        "services": rows("service scope unit", *((g, SCOPES[g], "units") for g in kept)),
        "service_use": rows("service region occupation per cohort_year central", *per_person, *per_permit),
        "capacities": rows("service place year central", *((g, place, "*", draw(number(2, 40))) for g in kept
                                                           for place in places[SCOPES[g]])),
        "service_parameters": rows("parameter service place central", *grow),
    }
