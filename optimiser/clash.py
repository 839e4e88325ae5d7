"""Limits that clash, in the customer's words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from optimiser.problem import Problem
from optimiser.texts import catalogue, say

_NAME = re.compile(r"(\w+)\[(.*)\]\Z")


def in_words(problem: Problem, names: Iterable[str]) -> list[str]:
    """One plain line per row or column of a conflict, without repetition.

    Parameters
    ----------
    names : iterable of str
        Names as `model.handover.name_of` writes them: `family[index, ...]`.
    """
    lines: list[str] = []
    for name in names:
        line = _line(problem, name)
        if line and line not in lines:
            lines.append(line)
    return lines


def _line(problem: Problem, name: str) -> str:
    match = _NAME.match(name)
    if not match:
        return name
    family, index = match[1], match[2].split(", ")
    if family == "lots":
        family, index = _permits(problem, *index)
    key = f"clash.{family}"
    if key not in catalogue("en"):
        return ""  # rows that only tie variables together tell a reader nothing
    parts = [_title(problem, part) for part in index]
    return say(key, **{f"i{n}": part for n, part in enumerate(parts)}, limit=_limit(problem, family, index))


def _permits(problem: Problem, r: str, o: str, t: str) -> tuple[str, list[str]]:
    """Which limit keeps the permits of an occupation down: the region's total, `max_quota`, or another one."""
    total = problem.permit_total.get((r, int(t)), math.inf)
    quota = problem.parameter("max_quota", r, o)
    if quota is not None and quota <= total:
        return "max_quota", [r, o, t]
    return ("permit_total", [r, t]) if math.isfinite(total) else ("lots", [r, o, t])


def _title(problem: Problem, code: str) -> str:
    """A code with its title, whatever it is a code of."""
    for table in ("areas", "regions", "occupations", "services"):
        title = problem.title(table, code)
        if title != code:
            return f"{title} ({code})"
    return code


def _limit(problem: Problem, family: str, index: list[str]) -> str:
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
