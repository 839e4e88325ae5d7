"""Levers: the single numbers of a case that can bring an occupation onto a list, or push it off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from optimiser.problem import Problem
from optimiser.schema import PARAMETERS
from optimiser.variant import with_numbers, with_parameter, with_rules

REACH = 10.0  # how many times its value a number is raised at most
FURTHER = 4  # the same for lengths of lists
LEAST = 0.1  # to which share of its value a number is lowered that may not be nothing
BETTER = {"weight": True, "uptake": True, "additional": True, "max_migrant_share": True, "max_quota": True,
          "min_quota": False, "min_other_vacancies": False, "trainees_per_permit": False}
"""Parameters of `parameters.csv` that are tried, and whether more of it speaks for the occupation."""
LISTED_ONLY = ("uptake", "additional", "max_migrant_share", "max_quota", "min_quota", "min_other_vacancies",
               "trainees_per_permit")
"""They concern permits and people of the scheme alone: a plan without the occupation stays as good as it is."""


@dataclass(frozen=True)
class Lever:
    """A number, how far it is moved, and what the case is then.

    Attributes
    ----------
    name : str
        shortage, list_length, use_person, a parameter...; `explore.lever_<name>` calls it by its name.
    at : str
        Area, service, skill tier or sector that it is about; empty when none.
    now, least, most : float
        Its value, and the ends of what is tried.
    whole : bool
        Whether it is a count.
    better : bool
        Whether more of it speaks for the occupation.
    listed_only : bool
        Whether plans without the occupation stay exactly as good whatever its value.
    change : callable
        The case with another value. Raises InputError when there is no such case.
    """

    name: str
    at: str
    now: float
    least: float
    most: float
    whole: bool
    better: bool
    listed_only: bool
    change: Callable[[float], Problem] = field(repr=False)

    def end(self, towards: bool) -> float:
        """The last value tried on the way towards the occupation being listed, or away from it."""
        return self.most if towards == self.better else self.least


def levers(problem: Problem, region: str, occupation: str) -> list[Lever]:
    """Every number that may decide on an occupation, those one thinks of first in front."""
    shortages = list(_shortages(problem, region, occupation))
    return [*shortages[:2], *_lengths(problem, region, occupation), *_parameters(problem, region, occupation),
            *_uses(problem, region, occupation), *_training(problem, region, occupation), *shortages[2:]]


def _shortages(problem: Problem, r: str, o: str) -> Iterator[Lever]:
    """Its mean shortage a year, in the whole region and in each area, the biggest first; all years move together."""
    mean = {p: sum(problem.shortage.get((o, p, t), 0.0) for t in problem.years) / len(problem.years)
            for p in problem.areas[r]}
    short = sorted((p for p in mean if mean[p] > 0), key=lambda p: (-mean[p], p))
    largest = max((number for (code, p, _), number in problem.shortage.items() if code == o and p in mean), default=1.0)
    for at in [""] * (len(short) > 1) + short:
        areas = [at] if at else short
        now = sum(mean[p] for p in areas)
        yield Lever("shortage", at, now, 0.0, now * min(REACH, 1e6 / largest), False, True, False,
                    partial(_with_shortage, problem, o, frozenset(areas), now))


def _with_shortage(problem: Problem, o: str, areas: frozenset[str], now: float, value: float) -> Problem:
    changed = {key: number * value / now if key[0] == o and key[1] in areas else number
               for key, number in problem.shortage.items()}
    return replace(problem, shortage={key: number for key, number in changed.items() if number > 0})


def _lengths(problem: Problem, r: str, o: str) -> Iterator[Lever]:
    """The rules on how long the list is and how much it may change."""
    rules, most = problem.rules(r), len(problem.candidates[r])
    for name, number in (("list_length", rules.list_length), ("list_changes", rules.list_changes)):
        if number is not None:
            end = min(2 * most if name == "list_changes" else most, max(1, int(FURTHER * number)))
            yield Lever(name, "", number, 0, max(number, end), True, True, False, partial(_with_rule, problem, r, name))
    for name, attribute in (("list_length_by_tier", "skill_tier"), ("list_length_by_sector", "sector")):
        at, limits = problem.attribute(attribute, o), dict(getattr(rules, name))
        if at in limits:
            end = max(limits[at], min(most, max(1, int(FURTHER * limits[at]))))
            yield Lever(name, at, limits[at], 0, end, True, True, False,
                        partial(_with_limit, problem, r, name, limits, at))


def _with_rule(problem: Problem, r: str, name: str, value: float) -> Problem:
    return with_rules(problem, r, **{name: int(value)})


def _with_limit(problem: Problem, r: str, name: str, limits: dict[str, int], at: str, value: float) -> Problem:
    return with_rules(problem, r, **{name: limits | {at: int(value)}})


def _parameters(problem: Problem, r: str, o: str) -> Iterator[Lever]:
    """Numbers of `parameters.csv`, as far as the table lets them go; those switched off are left alone."""
    for name, better in BETTER.items():
        number, allowed = problem.parameter(name, r, o), next(p for p in PARAMETERS if p.name == name)
        if not number:
            continue
        least = max(allowed.minimum, LEAST * number) if allowed.minimum else 0.0
        yield Lever(name, "", number, min(number, least), max(number, min(allowed.maximum, REACH * number)),
                    name in ("min_quota", "max_quota"), better, name in LISTED_ONLY,
                    partial(with_parameter, problem, name, r, o))


def _uses(problem: Problem, r: str, o: str) -> Iterator[Lever]:
    """What a permit or a person takes of a service: the first year's units; later years move with them."""
    for g in problem.services:
        if number := problem.use_permit.get((g, r, o), 0.0):
            yield Lever("use_permit", g, number, 0.0, min(1e6, REACH * number), False, False, True,
                        partial(_with_permit_use, problem, (g, r, o)))
        by_age = problem.use_person.get((g, r, o), ())
        if number := next((units for units in by_age if units), 0.0):
            yield Lever("use_person", g, number, 0.0, number * min(REACH, 1e6 / max(by_age)), False, False, True,
                        partial(_with_person_use, problem, (g, r, o), number))


def _with_permit_use(problem: Problem, key: tuple[str, str, str], value: float) -> Problem:
    return with_numbers(problem, "use_permit", {key: value})


def _with_person_use(problem: Problem, key: tuple[str, str, str], now: float, value: float) -> Problem:
    by_age = tuple(units * value / now for units in problem.use_person[key])
    return with_numbers(problem, "use_person", {key: by_age})


def _training(problem: Problem, r: str, o: str) -> Iterator[Lever]:
    """Training places a year, where permits ask for them."""
    places = {key: number for key, number in problem.training_places.items() if key[:2] == (r, o)}
    if places and problem.parameter("trainees_per_permit", r, o):
        now = sum(places.values()) / len(problem.years)
        yield Lever("training_places", "", now, 0.0, now * min(REACH, 1e6 / max(places.values())), False, True, False,
                    partial(_with_places, problem, places, now))


def _with_places(problem: Problem, places: dict[tuple[str, str, int], float], now: float, value: float) -> Problem:
    return with_numbers(problem, "training_places", {key: number * value / now for key, number in places.items()})
