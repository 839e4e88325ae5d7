"""The rules about the list itself: which of them a given list breaks, and the case without these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pandas as pd

from optimiser.explore.beside.given import GivenList
from optimiser.problem import Problem
from optimiser.schema import ANY
from optimiser.tables import ROW
from optimiser.texts import say
from optimiser.variant import with_rules

LOCKS = ("must_list", "must_not_list", "exclusions")  # each speaks of single occupations


@dataclass(frozen=True)
class Broken:
    """A rule that a given list breaks in a review.

    Attributes
    ----------
    rule : str
        list_length, list_length_by_tier, list_length_by_sector, list_changes, minimum_stay, must_list, must_not_list,
        exclusions or groups.
    of : str
        The tier, sector or occupation it speaks of; of a group its number; empty for the whole list.
    allowed, given : int
        The rule's number and the list's.
    """

    rule: str
    region: str
    review: int
    of: str
    allowed: int
    given: int


def broken_rules(problem: Problem, given: GivenList) -> list[Broken]:
    """Every rule about lists that the given ones break, region by region and review by review."""
    return [found for r in given.regions for rule in (_lengths, _changes, _stays, _locks, _groups)
            for found in rule(problem, r, _lists(problem, given, r))]


def _lists(problem: Problem, given: GivenList, region: str) -> list[frozenset[str]]:
    """The list in force, then that of every review."""
    return [problem.in_force[region], *(given.on(region, e.number) for e in problem.reviews[region])]


def _lengths(problem: Problem, r: str, held: list[frozenset[str]]) -> Iterator[Broken]:
    rules = problem.rules(r)
    for e, listed in enumerate(held[1:], start=1):
        if rules.list_length is not None and len(listed) > rules.list_length:
            yield Broken("list_length", r, e, "", rules.list_length, len(listed))
        for rule, attribute, limits in (("list_length_by_tier", "skill_tier", rules.list_length_by_tier),
                                        ("list_length_by_sector", "sector", rules.list_length_by_sector)):
            have = Counter(problem.attribute(attribute, o) for o in listed)
            yield from (Broken(rule, r, e, value, most, have[value]) for value, most in limits.items()
                        if have[value] > most)


def _changes(problem: Problem, r: str, held: list[frozenset[str]]) -> Iterator[Broken]:
    most = problem.rules(r).list_changes
    for e, (before, after) in enumerate(pairwise(held), start=1):
        if most is not None and len(before ^ after) > most:
            yield Broken("list_changes", r, e, "", most, len(before ^ after))


def _stays(problem: Problem, r: str, held: list[frozenset[str]]) -> Iterator[Broken]:
    """What entered in a review of the plan must stay so many reviews, or to the end of the plan."""
    stay = problem.rules(r).minimum_stay
    for o in sorted(frozenset().union(*held)):
        entered = 0
        for e, (before, after) in enumerate(pairwise(held), start=1):
            if o in after - before:
                entered = e
            elif o in before - after and entered and e - entered < stay:
                yield Broken("minimum_stay", r, e, o, stay, e - entered)


def _locks(problem: Problem, r: str, held: list[frozenset[str]]) -> Iterator[Broken]:
    excluded = exclusions(problem, r)
    for e, listed in enumerate(held[1:], start=1):
        for o in sorted(listed & excluded.keys()):
            yield Broken("exclusions", r, e, o, 0, 1)
        for (where, o), lock in problem.locked.items():
            if where == r and lock == 1 and o not in listed:
                yield Broken("must_list", r, e, o, 1, 0)
            elif where == r and lock == 0 and o in listed and o not in excluded:
                yield Broken("must_not_list", r, e, o, 0, 1)


def _groups(problem: Problem, r: str, held: list[frozenset[str]]) -> Iterator[Broken]:
    for e, listed in enumerate(held[1:], start=1):
        for number, group in enumerate(problem.groups[r]):
            on = len(listed.intersection(group))
            if 0 < on < len(group):
                yield Broken("groups", r, e, str(number), len(group), on)


def exclusions(problem: Problem, region: str) -> dict[str, str]:
    """Occupations that exclusions.csv keeps off the list of a region, with the reason it gives."""
    table = problem.tables["exclusions"]
    rows = table[table["region"].isin([region, ANY])]
    return dict(zip(rows["occupation"], rows["reason"], strict=True))


def in_words(problem: Problem, broken: Sequence[Broken]) -> list[str]:
    """One line per broken rule, with the numbers of both sides; what holds in several reviews is said once."""
    together: dict[tuple[Any, ...], list[str]] = {}  # locks of a review are told together
    for found in broken:
        apart = () if found.rule in LOCKS else (found.of,)
        together.setdefault((found.region, found.rule, found.allowed, found.given, apart, found.review), []).append(
            found.of)
    told: dict[tuple[Any, ...], list[int]] = {}
    for (*same, _, review), of in together.items():
        told.setdefault((*same, tuple(of)), []).append(review)
    return [say(f"explore.broken_{rule}", region=problem.title("regions", r), of=_of(problem, r, rule, of),
                allowed=allowed, given=given, count=len(of), years=_spans(problem, r, reviews))
            for (r, rule, allowed, given, of), reviews in told.items()]


def _of(problem: Problem, region: str, rule: str, of: Sequence[str]) -> str:
    """What a broken rule speaks of: a tier or sector, or occupations with their titles."""
    if rule in ("list_length_by_tier", "list_length_by_sector"):
        return of[0]
    return names(problem, problem.groups[region][int(of[0])] if rule == "groups" else [o for o in of if o])


def names(problem: Problem, codes: Sequence[str], most: int = 3) -> str:
    """The first few occupations with their titles, and how many more there are."""
    shown = ", ".join(f"{problem.title('occupations', o)} ({o})" for o in codes[:most])
    return shown if len(codes) <= most else say("overview.and_more", names=shown, n=len(codes) - most)


def _spans(problem: Problem, region: str, reviews: Sequence[int]) -> str:
    """Years of reviews, those that follow one another as a span."""
    years = [t for t in problem.years if problem.review_of(region, t).number in reviews]
    ends = [[t for t in years if t + step not in years] for step in (-1, 1)]
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(*ends, strict=True))


def lifted(problem: Problem, given: GivenList, broken: Sequence[Broken]) -> Problem:
    """The case without the rules that are broken, and with every listed occupation as a candidate.

    The problem itself when neither is needed.
    """
    case = replace(problem, tables=problem.tables | {"exclusions": _without(problem, broken)})
    for r in given.regions:
        here = [found for found in broken if found.region == r]
        known = set(problem.candidates[r])
        strangers = sorted({o for where, o, _ in given.listed if where == r} - known)
        if here or strangers:
            case = with_rules(case, r, **_rules(problem, r, here, strangers))
    return problem if case.config == problem.config and not broken else case


def _without(problem: Problem, broken: Sequence[Broken]) -> pd.DataFrame:
    """exclusions.csv without what the lists break; a row for every region becomes one for each of the others."""
    table = problem.tables["exclusions"]
    barred = {(found.region, found.of) for found in broken if found.rule == "exclusions"}
    rows = []
    for row in table.to_dict("records"):
        wide = row["region"] == ANY and any(o == row["occupation"] for _, o in barred)
        for region in problem.tables["regions"]["region"] if wide else (row["region"],):
            if (region, row["occupation"]) not in barred:
                rows.append(row | {"region": region})
    return pd.DataFrame.from_records(rows, columns=table.columns).astype({ROW: "int64"}).drop_duplicates(
        ["region", "occupation"], ignore_index=True)


def _rules(problem: Problem, region: str, broken: Sequence[Broken], strangers: Sequence[str]) -> dict[str, Any]:
    """Settings of a region without what is broken; a group of one makes an occupation a candidate and binds nothing."""
    rules = problem.rules(region)
    gone = {rule: {found.of for found in broken if found.rule == rule} for rule in {found.rule for found in broken}}
    excluded = exclusions(problem, region)
    locked = {lock: [o for (r, o), value in problem.locked.items() if r == region and value == lock] for lock in (0, 1)}
    groups = [group for number, group in enumerate(problem.groups[region]) if str(number) not in gone.get("groups", ())]
    changed: dict[str, Any] = {"groups": tuple(groups) + tuple((o,) for o in strangers)}
    changed |= {name: None for name in ("list_length", "list_changes") if name in gone}
    for name in ("list_length_by_tier", "list_length_by_sector"):
        changed[name] = {of: most for of, most in getattr(rules, name).items() if of not in gone.get(name, ())}
    if "minimum_stay" in gone:
        changed["minimum_stay"] = 1
    if "must_list" in gone:
        changed["must_list"] = tuple(o for o in locked[1] if o not in gone["must_list"])
    if "must_not_list" in gone:
        changed["must_not_list"] = tuple(o for o in locked[0] if o not in gone["must_not_list"] and o not in excluded)
    return changed
