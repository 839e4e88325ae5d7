"""The numbers of the report, by hand, in the valley.

People present: 3 in 2026 and 6.8 in 2027; half of them would not have come otherwise, so the scheme fills 1.5 and 3.4.
Two of the four trainees work in 2027. Net shortage: 8 and 10 builders, 4 and 4 nurses.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from valley import BUILDERS, NURSES, PLAN, answered, valley
from worlds import rows, world

from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.report import content, evidence, proof
from optimiser.report.costs import costs
from optimiser.report.influence import influential
from optimiser.report.reasons import reasons, usage
from optimiser.solution import Solution, derive


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, Solution]:
    problem = valley(tmp_path_factory.mktemp("valley"))
    return problem, answered(problem)


def test_glance_adds_up(case: tuple[Problem, Solution]) -> None:
    row = content.glance(*case).iloc[0]
    assert (row["permits"], row["people"], row["starts"]) == (14, 10, 4)
    parts = [row[name] for name in content.PARTS]
    assert parts == pytest.approx([2, 2, 4.9, 19.1])
    assert row["shortage"] == pytest.approx(28) == sum(parts)
    assert row["coverage"] == pytest.approx(6.9 / 26)


def test_sizes_count_entries_and_exits(case: tuple[Problem, Solution]) -> None:
    frame = content.sizes(*case, "R")
    assert frame[["listed", "entered", "left"]].to_numpy().tolist() == [[2, 0, 0], [1, 0, 1], [1, 0, 0]]


def test_listed_has_quotas_by_year(case: tuple[Problem, Solution]) -> None:
    row = content.listed(*case, "R").iloc[0]
    assert (row["occupation"], row["reviews"], row[2026], row[2027]) == (BUILDERS, (1, 2), 10, 4)
    assert row["filled"] == pytest.approx(4.9)


def test_a_year_off_the_list_has_no_quota(tmp_path: Path) -> None:
    problem = valley(tmp_path)
    plan = Plan(frozenset({("R", BUILDERS, 1)}), {("R", BUILDERS, 2026): 10})
    row = content.listed(problem, answered(problem, plan), "R").iloc[0]
    assert row[2026] == 10
    assert row[2027] != row[2027]


def test_moves_and_official_exits(case: tuple[Problem, Solution]) -> None:
    moves = content.moves(*case, "R")
    assert moves.to_numpy().tolist() == [[1, 2026, "left", NURSES]]
    exits = content.official_exits(*case, "R").set_index("entry")
    assert list(exits.loc["Nurse"]) == [2026, True, (NURSES,), ()]
    assert list(exits.loc["Care and works"]) == [2026, False, (NURSES,), (BUILDERS,)]


def test_areas_come_worst_first(case: tuple[Problem, Solution]) -> None:
    frame = content.by_area(*case, "R")
    assert frame["area"].to_list() == ["A2", "A1"]
    assert frame["coverage"].to_list() == pytest.approx([0, 6.9 / 18])
    assert frame["people"].to_list() == [0, 10]
    assert frame["tile_row"].to_list() == [2, 1]


def test_occupations_come_most_unfilled_first(case: tuple[Problem, Solution]) -> None:
    frame = content.by_occupation(*case, "R")
    assert frame["occupation"].to_list() == [BUILDERS, NURSES]
    assert frame["unfilled"].to_list() == pytest.approx([11.1, 8])
    assert frame["listed"].to_list() == [True, False]


def test_fullness_counts_extra_capacity(case: tuple[Problem, Solution]) -> None:
    shares = content.fullness(*case, "R").set_index(["service", "place", "year"])["share"]
    assert shares["course", "A1", 2026] == 1
    assert shares["course", "A1", 2027] == pytest.approx(400 / 650)
    assert shares["desk", "R", 2026] == pytest.approx(50 / 60)


def test_fullness_counts_the_permit_total_and_closed_places(tmp_path: Path) -> None:
    problem = valley(tmp_path, permit_totals=rows("region year central", ("R", "*", 20)),
                     capacities=rows("service place year central", ("course", "A2", "*", 0)))
    frame = content.fullness(problem, answered(problem), "R").set_index(["service", "year"])
    assert frame.loc[(content.PERMITS, 2026), "share"] == 0.5
    assert frame.loc[("course", 2026), "share"] == 1  # nothing can be used where there is nothing


def test_pipeline(case: tuple[Problem, Solution]) -> None:
    row = content.pipeline(*case, "R").iloc[0]
    assert (row["occupation"], row[2026], row[2027], row["starts"], row["filled"]) == (BUILDERS, 4, 0, 4, 2)


def test_usage_agrees_with_the_published_use(case: tuple[Problem, Solution]) -> None:
    sums = usage(*case).groupby(["service", "place", "year"])["units"].sum()
    published = case[1].services.set_index(["service", "place", "year"])["used"]
    assert sums.to_dict() == published[published > 0].to_dict()


def test_reason_names_the_scarcest_service(case: tuple[Problem, Solution]) -> None:
    row = reasons(*case).iloc[0]
    assert (row["service"], row["units"], row["full"]) == ("course", 1000, ("A1",))
    assert row["share"] == pytest.approx(0.6 * 1 + 0.4 * 400 / 650)  # more than the desk's
    assert (row["per"], row["rate"]) == (1000, pytest.approx(4.9))


def test_costs_add_up_to_the_objective(case: tuple[Problem, Solution]) -> None:
    frame = costs(*case).set_index("year")
    assert list(frame.loc[2026, ["permits", "services", "expansion", "training"]]) == [3000, 1200, 0, 4000]
    assert list(frame.loc[2027, ["permits", "services", "expansion", "training"]]) == [1200, 800, 150, 0]
    objectives = case[1].objectives.set_index("objective")["value"]
    assert frame["total"].sum() == objectives["cost"] == 10_350


def test_expansion_of_a_shared_place_is_paid_in_equal_parts(tmp_path: Path) -> None:
    problem = world(
        tmp_path, {"regions": {"R": {}, "Q": {}}},
        regions=rows("region", ("R",), ("Q",)), areas=rows("area region", ("A1", "R"), ("B1", "Q")),
        services=rows("service scope unit", ("desk", "shared", "hours")),
        capacities=rows("service place year central", ("desk", "shared", "*", 10)),
        service_parameters=rows("parameter service place central", ("expansion_cost", "desk", "*", 8),
                                ("max_expansion", "desk", "*", 5)))
    solution = derive(problem, Plan(expansion={("desk", "shared", 2026): Fraction(5)}))
    assert costs(problem, solution)["expansion"].to_list() == [20, 20]


def test_basis_shares(case: tuple[Problem, Solution]) -> None:
    frame = evidence.basis_shares(*case).set_index("of")
    assert list(frame.loc["shortage", ["amount", "observed", "estimated"]]) == pytest.approx([28, 8 / 28, 20 / 28])
    assert list(frame.loc["listed", ["amount", "observed", "estimated"]]) == pytest.approx([20, 0, 1])
    assert list(frame.loc["filled", ["amount", "estimated"]]) == pytest.approx([4.9, 1])
    # activatable 1, parameters 5, retention 2, use 2, capacities 2, service parameters 3, training places 1
    assert list(frame.loc["parameters", ["amount", "assumed"]]) == [16, 1]


def test_influence_ranks_by_what_rests_on_a_number_and_its_range(case: tuple[Problem, Solution]) -> None:
    frame = influential(*case)
    found = {(row["kind"], row["subject"]): (row["driven"], row["moves"]) for row in content.records(frame)}
    assert found == {
        ("shortage", BUILDERS): pytest.approx((4.9, 4.9 * (40 - 10) / 20)),
        ("additional", "*"): pytest.approx((4.9, 4.9 * (0.75 - 0.25) / 0.5)),
        ("capacity", "course"): pytest.approx((0.6 * 4.9, 0.6 * 4.9 * (1200 - 300) / 600)),
        ("use", "course"): pytest.approx((0.6 * 4.9, 0.6 * 4.9 * (150 - 50) / 100)),
    }
    assert frame["moves"].is_monotonic_decreasing


def test_ties_are_what_fills_less_than_a_better_plan_might(tmp_path: Path) -> None:
    problem = valley(tmp_path / "plain")
    for bound, tied in ((17.1, set()), (14.1, {BUILDERS}), (19.1, set()), (float("nan"), set())):
        solution = derive(problem, PLAN, {("R", "unfilled"): (bound, 0.1, "work_limit")})
        assert proof.ties(problem, solution, "R") == tied  # builders fill 4.9; the room is 2, 5, none and unknown
    weights = rows("parameter region occupation central", ("weight", "*", BUILDERS, 0.5))
    light = valley(tmp_path / "light", parameters=weights)
    # Weighted half, the same builders cost 0.5 of what they fill: all of it, as everybody who comes is additional.
    solution = derive(light, PLAN)
    value, filled = solution.objectives["value"].iloc[0], content.glance(light, solution)["filled_by_scheme"].iloc[0]
    assert filled == pytest.approx(9.8)
    for room, tied in ((4.8, set()), (5.0, {BUILDERS})):
        solution = derive(light, PLAN, {("R", "unfilled"): (value - room, 0.1, "work_limit")})
        assert proof.ties(light, solution, "R") == tied


def test_what_must_be_listed_is_no_tie(tmp_path: Path) -> None:
    problem = valley(tmp_path, {"regions": {"R": {"must_list": [BUILDERS]}}})
    assert proof.ties(problem, derive(problem, PLAN, {("R", "unfilled"): (1.0, 0.9, "work_limit")}), "R") == set()


def test_later_aims_without_a_proof_are_unsettled(case: tuple[Problem, Solution]) -> None:
    assert proof.unsettled(case[1], "R") == ["worst_coverage", "list_changes", "cost"]
    proofs = {("R", "list_changes"): (1.0, 0.0, "optimal"), ("R", "cost"): (1.0, 0.9, "work_limit")}
    solution = derive(case[0], PLAN, proofs)
    assert proof.unsettled(solution, "R") == ["worst_coverage", "cost"]


def test_bases_of_shortages_come_firmest_first(tmp_path: Path) -> None:
    shortages = rows("area occupation year central basis", ("A1", BUILDERS, 2026, 5, "estimated"),
                     ("A2", BUILDERS, 2026, 5, "observed"), ("A1", NURSES, 2027, 5, "derived"))
    problem = valley(tmp_path, shortages=shortages, activatable=[])
    assert content.shortage_bases(problem, "R") == {BUILDERS: ("observed", "estimated"), NURSES: ("derived",)}


def test_a_named_place_wins_over_any_place(tmp_path: Path) -> None:
    capacities = rows("service place year low central high", ("course", "*", "*", 1, 9000, 9000),
                      ("course", "A1", "*", 500, 600, 700), ("course", "A1", 2027, 400, 400, 400))
    problem = valley(tmp_path, capacities=capacities)
    rows_found = influential(problem, answered(problem)).set_index("kind")
    assert list(rows_found.loc["capacity", ["low", "value", "high"]]) == [500, 600, 700]


def test_only_sources_in_use_are_named(tmp_path: Path) -> None:
    both = rows("source publisher title date confidence", ("S", "Somebody", "Used", 2026, "low"),
                ("T", "Nobody", "Unused", 2026, "low"))
    assert evidence.sources_used(valley(tmp_path, sources=both))["source"].to_list() == ["S"]
