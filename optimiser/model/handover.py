"""From the model to matrices for the solver, and from the solver's numbers back to decisions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.common.gc_manager import PauseGC

from optimiser.model.build import build
from optimiser.model.frame import Frame
from optimiser.model.in_pyomo import InPyomo
from optimiser.model.light import Light
from optimiser.model.objectives import OBJECTIVES, at_rank, ranks, split, tie_break
from optimiser.plan import Plan
from optimiser.solver.program import Program, Stage

TIE_BREAK, SPLIT = "tie_break", "split"
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


def hand_over(frame: Frame, kind: type[Light] | type[InPyomo] = Light) -> Handed:
    """State the model of a frame and write it as matrices.

    Regions in one frame share services. Their objectives of equal rank are optimised together when they are of the
    same kind, and the best sum is then split evenly; objectives of other kinds follow in the order of the regions.
    Afterwards each region keeps what it was given, within its own tolerance.

    Parameters
    ----------
    kind : type
        `Light`, or `InPyomo` for the same rows by way of a Pyomo model, which takes several times as long.
    """
    with PauseGC():  # looking for garbage among all these small objects takes as long as making them
        m = build(kind(frame))
        matrix, kinds, sides = m.matrices()  # kinds: 0 equal, 1 at most, -1 at least
        stages, parts = _stages(m)
        columns, rows = tuple(m.columns), tuple(m.rows)
        program = Program(
            matrix=matrix,
            row_lower=np.where(kinds <= 0, sides, -np.inf),
            row_upper=np.where(kinds >= 0, sides, np.inf),
            col_lower=np.array(m.lower, dtype=float),
            col_upper=np.array(m.upper, dtype=float),
            integer=np.array(m.whole, dtype=bool),
            row_names=names_of(rows),
            col_names=names_of(columns),
            stages=stages,
            series=_series(columns),
            choice=np.array([i for i, (name, _) in enumerate(columns) if name in CHOICE], dtype=int),
            blocks=_blocks(frame, columns),
        )
        return Handed(frame, program, rows, columns, parts)


def names_of(keys: Iterable[Key]) -> tuple[str, ...]:
    """Rows or columns as texts, for messages of the solving layer; those of one name have indices of one length."""
    keys = list(keys)
    shapes = {name: f"{name}[{', '.join(['%s'] * len(index))}]" for name, index in dict(keys).items()}
    return tuple([shapes[name] % index for name, index in keys])


def _stages(m: Any) -> tuple[tuple[Stage, ...], tuple[tuple[tuple[str, str], ...], ...]]:
    """One stage per rank and kind of objective, the split of what regions share behind it, and the tie-break last."""
    stages, parts = [], []
    for rank in ranks(m.frame):
        for name, wishes in at_rank(m.frame, rank).items():
            keep = tuple((*_cost(m, OBJECTIVES[name](m, r)), tolerance, 0.0)
                         for r, tolerance in wishes.items())
            total = np.sum([part[0] for part in keep], axis=0), sum(part[1] for part in keep)
            alone = len(wishes) == 1
            stages.append(Stage(name, *total, keep=keep if alone else (), passing=not alone))
            parts.append(tuple((r, name) for r in wishes))
            if not alone:
                stages.append(Stage(SPLIT, *_cost(m, split(m, rank, name)), keep=keep, proof=False))
                parts.append(())
    cost, constant = _cost(m, tie_break(m))
    stages.append(Stage(name=TIE_BREAK, cost=cost, constant=constant, proof=False))
    return tuple(stages), (*parts, ())


def _cost(m: Any, aim: Any) -> tuple[np.ndarray, float]:
    """A sum as a cost vector over the columns and a constant."""
    cost = np.zeros(len(m.columns))
    terms, constant = m.linear(aim)
    cost[list(terms)] = list(terms.values())
    return cost, constant


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
