"""The valley for tests of the report: two areas, two years, builders and nurses, every number by hand."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path
from typing import Any

from worlds import Rows, rows, world

from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import Solution, derive

BUILDERS, NURSES = "0110", "2221"
PLAN = Plan(
    listed=frozenset({("R", BUILDERS, 1), ("R", BUILDERS, 2)}),
    quota={("R", BUILDERS, 2026): 10, ("R", BUILDERS, 2027): 4},
    arrivals={(BUILDERS, "A1", 2026): F(6), (BUILDERS, "A1", 2027): F(4)},
    trainees={("R", BUILDERS, 2026): F(4)},
    expansion={("course", "A1", 2027): F(50)})
PROOFS = {("R", "unfilled"): (17.1, 0.1047, "within_gap")}
STATUS: dict[str, Any] = {"termination": "within_gap", "clock_cut": False, "seed": 1, "seconds": 3.5,
                          "versions": {"optimiser": "0.1.0"}}


def valley(folder: Path, config: dict[str, Any] | None = None, **tables: Rows) -> Problem:
    """Region R: in A1 ten builders are short each year and two can be activated in 2026; in A2 four nurses."""
    base: dict[str, Rows] = {
        "regions": rows("region title_en", ("R", "The Valley")),
        "areas": rows("area region title_en tile_row tile_column", ("A1", "R", "Upper End", 1, 1),
                      ("A2", "R", "Lower End", 2, 1)),
        "shortages": rows("area occupation year low central high basis",
                          *(("A1", BUILDERS, t, 5, 10, 20, "estimated") for t in (2026, 2027)),
                          *(("A2", NURSES, t, 3, 4, 5, "observed") for t in (2026, 2027))),
        "activatable": rows("area occupation year central", ("A1", BUILDERS, 2026, 2)),
        "list_in_force": rows("region occupation entry", ("R", NURSES, "Nurse"), ("R", NURSES, "Care and works"),
                              ("R", BUILDERS, "Care and works")),
        "services": rows("service title_en scope unit", ("course", "Courses", "area", "hours"),
                         ("desk", "Permit desk", "region", "officer hours")),
        "service_use": rows("service region occupation per cohort_year low central high",
                            ("course", "*", "*", "person", 0, 50, 100, 150), ("desk", "*", "*", "permit", 0, 5, 5, 5)),
        "capacities": rows("service place year low central high", ("course", "*", "*", 300, 600, 1200),
                           ("desk", "*", "*", 60, 60, 60)),
        "retention": rows("region occupation cohort_year central", ("*", "*", 0, 0.5), ("*", "*", 1, 0.8)),
        "parameters": rows("parameter region occupation low central high", ("additional", "*", "*", 0.25, 0.5, 0.75),
                           *((name, "*", "*", number, number, number) for name, number in (
                               ("permit_cost", 300), ("training_success", 0.5), ("training_lag", 1),
                               ("training_cost", 1000)))),
        "training_places": rows("region occupation year central", ("*", BUILDERS, "*", 4)),
        "service_parameters": rows("parameter service place central", ("unit_cost", "course", "*", 2),
                                   ("expansion_cost", "course", "*", 3), ("max_expansion", "course", "*", 100)),
    }
    settings = {"title": "The valley", "last_year": 2027} | (config or {})
    return world(folder, settings, **(base | tables))


def answered(problem: Problem, plan: Plan = PLAN) -> Solution:
    """The plan with all that follows from it; its first aim is proved to a gap of two person-years."""
    return derive(problem, plan, PROOFS, STATUS)
