"""The oracle: the best plan of a tiny world by trying every list and every quota.

It states every rule a third time, apart from the model and from the check, for one list and one set of quotas at a
time: what is whole is looked at in plain Python; what is left (arrivals, trainees, expansion) is a linear programme
(`oracle_rest.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import highspy
import numpy as np
from oracle_rest import INF, Rest
from scipy.optimize import Bounds, LinearConstraint, milp

from optimiser.problem import Problem

Lists = dict[tuple[str, str, int], bool]  # region, occupation, review
Quotas = dict[tuple[str, str, int], int]  # region, occupation, year


def lists_allowed(problem: Problem, region: str) -> Iterator[Lists]:
    """Every sequence of lists that the rules on lists allow."""
    rules, candidates = problem.rules(region), problem.candidates[region]
    reviews = [review.number for review in problem.reviews[region]]
    subsets = [frozenset(o for o, on in zip(candidates, bits, strict=True) if on)
               for bits in itertools.product((False, True), repeat=len(candidates))]
    subsets = [chosen for chosen in subsets if _one_list(problem, region, chosen)]
    for sequence in itertools.product(subsets, repeat=len(reviews)):
        held = [problem.in_force[region], *sequence]
        if rules.list_changes is not None and any(len(a ^ b) > rules.list_changes
                                                  for a, b in itertools.pairwise(held)):
            continue
        # What enters at one review is still there at the next ones.
        if any(not (held[e] - held[e - 1]) <= held[later] for e in range(1, len(held))
               for later in range(e, min(e + rules.minimum_stay, len(held)))):
            continue
        yield {(region, o, e): o in held[e] for e in reviews for o in candidates}


def _one_list(problem: Problem, region: str, chosen: frozenset[str]) -> bool:
    rules = problem.rules(region)
    for o in problem.candidates[region]:
        lock = problem.locked.get((region, o))
        if lock is not None and (o in chosen) != bool(lock):
            return False
    if rules.list_length is not None and len(chosen) > rules.list_length:
        return False
    for attribute, limits in (("skill_tier", rules.list_length_by_tier), ("sector", rules.list_length_by_sector)):
        for value, most in limits.items():
            if sum(problem.attribute(attribute, o) == value for o in chosen) > most:
                return False
    return all(len({o in chosen for o in group}) == 1 for group in problem.groups[region])


def quotas_allowed(problem: Problem, region: str, lists: Lists) -> Iterator[Quotas]:
    """Every set of quotas that the rules on quotas allow with these lists."""
    per_year = []
    for t in problem.years:
        total = problem.permit_total[region, t]
        ranges = []
        for o in problem.candidates[region]:
            lot = int(problem.parameter("lot", region, o) or 1)
            if not lists[region, o, problem.review_of(region, t).number]:
                ranges.append([0])
                continue
            most = min(total, INF if (q := problem.parameter("max_quota", region, o)) is None else q)
            least = problem.parameter("min_quota", region, o) or 0
            ranges.append([n for n in range(0, int(most) + 1, lot) if n >= least])
        per_year.append([quotas for quotas in itertools.product(*ranges)
                         if sum(quotas) <= total and _risks(problem, region, quotas)])
    for years in itertools.product(*per_year):
        yield {(region, o, t): n for t, quotas in zip(problem.years, years, strict=True)
               for o, n in zip(problem.candidates[region], quotas, strict=True)}


def _risks(problem: Problem, region: str, quotas: tuple[int, ...]) -> bool:
    return all(sum(n for o, n in zip(problem.candidates[region], quotas, strict=True)
                   if problem.attribute("risk_class", o) == risk) <= share * sum(quotas) + 1e-12
               for risk, share in problem.rules(region).risk_shares.items())


class Solver:
    """The linear programme in HiGHS; sides and objective change, the basis stays."""

    def __init__(self, rest: Rest):
        self.rest = rest
        self.h = highspy.Highs()
        self.h.setOptionValue("output_flag", False)
        self.h.setOptionValue("threads", 1)
        for name in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            self.h.setOptionValue(name, 1e-9)
        for most in rest.upper:
            self.h.addVar(0.0, most)
        for entries, low, high in rest.rows:
            self.h.addRow(low, high, len(entries), np.array(list(entries), dtype=np.int32), np.array(list(
                entries.values()), dtype=float))
        self.held = len(rest.rows)

    def aim(self, cost: dict[int, float], kept: list[dict[int, float]]) -> None:
        """What `best` minimises from now on, and the rows that keep the aims before it."""
        for i in range(len(self.rest.upper)):
            self.h.changeColCost(i, cost.get(i, 0.0))
        for entries in kept[self.h.getNumRow() - self.held:]:
            self.h.addRow(-INF, INF, len(entries), np.array(list(entries), dtype=np.int32), np.array(list(
                entries.values()), dtype=float))

    def best(self, quotas: Quotas, limits: list[float]) -> float | None:
        """Least of the aim with these quotas and `limits` on the aims kept; None when there is no such plan."""
        for row, side, moves in self.rest.moved:
            _, low, high = self.rest.rows[row]
            by = sum(rate * quotas[key] for key, rate in moves.items())
            self.h.changeRowBounds(row, low + by if side == "low" else low, high + by if side == "high" else high)
        for number, most in enumerate(limits):
            self.h.changeRowBounds(self.held + number, -INF, most)
        self.h.run()
        if self.h.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # the basis of before has led it astray
            self.h.clearSolver()
            self.h.run()
        status = self.h.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        assert status == highspy.HighsModelStatus.kOptimal, status
        return float(self.h.getInfo().objective_function_value)


Choice = tuple[dict[str, int], Quotas]
"""Entries and exits of every region, and the quotas."""


def choices(problem: Problem, allow: Callable[[Lists], bool] = lambda _: True) -> list[Choice]:
    """Every list that `allow` lets through with every set of quotas, of all regions together."""
    of_regions = []
    for r in problem.regions:
        found = []
        for lists in filter(allow, lists_allowed(problem, r)):
            held = [problem.in_force[r], *(frozenset(o for o in problem.candidates[r] if lists[r, o, review.number])
                                           for review in problem.reviews[r])]
            changes = sum(len(a ^ b) for a, b in itertools.pairwise(held))
            found += [(r, changes, quotas) for quotas in quotas_allowed(problem, r, lists)]
        of_regions.append(found)
    return [({r: changes for r, changes, _ in parts}, {key: n for _, _, quotas in parts for key, n in quotas.items()})
            for parts in itertools.product(*of_regions)]


def optimum(problem: Problem, slack: float, most_aims: int = 2, allow: Callable[[Lists], bool] = lambda _: True
            ) -> list[float] | None:
    """Values of the leading aims, each the best with those before it kept but for `slack`; None when none is allowed.

    With several regions only the sum of their first aim. In the units of `objectives.csv`; coverage counts negative.
    """
    rest = Rest(problem)
    solver = Solver(rest)
    ranks = [[(r, problem.rules(r).objectives[rank]) for r in problem.regions]
             for rank in range(most_aims if len(problem.regions) == 1 else 1)]
    allowed = choices(problem, allow)
    values: list[float] = []
    kept: list[tuple[list[tuple[str, str]], float]] = []
    for wishes in ranks:
        aims = [(r, objective.name) for r, objective in wishes]
        solver.aim(_sum(rest, aims), [_sum(rest, names) for names, _ in kept])
        found: list[tuple[float, Choice]] = []
        for choice in allowed:
            least = solver.best(choice[1], [most - _constant(rest, names, choice) for names, most in kept])
            if least is not None:
                found.append((least + _constant(rest, aims, choice), choice))
        if not found:
            return None
        best = min(value for value, _ in found)
        values.append(best)
        tolerance = wishes[0][1].tolerance
        kept.append((aims, best + tolerance * abs(best) + slack * max(1.0, abs(best))))
        allowed = [choice for _, choice in found]
    return values


def publishable(problem: Problem) -> bool:
    """Whether some plan is allowed whose people and extra capacity have the decimals that are published."""
    rest = Rest(problem)
    published = np.array([key[0] in ("arrivals", "trainees", "expansion") for key in rest.columns])
    step = np.where(published, 0.001, 1.0)
    matrix = np.zeros((len(rest.rows), len(step)))
    for row, (entries, _, _) in enumerate(rest.rows):
        matrix[row, list(entries)] = list(entries.values())
    upper: Any = np.where(published, np.floor(np.array(rest.upper) / step + 1e-6), rest.upper)
    for _, quotas in choices(problem):
        low: Any = np.array([low for _, low, _ in rest.rows])
        high: Any = np.array([high for _, _, high in rest.rows])
        for row, side, moves in rest.moved:
            (low if side == "low" else high)[row] += sum(rate * quotas[key] for key, rate in moves.items())
        found = milp(np.zeros(len(step)), constraints=LinearConstraint(matrix * step, low, high),
                     integrality=published.astype(int), bounds=Bounds(0, upper))
        if found.x is not None:
            return True
    return False


def _sum(rest: Rest, aims: list[tuple[str, str]]) -> dict[int, float]:
    total: dict[int, float] = {}
    for aim in aims:
        for i, price in rest.aims[aim][0].items():
            total[i] = total.get(i, 0.0) + price
    return total


def _constant(rest: Rest, aims: list[tuple[str, str]], choice: Choice) -> float:
    """What lists and quotas alone add to some aims."""
    changes, quotas = choice
    return sum(changes[r] if name == "list_changes" else
               sum(price * quotas[key] for key, price in rest.aims[r, name][1].items()) for r, name in aims)
