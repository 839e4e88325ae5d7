"""Harmful changes of correct plans. What makes a change harmful is known when it is made, never asked of the check.

A mutator takes a seeded generator, a case and a correct plan, and gives a plan that breaks one rule at one place, or
None where the case has nothing to break. Limits (`sums.py`) are broken by the smallest step: a plan is pushed to the
last step within one, and one step further.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pushes import AMOUNTS, STEP, beyond, change, size
from sums import LIMITS, Limit, Place

from optimiser.exact import Outcome, evaluate
from optimiser.plan import Plan
from optimiser.problem import Problem


@dataclass(frozen=True)
class Mutant:
    """A plan that breaks `rule` at a place with these `names`; `within` is as close as it gets without breaking it.

    `outcome` is set where not the plan is wrong but what is said to follow from it.
    """

    rule: str
    names: tuple[str, ...]
    plan: Plan
    within: Plan | None = None
    outcome: Outcome | None = None


Mutator = Callable[[random.Random, Problem, Plan], "Mutant | None"]
MUTATORS: dict[str, Mutator] = {}


def mutator(make: Mutator) -> Mutator:
    """Enter a function as the mutator of its name."""
    MUTATORS[make.__name__] = make
    return make


def relist(plan: Plan, on: set[tuple[str, str, int]], off: set[tuple[str, str, int]]) -> Plan:
    """The plan with some listings added and others dropped."""
    return replace(plan, listed=(plan.listed | on) - off)


def names(*place: Any) -> tuple[str, ...]:
    """What a report of a place must say; shared places have no code."""
    return tuple(str(part) for part in place if part != "shared")


def chosen(rng: random.Random, among: Any) -> Any:
    """One of them at random; None when there is none."""
    found = sorted(among)
    return rng.choice(found) if found else None


# Limits
def _entered(limit: Limit) -> Mutator:
    """A push to a limit, as a mutator."""
    def push(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
        found = beyond(limit, rng, problem, plan)
        return found and Mutant(limit.rule, names(*found[0]), *found[1:])
    return push


for name, each in LIMITS.items():
    MUTATORS[name] = _entered(each)


# Lists
def held(problem: Problem, plan: Plan, r: str, e: int) -> set[str]:
    """The list of a review; 0 is the one in force."""
    return {o for q, o, f in plan.listed if (q, f) == (r, e)} if e else set(problem.in_force[r])


def overfull(rng: random.Random, problem: Problem, plan: Plan, r: str, most: int, allowed: set[str], *also: str
             ) -> Mutant | None:
    """The list of a review filled up with occupations of a kind, and one more."""
    e = rng.choice(problem.reviews[r]).number
    on = held(problem, plan, r, e) & allowed
    more = sorted((set(problem.candidates[r]) & allowed) - on)
    if len(on) + len(more) <= most:
        return None
    picked = [(r, o, e) for o in rng.sample(more, most + 1 - len(on))]
    full = relist(plan, set(picked[1:]), set()) if also else None  # a list that fits may hold too many of a kind
    return Mutant("list_length", names(r, e, *also), relist(plan, set(picked), set()), full)


@mutator
def list_too_long(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List one more than `list_length`."""
    r = chosen(rng, (r for r in problem.regions if problem.rules(r).list_length is not None))
    return r and overfull(rng, problem, plan, r, problem.rules(r).list_length or 0, set(problem.candidates[r]))


