"""The desk: answers as brute force gives them, whatever was asked before, and bounds that are bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import inline
import numpy as np
import pytest
from oracle import Lists, lists_allowed, optimum
from test_oracle import drawn
from test_solver import FEASIBLE, best, knapsack

from optimiser.explore import desk as desks
from optimiser.explore.desk import Asked, Desk, Question, price
from optimiser.explore.wishes import Wish, exactly_these, off_list, on_list
from optimiser.model.handover import Key
from optimiser.problem import Problem
from optimiser.solution import derive
from optimiser.variant import with_numbers, with_rules

ROOM = 0.1  # what publishing three decimals may cost, in the units of the aim
WORLDS = range(40)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desks, "solve_many", inline.solve_many)
    yield


def worlds(folder: Path) -> Iterator[Problem]:
    """Tiny worlds of one region whose leading aim is what stays unfilled."""
    for number in WORLDS:
        problem = drawn(folder, number)
        if len(problem.regions) == 1 and problem.rules("R").objectives[0].name == "unfilled":
            yield problem


def true_best(problem: Problem, allow: Callable[[Lists], bool] = lambda _: True) -> float:
    """The least that can stay unfilled over every list that is let through; infinite when none is allowed."""
    values = optimum(problem, 0.0, 1, allow)
    return math.inf if values is None else values[0]


def agrees(asked: Asked, value: float) -> bool:
    """Value and bound hold the true value between them, but for what publishing costs."""
    if math.isinf(value):
        return asked.infeasible
    return asked.bound <= value + 1e-6 and value - 1e-6 <= asked.value <= value + ROOM


def has(o: str) -> Callable[[Lists], bool]:
    """Whether lists have an occupation in some review."""
    return lambda lists: any(on for (_, other, _), on in lists.items() if other == o)


def test_wishes_are_answered_as_by_trying_every_list(tmp_path: Path) -> None:
    """The case itself, an occupation forced on and off, one after the other at the same desk."""
    asked_of = 0
    for problem in worlds(tmp_path):
        desk = Desk(0.0, 30.0)
        [base] = desk.whole(problem)
        assert agrees(base, true_best(problem))
        for o in problem.candidates["R"]:
            forced, without = desk.ask([Question(problem, ("R",), (on_list(problem, "R", o),)),
                                        Question(problem, ("R",), off_list(problem, "R", o))])
            assert agrees(forced, true_best(problem, has(o))), o
            assert agrees(without, true_best(problem, lambda lists, o=o: not has(o)(lists))), o
            if forced.plan and base.plan:
                low, high = price(forced, base, tighter=True)
                assert 0 <= low <= high + 1e-9
            asked_of += 1
    assert asked_of > 30


def test_what_was_asked_before_changes_no_answer(tmp_path: Path) -> None:
    """Variants of a case at one desk, each as at a desk of its own; more capacity is never worse."""
    told = 0
    for problem in worlds(tmp_path):
        more = with_numbers(problem, "capacity", {key: 1.5 * number for key, number in problem.capacity.items()})
        longer = with_rules(problem, "R", list_length=2)
        desk = Desk(0.0, 30.0)
        for variant in (problem, more, longer, problem):
            [asked], [fresh] = desk.whole(variant), Desk(0.0, 30.0).whole(variant)
            assert (asked.value, asked.infeasible) == (pytest.approx(fresh.value, abs=ROOM), fresh.infeasible)
            told += asked.plan is not None
        [base], [relaxed] = desk.whole(problem), desk.whole(more)
        assert relaxed.bound <= base.value + 1e-9
    assert told > 30


def test_the_same_question_is_searched_once(tmp_path: Path) -> None:
    problem = next(problem for problem in worlds(tmp_path) if ("R", "0110") not in problem.locked)
    desk = Desk(0.0, 30.0)
    first, again = desk.whole(problem), desk.whole(problem)
    assert desk.searches == 1 and first == again
    twice = desk.ask([Question(problem, ("R",), (on_list(problem, "R", "0110"),))] * 2)
    assert desk.searches == 2 and twice[0] == twice[1]


def test_a_given_list_is_kept_in_every_review(tmp_path: Path) -> None:
    for problem in worlds(tmp_path):
        [base] = Desk(0.0, 30.0).whole(problem)
        if base.plan is None:
            continue
        wishes = tuple(exactly_these(problem, "R", base.plan.listed))
        [same] = Desk(0.0, 30.0).ask([Question(problem, ("R",), wishes)])
        assert same.plan and same.plan.listed == base.plan.listed
        assert same.value == pytest.approx(base.value, abs=ROOM)


def test_a_wish_that_no_plan_can_grant_is_infeasible(tmp_path: Path) -> None:
    problem = next(p for p in worlds(tmp_path) if true_best(p) < math.inf)
    wish = Wish("R", (("listed", ("R", "0110", 1)), ("listed", ("R", "2221", 1))), 3.0, 3.0)
    [asked] = Desk(0.0, 30.0).ask([Question(problem, ("R",), (wish,))])
    assert asked.infeasible and asked.plan is None and math.isinf(asked.bound)


def test_other_costs_are_minimised_within_what_the_leading_aim_may_be(tmp_path: Path) -> None:
    """The fewest listings within a tenth of the best."""
    compared = 0
    for problem in worlds(tmp_path):
        best_value = true_best(problem)
        if math.isinf(best_value) or best_value < 1:
            continue
        listed: dict[Key, float] = {("listed", ("R", o, e.number)): 1.0 for o in problem.candidates["R"]
                                    for e in problem.reviews["R"]}
        [asked] = Desk(0.0, 30.0).ask([Question(problem, ("R",), within=1.1 * best_value, costs=listed)])
        fewest = min(sum(lists.values()) for lists in lists_allowed(problem, "R")
                     if true_best(problem, lambda other, lists=lists: other == lists) <= 1.1 * best_value + 1e-6)
        assert asked.score == pytest.approx(fewest) and asked.score_bound == pytest.approx(fewest, abs=1e-6)
        assert asked.plan is not None and len(asked.plan.listed) == fewest
        compared += 1
    assert compared > 10


@pytest.mark.parametrize("seed", FEASIBLE)
def test_any_prices_make_a_bound(seed: int) -> None:
    """Weak duality: whatever the rows are priced at, no point is better."""
    program, values = knapsack(seed), best(knapsack(seed))
    assert values is not None
    rng = np.random.default_rng(seed)
    for scale in (0.0, 0.1, 1.0, 10.0):
        for _ in range(50):
            prices = scale * rng.normal(size=len(program.row_lower))
            assert program.bound(program.stages[0], prices) <= values[0] + 1e-9


def test_a_run_of_another_case_proves_nothing_of_this_one(tmp_path: Path) -> None:
    """Where more capacity gains something, the bound of the case without it would be wrong."""
    gained = 0
    for problem in worlds(tmp_path):
        more = with_numbers(problem, "capacity", {key: 3.0 * number for key, number in problem.capacity.items()})
        if math.isinf(true_best(problem)) or true_best(more) > true_best(problem) - 2 * ROOM:
            continue
        [base] = Desk(0.0, 30.0).whole(problem)
        assert base.plan
        proofs = {("R", "unfilled"): (base.bound, 0.0, "optimal")}
        run = derive(problem, base.plan, proofs)
        desk = Desk(0.0, 30.0)
        desk.begin(more, problem, run)
        [asked] = desk.whole(more)
        assert agrees(asked, true_best(more)) and desk.searches == 1
        again = Desk(0.01, 30.0)
        again.begin(problem, problem, run)
        assert again.whole(problem)[0].value == base.value and again.searches == 0
        gained += 1
    assert gained > 2
