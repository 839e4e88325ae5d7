"""The search for repairs: the cheapest moves that give wishes a plan, then the cheapest that are of another kind."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optimiser.explore.negotiate.elastic import elastic, held
from optimiser.explore.negotiate.moves import DROPPED, LOWERED, Move, moves
from optimiser.model.plain import Plain, plain
from optimiser.problem import Problem
from optimiser.solver import Answer, Program, batches, solve_many
from optimiser.variant import with_numbers, with_rules

DIGITS = 3  # of an amount: 139.4 hours more are told as 140
LEAST = 1e-6  # of a move that is none
GAP = 0.001  # of the price
TERMS = ("kind", "thing")  # what repairs may not have in common, the coarser first
PART = 6  # a search may take this part of the time, so that some is left for repairs of other kinds
FEW = 3  # repairs; when there are fewer of different kinds, those that move other things of the same kinds count too
Barred = frozenset[Hashable]


@dataclass(frozen=True)
class Step:
    """One move of a repair: by how much (1 for a rule that is done without), what the setting then says."""

    move: Move
    amount: float
    new: float | None

    @property
    def price(self) -> float:
        """What the step counts."""
        return self.move.price * self.amount


@dataclass(frozen=True)
class Repair:
    """Steps that give wishes a plan.

    Attributes
    ----------
    steps : tuple of Step
        Amounts rounded up, so that they are sure to be enough.
    least : float
        No repair without the kinds that were barred when it was found counts less.
    """

    steps: tuple[Step, ...]
    least: float

    @property
    def price(self) -> float:
        """What all steps count."""
        return sum(step.price for step in self.steps)

    def named(self, term: str) -> Barred:
        """The kinds, or the things, that it moves."""
        return frozenset(name(step.move, term) for step in self.steps)

    def named_by_price(self, term: str) -> list[Hashable]:
        """The same, what costs most first."""
        prices: dict[Hashable, float] = {}
        for step in self.steps:
            prices[name(step.move, term)] = prices.get(name(step.move, term), 0.0) + step.price
        return sorted(prices, key=lambda one: (-prices[one], str(one)))


@dataclass(order=True)
class _Node:
    price: float
    number: int
    barred: Barred = field(compare=False)
    repair: Repair = field(compare=False)


@dataclass
class Found:
    """What a search came to: repairs, the cheapest first; none where nothing helps or none is needed.

    `least` is what any repair counts at least; `ended` is `all`, `enough` or `time`; `needed` is False when the wishes
    have a plan as they are; `hopeless` is True when no priced move helps, whatever it costs.
    """

    repairs: list[Repair] = field(default_factory=list)
    least: float = 0.0
    ended: str = "all"
    needed: bool = True
    hopeless: bool = False


def name(move: Move, term: str) -> Hashable:
    """What a move has in common with others: its kind, or the thing that it moves (an occupation, a number)."""
    if term == "kind":
        return move.kind
    kind, index = move.key
    return (move.kind, index[:2]) if kind == "must_list" else move.key


class Search:
    """Best first: each repair found is followed by searches in which one of the names it moves must stay.

    Parameters
    ----------
    seconds : float
        For all searches together.
    """

    def __init__(self, problem: Problem, regions: tuple[str, ...], seconds: float, seed: int):
        self.asked: Plain = plain(problem, regions)
        self.moves = moves(problem, self.asked)
        self.unit = _unit(self.moves)
        self.program: Program = elastic(self.asked, self.moves, self.unit)
        self.ends, self.seed = time.monotonic() + seconds, seed
        self.part = seconds / PART
        self.searches = 0

    def run(self, count: int) -> Found:
        """Up to `count` repairs; of different kinds first, then of the same kinds with other things."""
        [root] = self._ask([frozenset()])
        if _cut(root):
            [root] = self._ask([frozenset()], whole=True)
        if root.status == "infeasible":
            return Found(hopeless=True)
        if root.x is None:
            return Found(ended="time")
        first = self._repair(root)
        if not first.steps:
            return Found(needed=False)
        found = Found([first], first.least)
        for term in TERMS:
            if term == TERMS[0] or len(found.repairs) < min(count, FEW):
                self._more(found, first, term, count if term == TERMS[0] else min(count, FEW))
        found.repairs.sort(key=lambda repair: repair.price)
        return found

    def _more(self, found: Found, first: Repair, term: str, count: int) -> None:
        """Repairs that differ in what `term` names, until there are enough."""
        queue, tried, number = [_Node(first.price, 0, frozenset(), first)], {Barred()}, 0
        told = {repair.named(term) for repair in found.repairs}
        unsettled: list[Barred] = []  # for which a part of the time told neither a repair nor that there is none
        given_up: list[Barred] = []  # for which all of it did not

        def search(barred: Sequence[Barred], whole: bool = False) -> None:
            nonlocal number
            for one, answer in zip(barred, self._ask(barred, whole), strict=True):
                if answer.x is not None:
                    repair = self._repair(answer)
                    heapq.heappush(queue, _Node(repair.price, number := number + 1, one, repair))
                elif _cut(answer):
                    (given_up if whole else unsettled).append(one)

        while queue or unsettled:
            if not queue:
                if self._over():
                    break
                search([unsettled.pop(0)], whole=True)
                continue
            node = heapq.heappop(queue)
            if node.repair.named(term) not in told:
                told.add(node.repair.named(term))
                found.repairs.append(node.repair)
            if len(found.repairs) >= count:
                found.ended = "enough"
                return
            barred = [node.barred | {one} for one in node.repair.named_by_price(term)]
            barred = [one for one in dict.fromkeys(barred) if one not in tried]
            tried.update(barred)
            for part in batches(barred):
                if self._over():
                    unsettled += part
                else:
                    search(part)
        found.ended = "time" if unsettled or given_up else "all"

    def _over(self) -> bool:
        return time.monotonic() >= self.ends

    def _ask(self, barred: Sequence[Barred], whole: bool = False) -> list[Answer]:
        """The cheapest moves for each set of names that must stay, in a part of the time or in all that is left."""
        aside = len(self.program.col_lower) - len(self.asked.program.col_lower) - len(self.moves)
        programs = [held(self.program, len(self.moves), [
            n for n, move in enumerate(self.moves) if any(name(move, term) in one for term in TERMS)], aside)
            for one in barred]
        self.searches += len(programs)
        left = max(1.0, min(math.inf if whole else self.part, self.ends - time.monotonic()))
        answers = solve_many(programs, gap=GAP, time_limit=left, seed=self.seed, together=False)
        if any(answer.status == "interrupted" for answer in answers):
            raise KeyboardInterrupt
        return answers

    def _repair(self, answer: Answer) -> Repair:
        x = answer.x
        assert x is not None
        first = len(self.asked.program.col_lower)
        amounts = x[first:first + len(self.moves)]
        steps = tuple(_step(self.asked, move, float(amount), x)
                      for move, amount in zip(self.moves, amounts, strict=True) if amount > LEAST)
        return Repair(steps, max(0.0, answer.stages[0].bound * self.unit) if answer.stages else 0.0)


def _cut(answer: Answer) -> bool:
    """Whether a search ended with neither a point nor the proof that there is none."""
    return answer.x is None and answer.status != "infeasible"


def _unit(found: Sequence[Move]) -> float:
    """The middle of the prices, a power of ten."""
    prices = [move.price for move in found] or [1.0]
    return 10.0 ** round((math.log10(min(prices)) + math.log10(max(prices))) / 2)


def _step(asked: Plain, move: Move, amount: float, x: np.ndarray) -> Step:
    """A move with its amount rounded up."""
    kind = move.key[0]
    if kind in DROPPED:
        return Step(move, 1.0, None)
    amount = min(float(round(amount)) if move.whole else rounded_up(amount), move.most)
    if kind == "risk_shares":
        return Step(move, amount, _share(asked, move, x))
    number = move.number or 0.0
    return Step(move, amount, _written(number - amount if kind in LOWERED else number + amount))


def rounded_up(amount: float, digits: int = DIGITS) -> float:
    """The next number with so many digits, from thousandths on."""
    grain = 10.0 ** max(-5, math.floor(math.log10(amount)) - digits + 1)
    return _written(math.ceil(amount / grain - 1e-6) * grain)


def _written(number: float) -> float:
    """Without the tail that sums of decimals leave."""
    return float(f"{number:.12g}")


def _share(asked: Plain, move: Move, x: np.ndarray) -> float:
    """The share that a risk class then takes in the year in which it takes most."""
    frame, (region, risk) = asked.handed.frame, move.key[1]
    quotas: dict[tuple[int, bool], float] = {}
    for (kind, index), value in zip(asked.handed.columns, x, strict=False):
        if kind == "lots" and index[0] == region:
            r, o, t = map(str, index)
            of_class = frame.problem.attribute("risk_class", o) == risk
            quotas[int(t), of_class] = quotas.get((int(t), of_class), 0.0) + round(value) * frame.lot[r, o]
    shares = [of_class / whole for t in frame.problem.years
              if (whole := (of_class := quotas.get((t, True), 0.0)) + quotas.get((t, False), 0.0))]
    return min(1.0, math.ceil(max(shares, default=1.0) * 1e4 - 1e-6) / 1e4)


def applied(problem: Problem, steps: Iterable[Step]) -> Problem:
    """The case with a repair in it; what must be listed later only is left to `kept`.

    Rules go through the config, so that the case is cross-checked like any other; numbers and locks follow.
    """
    rules: dict[str, dict[str, Any]] = {}
    numbers: dict[str, dict[Any, float]] = {}
    parameters = {kind: dict(column) for kind, column in problem.parameters.items()}
    expansion = dict(problem.service_parameters["max_expansion"])
    unlocked: set[tuple[str, str]] = set()
    for step in steps:
        kind, index = step.move.key
        if kind in ("service_capacity", "permit_total", "budget", "training_places"):
            numbers.setdefault("capacity" if kind == "service_capacity" else kind, {})[index] = step.new or 0.0
        elif kind == "max_expansion":
            expansion[index] = step.new or 0.0
        elif kind in ("max_quota", "min_quota", "max_migrant_share"):
            parameters[kind][index] = step.new or 0.0
        elif kind in ("min_other_vacancies", "trainees_per_permit"):
            parameters[kind].pop(index, None)
        elif kind in ("must_list", "must_not_list"):
            unlocked.add(index[:2])
        else:
            _rule(problem, rules.setdefault(index[0], {}), kind, index, step.new)
    for region, changed in rules.items():
        groups = changed.pop("groups", None)
        if groups is not None:
            listed = problem.rules(region).groups
            changed["groups"] = tuple(group for n, group in enumerate(listed) if n not in groups)
        problem = with_rules(problem, region, **changed)
    for kind, changed in numbers.items():
        problem = with_numbers(problem, kind, changed)
    locked = {key: lock for key, lock in problem.locked.items() if key not in unlocked}
    return replace(problem, locked=locked, parameters=parameters,
                   service_parameters=problem.service_parameters | {"max_expansion": expansion})


def _rule(problem: Problem, changed: dict[str, Any], kind: str, index: tuple[Any, ...], new: float | None) -> None:
    """A rule of a region as it is written in the config after a step."""
    rules = problem.rules(index[0])
    if kind == "groups":
        changed.setdefault("groups", set()).add(index[1])
    elif kind in ("area_coverage", "sector_coverage", "band"):
        fairness = changed.setdefault("fairness", rules.fairness.model_dump(mode="python"))
        fairness[kind] = new
    elif kind in ("list_length_by_tier", "list_length_by_sector", "risk_shares"):
        held_now = changed.setdefault(kind, dict(getattr(rules, kind)))
        held_now[index[1]] = new if kind == "risk_shares" else int(new or 0)
    else:
        changed[kind] = 1 if kind == "minimum_stay" else int(new or 0)
