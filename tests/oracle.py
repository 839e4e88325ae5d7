"""The oracle: the best plan of a tiny world by trying every list and every quota.

It states every rule a third time, apart from the model and from the check, for one list and one set of quotas at a
time: what is whole is looked at in plain Python; what is left (arrivals, trainees, expansion) is a linear programme.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from optimiser.problem import Problem

INF = math.inf
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


def _published(most: float) -> float:
    """The largest number with three decimals up to a limit: people and extra capacity are published so."""
    return math.floor(most * 1000 + 1e-6) / 1000


@dataclass
class Rest:
    """The linear programme of what is left once lists and quotas are fixed; rows whose sides the quotas move."""

    problem: Problem
    columns: dict[tuple[Any, ...], int] = field(default_factory=dict)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    moved: list[tuple[int, str, dict[tuple[str, str, int], float]]] = field(default_factory=list)
    aims: dict[tuple[str, str], tuple[dict[int, float], dict[tuple[str, str, int], float]]] = field(
        default_factory=dict)

    def __post_init__(self) -> None:
        for step in (self._people, self._services, self._fairness, self._aims):
            step()

    def column(self, *key: Any, most: float = INF) -> int:
        if key not in self.columns:
            self.columns[key] = len(self.upper)
            self.upper.append(most)
        return self.columns[key]

    def row(self, entries: dict[int, float], low: float, high: float,
            quotas: dict[tuple[str, str, int], float] | None = None, side: str = "high") -> None:
        """low <= entries @ x <= high, the given side moved by `quotas` times the permits."""
        if quotas:
            self.moved.append((len(self.rows), side, quotas))
        self.rows.append((entries, low, high))

    def _decided(self) -> Iterator[tuple[str, str, str, int]]:
        for r in self.problem.regions:
            for o in self.problem.candidates[r]:
                for p in self.problem.areas[r]:
                    for t in self.problem.years:
                        yield r, o, p, t

    def _people(self) -> None:
        pr = self.problem
        short = dict.fromkeys([(o, p, t) for _, o, p, t in self._decided()] + list(pr.shortage))
        self.net = {key: max(0.0, pr.shortage.get(key, 0.0) - pr.activatable.get(key, 0.0)) for key in short}
        self.present: dict[tuple[str, str, int], dict[int, float]] = {}
        self.supply: dict[tuple[str, str, int], dict[int, float]] = {}
        for r, o, p, t in self._decided():
            stay = pr.retention[r, o]
            self.present[o, p, t] = {self.column("arrivals", o, p, s): stay[t - s] for s in pr.years if s <= t}
            additional = pr.parameter("additional", r, o) or 1.0
            supply = {i: additional * share for i, share in self.present[o, p, t].items()}
            whole = sum(self.net[o, q, s] for q in pr.areas[r] for s in pr.years)
            here = sum(self.net[o, p, s] for s in pr.years)
            for s in pr.years:
                if (r, o, s) in pr.training_places and s + (pr.parameter("training_lag", r, o) or 0) <= t and whole:
                    i = self.column("trainees", r, o, s, most=_published(pr.training_places[r, o, s]))
                    supply[i] = (pr.parameter("training_success", r, o) or 0.0) * here / whole
            self.supply[o, p, t] = supply
            self._safeguards(r, o, p, t)
        for key, number in self.net.items():  # also of occupations that may not be listed
            self.supply.setdefault(key, {})
            if number:
                left = self.column("unfilled", *key, most=number)
                self.row(self.supply[key] | {left: 1.0}, number, INF)
        for r in pr.regions:
            for o in pr.candidates[r]:
                for t in pr.years:
                    coming = {self.column("arrivals", o, p, t): 1.0 for p in pr.areas[r]}
                    self.row(coming, -INF, 0.0, {(r, o, t): pr.parameter("uptake", r, o) or 1.0})
                    if ratio := pr.parameter("trainees_per_permit", r, o):
                        i = self.column("trainees", r, o, t, most=_published(pr.training_places.get((r, o, t), 0.0)))
                        self.row({i: 1.0}, 0.0, INF, {(r, o, t): ratio}, "low")

    def _safeguards(self, r: str, o: str, p: str, t: int) -> None:
        pr = self.problem
        seen = [s for s in pr.years if s <= t]
        if (share := pr.parameter("max_migrant_share", r, o)) is not None:
            self.row(self.present[o, p, t], -INF, share * max(self.net[o, p, s] for s in seen))
        if (needed := pr.parameter("min_other_vacancies", r, o)) is not None:
            vacancies = {s: sum(pr.shortage.get((o, q, s), 0.0) for q in pr.reach[p]) for s in seen}
            if vacancies[t] <= needed:
                self.upper[self.column("arrivals", o, p, t)] = 0.0
            if max(vacancies.values()) > needed:
                there: dict[int, float] = {}
                for q in pr.reach[p]:
                    own = pr.region_of[q]
                    for s in seen:
                        there[self.column("arrivals", o, q, s)] = pr.retention[own, o][t - s]
                self.row(there, -INF, max(vacancies.values()) - needed)

    def _services(self) -> None:
        pr = self.problem
        self.uses: dict[tuple[str, str, str, int], tuple[dict[int, float], dict[tuple[str, str, int], float]]] = {}
        for g, service in pr.services.items():
            for place in pr.places(g):
                for t in pr.years:
                    everybody: dict[int, float] = {}
                    permits: dict[tuple[str, str, int], float] = {}
                    for r in pr.regions_of(g, place):
                        own: dict[int, float] = {}
                        of_permits: dict[tuple[str, str, int], float] = {}
                        areas = [place] if service.scope == "area" else pr.areas[r]
                        for o in pr.candidates[r]:
                            if units := pr.use_permit.get((g, r, o)):
                                of_permits[r, o, t] = units
                            for age, units in enumerate(pr.use_person.get((g, r, o), ())):
                                if t - age >= pr.years[0]:
                                    own |= {self.column("arrivals", o, p, t - age): units for p in areas if units}
                        self.uses[g, place, r, t] = own, of_permits
                        everybody |= own
                        permits |= of_permits
                    self._capacity(g, place, t, everybody, permits)

    def _capacity(self, g: str, place: str, t: int, everybody: dict[int, float],
                  permits: dict[tuple[str, str, int], float]) -> None:
        pr = self.problem
        if (g, place, t) not in pr.capacity:
            return
        largest = pr.service_parameter("max_expansion", g, place)
        ready = t >= pr.years[0] + pr.service_parameter("lead_time", g, place)
        more = self.column("expansion", g, place, t, most=_published(largest) if ready else 0.0)
        if t > pr.years[0]:
            self.row({more: 1.0, self.column("expansion", g, place, t - 1): -1.0}, 0.0, INF)
        self.row(everybody | {more: -1.0}, -INF, pr.capacity[g, place, t],
                 {key: -units for key, units in permits.items()})

    def _fairness(self) -> None:
        pr = self.problem
        for r in pr.regions:
            fairness = pr.rules(r).fairness
            keys = [key for key in self.net if pr.region_of[key[1]] == r and self.net[key]]
            by_area = {p: [key for key in keys if key[1] == p] for p in pr.areas[r]}
            by_area = {p: found for p, found in by_area.items() if found}
            served = {pr.attribute("sector", o) for o in pr.candidates[r]} - {""}
            by_sector: dict[str, list[tuple[str, str, int]]] = {}
            for key in keys:
                if (sector := pr.attribute("sector", key[0])) in served:
                    by_sector.setdefault(sector, []).append(key)
            for share, groups in ((fairness.area_coverage, by_area), (fairness.sector_coverage, by_sector)):
                for group in groups.values() if share else ():
                    whole = sum(self.net[key] for key in group)
                    self.row({self.columns["unfilled", *key]: 1.0 / whole for key in group}, -INF, 1.0 - (share or 0.0))
            worst = self.column("worst", r, most=1.0)
            for group in by_area.values():
                whole = sum(self.net[key] for key in group)
                self.row({worst: whole} | {self.columns["unfilled", *key]: 1.0 for key in group}, -INF, whole)
            if fairness.band is not None and keys:
                self._band(r, by_area, keys, fairness.band)

    def _band(self, r: str, by_area: dict[str, list[Any]], keys: list[Any], band: float) -> None:
        """Coverage of an area >= everybody received in the region - band; everybody in it <= coverage + band."""
        whole = sum(self.net[key] for key in keys)
        for group in by_area.values():
            here = sum(self.net[key] for key in group)
            below: dict[int, float] = {}
            above: dict[int, float] = {}
            for key in keys:
                for i, share in self.supply[key].items():
                    below[i] = below.get(i, 0.0) - share / whole
                i = self.columns["unfilled", *key]
                above[i] = above.get(i, 0.0) + 1.0 / whole
            for key in group:
                i = self.columns["unfilled", *key]
                below[i] = below.get(i, 0.0) - 1.0 / here
                for i, share in self.supply[key].items():
                    above[i] = above.get(i, 0.0) + share / here
            self.row(below, -band - 1.0, INF)
            self.row(above, -INF, 1.0 + band)

    def _aims(self) -> None:
        pr = self.problem
        for r in pr.regions:
            weighted = {self.columns["unfilled", *key]: pr.parameter("weight", r, key[0]) or 1.0
                        for key in self.net if pr.region_of[key[1]] == r and self.net[key]}
            self.aims[r, "unfilled"] = weighted, {}
            self.aims[r, "worst_coverage"] = {self.columns["worst", r]: -1.0}, {}
            self.aims[r, "list_changes"] = {}, {}
            total: dict[int, float] = {}
            quotas: dict[tuple[str, str, int], float] = {}
            for t in pr.years:
                entries, permits = self._cost(r, t)
                for part, sums in ((entries, total), (permits, quotas)):
                    for key, price in part.items():
                        sums[key] = sums.get(key, 0.0) + price  # pyright: ignore
                if (r, t) in pr.budget:
                    self.row(entries, -INF, pr.budget[r, t], {key: -price for key, price in permits.items()})
            self.aims[r, "cost"] = total, quotas

    def _cost(self, r: str, t: int) -> tuple[dict[int, float], dict[tuple[str, str, int], float]]:
        pr = self.problem
        entries: dict[int, float] = {}
        permits = {(r, o, t): pr.parameter("permit_cost", r, o) or 0.0 for o in pr.candidates[r]}
        for o in pr.candidates[r]:
            if ("trainees", r, o, t) in self.columns:
                entries[self.columns["trainees", r, o, t]] = pr.parameter("training_cost", r, o) or 0.0
        for (g, place, region, year), (own, of_permits) in self.uses.items():
            if region != r or year != t:
                continue
            price = pr.service_parameter("unit_cost", g, place)
            for i, units in own.items():
                entries[i] = entries.get(i, 0.0) + price * units
            for key, units in of_permits.items():
                permits[key] = permits.get(key, 0.0) + price * units
            uses = [*pr.use_permit, *pr.use_person]
            users = [s for s in pr.regions_of(g, place)
                     if any((h, q) == (g, s) and o in pr.candidates[s] for h, q, o in uses)] or pr.regions_of(g, place)
            if r in users and ("expansion", g, place, t) in self.columns:
                i = self.columns["expansion", g, place, t]
                entries[i] = entries.get(i, 0.0) + pr.service_parameter("expansion_cost", g, place) / len(users)
        return entries, permits


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
