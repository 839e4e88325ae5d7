"""The only file that knows SCIP: another solver's opinion of a programme, where `pyscipopt` is installed."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

import numpy as np

from optimiser.solver.gate import scaled, scaling
from optimiser.solver.program import Answer, Program, believed, ended

ENDS = {"optimal": "optimal", "gaplimit": "within_gap", "timelimit": "time_limit", "infeasible": "infeasible"}


def installed() -> bool:
    """Whether SCIP is there to be asked."""
    return find_spec("pyscipopt") is not None


def search(program: Program, gap: float, time_limit: float, seed: int) -> Answer:
    """The first stage, by SCIP as it comes.

    Raises
    ------
    ImportError
        When `pyscipopt` is not installed.
    """
    import pyscipopt  # pyright: ignore[reportMissingImports]  # an option of the user's

    ends = time.monotonic() + time_limit
    stage = program.stages[0]
    by = scaling(program, stage.cost)
    part = scaled(program, by)
    m: Any = pyscipopt.Model()
    m.hideOutput()
    for name, value in {"limits/gap": gap, "numerics/feastol": 1e-9,
                        "parallel/maxnthreads": 1, "randomization/randomseedshift": seed}.items():
        m.setParam(name, value)
    columns = [m.addVar(name, "I" if whole else "C", float(low), float(high)) for name, whole, low, high in zip(
        part.col_names, part.integer, part.col_lower, part.col_upper, strict=True)]
    matrix: Any = part.matrix.tocsr()
    for i in range(matrix.shape[0]):
        entries = slice(matrix.indptr[i], matrix.indptr[i + 1])
        left = pyscipopt.quicksum(float(value) * columns[j] for j, value in zip(
            matrix.indices[entries], matrix.data[entries], strict=True))
        low, high = float(part.row_lower[i]), float(part.row_upper[i])
        if low == high:
            m.addCons(left == low)
            continue
        if np.isfinite(low):
            m.addCons(left >= low)
        if np.isfinite(high):
            m.addCons(left <= high)
    cost = stage.cost * by.columns
    m.setObjective(pyscipopt.quicksum(float(value) * columns[j] for j, value in enumerate(cost) if value)
                   + stage.constant)
    m.setParam("limits/time", max(0.0, ends - time.monotonic()))  # stating the programme takes its part
    m.optimize()
    status = ENDS.get(m.getStatus(), "work_limit")
    clock_cut = status == "time_limit"
    if status == "infeasible" or not m.getNSols():
        return Answer(status if clock_cut or status == "infeasible" else "failed", None, clock_cut=clock_cut)
    best = m.getBestSol()
    x = np.array([m.getSolVal(best, column) for column in columns]) * by.columns
    x = np.where(program.integer, np.round(x), x)
    value = stage.value(x)
    proved = float(m.getDualbound())
    bound = believed(proved if proved > -m.infinity() else -np.inf, value)
    result = ended(stage.name, value, bound, gap, status, m.getSolvingTime())
    return Answer(result.status, x, (result,), clock_cut=clock_cut)
