"""The independent check: every rule and every published table, recomputed in exact fractions.

It knows nothing of the model and the solver. Each constraint family has its own functions, in files that bear the
names of the model's, so that the two statements of a rule can be read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from optimiser import run_folder
from optimiser.check import capacities, domains, lists, safeguards, shortages
from optimiser.check.published import differences
from optimiser.check.rule import Facts, Violation
from optimiser.exact import Outcome, evaluate
from optimiser.plan import Plan
from optimiser.problem import Problem

__all__ = ["FAMILIES", "Facts", "Violation", "check_run", "differences", "violations"]

FAMILIES: dict[str, tuple[Callable[[Facts], Iterator[Violation]], ...]] = {
    "domains": (domains.listed_are_candidates, domains.quotas_are_lots, domains.amounts_are_published),
    "shortage_balance": (shortages.shortage_balance,),
    "arrivals_within_quota": (shortages.arrivals_within_quota,),
    "quota_only_if_listed": (shortages.quota_only_if_listed, shortages.quota_within_limits,
                             shortages.arrivals_only_if_listed),
    "list_length": (lists.list_length,),
    "list_changes": (lists.list_changes, lists.minimum_stay),
    "locks": (lists.locks, lists.groups),
    "service_capacity": (capacities.service_capacity, capacities.expansion_within_limits, capacities.expansion_stays),
    "permit_total": (capacities.permit_total,),
    "domestic_first": (safeguards.domestic_first, safeguards.training_required, safeguards.training_places),
    "worker_independence": (safeguards.vacancies_for_arrivals, safeguards.worker_independence, safeguards.risk_share),
    "fairness": (safeguards.fair_areas, safeguards.fair_sectors, safeguards.band),
    "budget": (capacities.budget,),
}


def violations(problem: Problem, plan: Plan, regions: Sequence[str] | None = None, outcome: Outcome | None = None
               ) -> list[Violation]:
    """Every rule a plan breaks.

    Parameters
    ----------
    problem, plan
        The case and what is decided.
    regions : sequence of str, optional
        Regions whose plan it is; what the others must or may do isn't looked at. All by default.
    outcome : Outcome, optional
        What `exact.evaluate` says of the plan, when it was asked already.

    Returns
    -------
    list of Violation
        In the order of the families. A plan with keys that don't exist, or with numbers that are inexact or negative,
        can't be worked out: then only these are reported.
    """
    if unreadable := domains.unreadable(problem, plan):
        return unreadable
    facts = Facts(problem, plan, outcome or evaluate(problem, plan),
                  tuple(problem.regions if regions is None else regions))
    return [found for rules in FAMILIES.values() for rule in rules for found in rule(facts)]


def check_run(folder: Path | str) -> list[str]:
    """Everything that is wrong with a run folder, one line each; nothing when it is sound.

    Raises
    ------
    ResultError
        When the folder can't be read, or its input was changed after the run.
    InputError
        When its copy of the input has faults.
    """
    problem, solution = run_folder.read(folder)
    broken = [found.words for found in violations(problem, solution.plan)]
    return broken if domains.unreadable(problem, solution.plan) else broken + differences(problem, solution)
