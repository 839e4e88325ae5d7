"""Families 4 to 6: how long the list is, how much it may change, and what is locked."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo


def _at_most(m: Any, r: str, e: int, occupations: list[str], most: int) -> Any:
    if len(occupations) <= most:
        return pyo.Constraint.Skip
    return sum(m.listed[r, o, e] for o in occupations) <= most


def list_length(m: Any, r: str, e: int) -> Any:
    r"""The list has at most so many occupations.

    $$\sum_{o} \text{listed}_{roe} \le \text{list\_length}_r$$

    For all regions and reviews. Unit: occupations.
    """
    most = m.frame.problem.rules(r).list_length
    return pyo.Constraint.Skip if most is None else _at_most(m, r, e, list(m.frame.problem.candidates[r]), most)


def list_length_by_tier(m: Any, r: str, tier: str, e: int) -> Any:
    r"""The list has at most so many occupations of a skill tier.

    $$\sum_{o \in O_{tier}} \text{listed}_{roe} \le \text{list\_length\_by\_tier}_{r,tier}$$

    For all regions, skill tiers and reviews. Unit: occupations.
    """
    problem = m.frame.problem
    of_tier = [o for o in problem.candidates[r] if problem.attribute("skill_tier", o) == tier]
    return _at_most(m, r, e, of_tier, problem.rules(r).list_length_by_tier[tier])


def list_length_by_sector(m: Any, r: str, sector: str, e: int) -> Any:
    r"""The list has at most so many occupations of a sector.

    $$\sum_{o \in O_{sector}} \text{listed}_{roe} \le \text{list\_length\_by\_sector}_{r,sector}$$

    For all regions, sectors and reviews. Unit: occupations.
    """
    problem = m.frame.problem
    of_sector = [o for o in problem.candidates[r] if problem.attribute("sector", o) == sector]
    return _at_most(m, r, e, of_sector, problem.rules(r).list_length_by_sector[sector])


def list_follows_entries(m: Any, r: str, o: str, e: int) -> Any:
    r"""An occupation is listed if it was before or enters, and does not leave.

    $$\text{listed}_{roe} - \text{listed}_{ro,e-1} = \text{enters}_{roe} - \text{leaves}_{roe}$$

    For all regions, occupations and reviews; $\text{listed}_{ro0}$ is the list in force. Unit: 0 or 1.
    """
    before = m.listed[r, o, e - 1] if e > 1 else int(o in m.frame.problem.in_force[r])
    return m.listed[r, o, e] - before == m.enters[r, o, e] - m.leaves[r, o, e]


def enters_if_listed(m: Any, r: str, o: str, e: int) -> Any:
    r"""What enters is listed afterwards.

    $$\text{enters}_{roe} \le \text{listed}_{roe}$$

    For all regions, occupations and reviews. Unit: 0 or 1.
    """
    return m.enters[r, o, e] <= m.listed[r, o, e]


def leaves_if_unlisted(m: Any, r: str, o: str, e: int) -> Any:
    r"""What leaves is not listed afterwards.

    $$\text{leaves}_{roe} \le 1 - \text{listed}_{roe}$$

    For all regions, occupations and reviews. Unit: 0 or 1. It keeps an entry and an exit of the same occupation from
    being counted together.
    """
    return m.leaves[r, o, e] <= 1 - m.listed[r, o, e]


def list_changes(m: Any, r: str, e: int) -> Any:
    r"""Each review changes at most so many entries of the list.

    $$\sum_o (\text{enters}_{roe} + \text{leaves}_{roe}) \le \text{list\_changes}_r$$

    For all regions and reviews, the first one measured against the list in force. Unit: entries and exits.
    """
    most = m.frame.problem.rules(r).list_changes
    if most is None or not m.frame.problem.candidates[r]:
        return pyo.Constraint.Skip
    return changes(m, r, e) <= most


def changes(m: Any, r: str, e: int) -> Any:
    """Entries and exits of one review."""
    return sum(m.enters[r, o, e] + m.leaves[r, o, e] for o in m.frame.problem.candidates[r])


def minimum_stay(m: Any, r: str, o: str, e: int) -> Any:
    r"""What has entered stays for a number of reviews.

    $$\sum_{f = e - \text{minimum\_stay}_r + 1}^{e} \text{enters}_{rof} \le \text{listed}_{roe}$$

    For all regions, occupations and reviews. Unit: 0 or 1. This is the form of Rajan and Takriti (2005), the tightest
    one for minimum times; entries before the plan are taken as long past.
    """
    stay = m.frame.problem.rules(r).minimum_stay
    if stay <= 1:
        return pyo.Constraint.Skip
    return sum(m.enters[r, o, f] for f in range(max(1, e - stay + 1), e + 1)) <= m.listed[r, o, e]


def groups(m: Any, r: str, number: int, o: str, e: int) -> Any:
    r"""The occupations of a group are listed all together or not at all.

    $$\text{listed}_{roe} = \text{listed}_{ro'e}$$

    For all regions, groups, reviews and occupations $o$ of the group, $o'$ being its first. Unit: 0 or 1. The other
    locks, must_list and must_not_list, are bounds of `listed`.
    """
    first = m.frame.problem.groups[r][number][0]
    return m.listed[r, o, e] == m.listed[r, first, e]
