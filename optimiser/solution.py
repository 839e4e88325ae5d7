"""Solution: a plan with all that follows from it, as tidy tables, and how far the answer can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd

from optimiser.exact import Outcome, evaluate
from optimiser.plan import DERIVED_DECIMALS, Plan
from optimiser.problem import Problem

COLUMNS: dict[str, tuple[str, ...]] = {
    "lists": ("region", "occupation", "review", "first_year", "last_year", "entered", "left"),
    "quotas": ("region", "occupation", "year", "quota"),
    "arrivals": ("area", "occupation", "year", "arrivals"),
    "training": ("region", "occupation", "year", "trainees"),
    "unfilled": ("area", "occupation", "year", "shortage", "activated", "filled_by_scheme", "filled_by_training",
                 "unfilled"),
    "services": ("service", "place", "year", "capacity", "expansion", "used"),
    "objectives": ("region", "rank", "objective", "unit", "value", "bound", "gap", "tolerance", "status"),
}
UNITS = {"unfilled": "weighted person-years", "worst_coverage": "share", "list_changes": "entries and exits",
         "cost": "EUR"}


@dataclass(frozen=True)
class Solution:
    """The answer to a Problem.

    Attributes
    ----------
    plan : Plan
    lists : DataFrame
        One row per occupation and review in which it is listed. Review 0 is the list in force before the plan (its
        years are 0). `entered`: not listed in the review before; `left`: not listed in the review after; yes or no.
    quotas : DataFrame
        Permits authorised, one row per listed occupation and year.
    arrivals, training : DataFrame
        Persons; rows with zero are left out.
    unfilled : DataFrame
        Persons, one row per area, occupation and year with a shortage.
        shortage = activated + filled_by_training + filled_by_scheme + unfilled.
    services : DataFrame
        Units per year, one row per service, place and year with a capacity.
    objectives : DataFrame
        One row per region and objective, in the region's order; `bound` is the best value that is still possible with
        the earlier objectives kept, `gap` the relative distance to it.
    status : dict
        How the run ended; see `run_folder.py`.
    """

    plan: Plan
    lists: pd.DataFrame
    quotas: pd.DataFrame
    arrivals: pd.DataFrame
    training: pd.DataFrame
    unfilled: pd.DataFrame
    services: pd.DataFrame
    objectives: pd.DataFrame
    status: dict[str, Any] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        """Whether second opinions were asked, none contradicts, and every search has one that agrees."""
        heard = self.status.get("opinions", [])
        agreed = {tuple(opinion["regions"]) for opinion in heard if opinion["verdict"] == "agrees"}
        return bool(heard) and agreed == {tuple(opinion["regions"]) for opinion in heard}


def rounded(number: Fraction | int) -> float:
    """An exact number with the decimals in which results are published."""
    return float(round(Fraction(number), DERIVED_DECIMALS))


def derive(problem: Problem, plan: Plan, proofs: dict[tuple[str, str], tuple[float, float, str]] | None = None,
           status: dict[str, Any] | None = None, outcome: Outcome | None = None) -> Solution:
    """All tables of a plan.

    Parameters
    ----------
    problem, plan
        The case and what was decided.
    proofs : dict, optional
        (region, objective) -> (bound, gap, status) as proved by the solver; nothing is proved by default.
    status : dict, optional
        How the run ended.
    outcome : Outcome, optional
        What `exact.evaluate` says of the plan, when it was asked already.
    """
    outcome = outcome or evaluate(problem, plan)
    return Solution(
        plan=plan,
        lists=_table("lists", _list_rows(problem, plan)),
        quotas=_table("quotas", [
            (r, o, t, plan.quota.get((r, o, t), 0))
            for r in problem.regions for o in problem.candidates[r] for t in problem.years
            if (r, o, problem.review_of(r, t).number) in plan.listed]),
        arrivals=_table("arrivals", [(p, o, t, float(n)) for (o, p, t), n in plan.arrivals.items()], 3),
        training=_table("training", [(r, o, t, float(n)) for (r, o, t), n in plan.trainees.items()], 3),
        unfilled=_table("unfilled", _unfilled_rows(outcome), 3),
        services=_table("services", _service_rows(problem, plan, outcome), 3),
        objectives=_table("objectives", _objective_rows(problem, outcome, proofs or {})),
        status=status or {},
    )


def _table(name: str, rows: list[tuple[Any, ...]], sort_by: int = 0) -> pd.DataFrame:
    columns = list(COLUMNS[name])
    rows = sorted(rows, key=lambda row: row[:sort_by]) if sort_by else rows
    return pd.DataFrame.from_records(rows, columns=columns)


def _list_rows(problem: Problem, plan: Plan) -> list[tuple[Any, ...]]:
    rows = []
    for r in problem.regions:
        reviews = {0: (0, 0)} | {e.number: (e.first_year, e.last_year) for e in problem.reviews[r]}
        last = max(reviews)
        for o in sorted(set(problem.candidates[r]) | problem.in_force[r]):
            on = {e: (r, o, e) in plan.listed for e in reviews} | {0: o in problem.in_force[r]}
            for e, (first_year, last_year) in reviews.items():
                if on[e]:
                    entered = "yes" if e and not on[e - 1] else "no"
                    left = "yes" if e < last and not on[e + 1] else "no"
                    rows.append((r, o, e, first_year, last_year, entered, left))
    return rows


def _unfilled_rows(outcome: Outcome) -> list[tuple[Any, ...]]:
    rows = []
    for (o, p, t), shortage in outcome.shortage.items():
        key = (o, p, t)
        numbers = (shortage, shortage - outcome.net[key], outcome.filled_by_scheme[key],
                   outcome.filled_by_training[key], outcome.unfilled[key])
        rows.append((p, o, t, *(rounded(number) for number in numbers)))
    return rows


def _service_rows(problem: Problem, plan: Plan, outcome: Outcome) -> list[tuple[Any, ...]]:
    return [(g, place, t, capacity, rounded(plan.expansion.get((g, place, t), Fraction(0))),
             rounded(outcome.used[g, place, t]))
            for (g, place, t), capacity in problem.capacity.items()]


def _objective_rows(problem: Problem, outcome: Outcome, proofs: dict[tuple[str, str], tuple[float, float, str]]
                    ) -> list[tuple[Any, ...]]:
    rows = []
    for r in problem.regions:
        for rank, objective in enumerate(problem.rules(r).objectives, start=1):
            bound, gap, status = proofs.get((r, objective.name), (float("nan"), float("nan"), "not solved"))
            rows.append((r, rank, objective.name, UNITS[objective.name], rounded(outcome.objective[r, objective.name]),
                         bound, gap, objective.tolerance, status))
    return rows
