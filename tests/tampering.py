"""Harmful changes of a published run folder: a cell, a row, a code, a cohort, a proof.

A tamperer takes a seeded generator, the case, its plan and the folder, changes the folder and says what it did, or
None where there is nothing to change. Every decision of `kingdoms.py` costs money at a price of its own, so that no
published number can change alone.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable
from typing import Any

from kingdoms import SHORT

from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import COLUMNS, derive
from optimiser.tables import cell

Sheets = dict[str, list[list[str]]]  # rows by table, without the header
CODES = ("region", "area", "occupation", "service", "place", "objective")
FREE = ("bound", "gap", "status")  # what was proved can't be worked out again; see `bound_too_good` and its like


class Folder:
    """The files of a run folder, to be changed and written."""

    def __init__(self, texts: dict[str, str]):
        self.sheets: Sheets = {name: list(csv.reader(io.StringIO(texts[f"{name}.csv"])))[1:] for name in COLUMNS}
        self.status: dict[str, Any] = json.loads(texts["status.json"])

    def texts(self) -> dict[str, str]:
        """Every file as it is written."""
        found = {"status.json": json.dumps(self.status)}
        for name, rows in self.sheets.items():
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows([COLUMNS[name], *rows])
            found[f"{name}.csv"] = out.getvalue()
        return found


Tamperer = Callable[[random.Random, Problem, Plan, Folder], "str | None"]
TAMPERERS: dict[str, Tamperer] = {}


def tamperer(make: Tamperer) -> Tamperer:
    """Enter a function as the tamperer of its name."""
    TAMPERERS[make.__name__] = make
    return make


def some_row(rng: random.Random, folder: Folder, among: tuple[str, ...] = tuple(COLUMNS)) -> tuple[str, int]:
    """A table that has rows, and one of them."""
    name = rng.choice([name for name in among if folder.sheets[name]])
    return name, rng.randrange(len(folder.sheets[name]))


def numeric(name: str) -> list[int]:
    """Columns of a table that hold numbers which follow from the plan or are decided."""
    texts = (*CODES, *FREE, "unit", "entered", "left")
    return [i for i, column in enumerate(COLUMNS[name]) if column not in texts]


@tamperer
def last_digit(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """One more or less in the last digit of a number."""
    name, row = some_row(rng, folder)
    column = rng.choice(numeric(name))
    old = folder.sheets[name][row][column]
    whole, _, decimals = old.partition(".")
    scaled = int(whole + decimals) + rng.choice([-1, 1])
    digits = f"{abs(scaled):0{len(decimals) + 1}d}"
    sign = "-" if scaled < 0 or (scaled == 0 and old.startswith("-")) else ""
    new = sign + (f"{digits[:-len(decimals)]}.{digits[-len(decimals):]}" if decimals else digits)
    folder.sheets[name][row][column] = new
    return f"{name} {row} {column}: {old} -> {new}"


@tamperer
def numbers_exchanged(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """The numbers of two rows exchanged."""
    name, row = some_row(rng, folder, ("arrivals", "unfilled", "services", "objectives"))
    column, other = rng.choice(numeric(name)), rng.randrange(len(folder.sheets[name]))
    one, two = folder.sheets[name][row], folder.sheets[name][other]
    if one[column] == two[column]:
        return None
    one[column], two[column] = two[column], one[column]
    return f"{name} {row} {other} {column}"


@tamperer
def row_dropped(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """One row left out."""
    name, row = some_row(rng, folder)
    del folder.sheets[name][row]
    return f"{name} {row}"


@tamperer
def row_doubled(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """One row twice, side by side or at the end."""
    name, row = some_row(rng, folder)
    place = rng.choice([row, len(folder.sheets[name])])
    folder.sheets[name].insert(place, list(folder.sheets[name][row]))
    return f"{name} {row} {place}"


@tamperer
def rows_moved(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """Two rows that change places."""
    name, row = some_row(rng, folder)
    rows, other = folder.sheets[name], rng.randrange(len(folder.sheets[name]))
    if row == other:
        return None
    rows[row], rows[other] = rows[other], rows[row]
    return f"{name} {row} {other}"


@tamperer
def code_swapped(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """Another area, occupation, region, service or objective in a row."""
    name, row = some_row(rng, folder)
    column = rng.choice([i for i, code in enumerate(COLUMNS[name]) if code in CODES])
    kind, old = COLUMNS[name][column], folder.sheets[name][row][column]
    codes = {"region": problem.regions, "area": problem.region_of, "occupation": SHORT, "service": problem.services,
             "place": [*problem.region_of, *problem.regions, "shared"],
             "objective": ["unfilled", "worst_coverage", "list_changes", "cost"]}[kind]
    new = rng.choice([code for code in codes if code != old])
    folder.sheets[name][row][column] = new
    return f"{name} {row} {column}: {old} -> {new}"


@tamperer
def year_swapped(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """Another year in a row; of training starts only where permits of the year require them."""
    name, row = some_row(rng, folder, ("quotas", "arrivals", "training", "unfilled", "services"))
    cells = folder.sheets[name][row]
    if name == "training":
        r, o, t = cells[0], cells[1], int(cells[2])
        if not (plan.quota.get((r, o, t)) and problem.parameter("trainees_per_permit", r, o)):
            return None
    old = cells[2]
    cells[2] = str(rng.choice([year for year in problem.years if str(year) != old]))
    return f"{name} {row}: {old} -> {cells[2]}"


@tamperer
def flag_flipped(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """`entered` or `left` of a listing turned round."""
    _, row = some_row(rng, folder, ("lists",))
    column = rng.choice([COLUMNS["lists"].index(flag) for flag in ("entered", "left")])
    cells = folder.sheets["lists"][row]
    cells[column] = {"yes": "no", "no": "yes"}[cells[column]]
    return f"{row} {column}"


@tamperer
def forgotten_cohort(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """Everything that follows worked out without one cohort, which stands in arrivals.csv all the same."""
    if not plan.arrivals:
        return None
    key = rng.choice(sorted(plan.arrivals))
    arrivals = {k: n for k, n in plan.arrivals.items() if k != key}
    _derived_from(folder, problem, Plan(plan.listed, plan.quota, arrivals, plan.trainees, plan.expansion))
    return str(key)


@tamperer
def forgotten_later_years(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """What a cohort takes of a service in the years after its arrival left out of services.csv."""
    later = [(o, p, t) for o, p, t in plan.arrivals if t < problem.years[-1]]
    if not later:
        return None
    o, p, t = rng.choice(sorted(later))
    row = next(row for row in folder.sheets["services"] if row[:3] == ["course", p, str(t + 1)])
    hours = problem.use_person["course", problem.region_of[p], o][1]
    used = COLUMNS["services"].index("used")
    row[used] = cell(round(float(row[used]) - hours * float(plan.arrivals[o, p, t]), 6))
    return f"{o} {p} {t}"


def _derived_from(folder: Folder, problem: Problem, plan: Plan) -> None:
    """The tables that follow from decisions, from those of another plan; what was proved stays."""
    other = derive(problem, plan)
    for name in ("unfilled", "services", "objectives"):
        frame = getattr(other, name)
        for row, again in zip(folder.sheets[name], frame.itertuples(index=False), strict=True):
            row[:] = [old if column in FREE else cell(new)
                      for column, old, new in zip(COLUMNS[name], row, again, strict=True)]


# Proofs
def objective(rng: random.Random, folder: Folder, proved: Callable[[dict[str, str]], bool]
              ) -> tuple[list[str], dict[str, str]] | None:
    """A row of objectives.csv, and its cells by column."""
    found = [(row, cells) for row in folder.sheets["objectives"]
             if proved(cells := dict(zip(COLUMNS["objectives"], row, strict=True)))]
    return rng.choice(found) if found else None


@tamperer
def bound_too_good(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """A bound that the plan itself beats by more than rounding can explain."""
    found = objective(rng, folder, lambda cells: float(cells["value"]) > 0)
    if not found:
        return None
    row, cells = found
    factor = 1 + rng.choice([0.002, 0.01, 0.5])
    value = float(cells["value"])
    new = cell(value / factor if cells["objective"] == "worst_coverage" else value * factor)
    row[COLUMNS["objectives"].index("bound")] = new
    return f"{cells['region']} {cells['objective']}: {new}"


@tamperer
def gap_too_small(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """A gap smaller than the distance of value and bound, which is made large enough to show."""
    found = objective(rng, folder, lambda cells: float(cells["value"]) > 0)
    if not found:
        return None
    row, cells = found
    value, distance = float(cells["value"]), rng.uniform(0.01, 0.5)
    bound = value * (1 + distance) if cells["objective"] == "worst_coverage" else value * (1 - distance)
    larger = max(value, bound)
    row[COLUMNS["objectives"].index("bound")] = cell(bound)
    row[COLUMNS["objectives"].index("gap")] = cell(abs(value - bound) / larger * rng.uniform(0, 0.8))
    return f"{cells['region']} {cells['objective']}: {row}"


@tamperer
def status_changed(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """How the search of an objective ended, told otherwise."""
    _, row = some_row(rng, folder, ("objectives",))
    cells, column = folder.sheets["objectives"][row], COLUMNS["objectives"].index("status")
    words = ["optimal", "within_gap", "work_limit", "time_limit", "interrupted", "not solved", "proved", ""]
    cells[column] = rng.choice([word for word in words if word != cells[column]])
    return f"{row}: {cells[column]}"


@tamperer
def status_file_differs(rng: random.Random, problem: Problem, plan: Plan, folder: Folder) -> str | None:
    """A value or bound that status.json repeats, the gap of the run or how it ended, told otherwise."""
    name = rng.choice(["objective", "bound", "gap", "termination"])
    held = folder.status[name]
    if name == "termination":
        words = ["optimal", "within_gap", "work_limit", "time_limit", "interrupted", "failed"]
        folder.status[name] = rng.choice([word for word in words if word != held])
    elif name == "gap":
        if held is None:
            return None
        folder.status[name] = held / 2 if held and rng.random() < 0.5 else held + 0.01
    else:
        region = rng.choice([r for r, number in held.items() if number is not None] or [None])
        if region is None:
            return None
        held[region] = float(re.sub(r"\d$", lambda digit: str((int(digit[0]) + 1) % 10), repr(held[region])))
    return f"{name}: {folder.status[name]}"
