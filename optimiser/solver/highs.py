"""The only file that knows HiGHS: hand a programme over, read it back, run it, say how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from optimiser.errors import SolverError
from optimiser.solver.gate import Scaling, scaled, scaling
from optimiser.solver.program import Program, Stage

Watch = Callable[[float | None, np.ndarray | None], None]
"""Called with a bound and a better point (n,), each None when there is nothing new."""

OPTIONS = {"output_flag": False, "threads": 1, "mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9,
           "dual_feasibility_tolerance": 1e-9}
NO_SUB_MIPS: dict[str, Any] = {  # for searches too small, or too near to a point, for searches within them
    f"mip_heuristic_run_{name}": False for name in ("rins", "rens", "root_reduced_cost")}
UNLIMITED = 2**31 - 1  # the most that HiGHS can count
AGREES = 1e-6  # relative difference from which on a point and its reported value are not the same
ENDS = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kSolutionLimit: "work_limit",
    highspy.HighsModelStatus.kIterationLimit: "work_limit",
    highspy.HighsModelStatus.kInterrupt: "work_limit",
}


@dataclass(frozen=True)
class Run:
    """One run: how it ended, the best point and value, the proven bound.

    `end` is optimal, infeasible, time_limit, work_limit, or unknown; `x` is None when no point was found. `duals` are
    the rows' prices where the run was a linear one that came to its end.
    """

    end: str
    x: np.ndarray | None
    value: float
    bound: float
    duals: np.ndarray | None = None


def run(program: Program, stage: Stage | None, seconds: float, *, seed: int = 1, gap: float = 0.0,
        left_open: float = 0.0, nodes: int = UNLIMITED, checks: int = UNLIMITED, start: np.ndarray | None = None,
        watch: Watch | None = None, **options: Any) -> Run:
    """Minimise one stage until proved within `gap` or `left_open`, or `nodes`, `checks` or `seconds` are used up.

    Every run has a HiGHS of its own: what ran before can't change an answer, and the clock begins at zero (versions
    differ in whether the time limit counts earlier runs of the same instance).

    Parameters
    ----------
    stage : Stage or None
        What to minimise; None asks only for a feasible point.
    seconds : float
        Most that the run may take; 0.01 at least.
    gap, left_open : float
        Between the best point and the bound: relative, and as the objective counts.
    nodes : int
        Most nodes of branch and bound.
    checks : int
        Most times a mixed-integer run may ask whether to go on: once per round of cuts and a few times per node. A
        limit on work, like `nodes`, but one that also ends a long root node.
    start : array (n,), optional
        A point for a mixed-integer run to begin from.
    watch : callable, optional
        Told of better points and bounds while a mixed-integer run goes on.
    **options
        Options of HiGHS beside the usual ones.

    Raises
    ------
    SolverError
        When HiGHS refuses an option, holds another programme than it was given, or fails.
    """
    if not program.integer.any():
        start = None  # a linear programme is solved sooner from nothing
    cost = np.zeros(len(program.col_lower)) if stage is None else stage.cost
    by = scaling(program, cost)
    highs = _loaded(scaled(program, by), cost * by.columns * by.cost, stage.constant * by.cost if stage else 0.0)
    set_options(highs, **OPTIONS | options, random_seed=seed, time_limit=max(0.01, float(seconds)),
                mip_rel_gap=float(gap), mip_abs_gap=max(1e-9 if gap == 0 else 1e-6, left_open * by.cost),
                mip_max_nodes=nodes)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = (start / by.columns).tolist()
        highs.setSolution(solution)
    if program.integer.any():
        _count(highs, checks)
        if watch:
            _watch(highs, watch, by)
    began = time.monotonic()
    if highs.run() == highspy.HighsStatus.kError:
        if "presolve" not in options:  # what presolve makes of a programme can be too hard for it: once more without
            return run(program, stage, seconds - (time.monotonic() - began), seed=seed, gap=gap, left_open=left_open,
                       nodes=nodes, checks=checks, watch=watch, **options, presolve="off")
        raise SolverError(f"HiGHS: run ended with {highs.getModelStatus().name}")
    result = _result(highs, bool(program.integer.any()), by)
    value = result.value if stage is None or result.x is None else stage.value(result.x)
    if value == result.value or abs(value - result.value) <= AGREES * max(1.0, abs(value)):
        return result
    # HiGHS 1.16 at times proves one point and returns another, mostly the start: then it is asked again without.
    left = seconds - (time.monotonic() - began)
    if "presolve" not in options and left > 0:
        more: dict[str, Any] = options if start is not None else options | {"presolve": "off"}
        return run(program, stage, left, seed=seed, gap=gap, left_open=left_open, nodes=nodes, checks=checks,
                   watch=watch, **more)
    return replace(result, value=value, end="work_limit" if result.end == "optimal" else result.end)


class Held:
    """A linear programme that HiGHS holds and minimises again and again with other costs.

    Each run goes on from where the last one ended, which is why it is fast; callers work out for themselves what its
    prices prove. A run that comes to no end is done once more by a new HiGHS.
    """

    def __init__(self, program: Program, seed: int, **options: Any):
        self.program, self.seed, self.options = program, seed, options
        self.by = scaling(program, np.zeros(len(program.col_lower)))
        self.highs: highspy.Highs | None = None

    def run(self, cost: np.ndarray, seconds: float) -> Run:
        """Minimise `cost` (n,) within some seconds.

        Raises
        ------
        SolverError
            As `run` does.
        """
        by = replace(self.by, cost=scaling(self.program, cost).cost)
        ends, inside = time.monotonic() + seconds, cost * by.columns * by.cost
        if self.highs is None:
            self.highs = _loaded(scaled(self.program, by), inside, 0.0)
            set_options(self.highs, **OPTIONS | self.options, random_seed=self.seed)
        else:
            _ok(self.highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), inside), "changeColsCost")
        # Its clock runs on from run to run.
        set_options(self.highs, time_limit=self.highs.getRunTime() + max(0.01, float(seconds)))
        if self.highs.run() != highspy.HighsStatus.kError:
            found = _result(self.highs, False, by)
            if found.end in ("optimal", "time_limit"):
                return found
        self.highs = None
        return run(self.program, Stage("anew", cost), ends - time.monotonic(), seed=self.seed, **self.options)


def set_options(highs: highspy.Highs, **options: Any) -> None:
    """Set options and read them back; HiGHS ignores what it doesn't know."""
    for name, value in options.items():
        value = float(value) if isinstance(value, float) else value
        if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses the option {name}={value}")
        if highs.getOptionValue(name)[1] != value:
            raise SolverError(f"HiGHS did not keep the option {name}={value}")


