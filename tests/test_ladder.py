"""Ladders: what each step is worth, as brute force at every capacity gives it; kinks where they are, nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import inline
import pytest
from hamlet import BUILDERS, NURSES, hamlet, parameter
from test_desk import ROOM, true_best, worlds
from worlds import rows

from optimiser.errors import InputError
from optimiser.explore import desk as desks
from optimiser.explore.desk import Asked, Desk, Question
from optimiser.explore.worth.ladder import Rung, Step, kinks, ladder, rungs
from optimiser.problem import Problem
from optimiser.variant import with_numbers


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desks, "solve_many", inline.solve_many)
    yield


def school(folder: Path, hours: float = 20, **settings: Any) -> Problem:
    """Ten builders at four hours each, four nurses of weight 3 at eight; one place on the list; twenty hours in A1."""
    return hamlet(
        folder, {"list_length": 1}, parameters=parameter("weight", 3, NURSES),
        services=rows("service scope unit", ("course", "area", "hours"), ("desk", "region", "files")),
        service_use=rows("service region occupation per cohort_year central", ("course", "*", BUILDERS, "person", 0, 4),
                         ("course", "*", NURSES, "person", 0, 8), ("desk", "*", "*", "permit", 0, 1)),
        capacities=rows("service place year central", ("course", "A1", "*", hours), ("course", "A2", "*", 60),
                        ("desk", "*", "*", 100)),
        service_parameters=rows("parameter service place central", ("expansion_cost", "course", "*", 7),
                                ("unit_cost", "course", "*", 3)), **settings)


def test_steps_are_worth_what_hand_and_pencil_give(tmp_path: Path) -> None:
    """Twenty hours teach 2.5 nurses, 7.5 weighted; 32 teach all four, 12; forty ten builders, only 10; more is vain."""
    table = ladder(school(tmp_path), service="course", place="A1", steps=["4", "8", "12", "20"]).tables["ladder"]
    assert table["extra_units"].tolist() == [4, 8, 12, 20]
    assert table["low"].tolist() == table["high"].tolist() == pytest.approx([1.5, 3.0, 4.5, 4.5])
    assert table["cost"].tolist() == [28, 56, 84, 140] and set(table["cost_unit"]) == {3}
    assert table["low_per_100000"].tolist() == pytest.approx([1e5 * gain / cost for gain, cost in (
        (1.5, 28), (3, 56), (4.5, 84), (4.5, 140))])


def test_the_list_may_change_from_step_to_step(tmp_path: Path) -> None:
    """At nurses of weight 3 and eight hours the list is nurses; with more hours and lighter nurses it is builders."""
    problem = replace(school(tmp_path), parameters=school(tmp_path).parameters | {"weight": {("R", NURSES): 2.0}})
    # 20 hours: 2.5 nurses at 2 = 5, or 5 builders; 32 hours: 4 nurses = 8, or 8 builders; 40 hours: 10 builders.
    table = ladder(problem, service="course", place="A1", steps=["12", "20", "40"]).tables["ladder"]
    assert table["value_found"].tolist() == pytest.approx([3.0, 5.0, 5.0])


def test_a_kink_is_where_the_worth_of_a_unit_changes(tmp_path: Path) -> None:
    """An hour is worth 3/8 until all four nurses are taught, then nothing."""
    found = ladder(school(tmp_path), service="course", place="A1", steps=["6", "12", "18", "24"])
    assert found.facts["kinks"] == ["+12 hours"]
    slopes = found.tables["ladder"]
    assert slopes["low_next_1000"].tolist() == slopes["high_next_1000"].tolist() == pytest.approx([375, 375, 0, 0])
    plain = ladder(school(tmp_path / "more"), service="course", place="A1", steps=["4", "8"])
    assert plain.facts["kinks"] == [] and "No kink can be told within the gap." in plain.lines


def test_steps_of_the_config_and_shares(tmp_path: Path) -> None:
    """A class is four hours, over A1 and A2 as 20 to 60; five percent is one hour in A1 and three in A2."""
    problem = school(tmp_path)
    steps = type(problem.config).model_fields["steps"].annotation
    assert steps
    lots = problem.config.model_validate(problem.config.model_dump() | {
        "steps": {"course": {"name": "class", "units": 4.0}}})
    problem = replace(problem, config=lots)
    table = ladder(problem, service="course", region="R").tables["ladder"]
    assert table["step"].tolist() == ["+1 class", "+10 %", "+20 %", "+50 %"]  # 5 % is a class
    assert table["extra_units"].tolist() == [4, 8, 16, 40]
    assert table["low"].tolist() == pytest.approx([0.375, 0.75, 1.5, 3.75])  # a quarter of each in A1, 3/8 an hour
    three = ladder(problem, service="course", place="A1", steps=["3 class", "100%"]).tables["ladder"]
    assert three["extra_units"].tolist() == [12, 20] and three["low"].tolist() == pytest.approx([4.5, 4.5])


def test_every_service_of_the_region(tmp_path: Path) -> None:
    found = ladder(school(tmp_path), region="R", steps=["10%"])
    course, desk = found.tables["ladder_all"].to_dict("records")
    assert (course["service"], course["extra_units"], course["low"]) == ("course", 8, pytest.approx(0.75))
    assert (desk["service"], desk["low"], desk["high"], desk["tie"]) == ("desk", 0, 0, "yes")
    assert math.isnan(desk["cost"])
    assert found.lines[0].startswith("course")


@pytest.mark.parametrize(("asked", "option", "hint"), [
    ({"service": "cours"}, "--service", "course"), ({"service": "course", "region": "S"}, "--region", ""),
    ({"service": "course", "place": "A3"}, "--place", ""), ({"service": "course", "steps": ["klass"]}, "--step", ""),
    ({"service": "course", "steps": ["-5"]}, "--step", ""), ({"service": "course", "steps": ["%"]}, "--step", "5%"),
    ({"service": "course", "steps": ["0%"]}, "--step", ""), ({"place": "A1"}, "--place", ""),
])
def test_what_is_asked_wrongly_is_said(tmp_path: Path, asked: dict[str, Any], option: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        ladder(school(tmp_path), **asked)
    assert [fault.file for fault in refused.value.faults] == [option]
    assert hint in refused.value.faults[0].hint


def test_gains_are_those_of_brute_force(tmp_path: Path) -> None:
    """Every service of the random worlds, at three capacities: the interval holds the true gain."""
    asked = worth = 0
    for problem in worlds(tmp_path):
        for g in problem.services:
            if math.isinf(base := true_best(problem)) or not any(key[0] == g for key in problem.capacity):
                continue
            table = ladder(problem, service=g, steps=["5%", "50%", "200%"], desk=Desk(0.0, 30.0)).tables["ladder"]
            for row, share in zip(table.to_dict("records"), (0.05, 0.5, 2.0), strict=True):
                more = with_numbers(problem, "capacity", {key: n * (1 + share) for key, n in problem.capacity.items()
                                                          if key[0] == g})
                gain = base - true_best(more)
                assert row["low"] - ROOM <= gain <= row["high"] + ROOM, (g, row, gain)
                asked, worth = asked + 1, worth + (gain > ROOM)
        if worth > 8:
            break
    assert asked > 20 and worth > 8


def test_intervals_stay_true_when_searches_leave_gaps() -> None:
    """Values and bounds as loose as they may be: what is said holds the truth, and never falls from step to step."""
    truth = [100.0, 96.0, 93.0, 93.0]
    for off in range(64):
        loose = [(value + (off >> i & 1) * 3.0, value - (off >> (i + 2) & 1) * 2.0) for i, value in enumerate(truth)]
        found = rungs(asked(*loose[0]), [asked(*one) for one in loose[1:]], [step(1), step(2), step(4)])
        for rung, value in zip(found, truth[1:], strict=True):
            assert rung.low <= truth[0] - value <= rung.high
        for before, after in zip(found, found[1:], strict=False):
            assert before.low <= after.low and before.high <= after.high and before.best >= after.best
        slopes = [4.0, 3.0, 0.0]
        assert all(rung.slope_low <= slope <= rung.slope_high for rung, slope in zip(found, slopes, strict=True))
        if off == 0:
            assert kinks(found) == [(0, "falls"), (1, "falls")]


def test_a_step_that_is_worth_more_than_the_one_before_is_a_kink_too() -> None:
    found = [Rung(step(1), 0, 0, 0, 0, 0, 0.0, 0.5), Rung(step(2), 0, 0, 0, 0, 0, 0.6, 1.0),
             Rung(step(3), 0, 0, 0, 0, 0, 0.7, 0.9)]
    assert kinks(found) == [(0, "rises")]


def step(units: float) -> Step:
    return Step("course", f"+{units:g}", units, {})


def asked(value: float, bound: float) -> Asked:
    nothing: Any = None
    return Asked(Question(nothing, ("R",)), "within_gap", value, bound)
