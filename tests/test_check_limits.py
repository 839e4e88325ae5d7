"""The check of services, permits, safeguards and money: exactly at the limit, and the smallest step beyond it."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path
from typing import Any

from hamlet import BUILDERS, NURSES, STEP, Key, builders, found, hamlet, listing, parameter
from worlds import rows, world

from optimiser.plan import Plan


# 7. Service capacity
def course(capacity: float, *settings: tuple[str, float]) -> dict[str, Any]:
    """A language course in A1, 60 hours a person in the first year and 20 in the second."""
    return {
        "services": rows("service scope unit source", ("language_course", "area", "hours", "S")),
        "service_use": rows("service region occupation per cohort_year central",
                            ("language_course", "R", "*", "person", 0, 60),
                            ("language_course", "R", "*", "person", 1, 20)),
        "capacities": rows("service place year central", ("language_course", "A1", "*", capacity)),
        "service_parameters": rows("parameter service place central",
                                   *((name, "language_course", "A1", number) for name, number in settings)),
    }


def expanded(**units: F) -> dict[Key, F]:
    return {("language_course", "A1", int(year[1:])): number for year, number in units.items()}


def test_services_carry_what_is_used(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, **course(300))
    assert found(problem, builders(6, 5)) == []
    assert found(problem, builders(6, 5 + STEP)) == [
        ("service_capacity", "language_course in A1 in 2026: 300.06 hours used, 300 can be given "
         "(capacity 300 + expansion 0)")]


def test_earlier_cohorts_use_services_too(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, last_year=2027, **course(300))
    arrivals = {(BUILDERS, "A1", 2026): F(5), (BUILDERS, "A1", 2027): F("3.333")}
    plan = Plan(listing((BUILDERS, 1), (BUILDERS, 2)), {("R", BUILDERS, 2026): 5, ("R", BUILDERS, 2027): 5}, arrivals)
    assert found(problem, plan) == []
    arrivals[BUILDERS, "A1", 2027] += STEP
    assert found(problem, plan) == [
        ("service_capacity", "language_course in A1 in 2027: 300.04 hours used, 300 can be given "
         "(capacity 300 + expansion 0)")]


def test_expansion_carries_exactly_what_it_adds(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, **course(300, ("max_expansion", 60)))
    assert found(problem, builders(6, 6, expansion=expanded(y2026=F(60)))) == []
    assert found(problem, builders(6, 6, expansion=expanded(y2026=60 - STEP))) == [
        ("service_capacity", "language_course in A1 in 2026: 360 hours used, 359.999 can be given "
         "(capacity 300 + expansion 59.999)")]
    assert found(problem, builders(6, 6, expansion=expanded(y2026=60 + STEP))) == [
        ("service_capacity", "language_course in A1 in 2026: an expansion of 60.001 hours stands, at most 60 can")]


def test_expansion_waits_for_its_lead_time(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, last_year=2027, **course(300, ("max_expansion", 60), ("lead_time", 1)))
    assert found(problem, Plan(expansion=expanded(y2027=F(60)))) == []
    assert found(problem, Plan(expansion=expanded(y2026=STEP, y2027=F(60)))) == [
        ("service_capacity", "language_course in A1 in 2026: an expansion of 0.001 hours stands, 0 can before 2027")]


def test_expansion_never_falls(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, last_year=2027, **course(300, ("max_expansion", 60)))
    assert found(problem, Plan(expansion=expanded(y2026=F(60), y2027=F(60)))) == []
    assert found(problem, Plan(expansion=expanded(y2026=F(60), y2027=60 - STEP))) == [
        ("service_capacity", "language_course in A1 in 2027: an expansion of 59.999 hours stands, "
         "at least the 60 of 2026 must")]


def test_a_shared_desk_counts_all_regions(tmp_path: Path) -> None:
    problem = world(
        tmp_path, {"regions": {"Q": {}, "R": {}}}, regions=rows("region", ("Q",), ("R",)),
        areas=rows("area region", ("A1", "R"), ("B1", "Q")),
        shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("B1", BUILDERS, 2026, 10)),
        services=rows("service scope unit source", ("desk", "shared", "files", "S")),
        service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 1.5)),
        capacities=rows("service place year central", ("desk", "shared", "*", 15)))
    both = frozenset({("Q", BUILDERS, 1), ("R", BUILDERS, 1)})
    assert found(problem, Plan(both, {("Q", BUILDERS, 2026): 4, ("R", BUILDERS, 2026): 6})) == []
    assert found(problem, Plan(both, {("Q", BUILDERS, 2026): 5, ("R", BUILDERS, 2026): 6})) == [
        ("service_capacity", "desk in all regions in 2026: 16.5 files used, 15 can be given "
         "(capacity 15 + expansion 0)")]


# 8. Permit total
def test_permit_total(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, permit_totals=rows("region year central", ("R", "*", 8)))
    listed = listing((BUILDERS, 1), (NURSES, 1))
    assert found(problem, Plan(listed, {("R", BUILDERS, 2026): 5, ("R", NURSES, 2026): 3})) == []
    assert found(problem, Plan(listed, {("R", BUILDERS, 2026): 5, ("R", NURSES, 2026): 4})) == [
        ("permit_total", "R in 2026: 9 permits authorised, at most 8 are allowed")]


# 9. Domestic first
def test_the_scheme_is_at_most_a_share_of_the_largest_net_shortage(tmp_path: Path) -> None:
    """10 short less 2 activated, half of it: 4; next year nobody is short, and those who came may stay."""
    problem = hamlet(tmp_path, last_year=2027, parameters=parameter("max_migrant_share", 0.5),
                     activatable=rows("area occupation year central", ("A1", BUILDERS, 2026, 2)))
    assert found(problem, builders(5, 4)) == []
    assert found(problem, builders(5, 4 + STEP)) == [
        ("domestic_first", f"0110 in A1 in {year}: 4.001 people of the scheme present, at most 4 may be "
         "(0.5 of the largest net shortage so far, 8)") for year in (2026, 2027)]


def test_training_goes_with_permits_and_fits_its_places(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, parameters=parameter("trainees_per_permit", 0.4),
                     training_places=rows("region occupation year central", ("R", BUILDERS, "*", 2.5)))

    def trained(number: F) -> Plan:
        return builders(5, trainees={("R", BUILDERS, 2026): number})

    assert found(problem, trained(F(2))) == []
    assert found(problem, trained(2 - STEP)) == [
        ("domestic_first", "0110 in R in 2026: 1.999 training starts, at least 2 are required "
         "(0.4 per permit, 5 permits)")]
    assert found(problem, trained(F("2.5"))) == []
    assert found(problem, trained(F("2.5") + STEP)) == [
        ("domestic_first", "0110 in R in 2026: 2.501 training starts, there are 2.5 places")]


def test_without_training_places_nobody_trains(tmp_path: Path) -> None:
    assert found(hamlet(tmp_path), Plan(trainees={("R", BUILDERS, 2026): STEP})) == [
        ("domestic_first", "0110 in R in 2026: 0.001 training starts, there are 0 places")]


# 10. Worker independence
def reach(needed: float, last_year: int = 2026, later: float = 0) -> dict[str, Any]:
    """10 builders short in A1 and 6 in A2 in 2026; people of A1 reach A2, not the other way round."""
    return {
        "last_year": last_year,
        "shortages": rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("A2", BUILDERS, 2026, 6),
                          *((("A1", BUILDERS, 2027, later),) if later else ())),
        "commuting": rows("area reaches", ("A1", "A2")),
        "parameters": parameter("min_other_vacancies", needed),
    }


def test_other_vacancies_remain_within_reach(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, **reach(5))
    arrivals = {(BUILDERS, "A1", 2026): F(10), (BUILDERS, "A2", 2026): F(1)}
    assert found(problem, builders(12, arrivals=arrivals)) == []
    arrivals[BUILDERS, "A2", 2026] = F(1)
    arrivals[BUILDERS, "A1", 2026] += STEP
    assert found(problem, builders(12, arrivals=arrivals)) == [
        ("worker_independence", "0110 in A1 in 2026: 11.001 people of the scheme within reach, at most 11 may be "
         "(16 vacancies less 5 that must remain)")]
    assert found(problem, builders(12, arrivals={(BUILDERS, "A2", 2026): 1 + STEP})) == [
        ("worker_independence", "0110 in A2 in 2026: 1.001 people of the scheme within reach, at most 1 may be "
         "(6 vacancies less 5 that must remain)")]


def test_nobody_arrives_where_too_few_vacancies_are(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, **reach(6))
    assert found(problem, builders(1, STEP)) == []
    assert found(problem, builders(1, arrivals={(BUILDERS, "A2", 2026): STEP})) == [
        ("worker_independence", "0110 in A2 in 2026: 0.001 people arrive with 6 vacancies within reach, "
         "more than 6 are required")]


def test_a_falling_shortage_turns_nobody_away_but_lets_nobody_in(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, **reach(5, last_year=2027, later=5))
    plan = Plan(listing((BUILDERS, 1), (BUILDERS, 2)), {("R", BUILDERS, 2026): 11, ("R", BUILDERS, 2027): 1},
                {(BUILDERS, "A1", 2026): F(10)})
    assert found(problem, plan) == []
    plan.arrivals[BUILDERS, "A1", 2027] = STEP
    assert found(problem, plan) == [
        ("worker_independence", "0110 in A1 in 2027: 0.001 people arrive with 5 vacancies within reach, "
         "more than 5 are required")]


def test_risk_shares(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"risk_shares": {"high": 0.25}})
    listed = listing((BUILDERS, 1), (NURSES, 1))
    assert found(problem, Plan(listed, {("R", BUILDERS, 2026): 2, ("R", NURSES, 2026): 6})) == []
    assert found(problem, Plan(listed, {("R", BUILDERS, 2026): 2, ("R", NURSES, 2026): 5})) == [
        ("worker_independence", "R in 2026: 2 permits for occupations of risk class high, at most 1.75 are allowed "
         "(0.25 of 7)")]


# 11. Fairness
TWO_AREAS = rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("A2", BUILDERS, 2026, 5))


def split(first: F | int, second: F | int) -> Plan:
    return builders(20, arrivals={(BUILDERS, "A1", 2026): F(first), (BUILDERS, "A2", 2026): F(second)})


def test_every_area_is_served(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"fairness": {"area_coverage": 0.4}}, shortages=TWO_AREAS)
    assert found(problem, split(4, 2)) == []
    assert found(problem, split(4, 2 - STEP)) == [
        ("fairness", "A2: 1.999 person-years filled over all years, at least 2 are required (0.4 of 5)")]


def test_every_sector_is_served(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"fairness": {"sector_coverage": 0.4}},
                     activatable=rows("area occupation year central", ("A1", NURSES, 2026, 4)))
    assert found(problem, builders(5, 4)) == []
    assert found(problem, builders(5, 4 - STEP)) == [
        ("fairness", "sector construction in R: 3.999 person-years filled over all years, at least 4 are required "
         "(0.4 of 10)")]


def test_areas_lie_in_a_band_round_the_region(tmp_path: Path) -> None:
    """The region fills (5 + 1) / 15 = 0.4; A1 stands 0.1 above it, A2 0.2 below."""
    assert found(hamlet(tmp_path / "wide", {"fairness": {"band": 0.2}}, shortages=TWO_AREAS), split(5, 1)) == []
    assert found(hamlet(tmp_path / "less", {"fairness": {"band": 0.199}}, shortages=TWO_AREAS), split(5, 1)) == [
        ("fairness", "A2: a share of 0.2 of the net shortage filled, at least 0.201 is required "
         "(R receives 0.4, less the band of 0.199)")]
    assert found(hamlet(tmp_path / "thin", {"fairness": {"band": 0.099}}, shortages=TWO_AREAS), split(5, 1)) == [
        ("fairness", "A1: a share of 0.5 of the net shortage received, at most 0.499 is allowed "
         "(R fills 0.4, plus the band of 0.099)"),
        ("fairness", "A2: a share of 0.2 of the net shortage filled, at least 0.301 is required "
         "(R receives 0.4, less the band of 0.099)")]


def test_the_band_counts_everybody_received_against_the_plan(tmp_path: Path) -> None:
    """15 people come to A1 where 10 are short: filled 10 of 15 in the region, received 15 of 15."""
    problem = hamlet(tmp_path, {"fairness": {"band": 0.5}}, shortages=TWO_AREAS)
    assert found(problem, split(15, 0)) == [
        ("fairness", "A1: a share of 1.5 of the net shortage received, at most 1.167 is allowed "
         "(R fills 0.667, plus the band of 0.5)"),
        ("fairness", "A2: a share of 0 of the net shortage filled, at least 0.5 is required "
         "(R receives 1, less the band of 0.5)")]


# 12. Budget
def test_budget(tmp_path: Path) -> None:
    """100 EUR a permit and 30 EUR a person: five permits and 4.999 people cost 649.97 EUR."""
    problem = hamlet(tmp_path, **course(1000, ("unit_cost", 0.5)), parameters=parameter("permit_cost", 100),
                     budgets=rows("region year central", ("R", "*", 649.97)))
    assert found(problem, builders(5, 5 - STEP)) == []
    assert found(problem, builders(5, 5)) == [("budget", "R in 2026: 650 EUR spent, the budget is 649.97 EUR")]
