"""Tiny random worlds for the oracle: every family of constraints on by chance, few enough lots to try all.

With `nasty`, some numbers are multiplied by anything from 1e-9 to 1e9.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from worlds import Rows, rows, write_world

OCCUPATIONS = ("0110", "2221")
AIMS = ("unfilled", "worst_coverage", "list_changes", "cost")
NASTY = {"shortages", "activatable", "service_use", "capacities", "service_parameters", "budgets", "training_places",
         "weight", "permit_cost", "trainees_per_permit", "training_success", "training_cost", "additional",
         "max_migrant_share", "min_other_vacancies", "retention", "uptake"}
LIMITS = {"service_use": 1e6, "capacities": 1e6, "shortages": 1e6, "activatable": 1e6, "budgets": 1e10,
          "training_places": 1e6, "service_parameters": 1e6, "weight": 1e3, "permit_cost": 1e6, "training_cost": 1e6,
          "trainees_per_permit": 1e2, "training_success": 1, "additional": 1, "max_migrant_share": 1,
          "min_other_vacancies": 1e6, "retention": 1, "uptake": 1}
LEAST = {"weight": 1e-3, "uptake": 1e-3, "additional": 1e-3}


class Draw:
    """Numbers of one world; `nasty` names the tables and parameters whose numbers are multiplied."""

    def __init__(self, seed: int, nasty: bool):
        self.rng = random.Random(f"tiny {seed}")
        self.nasty = set(self.rng.sample(sorted(NASTY), self.rng.choice([1, 1, 2, 4]))) if nasty else set()
        self.power = {name: self.rng.uniform(-9, 9) for name in sorted(self.nasty)}

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def number(self, name: str, low: float, high: float, digits: int = 1) -> float:
        """A number of a table or parameter, within what the tables may say."""
        drawn = round(self.rng.uniform(low, high), digits)
        if name not in self.nasty:
            return drawn
        power = self.power[name] + (self.rng.uniform(-9, 9) if self.chance(0.2) else 0)
        return float(f"{min(LIMITS[name], max(LEAST.get(name, 0.0), drawn * 10 ** max(-9, min(9, power)))):.6g}")


def write_tiny(folder: Path, seed: int, nasty: bool = False) -> Path:
    """One world on disk; the path of its config."""
    d = Draw(seed, nasty)
    shared = d.chance(0.2)
    regions = ("Q", "R") if shared else ("R",)
    years = (2026,) if shared else (2026, 2027)[:d.rng.choice([1, 2, 2])]
    areas = [(f"{r}{i}", r) for r in regions for i in ((1,) if shared else (1, 2))]
    cells = [(p, o, t) for p, _ in areas for o in OCCUPATIONS for t in years]
    lot = d.rng.choice([1, 2, 3, 5])
    config = {"last_year": years[-1], "regions": {r: _rules(d, shared) for r in regions}}
    return write_world(
        folder, config,
        regions=rows("region", *((r,) for r in regions)), areas=rows("area region", *areas),
        occupations=rows("occupation sector skill_tier regulated risk_class",
                         ("0110", "construction", "medium", "no", "high"), ("2221", "health", "high", "yes", "low")),
        shortages=rows("area occupation year central",
                       *((*cell, d.number("shortages", 1, 15)) for cell in cells if d.chance(0.85))),
        activatable=rows("area occupation year central",
                         *((*cell, d.number("activatable", 0, 4)) for cell in cells if d.chance(0.25))),
        retention=rows("region occupation cohort_year central", *(
            ("*", "*", age, min(d.number("retention", low, high, 2), 1.0)) for age, (low, high) in
            enumerate(((0.7, 1), (0.4, 0.7))[:len(years)]))) if d.chance(0.6) else [],
        list_in_force=rows("region occupation entry", *((r, o, "x") for r in regions for o in OCCUPATIONS
                                                        if d.chance(0.3))),
        exclusions=rows("region occupation reason", *((r, "2221", "law") for r in regions if d.chance(0.05))),
        training_places=rows("region occupation year central", ("*", "*", "*", d.number("training_places", 1, 8))),
        permit_totals=rows("region year central", ("*", "*", lot * d.rng.choice([1, 2, 3]))),
        budgets=rows("region year central", ("*", "*", d.number("budgets", 100, 2500))) if d.chance(0.5) else [],
        commuting=rows("area reaches", *((a, b) for a, _ in areas for b, _ in areas if a != b and d.chance(0.4))),
        parameters=_parameters(d, lot), **_services(d, shared))


def _rules(d: Draw, shared: bool) -> dict[str, Any]:
    wishes: dict[str, tuple[float, Any]] = {
        "list_length": (0.4, 1), "list_length_by_tier": (0.15, {"high": d.rng.choice([0, 1])}),
        "list_length_by_sector": (0.15, {"health": d.rng.choice([0, 1])}), "list_changes": (0.3, d.rng.choice([1, 2])),
        "minimum_stay": (0.3, 2), "must_not_list": (0.05, ["0110"]), "must_list": (0.15, ["0110"]),
        "groups": (0.15, [["0110", "2221"]]), "risk_shares": (0.3, {"high": round(d.rng.uniform(0.2, 0.7), 2)}),
        "fairness": (0.35, {d.rng.choice(["area_coverage", "sector_coverage"]): round(d.rng.uniform(0.01, 0.12), 2)}
                     | ({"band": round(d.rng.uniform(0.1, 0.5), 2)} if d.chance(0.5) else {})),
    }
    aims = d.rng.sample(AIMS, d.rng.choice([2, 3]))
    if shared or d.chance(0.6):
        aims = ["unfilled", *(aim for aim in aims if aim != "unfilled")]
    objectives = [{"name": aim, "tolerance": d.rng.choice([0.0, 0.0, 0.01])} for aim in aims]
    return {"review_years": d.rng.choice([1, 2]), "objectives": objectives} | {
        name: wish for name, (chance, wish) in wishes.items() if d.chance(chance)}


def _parameters(d: Draw, lot: int) -> Rows:
    ranges = {"weight": (0.5, 3), "uptake": (0.5, 1), "additional": (0.3, 1), "permit_cost": (10, 100),
              "max_migrant_share": (0.2, 1), "trainees_per_permit": (0.1, 0.6), "training_success": (0.2, 0.9),
              "training_cost": (10, 200), "min_other_vacancies": (1, 5)}
    given = [(name, "*", "*", d.number(name, *ends)) for name, ends in ranges.items() if d.chance(0.4)]
    given += [(name, "*", "0110", d.number(name, *ends)) for name, ends in ranges.items() if d.chance(0.15)]
    whole = {"min_quota": (1, lot), "max_quota": (lot, 2 * lot), "training_lag": (0, 1)}
    given += [(name, "*", "*", d.rng.choice(values)) for name, values in whole.items() if d.chance(0.3)]
    limits = {"additional": 1, "training_success": 1, "max_migrant_share": 1, "uptake": 1}
    given = [(*row[:3], min(row[3], limits.get(row[0], row[3]))) for row in given]
    return rows("parameter region occupation central", ("lot", "*", "*", lot), *given)


def _services(d: Draw, shared: bool) -> dict[str, Rows]:
    kept = [row for row in (("course", "area", "hours"), ("house", "region", "dwellings")) if d.chance(0.5)]
    kept += [("desk", "shared", "files")] if shared else []
    use = [(g, "*", o, "person", age, d.number("service_use", 0.3, 5)) for g, *_ in kept for age in (0, 1)
           for o in (OCCUPATIONS if d.chance(0.5) else ("*",))]
    use += [(g, "*", "*", "permit", 0, d.number("service_use", 0.5, 3)) for g, scope, _ in kept if scope != "area"]
    settings = [(name, g, "*", d.number("service_parameters", *ends)) for g, *_ in kept for name, ends in
                (("unit_cost", (1, 4)), ("max_expansion", (0, 15)), ("expansion_cost", (1, 5))) if d.chance(0.7)]
    settings += [("lead_time", g, "*", 1) for g, *_ in kept if d.chance(0.3)]
    return {
        "services": rows("service scope unit", *kept),
        "service_use": rows("service region occupation per cohort_year central", *use),
        "capacities": rows("service place year central",
                           *((g, "*", "*", d.number("capacities", 5, 50, 0)) for g, *_ in kept)),
        "service_parameters": rows("parameter service place central", *settings),
    }
