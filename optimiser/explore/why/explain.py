"""Why not? An occupation forced onto the best list, or off it, and the single number that would turn the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from optimiser.explore.desk import Asked, Desk, Question, Regions, part, price, refuse_no_answer
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.explore.standing import named, refuse_unknown, standing
from optimiser.explore.why.binding import limits_of, region_levers
from optimiser.explore.why.contrast import fullness, shifts
from optimiser.explore.why.flips import Bisection, Point, Sides, Tell, hunt
from optimiser.explore.why.levers import Lever, levers
from optimiser.explore.why.neighbours import with_occupation, without_occupation
from optimiser.explore.wishes import Wish, off_list, on_list
from optimiser.model.components import components
from optimiser.problem import Problem
from optimiser.solution import UNITS
from optimiser.texts import say

MANY = 1000.0  # a leading aim from which on no decimals are shown
FEW = 4  # names in a line before the rest is counted


@dataclass(frozen=True)
class Hunting:
    """How the single numbers are looked for; see `explain`."""

    seconds: float
    precision: float
    deep: bool
    tell: Tell | None


@dataclass(frozen=True)
class Case:
    """What is asked of: an occupation of a region, of a case, and at which desk."""

    problem: Problem = field(repr=False)
    region: str
    occupation: str
    desk: Desk = field(repr=False)

    @property
    def regions(self) -> Regions:
        """The regions that must be solved together with this one."""
        return next(group for group in components(self.problem) if self.region in group)

    @property
    def name(self) -> str:
        """Title and code of the occupation."""
        return named(self.problem, self.occupation)

    def base(self) -> Asked:
        """The best plan as the case is.

        Raises
        ------
        SolverError
            When none was found in time.
        """
        return refuse_no_answer(self.desk.ask([Question(self.problem, self.regions)])[0])


def explain(problem: Problem, region: str, occupation: str, *, quota: bool = False, desk: Desk | None = None,
            seconds: float = 120.0, precision: float = 0.05, deep: bool = False, tell: Tell | None = None) -> Finding:
    """Why an occupation is not on the best list, why it is, or why its quota is not larger.

    Parameters
    ----------
    quota : bool
        Whether the size of its quota is asked about, rather than whether it is listed.
    seconds : float
        For the single numbers, after the two plans; 0 leaves them out.
    precision : float
        Width of a flip at which it is narrow enough, relative to its value.
    deep : bool
        Whether every value is searched as a case of its own; otherwise lists near the best one are compared.
    tell : callable, optional
        See `flips.hunt`.

    Raises
    ------
    InputError
        When the region or the occupation is unknown.
    SolverError
        When no plan was found in time.
    """
    refuse_unknown(problem, region, occupation)
    limits = problem.config.solver
    hunting = Hunting(seconds, precision, deep, tell)
    case = Case(problem, region, occupation, desk or Desk(limits.gap, limits.time_limit, limits.seed))
    word, reason = standing(problem, region, occupation)
    if word in ("excluded", "must_not", "no_candidate") or (word == "must" and not quota):
        return Finding("explain", _title(case, "listed"), (reason, say("explore.explain_not_solved")), {},
                       {"verdict": word, "region": region, "occupation": occupation})
    base = case.base()
    if base.plan is None:
        return Finding("explain", _title(case, "listed"), (say("explore.explain_base_infeasible"),), {},
                       {"verdict": "infeasible", "region": region, "occupation": occupation})
    on = _listed(case, base)
    if quota and on:
        return _of_quota(case, base, hunting)
    found = _of_list(case, base, on, hunting)
    return Finding(found.question, found.title, (say("explore.explain_no_quota"), *found.lines), found.tables,
                   found.facts) if quota else found


def _listed(case: Case, asked: Asked) -> bool:
    return any(key[:2] == (case.region, case.occupation) for key in asked.plan.listed) if asked.plan else False


def _title(case: Case, key: str, **names: Any) -> str:
    return say(f"explore.explain_title_{key}", occupation=case.name,
               region=case.problem.title("regions", case.region), **names)


def _of_list(case: Case, base: Asked, on: bool, hunting: Hunting) -> Finding:
    """The occupation forced to where the best plan does not have it."""
    problem, r, o = case.problem, case.region, case.occupation
    inside, outside = (on_list(problem, r, o),), off_list(problem, r, o)
    assert base.plan is not None
    near = (without_occupation if on else with_occupation)(problem, r, base.plan, o)
    forced = forced_answer(case, Question(problem, case.regions, outside if on else inside, like=near))
    sides = Sides(case.regions, inside, outside, starts_inside=() if on else near[:2],
                  starts_outside=near[:2] if on else (), deep=hunting.deep)
    now = (base, forced) if on else (forced, base)
    searches = hunt(case.desk, sides, now, levers(problem, r, o), not on,
                    hunting.seconds, hunting.precision, hunting.tell)
    lines = [_verdict(case, base, forced, on, "on" if on else "off"), *_consequences(case, base, forced, on)]
    return _finding(case, _title(case, "on" if on else "off"), lines, base, forced, searches,
                    {"listed": on, "quota": False, "deep": hunting.deep})


def forced_answer(case: Case, question: Question) -> Asked:
    """The best of some lists near the best one; a whole search where that is not within the gap.

    Raises
    ------
    SolverError
        When the time was not enough for either.
    """
    [quick] = case.desk.ask([replace(question, near=True)])
    return quick if quick.infeasible or quick.gap <= case.desk.gap else refuse_no_answer(case.desk.ask([question])[0])


def _of_quota(case: Case, base: Asked, hunting: Hunting) -> Finding:
    """A larger quota: which limits bind for it, and what one lot a year more costs."""
    problem, r, o = case.problem, case.region, case.occupation
    assert base.plan is not None
    lot = int(problem.parameter("lot", r, o) or 1)
    lots = {t: base.plan.quota.get((r, o, t), 0) // lot for t in problem.years}
    columns = tuple(("lots", (r, o, t)) for t in problem.years)
    total, room = float(sum(lots.values())), {(r, o, t): lots[t] + 1 for t in problem.years}
    years = [t for t in problem.years if lots[t]]
    yearly = tuple(Wish(r, (("lots", (r, o, t)),), float(lots[t] + 1), math.inf) for t in years)
    sides = Sides(case.regions, (Wish(r, columns, total + 1, math.inf),), (Wish(r, columns, -math.inf, total),), False,
                  room=room, deep=hunting.deep)
    more, every = (forced_answer(case, Question(problem, case.regions, wishes, like=(base.plan,), room=room))
                   for wishes in (sides.inside, yearly))
    searches = hunt(case.desk, sides, (more, base), [*levers(problem, r, o), *region_levers(problem, r, o)], True,
                    hunting.seconds, hunting.precision, hunting.tell)
    limits = limits_of(problem, r, o, base.plan)
    binding = limits[limits["binds"] == "yes"]
    lines = [
        say("explore.explain_quota_now", occupation=case.name, permits=f"{total * lot:,.0f}",
            years=", ".join(f"{t}: {lots[t] * lot:,}" for t in years)),
        _verdict(case, base, more, False, "lot", lot=lot),
        _verdict(case, base, every, False, "every_lot", lot=lot),
        say("explore.explain_binds", limits=_some([f"{row['limit']} ({row['years']})"
                                                   for row in binding.to_dict("records")], 2 * FEW))
        if len(binding) else say("explore.explain_binds_none"),
        *_consequences(case, base, more, False)]
    found = _finding(case, _title(case, "quota"), lines, base, more, searches,
                     {"listed": True, "quota": True, "deep": hunting.deep, "lot": lot, "total": total * lot})
    return Finding(found.question, found.title, found.lines, {"limits": limits} | found.tables, found.facts)


def _finding(case: Case, title: str, lines: list[str], base: Asked, forced: Asked, searches: list[Bisection],
             facts: dict[str, Any]) -> Finding:
    lines += _number_lines(case, searches, not facts["listed"] or facts["quota"], facts["quota"])
    if not any(len(s.points) > 1 for s in searches):
        searches = []
    elif any(p.verdict.endswith("_found") for s in searches for p in s.points.values()) and not facts["deep"]:
        lines.append(say("explore.explain_near"))
    lines.append(say("explore.explain_gap", gap=_gap(base), forced=_gap(forced)))
    tables = {}
    if forced.plan and base.plan:
        before, after = (part(case.problem, plan, (case.region,)) for plan in (base.plan, forced.plan))
        tables = {"shifts": shifts(case.problem, case.region, before, after),
                  "fullness": fullness(case.problem, case.region, base.plan, forced.plan)}
    low, high = price(forced, base, tighter=True)
    facts |= {"verdict": "listed" if facts["listed"] else "not_listed", "region": case.region, "base": base.value,
              "occupation": case.occupation, "price_low": _finite(low), "price_high": _finite(high),
              "tie": low == 0.0, "forced": _finite(forced.value)}
    if searches:
        tables["numbers"] = numbers_table(case.problem, searches)
    return Finding("explain", title, tuple(lines), tables, facts)


def _verdict(case: Case, base: Asked, forced: Asked, on: bool, key: str, **names: Any) -> str:
    """What forcing costs, as an interval; a tie when nothing can be told."""
    names |= {"occupation": case.name, "region": case.problem.title("regions", case.region),
              "unit": UNITS[case.problem.rules(case.region).objectives[0].name]}
    if forced.infeasible:
        return say(f"explore.explain_{key}_impossible", **names)
    low, high = price(forced, base, tighter=True)
    digits = 0 if abs(base.value) >= MANY else 3
    words = say(f"explore.explain_{key}", **names, price=interval(low, high, digits))
    if low == 0.0:
        best = _listed(case, base if base.value <= forced.value else forced) if key in ("on", "off") else on
        return f"{words} {say('explore.explain_tie' if best == on else 'explore.explain_tie_other')}"
    return words


def _consequences(case: Case, base: Asked, forced: Asked, on: bool) -> list[str]:
    """What is displaced and which services run full, in words."""
    if not base.plan or not forced.plan:
        return []
    problem, r = case.problem, case.region
    before, after = (part(problem, plan, (r,)) for plan in (base.plan, forced.plan))
    moved = shifts(problem, r, before, after)
    others = moved[moved["occupation"] != case.occupation].to_dict("records")
    lines = []
    for key, rows in (("leaves", [x for x in others if x["reviews_before"] and not x["reviews_after"]]),
                      ("comes", [x for x in others if x["reviews_after"] and not x["reviews_before"]]),
                      ("shifts", [x for x in others if x["reviews_before"] and x["reviews_after"]
                                  and x["reviews_before"] != x["reviews_after"]])):
        if rows:
            names = [say(f"explore.explain_who_{key}", occupation=named(problem, x["occupation"]),
                         before=x["reviews_before"], after=x["reviews_after"],
                         more=f"{x['filled_more']:+,.0f}") for x in rows]
            lines.append(say(f"explore.explain_{key}", names=_some(names)))
    if not lines:
        lines.append(say("explore.explain_nobody_moves"))
    full = fullness(problem, r, base.plan, forced.plan)
    newly = full[full["newly"] == "yes"]
    places = [say("explore.explain_place", service=problem.title("services", x["service"]),
                  place=_place(problem, x["place"]), years=x["years"]) for x in newly.to_dict("records")]
    lines.append(say("explore.explain_runs_out", places=_some(places)) if places else
                 say("explore.explain_nothing_runs_out", n=len(full)))
    return lines


def _some(names: list[str], most: int = FEW) -> str:
    rest = len(names) - most
    return "; ".join(names[:most]) + (say("explore.explain_and_more", n=rest) if rest > 0 else "")


def _place(problem: Problem, code: str) -> str:
    for table in ("areas", "regions"):
        if problem.title(table, code) != code:
            return problem.title(table, code)
    return code


def lever_name(problem: Problem, lever: Lever) -> str:
    """A number in words, with what it is about."""
    at = next((problem.title(table, lever.at) for table in ("areas", "services")
               if lever.at and problem.title(table, lever.at) != lever.at), lever.at)
    key = "shortage_everywhere" if lever.name == "shortage" and not lever.at else lever.name
    return say(f"explore.lever_{key}", at=at)


def numbers_table(problem: Problem, searches: list[Bisection]) -> pd.DataFrame:
    """What came of each number.

    Returns
    -------
    DataFrame
        what, setting_now, setting_last (the furthest value at which the answer is still the same), shown_last (how far
        that is known), setting_first (the nearest one at which it turned; empty when there is none), shown_first,
        setting_proved (nearest one at which the turn is proved), setting_end (how far was looked), points (values
        solved).
    """
    rows = []
    for search in searches:
        last, first, proved = search.last, search.first, search.proved
        rows.append((lever_name(problem, search.lever), *(
            round(n, 6) if n is not None else math.nan for n in (search.lever.now, last.value)), _shown(last),
            round(first.value, 6) if first else math.nan, _shown(first) if first else outcome(search),
            round(proved.value, 6) if proved else math.nan, round(search.lever.end(search.towards), 6),
            len(search.points)))
    return frame_of(rows, "what setting_now setting_last shown_last setting_first shown_first setting_proved "
                          "setting_end points")


def _shown(point: Point) -> str:
    return say(f"explore.shown_{point.verdict}")


def outcome(search: Bisection) -> str:
    """Why a number has no flip: none in range, or not looked at, or no answer there."""
    end = search.lever.end(search.towards)
    if end == search.lever.now:
        return say("explore.shown_at_end")
    if len(search.points) == 1:
        return say("explore.shown_not_tried")
    ended = search.points[search.ends[-1]].verdict
    if ended in ("open", "neither"):
        return say("explore.shown_no_answer")
    return say("explore.shown_never" if ended in ("in", "out") else "explore.shown_never_found")


def _number_lines(case: Case, searches: list[Bisection], towards: bool, quota: bool) -> list[str]:
    """The numbers that turn the answer, those that need least change first; and those that never do."""
    turned = [(abs(first.value - s.lever.now) / max(abs(s.lever.now), 1e-9), s, first) for s in searches
              if (first := s.first)]
    lines = []
    aim = "larger" if quota else "in" if towards else "out"
    for _, search, first in sorted(turned, key=lambda found: found[0]):
        proof = say("explore.explain_proved" if first.verdict in ("in", "out") else "explore.explain_found")
        later = search.proved
        if first.verdict not in ("in", "out") and later:
            proof = say("explore.explain_proved_later", value=_value(later.value))
        lines.append(say(f"explore.explain_number_{aim}", what=lever_name(case.problem, search.lever),
                         now=_value(search.lever.now), last=_value(search.last.value), first=_value(first.value),
                         proof=proof, last_proof=_shown(search.last)))
    never = [s for s in searches if not s.first and outcome(s).startswith(say("explore.shown_never"))]
    if never:
        lines.append(say(f"explore.explain_never_{aim}", names="; ".join(
            say("explore.explain_up_to", what=lever_name(case.problem, s.lever), now=_value(s.lever.now),
                end=_value(s.ends[-1]), shown=_shown(s.points[s.ends[-1]])) for s in never)))
    left = sum(len(s.points) == 1 and s.next() is not None for s in searches)
    if left and any(len(s.points) > 1 for s in searches):
        lines.append(say("explore.explain_not_tried", n=left, all=len(searches)))
    return lines


def _value(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:,.3g}"


def _gap(asked: Asked) -> str:
    return f"{asked.gap:.2%}" if math.isfinite(asked.gap) else say("explore.no_plan")


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
