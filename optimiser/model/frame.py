"""Frame: the sets and the caps of one model, worked out from the Problem before Pyomo is called.

Caps come from the data, never a round large number: with loose caps the relaxation lists every occupation a little and
the bound says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

from pyomo.common.gc_manager import PauseGC

from optimiser.model.arrivals import arrival_caps
from optimiser.model.presence import TINY, Presence, left_over
from optimiser.problem import Problem
from optimiser.schema import SHARED

NO_ROOM: Mapping[tuple[str, str, int], int] = {}
EVERY_DIGIT = Context(prec=700)  # more than lie between the first digit of the largest float and the last of the least
Units = dict[tuple[str, str, int], float]
"""What a service has at a place in a year with all its expansion, where it has a limit."""


@dataclass(frozen=True)
class Frame:
    """What the model of some regions is built from.

    Attributes
    ----------
    net : dict (occupation, area, year) -> persons; shortage less activatable jobseekers, positive only
    presence : Presence
        Of this problem and this `net`.
    arrival_cap : dict (occupation, area, year) -> persons; pairs that can't receive anybody are left out
    left_over : dict (occupation, area, year, review) -> (left, most) persons; see `presence.left_over`
    lots_cap, lots_min : dict (region, occupation, year) -> lots
    lot : dict (region, occupation) -> permits per lot
    listed : dict (region, occupation, review) -> (lower, upper) bound of the 0/1 decision
    trainee_cap : dict (region, occupation, year) -> persons; useful or required ones only
    placement : dict (region, occupation, area) -> share of the trained who work in the area
    expansion_cap : dict (service, place, year) -> units
    """

    problem: Problem
    regions: tuple[str, ...]
    net: dict[tuple[str, str, int], float] = field(repr=False)
    presence: Presence = field(repr=False, compare=False)
    arrival_cap: dict[tuple[str, str, int], float] = field(repr=False)
    left_over: dict[tuple[str, str, int, int], tuple[float, float]] = field(repr=False)
    lots_cap: dict[tuple[str, str, int], int] = field(repr=False)
    lots_min: dict[tuple[str, str, int], int] = field(repr=False)
    lot: dict[tuple[str, str], int] = field(repr=False)
    listed: dict[tuple[str, str, int], tuple[int, int]] = field(repr=False)
    trainee_cap: dict[tuple[str, str, int], float] = field(repr=False)
    placement: dict[tuple[str, str, str], float] = field(repr=False)
    expansion_cap: dict[tuple[str, str, int], float] = field(repr=False)

    def age(self, year: int) -> int:
        """Years since the start of the plan."""
        return year - self.problem.years[0]


def frame(problem: Problem, regions: tuple[str, ...], room: Mapping[tuple[str, str, int], int] = NO_ROOM) -> Frame:
    """Sets and caps of the model of `regions`; regions that share nothing get a model each.

    Parameters
    ----------
    room : dict (region, occupation, year) -> lots
        That a quota may come to although nobody has use for so many; what limits it is looked at all the same.
    """
    with PauseGC():  # as in `hand_over`: nothing of all this is garbage yet
        net = _net(problem, regions)
        presence = Presence(problem, net)
        expansion = _expansion_caps(problem, regions)
        units = {key: capacity + expansion.get(key, 0.0) for key, capacity in problem.capacity.items()}
        allowed = {(r, o, t): _allowed_permits(problem, units, r, o, t)
                   for r in regions for o in problem.candidates[r] for t in problem.years}
        arrivals = arrival_caps(presence, regions, units, allowed)
        lot, lots_min, lots_cap = _lots(problem, regions, arrivals, allowed, room)
        listed = _listed(problem, regions, lots_min, lots_cap)
        possible = {(r, o, t) for (r, o, t), cap in lots_cap.items()
                    if cap > 0 and listed[r, o, problem.review_of(r, t).number][1]}
        arrivals = {(o, p, t): cap for (o, p, t), cap in arrivals.items() if (problem.region_of[p], o, t) in possible}
        placement = _placement(problem, regions, net)
        return Frame(problem, regions, net, presence, arrivals, left_over(presence, arrivals), lots_cap, lots_min, lot,
                     listed, trainee_caps(problem, regions, placement), placement, expansion)


def published(most: float) -> float:
    """The most of a number of persons or units that can be published, with three decimals."""
    return math.floor(most * 1000 + 1e-6) / 1000


def _net(problem: Problem, regions: tuple[str, ...]) -> dict[tuple[str, str, int], float]:
    net = {key: _less(number, problem.activatable[key]) if key in problem.activatable else number
           for key, number in problem.shortages_in(regions)}
    return {key: number for key, number in net.items() if number > 0}


def _less(number: float, other: float) -> float:
    """A difference of numbers as they stand in the tables, rounded once: 0.3 less 0.1 is 0.2."""
    return float(EVERY_DIGIT.subtract(Decimal(repr(float(number))), Decimal(repr(float(other)))))


def _expansion_caps(problem: Problem, regions: tuple[str, ...]) -> dict[tuple[str, str, int], float]:
    caps = {}
    for g, place, t in problem.capacity:
        largest = problem.service_parameter("max_expansion", g, place)
        ready = problem.years[0] + problem.service_parameter("lead_time", g, place)
        if largest > 0 and t >= ready and any(r in regions for r in problem.regions_of(g, place)):
            caps[g, place, t] = published(largest)
    return caps


def _lots(problem: Problem, regions: tuple[str, ...], arrivals: dict[tuple[str, str, int], float],
          allowed: dict[tuple[str, str, int], float], needed: Mapping[tuple[str, str, int], int]
          ) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str, int], int], dict[tuple[str, str, int], int]]:
    lot, smallest, largest = {}, {}, {}
    for r in regions:
        useful = _useful_permits(problem, r, arrivals)
        floors: dict[str, int] = {}
        for o in problem.candidates[r]:
            lot[r, o] = size = int(problem.parameter("lot", r, o) or 1)
            floors[o] = math.ceil((problem.parameter("min_quota", r, o) or 0.0) / size - TINY)
        whole: dict[tuple[str, int], int] = {}
        for o in problem.candidates[r]:
            risk = problem.attribute("risk_class", o)
            for t in problem.years:
                permits = lot[r, o] * max(math.ceil(useful.get((o, t), 0.0) / lot[r, o] - TINY), floors[o])
                whole[risk, t] = whole.get((risk, t), 0) + permits
        for o, floor in floors.items():
            size = lot[r, o]
            for t in problem.years:
                most = useful.get((o, t), 0.0) + _diluting(problem, r, o, t, whole)
                wanted = max(math.ceil(most / size - TINY), floor, needed.get((r, o, t), 0))
                lots = allowed[r, o, t] / size
                smallest[r, o, t] = floor
                largest[r, o, t] = min(wanted, math.floor(lots + TINY)) if math.isfinite(lots) else wanted
    return lot, smallest, largest


def _diluting(problem: Problem, r: str, o: str, t: int, whole: Mapping[tuple[str, int], int]) -> float:
    """Permits that nobody uses, but that let another risk class have all of its own: the rule on shares allows them.

    `whole` is what the occupations of a risk class could use in a year, in whole lots.
    """
    shares = problem.rules(r).risk_shares
    return max((whole.get((risk, t), 0) * (1 - share) / share
                for risk, share in shares.items() if 0 < share < 1 and problem.attribute("risk_class", o) != risk),
               default=0.0)


def _useful_permits(problem: Problem, r: str, arrivals: dict[tuple[str, str, int], float]
                    ) -> dict[tuple[str, int], float]:
    """Permits that the arrivals of a year could take up."""
    permits: dict[tuple[str, int], float] = {}
    areas, uptake = set(problem.areas[r]), {o: problem.parameter("uptake", r, o) or 1.0 for o in problem.candidates[r]}
    for (o, p, t), cap in arrivals.items():
        if p in areas:
            permits[o, t] = permits.get((o, t), 0.0) + cap / uptake[o]
    return permits


def _allowed_permits(problem: Problem, units: Units, r: str, o: str, t: int) -> float:
    """Whole permits that every single limit allows; infinite when nothing limits them."""
    limits = [problem.permit_total.get((r, t)), problem.parameter("max_quota", r, o)]
    for g, service in problem.services.items():
        use = problem.use_permit.get((g, r, o), 0.0)
        key = (g, r if service.scope == "region" else SHARED, t)
        if use > TINY and key in units:
            limits.append(units[key] / use)
    if per_permit := problem.parameter("trainees_per_permit", r, o):
        limits.append(published(problem.training_places.get((r, o, t), 0.0)) / per_permit)
    return min((float(math.floor(limit + TINY)) for limit in limits if limit is not None), default=math.inf)


def _listed(problem: Problem, regions: tuple[str, ...], lots_min: dict[tuple[str, str, int], int],
            lots_cap: dict[tuple[str, str, int], int]) -> dict[tuple[str, str, int], tuple[int, int]]:
    bounds = {}
    for r in regions:
        for o in problem.candidates[r]:
            lock = problem.locked.get((r, o))
            for e in problem.reviews[r]:
                years = range(e.first_year, e.last_year + 1)
                reachable = all(lots_min[r, o, t] <= lots_cap[r, o, t] for t in years)
                bounds[r, o, e.number] = (1, 1) if lock == 1 else (0, int(lock is None and reachable))
    return bounds


def _placement(problem: Problem, regions: tuple[str, ...], net: dict[tuple[str, str, int], float]
               ) -> dict[tuple[str, str, str], float]:
    """Share of the trained who work in an area: its share of the net shortage over all years."""
    totals: dict[tuple[str, str], float] = {}
    for (o, p, _), number in net.items():
        totals[o, p] = totals.get((o, p), 0.0) + number
    placement = {}
    for r in regions:
        for o in problem.candidates[r]:
            whole = sum(totals.get((o, p), 0.0) for p in problem.areas[r])
            placement |= {(r, o, p): totals[o, p] / whole for p in problem.areas[r] if (o, p) in totals}
    return placement


def trainee_caps(problem: Problem, regions: tuple[str, ...], placement: dict[tuple[str, str, str], float]
                  ) -> dict[tuple[str, str, int], float]:
    """Training places that can matter: graduates who find work within the plan, or starts that permits require."""
    placed = {(r, o) for r, o, _ in placement}
    caps = {}
    for (r, o, t), places in problem.training_places.items():
        if r not in regions:
            continue
        in_time = t + (problem.parameter("training_lag", r, o) or 0) <= problem.years[-1]
        useful = (problem.parameter("training_success", r, o) or 0.0) > TINY and in_time and (r, o) in placed
        required = bool(problem.parameter("trainees_per_permit", r, o))
        if (useful or required) and o in problem.candidates[r]:
            caps[r, o, t] = published(places)
    return caps
