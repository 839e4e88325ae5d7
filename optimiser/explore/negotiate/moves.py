"""What policy can move where wishes have no plan: which limits, at what price, and what a move does to the programme.

A move is one number or rule as it stands in the config or a table: a list length holds in every review, a capacity in
one year. Law does not move (exclusions.csv), nor does what only ties decisions together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimiser.model.plain import Plain
from optimiser.problem import Problem
from optimiser.schema import ANY
from optimiser.solver.limits import Limit
from optimiser.solver.program import Program

Key = tuple[str, tuple[Any, ...]]
MOST = 1e6  # by which a number may move
WHOLE = ("permit_total", "list_length", "list_length_by_tier", "list_length_by_sector", "list_changes", "min_quota",
         "max_quota")
DROPPED = ("minimum_stay", "must_list", "must_not_list", "groups", "min_other_vacancies", "trainees_per_permit")
SHARES = ("area_coverage", "sector_coverage", "band", "max_migrant_share")
LOWERED = ("area_coverage", "sector_coverage", "min_quota")
PERCENT = 100.0


@dataclass(frozen=True)
class Move:
    """A limit that may give way.

    Attributes
    ----------
    key : (kind, index)
        The setting: ("budget", ("BE3", 2028)); for `must_list` the index ends with a review.
    kind : tuple
        What counts as the same kind of repair.
    price : float
        Per unit of the setting's own number; per rule that is done without.
    number : float or None
        What the setting says now; None for a rule without a number.
    rows : tuple of (row, coefficient)
        What one unit does to the rows of the programme.
    """

    key: Key
    kind: tuple[Hashable, ...]
    price: float
    number: float | None
    rows: tuple[tuple[int, float], ...]

    @property
    def whole(self) -> bool:
        """Whether it moves in whole steps."""
        return self.key[0] in WHOLE + DROPPED

    @property
    def most(self) -> float:
        """The furthest it can move, in its own unit."""
        if self.key[0] in DROPPED:
            return 1.0
        if self.key[0] in LOWERED:
            return self.number or 0.0
        if self.key[0] in SHARES:
            return 1.0 - (self.number or 0.0)
        return MOST / 10 if self.whole else MOST  # whole columns have a narrower range


def moves(problem: Problem, asked: Plain) -> list[Move]:
    """Everything that may move, in the order of the limits."""
    found: dict[Key, list[Limit]] = {}
    for limit in asked.limits:
        if (key := setting(problem, *limit.key)) is not None:
            found.setdefault(key, []).append(limit)
    reach = _reach(asked.program)
    result = []
    for key, limits in found.items():
        number = number_of(problem, key, asked)
        price = price_of(problem, key, number)
        rows = tuple((limit.row, _coefficient(asked.program, key, limit, reach)) for limit in limits)
        move = Move(key, _kind(problem, key), price or 0.0, number, rows)
        if price is not None and move.most > 0:
            result.append(move)
    return result


def setting(problem: Problem, family: str, index: tuple[Any, ...]) -> Key | None:
    """The setting that a row of the model comes from; None where policy has none to move."""
    first, second = index[0], (*index, None)[1]
    whole: dict[str, tuple[str, int]] = {  # family -> setting, and how much of the index is its
        "service_capacity": ("service_capacity", 3), "max_expansion": ("max_expansion", 2),
        "training_places": ("training_places", 3), "permit_total": ("permit_total", 2), "budget": ("budget", 2),
        "list_length": ("list_length", 1), "list_length_by_tier": ("list_length_by_tier", 2),
        "list_length_by_sector": ("list_length_by_sector", 2), "list_changes": ("list_changes", 1),
        "minimum_stay": ("minimum_stay", 1), "max_quota": ("max_quota", 2), "quota_at_least": ("min_quota", 2),
        "training_required": ("trainees_per_permit", 2), "risk_share": ("risk_shares", 2),
        "fair_areas": ("area_coverage", 1), "fair_sectors": ("sector_coverage", 1), "band_below": ("band", 1),
        "band_above": ("band", 1), "must_list": ("must_list", 3), "groups": ("groups", 2)}
    if family in ("domestic_first", "no_vacancies", "worker_independence"):
        name = "max_migrant_share" if family == "domestic_first" else "min_other_vacancies"
        return name, (problem.region_of[index[1]], first)
    if family == "must_not_list":
        return None if second in _excluded(problem, first) else ("must_not_list", index[:2])
    if family == "minimum_stay" and problem.rules(first).minimum_stay == 1:
        return None
    name, length = whole[family]
    return name, index[:length]


def _excluded(problem: Problem, region: str) -> set[str]:
    table = problem.tables["exclusions"]
    return set(table["occupation"][table["region"].isin([region, ANY])])


def number_of(problem: Problem, key: Key, asked: Plain) -> float | None:
    """What a setting says now, as whoever moves it counts; None for a rule without a number."""
    name, index = key
    if name in DROPPED:
        return None
    rules, lot = problem.config.regions.get(index[0]), asked.handed.frame.lot
    find: dict[str, Callable[[], Any]] = {
        "service_capacity": lambda: problem.capacity[index],
        "max_expansion": lambda: problem.service_parameter("max_expansion", *index),
        "training_places": lambda: problem.training_places[index],
        "permit_total": lambda: problem.permit_total[index], "budget": lambda: problem.budget[index],
        "list_length_by_tier": lambda: rules.list_length_by_tier[index[1]],  # pyright: ignore
        "list_length_by_sector": lambda: rules.list_length_by_sector[index[1]],  # pyright: ignore
        "max_quota": lambda: problem.parameters["max_quota"][index] // lot[index] * lot[index],
        "min_quota": lambda: -(-(problem.parameter("min_quota", *index) or 0.0) // lot[index]) * lot[index],
        "risk_shares": lambda: rules.risk_shares[index[1]],  # pyright: ignore
        "max_migrant_share": lambda: problem.parameter("max_migrant_share", *index),
    }
    number = find[name]() if name in find else getattr(
        rules.fairness if name in SHARES else rules, name)  # pyright: ignore
    return float(number or 0.0)


def price_of(problem: Problem, key: Key, number: float | None) -> float | None:
    """What one unit of a setting counts (see `RepairPrices`); None when it may not move."""
    name, index = key
    years = 1
    if name == "must_list":
        review = problem.reviews[index[0]][index[2] - 1]
        years = review.last_year - review.first_year + 1
    prices = problem.config.repair_prices
    if prices is None:
        least = 0.01 if name in (*SHARES, "risk_shares") else 1.0
        if name == "risk_shares":
            return 1.0
        share = years / len(problem.years) if name == "must_list" else 1.0
        return PERCENT * share if number is None else PERCENT / max(number, least)
    given = getattr(prices, "list_length" if name.startswith("list_length") else name)
    if isinstance(given, dict):
        return given.get(index[0])
    return None if given is None else given * years * (PERCENT if name in SHARES else 1.0)


def _kind(problem: Problem, key: Key) -> tuple[Hashable, ...]:
    """What counts as the same kind of repair: a service at a place, the budget of a region, an occupation later..."""
    name, index = key
    if name in ("service_capacity", "max_expansion"):
        return "service", *index[:2]
    if name == "must_list":
        return ("dropped" if index[2] == len(problem.reviews[index[0]]) else "later"), index[0]
    return (name, *index[:2]) if name.startswith("list_length_by") else (name, index[0])


def _reach(program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Least and most that every row can be, by the bounds of the columns."""
    plus, minus = program.matrix.maximum(0), program.matrix.minimum(0)
    return (plus @ program.col_lower + minus @ program.col_upper, plus @ program.col_upper + minus @ program.col_lower)


def _coefficient(program: Program, key: Key, limit: Limit, reach: tuple[np.ndarray, np.ndarray]) -> float:
    """How one unit of a move loosens a row: less on its left side, or more where it must be reached.

    A rule without a number is gone when it moves; one row that says two sides (`groups`) is handled by whoever asks.
    """
    row = limit.row
    upper, lower = program.row_upper[row], program.row_lower[row]
    if np.isfinite(upper) and np.isfinite(lower):
        return 1.0
    if np.isfinite(upper):
        return -(max(0.0, reach[1][row] - upper) if key[0] in DROPPED else limit.step)
    return max(0.0, lower - reach[0][row]) if key[0] in DROPPED else limit.step
