"""The solving layer: lexicographic mixed-integer programmes as matrices in, trustworthy answers out.

It knows nothing of occupations or regions, nor of Pyomo; HiGHS is known in `highs.py` alone, SCIP in `scip.py`.
"""

from optimiser.solver.gate import OutOfRange
from optimiser.solver.here import solve_here
from optimiser.solver.opinion import Opinion, opinions
from optimiser.solver.process import batches, explain, processors, solve, solve_many
from optimiser.solver.program import Answer, Known, Program, Progress, Stage, StageResult, Step

__all__ = ["Answer", "Known", "Opinion", "OutOfRange", "Program", "Progress", "Stage", "StageResult", "Step", "batches",
           "explain", "opinions", "processors", "solve", "solve_here",
           "solve_many"]
