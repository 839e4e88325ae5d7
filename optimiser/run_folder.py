"""Run folders: a solution and the input it answers, on disk, whole, and read back."""

from __future__ import annotations

import hashlib
import json
import platform
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import ResultError
from optimiser.plan import Plan
from optimiser.problem import Problem, load
from optimiser.solution import COLUMNS, Solution
from optimiser.tables import cell
from optimiser.texts import say

INPUT = "input"
CODES = ("region", "area", "occupation", "service", "place", "objective", "unit", "entered", "left", "status")
PACKAGES = ("optimiser", "highspy", "pyomo", "numpy", "scipy", "pandas")


def versions() -> dict[str, str]:
    """Versions of what made an answer."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def fill(problem: Problem, solution: Solution, folder: Path) -> None:
    """Write a solution and the input it answers into a folder; see `storage.whole_folder` for doing so safely."""
    problem.save(folder / INPUT)
    for name in COLUMNS:
        write_table(getattr(solution, name), folder / f"{name}.csv")
    solution.status["input_hashes"] = hashes(folder / INPUT)
    write_status(solution.status, folder)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A result table as CSV; whole numbers without a decimal point."""
    text = pd.DataFrame({name: [cell(value) for value in frame[name]] for name in frame}, columns=frame.columns)
    text.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_status(status: dict[str, Any], folder: Path) -> None:
    """How the run ended, as JSON."""
    text = json.dumps(status, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    (folder / "status.json").write_text(text + "\n", encoding="utf-8")


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def read(folder: Path) -> tuple[Problem, Solution]:
    """A run folder as the Problem it answered and the Solution it holds, as published.

    Raises
    ------
    ResultError
        When something is missing, unreadable or was changed since it was written.
    InputError
        When the copy of the input has faults.
    """
    if not (folder / INPUT / "config.yaml").is_file():
        raise ResultError(say("run.no_run", folder=folder))
    try:
        tables = {name: _read_table(folder / f"{name}.csv", name) for name in COLUMNS}
        status = json.loads((folder / "status.json").read_text("utf-8"))
        found = hashes(folder / INPUT)
        known = status["input_hashes"]
        plan = _plan(tables)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultError(say("run.unreadable", folder=folder, reason=" ".join(str(error).split()))) from None
    changed = sorted(name for name in known.keys() | found.keys() if known.get(name) != found.get(name))
    if changed:
        raise ResultError(say("run.input_changed", folder=folder, files=", ".join(changed)))
    problem = load(folder / INPUT / "config.yaml")
    return problem, Solution(plan=plan, status=status, **tables)


def _read_table(path: Path, name: str) -> pd.DataFrame:
    text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    if tuple(text.columns) != COLUMNS[name]:
        raise ValueError(say("run.columns", file=path.name, columns=", ".join(COLUMNS[name])))
    frame = pd.DataFrame(index=text.index)
    for column in text:
        if column in CODES:
            frame[column] = text[column]
        elif column in ("review", "first_year", "last_year", "year", "quota", "rank"):
            frame[column] = text[column].astype("int64")
        else:
            frame[column] = pd.to_numeric(text[column].where(text[column] != "", None)).astype("float64")
    return frame


def _plan(tables: dict[str, pd.DataFrame]) -> Plan:
    """The decisions that the tables publish."""
    lists, quotas, arrivals = tables["lists"], tables["quotas"], tables["arrivals"]
    training, services = tables["training"], tables["services"]
    expanded = services[services["expansion"] != 0]
    return Plan(
        listed=frozenset((r, o, int(e)) for r, o, e in zip(lists["region"], lists["occupation"], lists["review"],
                                                           strict=True) if e > 0),
        quota={(r, o, int(t)): int(n) for r, o, t, n in quotas.itertuples(index=False) if n != 0},
        arrivals={(o, p, int(t)): Fraction(cell(n)) for p, o, t, n in arrivals.itertuples(index=False)},
        trainees={(r, o, int(t)): Fraction(cell(n)) for r, o, t, n in training.itertuples(index=False)},
        expansion={(g, place, int(t)): Fraction(cell(n)) for g, place, t, n in zip(
            expanded["service"], expanded["place"], expanded["year"], expanded["expansion"], strict=True)},
    )
