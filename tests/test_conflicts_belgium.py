"""Thirty conflicts planted in the Belgian case: found in time, named with both numbers, and nothing besides."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from plants import NO_TRAINING, PLANTS, Plant, planted

from optimiser.clash import in_words
from optimiser.contradictions import contradictions
from optimiser.errors import InfeasibleError, InputError
from optimiser.model.plain import Plain, plain
from optimiser.solver import explain
from optimiser.solver.conflict import clashes
from optimiser.solver.highs import run
from optimiser.solver.limits import Clash
from optimiser.solving import solve

SECONDS = 60.0  # in which a conflict must be named
MOST_TRIED = 3  # parts of a conflict that are left out one by one


def by_name(name: str) -> Plant:
    return next(plant for plant in PLANTS if plant.name == name)


def holds(asked: Plain, parts: Sequence[Sequence[int]]) -> bool:
    """Whether a point satisfies these limits; asked of the solver without the machinery that found them."""
    limits = {limit.row for limit in asked.limits}
    kept = {asked.limits[i].row for part in parts for i in part}
    rows = np.array([i for i in range(len(asked.program.row_names)) if i not in limits or i in kept])
    program = asked.program
    part = replace(program, matrix=program.matrix.tocsr()[rows].tocsc(), row_lower=program.row_lower[rows],
                   row_upper=program.row_upper[rows], row_names=tuple(program.row_names[i] for i in rows))
    end = run(part, None, 60).end
    assert end in ("optimal", "infeasible")
    return end == "optimal"


def irreducible(asked: Plain, found: Clash) -> bool:
    """Whether a conflict clashes, and does no longer without any part of it."""
    return not holds(asked, found.parts) and all(
        holds(asked, [other for other in found.parts if other != part]) for part in found.parts[:MOST_TRIED])


def test_there_are_thirty() -> None:
    assert len(PLANTS) == len({plant.name for plant in PLANTS}) == 30


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_conflict_is_named_in_time_and_with_its_numbers(plant: Plant) -> None:
    problem = planted(plant)
    lines: list[str] = []
    began = time.monotonic()
    for region in plant.regions:
        asked = plain(problem, (region,))
        found = clashes(asked.program, asked.limits, SECONDS / len(plant.regions) - 5)
        assert found and all(clash.irreducible and irreducible(asked, clash) for clash in found[:1])
        lines += in_words(problem, asked.limits, found)
    assert time.monotonic() - began < SECONDS
    assert [words for words in plant.words if not any(words in line for line in lines)] == [], lines
    assert len(lines) <= plant.lines


def test_the_command_names_the_conflicts_of_every_region() -> None:
    """From the model to the words, with the search that finds out that there is no plan."""
    plant, began = by_name("two regions"), time.monotonic()
    with pytest.raises(InfeasibleError) as caught:
        solve(planted(plant))
    assert time.monotonic() - began < SECONDS
    lines = list(caught.value.clashes)
    assert all(any(words in line for line in lines) for words in plant.words), lines
    assert "Apart from these, there clash too:" in lines


def test_a_clash_that_only_whole_numbers_show_is_named_too() -> None:
    """Eleven sectors want something; five occupations in two reviews, any others each time, serve ten at most."""
    problem = planted(Plant("sectors", (), (
        "last_year=2027", "list_length.BE3=5", "list_changes.BE3=200", "regions.BE3.minimum_stay=1",
        "regions.BE3.fairness={sector_coverage: 0.0005}"), {"parameters": NO_TRAINING}))
    asked = plain(problem, ("BE3",))
    lines = in_words(problem, asked.limits, clashes(asked.program, asked.limits, SECONDS))
    assert len(lines) == 2 and "and 8 more must be filled (sector_coverage)" in lines[0], lines
    assert lines[1].startswith("Wallonia (BE3): at most 5 occupations on the list in 2026-2027"), lines


def test_the_same_conflict_is_named_again() -> None:
    problem = planted(by_name("permits"))
    asked = plain(problem, ("BE3",))
    first, second = (explain(asked.program, asked.limits, SECONDS) for _ in range(2))
    assert first == second


def test_without_a_conflict_nothing_is_named() -> None:
    asked = plain(planted(Plant("none", ())), ("BE3",))
    assert clashes(asked.program, asked.limits, SECONDS) == []


@pytest.mark.parametrize(("name", "told"), [
    ("permits", "needs 30 permits a year by min_quota, but permit_totals.csv allows 25 in 2028"),
    ("desk", "what must be listed needs 234 officer hours a year by min_quota, but there are 200 in 2026"),
    ("lead time", "what must be listed needs 936 officer hours a year by min_quota, but there are 900 in 2027"),
    ("expansion", "what must be listed needs 936 officer hours a year by min_quota, but there are 900 in 2028"),
    ("recognition", "what must be listed needs 30 files a year by min_quota, but there are 20 in 2026"),
    ("training places", "is more than training_places.csv allows: Nurse (2221)"),
    ("budget", "costs 39,980 EUR a year by min_quota, with its training and services, but budgets.csv allows 39,000"),
    ("risk share", "risk class high needs 200 permits a year by min_quota, but a share of 0.05 of permit_totals.csv is "
                   "75 in 2026"),
    ("list length", "needs at least 0 entries and 5 exits"),
    ("tier", "needs at least 0 entries and 6 exits"),
    ("coverage alone", "area_coverage asks for 90% of the shortage of Antwerp"),
    ("vacancies", "area_coverage asks for 2% of the shortage of Hainaut, but only 0.0% of it can be filled at all"),
])
def test_what_the_data_show_is_told_before_any_solve(name: str, told: str) -> None:
    lines = contradictions(planted(by_name(name)))
    assert any(told in line for line in lines), lines


@pytest.mark.parametrize(("settings", "told"), [
    (("regions.BE3.must_list=['sector:construction']", "list_length.BE3=15", "list_changes.BE3=80"),
     "got 15; expected at least 28"),
    (("regions.BE3.must_list=['2221']", "list_changes.BE3=0"), "got 0; expected at least 1"),
    (("regions.BE3.must_list=['2221']", "regions.BE3.must_not_list=['2221']"), "2221")])
def test_what_the_config_contradicts_is_a_fault(settings: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError) as caught:
        planted(Plant("fault", (), settings))
    assert told in str(caught.value)
