"""What a plan may be made of at all: keys that exist, whole lots, nothing negative, published decimals."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from optimiser.check.rule import Facts, Violation, violation
from optimiser.plan import DECIMALS, Plan
from optimiser.problem import Problem
from optimiser.texts import say

FAMILY = "domains"
AMOUNTS = ("arrivals", "trainees", "expansion")


def unreadable(problem: Problem, plan: Plan) -> list[Violation]:
    """What makes a plan impossible to work out; no other rule can be looked at before it is mended."""
    return [*keys_exist(problem, plan), *numbers_are_sound(plan)]


def keys_exist(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Every key of a plan is one of the case: nothing can be worked out for a place or a year that isn't there.

    For all listed occupations, quotas, arrivals, trainees and expansions; an expansion also needs a capacity.
    """
    regions, years, areas = set(problem.regions), set(problem.years), problem.region_of
    reviews = {(r, review.number) for r in problem.regions for review in problem.reviews[r]}

    def decides(r: str, o: str, t: int) -> bool:
        return r in regions and t in years and (r, o) in problem.retention

    known = {
        "listed": lambda r, o, e: (r, e) in reviews and (r, o) in problem.retention,
        "quota": decides,
        "arrivals": lambda o, p, t: p in areas and decides(areas[p], o, t),
        "trainees": decides,
        "expansion": lambda g, place, t: (g, place, t) in problem.capacity,
    }
    for name, exists in known.items():
        for key in sorted(getattr(plan, name)):
            if not exists(*key):
                yield Violation(FAMILY, say("check.unknown_key", **_names(name, key)))


def numbers_are_sound(plan: Plan) -> Iterator[Violation]:
    """Quotas are whole numbers and everything else fractions, none of them negative.

    For all keys of a plan. A float would make every later comparison doubtful.
    """
    for name in ("quota", *AMOUNTS):
        kind = int if name == "quota" else (int, Fraction)
        for key, number in sorted(getattr(plan, name).items()):
            if not isinstance(number, kind):
                yield Violation(FAMILY, say("check.inexact", got=number, **_names(name, key)))
            elif number < 0:
                yield violation(FAMILY, "negative", number, 0, **_names(name, key))


def listed_are_candidates(facts: Facts) -> Iterator[Violation]:
    """Only candidates are listed: occupations with a shortage, on the list in force, or named by a lock or group.

    For all regions and reviews.
    """
    for r, o, e in sorted(facts.plan.listed):
        if o not in facts.problem.candidates[r]:
            yield Violation(FAMILY, say("check.no_candidate", region=r, occupation=o, review=e))


def quotas_are_lots(facts: Facts) -> Iterator[Violation]:
    """quota = lot x a whole number.

    For all regions, occupations and years. Unit: permits per year.
    """
    for (r, o, t), number in sorted(facts.plan.quota.items()):
        lot = int(facts.problem.parameter("lot", r, o) or 1)
        if number % lot:
            yield violation(FAMILY, "lots", number, lot, region=r, occupation=o, year=t)


def amounts_are_published(facts: Facts) -> Iterator[Violation]:
    """Arrivals, trainees and expansion have at most the decimals that are published.

    For all keys of a plan. Unit: persons or units of the service per year.
    """
    for name in AMOUNTS:
        for key, number in sorted(getattr(facts.plan, name).items()):
            if (number * 10**DECIMALS).denominator != 1:
                yield violation(FAMILY, "decimals", number, round(Fraction(number), DECIMALS), decimals=DECIMALS,
                                **_names(name, key))


def _names(name: str, key: tuple[object, ...]) -> dict[str, str]:
    """What a decision and its key are called."""
    return {"name": say(f"check.{name}"), "where": " ".join(map(str, key))}
