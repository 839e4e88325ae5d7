"""Which limits hold a quota where it is, in the plan at hand, and the numbers of the region that might loosen one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import pandas as pd

from optimiser.exact import Outcome, evaluate
from optimiser.explore.finding import frame_of
from optimiser.explore.why.contrast import FULL
from optimiser.explore.why.levers import REACH, Lever
from optimiser.model.presence import most_domestic, most_independent
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.texts import say
from optimiser.variant import with_numbers, with_rules

Row = tuple[str, int, float, float, bool]  # limit in words, year, used, most, whether it binds


def limits_of(problem: Problem, region: str, occupation: str, plan: Plan) -> pd.DataFrame:
    """Every limit on a quota with what is used of it.

    Returns
    -------
    DataFrame
        limit, years (in which it binds, or all), used, value_most (largest of the years), binds (yes or no); those that
        bind first. A limit on permits binds when one more lot breaks it, one on people when it is used up but for
        0.5 %.
    """
    outcome = evaluate(problem, plan)
    rows = [*_permits(problem, region, occupation, plan, outcome), *_people(problem, region, occupation, outcome),
            *_services(problem, region, occupation, plan, outcome)]
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    found = []
    for limit, years in grouped.items():
        tight = [row for row in years if row[4]] or years
        found.append((limit, ", ".join(str(row[1]) for row in tight), round(max(row[2] for row in tight), 6),
                      round(max(row[3] for row in tight), 6), "yes" if any(row[4] for row in years) else "no"))
    found.sort(key=lambda row: row[4] == "no")
    return frame_of(found, "limit years used value_most binds")


def _listed_years(problem: Problem, r: str, o: str, plan: Plan) -> list[int]:
    return [t for t in problem.years if (r, o, problem.review_of(r, t).number) in plan.listed]


def _permits(problem: Problem, r: str, o: str, plan: Plan, outcome: Outcome) -> Iterator[Row]:
    lot = int(problem.parameter("lot", r, o) or 1)
    largest, ratio = problem.parameter("max_quota", r, o), problem.parameter("trainees_per_permit", r, o)
    risk = problem.attribute("risk_class", o)
    share = problem.rules(r).risk_shares.get(risk) if risk in ("low", "medium", "high") else None  # type: ignore
    for t in _listed_years(problem, r, o, plan):
        quota = plan.quota.get((r, o, t), 0)
        of_year = {code: number for (region, code, year), number in plan.quota.items() if (region, year) == (r, t)}
        total = sum(of_year.values())
        if (r, t) in problem.permit_total:
            most = problem.permit_total[r, t]
            yield say("explore.limit_permit_total"), t, total, most, total + lot > most
        if largest is not None:
            yield say("explore.limit_max_quota"), t, quota, largest, quota + lot > largest
        if ratio:
            places = problem.training_places.get((r, o, t), 0.0)
            yield say("explore.limit_training_places"), t, ratio * quota, places, ratio * (quota + lot) > places + 1e-9
        if share is not None:
            used = sum(number for code, number in of_year.items() if problem.attribute("risk_class", code) == risk)
            yield (say("explore.limit_risk_share", risk=risk), t, used, share * total,
                   used + lot > share * (total + lot) + 1e-9)
        if (r, t) in problem.budget:
            spent, most = float(outcome.cost[r, t]), problem.budget[r, t]
            yield say("explore.limit_budget"), t, spent, most, spent >= FULL * most


def _people(problem: Problem, r: str, o: str, outcome: Outcome) -> Iterator[Row]:
    net = {key: float(number) for key, number in outcome.net.items() if key[0] == o}
    for p in problem.areas[r]:
        for t in problem.years:
            there = float(outcome.present.get((o, p, t), 0))
            area = problem.title("areas", p)
            if net.get((o, p, t)):
                filled = net[o, p, t] - float(outcome.unfilled[o, p, t])
                yield (say("explore.limit_shortage", area=area), t, filled, net[o, p, t],
                       filled >= FULL * net[o, p, t])
            most = most_domestic(problem, net, o, p, t)
            if math.isfinite(most) and most > 0:
                yield say("explore.limit_max_migrant_share", area=area), t, there, most, there >= FULL * most
            most = most_independent(problem, o, p, t)
            if math.isfinite(most):
                reached = sum(float(outcome.present.get((o, q, t), 0)) for q in problem.reach[p])
                yield say("explore.limit_min_other_vacancies", area=area), t, reached, most, reached >= FULL * most


def _services(problem: Problem, r: str, o: str, plan: Plan, outcome: Outcome) -> Iterator[Row]:
    """Places of the services that the occupation takes something of."""
    for (g, place, t), capacity in problem.capacity.items():
        per_permit, by_age = problem.use_permit.get((g, r, o), 0.0), problem.use_person.get((g, r, o), ())
        if r not in problem.regions_of(g, place) or not (per_permit or any(by_age)):
            continue
        used, room = float(outcome.used[g, place, t]), capacity + float(plan.expansion.get((g, place, t), 0))
        lot = int(problem.parameter("lot", r, o) or 1)
        where = next((problem.title(table, place) for table in ("areas", "regions")
                      if problem.title(table, place) != place), place)
        yield (say("explore.limit_service", service=problem.title("services", g), place=where), t, used, room,
               used >= FULL * room or used + lot * per_permit > room)


def region_levers(problem: Problem, region: str, occupation: str) -> list[Lever]:
    """Numbers of the region that may hold a quota down: permits, budget, risk share, and each service it takes of."""
    found = []
    for name in ("permit_total", "budget"):
        numbers = {key: n for key, n in getattr(problem, name).items() if key[0] == region}
        if numbers and sum(numbers.values()):
            found.append(_scaled(problem, name, "", numbers))
    risk = problem.attribute("risk_class", occupation)
    shares = dict(problem.rules(region).risk_shares)
    if risk in shares:
        found.append(Lever("risk_shares", risk, shares[risk], 0.0, 1.0, False, True, False,  # type: ignore
                           partial(_with_share, problem, region, shares, risk)))
    for g in problem.services:
        if (g, region, occupation) in problem.use_permit or (g, region, occupation) in problem.use_person:
            numbers = {key: n for key, n in problem.capacity.items()
                       if key[0] == g and region in problem.regions_of(g, key[1])}
            if numbers and sum(numbers.values()):
                found.append(_scaled(problem, "capacity", g, numbers))
    return found


def _scaled(problem: Problem, name: str, at: str, numbers: dict) -> Lever:
    """All numbers of a kind, moved in proportion; the value is their sum in a mean year."""
    now = sum(numbers.values()) / len(problem.years)
    change = partial(_with_scaled, problem, name, numbers, now)
    return Lever(name, at, now, 0.0, REACH * now, False, True, False, change)


def _with_scaled(problem: Problem, name: str, numbers: dict, now: float, value: float) -> Problem:
    return with_numbers(problem, name, {key: number * value / now for key, number in numbers.items()})


def _with_share(problem: Problem, region: str, shares: dict, risk: str, value: float) -> Problem:
    return with_rules(problem, region, risk_shares=shares | {risk: value})


