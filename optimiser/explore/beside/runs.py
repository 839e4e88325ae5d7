"""Runs that are compared: read, checked, and what two of them share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser import run_folder
from optimiser.check import differences, violations
from optimiser.errors import ResultError
from optimiser.exact import Outcome, evaluate
from optimiser.explore.beside.sides import filling
from optimiser.model.components import components
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.tables import ROW
from optimiser.texts import say

UNBOUNDED = -math.inf
ASIDE = ("title", "tables", "solver", "applied_scenarios", "repair_prices", "steps")  # settings that change no answer


@dataclass(frozen=True)
class Run:
    """A run folder, read and checked; `filling` is what its plan fills (see `sides.filling`)."""

    name: str
    problem: Problem = field(repr=False)
    solution: Solution = field(repr=False)
    outcome: Outcome = field(repr=False)
    filling: pd.DataFrame = field(repr=False)

    def values(self, region: str) -> dict[str, float]:
        """Values of a region's aims, in its order."""
        rows = self.solution.objectives
        rows = rows[rows["region"] == region].sort_values("rank")
        return dict(zip(rows["objective"], rows["value"].astype(float), strict=True))


def read_run(folder: Path, name: str) -> Run:
    """A run folder whose plan and tables keep every rule.

    Raises
    ------
    ResultError
        When it can't be read, or does not.
    """
    problem, solution = run_folder.read(folder)
    broken: Sequence[Any] = violations(problem, solution.plan)
    broken = broken or differences(problem, solution)
    if broken:
        raise ResultError(say("explore.compare_unsound", folder=folder), [str(found) for found in broken])
    return Run(name, problem, solution, evaluate(problem, solution.plan), filling(problem, solution))


@dataclass(frozen=True)
class Shared:
    """Two runs, and what both speak of.

    Attributes
    ----------
    reference, run : Run
    regions, years, areas, occupations
        That both have, in canonical order.
    unshared : tuple of (kind, name of the run, codes)
        What only one of them has.
    """

    reference: Run
    run: Run
    regions: tuple[str, ...]
    years: tuple[int, ...]
    areas: frozenset[str]
    occupations: frozenset[str]
    unshared: tuple[tuple[str, str, tuple[str, ...]], ...]

    def __iter__(self) -> Iterator[Run]:
        return iter((self.reference, self.run))

    def comparable(self, regions: Sequence[str]) -> bool:
        """Whether sums over all years and areas of the regions speak of the same years and areas."""
        a, b = (run.problem for run in self)
        return a.years == b.years and all(a.areas[r] == b.areas[r] for r in regions)

    def title(self, kind: str, code: str) -> str:
        """Title of a region, area or occupation of either run; other codes as they are."""
        titles = [run.problem.title(kind, code) for run in self] if kind in ("regions", "areas", "occupations") else []
        found = next((title for title in titles if title != code), code)
        return found if found == code else f"{found} ({code})"

    @cached_property
    def filled(self) -> list[pd.DataFrame]:
        """What each of the two fills, of what both speak of."""
        return [run.filling[run.filling["region"].isin(list(self.regions)) & run.filling["year"].isin(list(self.years))
                            & run.filling["area"].isin(list(self.areas))
                            & run.filling["occupation"].isin(list(self.occupations))] for run in self]


def shared(reference: Run, run: Run) -> Shared:
    """What two runs share, and what only one of them speaks of."""
    kinds: dict[str, list[list[Any]]] = {
        "regions": [list(p.regions) for p in (reference.problem, run.problem)],
        "years": [list(p.years) for p in (reference.problem, run.problem)],
        "areas": [sorted(p.region_of) for p in (reference.problem, run.problem)],
        "occupations": [sorted(p.tables["occupations"]["occupation"]) for p in (reference.problem, run.problem)]}
    both = {kind: [code for code in first if code in set(second)] for kind, (first, second) in kinds.items()}
    unshared = tuple((kind, one.name, tuple(map(str, left))) for kind, codes in kinds.items()
                     for one, mine in zip((reference, run), codes, strict=True)
                     if (left := [code for code in mine if code not in set(both[kind])]))
    # An area that lies in another region in the other case is another area.
    areas = frozenset(area for area in both["areas"]
                      if reference.problem.region_of[area] == run.problem.region_of[area])
    return Shared(reference, run, tuple(both["regions"]), tuple(both["years"]), areas, frozenset(both["occupations"]),
                  unshared)


def linked(both: Shared) -> list[tuple[str, ...]]:
    """Regions that one of the two runs solves together, where both have all of them."""
    groups = [set(group) for run in both for group in components(run.problem)]
    merged: list[set[str]] = []
    for group in groups:
        apart = [other for other in merged if not other & group]
        merged = [*apart, set().union(group, *(other for other in merged if other & group))]
    return sorted(tuple(sorted(group)) for group in merged if group <= set(both.regions))


def leading_range(run: Run, regions: Sequence[str], name: str) -> tuple[float, float]:
    """Between which values the best possible leading aim of some regions lies, least being best.

    The value of the plan and the bound of the search; of regions solved together the folder holds the relative gap of
    their sum only, from before later aims gave some of it back.
    """
    sign = -1.0 if name == "worst_coverage" else 1.0
    objectives = run.solution.objectives
    first = objectives[(objectives["rank"] == 1) & objectives["region"].isin(list(regions))].set_index("region")
    low, high = 0.0, 0.0
    for group in components(run.problem):
        if not set(group) <= set(regions):
            continue
        rows = first.loc[list(group)]
        value = float(sign * rows["value"].sum())
        bound = sign * rows["bound"].iloc[0] if len(group) == 1 else _joint_bound(value, rows, sign)
        low, high = low + (bound if math.isfinite(bound) else UNBOUNDED), high + value
    return min(low, high), high


def _joint_bound(value: float, rows: pd.DataFrame, sign: float) -> float:
    gap = rows["gap"].iloc[0]
    if sign < 0 or not math.isfinite(gap):
        return UNBOUNDED
    return value / (1 + rows["tolerance"].max()) * (1 - gap)


def differing(both: Shared) -> tuple[list[str], list[str]]:
    """Settings and tables in which the two cases differ, as far as they decide which plans are possible and good."""
    flat = [_flat(run.problem.config.model_dump(mode="json", exclude=set(ASIDE))) for run in both]
    settings = sorted(key for key in flat[0].keys() | flat[1].keys() if flat[0].get(key) != flat[1].get(key))
    first, second = (run.problem.tables for run in both)
    return settings, [f"{name}.csv" for name in first if not _same(first[name], second[name])]


def _same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    return first.drop(columns=ROW).reset_index(drop=True).equals(second.drop(columns=ROW).reset_index(drop=True))


def _flat(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{path}.{key}" if path else str(key)
        found |= _flat(value, name) if isinstance(value, dict) else {name: value}
    return found
