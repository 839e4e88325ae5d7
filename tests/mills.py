"""Worlds in several futures, small enough to try every list and every quota."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from oracle import Solver, choices
from oracle_rest import Rest
from worlds import rows, world

from optimiser.explore.ahead.designed import Designed, designed
from optimiser.explore.ahead.measures import measured
from optimiser.explore.desk import Desk
from optimiser.futures import Future, shares, together
from optimiser.problem import Problem

ALPHA = 0.6
F = Fraction


def design(futures: list[Future], measure: str, alpha: float = ALPHA, seconds: float = 60.0) -> Designed:
    """The design for the futures, of worlds with one region."""
    [found] = designed(together(futures), measure, alpha, Desk(0.0, seconds))
    return found


def town(folder: Path, builders: float, nurses: float, permits: float = 20, lot: int = 1, **tables) -> Problem:
    """One place on the list of one area; so many builders and nurses short."""
    short = [("A1", o, 2026, n) for o, n in (("0110", builders), ("2221", nurses)) if n]
    return world(folder, {"regions": {"R": {"list_length": 1}}},
                 shortages=rows("area occupation year central", *short),
                 permit_totals=rows("region year central", ("R", "*", permits)),
                 parameters=rows("parameter region occupation central", ("lot", "*", "*", lot)), **tables)


def mill(folder: Path, future: int, seed: int) -> Problem:
    """Two years, two areas, two occupations, a service with room to grow, costs of staying; numbers by the future."""
    wild = [(7 * future + 5 * seed + 3 * k) % 11 for k in range(8)]
    cells = [(p, o, t) for p in ("A1", "A2") for o in ("0110", "2221") for t in (2026, 2027)]
    return world(
        folder, {"last_year": 2027, "regions": {"R": {
            "list_length": 1, "list_changes": 2, "review_years": 1 + seed % 2,
            "fairness": {"area_coverage": 0.01 if seed % 3 else None}}}},
        shortages=rows("area occupation year central", *((*cell, 1 + n) for cell, n in zip(cells, wild, strict=True))),
        list_in_force=rows("region occupation entry", ("R", "0110", "x")),
        permit_totals=rows("region year central", ("R", "*", 6 + 3 * (future % 2))),
        parameters=rows("parameter region occupation central", ("lot", "*", "*", 3),
                        ("uptake", "*", "*", 1 - 0.2 * (future % 2)), ("weight", "*", "2221", 1.5)),
        retention=rows("region occupation cohort_year central", ("*", "*", 0, 1), ("*", "*", 1, 0.8)),
        services=rows("service scope unit", ("house", "region", "dwellings")),
        service_use=rows("service region occupation per cohort_year central", ("house", "*", "*", "person", 0, 1.0)),
        capacities=rows("service place year central", ("house", "*", "*", 4 + future)),
        service_parameters=rows("parameter service place central", ("max_expansion", "house", "*", 2)))


def by_trying(futures: list[Future], measure: str) -> float:
    """The least measure over every list and every quota that all futures allow."""
    weights = [float(share) for share in shares(futures)]
    values: list[dict[object, float]] = []
    for future in futures:
        rest = Rest(future.problem)
        solver = Solver(rest)
        cost, _ = rest.aims["R", "unfilled"]
        solver.aim(cost, [])
        tried = {}
        for (_, quotas) in choices(future.problem):
            if (least := solver.best(quotas, [])) is not None:
                tried[tuple(sorted(quotas.items()))] = least
        values.append(tried)
    best = [F(min(tried.values())) for tried in values]
    alike = set.intersection(*(set(tried) for tried in values))
    exact_weights = [F(weight).limit_denominator(1000) for weight in weights]
    return min(float(measured(measure, [F(tried[first]) for tried in values], exact_weights, F(ALPHA),
                              best)) for first in alike)
