"""What in a case contradicts itself and can be seen before anything is solved; each finding is one line.

Faults make a case meaningless and stop it (`consistency`). Contradictions leave it a meaning, only hardly the one that
was wanted: a list that no plan can keep, a number that nothing uses, an occupation that can never get a permit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from optimiser.consistency import whole_groups
from optimiser.overview import names
from optimiser.problem import Problem
from optimiser.schema import ANY, SHARED
from optimiser.texts import say

SLACK = 1 + 1e-9  # sums of decimal numbers in floats


@dataclass(frozen=True)
class Region:
    """What the questions about one region start from; groups have been followed to all their members."""

    problem: Problem
    code: str
    net: dict[tuple[str, str, int], float]  # by occupation, area and year: persons short whom no jobseeker replaces
    must: frozenset[str]
    never: frozenset[str]

    @cached_property
    def short(self) -> frozenset[str]:
        """Occupations with a shortage in the region."""
        return frozenset(occupation for occupation, _, _ in self.net)

    def say(self, key: str, occupations: set[str] | frozenset[str] | None = None, **values: Any) -> str:
        """A line about the region and some of its occupations."""
        named = names(self.problem, "occupations", sorted(occupations or ()))
        region = self.problem.title("regions", self.code)
        return say(f"contradictions.{key}", region=region, names=named, n=len(occupations or ()), **values)

    def lots(self, occupation: str, permits: float) -> float:
        """Permits in whole lots that reach a number of permits."""
        size = self.problem.parameter("lot", self.code, occupation) or 1.0
        return math.ceil(permits / size - 1e-9) * size

    def needed(self, occupation: str) -> float:
        """Permits a year that the occupation takes as soon as it is listed."""
        return self.lots(occupation, self.problem.parameter("min_quota", self.code, occupation) or 0.0)


def contradictions(problem: Problem) -> list[str]:
    """Everything that contradicts itself, one line each; empty when nothing does.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    list of str
        By region, then by service; occupations by code, the first three named.
    """
    net: dict[str, dict[tuple[str, str, int], float]] = {r: {} for r in problem.regions}
    for key, number in problem.shortage.items():
        net[problem.region_of[key[1]]][key] = max(0.0, number - problem.activatable.get(key, 0.0))
    regions = [_region(problem, r, net[r]) for r in problem.regions]
    questions = (_locks, _groups, _changes, _quotas, _together, _paid, _risky, _people, _coverage, _training)
    lines = [line for region in regions for question in questions for line in question(region)]
    return [*lines, *_must_services(problem, regions), *_services(problem)]


def _region(problem: Problem, r: str, net: dict[tuple[str, str, int], float]) -> Region:
    must, never = ({o for (region, o), lock in problem.locked.items() if region == r and lock == value}
                   for value in (1, 0))
    groups = problem.groups[r]
    return Region(problem, r, net, frozenset(whole_groups(must, groups)), frozenset(whole_groups(never, groups)))


# Lists -------------------------------------------------------------------------------------------------------------


def _locks(region: Region) -> Iterator[str]:
    """Locks and the list in force speak of occupations that are short and may be listed."""
    in_force = region.problem.in_force[region.code]
    if idle := region.must - region.short:
        yield region.say("must_without_shortage", idle)
    if idle := in_force - region.short:
        yield region.say("in_force_without_shortage", idle)
    table = region.problem.tables["exclusions"]
    if gone := in_force & set(table["occupation"][table["region"].isin([region.code, ANY])]):
        yield region.say("in_force_excluded", gone)
    locked = {o for r, o in region.problem.locked if r == region.code and not region.problem.locked[r, o]}
    if pulled := region.never - locked:
        yield region.say("group_never", pulled)


def _groups(region: Region) -> Iterator[str]:
    """Every group fits into the lengths of the list."""
    problem, rules = region.problem, region.problem.rules(region.code)
    limits = [("list_length", "", "", rules.list_length)]
    limits += [(f"list_length_by_tier.{name}", "skill_tier", name, most)
               for name, most in rules.list_length_by_tier.items()]
    limits += [(f"list_length_by_sector.{name}", "sector", name, most)
               for name, most in rules.list_length_by_sector.items()]
    for setting, attribute, value, most in limits:
        for group in problem.groups[region.code]:
            members = {o for o in group if not attribute or problem.attribute(attribute, o) == value}
            if most is not None and len(members) > most:
                yield region.say("group_too_long", members, setting=setting, most=most)


def _changes(region: Region) -> Iterator[str]:
    """The first review can shorten the list in force as far as the lengths of the list ask."""
    rules, in_force = region.problem.rules(region.code), region.problem.in_force[region.code]
    if rules.list_changes is None:
        return
    enter = region.must - in_force
    gone = len(in_force & region.never)
    too_long = [0 if rules.list_length is None else len(in_force) + len(enter) - rules.list_length]
    for attribute, lengths in (("skill_tier", rules.list_length_by_tier), ("sector", rules.list_length_by_sector)):
        too_long.append(sum(
            max(0, sum(region.problem.attribute(attribute, o) == name for o in (*in_force, *enter)) - most)
            for name, most in lengths.items()))
    leave = max(gone, *too_long)
    if len(enter) + leave > rules.list_changes:
        yield region.say("too_many_changes", enter=len(enter), leave=leave, most=rules.list_changes)


# Permits and people ------------------------------------------------------------------------------------------------


def _permits_allowed(region: Region, o: str, t: int) -> Iterator[tuple[str, float]]:
    """What limits the permits of an occupation in a year, were it the only one: a service or a table, and permits."""
    problem, r = region.problem, region.code
    yield "permit_totals.csv", problem.permit_total.get((r, t), math.inf)
    largest = problem.parameter("max_quota", r, o)
    yield "max_quota", math.inf if largest is None else largest
    for g in problem.services:
        if use := problem.use_permit.get((g, r, o)):
            yield g, _room(problem, g, _place(problem, g, r), t) / use
    if starts := problem.parameter("trainees_per_permit", r, o):
        yield "training_places.csv", problem.training_places.get((r, o, t), 0.0) / starts
    cost = (problem.parameter("permit_cost", r, o) or 0.0) + (starts or 0.0) * (
        problem.parameter("training_cost", r, o) or 0.0)
    if cost and (r, t) in problem.budget:
        yield "budgets.csv", problem.budget[r, t] / cost


def _room(problem: Problem, g: str, place: str, t: int) -> float:
    """Units a place of a service can take with all the expansion that is ready; infinite without a capacity."""
    ready = t >= problem.years[0] + problem.service_parameter("lead_time", g, place)
    extra = problem.service_parameter("max_expansion", g, place) if ready else 0.0
    return problem.capacity.get((g, place, t), math.inf) + extra


def _place(problem: Problem, g: str, r: str) -> str:
    return SHARED if problem.services[g].scope == SHARED else r


def _quotas(region: Region) -> Iterator[str]:
    """Every occupation that may be listed can get its smallest quota, or at least one lot, in some review."""
    problem = region.problem
    stuck: dict[str, set[str]] = defaultdict(set)
    for o in problem.candidates[region.code]:
        if o in region.never:
            continue
        needed = region.needed(o)
        wanted = needed or region.lots(o, 1e-6)
        tight = {}
        for t in problem.years:
            where, most = min(_permits_allowed(region, o, t), key=lambda limit: limit[1])
            if wanted > most * SLACK:
                tight[t] = where
        reviews = [range(e.first_year, e.last_year + 1) for e in problem.reviews[region.code]]
        if all(any(t in tight for t in years) if needed else all(t in tight for t in years) for years in reviews):
            stuck[next(iter(tight.values()))].add(o)
    for where, occupations in sorted(stuck.items()):
        yield region.say("no_smallest_quota", occupations, where=problem.title("services", where))


def _together(region: Region) -> Iterator[str]:
    """The smallest quotas of what must be listed fit together into the permits of every year."""
    needed = sum(map(region.needed, region.must))
    for t in region.problem.years:
        most = region.problem.permit_total.get((region.code, t), math.inf)
        if needed > most * SLACK:
            yield region.say("must_permits", region.must, needed=f"{needed:,.0f}", most=f"{most:,.0f}", year=t)
            return


def _paid(region: Region) -> Iterator[str]:
    """The smallest quotas of what must be listed can be paid, with the training and the services they bring."""
    problem, r = region.problem, region.code
    needed = sum(region.needed(o) * _price(region, o) for o in region.must)
    for t in problem.years:
        most = problem.budget.get((r, t), math.inf)
        if needed > most * SLACK:
            yield region.say("must_budget", region.must, needed=f"{needed:,.0f}", most=f"{most:,.0f}", year=t)
            return


def _price(region: Region, o: str) -> float:
    """What a permit costs the region at least: itself, the training starts and the services that go with it."""
    problem, r = region.problem, region.code
    starts = problem.parameter("trainees_per_permit", r, o) or 0.0
    return (problem.parameter("permit_cost", r, o) or 0.0) + starts * (
        problem.parameter("training_cost", r, o) or 0.0) + sum(
        problem.use_permit.get((g, r, o), 0.0) * problem.service_parameter("unit_cost", g, _place(problem, g, r))
        for g in problem.services)


def _risky(region: Region) -> Iterator[str]:
    """The smallest quotas of what must be listed of a risk class fit into its share of all permits."""
    problem = region.problem
    for risk, share in problem.rules(region.code).risk_shares.items():
        of_class = frozenset(o for o in region.must if problem.attribute("risk_class", o) == risk)
        needed = sum(map(region.needed, of_class))
        for t in problem.years:
            most = share * problem.permit_total.get((region.code, t), math.inf) if share else 0.0
            if needed > most * SLACK:
                yield region.say("must_risk", of_class, needed=f"{needed:,.0f}", most=f"{most:,.10g}", year=t,
                                 risk=risk, share=f"{share:.10g}")
                break


def _people(region: Region) -> Iterator[str]:
    """An occupation that is short and may be listed may also receive people."""
    share = region.problem.parameters["max_migrant_share"]
    if none := {o for o in region.short - region.never if share.get((region.code, o)) == 0}:
        yield region.say("no_migrant_share", none)

def _coverage(region: Region) -> Iterator[str]:
    """The least share that fairness asks for is not more than the share that may be filled at all."""
    problem, fairness = region.problem, region.problem.rules(region.code).fairness
    if not (fairness.area_coverage or fairness.sector_coverage):
        return
    fillable = _fillable(region)
    for setting, floor in (("area_coverage", fairness.area_coverage), ("sector_coverage", fairness.sector_coverage)):
        if not floor:
            continue
        totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (o, p, t), number in region.net.items():
            name = p if setting == "area_coverage" else problem.attribute("sector", o)
            totals[name][0] += number
            totals[name][1] += fillable[o, p, t]
        for name, (whole, most) in sorted(totals.items()):
            if name and most * SLACK < floor * whole:
                yield region.say("floor_too_high", setting=setting, name=problem.title("areas", name),
                                 floor=f"{floor:.0%}", most=f"{most / whole:.1%}")


def _fillable(region: Region) -> dict[tuple[str, str, int], float]:
    """Most of every net shortage that can be filled: people who may be present, and all who can have been trained."""
    found = {}
    whole: dict[str, float] = defaultdict(float)
    of_area: dict[tuple[str, str], float] = defaultdict(float)
    for (o, p, _), number in region.net.items():
        whole[o] += number
        of_area[o, p] += number
    for (o, p, t), number in region.net.items():
        scheme = 0.0 if o in region.never else _most_of_scheme(region, o, p, t)
        share = of_area[o, p] / whole[o] if whole[o] else 0.0
        found[o, p, t] = min(number, scheme + share * _most_trained(region, o, t))
    return found


def _most_of_scheme(region: Region, o: str, p: str, t: int) -> float:
    """People of the scheme who may be present and would not have come anyway; infinite without a limit."""
    problem, r = region.problem, region.code
    years = [year for year in problem.years if year <= t]
    needed, share = (problem.parameter(name, r, o) for name in ("min_other_vacancies", "max_migrant_share"))
    in_reach = max(sum(problem.shortage.get((o, q, year), 0.0) for q in problem.reach[p]) for year in years)
    if needed is not None and in_reach <= needed:
        return 0.0
    peak = max(region.net.get((o, p, year), 0.0) for year in years)
    return math.inf if share is None else (problem.parameter("additional", r, o) or 1.0) * share * peak


def _most_trained(region: Region, o: str, t: int) -> float:
    """People whom the training places of the years before bring into work by a year."""
    problem, r = region.problem, region.code
    lag = int(problem.parameter("training_lag", r, o) or 0)
    return (problem.parameter("training_success", r, o) or 0.0) * sum(
        problem.training_places.get((r, o, year), 0.0) for year in problem.years if year + lag <= t)


def _training(region: Region) -> Iterator[str]:
    """Training places that are given by code belong to occupations that are short."""
    table = region.problem.tables["training_places"]
    codes = set(region.problem.tables["occupations"]["occupation"])
    named = set(table["occupation"][table["region"].isin([region.code, ANY])]) & codes
    trained = {o for r, o, _ in region.problem.training_places if r == region.code}
    if idle := (named & trained) - region.short:
        yield region.say("training_without_shortage", idle)


# Services ----------------------------------------------------------------------------------------------------------


def _must_services(problem: Problem, regions: list[Region]) -> Iterator[str]:
    """The smallest quotas of what must be listed fit together into the services that count permits."""
    for g, service in problem.services.items():
        for place in problem.places(g) if service.scope != "area" else ():  # people count in areas, not permits
            here = [region for region in regions if region.code in problem.regions_of(g, place)]
            needed = sum(problem.use_permit.get((g, region.code, o), 0.0) * region.needed(o)
                         for region in here for o in region.must)
            tight = [t for t in problem.years if needed > _room(problem, g, place, t) * SLACK]
            if tight:
                yield say("contradictions.must_service", service=problem.title("services", g), year=tight[0],
                          place=place, needed=f"{needed:,.0f}", most=f"{_room(problem, g, place, tight[0]):,.0f}",
                          unit=service.unit)


def _services(problem: Problem) -> Iterator[str]:
    """What is used has a capacity, and what has a capacity is used."""
    users: dict[str, set[str]] = defaultdict(set)
    for (g, r, _), number in problem.use_permit.items():
        users[g].update([r] if number > 0 else [])
    for (g, r, _), numbers in problem.use_person.items():
        users[g].update([r] if any(numbers) else [])
    for g in problem.services:
        title = problem.title("services", g)
        used = [place for place in problem.places(g) if users[g] & set(problem.regions_of(g, place))]
        limited = {place for service, place, _ in problem.capacity if service == g}
        open_ = [place for place in used if any((g, place, t) not in problem.capacity for t in problem.years)]
        if open_:
            yield say("contradictions.no_capacity", service=title, names=_places(problem, g, open_))
        if idle := sorted(limited - set(used)):
            yield say("contradictions.no_use", service=title, names=_places(problem, g, idle))


def _places(problem: Problem, g: str, places: list[str]) -> str:
    scope = problem.services[g].scope
    return SHARED if scope == SHARED else names(problem, f"{scope}s", places)