@mutator
def tier_too_long(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List one more of a skill tier than `list_length_by_tier`."""
    found = chosen(rng, ((r, tier, most) for r in problem.regions
                         for tier, most in problem.rules(r).list_length_by_tier.items()))
    if not found:
        return None
    r, tier, most = found
    of_tier = {o for o in problem.candidates[r] if problem.attribute("skill_tier", o) == tier}
    return overfull(rng, problem, plan, r, most, of_tier, "tier", tier)


@mutator
def sector_too_long(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List one more of a sector than `list_length_by_sector`."""
    found = chosen(rng, ((r, sector, most) for r in problem.regions
                         for sector, most in problem.rules(r).list_length_by_sector.items()))
    if not found:
        return None
    r, sector, most = found
    of_sector = {o for o in problem.candidates[r] if problem.attribute("sector", o) == sector}
    return overfull(rng, problem, plan, r, most, of_sector, "sector", sector)


@mutator
def too_many_changes(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List or drop so many occupations in a review that it changes one more than `list_changes`."""
    r = chosen(rng, (r for r in problem.regions if problem.rules(r).list_changes is not None))
    if r is None:
        return None
    most, e = problem.rules(r).list_changes or 0, rng.choice(problem.reviews[r]).number
    before, now = held(problem, plan, r, e - 1), held(problem, plan, r, e)
    same = sorted(set(problem.candidates[r]) - (before ^ now))
    needed = most + 1 - len(before ^ now)
    if not 1 <= needed <= len(same):
        return None
    picked = [(r, o, e) for o in rng.sample(same, needed)]

    def toggled(keys: list[tuple[str, str, int]]) -> Plan:
        return relist(plan, {key for key in keys if key[1] not in now}, {key for key in keys if key[1] in now})

    return Mutant("list_changes", names(r, e), toggled(picked), toggled(picked[1:]))


@mutator
def left_too_soon(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Let an occupation enter in a review, stay for fewer reviews than `minimum_stay`, and leave."""
    found = chosen(rng, ((r, o, e) for r in problem.regions if problem.rules(r).minimum_stay > 1
                         for o in problem.candidates[r] for e in range(1, len(problem.reviews[r]))))
    if not found:
        return None
    r, o, e = found
    stay, last = problem.rules(r).minimum_stay, len(problem.reviews[r])
    if e == 1 and o in problem.in_force[r]:
        return None
    out = rng.randint(e + 1, min(e + stay - 1, last))

    def listed_until(end: int) -> Plan:
        return relist(plan, {(r, o, f) for f in range(e, end)},
                      {(r, o, f) for f in range(1, last + 1) if not e <= f < end})

    return Mutant("minimum_stay", names(r, o, e, out), listed_until(out), listed_until(last + 1))


# Locks
@mutator
def must_be_listed(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Drop what must be listed."""
    found = chosen(rng, ((r, o, e) for r, o, e in plan.listed if problem.locked.get((r, o)) == 1))
    return found and Mutant("locks", names(*found), relist(plan, set(), {found}), plan)


@mutator
def must_not_be_listed(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List what `must_not_list` or an exclusion bars."""
    found = chosen(rng, ((r, o, e.number) for (r, o), lock in problem.locked.items() if lock == 0
                         for e in problem.reviews[r]))
    return found and Mutant("locks", names(*found), relist(plan, {found}, set()), plan)


@mutator
def group_torn(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List or drop one occupation of a group alone."""
    found = chosen(rng, ((r, e.number, o) for r in problem.regions for e in problem.reviews[r]
                         for group in problem.groups[r] if len(group) > 1 for o in group))
    if not found:
        return None
    r, e, o = found
    on = {(r, o, e)}
    torn = relist(plan, set(), on) if (r, o, e) in plan.listed else relist(plan, on, set())
    return Mutant("groups", names(r, e, o), torn, plan)


# Only if listed
@mutator
def quota_unlisted(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Give a lot of permits to an occupation that is not listed."""
    key = chosen(rng, ((r, o, t) for r in problem.regions for o in problem.candidates[r] for t in problem.years
                       if (r, o, problem.review_of(r, t).number) not in plan.listed))
    return key and Mutant("quota_only_if_listed", names(*key),
                          change(plan, "quota", key, size(problem, "quota", key)), plan)


@mutator
def arrival_unlisted(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Let a thousandth of a person arrive for an occupation that is not listed."""
    key = chosen(rng, ((o, p, t) for p, r in problem.region_of.items() for o in problem.candidates[r]
                       for t in problem.years if (r, o, problem.review_of(r, t).number) not in plan.listed))
    return key and Mutant("arrivals_only_if_listed", names(*key), change(plan, "arrivals", key, STEP), plan)


@mutator
def dropped_with_its_quota(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Drop an occupation from a list and keep its permits."""
    key = chosen(rng, plan.quota)
    if not key:
        return None
    r, o, t = key
    return Mutant("quota_only_if_listed", names(*key),
                  relist(plan, set(), {(r, o, problem.review_of(r, t).number)}), plan)


@mutator
def dropped_with_its_people(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Drop an occupation from a list and keep its arrivals."""
    key = chosen(rng, plan.arrivals)
    if not key:
        return None
    o, p, t = key
    r = problem.region_of[p]
    return Mutant("arrivals_only_if_listed", names(*key),
                  relist(plan, set(), {(r, o, problem.review_of(r, t).number)}), plan)


# What is said to follow
@mutator
def counted_as_filled(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Say that a thousandth of a person more or less stays unfilled, or is filled by the scheme or by training."""
    outcome = evaluate(problem, plan)
    name = rng.choice(["unfilled", "filled_by_scheme", "filled_by_training"])
    numbers, cell = getattr(outcome, name), chosen(rng, outcome.net)
    wrong = numbers | {cell: numbers[cell] + rng.choice([-STEP, STEP])}
    return Mutant("shortage_balance", names(*cell), plan, outcome=replace(outcome, **{name: wrong}))


@mutator
def filled_by_nobody(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Say that the scheme fills what it doesn't: what is unfilled falls as what is filled rises."""
    outcome = evaluate(problem, plan)
    cell = chosen(rng, (cell for cell, left in outcome.unfilled.items() if left >= STEP))
    if cell is None:
        return None
    persons = STEP * rng.randint(1, int(outcome.unfilled[cell] / STEP))
    return Mutant("shortage_balance", names(*cell), plan, outcome=replace(
        outcome, unfilled=outcome.unfilled | {cell: outcome.unfilled[cell] - persons},
        filled_by_scheme=outcome.filled_by_scheme | {cell: outcome.filled_by_scheme[cell] + persons}))


@mutator
def forgotten_cohort(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Work out what is unfilled without one cohort, and keep what is filled."""
    key = chosen(rng, plan.arrivals)
    if not key:
        return None
    outcome, without = evaluate(problem, plan), evaluate(problem, change(plan, "arrivals", key, 0))
    cell = chosen(rng, (c for c, left in outcome.unfilled.items() if without.unfilled[c] != left))
    return cell and Mutant("shortage_balance", names(*cell), plan, outcome=replace(outcome, unfilled=without.unfilled))


# What a plan may be made of
@mutator
def no_candidate(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """List an occupation that is short nowhere in the region and that nothing names."""
    key = chosen(rng, ((r, o, e.number) for r in problem.regions for o in problem.tables["occupations"]["occupation"]
                       if o not in problem.candidates[r] for e in problem.reviews[r]))
    return key and Mutant("listed_are_candidates", names(*key), relist(plan, {key}, set()), plan)


@mutator
def broken_lot(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Give or take permits that make no whole lot."""
    key = chosen(rng, (key for key in plan.quota if size(problem, "quota", key) > 1))
    if not key:
        return None
    permits = plan.quota[key] + rng.choice([-1, 1]) * rng.randint(1, int(size(problem, "quota", key)) - 1)
    return Mutant("quotas_are_lots", names(*key), change(plan, "quota", key, permits), plan)


def _some_amount(rng: random.Random, plan: Plan, among: tuple[str, ...]) -> tuple[str, Place]:
    name = rng.choice([name for name in among if getattr(plan, name)])
    return name, chosen(rng, getattr(plan, name))


@mutator
def finer_than_published(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Add or take a part of a thousandth."""
    name, key = _some_amount(rng, plan, AMOUNTS[1:])
    value = getattr(plan, name)[key] + rng.choice([-1, 1]) * STEP / rng.choice([2, 3, 10, 1000])
    return Mutant("amounts_are_published", names(*key), change(plan, name, key, value), plan)


@mutator
def negative(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Set a number the smallest step below zero."""
    name, key = _some_amount(rng, plan, AMOUNTS)
    return Mutant("numbers_are_sound", names(*key), change(plan, name, key, -size(problem, name, key)), plan)


@mutator
def inexact(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Give a number as a float."""
    name, key = _some_amount(rng, plan, AMOUNTS)
    return Mutant("numbers_are_sound", names(*key), change(plan, name, key, float(getattr(plan, name)[key])), plan)


@mutator
def unknown_key(rng: random.Random, problem: Problem, plan: Plan) -> Mutant | None:
    """Say of a decision that it is for a region, area, occupation, service, review or year that does not exist."""
    name = rng.choice(["listed", *(name for name in AMOUNTS if getattr(plan, name))])
    key = chosen(rng, getattr(plan, name))
    part = rng.randrange(3)
    first, last = (1, len(problem.reviews[key[0]])) if name == "listed" else (problem.years[0], problem.years[-1])
    other = rng.choice([first - 1, last + 1]) if part == 2 else rng.choice(["X", "0000", ""])
    nowhere: Any = (*key[:part], other, *key[part + 1:])
    wrong = relist(plan, {nowhere}, {key}) if name == "listed" else change(
        change(plan, name, key, 0), name, nowhere, getattr(plan, name)[key])
    return Mutant("keys_exist", names(*(part for part in nowhere if part != "")), wrong)
