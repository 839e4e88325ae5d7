"""What the oracle leaves to a linear programme once lists and quotas are fixed: arrivals, trainees, expansion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from optimiser.problem import Problem

INF = math.inf


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
