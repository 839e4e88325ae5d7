"""Kingdoms, rich little countries for tests that change correct plans: most rules are on, every decision costs money.

Distinct costs for every permit, starter and person make sure that no decision can change without a published number
changing: which changes of a run folder do harm then follows from the tables, whatever the check says.
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

from worlds import Rows, rows, world

from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.solving import solve

SHORT = {"0110": ("works", "low", "no", "high"), "2221": ("health", "high", "yes", "low"),
         "3115": ("works", "medium", "no", "medium"), "5120": ("food", "low", "no", "high"),
         "7411": ("works", "medium", "no", "medium")}
NOWHERE = "9998"  # short in no area: no candidate
BARRED = {"8211": "excluded while in force", "9112": "excluded and on no list"}
SEEDS = (0, 3, 5, 9, 11, 12, 13, 19)  # with a plan that lists, trains and extends something
YEARS = (2026, 2027, 2028)
AREAS = {"Q1": "Q", "Q2": "Q", "R1": "R", "R2": "R", "R3": "R"}


def rules(rng: random.Random) -> dict[str, Any]:
    """Settings of a region; each is on more often than not."""
    wishes: dict[str, Any] = {
        "list_length": rng.choice([3, 4]), "list_length_by_tier": {"low": 1, "medium": rng.choice([1, 2])},
        "list_length_by_sector": {"works": rng.choice([1, 2])}, "list_changes": rng.choice([3, 4]),
        "minimum_stay": rng.choice([2, 3]), "must_list": ["2221"], "must_not_list": ["5120"],
        "groups": [["0110", "7411"]], "risk_shares": {"high": 0.4, "medium": 0.5},
        "fairness": {"area_coverage": 0.01, "sector_coverage": 0.005, "band": round(rng.uniform(0.15, 0.4), 2)},
    }
    return {"review_years": rng.choice([1, 1, 2])} | {k: v for k, v in wishes.items() if rng.random() < 0.7}


def parameters(rng: random.Random) -> Rows:
    """Costs that differ by occupation, and the limits of occupations, each on more often than not."""
    own = [(name, "*", o, round(rng.uniform(*ends), 3)) for o in SHORT for name, ends in
           (("permit_cost", (250, 400)), ("training_cost", (800, 999)), ("weight", (0.8, 1.6)))]
    limits = {"lot": rng.choice([1, 2, 3]), "min_quota": 2, "max_quota": rng.choice([9, 15]), "uptake": 0.8,
              "additional": 0.9, "max_migrant_share": round(rng.uniform(0.4, 0.8), 2), "training_success": 0.6,
              "training_lag": rng.choice([0, 1]), "trainees_per_permit": rng.choice([0.15, 0.4]),
              "min_other_vacancies": rng.choice([2, 6])}
    given = [(name, "*", "*", number) for name, number in limits.items() if rng.random() < 0.85]
    return rows("parameter region occupation central", *own, *given)


def services(rng: random.Random) -> dict[str, Rows]:
    """A course in every area, rooms in every region, a desk for all; hours differ by occupation."""
    hours = [("course", "*", o, "person", age, round(rng.uniform(*ends), 2)) for o in SHORT
             for age, ends in ((0, (80, 130)), (1, (10, 30)))]
    return {
        "services": rows("service scope unit", ("course", "area", "hours"), ("rooms", "region", "rooms"),
                         ("desk", "shared", "files")),
        "service_use": rows("service region occupation per cohort_year central", *hours,
                            ("rooms", "*", "*", "person", 0, 0.6), ("rooms", "*", "*", "permit", 0, 0.1),
                            ("desk", "*", "*", "permit", 0, round(rng.uniform(1, 3), 1)),
                            ("desk", "*", "*", "person", 1, 0.4)),
        "capacities": rows("service place year central", ("course", "*", "*", rng.randint(500, 900)),
                           ("rooms", "*", "*", rng.randint(6, 14)), ("desk", "*", "*", rng.randint(60, 120))),
        "service_parameters": rows(
            "parameter service place central", ("unit_cost", "course", "*", 3), ("expansion_cost", "course", "*", 5),
            ("max_expansion", "course", "*", rng.choice([120, 300])), ("expansion_cost", "desk", "*", 40),
            ("max_expansion", "desk", "*", 15), ("lead_time", "desk", "*", 1), ("unit_cost", "rooms", "*", 9),
            ("lead_time", "course", "*", rng.choice([0, 1]))),
    }


def kingdom(seed: int, folder: Path) -> Problem:
    """Two regions with five areas, three years; occupations that may not or cannot be listed stand beside."""
    rng = random.Random(seed)
    sometimes = partial(rng.choices, [True, False])
    cells = [(p, o, t) for p in AREAS for o in SHORT if sometimes([3, 1])[0] for t in YEARS]
    return world(
        folder, {"last_year": YEARS[-1], "regions": {"Q": rules(rng), "R": rules(rng)}},
        regions=rows("region", ("Q",), ("R",)), areas=rows("area region", *AREAS.items()),
        occupations=rows("occupation sector skill_tier regulated risk_class", *((o, *a) for o, a in SHORT.items()),
                         *((o, "food", "high", "no", "low") for o in (NOWHERE, *BARRED))),
        shortages=rows("area occupation year central", *((*cell, round(rng.uniform(3, 25), 1)) for cell in cells),
                       ("Q1", "9112", 2026, 4)),
        activatable=rows("area occupation year central",
                         *((*cell, round(rng.uniform(0, 5), 1)) for cell in cells if sometimes([1, 3])[0])),
        list_in_force=rows("region occupation entry", ("Q", "8211", "out"), ("R", "8211", "out"),
                           *((r, o, "x") for r in "QR" for o in SHORT if sometimes([1, 2])[0])),
        exclusions=rows("region occupation reason", *(("*", o, why) for o, why in BARRED.items())),
        parameters=parameters(rng), **services(rng),
        retention=rows("region occupation cohort_year central",
                       *(("*", "*", age, share) for age, share in enumerate((0.5, 0.86, 0.74)))),
        training_places=rows("region occupation year central", ("*", "*", "*", 7)),
        permit_totals=rows("region year central", ("Q", "*", rng.choice([14, 24])), ("R", "*", rng.choice([20, 41]))),
        budgets=rows("region year central", ("*", "*", rng.choice([15000.5, 40000.5]))),
        commuting=rows("area reaches", ("R1", "R2"), ("R2", "R1"), ("R3", "R2"), ("Q1", "Q2")))


def solved(folder: Path) -> list[tuple[Problem, Solution]]:
    """Kingdoms that have a plan, each with a good one."""
    problems = [kingdom(seed, folder / str(seed)) for seed in SEEDS]
    return [(problem, solve(problem, gap=0.1)) for problem in problems]
