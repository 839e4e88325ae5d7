"""The searches that are measured, each in a process of its own, which tells on standard output how it goes.

    python -m benchmarks.peers METHOD FOLDER SECONDS GAP

A line that begins with `@` is one message: `begin` when the programme is read and the search starts, `t` with what is
known by then, and `end`. `ours` searches the components side by side with the project's own search; all others read the
same matrix, joined, from one MPS file and run as they come, with two threads where they can have them. SCIP has one.
CP-SAT knows whole numbers only: it gets the continuous columns in steps (`steps.py`), which its bound then is of.
"""

from __future__ import annotations

import json
import pickle
import re
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.prepare import Joined, write_mps
from benchmarks.steps import STEP, exact, stepped

THREADS = 2
OFTEN = 0.1  # seconds between two messages that bring only a new bound
PACKAGES = {"ours": "highspy", "highs": "highspy", "scip": "pyscipopt", "cpsat": "ortools"}
GRID = f"mip_var_scaling:{1 / STEP:g} mip_presolve_level:0"  # as it comes, steps are of one, and no point is left
CPSAT = re.compile(r"#(?:\d+|Bound|Model|Done)\s+([\d.]+)s(?: best:(\S+))?(?: +next:\[([^\],]*),)?")


def installed(method: str) -> bool:
    """Whether a method's solver is there."""
    return find_spec(PACKAGES[method]) is not None


def say(**message: Any) -> None:
    """Tell the parent."""
    print("@" + json.dumps({key: _plain(value) for key, value in message.items()}), flush=True)


def _plain(value: Any) -> Any:
    """A number as JSON knows it; infinite ones, which mean that nothing is known, as None."""
    if isinstance(value, (str, bool)) or value is None:
        return value
    return float(value) if abs(value) < 1e19 else None


class Teller:
    """Tells of values and bounds in the units of the first aim, bounds alone not too often."""

    def __init__(self, constant: float):
        self.constant = constant
        self.began = time.monotonic()
        self.told = -OFTEN

    def __call__(self, value: float | None, bound: float | None) -> None:
        now = time.monotonic() - self.began
        if value is not None or now - self.told >= OFTEN:
            self.told = now
            say(t=now, value=None if value is None else value + self.constant,
                bound=None if bound is None else bound + self.constant)


def ours(folder: Path, seconds: float, gap: float) -> None:
    """The project's search: a process per component, side by side."""
    from optimiser.solver.process import solve_many
    from optimiser.solver.program import Progress

    programs = pickle.loads((folder / "programs.pickle").read_bytes())
    joined: Joined = pickle.loads((folder / "joined.pickle").read_bytes())
    say(begin=version("highspy"))
    began = time.monotonic()

    def heard(number: int, progress: Progress) -> None:
        say(t=time.monotonic() - began, part=number, value=progress.incumbent, bound=progress.bound)

    answers = solve_many(programs, gap=gap, time_limit=seconds, seed=1, on_progress=heard)
    ended = time.monotonic() - began
    for number, answer in enumerate(answers):
        stage = answer.stages[0] if answer.stages else None
        say(end=answer.status, t=ended, part=number, finished=not answer.clock_cut,
            value=None if stage is None or answer.x is None else programs[number].stages[0].value(answer.x),
            bound=stage.bound if stage else None)
    points = [answer.x for answer in answers if answer.x is not None]
    if len(points) == len(programs):
        say(violation=joined.violation(np.concatenate(points)[joined.used]))


def highs(folder: Path, seconds: float, _: float) -> None:
    """HiGHS with its default options."""
    import highspy

    joined: Joined = pickle.loads((folder / "joined.pickle").read_bytes())
    solver = highspy.Highs()
    # Without its log HiGHS 1.16 tells of no bounds on the way either; the log itself goes nowhere.
    for name, value in {"log_to_console": False, "threads": THREADS, "time_limit": seconds}.items():
        solver.setOptionValue(name, value)
    solver.readModel(str(folder / "country.mps"))
    say(begin=version("highspy"))
    tell = Teller(joined.constant)

    def improved(event: Any) -> None:
        tell(event.data_out.objective_function_value, None)

    def logged(event: Any) -> None:
        tell(None, event.data_out.mip_dual_bound)

    solver.cbMipImprovingSolution += improved
    solver.cbMipLogging += logged
    solver.run()
    info: Any = solver.getInfo()
    values = dict(zip(solver.getLp().col_names_, solver.getSolution().col_value, strict=False))
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    status = solver.getModelStatus()
    _end(joined, tell, _point(joined, values) if found else None, info.mip_dual_bound,
         status == highspy.HighsModelStatus.kOptimal, solver.modelStatusToString(status).lower())


