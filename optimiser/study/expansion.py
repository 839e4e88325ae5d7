"""From the levers and uncertainties of a study file to its factors, and the numbers that each of them moves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimiser.cells import cell, meant, nearest
from optimiser.config import Places
from optimiser.errors import Fault
from optimiser.patching import MOST
from optimiser.problem import Problem
from optimiser.schema import BY_NAME, PARAMETERS, SERVICE_PARAMETERS
from optimiser.study import checks
from optimiser.study.distributions import of_numbers, of_ranges
from optimiser.study.factors import Factor, Move, Rule
from optimiser.study.origins import NUMERIC, Number, Origins
from optimiser.study.rules import Rules
from optimiser.study.settings import Cycle, Lever, StudySettings, Uncertainty
from optimiser.tables import ROW
from optimiser.texts import say

ONE = np.ones(1)
NONE = "-"  # the code of a factor where a column of `by` says nothing of its numbers
DECIMALS = 3  # to which numbers are rounded, unless their row has more
TAILS = np.array([0.001, 0.999])  # a number that is the same at both does not move


@dataclass(frozen=True, eq=False)
class Expanded:
    """What a study moves; see `Study` for the attributes."""

    factors: tuple[Factor, ...]
    moves: tuple[Move, ...]
    rules: dict[int, Rule]


class Expansion:
    """Expands one study as far as `checks` finds no fault; what the case can't do is added to `faults`."""

    def __init__(self, settings: StudySettings, problem: Problem, places: Places, faults: list[Fault]):
        self.settings, self.problem, self.places, self.faults = settings, problem, places, faults
        self.origins = Origins(problem)
        self.by_rule = Rules(problem, places, faults)
        self.factors: list[Factor] = []
        self.moved: list[tuple[str, Move]] = []
        self.taken: dict[tuple[Any, ...], str] = {}  # what is moved already, and by which uncertainty

    def expanded(self) -> Expanded:
        """The factors in the order of the file, the cycle last."""
        rules: dict[int, Rule] = {}
        for i, lever in enumerate(self.settings.levers):
            if rule := self._lever(i, lever):
                rules[len(self.factors) - 1] = rule
        for i, uncertainty in enumerate(self.settings.uncertainties):
            if any(checks.uncertainty(self.places, ("uncertainties", i), uncertainty)):
                continue  # that is told already
            if uncertainty.table is not None:
                self._table(i, uncertainty)
            else:
                self._scalar(i, uncertainty)
        moves = [move for _, move in self.moved]
        if self.settings.cycle and not any(checks.cycle(self.settings, self.places)):
            moves = self._driven(self.settings.cycle)
        return Expanded(tuple(self.factors), tuple(moves), rules)

    def _tell(self, path: tuple[str | int, ...], got: str, expected: str, hint: str) -> None:
        self.faults.append(Fault(*self.places.of(path), ".".join(map(str, path)), got, expected, hint))

    # Rules ---------------------------------------------------------------------------------------------------------

    def _lever(self, i: int, lever: Lever) -> Rule | None:
        found = self.by_rule.read(("levers", i), lever.path, [
            (("levers", i, "values", n), value) for n, value in enumerate(lever.values)])
        if found is None:
            return None
        rule, base = found
        self._once((rule.path,), lever.name, ("levers", i, "path"))
        self.factors.append(Factor(lever.name, "lever", say("study_design.lever", name=_words(lever.name),
                                                            path=lever.path),
                                   min(lever.values), max(lever.values), lever.name, lever.values, base))
        return rule

    def _scalar(self, i: int, uncertainty: Uncertainty) -> None:
        path = ("uncertainties", i)
        [(kind, numbers)] = uncertainty.distribution.ways.items()
        found = self.by_rule.read(path, str(uncertainty.path), [
            ((*path, "distribution", kind, n), number) for n, number in enumerate(numbers)])
        if found is None:
            return
        rule, base = found
        self._once((rule.path,), uncertainty.name, (*path, "path"))
        own = np.array([len(self.factors)])
        steps = ONE if rule.whole else ONE * 10.0**max(DECIMALS, *(_decimals(number) for number in numbers))
        move = Move((), rule, of_numbers(kind, numbers, ONE), ONE * base, steps, ONE * -np.inf, ONE * np.inf,
                    ((own, ONE),))
        self.factors.append(Factor(uncertainty.name, "uncertainty", say(
            "study_design.lever", name=_words(uncertainty.name), path=uncertainty.path), 0.0, 1.0, uncertainty.name))
        self.moved.append((uncertainty.name, move))

    def _once(self, moved: tuple[Any, ...], name: str, path: tuple[str | int, ...]) -> None:
        """Nothing is moved by two factors: which of them should hold?"""
        if other := next((self.taken[each] for each in moved if each in self.taken), ""):
            self._tell(path, say("study_design.moved_twice", first=other, second=name),
                       say("study_design.moved_once"), say("study_design.narrow_one"))
        self.taken |= dict.fromkeys(moved, name)

    # Tables --------------------------------------------------------------------------------------------------------

    def _table(self, i: int, uncertainty: Uncertainty) -> None:
        path = ("uncertainties", i)
        tables = [(str(uncertainty.table), (*path, "table")),
                  *((table, (*path, "along", n)) for n, table in enumerate(uncertainty.along))]
        if unknown := [(table, where) for table, where in tables if table not in NUMERIC]:
            for table, where in unknown:
                self._tell(where, repr(table[:80]), say("faults.numeric_table", names=", ".join(NUMERIC)),
                           meant(table, NUMERIC) or say("faults.choose_word"))
            return
        moves = [move for table, _ in tables if (numbers := self._meant(path, uncertainty, table))
                 if (move := self._move(path, uncertainty, table, numbers))]
        codes = [[tuple(number.words.get(column) or NONE for column in uncertainty.by) for number in move.numbers]
                 for move in moves]
        wanted = {code for move, held in zip(moves, codes, strict=True)
                  for number, code in zip(move.numbers, held, strict=True) if self.origins.useful(number)}
        place = {code: len(self.factors) + n for n, code in enumerate(sorted(wanted))}
        for code in place:
            self.factors.append(Factor(
                f"{uncertainty.name}[{' '.join(code)}]" if code else uncertainty.name, "uncertainty",
                self._title(uncertainty, code), 0.0, 1.0, uncertainty.name))
        for move, held in zip(moves, codes, strict=True):
            move = move.only(np.array([code in place for code in held]))
            self._once(tuple((n.field, n.part, n.key, n.age) for n in move.numbers), uncertainty.name,
                       (*path, "where"))
            own = np.array([place[code] for code in held if code in place])
            self.moved.append((uncertainty.name, replace(move, drivers=((own, np.ones(len(own))),))))

    def _meant(self, path: tuple[str | int, ...], uncertainty: Uncertainty, table: str) -> list[Number]:
        """The numbers that `where` means, when `where` and `by` speak of what the table has."""
        numbers, columns = self.origins.of(table), self.origins.columns(table)
        unknown = [(*path, "where", name) for name in uncertainty.where if name not in columns]
        unknown += [(*path, "by", n) for n, name in enumerate(uncertainty.by) if name not in columns]
        for where in unknown:
            name = str(where[-1]) if where[2] == "where" else uncertainty.by[int(where[-1])]
            self._tell(where, repr(name[:80]), say("faults.one_of", names=", ".join(columns)),
                       meant(name, columns) or say("faults.choose_word"))
        lost = bool(unknown)
        for name, values in uncertainty.where.items():
            if (*path, "where", name) in unknown:
                continue
            known = {number.words.get(name, "") for number in numbers} - {""}
            chosen: set[str] = set()
            for n, value in enumerate(values):
                members = set(self.origins.selectors.members(value)) if name == "occupation" else {value}
                if not members & known:
                    at = (*path, "where", name, n) if len(values) > 1 else (*path, "where", name)
                    few = say("faults.choose_from", names=", ".join(sorted(known)))
                    self._tell(at, repr(value[:80]), say("study_design.known_value", column=name, table=table),
                               nearest(value, known) or (few if len(known) <= MOST else say("faults.check_where")))
                    lost = True
                chosen |= members
            numbers = [number for number in numbers if number.words.get(name, "") in chosen]
        if not numbers and not lost:
            self._tell((*path, "where"), say("faults.no_rows"), say("faults.scale_matches", table=table),
                       say("faults.check_where"))
        return [] if lost else numbers

    def _move(self, path: tuple[str | int, ...], uncertainty: Uncertainty, table: str, numbers: list[Number]
              ) -> Move | None:
        """How some numbers move: those of them that do."""
        rows = self.origins.rows(table, numbers)
        low, central, high = (rows[name].to_numpy(float) for name in ("low", "central", "high"))
        [(kind, given)] = uncertainty.distribution.ways.items()
        if (kind, given) == ("ranges", "lognormal") and (wrong := np.flatnonzero((low <= 0) & (high > low))).size:
            row = rows.iloc[wrong[0]]
            self._tell((*path, "distribution"), say("study_design.not_positive", table=table, row=row[ROW],
                                                    low=cell(row["low"]), n=len(rows.iloc[wrong][ROW].unique())),
                       say("study_design.positive"), say("study_design.other_law"))
            return None
        law = of_numbers(kind, given, central) if kind != "ranges" else of_ranges(given, low, central, high)
        decimals = np.array([max(map(_decimals, row)) for row in np.stack([low, central, high], axis=1)])
        column = BY_NAME[table].column("central")
        named = {p.name: p for p in (PARAMETERS if table == "parameters" else SERVICE_PARAMETERS)}
        limits = [named.get(number.part) for number in numbers]
        whole = np.array([bool(limit and limit.whole) for limit in limits])
        steps = np.where(whole, 1.0, 10.0**np.maximum(DECIMALS, decimals))
        least = np.array([limit.minimum if limit else column.minimum or 0.0 for limit in limits])
        most = np.array([limit.maximum if limit else column.maximum or np.inf for limit in limits])
        move = Move(tuple(numbers), None, law, central, steps, least, most, ())
        able = move.drawn(np.full(len(numbers), TAILS[0])) != move.drawn(np.full(len(numbers), TAILS[1]))
        if not any(moves and self.origins.useful(number) for moves, number in zip(able, numbers, strict=True)):
            self._tell((*path, "distribution"), say("study_design.nothing_moves", n=len(numbers), table=table),
                       say("study_design.something_moves"), say("study_design.give_range"))
            return None
        return move.only(able)

    def _title(self, uncertainty: Uncertainty, code: tuple[str, ...]) -> str:
        """A factor for a reader, with the titles of what it is of."""
        tables = {"region": "regions", "area": "areas", "occupation": "occupations", "service": "services"}
        titles = [self.problem.title(tables[column], part) if column in tables else part
                  for column, part in zip(uncertainty.by, code, strict=True)]
        return say("study_design.of", name=_words(uncertainty.name), titles=", ".join(titles)) if titles else _words(
            uncertainty.name)

    # The cycle -----------------------------------------------------------------------------------------------------

    def _driven(self, cycle: Cycle) -> list[Move]:
        """The moves with the cycle among what drives them; its own factors join the others."""
        if cycle.loading:
            self.factors.append(Factor("cycle", "cycle", say("study_design.cycle"), 0.0, 1.0, "cycle"))
        common = len(self.factors) - 1
        driven = (*cycle.factors, *cycle.against)
        codes = [[_code(number, cycle) for number in move.numbers] if cycle.sector_loading and name in driven else []
                 for name, move in self.moved]
        place: dict[str, int] = {}
        for code in sorted({*itertools.chain(*codes)} - {""}):
            place[code] = len(self.factors)
            self.factors.append(Factor(f"cycle:{code}", "cycle", say("study_design.cycle_of", code=code), 0.0, 1.0,
                                       "cycle"))
        if cycle.by and not place:
            self._tell(("cycle", "by"), " ".join(cycle.by), say("study_design.something_moves"),
                       say("study_design.no_cycle_of"))
        return [self._joined(move, cycle, -1.0 if name in cycle.against else 1.0, common, [
            place.get(code, -1) for code in held]) if name in driven else move
            for (name, move), held in zip(self.moved, codes, strict=True)]

    def _joined(self, move: Move, cycle: Cycle, sign: float, common: int, sectors: Sequence[int]) -> Move:
        own = move.drivers[0][0]
        sector = np.array(sectors) if sectors else np.full(len(own), -1)
        b = np.where(sector < 0, 0.0, cycle.sector_loading)
        rest = np.sqrt(1 - cycle.loading**2 - b**2)
        drivers = [(own, rest)]
        if cycle.loading:
            drivers.append((np.full(len(own), common), np.full(len(own), sign * cycle.loading)))
        if (sector >= 0).any():
            drivers.append((np.maximum(sector, 0), sign * b))
        return replace(move, drivers=tuple(drivers))


def _code(number: Number, cycle: Cycle) -> str:
    """The sector or region whose cycle moves a number; empty where one of them is unknown."""
    parts = [number.words.get(column, "") for column in cycle.by]
    return " ".join(parts) if all(parts) else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _decimals(number: float) -> int:
    """Decimals of a number as a person writes it."""
    if np.isnan(number):
        return 0
    _, _, decimals = np.format_float_positional(number, trim="-").partition(".")
    return len(decimals)