def _loaded(program: Program, cost: np.ndarray, constant: float) -> highspy.Highs:
    """HiGHS holding the programme, silent, read back."""
    highs = highspy.Highs()
    set_options(highs, output_flag=False)
    lp: Any = highspy.HighsLp()
    rows, columns = len(program.row_lower), len(program.col_lower)
    matrix = program.matrix.tocsc()
    lp.num_row_, lp.num_col_ = rows, columns
    lp.col_cost_, lp.offset_ = cost, constant
    lp.col_lower_, lp.col_upper_ = program.col_lower, program.col_upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = rows, columns
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    if program.integer.any():
        lp.integrality_ = [_kind(whole) for whole in program.integer]
    _ok(highs.passModel(lp), "passModel")
    _read_back(highs, program, cost, constant)
    return highs


def _read_back(highs: highspy.Highs, program: Program, cost: np.ndarray, constant: float) -> None:
    """Rows, columns, costs, coefficients and bounds as HiGHS holds them; any difference is an error."""
    lp: Any = highs.getLp()
    held = sparse.csc_array((lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_),
                            shape=(lp.num_row_, lp.num_col_))
    wanted = program.matrix.tocsc().copy()
    wanted.eliminate_zeros()
    held.eliminate_zeros()
    kinds = [kind == highspy.HighsVarType.kInteger for kind in lp.integrality_] or [False] * lp.num_col_
    same = (held.shape == wanted.shape and held.nnz == wanted.nnz and abs(held - wanted).nnz == 0
            and np.array_equal(lp.col_cost_, cost) and lp.offset_ == constant
            and lp.sense_ == highspy.ObjSense.kMinimize
            and np.array_equal(lp.col_lower_, program.col_lower) and np.array_equal(lp.col_upper_, program.col_upper)
            and np.array_equal(lp.row_lower_, program.row_lower) and np.array_equal(lp.row_upper_, program.row_upper)
            and kinds == program.integer.tolist())
    if not same:
        raise SolverError("HiGHS holds another programme than it was given")


def _ok(status: highspy.HighsStatus, what: str) -> None:
    if status != highspy.HighsStatus.kOk:
        raise SolverError(f"HiGHS: {what} ended with {status.name}")


def _count(highs: highspy.Highs, checks: int) -> None:
    left = [checks]

    def asked(event: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            event.data_in.user_interrupt = True  # pyright: ignore

    highs.cbMipInterrupt += asked


def _watch(highs: highspy.Highs, watch: Watch, by: Scaling) -> None:
    def improved(event: object) -> None:
        watch(None, np.array(event.data_out.mip_solution) * by.columns)  # pyright: ignore

    def logged(event: object) -> None:
        watch(event.data_out.mip_dual_bound / by.cost, None)  # pyright: ignore

    set_options(highs, log_to_console=False, output_flag=True)  # without its log HiGHS tells of no bounds on the way
    highs.cbMipImprovingSolution += improved
    highs.cbMipLogging += logged


def _result(highs: highspy.Highs, whole: bool, by: Scaling) -> Run:
    """How the run ended, in the units of the programme."""
    end = ENDS.get(highs.getModelStatus(), "unknown")
    info = highs.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(highs.getSolution().col_value) * by.columns if found and end != "infeasible" else None
    value = float(info.objective_function_value) if x is not None else float("inf")
    # Where there is no point the bound is infinite, which must not become a bound of points known from elsewhere.
    bound = -np.inf if end == "infeasible" else (
        float(info.mip_dual_bound) if whole else (value if end == "optimal" else -np.inf))
    duals = None if whole or end != "optimal" else np.array(highs.getSolution().row_dual) * by.rows / by.cost
    return Run(end, x, value / by.cost, bound / by.cost, duals)


def _kind(whole: bool) -> highspy.HighsVarType:
    return highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