def scip(folder: Path, seconds: float, _: float) -> None:
    """SCIP with its default parameters, on one thread."""
    import pyscipopt  # pyright: ignore[reportMissingImports]

    joined: Joined = pickle.loads((folder / "joined.pickle").read_bytes())
    model: Any = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(str(folder / "country.mps"))
    model.setParam("limits/time", seconds)
    events: Any = pyscipopt.SCIP_EVENTTYPE  # pyright: ignore[reportPrivateImportUsage]
    say(begin=version("pyscipopt"))
    tell = Teller(joined.constant)

    class Ear(pyscipopt.Eventhdlr):
        """Hears of better points, solved nodes and solved relaxations."""

        kinds = (events.BESTSOLFOUND, events.NODESOLVED, events.FIRSTLPSOLVED, events.LPSOLVED)

        def eventinit(self) -> None:
            for kind in self.kinds:
                self.model.catchEvent(kind, self)

        def eventexit(self) -> None:
            for kind in self.kinds:
                self.model.dropEvent(kind, self)

        def eventexec(self, event: Any) -> None:
            better = event.getType() == events.BESTSOLFOUND
            tell(self.model.getPrimalbound() if better else None, self.model.getDualbound())

    model.includeEventhdlr(Ear(), "ear", "tells how the search goes")
    model.optimize()
    best = model.getBestSol() if model.getNSols() else None
    point = None if best is None else _point(joined, {column.name: model.getSolVal(best, column)
                                                      for column in model.getVars()})
    _end(joined, tell, point, model.getDualbound(), model.getStatus() == "optimal", model.getStatus())


def cpsat(folder: Path, seconds: float, _: float) -> None:
    """CP-SAT by way of OR-tools' model builder, continuous columns in steps; it tells by its log.

    What it found is worked out anew without steps, with its whole columns held.
    """
    from ortools.linear_solver.python import model_builder  # pyright: ignore[reportMissingImports]

    joined: Joined = pickle.loads((folder / "joined.pickle").read_bytes())
    in_steps, units = stepped(joined)
    write_mps(in_steps, folder / "stepped.mps")
    model: Any = model_builder.Model()
    model.import_from_mps_file(str(folder / "stepped.mps"))
    solver: Any = model_builder.Solver("SAT")
    solver.enable_output(True)
    solver.set_time_limit_in_seconds(seconds)
    solver.set_solver_specific_parameters(f"num_workers:{THREADS} log_search_progress:true {GRID}")
    say(begin=version("ortools"), constant=joined.constant)
    tell = Teller(joined.constant)
    status = solver.solve(model)
    found = status in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE)
    point = None
    if found:
        point = units * _point(in_steps, {column.name: solver.value(column) for column in model.get_variables()})
        again = exact(joined, point)
        point = point if again is None else again
    _end(joined, tell, point, solver.best_objective_bound if found else None,
         status == model_builder.SolveStatus.OPTIMAL, status.name.lower())


def cpsat_line(line: str) -> tuple[float, float | None, float | None] | None:
    """Seconds, value and bound that a line of CP-SAT's log tells, without the constant; None when it tells nothing."""
    found = CPSAT.match(line)
    return (float(found[1]), _number(found[2]), _number(found[3])) if found else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "inf")
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _point(joined: Joined, values: dict[str, float]) -> np.ndarray:
    """A point from the values of named columns."""
    return np.array([values.get(f"c{i}", low) for i, low in enumerate(joined.col_lower)])


def _end(joined: Joined, tell: Teller, x: np.ndarray | None, bound: float | None, finished: bool, status: str
         ) -> None:
    """Tell how a peer ended; its value is worked out from its point."""
    ended = time.monotonic() - tell.began
    value = None if x is None else joined.value(x)
    if x is not None:
        say(violation=joined.violation(x))
    say(end=status, t=ended, value=value, finished=finished, bound=None if bound is None else bound + joined.constant)


METHODS: dict[str, Callable[[Path, float, float], None]] = {"ours": ours, "highs": highs, "scip": scip, "cpsat": cpsat}

if __name__ == "__main__":
    METHODS[sys.argv[1]](Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
