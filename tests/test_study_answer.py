"""Variants answered from what the base case tells: right whatever it tells, and the same in any order."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from tiny import write_tiny
from valley import BUILDERS, NURSES, valley

from optimiser.errors import InputError
from optimiser.generate import generate
from optimiser.model.components import components
from optimiser.model.frame import frame
from optimiser.model.handover import hand_over
from optimiser.problem import Problem, load
from optimiser.solver import Known, Program, Stage, moves, solve_here
from optimiser.solver import search as searching
from optimiser.study import answer as answering_module
from optimiser.study.answer import Answering, Tried
from optimiser.variant import with_numbers

GAP = 0.0


def tiny_world(folder: Path, seed: int) -> Problem:
    """A world of which the config doesn't contradict itself."""
    while True:
        try:
            return load(write_tiny(folder / str(seed), seed))
        except InputError:
            seed += 1000


def varied(problem: Problem, seed: int, spread: float = 0.6) -> Problem:
    """Every shortage and capacity drawn anew around what it was."""
    rng = random.Random(seed)
    for name in ("shortage", "capacity"):
        problem = with_numbers(problem, name, {key: round(number * rng.uniform(1 - spread, 1 + spread), 1)
                                               for key, number in getattr(problem, name).items()})
    return problem


def optimum(problem: Problem, component: tuple[str, ...]) -> float | None:
    """The least value of the first aim, without anything known."""
    handed = hand_over(frame(problem, component))
    answer = solve_here(replace(handed.program, stages=handed.program.stages[:1]), gap=0.0, time_limit=30, seed=3)
    return answer.stages[0].value if answer.x is not None else None


def test_rows_that_tie_blocks_together() -> None:
    matrix = sparse.csc_array(np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]], float))
    none = np.zeros(5)
    program = Program(matrix, none, none, np.zeros(4), np.ones(4), np.zeros(4, bool), tuple("abcde"), tuple("wxyz"),
                      (Stage("aim", np.ones(4)),), blocks=np.array([0, 0, 1, -1]))
    assert program.coupling().tolist() == [False, False, True, True, True]
    fewer = replace(program, blocks=np.array([0, 0]))  # columns that were added later belong to none
    assert fewer.coupling().tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("seed", range(40))
def test_a_bound_is_a_bound_and_a_plan_a_plan(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny worlds answered as if they were large, from a base that may be very different."""
    base = tiny_world(tmp_path, seed)
    variant = varied(base, seed, 0.9)
    best = {part: optimum(variant, part) for part in components(base)}
    monkeypatch.setattr(moves, "LARGE", 1)
    answering = Answering(base, GAP, 30)
    for component, value in best.items():
        found = answering.answer(variant, component)
        aim = variant.rules(component[0]).objectives[0].name
        if value is None:
            assert found.status == "infeasible" and found.reason and not found.outcomes
            continue
        if found.status == "failed":  # no plan in three decimals
            assert found.reason
            continue
        scale = 1000.0 if aim == "cost" else 1.0
        told = [number for _, name, number, _ in found.outcomes if name == aim]
        sign = -1 if aim == "worst_coverage" else 1
        got = sign * sum(told)
        assert got >= value * scale - 2e-3 * len(told)
        if len(component) == 1:
            [bound] = [bound for _, name, _, bound in found.outcomes if name == aim]
            assert sign * bound <= value * scale + 1e-6 * max(1.0, abs(value * scale))


def test_prices_of_the_base_bound_its_variants_nearly_as_well_as_their_own(tmp_path: Path) -> None:
    """Without another relaxation: what known prices of the tying rows lose is little, a base near its end taken."""
    generate(tmp_path / "c", 60, 1, 6, 3, 1)
    base = load(tmp_path / "c" / "config.yaml")
    [component] = components(base)
    handed = hand_over(frame(base, component))
    program = replace(handed.program, stages=handed.program.stages[:1])
    assert program.integer.sum() >= moves.LARGE
    first = solve_here(program, gap=0.001, time_limit=60, seed=1)
    assert first.duals is not None and first.x is not None
    prices = dict(zip(handed.rows, first.duals, strict=True))
    other = hand_over(frame(varied(base, 1, 0.3), component))
    stage = other.program.stages[0]
    duals = np.array([prices.get(row, 0.0) for row in other.rows])
    relaxed = solve_here(replace(other.program, stages=(stage,), integer=np.zeros_like(other.program.integer)),
                         gap=0.0, time_limit=60, seed=1).stages[0].value
    program = replace(other.program, stages=(stage,))
    search = searching.Search(program, 0.5, 60, 1, lambda *_: None, Known(duals=duals))
    state = moves.State(None)
    search._decomposed(0, stage, state, math.inf)
    assert state.x is not None and state.bound <= relaxed + 1e-6 * relaxed
    assert relaxed - state.bound < min(0.2 * (relaxed - program.bound(stage, duals)), 1e-3 * relaxed)


def test_a_search_that_failed_is_no_answer_even_with_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = load(write_tiny(tmp_path, 4))
    [component] = components(base)
    whole = Answering(base, 0.01, 30).answer(base, component)
    monkeypatch.setattr(answering_module, "solve_here", lambda *arguments, **more: replace(
        solve_here(*arguments, **more), status="failed", reason="HiGHS: run ended with kSolveError"))
    failed = Answering(base, 0.01, 30).answer(base, component)
    assert whole.outcomes and not failed.outcomes and not failed.listed
    assert (failed.status, failed.reason) == ("failed", "HiGHS: run ended with kSolveError")


def test_the_same_answer_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "LARGE", 1)
    base = load(write_tiny(tmp_path, 4))
    variants = [varied(base, seed) for seed in range(4)]
    [component] = components(base)

    def told(order: list[int]) -> dict[int, object]:
        answering = Answering(base, 0.01, 30)
        return {n: replace(answering.answer(variants[n], component), seconds=0.0) for n in order}

    assert told([0, 1, 2, 3]) == told([3, 1, 0, 2])


def test_a_kept_list_gets_its_best_quotas(tmp_path: Path) -> None:
    """Nurses alone, builders alone, both or none: the better of these is the best there is."""
    base = valley(tmp_path)
    component = tuple(base.regions)
    answering = Answering(base, GAP, 30)
    reviews = [e.number for e in base.reviews["R"]]
    lists = {name: Tried(frozenset(("R", o, e) for o in codes for e in reviews), official=True)
             for name, codes in {"none": (), "nurses": (NURSES,), "builders": (BUILDERS,),
                                 "both": (BUILDERS, NURSES)}.items()}
    kept = {each.name: each for each in answering.keep(base, component, lists)}
    assert all(each.bound <= each.value for each in kept.values())
    assert kept["none"].value >= max(kept["nurses"].value, kept["builders"].value) > kept["both"].value
    best = optimum(base, component)
    assert best is not None and best >= min(each.bound for each in kept.values()) - 1e-6
    # what the rules on lists forbid is allowed to official lists only
    strict = replace(base, locked={("R", NURSES): 0})
    told = answering.keep(strict, component, {"nurses": Tried(lists["nurses"].listed)})
    assert told[0].value == math.inf
