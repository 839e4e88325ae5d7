"""Content hashes: what of a case the model of a component sees, and what a study's case holds, table by table."""

from __future__ import annotations

import hashlib
from typing import Any

from optimiser.config import Config
from optimiser.problem import Problem
from optimiser.schema import SHARED
from optimiser.tables import ROW

ATTRIBUTES = ("sector", "skill_tier", "regulated", "risk_class")  # of occupations; rules speak of them


def component_name(component: tuple[str, ...]) -> str:
    """A component as tables and files call it: `BE2`, or `BE2-BE3`."""
    return "-".join(component)


def component_digest(problem: Problem, component: tuple[str, ...]) -> str:
    """Hash of all that decides a component's answer: two cases with the same hash have the same answer.

    Regions outside the component share no service and no labour market with it (`model.components`), so only the rules
    of its regions and the numbers of its regions, their areas and the places they use count. Titles, sources and the
    settings of the search do not.

    Parameters
    ----------
    problem : Problem
        The case.
    component : tuple of str
        Regions that are solved together.

    Returns
    -------
    str
        32 hexadecimal digits: the first half of a SHA-256.
    """
    return _hashed(seen(problem, component))


def seen(problem: Problem, component: tuple[str, ...]) -> dict[str, Any]:
    """What the model of a component sees of each field of a Problem; see `component_digest`."""
    here = set(component)
    areas = {area for region in component for area in problem.areas[region]}
    places = here | areas | {SHARED}
    shared = sorted({(g, place) for g, place, _ in problem.capacity if place == SHARED})
    occupations = sorted({o for region in component for o in problem.candidates[region]})
    return {
        "config": {r: problem.rules(r).model_dump(mode="json") for r in component},
        "tables": {o: [problem.attribute(name, o) for name in ATTRIBUTES] for o in occupations},
        "regions": component,
        **{name: {r: getattr(problem, name)[r] for r in component}
           for name in ("areas", "reviews", "candidates", "groups", "in_force")},
        "years": problem.years,
        **{name: _of(getattr(problem, name), 0, here)
           for name in ("locked", "retention", "permit_total", "budget", "training_places")},
        **{name: _of(getattr(problem, name), 1, areas) for name in ("shortage", "activatable")},
        **{name: _of(getattr(problem, name), 1, here) for name in ("use_permit", "use_person")},
        "parameters": {name: _of(numbers, 0, here) for name, numbers in problem.parameters.items()},
        "services": problem.services,
        "capacity": _of(problem.capacity, 1, places),
        "service_parameters": {name: _of(numbers, 1, places) for name, numbers in problem.service_parameters.items()},
        "payers": [(place, problem.payers(*place)) for place in shared],  # of its extra capacity, in equal parts
        "reach": {area: problem.reach[area] for area in sorted(areas)},
    }


def case_digests(problem: Problem) -> dict[str, str]:
    """Hash of the settings and of every table of a case, by name; the settings are called `config`."""
    return {"config": _hashed(_config(problem.config))} | {
        name: _hashed(frame.drop(columns=ROW, errors="ignore").to_csv(index=False, lineterminator="\n"))
        for name, frame in sorted(problem.tables.items())}


def _config(config: Config) -> dict[str, Any]:
    """Settings that count: not where the tables stand, nor how a run would be searched."""
    return config.model_dump(mode="json", exclude={"tables", "solver", "title", "steps", "repair_prices"})


def _of(numbers: dict[Any, Any], position: int, wanted: set[str]) -> dict[Any, Any]:
    return {key: number for key, number in numbers.items() if key[position] in wanted}


def _hashed(value: Any) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()[:32]


def _canonical(value: Any) -> str:
    """A text that is the same for the same content, whatever the order in which a dict or set was made."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{key!r}:{_canonical(item)}" for key, item in value.items())) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(map(repr, value))) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return repr(value)
