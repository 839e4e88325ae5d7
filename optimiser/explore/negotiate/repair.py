"""Negotiate: where wishes have no plan, the cheapest repairs of different kinds, each verified by a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from optimiser.errors import ResultError
from optimiser.explore.desk import Asked, Desk, Question, Regions
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.explore.negotiate.repairs import Found, Repair, Search, Step, applied, rounded_up
from optimiser.explore.negotiate.stepwords import in_words, summary
from optimiser.explore.wishes import Wish
from optimiser.model.components import components
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.texts import say

COUNT = 5  # repairs of a component
ANY_PLAN = 0.5  # gap at which a plan is good enough to prove that there is one
WIDER = 1.002  # by which amounts grow where the published decimals of a plan need a little more


@dataclass(frozen=True)
class Verified:
    """A repair with the plan that proves it, in the case with the repair in it."""

    repair: Repair
    asked: Asked


def repair(problem: Problem, *, count: int = COUNT, desk: Desk | None = None) -> Finding:
    """What must give so that a plan exists: three to five repairs, the cheapest first, as different as there are.

    Parameters
    ----------
    problem : Problem
        The case with its wishes.
    count : int
        Most repairs of regions that are solved together.
    desk : Desk, optional
        Its time limit is that of the search for repairs of such a group, and of the proof of each repair found.

    Returns
    -------
    Finding
        A case with a plan has nothing to repair, and says so.
    """
    limits = problem.config.solver
    desk = desk or Desk(limits.gap, limits.time_limit, limits.seed)
    lines: list[str] = []
    rows: list[tuple] = []
    steps: list[tuple] = []
    facts: dict[str, dict] = {}
    for regions in components(problem):
        found = Search(problem, regions, desk.seconds, desk.seed).run(count)
        verified = verify(problem, regions, found.repairs, desk)
        names = ", ".join(problem.title("regions", r) for r in regions)
        lines += _lines(problem, names, found, verified)
        facts["-".join(regions)] = {"needed": found.needed, "hopeless": found.hopeless, "least": found.least,
                                    "ended": found.ended, "prices": [each.repair.price for each in verified]}
        for number, each in enumerate(verified, start=1):
            words = summary(problem, each.repair.steps)
            rows.append(("-".join(regions), number, words, _least(found, each), each.repair.price, each.asked.value))
            steps += [("-".join(regions), number, step.move.key[0], _where(step), step.move.number, step.new,
                       step.price) for step in each.repair.steps]
    lines.append(say("explore.repair_priced" if problem.config.repair_prices else "explore.repair_neutral"))
    tables: dict[str, pd.DataFrame] = {}
    if rows:
        tables["repairs"] = frame_of(rows, "regions number repair low_price value_price unfilled_proof")
        tables["repair_steps"] = frame_of(steps, "regions number limit index setting_now setting_then value_price")
    return Finding("repair", say("explore.repair_asked"), tuple(lines), tables, facts)


def verify(problem: Problem, regions: Regions, repairs: Sequence[Repair], desk: Desk) -> list[Verified]:
    """The repairs for which the case with them in it has a plan that passes the exact check.

    A plan is published with three decimals: where that takes a little more than the search saw, amounts grow a little,
    once.
    """
    done = []
    for each in _asked(problem, regions, repairs, desk):
        if each.asked.plan is None:
            wider = Repair(tuple(_wider(step) for step in each.repair.steps), each.repair.least)
            [each] = _asked(problem, regions, [wider], desk)
        if each.asked.plan is not None:
            done.append(each)
    return done


def _asked(problem: Problem, regions: Regions, repairs: Sequence[Repair], desk: Desk) -> list[Verified]:
    questions = [Question(applied(problem, each.steps), regions, kept(problem, each.steps),
                          like=(_listed(problem, each.steps),)) for each in repairs]
    try:
        return [Verified(*pair) for pair in zip(repairs, desk.ask(questions, ANY_PLAN), strict=True)]
    except ResultError:  # no rounding of one plan keeps every rule; the others may still be verified
        if len(repairs) == 1:
            return [Verified(repairs[0], Asked(questions[0], "failed"))]
        return [found for each in repairs for found in _asked(problem, regions, [each], desk)]


def kept(problem: Problem, steps: Sequence[Step]) -> tuple[Wish, ...]:
    """What must still be listed in the reviews after those in which it need not be.

    A lock of the case holds in every review; one that begins later is a wish.
    """
    free = {step.move.key[1] for step in steps if step.move.key[0] == "must_list"}
    wishes = []
    for r, o in sorted({(r, o) for r, o, _ in free}):
        wishes += [Wish(r, (("listed", (r, o, e.number)),), 1.0, 1.0) for e in problem.reviews[r]
                   if (r, o, e.number) not in free]
    return tuple(wishes)


def _listed(problem: Problem, steps: Sequence[Step]) -> Plan:
    """A list to begin from: what is in force and what must be listed."""
    free = {step.move.key[1] for step in steps if step.move.key[0] == "must_list"}
    return Plan(frozenset(
        (r, o, e.number) for r in problem.regions for e in problem.reviews[r]
        for o in problem.in_force[r] | {o for (s, o), lock in problem.locked.items() if s == r and lock}
        if problem.locked.get((r, o)) != 0 and (r, o, e.number) not in free))


def _wider(step: Step) -> Step:
    """A step by a little more, where it is no whole one."""
    if step.move.whole or step.new is None or step.move.key[0] == "risk_shares":
        return step
    amount = min(rounded_up(step.amount * WIDER), step.move.most)
    sign = 1.0 if step.new >= (step.move.number or 0.0) else -1.0
    return Step(step.move, amount, (step.move.number or 0.0) + sign * amount)


def _least(found: Found, each: Verified) -> float:
    """What no repair of that kind undercuts; the least of all bounds the others too."""
    return min(max(found.least, each.repair.least), each.repair.price)


def _where(step: Step) -> str:
    return " ".join(map(str, step.move.key[1]))


def _lines(problem: Problem, names: str, found: Found, verified: Sequence[Verified]) -> list[str]:
    """What came of some regions in plain words."""
    if not found.needed:
        return [say("explore.repair_none_needed", regions=names)]
    if found.hopeless:
        return [say("explore.repair_hopeless", regions=names)]
    if not verified:
        return [say("explore.repair_none_found", regions=names)]
    lines = [say("explore.repair_found", regions=names, n=len(verified))]
    for number, each in enumerate(verified, start=1):
        price = interval(_least(found, each), each.repair.price)
        words = "; ".join(in_words(problem, each.repair.steps))
        lines.append(say("explore.repair_line", number=number, words=words, price=price))
    lost = len(found.repairs) - len(verified)
    lines += [say("explore.repair_unverified", n=lost)] if lost else []
    return [*lines, say(f"explore.repair_ended_{found.ended}")]
