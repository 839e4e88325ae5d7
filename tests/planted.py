"""A case in which every text and every code of every table is planted with something that must not come alive."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from valley import BUILDERS, NURSES, valley
from worlds import rows

from optimiser import strictyaml
from optimiser.schema import TABLES, Column, Table

SHAPED = {"isco08"}  # texts that must have a form: nothing can be planted there

Text = Callable[[Table, Column], str]


def plant(folder: Path, text: Text, code: str = "") -> Path:
    """The valley with rows in every table; `text` gives what a column of texts holds, `code` stands before each code.

    A number is added where a table would hold the same text twice. Returns the path of the config.
    """
    short = rows("area occupation year low central high basis", *(
        ("A1", occupation, year, 5, 10, 20, "estimated")
        for occupation in (BUILDERS, NURSES, "7411") for year in (2026, 2027)))
    valley(folder, shortages=short, exclusions=rows("region occupation reason", ("R", "7411", "-")),
           permit_totals=rows("region year central", ("R", "*", 1000)),
           budgets=rows("region year central", ("R", "*", 10_000_000)),
           commuting=rows("area reaches", ("A1", "A2")),
           occupations=rows("occupation sector skill_tier regulated risk_class source",
                            (BUILDERS, "s", "medium", "no", "high", "S"), (NURSES, "s", "high", "yes", "low", "S"),
                            ("7411", "s", "medium", "no", "low", "S")))
    for table in TABLES:
        path = folder / table.file
        with path.open(encoding="utf-8", newline="") as file:
            records = list(csv.DictReader(file))
        assert records, table.name
        for number, record in enumerate(records):
            for column in table.columns:
                value = record.get(column.name, "")
                if column.kind == "text" and column.name not in SHAPED:
                    record[column.name] = text(table, column) + (str(number) if column.name in table.key else "")
                elif column.kind in ("code", "selector") and value not in ("", "*", "shared"):
                    record[column.name] = code + value
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [c.name for c in table.columns if c.name in records[0]], lineterminator="\n")
            writer.writeheader()
            writer.writerows(records)
    settings = {"title": text(TABLES[0], TABLES[0].columns[0]), "tables": ".", "first_year": 2026, "last_year": 2027,
                "regions": {code + "R": {"must_not_list": [code + NURSES]}}, "solver": {"gap": 0.0, "time_limit": 60}}
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "s.yaml").write_text(strictyaml.dump({
        "title": settings["title"], "reason": settings["title"], "source": settings["title"],
        "set": {"solver.gap": 0.001}}), encoding="utf-8")
    (folder / "config.yaml").write_text(strictyaml.dump(settings), encoding="utf-8")
    return folder / "config.yaml"


def texts() -> set[tuple[str, str]]:
    """Every file and column in which a text or code is planted; where `*` may stand, it stands."""
    return {(table.file, column.name) for table in TABLES for column in table.columns
            if column.kind in ("text", "code") and column.name not in SHAPED and not column.wild}
