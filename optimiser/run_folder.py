"""Run folders: a solution and the input it answers, on disk, whole, and read back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import re
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import InputError, ResultError
from optimiser.plaintext import read_text
from optimiser.plan import Plan
from optimiser.problem import Problem, load
from optimiser.solution import COLUMNS, Solution
from optimiser.storage import settle
from optimiser.tables import MAX_BYTES, cell
from optimiser.texts import say

INPUT = "input"
TEXT = re.compile(r".*", re.DOTALL)
WHOLE = re.compile(r"-?[0-9]{1,15}")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?(e[-+]?[0-9]{1,2})?")
PROOF = re.compile(rf"({NUMBER.pattern}|-?inf)?")  # nothing, or without end, where nothing is proved
END = re.compile("not solved|optimal|within_gap|work_limit|time_limit|interrupted|infeasible|failed|unknown")
FORMS = {  # of the columns that hold no plain numbers
    **dict.fromkeys(("region", "area", "occupation", "service", "place", "objective", "unit", "entered", "left"),
                    TEXT),
    **dict.fromkeys(("review", "first_year", "last_year", "year", "quota", "rank"), WHOLE),
    **dict.fromkeys(("bound", "gap"), PROOF), "status": END,
}
STATUS: dict[str, tuple[type, ...]] = {  # entries that are used again, and what they may be
    **dict.fromkeys(("input_hashes", "versions", "objective", "bound"), (dict,)), "termination": (str,),
    "scenarios": (list,), "clock_cut": (bool,), "seed": (int,), "gap_wanted": (float, int)}
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
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def read(folder: Path | str) -> tuple[Problem, Solution]:
    """A run folder as the Problem it answered and the Solution it holds, as published.

    Raises
    ------
    ResultError
        When something is missing, unreadable or was changed since it was written.
    InputError
        When the copy of the input has faults.
    """
    folder = Path(folder)
    if not folder.exists():
        settle(folder)
    if not (folder / INPUT / "config.yaml").is_file():
        raise ResultError(say("run.no_run", folder=folder))
    found: dict[str, Any] = {}
    faults: list[str] = []
    for file in (*(f"{name}.csv" for name in COLUMNS), "status.json"):
        try:
            text = read_text(folder / file, MAX_BYTES)
            found[file.split(".")[0]] = _status(text) if file == "status.json" else _table(text, file)
        except InputError as error:
            faults += [f"{file}: {fault.got}" for fault in error.faults]
        except ValueError as error:
            faults.append(f"{file}: {error}")
    if faults:
        raise ResultError(say("run.unreadable", folder=folder), faults)
    known, now = found["status"]["input_hashes"], hashes(folder / INPUT)
    if changed := sorted(name for name in known.keys() | now.keys() if known.get(name) != now.get(name)):
        raise ResultError(say("run.input_changed", folder=folder, files=", ".join(changed)))
    return load(folder / INPUT / "config.yaml"), Solution(plan=_plan(found), **found)


def _status(text: str) -> dict[str, Any]:
    try:
        status = json.loads(text)
    except (ValueError, RecursionError):
        status = None
    if not isinstance(status, dict) or "input_hashes" not in status:
        raise ValueError(say("run.no_status"))
    for name, kinds in STATUS.items():
        if not isinstance(status.get(name, kinds[0]()), kinds):
            raise ValueError(say("run.no_entry", name=name, got=repr(status[name])[:80]))
    return status


def _table(text: str, file: str) -> pd.DataFrame:
    """A result table from the text that was written; a ValueError says what is wrong with it."""
    columns = COLUMNS[file.removesuffix(".csv")]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(say("run.no_table", reason=error)) from None
    if not rows or tuple(rows[0]) != columns:
        raise ValueError(say("run.columns", columns=", ".join(columns)))
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns):
            raise ValueError(say("run.cells", row=number, n=len(row), columns=len(columns)))
        for name, value in zip(columns, row, strict=True):
            if not FORMS.get(name, NUMBER).fullmatch(value):
                key = "run.no_end" if name == "status" else "run.no_number"
                raise ValueError(say(key, row=number, column=name, got=repr(value[:80])))
    frame = pd.DataFrame(rows[1:], columns=list(columns), dtype="str")
    kinds = {TEXT: "str", END: "str", WHOLE: "int64"}
    return frame.replace({name: {"": "nan"} for name in ("bound", "gap") if name in columns}).astype(
        {name: kinds.get(FORMS.get(name, NUMBER), "float64") for name in columns})


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
