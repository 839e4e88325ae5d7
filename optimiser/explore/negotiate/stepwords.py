"""The steps of a repair in the words of policy: "+140 learner hours of Language course in Hainaut in 2027"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimiser.explore.negotiate.moves import SHARES
from optimiser.explore.negotiate.repairs import Step
from optimiser.problem import Problem
from optimiser.texts import say

SHOWN = 4  # names in a line
BY_YEAR = ("service_capacity", "permit_total", "budget", "training_places")
BY_OCCUPATION = ("must_not_list", "min_other_vacancies", "trainees_per_permit", "min_quota", "max_quota",
                 "max_migrant_share")
SUMMARY = 3  # steps that a table names


def in_words(problem: Problem, steps: Sequence[Step]) -> list[str]:
    """One line for all steps that say the same of several years or occupations."""
    told: dict[tuple[Any, ...], list[Step]] = {}
    for step in (*_locks(steps), *(step for step in steps if step.move.key[0] != "must_list")):
        told.setdefault(_alike(step), []).append(step)
    lines = _must_list(problem, steps)
    return lines + [_line(problem, group) for key, group in told.items() if key[0] != "must_list"]


def summary(problem: Problem, steps: Sequence[Step]) -> str:
    """The first lines in one cell, and how many more there are."""
    lines = in_words(problem, steps)
    more = len(lines) - SUMMARY
    shown = "; ".join(lines[:SUMMARY])
    return say("overview.and_more", names=shown, n=more) if more > 0 else shown


def _locks(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.move.key[0] == "must_list"]


def _alike(step: Step) -> tuple[Any, ...]:
    """What steps share that are told together."""
    kind, index = step.move.key
    if kind in BY_YEAR:
        return kind, index[:-1], step.amount
    return (kind, index[0], step.amount) if kind in BY_OCCUPATION else (kind, index)


def _line(problem: Problem, group: Sequence[Step]) -> str:
    """Steps that differ in years or occupations only."""
    step = group[0]
    kind, index = step.move.key
    new, old = step.new or 0.0, step.move.number or 0.0
    scale = 100.0 if kind in (*SHARES, "risk_shares") else 1.0
    words = {"amount": amount(step.amount * (scale if kind in SHARES else 1.0)), "new": amount(new * scale),
             "old": amount(old * scale), "first": title(problem, index[0]), "second": title(problem, (*index, "")[1])}
    if kind in BY_YEAR:
        words["years"] = _some([str(each.move.key[1][-1]) for each in group])
    if kind in BY_OCCUPATION:
        words["second"] = _some([title(problem, each.move.key[1][1]) for each in group])
    if kind in ("service_capacity", "max_expansion"):
        words["unit"] = problem.services[index[0]].unit
    if kind == "groups":
        words["second"] = _some([title(problem, o) for o in problem.groups[index[0]][index[1]]])
    return say(f"explore.step_{kind}", **words)


def _must_list(problem: Problem, steps: Sequence[Step]) -> list[str]:
    """What need not be listed any more, and what from a later year on only; those with the same year together."""
    last: dict[tuple[str, str], int] = {}
    for step in _locks(steps):
        r, o, e = step.move.key[1]
        last[r, o] = max(e, last.get((r, o), 0))
    told: dict[tuple[str, int], list[str]] = {}
    for (r, o), e in last.items():
        told.setdefault((r, e), []).append(title(problem, o))
    lines = []
    for (r, e), names in told.items():
        reviews = problem.reviews[r]
        many = say("explore.step_many", n=len(names), names=_some(names))
        words = {"region": title(problem, r), "names": names[0] if len(names) == 1 else many}
        if e == len(reviews):
            lines.append(say("explore.step_must_list", **words))
        else:
            years = reviews[e].first_year - reviews[0].first_year
            lines.append(say("explore.step_later", **words, year=reviews[e].first_year,
                             years=say("explore.step_a_year") if years == 1 else say("explore.step_years", n=years)))
    return lines


def amount(number: float) -> str:
    """A number with separators and no more decimals than it has."""
    return f"{number:,.6g}" if abs(number) < 1e6 else f"{number:,.0f}"


def title(problem: Problem, code: Any) -> str:
    """A code with its title, whatever it is a code of."""
    for table in ("areas", "regions", "occupations", "services"):
        named = problem.title(table, str(code))
        if named != str(code):
            return f"{named} ({code})"
    return str(code)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else say("overview.and_more", names=shown, n=len(names) - SHOWN)
