"""Where a given list and the optimum differ, and which rule or number decides each difference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

import pandas as pd

from optimiser.exact import changes, evaluate
from optimiser.explore.beside.given import GivenList
from optimiser.explore.beside.listrules import exclusions, names
from optimiser.explore.desk import Desk, Regions
from optimiser.explore.finding import frame_of
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.texts import say

POLICY = ("law", "must_not_list", "must_list", "group", "no_candidate", "no_figure")
COLUMNS = ("region occupation more_on decides reason count_years_list count_years_optimum quota_list quota_optimum "
           "filled_list filled_optimum shortage")
Filled = dict[tuple[str, str], Fraction]  # region, occupation -> person-years filled by the scheme


@dataclass(frozen=True)
class Differences:
    """Where two lists differ: a table, and what to say of it."""

    table: pd.DataFrame = field(repr=False)
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Sides:
    """What is looked at to tell why a list and the optimum differ.

    `useful` holds the (region, occupation) pairs of which somebody could arrive.
    """

    problem: Problem
    case: Problem
    given: Plan
    best: Plan
    filled_list: Filled
    filled_optimum: Filled
    useful: frozenset[tuple[str, str]]

    def years(self, plan: Plan, r: str, o: str) -> set[int]:
        """Years in which an occupation is on the list of a plan."""
        return {t for t in self.problem.years if (r, o, self.problem.review_of(r, t).number) in plan.listed}


def differences(desk: Desk, problem: Problem, case: Problem, given: GivenList, plan: Plan, best: Plan,
                regions: Regions) -> Differences:
    """Occupations that are longer on one of the two lists, each with what decides it: a rule, or the numbers.

    Parameters
    ----------
    problem, case
        As it is, and without the list rules that the given list breaks.
    plan, best : Plan
        Of the given list and the optimum.
    """
    frames = [desk.model(problem, regions).frame]
    useful = frozenset((problem.region_of[p], o) for frame in frames for o, p, _ in frame.arrival_cap)
    sides = _Sides(problem, case, plan, best, _filled(case, plan), _filled(problem, best), useful)
    rows = []
    for r in regions:
        if r not in given.regions:
            continue
        for o in sorted({o for where, o, _ in plan.listed | best.listed if where == r}):
            if (row := _row(sides, r, o)) is not None:
                rows.append(row)
    table = frame_of(rows, COLUMNS)
    table = table.iloc[sorted(range(len(table)), key=lambda i: (  # what a rule decides first
        regions.index(table["region"].iloc[i]), table["decides"].iloc[i] != say("explore.decides_policy"), i))]
    table = table.reset_index(drop=True)
    return Differences(table, tuple(line for r in regions if r in given.regions for line in _lines(problem, r, table)))


def _filled(problem: Problem, plan: Plan) -> Filled:
    filled: Filled = defaultdict(Fraction)
    for (o, p, _), number in evaluate(problem, plan).filled_by_scheme.items():
        filled[problem.region_of[p], o] += number
    return filled


def _row(sides: _Sides, r: str, o: str) -> tuple[object, ...] | None:
    years = sides.years(sides.given, r, o), sides.years(sides.best, r, o)
    if years[0] == years[1]:
        return None
    here = len(years[0]) > len(years[1]) or (len(years[0]) == len(years[1]) and min(years[0]) < min(years[1]))
    code, reason = _given_more(sides, r, o) if here else _best_more(sides, r, o)
    quota = [sum(n for (where, of, _), n in plan.quota.items() if (where, of) == (r, o))
             for plan in (sides.given, sides.best)]
    filled = [round(float(found[r, o]), 6) for found in (sides.filled_list, sides.filled_optimum)]
    decides = say("explore.decides_policy" if code in POLICY else "explore.decides_numbers")
    return (r, o, say("explore.more_on_list" if here else "explore.more_on_optimum"), decides, reason,
            *map(len, years), *quota, *filled, round(_shortage(sides.problem, r, o), 6))


def _shortage(problem: Problem, r: str, o: str) -> float:
    """Net shortage over all areas and years (person-years)."""
    return float(sum(max(0.0, problem.shortage.get((o, p, t), 0.0) - problem.activatable.get((o, p, t), 0.0))
                     for p in problem.areas[r] for t in problem.years))


def _given_more(sides: _Sides, r: str, o: str) -> tuple[str, str]:
    """Why the optimum lists less of what the given list has."""
    problem = sides.problem
    law = exclusions(problem, r)
    if o in law:
        return "law", say("explore.reason_law", reason=law[o])
    if problem.locked.get((r, o)) == 0:
        return "must_not_list", say("explore.reason_must_not_list")
    if not any((o, p, t) in problem.shortage for p in problem.areas[r] for t in problem.years):
        known = o in problem.candidates[r]
        return ("no_figure", say("explore.reason_no_figure")) if known else (
            "no_candidate", say("explore.reason_no_candidate"))
    if any(o in group for group in problem.groups[r]):
        return "group", say("explore.reason_group")
    if not _shortage(problem, r, o):
        return "covered", say("explore.reason_covered")
    if (r, o) not in sides.useful:
        return "no_use", say("explore.reason_no_use")
    if not sides.filled_list[r, o]:
        return "idle", say("explore.reason_idle_list")
    return "numbers", say("explore.reason_numbers")


def _best_more(sides: _Sides, r: str, o: str) -> tuple[str, str]:
    """Why the optimum lists more of an occupation than the given list."""
    problem = sides.problem
    if problem.locked.get((r, o)) == 1:
        return "must_list", say("explore.reason_must_list")
    if any(o in group for group in problem.groups[r]):
        return "group", say("explore.reason_group")
    if sides.filled_optimum[r, o]:
        return "numbers", say("explore.reason_numbers")
    most = problem.rules(r).list_changes
    full = most is not None and any(len(changed) >= most for changed in changes(problem, sides.best, r))
    if o in problem.in_force[r] and full:
        return "held", say("explore.reason_held", most=most)
    return "idle", say("explore.reason_idle_optimum")


def _lines(problem: Problem, r: str, table: pd.DataFrame) -> list[str]:
    """How many differences there are, and those that policy decides, by reason."""
    here = table[table["region"] == r]
    if here.empty:
        return [say("explore.evaluate_same", region=problem.title("regions", r))]
    policy = here[here["decides"] == say("explore.decides_policy")]
    lines = [say("explore.evaluate_differ", region=problem.title("regions", r),
                 more=int((here["more_on"] == say("explore.more_on_list")).sum()),
                 less=int((here["more_on"] == say("explore.more_on_optimum")).sum()), policy=len(policy))]
    return lines + [say("explore.evaluate_policy", names=names(problem, list(part["occupation"])), reason=reason)
                    for reason, part in policy.groupby("reason", sort=False)]
