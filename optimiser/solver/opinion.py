"""Second opinions: the leading stage solved again in other ways, and whether both can be true."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimiser.solver import scip
from optimiser.solver.process import solve_many
from optimiser.solver.program import Answer, Program

ROOM = 1e-6  # relative difference that arithmetic explains


@dataclass(frozen=True)
class Opinion:
    """What another way came to.

    `verdict` is agrees (both found the same within the gap, or both no plan), contradicts (one is better than what the
    other proved possible), or undecided (the second did not get far enough to say). `value` and `bound` are None when
    there is no point.
    """

    method: str
    verdict: str
    value: float | None
    bound: float | None
    seconds: float


def opinions(programs: list[Program], answers: list[Answer], *, gap: float, time_limit: float, seed: int
             ) -> list[list[Opinion]]:
    """Solve the leading stages again: with presolve off and another seed, and with SCIP where it is installed.

    Parameters
    ----------
    time_limit : float
        Seconds for each of the ways.

    Returns
    -------
    list of list of Opinion
        For every programme, one per way. Whoever has interrupted a search waits for no other.
    """
    leading = [replace(program, stages=program.stages[:1]) for program in programs]
    found: list[list[Opinion]] = [[] for _ in programs]
    again = answers
    for method in ("without_presolve", *(("scip",) if scip.installed() else ())):
        if any(answer.status == "interrupted" for answer in again):
            break
        again = solve_many(leading, gap=gap, time_limit=time_limit, seed=seed + 1, method=method)
        for held, first, second in zip(found, answers, again, strict=True):
            stage = second.stages[0] if second.stages else None
            held.append(Opinion(method, verdict(first, second, gap), stage and stage.value, stage and stage.bound,
                                second.seconds))
    return found


def verdict(first: Answer, second: Answer, gap: float) -> str:
    """Whether two answers to the same stage can both be true, and whether they are the same within the gap."""
    if "infeasible" in (first.status, second.status):
        if first.status == second.status:
            return "agrees"
        return "contradicts" if first.stages or second.stages else "undecided"
    if not first.stages or not second.stages:
        return "undecided"
    one, other = first.stages[0], second.stages[0]
    size = max(abs(one.value), abs(other.value))
    room = ROOM * max(1.0, size)
    if one.bound > other.value + room or other.bound > one.value + room:
        return "contradicts"
    return "agrees" if abs(one.value - other.value) <= gap * size + room else "undecided"
