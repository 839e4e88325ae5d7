"""The only file that knows HiGHS: hand a programme over, read it back, run it, say how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from optimiser.errors import SolverError
from optimiser.solver.program import Program, Stage

Watch = Callable[[float | None, float | None, np.ndarray | None], None]
"""Called with a new incumbent value, a bound and a point, each None when there is nothing new."""

OPTIONS = {"output_flag": False, "threads": 1, "mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9,
           "dual_feasibility_tolerance": 1e-9}
ENDS = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kSolutionLimit: "work_limit",
    highspy.HighsModelStatus.kIterationLimit: "work_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
}


@dataclass(frozen=True)
class Run:
    """One run: how it ended, the best point and value, the proven bound. `x` is None when no point was found."""

    end: str
    x: np.ndarray | None
    value: float
    bound: float


class Model:
    """One programme inside HiGHS; rows can be added, the objective, bounds and whole columns changed."""

    def __init__(self, program: Program, seed: int):
        self.program = program
        self.highs = highspy.Highs()
        self.options: dict[str, object] = {}
        self.set_options(**OPTIONS, random_seed=seed)
        self._pass(program)
        self._read_back(program)
        self.integer = program.integer.copy()

    def set_options(self, **options: object) -> None:
        """Set options and read them back; HiGHS ignores what it doesn't know."""
        for name, value in options.items():
            value = float(value) if isinstance(value, float) else value
            if self.highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise SolverError(f"HiGHS refuses the option {name}={value}")
            if self.highs.getOptionValue(name)[1] != value:
                raise SolverError(f"HiGHS did not keep the option {name}={value}")
        self.options |= options

    def _pass(self, program: Program) -> None:
        lp = highspy.HighsLp()
        rows, columns = program.matrix.shape
        matrix = program.matrix.tocsc()
        lp.num_row_, lp.num_col_ = rows, columns
        lp.col_cost_ = np.zeros(columns)
        lp.col_lower_, lp.col_upper_ = program.col_lower, program.col_upper
        lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = rows, columns
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        lp.integrality_ = [_kind(whole) for whole in program.integer]
        self._ok(self.highs.passModel(lp), "passModel")

    def _read_back(self, program: Program) -> None:
        """Rows, columns, coefficients and bounds as HiGHS holds them; any difference is an error."""
        lp = self.highs.getLp()
        held = sparse.csc_array((lp.a_matrix_.value_, lp.a_matrix_.index_, lp.a_matrix_.start_),
                                shape=(lp.num_row_, lp.num_col_))
        wanted = program.matrix.tocsc().copy()
        wanted.eliminate_zeros()
        held.eliminate_zeros()
        same = (held.shape == wanted.shape and held.nnz == wanted.nnz and abs(held - wanted).nnz == 0
                and np.array_equal(lp.col_lower_, program.col_lower) and np.array_equal(lp.col_upper_, program.col_upper)
                and np.array_equal(lp.row_lower_, program.row_lower) and np.array_equal(lp.row_upper_, program.row_upper)
                and [kind == highspy.HighsVarType.kInteger for kind in lp.integrality_] == program.integer.tolist())
        if not same:
            raise SolverError("HiGHS holds another programme than it was given")

    def _ok(self, status: highspy.HighsStatus, what: str) -> None:
        if status != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS: {what} ended with {status.name}")

    def minimise(self, stage: Stage) -> None:
        """Make a stage's objective the model's."""
        columns = np.arange(len(stage.cost), dtype=np.int32)
        self._ok(self.highs.changeColsCost(len(columns), columns, stage.cost), "changeColsCost")
        self._ok(self.highs.changeObjectiveOffset(stage.constant), "changeObjectiveOffset")

    def keep(self, cost: np.ndarray, most: float) -> None:
        """Add the row `cost @ x <= most`."""
        columns = np.flatnonzero(cost).astype(np.int32)
        self._ok(self.highs.addRow(-highspy.kHighsInf, most, len(columns), columns, cost[columns]), "addRow")

    def bound(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Change all column bounds."""
        columns = np.arange(len(lower), dtype=np.int32)
        self._ok(self.highs.changeColsBounds(len(columns), columns, lower, upper), "changeColsBounds")

    def demand_whole(self, integer: np.ndarray) -> None:
        """Say which columns must be whole."""
        changed = np.flatnonzero(integer != self.integer).astype(np.int32)
        if changed.size:
            kinds = np.array([_kind(whole).value for whole in integer[changed]], dtype=np.uint8)
            self._ok(self.highs.changeColsIntegrality(len(changed), changed, kinds), "changeColsIntegrality")
            self.integer = integer.copy()

    def run(self, seconds: float, gap: float = 0.0, nodes: int = 2**31 - 1, start: np.ndarray | None = None,
            watch: Watch | None = None, **options: object) -> Run:
        """Run until proved within `gap`, or until `nodes` or `seconds` are used up.

        Raises
        ------
        SolverError
            When HiGHS ends in a way that says nothing about the programme.
        """
        before = {name: self.highs.getOptionValue(name)[1] for name in options}
        until = self.highs.getRunTime() + max(0.01, float(seconds))  # HiGHS counts the time of all runs of a model
        self.set_options(time_limit=until, mip_rel_gap=float(gap),
                         mip_abs_gap=1e-9 if gap == 0 else 1e-6, mip_max_nodes=nodes, **options)
        self.highs.clearSolver()
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            self.highs.setSolution(solution)
        callbacks = self._watch(watch) if watch and self.integer.any() else []
        try:
            self._run()
        finally:
            for callback, function in callbacks:
                callback -= function
            self.set_options(**before)
        return self._result()

    def _run(self) -> None:
        status = self.highs.run()
        if status == highspy.HighsStatus.kError:
            raise SolverError(f"HiGHS: run ended with {self.highs.getModelStatus().name}")

    def _watch(self, watch: Watch) -> list[tuple[object, Callable[[object], None]]]:
        offset = 0.0

        def improved(event: object) -> None:
            data = event.data_out  # pyright: ignore
            watch(data.objective_function_value + offset, None, np.array(data.mip_solution))

        def logged(event: object) -> None:
            data = event.data_out  # pyright: ignore
            watch(None, data.mip_dual_bound, None)

        pairs = [(self.highs.cbMipImprovingSolution, improved), (self.highs.cbMipLogging, logged)]
        for callback, function in pairs:
            callback += function
        return pairs

    def _result(self) -> Run:
        end = ENDS.get(self.highs.getModelStatus())
        info = self.highs.getInfo()
        if end is None:
            raise SolverError(f"HiGHS: ended with {self.highs.getModelStatus().name}")
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        x = np.array(self.highs.getSolution().col_value) if found and end != "infeasible" else None
        value = float(info.objective_function_value) if x is not None else float("inf")
        whole = bool(self.integer.any())
        bound = float(info.mip_dual_bound) if whole else (value if end == "optimal" else -np.inf)
        return Run(end, x, value, bound)

    def conflict(self, seconds: float) -> list[tuple[str, int]]:
        """Rows and columns of an irreducible infeasible subset of the relaxation: ("row" or "column", number)."""
        self.set_options(iis_strategy=highspy.IisStrategy.kIisStrategyFromLp.value
                         | highspy.IisStrategy.kIisStrategyIrreducible.value, iis_time_limit=float(seconds))
        status, iis = self.highs.getIis()
        self._ok(status, "getIis")
        return [("row", int(i)) for i in iis.row_index_] + [("column", int(j)) for j in iis.col_index_]


def _kind(whole: bool) -> highspy.HighsVarType:
    return highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
