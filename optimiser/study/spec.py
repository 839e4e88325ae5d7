"""A study, read: the case, what moves in it, and which rows are run. Every fault is told before anything runs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from optimiser import problem as case
from optimiser import strictyaml
from optimiser.config import Places, all_located, frozen
from optimiser.errors import Fault, InputError
from optimiser.model.components import components
from optimiser.problem import Problem
from optimiser.scenario import Setting
from optimiser.study import checks
from optimiser.study.expansion import Expansion
from optimiser.study.factors import Factor, Move, Rule
from optimiser.study.given import read_given
from optimiser.study.settings import StudySettings
from optimiser.study.size import size
from optimiser.texts import say

APART = ("title", "reason", "source", "regret")  # what is read and compared later; it decides no row


@dataclass(frozen=True, eq=False)
class Study:
    """A study that can be run.

    Attributes
    ----------
    path : the study file
    settings : what it says
    problem : the base case
    factors : levers, then uncertainties, then the cycle: the columns of the design
    moves : the numbers that uncertainties move
    rules : dict position of a factor -> the setting that the lever moves
    given : the rows of a CSV, for a design that is given; without the base row
    components : sets of regions that are solved together
    case_digest : SHA-256 of the base case's rules and numbers
    digest : SHA-256 of all that decides what a row is and how it is answered; two studies of one digest have the same
        rows
    learned : dict component -> what the base case tells of its variants; empty before a run (`work.taught`)
    """

    path: Path
    settings: StudySettings
    problem: Problem = field(repr=False)
    factors: tuple[Factor, ...] = field(repr=False)
    moves: tuple[Move, ...] = field(repr=False)
    rules: dict[int, Rule] = field(repr=False)
    given: pd.DataFrame | None = field(repr=False)
    components: tuple[tuple[str, ...], ...]
    case_digest: str
    digest: str
    learned: Mapping[tuple[str, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def title(self) -> str:
        """What the study is called."""
        return self.settings.title

    @property
    def reason(self) -> str:
        """What it is to find out."""
        return self.settings.reason

    @property
    def source(self) -> str:
        """Where its ranges come from."""
        return self.settings.source


def load(path: str | Path) -> Study:
    """Read a study file and its case.

    Raises
    ------
    InputError
        With every fault of the study file, of the case, and of what the one asks of the other.
    """
    path = Path(path)
    raw, lines = strictyaml.read(path)
    places = Places(str(path), lines)
    faults: list[Fault] = []
    settings = _settings(raw, places, faults)
    if settings:
        faults += checks.check(settings, places)
    problem = _case(path, raw, settings, places, faults)
    if not settings or not problem:
        raise InputError(faults)
    lost: list[Fault] = []
    moved = Expansion(settings, problem, places, lost).expanded()
    faults += lost if lost else size(settings, problem, moved.factors, places)
    if any(one.table for one in settings.uncertainties) and problem.config.values != "central":
        faults.append(Fault(*places.of(("config",)), "config", f"values: {problem.config.values}",
                            say("study_design.central"), say("study_design.set_central")))
    given = None if faults else read_given(path, settings, moved.factors, places, faults)
    if faults:
        raise InputError(faults)
    base = _sha(_of_case(problem))
    return Study(path, settings, problem, moved.factors, moved.moves, moved.rules, given, components(problem), base,
                 _sha(_of_study(settings, base, moved.factors, moved.moves, given)))


def _settings(raw: dict[str, Any], places: Places, faults: list[Fault]) -> StudySettings | None:
    try:
        return StudySettings.model_validate(frozen(raw))
    except ValidationError as error:
        faults += all_located(StudySettings, places, error)
        return None


def _case(path: Path, raw: dict[str, Any], settings: StudySettings | None, places: Places, faults: list[Fault]
          ) -> Problem | None:
    """The base case; also where the study itself has faults, so that all are told at once."""
    config, own = raw.get("config"), raw.get("set")
    if not isinstance(config, str) or not config:
        return None
    asked = [Setting((name,), value, *places.of(("set", name)))
             for name, value in own.items()] if isinstance(own, dict) else []
    try:
        return case.load(os.path.normpath(path.parent / config), settings.scenarios if settings else (), asked)
    except InputError as error:
        faults += (replace(fault, file=places.file, row=places.of(("scenarios",))[1], column="scenarios")
                   if fault.column == "--scenario" else fault for fault in error.faults)
        return None


# Digests -----------------------------------------------------------------------------------------------------------


def _sha(parts: Iterator[str]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode())
        found.update(b"\n")
    return found.hexdigest()


def _of_case(problem: Problem) -> Iterator[str]:
    rules = {region: problem.config.regions[region].model_dump(mode="json") for region in problem.regions}
    yield json.dumps(rules, sort_keys=True)
    for each in fields(Problem):
        if each.name not in ("config", "tables"):
            yield f"{each.name}: {_canonical(getattr(problem, each.name))}"


def _of_study(settings: StudySettings, base: str, factors: tuple[Factor, ...], moves: tuple[Move, ...],
              given: pd.DataFrame | None) -> Iterator[str]:
    yield base
    yield json.dumps(settings.model_dump(mode="json", exclude=set(APART)), sort_keys=True)
    yield from (f"{one.name} {one.kind} {one.low!r} {one.high!r} {one.base!r}" for one in factors)
    for move in moves:
        yield move.law.kind
        for numbers in (move.law.low, move.law.central, move.law.high, move.central):
            yield repr(numbers.tolist())
        yield repr([(number.field, number.part, number.key, number.age) for number in move.numbers])
    if given is not None:
        yield repr(given.to_numpy().tolist())


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        return repr([(key, _canonical(held)) for key, held in sorted(value.items())])
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)
