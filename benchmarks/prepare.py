"""A case made ready to be searched, in a process of its own: built, timed, relaxed, and written for all methods.

    python -m benchmarks.prepare CASE.pickle FOLDER SECONDS

`FOLDER` then holds `programs.pickle` (a programme per component, first aim only), `joined.pickle` (all of them as one),
`country.mps` (the same for other solvers) and `prepared.json` (sizes and seconds).
"""

from __future__ import annotations

import json
import pickle
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import hand_over
from optimiser.solver.highs import run
from optimiser.solver.program import Program, missed

Timed = dict[str, float]
BUILT = "built"  # what the process says when the case is built, and only relaxing and writing are left


@dataclass(frozen=True)
class Joined:
    """All components as one programme, block after block, without columns that stand in no row.

    Such columns are at their better bound in every optimum; what they come to is in `constant`. (HiGHS writes them into
    MPS files as whole numbers at times.) `used` tells which columns of the components are kept.
    """

    used: np.ndarray
    matrix: sparse.csc_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    col_lower: np.ndarray
    col_upper: np.ndarray
    integer: np.ndarray
    cost: np.ndarray
    constant: float

    def value(self, x: np.ndarray) -> float:
        """The first aim of a point, all components together."""
        return float(self.cost @ x) + self.constant

    def violation(self, x: np.ndarray) -> float:
        """The most by which a point misses a row, a bound or a whole number, relative to limits above one."""
        return missed(self, x)


def join(programs: Sequence[Program]) -> Joined:
    """Components side by side; the aim is the sum of their first aims."""
    def all_of(name: str) -> np.ndarray:
        return np.concatenate([getattr(program, name) for program in programs])

    stages = [program.stages[0] for program in programs]
    matrix = sparse.csc_array(sparse.block_diag([program.matrix for program in programs], format="csc"))
    matrix.eliminate_zeros()
    used = np.diff(np.asarray(matrix.indptr)) > 0
    cost, lower, upper = np.concatenate([stage.cost for stage in stages]), all_of("col_lower"), all_of("col_upper")
    unused = np.minimum(cost * lower, cost * upper)[~used].sum()
    return Joined(used, sparse.csc_array(matrix[:, np.flatnonzero(used)]), all_of("row_lower"), all_of("row_upper"),
                  lower[used], upper[used], all_of("integer")[used], cost[used],
                  float(sum(stage.constant for stage in stages) + unused))


def loaded(joined: Joined) -> highspy.Highs:
    """HiGHS holding the programme without its constant, rows called r0, r1, ... and columns c0, c1, ..."""
    lp: Any = highspy.HighsLp()
    rows, columns = len(joined.row_lower), len(joined.col_lower)
    lp.num_row_, lp.num_col_ = rows, columns
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = joined.cost, joined.col_lower, joined.col_upper
    lp.row_lower_, lp.row_upper_ = joined.row_lower, joined.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = rows, columns
    lp.a_matrix_.start_, lp.a_matrix_.index_ = joined.matrix.indptr, joined.matrix.indices
    lp.a_matrix_.value_ = joined.matrix.data
    lp.integrality_ = [highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
                       for whole in joined.integer]
    lp.row_names_, lp.col_names_ = [f"r{i}" for i in range(rows)], [f"c{i}" for i in range(columns)]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    if highs.passModel(lp) != highspy.HighsStatus.kOk:
        raise RuntimeError("HiGHS did not take the programme")
    return highs


def write_mps(joined: Joined, file: Path) -> None:
    """The programme without its constant, as HiGHS writes it."""
    if loaded(joined).writeModel(str(file)) != highspy.HighsStatus.kOk:
        raise RuntimeError(f"HiGHS did not write {file}")


def build(case: Any, folder: Path) -> tuple[list[Program], Timed]:
    """The programmes of a case, first aim only, and the seconds that reading, framing and handing over took."""
    began = time.monotonic()
    problem = case.problem(folder)
    seconds = {"load_s": time.monotonic() - began, "frame_s": 0.0, "handover_s": 0.0}
    programs = []
    for component in components(problem):
        began = time.monotonic()
        framed = frame(problem, component)
        halfway = time.monotonic()
        program = hand_over(framed).program
        seconds["frame_s"] += halfway - began
        seconds["handover_s"] += time.monotonic() - halfway
        programs.append(replace(program, stages=program.stages[:1]))
    return programs, seconds


def relax(programs: Sequence[Program], limit: float) -> tuple[float, float | None]:
    """Seconds of the relaxations one after the other, solved as the search does, and the sum of their bounds.

    There is no bound where `limit` seconds for all of them were too few.
    """
    seconds, bounds = 0.0, []
    for program in programs:
        began = time.monotonic()
        relaxed = run(replace(program, integer=np.zeros_like(program.integer)), program.stages[0], limit - seconds,
                      seed=1, solver="ipm")
        seconds += time.monotonic() - began
        bounds.append(relaxed.bound)
    bound = float(sum(bounds))
    return seconds, bound if np.isfinite(bound) else None


def main() -> None:
    """Build, relax and write one case."""
    case, folder, limit = pickle.loads(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]), float(sys.argv[3])
    programs, seconds = build(case, folder)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(BUILT, flush=True)
    joined = join(programs)
    (folder / "programs.pickle").write_bytes(pickle.dumps(programs))
    (folder / "joined.pickle").write_bytes(pickle.dumps(joined))
    lp_seconds, lp_bound = relax(programs, limit)
    if "--no-mps" not in sys.argv:
        write_mps(joined, folder / "country.mps")
    sizes = {"rows": len(joined.row_lower), "columns": len(joined.col_lower), "integers": int(joined.integer.sum()),
             "nonzeros": int(joined.matrix.nnz), "components": len(programs)}
    found = sizes | seconds | {"lp_s": lp_seconds, "lp_bound": lp_bound, "build_mib": memory}
    (folder / "prepared.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
