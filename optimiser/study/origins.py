"""From the rows of the tables to the numbers of a case: which row every number of a Problem comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from optimiser import consistency
from optimiser.config import Places
from optimiser.numbers import numbers
from optimiser.problem import Problem
from optimiser.schema import BY_NAME
from optimiser.selectors import Selectors

TABLES = {  # field of a Problem -> table, and what its keys are
    "shortage": ("shortages", ("occupation", "area", "year")),
    "activatable": ("activatable", ("occupation", "area", "year")),
    "parameters": ("parameters", ("region", "occupation")),
    "retention": ("retention", ("region", "occupation")),
    "use_permit": ("service_use", ("service", "region", "occupation")),
    "use_person": ("service_use", ("service", "region", "occupation")),
    "capacity": ("capacities", ("service", "place", "year")),
    "service_parameters": ("service_parameters", ("service", "place")),
    "permit_total": ("permit_totals", ("region", "year")),
    "budget": ("budgets", ("region", "year")),
    "training_places": ("training_places", ("region", "occupation", "year")),
}
NUMERIC = tuple(dict.fromkeys(table for table, _ in TABLES.values()))
BY_PARAMETER, BY_AGE = ("parameters", "service_parameters"), ("retention", "use_person")
DERIVED = ("region", "area", "sector", "skill_tier", "risk_class")  # what follows from area, place or occupation
FIRST = 2  # marks of rows begin here: 0 and 1 stand in a Problem where no row speaks


@dataclass(frozen=True)
class Number:
    """One number of a case.

    Attributes
    ----------
    field : field of Problem
    part : parameter, in the fields that hold several; otherwise empty
    key : its key there
    age : years since arrival, where the field holds a tuple of numbers; otherwise -1
    row : position in the table of the row it comes from
    words : dict column -> code, as the table names it, with what follows from area, place and occupation
    """

    field: str
    part: str
    key: tuple[Any, ...]
    age: int
    row: int
    words: Mapping[str, str]


class Origins:
    """Where the numbers of a case come from; worked out by the same code that resolves the tables."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.selectors = Selectors.of(problem.tables["occupations"])

    def of(self, table: str) -> list[Number]:
        """The numbers that come from a table, in canonical order; rows without a central value give none."""
        central = self.problem.tables[table]["central"].to_numpy()
        return [number for field, (name, _) in TABLES.items() if name == table for number in self._field(field)
                if not np.isnan(central[number.row])]

    def useful(self, number: Number) -> bool:
        """Whether a number can matter: not where only a listed occupation uses it, and it can't be listed there."""
        words = number.words
        if number.field in ("shortage", "activatable") or "occupation" not in words:
            return True
        return words["occupation"] in self._candidates[words["region"]]

    def columns(self, table: str) -> list[str]:
        """The columns by which numbers of a table can be chosen."""
        keys = BY_NAME[table].key
        derived = {"area": ("region",), "place": ("area", "region"),
                   "occupation": ("sector", "skill_tier", "risk_class")}
        return list(dict.fromkeys([*keys, *(word for key in keys for word in derived.get(key, ()))]))

    @cached_property
    def _marked(self) -> dict[str, Any]:
        """The fields of the case with the position of its row, FIRST and up, in the place of every number."""
        problem = self.problem
        tables = dict(problem.tables)
        for name in NUMERIC:
            marks = np.arange(len(tables[name])) + float(FIRST)
            tables[name] = tables[name].assign(low=np.nan, central=marks, high=np.nan)
        return numbers(tables, problem.areas, self.selectors, problem.config,
                       consistency.Where(Places("config"), "tables"), [])

    def _field(self, field: str) -> Iterator[Number]:
        found = self._marked[field]
        for part, held in sorted(found.items()) if field in BY_PARAMETER else [("", found)]:
            for key, marks in sorted(held.items()):
                for age, mark in enumerate(marks) if field in BY_AGE else [(-1, marks)]:
                    if mark >= FIRST:
                        yield Number(field, part, key, age, int(mark) - FIRST, self._words(field, part, key, age))

    def _words(self, field: str, part: str, key: tuple[Any, ...], age: int) -> dict[str, str]:
        words = {name: str(code) for name, code in zip(TABLES[field][1], key, strict=True)}
        if part:
            words["parameter"] = part
        if field in ("use_permit", "use_person"):
            words["per"] = field.removeprefix("use_")
        if field in (*BY_AGE, "use_permit"):
            words["cohort_year"] = str(max(age, 0))
        area = words.get("area") or words.get("place", "")
        if area in self.problem.region_of:
            words |= {"area": area, "region": self.problem.region_of[area]}
        elif area in self.problem.regions:
            words["region"] = area
        if occupation := words.get("occupation"):
            words |= {name: self.problem.attribute(name, occupation) for name in ("sector", "skill_tier", "risk_class")}
        return words

    @cached_property
    def _candidates(self) -> dict[str, frozenset[str]]:
        return {region: frozenset(occupations) for region, occupations in self.problem.candidates.items()}

    def rows(self, table: str, found: list[Number]) -> pd.DataFrame:
        """The rows of a table that some numbers come from, one per number."""
        return self.problem.tables[table].iloc[[number.row for number in found]]
