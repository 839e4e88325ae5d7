"""A search in this process: for those who keep many processes of their own and solve many small variants in each."""

from __future__ import annotations

from optimiser.solver.gate import refuse_out_of_range
from optimiser.solver.program import NOTHING, Answer, Known, Program
from optimiser.solver.search import Search


def solve_here(program: Program, *, gap: float, time_limit: float, seed: int, known: Known = NOTHING) -> Answer:
    """Solve one programme in this process, on one thread; see `solve_many`.

    A solver that crashes takes the process with it, and only the solver's own clock ends a run.

    Raises
    ------
    OutOfRange
        When the programme holds a number that can't be brought into the range in which the solver is to be trusted.
    SolverError
        When HiGHS fails before there is any point.
    """
    refuse_out_of_range(program)
    return Search(program, gap, time_limit, seed, lambda *_: None, known).answer()
