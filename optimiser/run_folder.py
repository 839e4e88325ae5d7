"""Run folders: a solution and the input it answers, on disk, whole, and read back."""

from __future__ import annotations

import csv
import hashlib
import json
import platform
import re
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
WHOLES = ("review", "first_year", "last_year", "year", "quota", "rank")
PROOFS = ("bound", "gap")  # not known, or infinite, where nothing is proved
WHOLE = re.compile(r"-?[0-9]{1,15}")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?(e-?[0-9]{1,2})?")
PROOF = re.compile(rf"({NUMBER.pattern}|-?inf)?")
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
    faults: list[str] = []
    tables = {name: _read_table(folder / f"{name}.csv", columns, faults) for name, columns in COLUMNS.items()}
    status = _read_status(folder / "status.json", faults)
    if faults:
        raise ResultError(say("run.unreadable", folder=folder), faults)
    known, found = status["input_hashes"], hashes(folder / INPUT)
    changed = sorted(name for name in known.keys() | found.keys() if known.get(name) != found.get(name))
    if changed:
        raise ResultError(say("run.input_changed", folder=folder, files=", ".join(changed)))
    problem = load(folder / INPUT / "config.yaml")
    return problem, Solution(plan=_plan(tables), status=status, **tables)


def _read_text(path: Path, faults: list[str]) -> str:
    """The text of a file; empty when it can't be read."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        faults.append(say("run.no_file", file=path.name, reason=error.strerror))
    except UnicodeDecodeError:
        faults.append(say("run.no_text", file=path.name))
    return ""


def _read_status(path: Path, faults: list[str]) -> dict[str, Any]:
    if text := _read_text(path, faults):
        try:
            status = json.loads(text)
            if isinstance(status, dict) and isinstance(status.get("input_hashes"), dict):
                return status
        except (ValueError, RecursionError):
            pass
        faults.append(say("run.no_status", file=path.name))
    return {}


def _read_table(path: Path, columns: tuple[str, ...], faults: list[str]) -> pd.DataFrame:
    """A result table as it was written; what can't be read is added to `faults`."""
    before = len(faults)
    rows = list(csv.reader(_read_text(path, faults).splitlines()))
    if len(faults) == before and (not rows or tuple(rows[0]) != columns):
        faults.append(say("run.columns", file=path.name, columns=", ".join(columns)))
    for number, row in enumerate(rows[1:] if len(faults) == before else [], start=2):
        if len(row) != len(columns):
            faults.append(say("run.cells", file=path.name, row=number, n=len(row), columns=len(columns)))
            continue
        for name, text in zip(columns, row, strict=True):
            if name not in CODES and not (WHOLE if name in WHOLES else NUMBER if name not in PROOFS else PROOF
                                          ).fullmatch(text):
                faults.append(say("run.no_number", file=path.name, row=number, column=name, got=repr(text[:80])))
    if len(faults) > before:
        return pd.DataFrame(columns=list(columns))
    frame = pd.DataFrame(rows[1:], columns=list(columns), dtype=str)
    return frame.astype({name: "int64" for name in columns if name in WHOLES}).assign(
        **{name: pd.to_numeric(frame[name].where(frame[name] != "", None)).astype("float64")
           for name in columns if name not in WHOLES + CODES})


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
