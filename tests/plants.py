"""Conflicts planted in the Belgian case: what is changed, and which words must come of it.

Numbers in the words were worked out by hand where a plant says how; `free` stands for what a plant changes so that its
conflict is the only one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from worlds import Rows, rows

from optimiser import patching, scenario, strictyaml
from optimiser.config import Places, parse
from optimiser.problem import Problem, build
from optimiser.tables import ROW, Tables, read_all

CONFIG = Path(__file__).parent.parent / "configs" / "belgium.yaml"


@dataclass(frozen=True)
class Plant:
    """One planted conflict.

    Attributes
    ----------
    settings : as for `--set`
    tables : rows added to tables; named regions, places, years and occupations win over those that stand there
    words : parts of lines, each of which must stand in some line of the conflict
    lines : most lines it may take
    regions : whose programme it is planted in
    """

    name: str
    words: tuple[str, ...]
    settings: tuple[str, ...] = ()
    tables: dict[str, Rows] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ()
    regions: tuple[str, ...] = ("BE3",)
    lines: int = 3


@cache
def _tables() -> Tables:
    return read_all(CONFIG.parent.parent / "data" / "belgium", "data/belgium")


def planted(plant: Plant) -> Problem:
    """The Belgian case with a conflict planted in it, read and checked as `load` does."""
    raw, lines = strictyaml.read(CONFIG)
    faults: list[Any] = []
    patch = scenario.collect(CONFIG, raw, plant.scenarios, plant.settings, faults)
    config = parse(*patching.apply_settings(raw, patch, Places(str(CONFIG), lines), faults))
    tables = dict(_tables()) | {name: _with(_tables()[name], more) for name, more in plant.tables.items()}
    assert not faults
    return build(config, tables)


def _with(frame: pd.DataFrame, more: Rows) -> pd.DataFrame:
    """A table with rows added; those that say the same of the same thing go."""
    added = pd.DataFrame([{"basis": "assumed", "source": "judgement", ROW: 0} | row for row in more])
    added = added.reindex(columns=frame.columns).astype({name: kind for name, kind in frame.dtypes.items()
                                                         if name not in ("low", "high")})
    keys = [name for name in frame.columns if name not in ("low", "central", "high", "basis", "source", ROW)]
    return pd.concat([frame, added], ignore_index=True).drop_duplicates(keys, keep="last", ignore_index=True)


def totals(*values: tuple[str, Any, float]) -> Rows:
    return rows("region year central", *((r, str(t), n) for r, t, n in values))


def capacity(*values: tuple[str, str, Any, float]) -> Rows:
    return rows("service place year central", *((g, place, str(t), n) for g, place, t, n in values))


def service(*values: tuple[str, str, str, float]) -> Rows:
    return rows("parameter service place central", *values)


def parameter(*values: tuple[str, str, str, float]) -> Rows:
    return rows("parameter region occupation central", *values)


def must(*codes: str, region: str = "BE3") -> str:
    return f"regions.{region}.must_list=[{', '.join(repr(code) for code in codes)}]"


NO_TRAINING = parameter(("training_success", "BE3", "*", 0), ("trainees_per_permit", "BE3", "*", 0))
TWELVE = ("7112", "7114", "7121", "7122", "7126", "7127", "7212", "7213", "7214", "7223", "7231", "7233")
NO_FAIRNESS = ("regions.BE3.fairness={}",)
FAIR = "regions.BE3.fairness."
DESK, AT_DESK = "Permit desk (permit_desk) in Wallonia (BE3): at most", "officer hours"

PLANTS = (
    # Permits and services that what must be listed needs: quotas of 10 each, 7.8 hours a permit, one file a permit.
    Plant("permits", ("at most 25 permits a year in 2028; the others need at least 30",
          "Nurse (2221)", "must be listed"),
          (must("2221", "7112", "7126"),), {"permit_totals": totals(("BE3", 2028, 25))}, lines=8),
    Plant("desk", (f"{DESK} 200 {AT_DESK} in 2026; the others need at least 234 {AT_DESK}",),
          (must("2221", "7112", "7126"),), {"capacities": capacity(("permit_desk", "BE3", 2026, 200))}, lines=8),
    Plant("lead time", (f"{DESK} 900 {AT_DESK} in 2027; the others need at least 936 {AT_DESK}",),
          (must(*TWELVE),), {"capacities": capacity(("permit_desk", "BE3", 2027, 900)),
                             "service_parameters": service(("lead_time", "permit_desk", "*", 3))}),
    Plant("expansion", (f"{DESK} 800 {AT_DESK} in 2028; the others miss it by at least 36 {AT_DESK}",
                        "at most 100 officer hours of extra capacity in 2028; the others need at least 136"),
          (must(*TWELVE),), {"capacities": capacity(("permit_desk", "BE3", 2028, 800)),
                             "service_parameters": service(("max_expansion", "permit_desk", "BE3", 100))}, lines=4),
    Plant("recognition", ("Diploma recognition (recognition) in Wallonia (BE3): at most 20 files in 2026; the others "
                          "need at least 30 files",),
          (must("2221", "2330", "2341"),), {"capacities": capacity(("recognition", "BE3", 2026, 20))}, lines=8),
    Plant("training places", ("25 training places for Nurse (2221) in 20", "the others need at least 30",
                              "each permit for Nurse (2221) in 20", "goes with 3 training starts"),
          (must("2221"),), {"parameters": parameter(("trainees_per_permit", "BE3", "2221", 3))}, lines=4),
    Plant("budget", ("Wallonia (BE3): at most 39,000 EUR a year in 20", "the others need at least 39,980",
                     "Nurse (2221) must be listed"), (must("2221"), *NO_FAIRNESS, "list_changes.BE3=200"),
          {"budgets": totals(("BE3", 2028, 39_000))}, lines=5),
    Plant("risk share", ("occupations of risk class high take at most a share of 0.05 of the permits of 20",
                         "the others miss it by at least 5 permits", "at most 1,500 permits a year in 20",
                         "the others need at least 1,600"),
          (must("risk:high"), "regions.BE3.risk_shares={high: 0.05}", "list_changes.BE3=60", "list_length.BE3=60"),
          lines=4),
    # Lists: 40 on the Walloon list in force, 25 on the Flemish.
    Plant("list length", ("Wallonia (BE3): at most 3 entries and exits in a review (2026); the others need at least 5",
                          "Wallonia (BE3): at most 35 occupations on the list in 2026; the others need at least 37"),
          ("list_length.BE3=35", "list_changes.BE3=3")),
    Plant("steady scenario", ("at most 6 entries and exits in a review (2026); the others need at least 10",
                              "at most 30 occupations on the list in 2026; the others need at least 34"),
          ("list_length.BE3=30",), scenarios=("steady-lists",)),
    Plant("Flemish length", ("Flanders (BE2): at most 12 entries and exits in a review (2026-2027); the others need at "
                             "least 15",
          "at most 10 occupations on the list in 2026-2027; the others need at least 13"),
          ("list_length.BE2=10",), regions=("BE2",)),
    Plant("tier", ("Flanders (BE2): at most 0 occupations of skill tier high on the list in 2026-2027; the others need "
                   "at least 2", "at most 4 entries and exits in a review (2026-2027); the others need at least 6"),
          ("regions.BE2.list_length_by_tier={high: 0}", "list_changes.BE2=4"), regions=("BE2",)),
    Plant("sector", ("at most 1 occupations of sector industry on the list in 2026",),
          ("regions.BE3.list_length_by_sector={industry: 1}", "list_changes.BE3=3")),
    Plant("second review", ("entries and exits in a review (2026-2028)", "at most 5 permits a year in 2028"),
          (), {"permit_totals": totals(("BE3", 2028, 5))}),
    Plant("stay", ("once entered, stays 2 reviews (2027)", "of the shortage of sector agriculture",
                   "at most 0 permits a year in 2027"),
          ("last_year=2027", "list_changes.BE3=200", "list_length.BE3=200", f"{FAIR}sector_coverage=0.01",
           f"{FAIR}area_coverage=null", f"{FAIR}band=null"),
          {"permit_totals": totals(("BE3", 2027, 0)), "parameters": NO_TRAINING}, lines=6),
    Plant("group", ("market gardener (6113)", "sector agriculture", "a group lists"),
          ("regions.BE3.groups=[['sector:agriculture']]", "regions.BE3.must_not_list=['6113']",
           f"{FAIR}sector_coverage=0.02", f"{FAIR}area_coverage=null", f"{FAIR}band=null"), {"parameters": NO_TRAINING},
          lines=5),
    # Coverage.
    Plant("permits for coverage", ("at least a share of 0.9 of the shortage of Walloon Brabant (BE31)",
                                   "at most 1,500 permits a year in 2026; the others need at least 1,6"),
          (f"{FAIR}area_coverage=0.9",)),
    Plant("coverage alone", ("at least a share of 0.9 of the shortage of Antwerp (BE21) must be filled "
                             "(area_coverage); at most 0.",),
          ("regions.BE2.fairness.area_coverage=0.9",), regions=("BE2",), lines=1),
    Plant("language", ("Language course (language_course) in Luxembourg (BE34): at most 0 learner hours in 20",
                       "shortage of Luxembourg (BE34)"), (f"{FAIR}band=null",),
          {"capacities": capacity(("language_course", "BE34", "*", 0)), "parameters": NO_TRAINING,
           "service_parameters": service(("max_expansion", "language_course", "BE34", 0))}),
    Plant("housing", ("Housing (housing) in Walloon Brabant (BE31): at most 10 dwellings in 20",
                      "shortage of Walloon Brabant (BE31)"), (f"{FAIR}band=null", f"{FAIR}area_coverage=0.1"),
          {"capacities": capacity(("housing", "BE31", "*", 10)), "parameters": NO_TRAINING,
           "service_parameters": service(("max_expansion", "housing", "BE31", 0))}),
    Plant("orientation and band", ("Orientation (orientation) in Luxembourg (BE34): at most 0 places in 20",
                                   "coverage of Luxembourg (BE34) may lie at most 0.02 below the region's"),
          (f"{FAIR}band=0.02", f"{FAIR}area_coverage=null", f"{FAIR}sector_coverage=0.05"),
          {"capacities": capacity(("orientation", "BE34", "*", 0)), "parameters": NO_TRAINING,
           "service_parameters": service(("max_expansion", "orientation", "BE34", 0))}, lines=15),
    Plant("inspection", ("Labour inspection (inspection) in Wallonia (BE3): at most 0 inspections in 20",
                         "area_coverage"), (), {"capacities": capacity(("inspection", "BE3", "*", 0)),
          "parameters": NO_TRAINING,
           "service_parameters": service(("max_expansion", "inspection", "BE3", 0))}),
    Plant("budget for coverage", ("Wallonia (BE3): at most 1,000 EUR a year in 20", "area_coverage"),
          (f"{FAIR}area_coverage=0.3",), {"budgets": totals(("BE3", "*", 1_000))}),
    Plant("sectors and budget", ("Wallonia (BE3): at most 1,000 EUR a year in 20", "sector_coverage"),
          (f"{FAIR}area_coverage=null", f"{FAIR}sector_coverage=0.3", f"{FAIR}band=null"),
          {"budgets": totals(("BE3", "*", 1_000))}),
    Plant("migrant share", ("people of the scheme fill at most a share of 0.01 of the shortage", "area_coverage"),
          (f"{FAIR}area_coverage=0.05",),
          {"parameters": [*NO_TRAINING, *parameter(("max_migrant_share", "BE3", "*", 0.01))]}),
    Plant("vacancies", ("nobody comes for", "100,000 vacancies are within reach", "area_coverage"), (),
          {"parameters": [*NO_TRAINING, *parameter(("min_other_vacancies", "*", "*", 100_000))]}),
    Plant("largest quotas", ("at most 10 permits for", "sector_coverage"), (f"{FAIR}sector_coverage=0.1",
          f"{FAIR}area_coverage=null", f"{FAIR}band=null"),
          {"parameters": [*NO_TRAINING, *parameter(("max_quota", "BE3", "*", 10))]}),
    # Several at once.
    Plant("two conflicts", ("at most 3 entries and exits in a review (2026); the others need at least 5",
                            "Apart from these, there clash too:", "at most 39,000 EUR a year",
                            "the others need at least 39,980"),
          ("list_length.BE3=35", "list_changes.BE3=3", must("2221"), *NO_FAIRNESS),
          {"budgets": totals(("BE3", 2028, 39_000))}, lines=9),
    Plant("three conflicts", ("at most 35 occupations on the list in 2026",
          "at most 39,000 EUR a year in 2028; the others need at least 39,980",
                              f"{DESK} 70 {AT_DESK} in 2026; the others need at least 78 {AT_DESK}"),
          ("list_length.BE3=35", "list_changes.BE3=3", must("2221", "2330"), *NO_FAIRNESS),
          {"budgets": totals(("BE3", 2028, 39_000)), "capacities": capacity(("permit_desk", "BE3", 2026, 70))},
          lines=14),
    Plant("two regions", ("Flanders (BE2): at most 12 entries and exits in a review (2026-2027); the others need at "
                          "least 15", "Wallonia (BE3): at most 3 entries and exits in a review (2026)"),
          ("list_length.BE2=10", "list_length.BE3=35", "list_changes.BE3=3"), regions=("BE2", "BE3"), lines=5),
)
