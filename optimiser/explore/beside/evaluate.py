"""Evaluate a given list: its best quotas or given ones, what it breaks, what it costs against the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.clash import in_words as clash_in_words
from optimiser.explore.beside import listrules, sides
from optimiser.explore.beside.given import GivenList, Lists, of_lists, read_list
from optimiser.explore.beside.reasons import differences
from optimiser.explore.desk import Asked, Desk, Question, Regions, price, refuse_no_answer
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.explore.wishes import Wish, exactly_these, quotas
from optimiser.model.components import components
from optimiser.model.frame import NO_ROOM
from optimiser.model.plain import plain
from optimiser.problem import Problem
from optimiser.solution import UNITS
from optimiser.solver import explain
from optimiser.texts import say

CLASH_SECONDS = 60.0
Lots = dict[tuple[str, str, int], int]


@dataclass(frozen=True)
class Evaluated:
    """What came of one component of a case: the given list's answer, and the optimum's.

    Attributes
    ----------
    case : Problem
        The problem, without the list rules that the given list breaks.
    given, best : Asked
        Of `case` with the list, and of the problem itself.
    aim, unit : str
        What is minimised, or made most of.
    """

    case: Problem = field(repr=False)
    regions: Regions
    given: Asked
    best: Asked
    aim: str
    clashes: tuple[str, ...] = ()

    @property
    def price(self) -> tuple[float, float]:
        """What the list costs against the optimum, in the unit of the aim; never negative where it keeps all rules."""
        return price(self.given, self.best, tighter=self.case is self.best.question.problem)


def evaluate_list(problem: Problem, lists: Lists | GivenList | Path | str,
                  quotas: bool | Mapping[tuple[str, str, int], int] = False, desk: Desk | None = None) -> Finding:
    """How good a given list is, and what it costs against the optimum under the same capacities.

    Rules about the list that the given one breaks are named and lifted; every other limit holds. Regions of which the
    list says nothing choose their list freely where they share something with one of which it does; others are left
    out.

    Parameters
    ----------
    problem : Problem
    lists : path of a CSV file, or dict region -> occupations, or dict (region, review number) -> occupations
        See `docs/tables.md` for the file.
    quotas : bool, or dict (region, occupation, year) -> permits
        Whether the file's quotas hold, or quotas that do; those not given are the best ones.
    desk : Desk, optional
        Where it is asked; by default one with the gap and the time limit of the config.

    Returns
    -------
    Finding

    Raises
    ------
    InputError
        When the list has faults.
    SolverError
        When the time was not enough to know whether the list can be had.
    """
    solver = problem.config.solver
    desk = desk or Desk(solver.gap, solver.time_limit, solver.seed)
    given = _read(problem, lists, quotas)
    broken = listrules.broken_rules(problem, given)
    case = listrules.lifted(problem, given, broken)
    lots = _lots(case, given) if quotas else {}
    found = _evaluated(desk, problem, case, given, lots)
    return _finding(problem, given, broken, found, bool(quotas), desk)


def _read(problem: Problem, lists: Any, quotas: Any) -> GivenList:
    if isinstance(lists, GivenList):
        return lists
    if isinstance(lists, Path | str):
        return read_list(problem, lists, bool(quotas))
    return of_lists(problem, lists, quotas if isinstance(quotas, Mapping) else None)


def _lots(case: Problem, given: GivenList) -> Lots:
    return {(r, o, t): permits // int(case.parameter("lot", r, o) or 1) for (r, o, t), permits in given.quota.items()}


def _evaluated(desk: Desk, problem: Problem, case: Problem, given: GivenList, lots: Lots) -> list[Evaluated]:
    """The list and the optimum, asked side by side, for regions that share something.

    More occupations may be candidates in the case, so that more regions share something; they stay whole there.
    """
    parts = [regions for regions in components(case) if set(regions) & set(given.regions)]
    best = [Question(problem, regions) for regions in parts]
    wished = []
    for regions in parts:
        room = {key: number for key, number in lots.items() if key[0] in regions}
        wished.append(Question(case, regions, tuple(_wishes(case, given, lots, regions)), room=room))
    answers = desk.ask([*best, *wished])
    found = []
    for question, optimum, answer in zip(wished, answers, answers[len(parts):], strict=False):
        aim = desk.model(case, question.regions, question.room).parts[0][0][1]
        clashes = _clashes(question) if answer.infeasible else ()
        found.append(Evaluated(case, question.regions, refuse_no_answer(answer), refuse_no_answer(optimum), aim,
                               tuple(clashes)))
    return found


def _wishes(case: Problem, given: GivenList, lots: Lots, regions: Regions) -> list[Wish]:
    wishes = []
    for r in regions:
        if r in given.regions:
            wishes += [*exactly_these(case, r, given.listed), *quotas(r, lots)]
    return wishes


def _clashes(question: Question) -> list[str]:
    """Which limits leave a list no plan, in words: every other limit as a row, the list and the quotas as bounds."""
    asked = plain(question.problem, question.regions, question.room or NO_ROOM)
    position = {column: i for i, column in enumerate(asked.handed.columns)}
    program = asked.program
    lower, upper = program.col_lower.copy(), program.col_upper.copy()
    for wish in question.wishes:
        for column in wish.columns:
            if column in position:
                lower[position[column]], upper[position[column]] = wish.lower, wish.upper
    fixed = replace(program, col_lower=lower, col_upper=np.maximum(lower, upper))
    return clash_in_words(question.problem, asked.limits, explain(fixed, asked.limits, CLASH_SECONDS))


# What is told -------------------------------------------------------------------------------------------------------


def _finding(problem: Problem, given: GivenList, broken: list[listrules.Broken], found: list[Evaluated], quotas: bool,
             desk: Desk) -> Finding:
    lines = [line for part in found for line in _verdict(part, quotas)]
    lines += _lifted(problem, given, broken)
    lines += [say("explore.evaluate_left_out", regions=", ".join(left))] if (left := [
        r for r in problem.regions if not any(r in part.regions for part in found)]) else []
    lines += [say("explore.evaluate_free", regions=", ".join(free))] if (free := [
        r for part in found for r in part.regions if r not in given.regions]) else []
    lines += _of_quotas(given, quotas, found)
    tables = {
        "evaluate_price": frame_of([_price_row(part) for part in found],
                                   "regions aim unit feasible value bound best best_bound low high"),
        "evaluate_broken": frame_of(
            [(b.region, b.review, b.rule, b.of, b.allowed, b.given) for b in broken],
            "region review rule of number_allowed number_given"),
    }
    facts: dict[str, Any] = {"list": given.name, "regions": list(given.regions), "quotas": quotas,
                             "feasible": [not part.given.infeasible for part in found], "searches": desk.searches}
    for part in found:
        if part.given.plan and part.best.plan:
            reasons = differences(desk, problem, part.case, given, part.given.plan, part.best.plan, part.regions)
            told = {"evaluate_differences": reasons.table} | sides.of_plans(problem, part.case, part.given.plan,
                                                                             part.best.plan, part.regions)
            lines += [*_filled(problem, part.regions, told["evaluate_occupations"]), *reasons.lines]
            tables |= {name: sides.stacked(tables.get(name), frame) for name, frame in told.items()}
    lines += [say("explore.evaluate_honest")] if any(part.given.plan and part.best.plan for part in found) else []
    title = say("explore.evaluate_asked", name=given.name, regions=", ".join(given.regions))
    return Finding("evaluate", title, tuple(lines), tables, facts)


def _verdict(part: Evaluated, quotas: bool) -> list[str]:
    """Whether the list can be had, and its price."""
    regions = ", ".join(part.regions)
    if part.given.infeasible:
        clashes = list(part.clashes) or [say("explore.evaluate_no_reason")]
        key = "explore.evaluate_impossible" if quotas else "explore.evaluate_infeasible"
        return [say(key, regions=regions), *clashes]
    if part.best.infeasible:
        return [say("explore.evaluate_no_optimum", regions=regions)]
    low, high = part.price
    values = _told(part.aim, part.given.value), _told(part.aim, part.best.value)
    scale = 100 if part.aim == "worst_coverage" else 1
    key = "tie" if low <= 0 <= high else "worse" if low > 0 else "better"
    ends = sorted((abs(low), abs(high))) if key != "tie" else [low, high]
    gap = max(part.given.gap, part.best.gap)
    proof = say("explore.evaluate_proved", gap=f"{gap:.2%}") if np.isfinite(gap) else say("explore.evaluate_unproved")
    digits = 2 if part.aim == "worst_coverage" else 0
    unit = say("explore.evaluate_points") if part.aim == "worst_coverage" else UNITS[part.aim]
    told = say("explore.evaluate_amount", number=interval(scale * ends[0], scale * ends[1], digits), unit=unit)
    return [say(f"explore.evaluate_{key}", regions=regions, aim=say(f"explore.aim_{part.aim}"), given=values[0],
                best=values[1], proof=proof, interval=told)]


def _filled(problem: Problem, regions: Regions, table: pd.DataFrame) -> list[str]:
    """What the two plans fill of every region's shortage, and for whom most stays unfilled."""
    lines = []
    for r in regions:
        here = table[table["region"] == r]
        short, of_list, of_optimum = (float(here[name].sum()) for name in ("shortage", "filled_list", "filled_optimum"))
        if short:
            left = [str(o) for o in here[here["unfilled_list"] > 0]["occupation"]]
            lines.append(say("explore.evaluate_filled", region=problem.title("regions", r), short=f"{short:,.0f}",
                             filled=f"{of_list:,.0f}", share=f"{of_list / short:.1%}", best=f"{of_optimum:,.0f}",
                             names=listrules.names(problem, left) or say("explore.evaluate_nobody")))
    return lines


