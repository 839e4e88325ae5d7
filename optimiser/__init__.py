"""Which occupations a region's targeted economic-migration scheme should list, and how large each quota should be.

>>> problem = optimiser.load("configs/belgium.yaml")
>>> solution = optimiser.solve(problem)
>>> solution.quotas
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimiser.check import check_run, violations
    from optimiser.contradictions import contradictions as find_contradictions
    from optimiser.errors import InfeasibleError, InputError, OptimiserError, ResultError, SolverError
    from optimiser.estimate import write as estimate_shortages
    from optimiser.explore.ahead.design import design_list
    from optimiser.explore.beside.compare import compare_runs
    from optimiser.explore.beside.evaluate import evaluate_list
    from optimiser.explore.near.alternatives import alternatives
    from optimiser.explore.near.bins import bins
    from optimiser.explore.negotiate.repair import repair
    from optimiser.explore.why.explain import explain
    from optimiser.explore.worth.apart import apart
    from optimiser.explore.worth.frontier import frontier
    from optimiser.explore.worth.ladder import ladder
    from optimiser.futures import Future, load_futures
    from optimiser.generate import generate as generate_case
    from optimiser.newcase import create as new_case
    from optimiser.overview import notes
    from optimiser.overview import overview as describe
    from optimiser.plan import Plan
    from optimiser.problem import Problem, load
    from optimiser.report import write as write_report
    from optimiser.run_folder import read as read_run
    from optimiser.save import save_run
    from optimiser.scenario import listing as list_scenarios
    from optimiser.solution import Solution
    from optimiser.solving import solve
    from optimiser.study.analyse import analyse as analyse_study
    from optimiser.study.contest import contest as hold_contest
    from optimiser.study.design import design as study_design
    from optimiser.study.run import run as run_study
    from optimiser.study.spec import load as load_study
    from optimiser.study.store import Store as StudyStore

_HOMES = {
    "load": "problem", "Problem": "problem", "Plan": "plan", "solve": "solving", "Solution": "solution",
    "violations": "check", "check_run": "check", "read_run": "run_folder:read", "save_run": "save",
    "write_report": "report:write", "new_case": "newcase:create", "generate_case": "generate:generate",
    "estimate_shortages": "estimate:write",
    "design_list": "explore.ahead.design", "load_futures": "futures", "Future": "futures",
    "evaluate_list": "explore.beside.evaluate", "compare_runs": "explore.beside.compare",
    "alternatives": "explore.near.alternatives", "bins": "explore.near.bins",
    "explain": "explore.why.explain", "ladder": "explore.worth.ladder", "repair": "explore.negotiate.repair",
    "frontier": "explore.worth.frontier", "apart": "explore.worth.apart",
    "list_scenarios": "scenario:listing",
    "load_study": "study.spec:load", "study_design": "study.design:design", "StudyStore": "study.store:Store",
    "run_study": "study.run:run", "hold_contest": "study.contest:contest", "analyse_study": "study.analyse:analyse",
    "describe": "overview:overview", "notes": "overview:notes", "find_contradictions": "contradictions:contradictions",
    "OptimiserError": "errors", "InputError": "errors", "InfeasibleError": "errors", "SolverError": "errors",
    "ResultError": "errors",
}
__all__ = ["Future", "InfeasibleError", "InputError", "OptimiserError", "Plan", "Problem", "ResultError", "Solution",
           "SolverError", "StudyStore", "alternatives", "analyse_study", "apart", "bins", "check_run",
           "compare_runs", "describe", "design_list", "estimate_shortages", "evaluate_list", "explain",
           "find_contradictions", "frontier", "generate_case", "hold_contest", "ladder", "list_scenarios",
           "load", "load_futures", "load_study", "new_case", "notes", "read_run", "repair", "run_study",
           "save_run", "solve", "study_design", "violations", "write_report"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `import optimiser` and `--help` stay fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'optimiser' has no attribute {name!r}")
    module, _, inner = _HOMES[name].partition(":")
    value = getattr(import_module(f"optimiser.{module}"), inner or name)
    globals()[name] = value
    return value
