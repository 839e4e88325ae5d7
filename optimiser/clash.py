"""Limits that clash, in the customer's words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from optimiser.problem import Problem
from optimiser.texts import catalogue, say

_NAME = re.compile(r"(\w+)\[(.*)\]\Z")


SHOWN = 3  # lines of one kind, and names in a line; more of them are put together


def in_words(problem: Problem, names: Iterable[str]) -> list[str]:
    """A conflict in plain lines, without repetition: first the limits with a number, then what they meet.

    Parameters
    ----------
    names : iterable of str
        Names as `model.handover.name_of` writes them: `family[index, ...]`.
    """
    found: dict[str, dict[tuple[str, ...], str]] = {}  # family -> index -> limit
    for name in names:
        if match := _NAME.match(name):
            family, index = match[1], tuple(match[2].split(", "))
            if family == "lots":
                family, index = _permits(problem, *index)
            elif family == "listed":
                family = "must_list" if problem.locked.get(index[:2]) else "must_not_list"  # pyright: ignore
            if f"clash.{family}" in catalogue("en"):  # rows that only tie variables together tell a reader nothing
                found.setdefault(family, {})[index] = _limit(problem, family, index)
    with_number: list[str] = []
    others: list[str] = []
    for family, rows in found.items():
        parts = [dict([row]) for row in rows.items()] if len(rows) <= SHOWN else [rows]
        for part in parts:
            limits = tuple(dict.fromkeys(part.values()))
            words = {f"i{n}": _some(problem, values) for n, values in enumerate(zip(*part, strict=True))}
            (with_number if any(limits) else others).append(
                say(f"clash.{family}", **words, limit=_some(problem, limits)))
    return with_number + others


def _some(problem: Problem, values: Iterable[str]) -> str:
    """The first few of some codes with their titles, and how many more there are; years from the first to the last."""
    distinct = list(dict.fromkeys(values))
    years = [str(year) for year in problem.years if str(year) in distinct]
    if len(years) > 1 and len(years) == len(distinct) == int(years[-1]) - int(years[0]) + 1:
        return f"{years[0]}-{years[-1]}"
    shown = ", ".join(_title(problem, code) for code in distinct[:SHOWN])
    return shown if len(distinct) <= SHOWN else say("overview.and_more", names=shown, n=len(distinct) - SHOWN)


def _permits(problem: Problem, r: str, o: str, t: str) -> tuple[str, tuple[str, ...]]:
    """Which limit keeps the permits of an occupation down: the region's total, `max_quota`, or another one."""
    total = problem.permit_total.get((r, int(t)), math.inf)
    quota = problem.parameter("max_quota", r, o)
    if quota is not None and quota <= total:
        return "max_quota", (r, o, t)
    return ("permit_total", (r, t)) if math.isfinite(total) else ("lots", (r, o, t))


def _title(problem: Problem, code: str) -> str:
    """A code with its title, whatever it is a code of."""
    for table in ("areas", "regions", "occupations", "services"):
        title = problem.title(table, code)
        if title != code:
            return f"{title} ({code})"
    return code


def _limit(problem: Problem, family: str, index: tuple[str, ...]) -> str:
    """The number on the other side of a limit, when there is one."""
    if family == "service_capacity":
        unit = problem.services[index[0]].unit
        return f"{problem.capacity[index[0], index[1], int(index[2])]:,.10g} {unit}"
    if family in ("permit_total", "budget"):
        numbers = problem.permit_total if family == "permit_total" else problem.budget
        return f"{numbers[index[0], int(index[1])]:,.10g}"
    rules = problem.rules(index[0]) if index[0] in problem.regions else None
    if rules is None:
        return ""
    fairness = rules.fairness
    limits = {
        "list_length": rules.list_length, "list_changes": rules.list_changes, "minimum_stay": rules.minimum_stay,
        "list_length_by_tier": rules.list_length_by_tier.get(index[1]) if len(index) > 1 else None,  # pyright: ignore
        "list_length_by_sector": rules.list_length_by_sector.get(index[1]) if len(index) > 1 else None,
        "risk_share": rules.risk_shares.get(index[1]) if len(index) > 1 else None,  # pyright: ignore
        "fair_areas": fairness.area_coverage, "fair_sectors": fairness.sector_coverage,
        "band_below": fairness.band, "band_above": fairness.band,
        "quota_at_least": problem.parameter("min_quota", index[0], index[1]) if len(index) > 1 else None,
        "max_quota": problem.parameter("max_quota", index[0], index[1]) if len(index) > 1 else None,
        "training_required": problem.parameter("trainees_per_permit", index[0], index[1]) if len(index) > 1 else None,
    }
    limit = limits.get(family)
    return "" if limit is None else f"{limit:,.10g}"
