"""Tiny worlds with names, small enough to solve by hand; every table can be given in a few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optimiser import strictyaml
from optimiser.cells import written
from optimiser.problem import Problem, load
from optimiser.schema import BY_NAME, Table

Rows = list[dict[str, Any]]

DEFAULT = {"basis": "assumed", "source": "S"}


def rows(columns: str, *values: tuple[Any, ...]) -> Rows:
    """Rows in short: `rows("area occupation year central", ("A1", "0110", 2026, 12))`."""
    return [dict(zip(columns.split(), value, strict=True)) for value in values]


def write_table(folder: Path, table: Table, records: Rows) -> None:
    """A table as a CSV file; low and high are left empty, basis and source get defaults."""
    columns = [c for c in table.columns if c.required or any(c.name in record for record in records)]
    lines = [",".join(column.name for column in columns)]
    for record in records:
        lines.append(",".join(written(record.get(c.name, DEFAULT.get(c.name, ""))) for c in columns))
    (folder / table.file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_world(folder: Path, config: dict[str, Any] | None = None, **tables: Rows) -> Path:
    """A whole case on disk; returns the path of its config.

    Without other wishes: one region `R` with areas `A1`, `A2`, occupations `0110` (construction, medium) and `2221`
    (health, high, regulated), one year, 2026.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base: dict[str, Rows] = {
        "sources": rows("source publisher title date confidence", ("S", "Nobody", "Made up for a test", 2026, "low")),
        "regions": rows("region", ("R",)),
        "areas": rows("area region", ("A1", "R"), ("A2", "R")),
        "occupations": rows("occupation title_en sector skill_tier regulated risk_class",
                            ("0110", "Builder", "construction", "medium", "no", "high"),
                            ("2221", "Nurse", "health", "high", "yes", "low")),
        "shortages": rows("area occupation year central", ("A1", "0110", 2026, 10), ("A1", "2221", 2026, 4)),
    }
    for name, records in (base | tables).items():
        write_table(folder, BY_NAME[name], records)
    settings = {"tables": ".", "first_year": 2026, "last_year": 2026, "regions": {"R": {}},
                "solver": {"gap": 0.0, "time_limit": 60}} | (config or {})
    path = folder / "config.yaml"
    path.write_text(strictyaml.dump(settings), encoding="utf-8")
    return path


def world(folder: Path, config: dict[str, Any] | None = None, **tables: Rows) -> Problem:
    """A whole case, written and read back; see `write_world`."""
    return load(write_world(folder, config, **tables))
