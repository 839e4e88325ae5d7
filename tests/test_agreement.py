"""Model and check state the same rules: on random little countries they give the same verdict on every plan.

The two share no code: one is a matrix, the other exact fractions. A plan is the best one for a random wish, then
moved by a lot, a listing or the smallest step; the matrix says whether the rest of its columns can be filled in.
"""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from worlds import Rows, rows, world

from optimiser.check import violations
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import Handed, hand_over
from optimiser.plan import DECIMALS, Plan
from optimiser.problem import Problem

OCCUPATIONS = ("0110", "2221", "7411")
DECISIONS = ("listed", "lots", "arrivals", "trainees", "expansion")
ROOM = 2e-7  # what the solver calls satisfied; every step of a plan moves a rule by more


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


def solved(handed: Handed, cost: np.ndarray) -> Any:
    """The best point of a model for a wish; None when there is none."""
    program: Any = handed.program
    limits = LinearConstraint(program.matrix, program.row_lower, program.row_upper)
    return milp(cost, constraints=limits, integrality=program.integer.astype(int),
                bounds=Bounds(program.col_lower, program.col_upper)).x


def allowed(handed: Handed, values: dict[int, Fraction], plan: Plan) -> bool:
    """Whether the rest of the columns can be filled in."""
    program: Any = handed.program
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    for i, value in values.items():
        lower[i] = upper[i] = float(value)
    limits = LinearConstraint(program.matrix, program.row_lower - ROOM, program.row_upper + ROOM)
    return milp(np.zeros(len(lower)), constraints=limits, bounds=Bounds(lower, upper)).x is not None


def moved(handed: Handed, x: np.ndarray, rng: random.Random) -> dict[int, Fraction]:
    """The decisions of a point in published decimals, a few of them moved by one step within their caps."""
    program, unit = handed.program, 10**DECIMALS
    places = [i for i, (name, _) in enumerate(handed.columns) if name in DECISIONS]
    values = {i: Fraction(round(x[i])) if program.integer[i] else
              Fraction(int(np.floor(round(x[i], 6) * unit + 1e-6)), unit) for i in places}
    for i in rng.sample(places, min(len(places), rng.choice([0, 1, 1, 2, 4]))):
        step = Fraction(1) if program.integer[i] else Fraction(rng.choice([1, unit]), unit)
        most = Fraction(int(np.floor(program.col_upper[i] * unit + 1e-6)), unit)
        values[i] = min(most, max(Fraction(0), values[i] + rng.choice([-1, 1]) * step))
    return values


def as_plan(handed: Handed, values: dict[int, Fraction]) -> Plan:
    found: dict[str, dict[Any, Fraction]] = {name: {} for name in DECISIONS}
    for i, value in values.items():
        name, key = handed.columns[i]
        if value:
            found[name][key] = value
    quota = {key: int(lots) * handed.frame.lot[key[:2]] for key, lots in found["lots"].items()}
    return Plan(frozenset(found["listed"]), quota, found["arrivals"], found["trainees"], found["expansion"])


@pytest.mark.parametrize("seed", range(6))
def test_model_and_check_agree(tmp_path: Path, seed: int) -> None:
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    problem = country(rng, tmp_path)
    for regions in components(problem):
        handed = hand_over(frame(problem, regions))
        program = handed.program
        best: Any = solved(handed, numbers.normal(size=len(program.col_lower)))
        if best is None:
            continue
        for _ in range(12):
            values = moved(handed, best, rng)
            plan = as_plan(handed, values)
            if any(value < program.col_lower[i] for i, value in values.items()):
                assert violations(problem, plan, regions)  # locks are bounds of the model
            else:
                broken = violations(problem, plan, regions)
                assert allowed(handed, values, plan) == (not broken), [str(violation) for violation in broken]
