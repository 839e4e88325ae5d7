"""Futures: the same case with other numbers, of which nobody knows which one comes; and their mean.

What policy decides must be the same in all of them, for one list and its quotas shall hold in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from optimiser import scenario, strictyaml
from optimiser.cells import nearest
from optimiser.config import Places
from optimiser.errors import Fault, InputError
from optimiser.model.components import components
from optimiser.plan import exact
from optimiser.problem import Problem, load
from optimiser.scenario import Setting
from optimiser.schema import PARAMETERS, SERVICE_PARAMETERS
from optimiser.texts import say

SAME = ("years", "regions", "areas", "reviews", "in_force", "groups", "reach", "services")
"""What futures have in common beside their rules: the same decisions must mean the same in all."""
ZERO = ("shortage", "activatable", "training_places")
"""Numbers of which a missing one is 0; elsewhere a missing one is no limit, and the mean is that of the others."""
DECIMALS = 9  # of a mean
WHERE = "scenarios.futures"


@dataclass(frozen=True)
class Future:
    """A way in which the numbers may turn out.

    Attributes
    ----------
    name : str
    weight : float
        How likely it is, against the weights of the others.
    problem : Problem
    """

    name: str
    weight: float
    problem: Problem = field(repr=False)


def load_futures(path: Path | str, scenarios: Sequence[str] = (), settings: Sequence[str | Setting] = ()
                 ) -> tuple[Future, ...]:
    """The futures that a config names under `scenarios`.

    Parameters
    ----------
    path : Path or str
        The YAML config.
    scenarios, settings
        What changes the case in every future; see `problem.load`. What a future says itself comes after it.

    Raises
    ------
    InputError
        With every fault found: of the config, of a future, or between futures.
    """
    path = Path(path)
    config = load(path, scenarios, settings).config.scenarios
    places = Places(str(path), strictyaml.read(path)[1])
    if config is None:
        raise InputError([Fault(str(path), 0, WHERE, say("futures.none"), say("futures.some"), say("futures.write"))])
    known, faults, found = set(scenario.files(path)), [], []
    for n, future in enumerate(config.futures):
        unknown = [i for i, name in enumerate(future.scenarios) if name not in known]
        for i in unknown:
            at, name = ("scenarios", "futures", n, "scenarios", i), future.scenarios[i]
            expected = say("faults.known_scenario" if known else "faults.none_known", names=", ".join(sorted(known)))
            faults.append(Fault(*places.of(at), ".".join(map(str, at)),
                                say("futures.no_scenario", name=repr(name)[:80]), expected,
                                nearest(name, known) or say("faults.write_scenario")))
        own = [Setting((key,), value, *places.of(("scenarios", "futures", n, "set", key)))
               for key, value in future.set.items()]
        if not unknown:
            try:
                found.append(Future(future.name, future.weight,
                                    load(path, [*scenarios, *future.scenarios], [*settings, *own])))
            except InputError as error:
                faults += error.faults
    if faults:
        raise InputError(faults)
    return together(found, places)


def together(futures: Sequence[Future], places: Places | None = None) -> tuple[Future, ...]:
    """Futures for which the same decisions mean the same: every occupation that could be listed in one, in all.

    Raises
    ------
    InputError
        When they differ in something that a future can't change: rules, years, areas, the size of a lot...
    """
    if not futures:
        raise InputError([Fault("", 0, WHERE, say("futures.none"), say("futures.some"), say("futures.write"))])
    first, places = futures[0], places or Places("")
    faults = [Fault(*places.of(("scenarios", "futures", n)), f"{WHERE}.{n}: {what}",
                    say("futures.differs", name=future.name), say("futures.same", first=first.name), hint)
              for n, future in enumerate(futures) for what, hint in _differences(first.problem, future.problem)]
    if faults:
        raise InputError(faults)
    candidates = {r: tuple(sorted({o for future in futures for o in future.problem.candidates[r]}))
                  for r in first.problem.regions}
    locked: dict[tuple[str, str], int] = {}
    for n, future in enumerate(futures):
        for (r, o), lock in future.problem.locked.items():
            if locked.setdefault((r, o), lock) != lock:
                faults.append(Fault(*places.of(("scenarios", "futures", n)), f"{WHERE}.{n}",
                                    say("futures.locked", occupation=o, region=r),
                                    say("futures.same", first=first.name), say("futures.policy")))
    alike = {"candidates": candidates, "locked": dict(sorted(locked.items()))}
    found = tuple(replace(future, problem=replace(future.problem, **alike)) for future in futures)
    groups = components(found[0].problem)
    faults += [Fault(*places.of(("scenarios", "futures", n)), f"{WHERE}.{n}",
                     say("futures.components", here=_in_words(here)), _in_words(groups), say("futures.structure"))
               for n, future in enumerate(found) if (here := components(future.problem)) != groups]
    if faults:
        raise InputError(faults)
    return found


def _differences(one: Problem, other: Problem) -> Iterator[tuple[str, str]]:
    """What a future changes that it must not, and what to do about it."""
    for r in sorted(set(one.config.regions) & set(other.config.regions)):
        here, there = one.config.regions[r], other.config.regions[r]
        for name in type(here).model_fields:
            if getattr(here, name) != getattr(there, name):
                yield f"regions.{r}.{name}", say("futures.policy")
    for name in SAME:
        if getattr(one, name) != getattr(other, name):
            yield name, say("futures.structure")
    if one.parameters["lot"] != other.parameters["lot"]:
        yield "parameters.lot", say("futures.structure")


def _in_words(groups: Sequence[Sequence[str]]) -> str:
    return "; ".join(" + ".join(group) for group in groups)


def shares(futures: Sequence[Future]) -> tuple[Fraction, ...]:
    """The weights divided by their sum, exactly."""
    weights = [exact(future.weight) for future in futures]
    return tuple(weight / sum(weights) for weight in weights)


def mean(futures: Sequence[Future]) -> Problem:
    """The case whose every number is the mean over the futures: what a planner looks at who looks at one case only.

    Parameters
    ----------
    futures : sequence of Future
        As `together` gives them. Whole numbers (lags, lead times) are rounded.
    """
    weights, problems = shares(futures), [future.problem for future in futures]
    whole = {p.name for p in (*PARAMETERS, *SERVICE_PARAMETERS) if p.whole}

    def numbers(name: str) -> dict[Any, float]:
        found = _mean([getattr(p, name) for p in problems], weights, name in ZERO)
        return {key: number for key, number in found.items() if number > 0 or name not in ZERO}

    def named(columns: str) -> dict[str, dict[Any, float]]:
        return {name: _mean([getattr(p, columns)[name] for p in problems], weights, False, name in whole)
                for name in getattr(problems[0], columns)}

    return replace(
        problems[0], **{name: numbers(name) for name in (*ZERO, "use_permit", "capacity", "permit_total", "budget")},
        parameters=named("parameters"), service_parameters=named("service_parameters"),
        retention=_mean_rows([p.retention for p in problems], weights),
        use_person=_mean_rows([p.use_person for p in problems], weights))


def _mean(parts: Sequence[Mapping[Any, float]], weights: Sequence[Fraction], zero: bool, whole: bool = False
          ) -> dict[Any, float]:
    """Weighted means by key, of all parts or of those that have the key."""
    found = {}
    for key in sorted(set().union(*parts)):
        known = [(weight, exact(part.get(key, 0.0))) for part, weight in zip(parts, weights, strict=True)
                 if zero or key in part]
        number = sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)
        found[key] = float(round(number)) if whole else round(float(number), DECIMALS)
    return found


def _mean_rows(parts: Sequence[Mapping[Any, tuple[float, ...]]], weights: Sequence[Fraction]
               ) -> dict[Any, tuple[float, ...]]:
    """The same for numbers by years since arrival; a missing row is 0."""
    ages = max((len(row) for part in parts for row in part.values()), default=0)
    by_age = [_mean([{key: row[age] for key, row in part.items()} for part in parts], weights, True)
              for age in range(ages)]
    return {key: tuple(ages[key] for ages in by_age) for key in (by_age[0] if by_age else {})}
