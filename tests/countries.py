"""Random little countries: every rule, service and parameter is switched on with a chance of its own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from worlds import Rows, rows, world

from optimiser.problem import Problem

OCCUPATIONS = ("0110", "2221", "7411")


def some_rules(rng: random.Random) -> dict[str, Any]:
    """Each rule switched on with a chance of its own."""
    wishes = {
        "list_length": (0.5, rng.choice([1, 2])), "list_length_by_tier": (0.2, {"high": rng.choice([0, 1])}),
        "list_length_by_sector": (0.2, {"health": rng.choice([0, 1])}), "list_changes": (0.3, rng.choice([1, 2])),
        "minimum_stay": (0.3, 2), "must_not_list": (0.1, ["0110"]), "groups": (0.2, [["0110", "2221"]]),
        "risk_shares": (0.3, {"high": round(rng.uniform(0.2, 0.6), 2)}),
        "fairness": (0.4, {rng.choice(["area_coverage", "sector_coverage"]): round(rng.uniform(0.01, 0.15), 2),
                           "band": round(rng.uniform(0.1, 0.5), 2)}),
    }
    return {"review_years": rng.choice([1, 2])} | {k: v for k, (chance, v) in wishes.items() if rng.random() < chance}


def some_parameters(rng: random.Random) -> Rows:
    ranges = {"weight": (0.5, 3), "uptake": (0.5, 1), "additional": (0.3, 1), "permit_cost": (10, 100),
              "max_migrant_share": (0.2, 1), "trainees_per_permit": (0.1, 0.6), "training_success": (0.2, 0.9),
              "training_cost": (10, 200), "min_other_vacancies": (1, 5)}
    given = [(name, "*", "*", round(rng.uniform(*ends), 1)) for name, ends in ranges.items() if rng.random() < 0.4]
    whole = {"lot": (1, 2, 5), "min_quota": (1, 3), "max_quota": (8, 20), "training_lag": (0, 1)}
    given += [(name, "*", "*", rng.choice(values)) for name, values in whole.items() if rng.random() < 0.3]
    return rows("parameter region occupation central", *given)


def some_services(rng: random.Random) -> dict[str, Rows]:
    kept = [row for row in (("course", "area", "hours", "S"), ("house", "region", "dwellings", "S"),
                            ("desk", "shared", "files", "S")) if rng.random() < 0.6]
    per_person = [(g, "*", "*", "person", age, round(rng.uniform(0.3, 5), 1)) for g, *_ in kept for age in (0, 1)]
    per_permit = [(g, "*", "*", "permit", 0, round(rng.uniform(0.5, 3), 1)) for g, scope, *_ in kept if scope != "area"]
    settings = [(name, g, "*", number) for g, *_ in kept for name, number in
                (("unit_cost", 2.5), ("max_expansion", 12.5), ("expansion_cost", 3), ("lead_time", rng.choice([0, 1])))]
    return {
        "services": rows("service scope unit source", *kept),
        "service_use": rows("service region occupation per cohort_year central", *per_person, *per_permit),
        "capacities": rows("service place year central", *((g, "*", "*", rng.randint(10, 60)) for g, *_ in kept)),
        "service_parameters": rows("parameter service place central", *settings),
    }


def country(rng: random.Random, folder: Path) -> Problem:
    regions = ("Q", "R")[:rng.choice([1, 2])]
    areas = [(f"{r}{i}", r) for r in regions for i in (1, 2)]
    years = range(2026, 2026 + rng.choice([1, 2, 3]))
    cells = [(p, o, t) for p, _ in areas for o in OCCUPATIONS for t in years]
    return world(
        folder, {"last_year": years[-1], "regions": {r: some_rules(rng) for r in regions}},
        regions=rows("region", *((r,) for r in regions)), areas=rows("area region", *areas),
        occupations=rows("occupation sector skill_tier regulated risk_class",
                         ("0110", "construction", "medium", "no", "high"), ("2221", "health", "high", "yes", "low"),
                         ("7411", "construction", "low", "no", "")),
        shortages=rows("area occupation year central",
                       *((*cell, round(rng.uniform(1, 20), 1)) for cell in cells if rng.random() < 0.8)),
        activatable=rows("area occupation year central",
                         *((*cell, round(rng.uniform(0, 6), 1)) for cell in cells if rng.random() < 0.3)),
        retention=rows("region occupation cohort_year central",
                       *(("*", "*", age, round(0.9 ** (age + 0.5), 2)) for age in range(len(years)))),
        list_in_force=rows("region occupation entry",
                           *((r, o, "x") for r in regions for o in OCCUPATIONS if rng.random() < 0.3)),
        training_places=rows("region occupation year central", ("*", "*", "*", round(rng.uniform(1, 8), 1))),
        permit_totals=rows("region year central", ("*", "*", rng.choice([5, 12, 25]))),
        budgets=rows("region year central", ("*", "*", round(rng.uniform(300, 3000), 1))),
        commuting=rows("area reaches", *((a, b) for a, _ in areas for b, _ in areas if a != b and rng.random() < 0.4)),
        parameters=some_parameters(rng), **some_services(rng))
