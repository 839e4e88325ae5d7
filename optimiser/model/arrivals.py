"""Caps of arrivals: the most that can be useful and that every single limit lets in.

A region's occupations and areas are worked out together, as arrays: a row for each pair, a column for each year.
"""

from __future__ import annotations

import numpy as np

from optimiser.model.presence import TINY, Presence, vacancies_in_reach
from optimiser.problem import Problem
from optimiser.schema import SHARED

Key = tuple[str, str, int]
Pair = tuple[str, str]


def arrival_caps(presence: Presence, regions: tuple[str, ...], units: dict[Key, float], allowed: dict[Key, float]
                 ) -> dict[Key, float]:
    """Most arrivals per occupation, area and year (persons); who can't be of use anywhere is left out.

    Parameters
    ----------
    units : dict (service, place, year) -> what a service has with all its expansion, where it has a limit
    allowed : dict (region, occupation, year) -> permits
    """
    problem, caps = presence.problem, {}
    known = {key[:2] for key in presence.net}
    for r in regions:
        short = [(o, p) for o in problem.candidates[r] if problem.locked.get((r, o)) != 0
                 for p in problem.areas[r] if (o, p) in known]
        if short:
            of_pairs = _of_region(presence, r, short, units, allowed).tolist()
            caps |= {(o, p, t): cap for (o, p), by_year in zip(short, of_pairs, strict=True)
                     for t, cap in zip(problem.years, by_year, strict=True) if cap > TINY}
    return caps


def _of_region(presence: Presence, r: str, short: list[Pair], units: dict[Key, float], allowed: dict[Key, float]
               ) -> np.ndarray:
    """The caps of a region's pairs of occupation and area."""
    problem = presence.problem
    years = problem.years
    jobs = {o: n for n, o in enumerate(dict.fromkeys(o for o, _ in short))}
    of = np.array([jobs[o] for o, _ in short])
    additional, uptake = (np.array([[problem.parameter(name, r, o) or 1.0] for o in jobs])
                          for name in ("additional", "uptake"))
    permits = uptake * np.array([[allowed[r, o, t] for t in years] for o in jobs])
    kept = np.array([problem.retention[r, o] for o in jobs])[of]
    net = np.array([[presence.net.get((o, p, t), 0.0) for t in years] for o, p in short])
    uses = {g: np.array([problem.use_person.get((g, r, o), (0.0,) * len(years)) for o in jobs])[of]
            for g in problem.services}
    return np.minimum.reduce([
        _useful(net, kept, additional[of]), _staying(np.array([presence.domestic(o, p) for o, p in short]), kept),
        _staying(np.array([presence.independent(o, p) for o, p in short]), kept), _independent(problem, r, short),
        _received(problem, r, [p for _, p in short], uses, units), permits[of]])


def _useful(net: np.ndarray, kept: np.ndarray, additional: np.ndarray) -> np.ndarray:
    """Arrivals that would fill the whole net shortage of some later year on their own."""
    caps = np.zeros_like(net)
    for t in range(net.shape[1]):
        stay = kept[:, :net.shape[1] - t]
        caps[:, t] = np.divide(net[:, t:], stay * additional, out=np.zeros_like(stay), where=stay > TINY).max(axis=1)
    return caps


def _staying(most: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Arrivals that would be the most present of some later year on their own."""
    caps = np.zeros_like(most)
    for t in range(most.shape[1]):
        stay = kept[:, :most.shape[1] - t]
        caps[:, t] = np.divide(most[:, t:], stay, out=np.full_like(stay, np.inf), where=stay > TINY).min(axis=1)
    return caps


def _independent(problem: Problem, r: str, short: list[Pair]) -> np.ndarray:
    """Nobody in years in which no other vacancies would be left; otherwise no limit."""
    needed = {o: problem.parameter("min_other_vacancies", r, o) for o in problem.candidates[r]}
    return np.array([[np.inf if (least := needed[o]) is None or vacancies_in_reach(problem, o, p, t) > least else 0.0
                      for t in problem.years] for o, p in short])


def _received(problem: Problem, r: str, areas: list[str], uses: dict[str, np.ndarray], units: dict[Key, float]
              ) -> np.ndarray:
    """Arrivals that would fill some service on their own.

    Parameters
    ----------
    areas : the area of each pair
    uses : dict service -> array of units per person by pair and years since arrival
    """
    years = problem.years
    caps = np.full((len(areas), len(years)), np.inf)
    for g, service in problem.services.items():
        places = areas if service.scope == "area" else [r if service.scope == "region" else SHARED]
        by_place = {place: [units.get((g, place, t), np.inf) for t in years] for place in set(places)}
        room = np.array([by_place[place] for place in places])
        for age in range(len(years)):
            use, of_years = uses[g][:, age:age + 1], caps[:, :len(years) - age]
            fills = np.divide(room[:, age:], use, out=np.full_like(of_years, np.inf), where=use > TINY)
            np.minimum(of_years, fills, out=of_years)
    return caps
