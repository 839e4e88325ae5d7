"""Ladders: what more of a service is worth, step by step, each step solved again with the list free to change.

More capacity never does harm: a plan of a step is a plan of every larger step, so that gains grow from step to step
and what is known of one step bounds the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from optimiser.cells import meant
from optimiser.errors import Fault, InputError
from optimiser.explore.desk import Asked, Desk, Question, Regions, refuse_no_answer
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.explore.standing import refuse_unknown
from optimiser.model.components import components
from optimiser.problem import Problem
from optimiser.solution import UNITS
from optimiser.texts import say
from optimiser.variant import with_numbers

SHARES = (0.05, 0.1, 0.2, 0.5)  # steps of every ladder beside those that the config names
ALL_SHARE = 0.1  # the step of the table of all services, where the config names none
NOISE = 1e-6  # relative to the aim: what two solves of the same thing may differ by
_LOTS = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)\s*)?(%|[^\W\d].*)?")
Cell = tuple[str, str, int]


@dataclass(frozen=True)
class Step:
    """More of a service: its name, and units a year by place and year."""

    service: str
    name: str
    units: float  # a year, all places together
    more: dict[Cell, float] = field(repr=False)


@dataclass(frozen=True)
class Rung:
    """A step and what it is worth: the gain in the leading aim is within `low` and `high`, `found` is what was found.

    `slope_low`, `slope_high`: gain per unit from the step before it, as an interval.
    """

    step: Step
    best: float
    bound: float
    low: float
    high: float
    found: float
    slope_low: float
    slope_high: float


def ladder(problem: Problem, *, service: str | None = None, region: str | None = None, place: str | None = None,
           steps: Sequence[str] = (), desk: Desk | None = None) -> Finding:
    """What more of a service is worth; without a service one step of each.

    Parameters
    ----------
    service, region, place : str, optional
        A place alone, or all places of the service in the region in proportion to their capacity; without a region all
        regions.
    steps : sequence of str
        `5%`, the name of a lot in the config's `steps`, `3 class`, or units a year: `1200`. By default those of the
        config and `SHARES`.
    desk : Desk, optional

    Raises
    ------
    InputError
        With every fault of what is asked.
    SolverError
        When no plan was found in time.
    """
    _refuse(problem, service, region, place)
    limits = problem.config.solver
    desk = desk or Desk(limits.gap, limits.time_limit, limits.seed)
    if service:
        wanted = _steps(problem, service, region, place, steps)
        flight = Flight(wanted, _regions(problem, wanted[0].more))
        return _ladder_finding(problem, service, region, place, flight, desk)
    return _all_services(problem, region, steps, desk)


def _refuse(problem: Problem, service: str | None, region: str | None, place: str | None) -> None:
    """Every fault of what is asked, at once."""
    faults: list[Fault] = []
    try:
        refuse_unknown(problem, region)
    except InputError as error:
        faults += error.faults
    if service is not None and service not in problem.services:
        faults.append(_fault("--service", service, problem.services))
    elif service is not None and not any(key[0] == service for key in problem.capacity):
        faults.append(Fault("--service", 0, "", repr(service), say("explore.ladder_capacity_wanted"),
                            say("explore.ladder_no_capacity")))
    elif place is not None:
        known = problem.places(service) if service else ()
        here = [p for p in known if region is None or region in problem.regions_of(service or "", p)]
        if place not in here:
            faults.append(_fault("--place", place, here))
    if faults:
        raise InputError(faults)


def _fault(option: str, given: str, known: Sequence[str] | dict) -> Fault:
    return Fault(option, 0, "", repr(given[:80]), say("faults.one_of", names=", ".join(known)) if known else
                 say("explore.ladder_nothing_known"), meant(given, known) or say("faults.choose_word"))


def _cells(problem: Problem, service: str, region: str | None, place: str | None) -> dict[Cell, float]:
    """The capacities that a step adds to."""
    return {key: number for key, number in problem.capacity.items()
            if key[0] == service and (place is None or key[1] == place)
            and (region is None or region in problem.regions_of(service, key[1]))}


def _steps(problem: Problem, service: str, region: str | None, place: str | None, wanted: Sequence[str]) -> list[Step]:
    """The steps asked for, smallest first; of two of the same size one.

    Raises
    ------
    InputError
        When one can't be read, or the service has no capacity there.
    """
    cells = _cells(problem, service, region, place)
    if not cells:
        raise InputError([Fault("--service", 0, "", repr(service), say("explore.ladder_capacity_wanted"),
                                say("explore.ladder_no_capacity"))])
    named = problem.config.steps.get(service)
    texts = list(wanted) or [*([named.name] if named else []), *(f"{share:.0%}" for share in SHARES)]
    faults, found = [], []
    for text in texts:
        step = _step(problem, service, cells, text)
        if isinstance(step, Fault):
            faults.append(step)
        elif step.units > 0:
            found.append(step)
    if faults:
        raise InputError(faults)
    if not found:  # shares of nothing
        raise InputError([Fault("--step", 0, "", ", ".join(texts), say("explore.ladder_units_wanted"),
                                say("explore.ladder_nothing_there"))])
    return sorted({step.units: step for step in reversed(found)}.values(), key=lambda step: step.units)


def _step(problem: Problem, service: str, cells: dict[Cell, float], text: str) -> Step | Fault:
    """One step as it was asked for, spread over the places in proportion to what they have in the year."""
    named = problem.config.steps.get(service)
    match = _LOTS.fullmatch(text.strip())
    number, word = (match[1], (match[2] or "").strip()) if match else (None, "?")
    years = {t for _, _, t in cells}
    if not text.strip() or (word not in ("", "%") and (named is None or word != named.name)) or (
            word == "%" and number is None) or (number is not None and not 0 < float(number) <= 1e6):
        known = ["5%", "1200", *([named.name, f"3 {named.name}"] if named else [])]
        return Fault("--step", 0, "", repr(text[:80]), say("faults.one_of", names=", ".join(known)),
                     meant(word, known) or say("explore.ladder_see_steps"))
    count = 1.0 if number is None else float(number)
    if word == "%":
        more = {key: value * count / 100 for key, value in cells.items()}
        return Step(service, f"+{count:g} %", sum(more.values()) / len(years), more)
    units = count * (named.units if named and word else 1.0)
    more = {}
    for t in years:
        of_year = {key: value for key, value in cells.items() if key[2] == t}
        total = sum(of_year.values())
        more |= {key: units * (value / total if total else 1 / len(of_year)) for key, value in of_year.items()}
    name = f"+{count:g} {word}" if word else say("explore.ladder_units", n=f"{units:g}",
                                                 unit=problem.services[service].unit)
    return Step(service, name, units, dict(sorted(more.items())))


def _regions(problem: Problem, more: dict[Cell, float]) -> tuple[Regions, ...]:
    """The groups of regions whose models a step changes."""
    touched = {r for g, place, _ in more for r in problem.regions_of(g, place)}
    return tuple(group for group in components(problem) if touched & set(group))


@dataclass(frozen=True)
class Flight:
    """Steps of one service, smallest first, and the groups of regions whose models they change."""

    steps: list[Step]
    regions: tuple[Regions, ...]


def climb(problem: Problem, flights: Sequence[Flight], desk: Desk) -> list[tuple[Asked, list[Rung]]]:
    """Solve the case and every step, and what each is worth.

    Returns
    -------
    list of (Asked, list of Rung)
        Per flight the base, summed over its groups of regions, and one rung per step.

    Raises
    ------
    InputError
        When the case has no plan to begin with.
    SolverError
        When none was found in time.
    """
    groups = sorted({group for flight in flights for group in flight.regions})
    bases = dict(zip(groups, desk.ask([Question(problem, group) for group in groups]), strict=True))
    if any(refuse_no_answer(asked).infeasible for asked in bases.values()):
        raise InputError([Fault("CONFIG", 0, "", say("explore.ladder_infeasible"), say("explore.ladder_a_plan"),
                                say("explore.ladder_repair"))])
    questions = [Question(_with(problem, step), group, like=tuple(filter(None, [bases[group].plan])))
                 for flight in flights for step in flight.steps for group in flight.regions]
    answers = iter(desk.ask(questions))
    found = []
    for flight in flights:
        base = _sum([bases[group] for group in flight.regions])
        steps = [_sum([next(answers) for _ in flight.regions]) for _ in flight.steps]
        found.append((base, rungs(base, steps, flight.steps)))
    return found


def _with(problem: Problem, step: Step) -> Problem:
    return with_numbers(problem, "capacity", {key: problem.capacity[key] + units for key, units in step.more.items()})


def _sum(answers: Sequence[Asked]) -> Asked:
    """Answers of regions that share nothing, added up."""
    return replace(answers[0], value=sum(a.value for a in answers), bound=sum(a.bound for a in answers))


def rungs(base: Asked, answers: Sequence[Asked], steps: Sequence[Step]) -> list[Rung]:
    """Values and bounds made monotone - more capacity is never worse - and the gains and slopes they leave.

    A step's best is at most that of every smaller step, whose plans it may use; its bound holds for every smaller step.
    """
    best, bounds = [base.value], [base.bound, *(asked.bound for asked in answers)]
    for asked in answers:
        best.append(min(best[-1], asked.value))
    for i in reversed(range(len(bounds) - 1)):
        bounds[i] = max(bounds[i], bounds[i + 1])
    low = high = 0.0
    found, units = [], 0.0
    for i, step in enumerate(steps, start=1):
        # A larger step gains at least what a smaller one does.
        low = max(low, _noiseless(bounds[0] - best[i], best[0]), 0.0)
        high = max(low, max(best[0] - bounds[i], 0.0))
        width = step.units - units
        slopes = (max(0.0, _noiseless(bounds[i - 1] - best[i], best[0])), max(0.0, best[i - 1] - bounds[i]))
        found.append(Rung(step, best[i], bounds[i], low, high, best[0] - best[i],
                          *(slope / width for slope in slopes)))
        units = step.units
    return found


def _noiseless(gain: float, value: float) -> float:
    """A gain that is no more than the noise of floating-point numbers counts as none."""
    return gain if abs(gain) > NOISE * max(1.0, abs(value)) else 0.0


def kinks(found: Sequence[Rung]) -> list[tuple[int, str]]:
    """Steps after which the worth of a unit certainly changes: (position, falls or rises)."""
    changed = []
    for i, (one, two) in enumerate(zip(found, found[1:], strict=False)):
        if two.slope_high < one.slope_low:
            changed.append((i, "falls"))
        elif two.slope_low > one.slope_high:
            changed.append((i, "rises"))
    return changed


def _cost(problem: Problem, step: Step) -> float:
    """EUR over all years of the step standing as extra capacity; NaN where the tables give no expansion cost."""
    prices = {(g, place): problem.service_parameters["expansion_cost"].get((g, place)) for g, place, _ in step.more}
    if any(price is None for price in prices.values()):
        return math.nan
    return sum(units * (prices[g, place] or 0.0) for (g, place, _), units in step.more.items())


def _unit_cost(problem: Problem, step: Step) -> float:
    """EUR per unit used, a mean over the places; NaN where it is not given everywhere."""
    prices = [problem.service_parameters["unit_cost"].get((g, place)) for g, place, _ in step.more]
    return math.nan if None in prices else sum(price or 0.0 for price in prices) / len(prices)


def _where(problem: Problem, service: str, region: str | None, place: str | None) -> str:
    if place:
        title = next((problem.title(table, place) for table in ("areas", "regions")
                      if problem.title(table, place) != place), place)
        return say("explore.ladder_at", place=title)
    count = len({p for _, p, _ in _cells(problem, service, region, None)})
    where = problem.title("regions", region) if region else say("explore.ladder_every_region")
    return say("explore.ladder_everywhere" if count > 1 else "explore.ladder_one", n=count, region=where)


def _row(problem: Problem, rung: Rung) -> tuple:
    step = rung.step
    cost = _cost(problem, step)
    per = cost / 100_000 if cost and not math.isnan(cost) else math.nan
    return (step.name, round(step.units, 6), rung.low, rung.high, rung.found, "yes" if rung.low == 0 else "no", cost,
            _unit_cost(problem, step), rung.low / per, rung.high / per, 1000 * rung.slope_low,
            1000 * rung.slope_high)


COLUMNS = ("step extra_units low high value_found tie cost cost_unit low_per_100000 high_per_100000 low_next_1000 "
           "high_next_1000")


def _ladder_finding(problem: Problem, service: str, region: str | None, place: str | None, flight: Flight, desk: Desk
                    ) -> Finding:
    [(base, found)] = climb(problem, [flight], desk)
    unit, digits = _unit(problem, flight.regions), 0 if abs(base.value) >= 1000 else 3
    where = _where(problem, service, region, place)
    title = say("explore.ladder_title", service=problem.title("services", service), where=where)
    lines = [_rung_line(problem, rung, unit, digits) for rung in found]
    turns = kinks(found)
    lines += [say(f"explore.ladder_kink_{way}", step=found[i].step.name, units=f"{found[i].step.units:,.0f}",
                  before=interval(found[i].slope_low, found[i].slope_high, 4),
                  after=interval(found[i + 1].slope_low, found[i + 1].slope_high, 4)) for i, way in turns]
    if not turns and len(found) > 1:
        lines.append(say("explore.ladder_no_kink"))
    lines.append(say("explore.ladder_how", where=where, gap=f"{base.gap:.2%}", wanted=f"{desk.gap:.2%}"))
    return Finding("ladder", title, tuple(lines), {"ladder": frame_of((_row(problem, r) for r in found), COLUMNS)},
                   {"service": service, "region": region, "place": place, "unit": unit,
                    "unit_of_service": problem.services[service].unit, "base": base.value, "base_bound": base.bound,
                    "kinks": [found[i].step.name for i, _ in turns]})


def _rung_line(problem: Problem, rung: Rung, unit: str, digits: int) -> str:
    cost = _cost(problem, rung.step)
    words = {"step": rung.step.name, "units": f"{rung.step.units:,.6g}", "unit": unit,
             "service_unit": problem.services[rung.step.service].unit, "gain": interval(rung.low, rung.high, digits),
             "found": f"{rung.found:,.{digits}f}"}
    line = say("explore.ladder_tie" if rung.low == 0 else "explore.ladder_step", **words)
    return line + (say("explore.ladder_cost", cost=f"{cost:,.0f}") if cost and not math.isnan(cost) else "")


def _unit(problem: Problem, regions: Sequence[Regions]) -> str:
    return UNITS[problem.rules(regions[0][0]).objectives[0].name]


def _all_services(problem: Problem, region: str | None, steps: Sequence[str], desk: Desk) -> Finding:
    """One step of every service of a region, or of all, and which is worth most."""
    rows, lines, quiet = [], [], []
    served = {}  # a shared service is there once, not once per region
    for r in problem.regions if region is None else (region,):
        for g in problem.services:
            cells = _cells(problem, g, r, None)
            if sum(cells.values()) > 0:
                served.setdefault((g, tuple(cells)), (r, g))
    if not served:
        raise InputError([Fault("CONFIG", 0, "", say("explore.ladder_nothing_there"),
                                say("explore.ladder_capacity_wanted"), say("explore.ladder_no_capacity"))])
    flights = []
    for r, g in served.values():
        named = problem.config.steps.get(g)
        wanted = _steps(problem, g, r, None, steps or [named.name if named else f"{ALL_SHARE:.0%}"])
        flights.append(Flight(wanted, _regions(problem, wanted[0].more)))
    for (r, g), flight, (base, found) in zip(served.values(), flights, climb(problem, flights, desk),
                                               strict=True):
        rows += [(r, g, *_row(problem, rung)) for rung in found]
        of = say("explore.ladder_of", service=problem.title("services", g), region=problem.title("regions", r))
        unit = _unit(problem, flight.regions)
        digits = 0 if abs(base.value) >= 1000 else 3
        for rung in found:
            if rung.low == 0 and rung.found < 0.5 / 10**digits:
                quiet.append(f"{of}{rung.step.name}")
            else:
                lines.append((rung.high, rung.found, f"{of}{_rung_line(problem, rung, unit, digits)}"))
    lines.sort(key=lambda line: (-line[1], -line[0]))
    where = problem.title("regions", region) if region else say("explore.ladder_every_region")
    told = (*(line for _, _, line in lines), *([say("explore.ladder_quiet", names="; ".join(quiet))] if quiet else []),
            say("explore.ladder_how_all", wanted=f"{desk.gap:.2%}"))
    table = frame_of(rows, f"region service {COLUMNS}").drop(columns=["low_next_1000", "high_next_1000"])
    return Finding("ladder", say("explore.ladder_title_all", where=where), told, {"ladder_all": table},
                   {"service": None, "region": region, "place": None})