def _told(aim: str, number: float) -> str:
    """A value of an aim with its unit; a coverage, which counts negative, in per cent."""
    if aim == "worst_coverage":
        return say("explore.evaluate_amount", number=f"{-100 * number:,.2f}", unit="%")
    return say("explore.evaluate_amount", number=f"{number:,.0f}", unit=UNITS[aim])


def _lifted(problem: Problem, given: GivenList, broken: list[listrules.Broken]) -> list[str]:
    lines = []
    if broken:
        lines += [say("explore.evaluate_lifted"), *listrules.in_words(problem, broken)]
    for r in given.regions:
        strangers = sorted({o for where, o, _ in given.listed if where == r} - set(problem.candidates[r])
                           - listrules.exclusions(problem, r).keys())
        if strangers:
            lines.append(say("explore.evaluate_strangers", region=problem.title("regions", r), n=len(strangers),
                             names=listrules.names(problem, strangers)))
    return lines


def _of_quotas(given: GivenList, quotas: bool, found: list[Evaluated]) -> list[str]:
    if not quotas:
        return [say("explore.evaluate_quotas_unused", n=len(given.quota))] if given.quota else []
    case = found[0].case
    wanted = {(r, o, t) for r, o, e in given.listed for t in case.years if case.review_of(r, t).number == e}
    return [say("explore.evaluate_quotas_given", n=len(given.quota), free=len(wanted - given.quota.keys()))]


def _price_row(part: Evaluated) -> tuple[Any, ...]:
    sign = -1.0 if part.aim == "worst_coverage" else 1.0
    low, high = part.price if part.given.plan and part.best.plan else (np.nan, np.nan)

    def finite(number: float) -> float:
        return sign * number if np.isfinite(number) else np.nan

    return (", ".join(part.regions), say(f"explore.aim_{part.aim}"), UNITS[part.aim],
            say("docs.no" if part.given.infeasible else "docs.yes"), finite(part.given.value), finite(part.given.bound),
            finite(part.best.value), finite(part.best.bound), low, high)
