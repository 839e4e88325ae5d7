"""The model with every limit once, as a row of its own: what a clash is explained with.

The model that is solved says the same limit in many places - caps that hold a permit total, rows that follow from
others - so that its relaxation is tight. To name what clashes, a limit must be gone once its row is gone. So caps are
those of a case without limits, and what stood in the bounds of columns becomes rows: locks, places, quotas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.model.capacities import THOUSAND
from optimiser.model.frame import NO_ROOM, Frame, frame, trainee_caps
from optimiser.model.handover import Handed, Key, hand_over, names_of
from optimiser.model.presence import Presence, peak, vacancies_in_reach
from optimiser.problem import Problem
from optimiser.solver.limits import Limit
from optimiser.solver.program import Program

# Families that limit something, those first that say least to a reader: of several explanations they are named last.
# Rows of other families only tie variables together.
LIMITS = (
    "no_vacancies", "worker_independence", "domestic_first", "training_places", "max_expansion", "minimum_stay",
    "max_quota", "training_required", "service_capacity", "band_above", "band_below", "budget", "quota_at_least",
    "permit_total", "risk_share", "groups", "list_length_by_sector", "list_length_by_tier", "list_changes",
    "list_length", "fair_sectors", "fair_areas", "must_not_list", "must_list",
)
NARROW = ("service_capacity", "max_expansion", "risk_share", "list_length_by_sector", "list_length_by_tier", "groups",
          "quota_at_least", "max_quota", "must_list", "must_not_list")  # wishes about one place, class or occupation
UNLIMITED = ("max_migrant_share", "min_other_vacancies", "max_quota", "trainees_per_permit")
BOUNDLESS = ("trainees", "expansion", "used")  # columns whose bounds repeat limits that rows state
Index = tuple[Any, ...]
ENOUGH_OF_A_SERVICE = 1e9  # units; whoever may use it is never held back by it
ENOUGH = 1e6  # of anything, where only rows limit it


@dataclass(frozen=True)
class Plain:
    """A programme whose every limit is one row, and which rows these are; `handed` is what it was made of."""

    program: Program
    limits: tuple[Limit, ...]
    handed: Handed


def plain(problem: Problem, regions: tuple[str, ...], room: Mapping[tuple[str, str, int], int] = NO_ROOM) -> Plain:
    """The model of some regions with every limit as a row of its own.

    Parameters
    ----------
    regions, room
        As for `frame`.
    """
    handed = hand_over(_wide(problem, regions, room))
    bounds = list(_in_bounds(handed.frame, set(handed.columns)))
    program = _with_rows(handed.program, bounds)
    rows = (*handed.rows, *(row for row, *_ in bounds))
    limits = sorted((-LIMITS.index(family), i) for i, (family, _) in enumerate(rows) if family in LIMITS)
    return Plain(program, tuple(_limit(problem, handed.frame, i, rows[i]) for _, i in limits), handed)


def _wide(problem: Problem, regions: tuple[str, ...], room: Mapping[tuple[str, str, int], int]) -> Frame:
    """A frame whose caps know no limit, only what could be of use."""
    unlimited = replace(
        problem, locked={}, permit_total={}, capacity=dict.fromkeys(problem.capacity, ENOUGH_OF_A_SERVICE),
        parameters=problem.parameters | {name: {} for name in UNLIMITED})
    wide = frame(unlimited, regions, room)
    return replace(wide, problem=problem, presence=Presence(problem, wide.net), left_over={},
                   trainee_cap=trainee_caps(problem, regions, wide.placement))


def _in_bounds(wide: Frame, columns: set[Key]) -> Iterator[tuple[Key, Key, float, float]]:
    """Limits that stand in the bounds of columns: the row's name, the column, and the row's two sides."""
    problem, infinite = wide.problem, np.inf
    for r, o, e in wide.listed:
        lock = problem.locked.get((r, o))
        if lock is not None:
            sides = (1.0, infinite) if lock else (-infinite, 0.0)
            yield ("must_list" if lock else "must_not_list", (r, o, e)), ("listed", (r, o, e)), *sides
    for key, most in wide.trainee_cap.items():
        yield ("training_places", key), ("trainees", key), -infinite, most
    for key, most in wide.expansion_cap.items():
        yield ("max_expansion", key), ("expansion", key), -infinite, most
    for r, o, t in wide.lots_cap:
        most = problem.parameter("max_quota", r, o)
        if most is not None and ("lots", (r, o, t)) in columns:
            yield ("max_quota", (r, o, t)), ("lots", (r, o, t)), -infinite, most // wide.lot[r, o]
    for o, p, t in wide.arrival_cap:
        needed = problem.parameter("min_other_vacancies", problem.region_of[p], o)
        if needed is not None and vacancies_in_reach(problem, o, p, t) <= needed:
            yield ("no_vacancies", (o, p, t)), ("arrivals", (o, p, t)), -infinite, 0.0


def _with_rows(program: Program, bounds: list[tuple[Key, Key, float, float]]) -> Program:
    """The programme with rows in place of bounds."""
    position = {name: i for i, name in enumerate(program.col_names)}
    columns = np.array([position[name] for name in names_of(column for _, column, _, _ in bounds)], dtype=int)
    extra = sparse.csr_array((np.ones(len(columns)), (np.arange(len(columns)), columns)),
                             shape=(len(columns), len(program.col_names)))
    boundless = np.array([name.split("[")[0] in BOUNDLESS for name in program.col_names])
    return replace(
        program, matrix=sparse.csc_array(sparse.vstack([program.matrix, extra])), stages=(), series=(),
        row_lower=np.append(program.row_lower, [lower for *_, lower, _ in bounds]),
        row_upper=np.append(program.row_upper, [upper for *_, upper in bounds]),
        row_names=(*program.row_names, *names_of(row for row, *_ in bounds)),
        col_upper=np.where(boundless, ENOUGH, program.col_upper))


def _limit(problem: Problem, wide: Frame, row: int, key: Key) -> Limit:
    """A row as a limit: where it belongs, what is measured together, what a step of its number is in the row."""
    family, index = key
    path, measured = _path(problem, family, index)
    return Limit(row, key, (family, *path), measured, _step(problem, wide, family, index))


def _path(problem: Problem, family: str, index: Index) -> tuple[Index, int]:
    """Whose a limit is, from the region or the service down to the single row, and how much of that is one wish."""
    if family in ("no_vacancies", "worker_independence", "domestic_first"):
        o, p, t = index
        return (problem.region_of[p], p, t, o), 2
    return index, 3 if family in NARROW else 2


def _step(problem: Problem, wide: Frame, family: str, index: Index) -> float:
    """What one permit, EUR, person or whole share of a limit is in its row; 0 for a limit without a number."""
    if family in ("no_vacancies", "minimum_stay", "groups", "must_list", "must_not_list", "training_required"):
        return 0.0
    if family in ("quota_at_least", "max_quota"):
        return 1.0 / wide.lot[index[0], index[1]]
    if family == "domestic_first":
        return peak(problem, wide.net, *index)
    return 1.0 / THOUSAND if family == "budget" else 1.0
