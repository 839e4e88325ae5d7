"""From a number of the model back to the row of the table that it most likely comes from."""

from __future__ import annotations

import math
import re

import pandas as pd

from optimiser.errors import Fault
from optimiser.numbers import chosen
from optimiser.problem import Problem
from optimiser.schema import ANY
from optimiser.selectors import Selectors
from optimiser.solver import OutOfRange
from optimiser.tables import ROW, cell
from optimiser.texts import say

PRICES = ("permit_cost", "training_cost", "unit_cost", "expansion_cost")
COMING = ("shortages", "activatable", "retention", "parameters:additional,uptake,max_migrant_share,min_other_vacancies",
          "service_use", "capacities")
FILLING = ("shortages", "activatable", "retention", "parameters:additional,training_success,weight")
FEEDS: dict[str, tuple[str, ...]] = {  # family, variable or objective -> tables, and which parameters of them
    "unfilled": FILLING, "shortage_balance": FILLING, "arrivals": COMING, "arrivals_only_if_listed": COMING,
    "present_only_if_listed": COMING, "domestic_first": COMING, "worker_independence": COMING,
    "lots": ("parameters:lot,uptake,max_quota,min_quota", "permit_totals", *COMING),
    "quota_only_if_listed": ("parameters:lot,uptake,max_quota,min_quota", "permit_totals", *COMING),
    "quota_at_least": ("parameters:lot,min_quota",), "arrivals_within_quota": ("parameters:lot,uptake",),
    "permit_total": ("parameters:lot", "permit_totals"), "risk_share": ("parameters:lot",),
    "training_required": ("parameters:lot,trainees_per_permit",), "trainees": ("training_places",),
    "service_use": ("service_use", "parameters:lot"),
    "service_capacity": ("capacities", "service_parameters:max_expansion"),
    "used": ("capacities", "service_parameters:max_expansion", "service_use", *COMING),
    "expansion": ("service_parameters:max_expansion",), "expansion_stays": ("service_parameters:max_expansion",),
    **dict.fromkeys(("budget", "cost"), (f"parameters:lot,{','.join(PRICES[:2])}",
                                         f"service_parameters:{','.join(PRICES[2:])}", "budgets")),
    **dict.fromkeys(("area_coverage", "area_supply", "fair_sectors", "band_below", "band_above", "even_split", "split"),
                    FILLING),
}
_NAME = re.compile(r"(\w+)(?:\[(.*)\])?\Z")
_CODES = ("region", "area", "occupation", "service", "place", "year")


def fault(problem: Problem, error: OutOfRange) -> Fault:
    """The fault of the table whose number can't be brought into range.

    Of the rows that can have a part in it, the one whose number is furthest from one is named.
    """
    family = (_NAME.match(error.row or error.column) or [error.row])[1]
    place = ", ".join(filter(None, (error.row, error.column)))
    meant = say("faults.range_of", number=f"{error.number:.6g}", place=place)
    best: tuple[float, Fault] | None = None
    for table, rows in _rows(problem, family, _tokens(problem, error)):
        values = problem.config.values
        for record in rows.assign(number=chosen(rows, values)).to_dict("records"):
            number = float(record["number"])
            far = abs(math.log10(number)) if number > 0 else 0.0
            if far and (best is None or far > best[0]):
                column = values if pd.notna(record[values]) else "central"
                best = far, Fault(f"{table}.csv", int(record[ROW]), column, f"{cell(number)} ({meant})",
                                  error.expected, say("faults.other_units"))
    return best[1] if best else Fault(place, 0, "", f"{error.number:.6g}", error.expected, say("faults.other_units"))


def _tokens(problem: Problem, error: OutOfRange) -> set[str]:
    """Codes and years that the names of the row and the column speak of, and the regions of their areas."""
    found = {token for name in (error.row, error.column) if (match := _NAME.match(name))
             for token in (match[2] or "").split(", ")}
    return found | {problem.region_of[token] for token in found if token in problem.region_of}


def _rows(problem: Problem, family: str, tokens: set[str]) -> list[tuple[str, pd.DataFrame]]:
    """The rows of the tables that feed a family, as far as they speak of the codes."""
    selectors = Selectors.of(problem.tables["occupations"])
    occupations = tokens & selectors.codes
    found = []
    for feed in FEEDS.get(family, ()):
        table, _, names = feed.partition(":")
        rows = problem.tables[table]
        if names:
            rows = rows[rows["parameter"].isin(names.split(","))]
        for column in _CODES:
            if column not in rows:
                continue
            if column == "occupation" and occupations:
                rows = rows.loc[[bool(occupations & set(selectors.members(str(s)))) for s in rows["occupation"]]]
            elif any(str(value) in tokens for value in rows[column]):
                rows = rows[rows[column].isin({*tokens, ANY})]
        found.append((table, rows))
    return found
