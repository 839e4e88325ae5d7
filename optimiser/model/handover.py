"""From the Pyomo model to matrices for the solver, and from the solver's numbers back to decisions."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optimiser.model.build import build
from optimiser.model.frame import Frame
from optimiser.model.objectives import OBJECTIVES, at_rank, ranks, split, tie_break
from optimiser.plan import Plan
from optimiser.solver.program import Program, Stage

TIE_BREAK, SPLIT = "tie_break", "split"
VARIABLES = ("listed", "lots", "arrivals", "trainees", "expansion", "enters", "leaves", "unfilled", "used",
             "coverage", "supplied", "worst", "worst_share")
CHOICE = ("listed", "enters", "leaves")  # what is on the lists, and what only follows from that
OF_REGION = ("listed", "enters", "leaves", "lots", "trainees")  # indexed by region, occupation and something
OF_AREA = ("arrivals", "unfilled")  # by occupation, area and year
Key = tuple[str, tuple[Hashable, ...]]


@dataclass(frozen=True)
class Handed:
    """A model handed over as matrices.

    Attributes
    ----------
    program : Program
    rows, columns : tuple of (name, index)
        Which constraint family each row and which variable each column is.
    parts : tuple, one entry per stage
        The (region, objective) pairs that the stage optimises; empty for the tie-break.
    """

    frame: Frame
    program: Program
    rows: tuple[Key, ...]
    columns: tuple[Key, ...]
    parts: tuple[tuple[tuple[str, str], ...], ...]

    def choice_of(self, plan: Plan) -> np.ndarray:
        """A point (n,) that has the lists of a plan and nothing else; entries the model does not know are left out."""
        return np.array([float(name == "listed" and index in plan.listed) for name, index in self.columns])


def hand_over(frame: Frame) -> Handed:
    """Build the model of a frame and write it as matrices.

    Regions in one frame share services. Their objectives of equal rank are optimised together when they are of the
    same kind, and the best sum is then split evenly; objectives of other kinds follow in the order of the regions.
    Afterwards each region keeps what it was given, within its own tolerance.
    """
    with PauseGC():  # looking for garbage among all these small objects takes as long as making them
        return _hand_over(frame)


def _hand_over(frame: Frame) -> Handed:
    m = build(frame)
    variables = [data for name in VARIABLES for data in getattr(m, name).values()]
    m.every_variable = pyo.Objective(expr=sum(variables))  # the compiler drops columns it sees nowhere
    form = LinearStandardFormCompiler().write(m, mixed_form=True, column_order=variables)
    if [id(v) for v in form.columns] != [id(v) for v in variables]:
        raise AssertionError("the compiler changed the order of the columns")
    position = {id(variable): i for i, variable in enumerate(variables)}
    columns, rows = tuple(_key(v) for v in variables), tuple(_key(row.constraint) for row in form.rows)
    stages, parts = _stages(m, position)
    kind = np.array([row.bound_type for row in form.rows])  # 0: equal, 1: at most, -1: at least
    rhs = np.asarray(form.rhs, dtype=float)
    program = Program(
        matrix=form.A.tocsc(),
        row_lower=np.where(kind <= 0, rhs, -np.inf),
        row_upper=np.where(kind >= 0, rhs, np.inf),
        col_lower=np.array([float(variable.lb) for variable in variables]),
        col_upper=np.array([float(variable.ub) for variable in variables]),
        integer=np.array([variable.is_integer() for variable in variables], dtype=bool),
        row_names=tuple(name_of(key) for key in rows),
        col_names=tuple(name_of(key) for key in columns),
        stages=stages,
        series=_series(columns),
        choice=np.array([i for i, (name, _) in enumerate(columns) if name in CHOICE], dtype=int),
        blocks=_blocks(frame, columns),
    )
    return Handed(frame, program, rows, columns, parts)


def _key(data: Any) -> Key:
    index = data.index()
    return data.parent_component().local_name, index if isinstance(index, tuple) else (index,)


def name_of(key: Key) -> str:
    """A row or column as one text, for messages of the solving layer."""
    return f"{key[0]}[{', '.join(map(str, key[1]))}]"


def _stages(m: Any, position: dict[int, int]) -> tuple[tuple[Stage, ...], tuple[tuple[tuple[str, str], ...], ...]]:
    """One stage per rank and kind of objective, the split of what regions share behind it, and the tie-break last."""
    stages, parts = [], []
    for rank in ranks(m.frame):
        for name, wishes in at_rank(m.frame, rank).items():
            keep = tuple((*_linear(OBJECTIVES[name](m, r), position), tolerance, 0.0)
                         for r, tolerance in wishes.items())
            total = np.sum([part[0] for part in keep], axis=0), sum(part[1] for part in keep)
            alone = len(wishes) == 1
            stages.append(Stage(name, *total, keep=keep if alone else (), passing=not alone))
            parts.append(tuple((r, name) for r in wishes))
            if not alone:
                stages.append(Stage(SPLIT, *_linear(split(m, rank, name), position), keep=keep, proof=False))
                parts.append(())
    cost, constant = _linear(tie_break(m), position)
    stages.append(Stage(name=TIE_BREAK, cost=cost, constant=constant, proof=False))
    return tuple(stages), (*parts, ())


def _linear(expression: Any, position: dict[int, int]) -> tuple[np.ndarray, float]:
    """A linear expression as a cost vector over the columns and a constant."""
    cost = np.zeros(len(position))
    if isinstance(expression, (int, float)):
        return cost, float(expression)
    form: Any = generate_standard_repn(expression, compute_values=True)
    for coefficient, variable in zip(form.linear_coefs, form.linear_vars, strict=True):
        cost[position[id(variable)]] += float(coefficient)
    return cost, float(form.constant)


def _series(columns: tuple[Key, ...]) -> tuple[tuple[int, ...], ...]:
    """Columns of `listed` of one region and occupation in successive reviews."""
    series: dict[tuple[Hashable, ...], list[int]] = {}
    for i, (name, index) in enumerate(columns):
        if name == "listed":
            series.setdefault(index[:2], []).append(i)
    return tuple(tuple(found) for found in series.values())


def _blocks(frame: Frame, columns: tuple[Key, ...]) -> np.ndarray:
    """The number of the region and occupation that a column is of; -1 where it is of none."""
    numbers: dict[tuple[Hashable, ...], int] = {}
    place = frame.problem.region_of
    of = {name: (lambda index: (place[index[1]], index[0])) for name in OF_AREA} | {
        name: (lambda index: index[:2]) for name in OF_REGION}
    return np.array([numbers.setdefault(of[name](index), len(numbers)) if name in of else -1
                     for name, index in columns], dtype=int)
