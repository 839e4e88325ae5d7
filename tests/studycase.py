"""A small study for tests: the vale, two regions with builders and nurses in every table; any part can be replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from worlds import Rows, rows, write_world

from optimiser import strictyaml
from optimiser.study.spec import Study, load

BUILDERS, NURSES = "0110", "2221"
RANGE = "low central high"


def vale(folder: Path, config: dict[str, Any] | None = None, **tables: Rows) -> Path:
    """Regions R (areas A1, A2) and Q (area B1), two years; every table has ranges."""
    base: dict[str, Rows] = {
        "regions": rows("region title_en", ("R", "The Vale"), ("Q", "The Ridge")),
        "areas": rows("area region", ("A1", "R"), ("A2", "R"), ("B1", "Q")),
        "shortages": rows(f"area occupation year {RANGE}",
                          *((area, o, t, 5, 10, 20) for area in ("A1", "A2", "B1") for o in (BUILDERS, NURSES)
                            for t in (2026, 2027))),
        "activatable": rows(f"area occupation year {RANGE}", ("A1", BUILDERS, 2026, 1, 2, 4)),
        "services": rows("service scope unit", ("course", "area", "hours"), ("desk", "region", "officer hours")),
        "service_use": rows(f"service region occupation per cohort_year {RANGE}",
                            ("course", "*", "*", "person", 0, 50, 100, 150),
                            ("course", "*", "*", "person", 1, 10, 20, 30), ("desk", "*", "*", "permit", 0, 4, 5, 7)),
        "capacities": rows(f"service place year {RANGE}", ("course", "*", "*", 300, 600, 1200),
                           ("course", "A1", 2027, 350, 700, 1300), ("desk", "R", "*", 50, 60, 80)),
        "retention": rows(f"region occupation cohort_year {RANGE}", ("*", "*", 0, 0.4, 0.5, 0.6),
                          ("*", "*", 1, 0.7, 0.8, 0.9), ("R", NURSES, 0, 0.3, 0.6, 0.7),
                          ("R", NURSES, 1, 0.5, 0.6, 0.9)),
        "parameters": rows(f"parameter region occupation {RANGE}", ("uptake", "*", "*", 0.6, 0.85, 0.95),
                           ("uptake", "R", NURSES, 0.5, 0.7, 0.8), ("additional", "*", "tier:high", 0.25, 0.5, 0.75),
                           ("training_lag", "*", "*", 0, 1, 3)),
        "service_parameters": rows(f"parameter service place {RANGE}", ("unit_cost", "course", "*", 1, 2, 4)),
        "permit_totals": rows(f"region year {RANGE}", ("*", "*", 80, 100, 150), ("R", 2027, 60, 90, 100)),
        "budgets": rows(f"region year {RANGE}", ("R", "*", 1e5, 2e5, 3e5)),
        "training_places": rows(f"region occupation year {RANGE}", ("*", BUILDERS, "*", 2, 4, 8)),
    }
    settings = {"last_year": 2027, "regions": {"R": {"list_length": 2, "fairness": {"area_coverage": 0.02}},
                                               "Q": {"list_length": 2}}} | (config or {})
    return write_world(folder / "case", settings, **(base | tables))


def write(folder: Path, world: dict[str, Any] | None = None, **parts: Any) -> Path:
    """The study file, and its case beside it; parts that are None are left out."""
    vale(folder, **(world or {}))
    base: dict[str, Any] = {
        "title": "Vale", "reason": "A test", "source": "Made up", "config": "case/config.yaml",
        "uncertainties": [{"name": "shortage", "table": "shortages", "by": ["region", "occupation"],
                           "distribution": "triangular"}],
        "design": {"kind": "lhs", "rows": 8}}
    path = folder / "study.yaml"
    path.write_text(strictyaml.dump({name: part for name, part in (base | parts).items() if part is not None}), "utf-8")
    return path


def study(folder: Path, world: dict[str, Any] | None = None, **parts: Any) -> Study:
    """The study, read."""
    return load(write(folder, world, **parts))
