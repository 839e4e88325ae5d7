"""What a study moves, and the case of one of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from optimiser import consistency, patching
from optimiser.config import Keys, Places, parse
from optimiser.consistency import SMALLEST_SHORTAGE
from optimiser.errors import Fault, InputError
from optimiser.problem import Problem, build
from optimiser.scenario import Patch, Setting
from optimiser.study.distributions import Law
from optimiser.study.origins import BY_AGE, BY_PARAMETER, Number

if TYPE_CHECKING:
    from optimiser.study.spec import Study

BASE = 0.5  # the position of every uncertainty in the base case
POSITIVE = ("shortage", "activatable", "training_places")  # a Problem keeps only numbers above 0 of these
QUOTAS = ("lot", "min_quota", "max_quota")  # parameters that may contradict one another
MOST_CASES = 64  # cases with other rules that are kept for later rows


@dataclass(frozen=True)
class Factor:
    """One lever or uncertainty: a column of the design.

    Attributes
    ----------
    name : str
        Column of the design.
    kind : str
        lever, uncertainty or cycle.
    words : str
        The same for a reader.
    low, high : float
        Between what its numbers in the design lie: values of a lever, positions (0 to 1) of the others.
    group : str
        Name in the study file; factors of one group may be moved as one.
    values : tuple of float
        The values of a lever.
    base : float
        Its number in the base case.
    """

    name: str
    kind: Literal["lever", "uncertainty", "cycle"]
    words: str
    low: float
    high: float
    group: str
    values: tuple[float, ...] = ()
    base: float = BASE


@dataclass(frozen=True)
class Rule:
    """The setting behind a lever or an uncertain scalar; `whole` where it must be a whole number."""

    path: Keys
    file: str
    row: int
    whole: bool

    def setting(self, value: float) -> Setting:
        """The setting with a value."""
        return Setting(self.path, round(value) if self.whole else value, self.file, self.row)


@dataclass(frozen=True, eq=False)
class Move:
    """The numbers that one uncertainty of the study moves, and how; shapes are (numbers,).

    Attributes
    ----------
    numbers : tuple of Number; empty when it moves a rule
    rule : Rule or None
    law : Law
    central : the numbers of the base case
    steps : steps of a unit to which numbers are rounded: 1000 for three decimals, 1 for whole ones
    least, most : between what the table allows them to be
    drivers : pairs of (positions in the study's factors, weights): the number's own factor first, then cycles
    """

    numbers: tuple[Number, ...]
    rule: Rule | None
    law: Law
    central: np.ndarray
    steps: np.ndarray
    least: np.ndarray
    most: np.ndarray
    drivers: tuple[tuple[np.ndarray, np.ndarray], ...]

    def only(self, kept: np.ndarray) -> Move:
        """The same for some of the numbers; `kept` is true for those, shape (numbers,)."""
        return Move(tuple(number for number, stays in zip(self.numbers, kept, strict=True) if stays), self.rule,
                    Law(self.law.kind, self.law.low[kept], self.law.central[kept], self.law.high[kept]),
                    self.central[kept], self.steps[kept], self.least[kept], self.most[kept],
                    tuple((factors[kept], weights[kept]) for factors, weights in self.drivers))

    def positions(self, row: np.ndarray) -> np.ndarray:
        """Quantile that every number takes in its own distribution.

        A Gaussian copula: Phi(a z_cycle + b z_sector + sqrt(1 - a^2 - b^2) z_own) with z = Phi^-1(position), so that
        every position is uniform and two numbers correlate by what they share.

        Parameters
        ----------
        row : array of float, shape (factors,)
            A row of the design.
        """
        if len(self.drivers) == 1:
            return row[self.drivers[0][0]]
        return ndtr(sum(weights * ndtri(row[factors]) for factors, weights in self.drivers))

    def at(self, positions: np.ndarray) -> np.ndarray:
        """The numbers at some positions, rounded and in range; exactly the base case's where a position is 0.5."""
        return np.where(positions == BASE, self.central, self.drawn(positions))

    def drawn(self, positions: np.ndarray) -> np.ndarray:
        """The quantiles at some positions, rounded to what the table can hold and kept in its range."""
        return np.clip(np.rint(self.law.quantile(positions) * self.steps) / self.steps, self.least, self.most)


class Variants:
    """The cases of a study's rows: the base case with other numbers, and other rules where a row asks for them.

    What could be listed stays what could be listed in the base case. Only the dicts of numbers that a row changes are
    made anew; a case with other rules is built once for all rows that share them.
    """

    def __init__(self, study: Study):
        self._study = study
        self._names = {factor.name: i for i, factor in enumerate(study.factors)}
        self._base = np.array([factor.base for factor in study.factors])
        self._tables = [move for move in study.moves if move.rule is None]
        self._scalars = [move for move in study.moves if move.rule is not None]
        self._holders = _holders(study.problem, [number for move in self._tables for number in move.numbers])
        self._quotas = any(holder.part in QUOTAS for holder in self._holders)
        self._cases: dict[tuple[tuple[Keys, float], ...], Problem] = {}

    def problem(self, values: Mapping[Any, float]) -> Problem:
        """The case of a row.

        Parameters
        ----------
        values : mapping of str to float
            Factor: its number in the design. One that is missing stays at the base case; other names are ignored, so
            that a whole row of the design may be given.

        Raises
        ------
        InputError
            When the row contradicts itself: a list shorter than what must be listed, for example.
        """
        row = self._base.copy()
        for name, position in self._names.items():
            row[position] = values.get(name, row[position])
        case = self._ruled(row)
        if not self._holders or (row == self._base).all():
            return case
        numbers = np.concatenate([move.at(move.positions(row)) for move in self._tables])
        changed: dict[str, Any] = {}
        for holder in self._holders:
            made = holder.made(numbers)
            if holder.part:
                changed[holder.field] = changed.get(holder.field, getattr(case, holder.field)) | {holder.part: made}
            else:
                changed[holder.field] = made
        found = replace(case, **changed)
        if self._quotas and (faults := consistency.check(found, consistency.Where(self._places, "tables"))):
            raise InputError(faults)
        return found

    @property
    def _places(self) -> Places:
        return Places(str(self._study.path))

    def _ruled(self, row: np.ndarray) -> Problem:
        """The base case with the rules of a row."""
        settings = [rule.setting(row[i]) for i, rule in self._study.rules.items() if row[i] != self._base[i]]
        for move in self._scalars:
            assert move.rule is not None
            position = move.positions(row)
            if position[0] != BASE:
                settings.append(move.rule.setting(float(move.drawn(position)[0])))
        key = tuple((setting.path, setting.value) for setting in settings)
        if not key:
            return self._study.problem
        if key not in self._cases:
            if len(self._cases) >= MOST_CASES:
                self._cases.clear()
            self._cases[key] = with_settings(self._study.problem, settings, self._places)
        return self._cases[key]


def with_settings(problem: Problem, settings: Sequence[Setting], places: Places) -> Problem:
    """A case with other settings, in the way of `--set`.

    Raises
    ------
    InputError
        When a path leads nowhere, or a value contradicts the rest of the case.
    """
    faults: list[Fault] = []
    raw = problem.config.model_dump(mode="json", exclude_unset=True)
    raw, places = patching.apply_settings(raw, Patch(settings=tuple(settings)), places, faults)
    if faults:
        raise InputError(faults)
    return build(parse(raw, places), problem.tables, places)


@dataclass(frozen=True, eq=False)
class _Holder:
    """One dict of a Problem, ready to be made anew with other numbers in some of its places.

    Attributes
    ----------
    keys : of all entries that the dict may have, in its order
    numbers : of the base case, shape (keys,) or (keys, years since arrival); 0 where there is none
    slots, entries : the numbers at `slots` (flat) are the entries of what is moved
    """

    field: str
    part: str
    keys: list[Any]
    numbers: np.ndarray
    slots: np.ndarray
    entries: np.ndarray

    def made(self, moved: np.ndarray) -> dict[Any, Any]:
        numbers = self.numbers.copy()
        numbers.flat[self.slots] = moved[self.entries]
        if self.field == "shortage":
            numbers[numbers < SMALLEST_SHORTAGE] = 0.0
        if self.field in BY_AGE:
            return dict(zip(self.keys, map(tuple, numbers.tolist()), strict=True))
        made = dict(zip(self.keys, numbers.tolist(), strict=True))
        return {key: n for key, n in made.items() if n > 0} if self.field in POSITIVE else made


def _holders(problem: Problem, numbers: Sequence[Number]) -> list[_Holder]:
    """The dicts in which some numbers stand; the numbers are entries 0, 1, ... of what is moved."""
    groups: dict[tuple[str, str], list[int]] = {}
    for entry, number in enumerate(numbers):
        groups.setdefault((number.field, number.part), []).append(entry)
    found = []
    for (field, part), entries in groups.items():
        held = getattr(problem, field)[part] if field in BY_PARAMETER else getattr(problem, field)
        keys = list(held)
        if new := {numbers[entry].key for entry in entries} - held.keys():
            keys = sorted([*keys, *new])
        base = np.array([held.get(key, 0.0) for key in keys])
        width = base.shape[1] if base.ndim == 2 else 1
        place = {key: i * width for i, key in enumerate(keys)}
        slots = [place[numbers[entry].key] + max(numbers[entry].age, 0) for entry in entries]
        found.append(_Holder(field, part, keys, base, np.array(slots), np.array(entries)))
    return found
