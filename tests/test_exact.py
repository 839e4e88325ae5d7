"""What follows from a plan, worked out by hand with pencil and paper."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import pytest
from worlds import rows, world

from optimiser.exact import ONE, changes, evaluate, lists
from optimiser.plan import Plan
from optimiser.problem import Problem

BUILDERS = "0110"
NURSES = "2221"


def parameters(*values: tuple[str, str, float]) -> list[dict[str, object]]:
    return rows("parameter region occupation central", *((name, "*", o, number) for name, o, number in values))


def hamlet(folder: Path) -> Problem:
    """Three years; builders short in both areas, more nurses can be activated than are short."""
    return world(
        folder, {"last_year": 2028},
        shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("A1", BUILDERS, 2027, 10),
                       ("A1", BUILDERS, 2028, 14), ("A2", BUILDERS, 2027, 30), ("A1", NURSES, 2026, 4)),
        activatable=rows("area occupation year central", ("A1", BUILDERS, 2026, 4), ("A1", NURSES, 2026, 9),
                         ("A2", NURSES, 2026, 5)),
        retention=rows("region occupation cohort_year central", ("R", "*", 0, 0.9), ("R", "*", 1, 0.8),
                       ("R", "*", 2, 0.5)),
        parameters=parameters(("weight", BUILDERS, 2), ("additional", BUILDERS, 0.5), ("training_success", "*", 0.5),
                              ("training_lag", "*", 1)),
    )


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return hamlet(tmp_path / "hamlet")


PLAN = Plan(
    listed=frozenset({("R", BUILDERS, 1), ("R", BUILDERS, 2)}),
    quota={("R", BUILDERS, 2026): 8, ("R", BUILDERS, 2027): 4},
    arrivals={(BUILDERS, "A1", 2026): F(8), (BUILDERS, "A1", 2027): F(4)},
    trainees={("R", BUILDERS, 2026): F(20), ("R", BUILDERS, 2028): F(7)},
)


def test_activated_jobseekers_come_off_the_shortage_but_never_below_zero(problem: Problem) -> None:
    outcome = evaluate(problem, Plan())
    assert outcome.net == {(BUILDERS, "A1", 2026): 6, (BUILDERS, "A1", 2027): 10, (BUILDERS, "A1", 2028): 14,
                           (BUILDERS, "A2", 2027): 30, (NURSES, "A1", 2026): 0}
    assert outcome.shortage[NURSES, "A1", 2026] == 4
    assert outcome.unfilled == outcome.net


def test_cohorts_thin_out_and_only_the_additional_ones_count(problem: Problem) -> None:
    outcome = evaluate(problem, PLAN)
    # 8 x 0.9; 8 x 0.8 + 4 x 0.9; 8 x 0.5 + 4 x 0.8
    assert outcome.present == {(BUILDERS, "A1", 2026): F("7.2"), (BUILDERS, "A1", 2027): 10,
                               (BUILDERS, "A1", 2028): F("7.2")}
    assert outcome.scheme_supply == {(BUILDERS, "A1", 2026): F("3.6"), (BUILDERS, "A1", 2027): 5,
                                     (BUILDERS, "A1", 2028): F("3.6")}


def test_trained_people_work_after_the_lag_where_the_net_shortage_is(problem: Problem) -> None:
    outcome = evaluate(problem, PLAN)
    # 20 start, 10 succeed, from 2027 on; A1 and A2 both have 30 of the 60 person-years. The 2028 starts come too late.
    assert outcome.training_supply == {(BUILDERS, p, t): 5 for p in ("A1", "A2") for t in (2027, 2028)}


def test_training_fills_first_then_the_scheme(problem: Problem) -> None:
    outcome = evaluate(problem, PLAN)
    by_cell = {cell: (outcome.filled_by_training[cell], outcome.filled_by_scheme[cell], outcome.unfilled[cell])
               for cell in outcome.shortage}
    assert by_cell == {
        (BUILDERS, "A1", 2026): (0, F("3.6"), F("2.4")),
        (BUILDERS, "A1", 2027): (5, 5, 0),
        (BUILDERS, "A1", 2028): (5, F("3.6"), F("5.4")),
        (BUILDERS, "A2", 2027): (5, 0, 25),
        (NURSES, "A1", 2026): (0, 0, 0),
    }


def test_nobody_fills_more_than_is_short(problem: Problem) -> None:
    crowd = Plan(arrivals={(BUILDERS, "A1", 2027): F(100)}, trainees={("R", BUILDERS, 2026): F(32)})
    outcome = evaluate(problem, crowd)
    cell = (BUILDERS, "A1", 2027)
    assert (outcome.scheme_supply[cell], outcome.training_supply[cell]) == (45, 8)
    assert (outcome.filled_by_training[cell], outcome.filled_by_scheme[cell], outcome.unfilled[cell]) == (8, 2, 0)
    assert outcome.supply(cell) == 53
    assert outcome.supply((NURSES, "A1", 2026)) == 0


def test_objectives_and_coverages(problem: Problem) -> None:
    outcome = evaluate(problem, PLAN)
    assert outcome.coverage == {"A1": F("22.2") / 30, "A2": F(1, 6)}
    assert outcome.region_coverage == {"R": F("27.2") / 60}
    assert outcome.objective == {("R", "unfilled"): 2 * F("32.8"), ("R", "worst_coverage"): F(1, 6),
                                 ("R", "list_changes"): 2, ("R", "cost"): 0}


def test_a_region_without_a_net_shortage_is_wholly_covered(tmp_path: Path) -> None:
    problem = world(tmp_path, shortages=rows("area occupation year central", ("A1", NURSES, 2026, 4)),
                    activatable=rows("area occupation year central", ("A1", NURSES, 2026, 4)),
                    parameters=parameters(("training_success", "*", 0.5)))
    outcome = evaluate(problem, Plan(trainees={("R", NURSES, 2026): F(10)}))
    assert (outcome.coverage, outcome.region_coverage) == ({}, {"R": ONE})
    assert outcome.objective["R", "worst_coverage"] == 1
    assert outcome.training_supply == {}  # there is no shortage whose shares could place them


def test_training_without_a_success_share_fills_nothing(tmp_path: Path) -> None:
    outcome = evaluate(world(tmp_path), Plan(trainees={("R", BUILDERS, 2026): F(10)}))
    assert outcome.training_supply == {}
    assert outcome.unfilled[BUILDERS, "A1", 2026] == 10


def test_decimals_of_the_tables_are_exact(tmp_path: Path) -> None:
    """A tenth is a tenth: in binary floats 3 x 0.1 is not 0.3, and the limit would be broken by nothing."""
    problem = world(tmp_path, shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 0.3)),
                    parameters=parameters(("additional", "*", 0.1)))
    outcome = evaluate(problem, Plan(arrivals={(BUILDERS, "A1", 2026): F(3)}))
    assert outcome.unfilled == {(BUILDERS, "A1", 2026): 0}


def test_changes_count_from_the_list_in_force(tmp_path: Path) -> None:
    problem = world(tmp_path, {"last_year": 2030, "regions": {"R": {"review_years": 2}}},
                    list_in_force=rows("region occupation entry", ("R", BUILDERS, "Bricklayer"),
                                       ("R", BUILDERS, "Roofer")))
    plan = Plan(frozenset({("R", NURSES, 1), ("R", NURSES, 2), ("R", BUILDERS, 2), ("R", NURSES, 3)}))
    assert lists(problem, plan, "R") == [{BUILDERS}, {NURSES}, {NURSES, BUILDERS}, {NURSES}]
    assert changes(problem, plan, "R") == [{NURSES, BUILDERS}, {BUILDERS}, {BUILDERS}]
    assert evaluate(problem, plan).objective["R", "list_changes"] == 4


def two_regions(folder: Path) -> Problem:
    """Regions Q and R share a permit desk; courses are regional, housing is per area.

    The only area of Q bears the code of its region, as a city-state does.
    """
    return world(
        folder, {"last_year": 2027, "regions": {"Q": {}, "R": {}}},
        regions=rows("region", ("Q",), ("R",)),
        areas=rows("area region", ("Q", "Q"), ("A1", "R"), ("A2", "R")),
        shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("Q", BUILDERS, 2026, 10)),
        services=rows("service scope unit source", ("course", "region", "hours", "S"), ("desk", "shared", "hours", "S"),
                      ("housing", "area", "dwellings", "S")),
        service_use=rows("service region occupation per cohort_year central",
                         ("desk", "*", "*", "permit", 0, 2), ("desk", "R", "*", "person", 1, 1),
                         ("course", "*", "*", "person", 0, 100), ("course", "*", "*", "person", 1, 50),
                         ("housing", "*", "*", "person", 0, 0.5), ("housing", "*", "*", "person", 1, 0.5)),
        capacities=rows("service place year central", ("desk", "shared", "*", 30), ("course", "R", 2026, 900),
                        ("housing", "A2", "*", 3)),
        service_parameters=rows("parameter service place central", ("unit_cost", "desk", "*", 10),
                                ("expansion_cost", "desk", "*", 7), ("unit_cost", "course", "*", 3),
                                ("unit_cost", "housing", "A1", 1000), ("expansion_cost", "housing", "A2", 200)),
        parameters=parameters(("permit_cost", "*", 100), ("training_cost", BUILDERS, 1000)),
    )


SHARED_PLAN = Plan(
    listed=frozenset({("R", BUILDERS, 1), ("Q", BUILDERS, 1)}),
    quota={("R", BUILDERS, 2026): 9, ("Q", BUILDERS, 2026): 5},
    arrivals={(BUILDERS, "A1", 2026): F(6), (BUILDERS, "A2", 2026): F(2), (BUILDERS, "Q", 2026): F(4)},
    trainees={("R", BUILDERS, 2027): F(3)},
    expansion={("desk", "shared", 2027): F(6), ("housing", "A2", 2027): F(1)},
)


def test_services_are_used_where_their_scope_says(tmp_path: Path) -> None:
    used = evaluate(two_regions(tmp_path), SHARED_PLAN).used
    assert used == {
        ("desk", "shared", 2026): 28,  # 2 x (9 + 5) permits
        ("desk", "shared", 2027): 8,  # the 8 people of R, in their second year
        ("course", "R", 2026): 800, ("course", "R", 2027): 400,
        ("course", "Q", 2026): 400, ("course", "Q", 2027): 200,
        ("housing", "A1", 2026): 3, ("housing", "A1", 2027): 3,
        ("housing", "A2", 2026): 1, ("housing", "A2", 2027): 1,
        ("housing", "Q", 2026): 2, ("housing", "Q", 2027): 2,
    }


def test_every_capacity_shows_its_use_even_when_there_is_none(tmp_path: Path) -> None:
    problem = two_regions(tmp_path)
    assert evaluate(problem, Plan()).used == dict.fromkeys(problem.capacity, 0)


def test_regions_pay_for_their_own_people_and_half_of_what_they_share(tmp_path: Path) -> None:
    outcome = evaluate(two_regions(tmp_path), SHARED_PLAN)
    assert outcome.cost == {
        ("R", 2026): 900 + 18 * 10 + 800 * 3 + 3 * 1000,  # permits, desk, course, housing in A1
        ("R", 2027): 8 * 10 + 400 * 3 + 3 * 1000 + 3000 + 21 + 200,  # ..., 3 trainees, half of 6 x 7, housing in A2
        ("Q", 2026): 500 + 10 * 10 + 400 * 3,
        ("Q", 2027): 200 * 3 + 21,
    }
    assert outcome.objective["R", "cost"] == 6480 + 7501
    assert outcome.objective["Q", "cost"] == 1800 + 621


def test_a_region_that_can_use_nothing_of_a_shared_service_pays_nothing(tmp_path: Path) -> None:
    """Otherwise a region without areas would make the others' expansion cheaper."""
    problem = world(
        tmp_path, {"regions": {"E": {}, "R": {}}}, regions=rows("region", ("E",), ("R",)),
        services=rows("service scope unit", ("desk", "shared", "hours")),
        service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 2)),
        capacities=rows("service place year central", ("desk", "shared", "*", 30)),
        service_parameters=rows("parameter service place central", ("expansion_cost", "desk", "*", 7)))
    assert problem.payers("desk", "shared") == ("R",)
    outcome = evaluate(problem, Plan(expansion={("desk", "shared", 2026): F(6)}))
    assert outcome.cost == {("E", 2026): 0, ("R", 2026): 42}


def test_cost_of_a_plan_that_does_nothing_is_nothing(tmp_path: Path) -> None:
    assert set(evaluate(two_regions(tmp_path), Plan()).cost.values()) == {F(0)}
