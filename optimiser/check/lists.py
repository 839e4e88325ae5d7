"""Families 4 to 6, recomputed: how long the list is, how much it changes, and what is locked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from optimiser.check.rule import Facts, Violation, violation
from optimiser.exact import changes, lists
from optimiser.texts import say


def list_length(facts: Facts) -> Iterator[Violation]:
    """The list has at most so many occupations, over all and per skill tier and sector.

    sum over o of listed[r,o,e] <= list_length[r], and the same for the occupations of each tier and sector named.
    For all regions and reviews. Unit: occupations.
    """
    problem = facts.problem
    for r in facts.regions:
        rules = problem.rules(r)
        for e, listed in enumerate(lists(problem, facts.plan, r)[1:], start=1):
            if rules.list_length is not None and len(listed) > rules.list_length:
                yield violation("list_length", "length", len(listed), rules.list_length, region=r, review=e)
            for attribute, limits in (("skill_tier", rules.list_length_by_tier),
                                      ("sector", rules.list_length_by_sector)):
                held = Counter(problem.attribute(attribute, o) for o in listed)
                for value, most in limits.items():
                    if held[value] > most:
                        yield violation("list_length", f"length_{attribute}", held[value], most, region=r, review=e,
                                        value=value)


def list_changes(facts: Facts) -> Iterator[Violation]:
    """Each review changes at most so many entries of the list, the first one measured against the list in force.

    sum over o of enters[r,o,e] + leaves[r,o,e] <= list_changes[r].
    For all regions and reviews. Unit: entries and exits.
    """
    for r in facts.regions:
        most = facts.problem.rules(r).list_changes
        for e, changed in enumerate(changes(facts.problem, facts.plan, r), start=1):
            if most is not None and len(changed) > most:
                yield violation("list_changes", "changes", len(changed), most, region=r, review=e,
                                names=", ".join(sorted(changed)))


def minimum_stay(facts: Facts) -> Iterator[Violation]:
    """What has entered stays for a number of reviews; entries before the plan are long past.

    sum over f = max(1, e - minimum_stay + 1) .. e of enters[r,o,f] <= listed[r,o,e].
    For all regions, occupations and reviews. Unit: reviews.
    """
    for r in facts.regions:
        stay = facts.problem.rules(r).minimum_stay
        held = lists(facts.problem, facts.plan, r)
        for e in range(2, len(held)):
            for o in sorted(held[e - 1] - held[e]):
                entered = next((f for f in range(e - 1, 0, -1) if o not in held[f - 1]), None)
                if entered and e - entered < stay:
                    yield violation("list_changes", "stay", e - entered, stay, region=r, occupation=o,
                                    entered=entered, left=e)


def locks(facts: Facts) -> Iterator[Violation]:
    """What must be listed is, in every review; what must not be listed or is excluded never is.

    listed[r,o,e] = 1 for o in must_list; listed[r,o,e] = 0 for o in must_not_list or exclusions.
    For all regions and reviews. Unit: 0 or 1.
    """
    for r in facts.regions:
        locked = [(o, lock) for (where, o), lock in facts.problem.locked.items() if where == r]
        for e, listed in enumerate(lists(facts.problem, facts.plan, r)[1:], start=1):
            for o, lock in locked:
                if (o in listed) != bool(lock):
                    yield Violation("locks", say("check.must_list" if lock else "check.must_not_list", region=r,
                                                 occupation=o, review=e))


def groups(facts: Facts) -> Iterator[Violation]:
    """The occupations of a group are listed all together or not at all.

    listed[r,o,e] = listed[r,o',e]. For all regions, groups, reviews and pairs of a group. Unit: 0 or 1.
    """
    for r in facts.regions:
        for e, listed in enumerate(lists(facts.problem, facts.plan, r)[1:], start=1):
            for group in facts.problem.groups[r]:
                on = [o for o in group if o in listed]
                if on and len(on) < len(group):
                    yield violation("locks", "group", len(on), len(group), region=r, review=e, listed=", ".join(on),
                                    missing=", ".join(o for o in group if o not in listed))
