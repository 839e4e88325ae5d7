"""From a Problem to a Solution: model, solver, rounding, exact check."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optimiser import origin, run_folder
from optimiser.check import violations
from optimiser.clash import in_words
from optimiser.errors import InfeasibleError, InputError, ResultError, SolverError
from optimiser.exact import Outcome, evaluate
from optimiser.model.components import components
from optimiser.model.frame import Frame, frame
from optimiser.model.handover import Handed, hand_over
from optimiser.model.objectives import SCALES
from optimiser.model.plain import plain
from optimiser.model.readback import merged, plans
from optimiser.model.reference import by_pyomo, differences
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import Solution, derive, rounded
from optimiser.solver import Answer, Known, OutOfRange, Progress, Step, explain, opinions, solve_many
from optimiser.texts import say
from optimiser.verification import for_study, published, refuse_contradiction

CONFLICT_SECONDS = 60.0
AFTERWARDS = 6.0  # times what reading and building take, that checking and writing do
RESERVE = 0.35  # most of the time limit that is kept for them
Report = Callable[[str, Progress], None]
Proofs = dict[tuple[str, str], tuple[float, float, str]]


def solve(problem: Problem, gap: float | None = None, time_limit: float | None = None,
          on_progress: Report | None = None, began: float | None = None, verify: bool = False,
          like: Sequence[Plan] = (), method: str = "search") -> Solution:
    """The best lists and quotas of every region.

    Parameters
    ----------
    problem : Problem
    gap : float, optional
        Stop when proved to be within this share of the best possible; the config's by default.
    time_limit : float, optional
        Seconds for the whole run; the config's by default. The search gets what reading and building leave, less
        `AFTERWARDS` times as much (at most `RESERVE` of the limit) for checking and writing. Where no plan is possible,
        up to `CONFLICT_SECONDS` more go into which limits clash.
    on_progress : callable, optional
        Called with the regions' names and a `Progress` while the search runs; its values are in the units of
        `objectives.csv`. The tie-break has none.
    began : float, optional
        When the run began, as `time.monotonic()` told it; now by default.
    verify : bool
        Hold the rows against those of a Pyomo model, and solve the first aim again, with HiGHS' presolve off and
        another seed, and with SCIP where it is installed; each takes up to as long again. What they come to stands in
        `status["opinions"]`.
    like : sequence of Plan
        Plans of similar cases, whose lists are tried first; they change how soon a good plan is found, not what is
        possible.
    method : str
        `search`, the steps of `docs/performance.md`; or `direct`, HiGHS' own branch and bound, to compare.

    Returns
    -------
    Solution
        Checked exactly against every rule of the Problem.

    Raises
    ------
    ValueError
        When there is no such method.
    InputError
        When a number of the tables can't be brought into the range in which the solver is to be trusted.
    InfeasibleError
        When no plan satisfies every limit; says which limits clash.
    SolverError
        When the solver fails or finds no plan in time.
    KeyboardInterrupt
        When Ctrl-C ends the search before a plan is found.
    ResultError
        When the plan found breaks a rule, or a second opinion contradicts it; it is never returned. With `verify` also
        when the rows are not those of the Pyomo model.
    """
    began = time.monotonic() if began is None else began
    limits = problem.config.solver
    gap = limits.gap if gap is None else gap
    time_limit = limits.time_limit if time_limit is None else time_limit
    handed = [hand_over(frame(problem, regions)) for regions in components(problem)]
    names = [", ".join(h.frame.regions) for h in handed]
    spent = time.monotonic() - began
    left = max(0.2 * time_limit, time_limit - spent - min(RESERVE * time_limit, max(AFTERWARDS * spent, 2.0)))
    programs = [h.program for h in handed]
    if verify:
        _refuse_other_rows(handed)
    try:
        answers = solve_many(
            programs, gap=gap, time_limit=left, seed=limits.seed, method=method,
            known=[Known(tuple(h.choice_of(plan) for plan in like)) for h in handed],
            on_progress=on_progress and (lambda i, progress: on_progress(names[i], _published(progress))))
    except OutOfRange as error:
        raise InputError([origin.fault(problem, error)]) from None
    found = opinions(programs, answers, gap=gap, time_limit=left, seed=limits.seed) if verify else []
    refuse_contradiction(handed, answers, found)
    _refuse_failures(handed, answers)
    plan, outcome = _sound(problem, handed, answers)
    values = {aim: rounded(value) for aim, value in outcome.objective.items()}
    proofs = _proofs(handed, answers, values)
    status = _status(handed, answers, gap, time_limit, limits.seed, time.monotonic() - began)
    status["method"] = method
    status["scenarios"] = [one.model_dump() for one in problem.config.applied_scenarios]
    status |= {"opinions": published(handed, found)} | _leading(problem, values, proofs)
    return derive(problem, plan, proofs, status, outcome)


def _published(progress: Progress) -> Progress:
    """Progress with values as they are published: of the model, which minimises, nobody knows."""
    scale = SCALES.get(progress.stage)
    value, bound = (None if number is None or scale is None else number * scale + 0.0  # which makes -0.0 a plain zero
                    for number in (progress.incumbent, progress.bound))
    return replace(progress, incumbent=value, bound=bound, gap=progress.gap if scale else None)


def _refuse_other_rows(handed: list[Handed]) -> None:
    """Nothing is solved that Pyomo would state otherwise."""
    if broken := [line for h in handed for line in differences(h, by_pyomo(h.frame))]:
        raise ResultError(say("solve.otherwise"), broken)


def _refuse_failures(handed: list[Handed], answers: list[Answer]) -> None:
    """Turn answers without a plan into the error that says why; of several, clashes come first, all of them."""
    if clashing := [h.frame for h, answer in zip(handed, answers, strict=True) if answer.status == "infeasible"]:
        regions = ", ".join(region for frame in clashing for region in frame.regions)
        raise InfeasibleError(say("solve.infeasible", regions=regions), _clashes(clashing))
    for h, answer in zip(handed, answers, strict=True):
        if answer.x is None and answer.status == "interrupted":
            raise KeyboardInterrupt
        if answer.x is None:
            key = "solve.no_plan" if answer.status in ("time_limit", "work_limit") else "solve.failed"
            raise SolverError(say(key, regions=", ".join(h.frame.regions), reason=answer.reason or answer.status))


def _clashes(clashing: list[Frame]) -> list[str]:
    """What clashes in every model without a plan, in words."""
    ends, lines = time.monotonic() + CONFLICT_SECONDS, []
    for n, each in enumerate(clashing):
        asked = plain(each.problem, each.regions)
        found = explain(asked.program, asked.limits, (ends - time.monotonic()) / (len(clashing) - n))
        lines += [say("clash.besides")] if lines and found else []
        lines += in_words(each.problem, asked.limits, found)
    return lines


def sound(problem: Problem, handed: Handed, x: np.ndarray, lifted: Collection[str] = (),
          objections: Callable[[Plan], list[str]] = lambda plan: []) -> tuple[Plan, Outcome]:
    """The first rounding of a point of one model that breaks no rule, and what follows from it.

    Parameters
    ----------
    problem : Problem
        The case that the plan is checked against.
    x : array (n,)
        A point of the columns of `handed`.
    lifted : collection of str
        Families of `check.FAMILIES` that the plan needn't keep.
    objections : callable
        What else is wrong with a plan, in words.

    Raises
    ------
    ResultError
        When every rounding breaks something; names what the last one does.
    """
    broken: list[str] = []
    for plan in plans(handed, x):
        outcome = evaluate(problem, plan)
        broken = [str(found) for found in violations(problem, plan, handed.frame.regions, outcome)
                  if found.family not in lifted] + objections(plan)
        if not broken:
            return plan, outcome
    raise ResultError(say("solve.broken"), broken)


def _sound(problem: Problem, handed: list[Handed], answers: list[Answer]) -> tuple[Plan, Outcome]:
    """The answers as a plan that breaks no rule, and what follows from it; the nearest roundings that do."""
    roundings = [plans(h, answer.x) for h, answer in zip(handed, answers, strict=True) if answer.x is not None]
    parts = [next(ways) for ways in roundings]
    faithful: list[str] = []  # what the first rounding, the one nearest to the solver's numbers, breaks
    while True:
        plan = merged(parts)
        outcome = evaluate(problem, plan)
        broken = violations(problem, plan, outcome=outcome)
        if not broken:
            return plan, outcome
        unsound = [n for n, (part, h) in enumerate(zip(parts, handed, strict=True))
                   if violations(problem, part, h.frame.regions)]
        others = {n: part for n in unsound if (part := next(roundings[n], None))}
        if not others:
            words = faithful or [str(violation) for violation in broken]
            raise ResultError(say("solve.broken"), words, for_study(handed, answers, words))
        faithful = faithful or [str(violation) for violation in broken]
        parts = [others.get(n, part) for n, part in enumerate(parts)]


def _proofs(handed: list[Handed], answers: list[Answer], values: dict[tuple[str, str], float]) -> Proofs:
    """Bound, gap and status of every region's objectives.

    Regions solved together share one bound; it is split by nobody, so their own bound is not given and the gap is
    that of the sum.
    """
    proofs: Proofs = {}
    for h, answer in zip(handed, answers, strict=True):
        for number, (stage, parts) in enumerate(zip(answer.stages, h.parts, strict=False)):
            for region, name in parts:
                value, bound, gap = values[region, name], float("nan"), stage.gap
                if len(parts) == 1 and np.isfinite(stage.bound):
                    # A later aim's bound holds for plans as good in the aims before; rounding may cost those a trifle.
                    most = stage.bound if number == 0 else min(stage.bound, value / SCALES[name])
                    bound = most * SCALES[name]
                    gap = published_gap(value, bound)
                proofs[region, name] = (bound, gap if np.isfinite(gap) else float("nan"), stage.status)
    return proofs


def published_gap(value: float, bound: float) -> float:
    """Distance of a published value to its bound, on whichever side, as a share of the value."""
    return abs(value - bound) / max(abs(value), 1e-9) if abs(value - bound) > 1e-9 else 0.0


def _status(handed: list[Handed], answers: list[Answer], gap: float, time_limit: float, seed: int, seconds: float
            ) -> dict[str, Any]:
    order = ("failed", "interrupted", "time_limit", "work_limit", "within_gap", "optimal")
    found = {answer.status for answer in answers}
    return {
        "termination": next((status for status in order if status in found), "optimal"),
        "clock_cut": any(answer.clock_cut for answer in answers),
        "seconds": round(seconds, 3),
        "versions": run_folder.versions(),
        "seed": seed,
        "gap_wanted": gap,
        "time_limit": time_limit,
        "searches": [{
            "regions": list(h.frame.regions), "termination": a.status, "reason": a.reason or "",
            "seconds": round(a.seconds, 3), "rows": len(h.rows), "columns": len(h.columns),
            "stages": [{"objective": s.name, "status": s.status, "gap": _number(s.gap), "seconds": round(s.seconds, 3)}
                       for s in a.stages],
            "steps": [_step(step) for step in a.steps],
        } for h, a in zip(handed, answers, strict=True)],
    }


def _step(step: Step) -> dict[str, Any]:
    """What a step of a search came to, in the units of `objectives.csv`; the tie-break has none."""
    scale = SCALES.get(step.stage)
    value, bound = (None if scale is None else _number(number * scale + 0.0) for number in (step.value, step.bound))
    return {"objective": step.stage, "step": step.step, "value": value, "bound": bound,
            "seconds": round(step.seconds, 3)}


def _leading(problem: Problem, values: dict[tuple[str, str], float], proofs: Proofs) -> dict[str, Any]:
    """Objective, bound and gap of every region's first aim; the largest gap stands for the run."""
    first = {r: problem.rules(r).objectives[0].name for r in problem.regions if problem.rules(r).objectives}
    proved = {r: proofs[r, name] for r, name in first.items() if (r, name) in proofs}
    gaps = [gap for _, gap, _ in proved.values()]
    return {
        "objective": {r: values[r, name] for r, name in first.items()},
        "bound": {r: _number(bound) for r, (bound, _, _) in proved.items()},
        "gap": _number(float(np.max(gaps)) if gaps else 0.0),
    }


def _number(value: float) -> float | None:
    """A number JSON can hold; None when there is none."""
    return float(value) if np.isfinite(value) else None
