"""Rounding where rounding down won't do: the published decimals next to an answer that keep every row.

Arrivals, trainees and extra capacity are published with three decimals. A coverage that must be reached breaks when its
people are rounded down, a budget when its extra capacity is rounded up, and rows that are tight on both sides leave
only some of the ways. So the ways are searched: a programme whose whole numbers are steps of the last decimal.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimiser.model.handover import Handed
from optimiser.plan import DECIMALS
from optimiser.solver.program import Program, Stage

STEP = 10.0**-DECIMALS
PUBLISHED = ("arrivals", "trainees", "expansion")
NEAR = 5  # steps that a published number may lie from the solver's
HAIRS = (1e-5, 1e-3)  # shares of coverage asked for beyond the promise, where finding the nearest steps takes too long
COVERAGE = ("fair_areas", "fair_sectors", "band_below", "band_above")
FAR = 1e5  # steps that what follows from them may lie from the solver's


def in_steps(handed: Handed, x: np.ndarray) -> tuple[Program, np.ndarray]:
    """The programme near a point, counted in steps of the last decimal from a base; whole decisions are held.

    Returns
    -------
    Program
        `base + STEP * y` is a point of the programme for each of its points `y`; the leading aim, then few people.
    array (n,)
        The base.
    """
    program = handed.program
    published = np.isin([name for name, _ in handed.columns], PUBLISHED)
    near = np.round(np.where(published, np.floor(x / STEP + 1e-3) * STEP, x), 9)
    base = np.where(program.integer, np.round(x), near)
    moved = program.matrix @ base
    reach = np.where(published, NEAR, FAR)
    lower = np.maximum((program.col_lower - base) / STEP, -reach)
    upper = np.minimum((program.col_upper - base) / STEP, reach)
    lower[program.integer] = upper[program.integer] = 0.0
    lower, upper = np.where(published, np.ceil(lower - 1e-6), lower), np.where(published, np.floor(upper + 1e-6), upper)
    leading = program.stages[0]
    return replace(
        program, integer=published, series=(), choice=np.zeros(0, dtype=int),
        row_lower=(program.row_lower - moved) / STEP, row_upper=(program.row_upper - moved) / STEP,
        col_lower=np.minimum(lower, upper), col_upper=upper,
        stages=(Stage("rounding", leading.cost), Stage("fewest", published.astype(float), proof=False))), base


def with_room(handed: Handed, x: np.ndarray, hair: float) -> Program:
    """The programme near a point, whole decisions held, with every coverage a hair beyond what is promised.

    Its points may be rounded down. It is a linear one, there in a moment where searching the steps is not.
    """
    program = handed.program
    published = np.isin([name for name, _ in handed.columns], PUBLISHED)
    coverage = np.isin([name for name, _ in handed.rows], COVERAGE)
    held = np.where(program.integer, np.round(x), 0.0)
    lower = np.where(program.integer, held, np.where(published, np.maximum(program.col_lower, x - NEAR * STEP),
                                                     program.col_lower))
    upper = np.where(program.integer, held, np.where(published, np.minimum(program.col_upper, x + NEAR * STEP),
                                                     program.col_upper))
    return replace(
        program, integer=np.zeros_like(program.integer), series=(), choice=np.zeros(0, dtype=int),
        row_lower=program.row_lower + hair * coverage, row_upper=program.row_upper - hair * coverage,
        col_lower=np.minimum(lower, upper), col_upper=upper, stages=(Stage("fewest", published.astype(float)),))
