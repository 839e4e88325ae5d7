"""Questions as programmes: one aim, what is wished as rows and bounds, and a name by which a programme is known."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from optimiser.explore.wishes import Wish
from optimiser.model.handover import Handed
from optimiser.model.objectives import SCALES
from optimiser.solver import Program, Stage

if TYPE_CHECKING:
    from optimiser.explore.desk import Question


def programme(handed: Handed, question: Question) -> Program:
    """The programme of a question: one stage, its wishes as rows or bounds, and what the leading aim may be."""
    program = _wished(handed, question)
    return _far(handed, program, question) if question.apart else program


def _wished(handed: Handed, question: Question) -> Program:
    """The programme of a question, whatever its lists shall differ from."""
    program = handed.program
    leading = program.stages[0]
    program = replace(program, stages=(_stage(handed, question.aim),))
    if question.within is not None:
        program = program.with_row(leading.cost, question.within / scale(handed) - leading.constant)
    for name, most in question.limits.items():
        aim = _stage(handed, name)
        program = program.with_row(aim.cost, most / abs(SCALES[name]) - aim.constant)
    position = {column: i for i, column in enumerate(handed.columns)}
    lower, upper, rows = program.col_lower.copy(), program.col_upper.copy(), []
    for wish in question.wishes:
        at = [position[column] for column in wish.columns if column in position]
        if len(at) == 1:
            lower[at[0]], upper[at[0]] = max(lower[at[0]], wish.lower), min(upper[at[0]], wish.upper)
        else:
            rows.append((at, wish))
    if question.costs:
        cost = np.zeros(len(lower))
        for column, number in question.costs.items():
            cost[position[column]] = number
        program = replace(program, stages=(Stage("wished", cost),))
    # A wish that the caps rule out already leaves a column without a value: such a programme has no point.
    crossed = lower > upper
    rows += [([int(i)], Wish("", (), float(lower[i]), math.inf)) for i in np.flatnonzero(crossed)]
    lower[crossed] = upper[crossed]
    program = replace(program, col_lower=lower, col_upper=upper)
    if not rows:
        return program
    extra = sparse.lil_array((len(rows), len(lower)))
    for n, (at, _) in enumerate(rows):
        for i in at:
            extra[n, i] = 1.0
    return replace(
        program, matrix=sparse.csc_array(sparse.vstack([program.matrix, extra.tocsc()])),
        row_lower=np.append(program.row_lower, [wish.lower for _, wish in rows]),
        row_upper=np.append(program.row_upper, [wish.upper for _, wish in rows]),
        row_names=(*program.row_names, *(f"wish[{n}]" for n in range(len(rows)))))


def _far(handed: Handed, program: Program, question: Question) -> Program:
    """The programme with a last column, the number of entries in which the lists differ from the nearest given ones.

    It is at most the distance from each of them: `distance + sum(listed, in it) - sum(listed, not in it) <= its size`.
    """
    count, far = len(program.col_lower), len(question.apart)
    place = {index: i for i, (name, index) in enumerate(handed.columns) if name == "listed"}
    rows = np.zeros((far, count))
    for row, lists in zip(rows, question.apart, strict=True):
        for index, i in place.items():
            row[i] = 1.0 if index in lists else -1.0
    sizes = [float(len(lists & place.keys())) for lists in question.apart]
    leading = program.stages[0] if question.reward else Stage("apart", np.zeros(count))
    worth = question.reward / scale(handed) if question.reward else 1.0
    matrix = sparse.vstack([program.matrix, sparse.csc_array(rows)])
    distance = np.append(np.zeros(len(program.row_lower)), np.ones(far))[:, None]
    return replace(
        program, matrix=sparse.csc_array(sparse.hstack([matrix, sparse.csc_array(distance)])),
        row_lower=np.append(program.row_lower, np.full(far, -np.inf)), row_upper=np.append(program.row_upper, sizes),
        col_lower=np.append(program.col_lower, 0.0), col_upper=np.append(program.col_upper, float(len(place))),
        integer=np.append(program.integer, False), col_names=(*program.col_names, "distance"),
        row_names=(*program.row_names, *(f"apart[{n}]" for n in range(far))),
        stages=(Stage("apart", np.append(leading.cost, -worth), leading.constant),))


def _stage(handed: Handed, name: str) -> Stage:
    """An aim of all regions of a model as the only stage; the leading one without a name."""
    pairs = zip(handed.program.stages, handed.parts, strict=True)
    found = [(stage, part) for stage, part in pairs if part and stage.name == name] if name else []
    assert not name or sum(len(part) for _, part in found) == len(handed.frame.regions)
    stages = [stage for stage, _ in found] or handed.program.stages[:1]
    return Stage(stages[0].name, np.sum([stage.cost for stage in stages], axis=0),
                 sum(stage.constant for stage in stages))


def scale(handed: Handed, name: str = "") -> float:
    """What a value of an aim in the model is multiplied by to be a published one, least being best."""
    return abs(SCALES[name or handed.program.stages[0].name]) if name or handed.parts[0] else 1.0


def digest(program: Program) -> str:
    """A name that two programmes share only when they are the same."""
    digest = hashlib.sha256("\x1f".join(program.col_names).encode())
    stage = program.stages[0]
    matrix = program.matrix.tocsc()
    for part in (matrix.indptr, matrix.indices, matrix.data, program.row_lower, program.row_upper, program.col_lower,
                 program.col_upper, program.integer, stage.cost, np.array([stage.constant])):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
