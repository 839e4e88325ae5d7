"""A case changed in memory: other rules or other numbers give a new Problem, cross-checked like any other.

Scenarios are for people (files, reasons, sources); this is for programs that ask the same question many times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from optimiser.config import Config
from optimiser.problem import Problem, build

NUMBERS = ("shortage", "activatable", "capacity", "permit_total", "budget", "training_places", "use_permit",
           "use_person")


def with_rules(problem: Problem, region: str, **rules: Any) -> Problem:
    """The same case with other rules of one region, named as in the config: `list_length=30`.

    Raises
    ------
    InputError
        When the rules contradict each other.
    ValidationError
        When a rule has no such value; that is a fault of the program.
    """
    settings = problem.config.regions[region].model_dump(mode="python") | rules
    changed = type(problem.config.regions[region]).model_validate(_frozen(settings))
    config = problem.config.model_copy(update={"regions": problem.config.regions | {region: changed}})
    return _built(problem, config)


def same_case(one: Problem, other: Problem) -> bool:
    """Whether two cases have the same rules and numbers, whatever their files, titles and solver settings."""
    numbers = (getattr(one, each.name) == getattr(other, each.name) for each in fields(Problem)
               if each.name not in ("config", "tables"))
    return one.config.regions == other.config.regions and all(numbers)


def _built(problem: Problem, config: Config) -> Problem:
    """The case with another config; numbers that were changed in memory stay changed."""
    fresh = build(config, problem.tables)
    same = {name: getattr(problem, name) for name in (*NUMBERS, "parameters", "service_parameters", "retention")}
    return replace(fresh, **same)


def with_numbers(problem: Problem, name: str, numbers: Mapping[Any, Any]) -> Problem:
    """The same case with other entries of one of its dicts of numbers: `with_numbers(problem, "capacity", {...})`."""
    assert name in NUMBERS
    return replace(problem, **{name: dict(sorted((getattr(problem, name) | dict(numbers)).items()))})


def with_parameter(problem: Problem, name: str, region: str, occupation: str, number: float) -> Problem:
    """The same case with another value of a parameter of `parameters.csv` for one occupation of a region."""
    column = dict(sorted((problem.parameters[name] | {(region, occupation): number}).items()))
    return replace(problem, parameters=problem.parameters | {name: column})


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value
