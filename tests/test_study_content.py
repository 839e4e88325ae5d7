"""Content hashes: nothing of another region changes a component's hash, and any own number, rule or code does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from tiny import write_tiny
from worlds import rows, world

from optimiser.errors import InputError
from optimiser.model.components import components
from optimiser.problem import Problem, load
from optimiser.schema import SHARED
from optimiser.study.content import case_digests, component_digest, component_name, seen
from optimiser.variant import with_rules

AREAS = {"Q1": "Q", "R1": "R", "R2": "R"}
NESTED = ("parameters", "service_parameters")
OWNERS = {"shortage": 1, "activatable": 1, "retention": 0, "use_permit": 1, "use_person": 1, "capacity": 1,
          "permit_total": 0, "budget": 0, "training_places": 0, "locked": 0, "parameters": 0, "service_parameters": 1}
"""Which part of a number's key says whose it is: a region, an area or a place."""


@pytest.fixture
def two(tmp_path: Path) -> Problem:
    """Regions Q and R share nothing; every kind of number is given for both."""
    both = ("Q", "R")
    problem = world(
        tmp_path, {"regions": {"Q": {"must_list": ["0110"]}, "R": {"must_list": ["2221"], "list_length": 2}}},
        regions=rows("region", ("Q",), ("R",)), areas=rows("area region", *AREAS.items()),
        shortages=rows("area occupation year central", *((a, o, 2026, 9) for a in AREAS for o in ("0110", "2221"))),
        activatable=rows("area occupation year central", *((a, "0110", 2026, 1) for a in AREAS)),
        retention=rows("region occupation cohort_year central", *((r, "0110", 0, 0.5) for r in both)),
        parameters=rows("parameter region occupation central", *((name, r, "0110", 0.5) for r in both for name in (
            "weight", "uptake", "max_migrant_share"))),
        services=rows("service scope unit", ("course", "area", "hours"), ("desk", "region", "files")),
        service_use=rows("service region occupation per cohort_year central",
                         *(("course", r, "0110", "person", 0, 5) for r in both),
                         *(("desk", r, "0110", "permit", 0, 2) for r in both)),
        capacities=rows("service place year central", *(("course", a, "*", 40) for a in AREAS),
                        *(("desk", r, "*", 30) for r in both)),
        service_parameters=rows("parameter service place central", *(("unit_cost", "course", a, 3) for a in AREAS),
                                *(("max_expansion", "desk", r, 3) for r in both)),
        permit_totals=rows("region year central", *((r, "*", 20) for r in both)),
        budgets=rows("region year central", *((r, "*", 2000) for r in both)),
        training_places=rows("region occupation year central", *((r, "0110", "*", 4) for r in both)))
    assert components(problem) == (("Q",), ("R",))
    return problem


def changed(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """Every number of a case changed, one at a time, with the region, area or place whose it is."""
    for name, position in OWNERS.items():
        held = getattr(problem, name)
        parts = held.items() if name in NESTED else [(None, held)]
        for part, numbers in parts:
            for key, number in numbers.items():
                other = tuple(n + 1 for n in number) if isinstance(number, tuple) else number + 1
                new = numbers | {key: other}
                yield key[position], replace(problem, **{name: held | {part: new} if part else new})


def test_a_change_shows_in_the_region_it_belongs_to_and_in_no_other(two: Problem) -> None:
    before = {c: component_digest(two, c) for c in components(two)}
    count = {"Q": 0, "R": 0}
    for owner, other in changed(two):
        home = AREAS.get(owner, owner)
        count[home] += 1
        assert {c[0] for c, digest in before.items() if component_digest(other, c) != digest} == {home}
    assert count == {"Q": 18, "R": 23}  # by hand; R has an area more: its shortages, activatable, place and its cost


@pytest.mark.parametrize("rule", [
    {"list_length": 1}, {"review_years": 2}, {"must_list": ()}, {"groups": (("0110", "2221"),)},
    {"risk_shares": {"high": 0.5}}, {"list_length_by_tier": {"high": 1}}])
def test_a_rule_is_its_regions_own(two: Problem, rule: dict[str, Any]) -> None:
    other = with_rules(two, "R", **rule)
    assert component_digest(other, ("Q",)) == component_digest(two, ("Q",))
    assert component_digest(other, ("R",)) != component_digest(two, ("R",))


@pytest.mark.drawn(20, 400)
def test_on_any_tiny_world_a_number_shows_where_it_belongs(tmp_path: Path, numbers: range) -> None:
    """Where regions share a service or labour market they are one component; a shared place belongs to everybody."""
    for number in numbers:
        try:
            problem = load(write_tiny(tmp_path / f"{number}", number))
        except InputError:  # wishes that contradict each other
            continue
        before = {c: component_digest(problem, c) for c in components(problem)}
        for owner, other in changed(problem):
            home = problem.region_of.get(owner, owner)
            if home != SHARED and components(other) == tuple(before):
                assert {c for c, digest in before.items() if component_digest(other, c) != digest} == {
                    c for c in before if home in c}
            elif home == SHARED:
                assert all(component_digest(other, c) != digest for c, digest in before.items())


def test_the_hash_looks_at_every_field_of_a_problem(two: Problem) -> None:
    assert {field.name for field in fields(Problem)} <= set(seen(two, ("R",)))


def test_the_order_in_which_numbers_were_given_does_not_matter(two: Problem) -> None:
    turned = replace(two, shortage=dict(reversed(two.shortage.items())),
                     in_force={region: two.in_force[region] for region in ("R", "Q")})
    assert component_digest(turned, ("R",)) == component_digest(two, ("R",))


def test_titles_and_sources_do_not_matter_to_an_answer_but_to_the_tables(two: Problem, tmp_path: Path) -> None:
    shortages = two.tables["shortages"].assign(basis="observed")
    told = replace(two, tables=two.tables | {"shortages": shortages})
    assert component_digest(told, ("R",)) == component_digest(two, ("R",))
    was, now = case_digests(two), case_digests(told)
    assert [name for name in was if was[name] != now[name]] == ["shortages"]


def test_a_component_is_called_by_its_regions() -> None:
    assert (component_name(("BE2",)), component_name(("BE2", "BE3"))) == ("BE2", "BE2-BE3")
