"""Every contradiction once where it stands in a tiny world, and once a step away, where it is gone.

The hamlet: region R; in A1 ten builders (0110) and four nurses (2221) are short in 2026.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from worlds import Rows, rows, world

from optimiser.contradictions import contradictions
from optimiser.errors import InfeasibleError
from optimiser.solving import solve

BUILDERS = rows("area occupation year central", ("A1", "0110", 2026, 10))


def found(folder: Path, rules: dict[str, Any] | None = None, last_year: int = 2026, **tables: Any) -> str:
    """What contradicts itself in the hamlet with other rules and tables."""
    return "\n".join(contradictions(world(folder, {"regions": {"R": rules or {}}, "last_year": last_year}, **tables)))


def no_plan(folder: Path, rules: dict[str, Any], **tables: Any) -> bool:
    """Whether the solver agrees that no plan satisfies every limit."""
    with pytest.raises(InfeasibleError):
        solve(world(folder, {"regions": {"R": rules}}, **tables))
    return True


def parameter(name: str, number: float, occupation: str = "*") -> Rows:
    return rows("parameter region occupation central", (name, "R", occupation, number))


def in_force(*codes: str) -> Rows:
    return rows("region occupation entry", *(("R", code, f"Entry {code}") for code in codes))


def excluded(*codes: str) -> Rows:
    return rows("region occupation reason", *(("R", code, "law") for code in codes))


def desk(capacity: float | None, use: float = 7, per: str = "permit", scope: str = "region", place: str = "R"
         ) -> dict[str, Any]:
    tables: dict[str, Any] = {
        "services": rows("service title_en scope unit", ("desk", "Permit desk", scope, "hours")),
        "service_use": rows("service region occupation per cohort_year central", ("desk", "R", "*", per, 0, use))}
    if capacity is not None:
        tables["capacities"] = rows("service place year central", ("desk", place, "*", capacity))
    return tables


def test_a_plain_world_has_none(tmp_path: Path) -> None:
    assert found(tmp_path) == ""


def test_must_list_without_a_shortage(tmp_path: Path) -> None:
    rules = {"must_list": ["2221", "0110"]}
    assert found(tmp_path / "a", rules, shortages=BUILDERS) == (
        "R: must be listed, but nobody is short in any of its areas: Nurse (2221); permits for them would fill "
        "nothing.")
    assert found(tmp_path / "b", rules) == ""


def test_list_in_force_without_a_shortage(tmp_path: Path) -> None:
    listed = in_force("2221", "0110")
    assert "on the list in force, but nobody is short in any of its areas: Nurse (2221)" in found(
        tmp_path / "a", shortages=BUILDERS, list_in_force=listed)
    assert found(tmp_path / "b", list_in_force=listed) == ""


def test_list_in_force_that_the_law_excludes(tmp_path: Path) -> None:
    assert "exclusions.csv keeps them off it: Nurse (2221); they leave" in found(
        tmp_path / "a", list_in_force=in_force("2221"), exclusions=excluded("2221"))
    assert found(tmp_path / "b", {"must_not_list": ["2221"]}, list_in_force=in_force("2221")) == ""


def test_a_group_with_a_member_that_may_not_be_listed(tmp_path: Path) -> None:
    rules = {"groups": [["2221", "0110"]], "must_not_list": ["0110"]}
    assert "can never be listed, since their group holds an occupation that may not be: Nurse (2221)" in found(
        tmp_path / "a", rules)
    assert found(tmp_path / "b", {"groups": [["2221", "0110"]]}) == ""


@pytest.mark.parametrize(("limit", "setting", "names"), [
    ({"list_length": 1}, "list_length, 1", "Builder (0110), Nurse (2221)"),
    ({"list_length_by_tier": {"high": 0}}, "list_length_by_tier.high, 0", "Nurse (2221)"),
    ({"list_length_by_sector": {"health": 0}}, "list_length_by_sector.health, 0", "Nurse (2221)")])
def test_a_group_longer_than_the_list(tmp_path: Path, limit: dict[str, Any], setting: str, names: str) -> None:
    rules = {"groups": [["2221", "0110"]]}
    assert f"is longer than {setting}: {names}; it can never be listed" in found(tmp_path / "a", rules | limit)
    assert found(tmp_path / "b", rules | {"list_length": 2}) == ""


@pytest.mark.parametrize(("must", "listed", "numbers"), [
    (["2221"], ["0110"], "1 entries and 1 exits"), ([], ["0110", "2221"], "0 entries and 1 exits")])
def test_more_changes_than_the_first_review_allows(tmp_path: Path, must: list[str], listed: list[str], numbers: str
                                                   ) -> None:
    rules = {"must_list": must, "list_length": 1, "list_changes": len(must)}
    assert f"the first review needs at least {numbers}" in found(tmp_path / "a", rules, list_in_force=in_force(*listed))
    assert no_plan(tmp_path / "b", rules, list_in_force=in_force(*listed))
    assert found(tmp_path / "c", rules | {"list_changes": 2}, list_in_force=in_force(*listed)) == ""


@pytest.mark.parametrize(("where", "tables"), [
    ("permit_totals.csv", {"permit_totals": rows("region year central", ("R", "*", 19))}),
    ("Permit desk", desk(139)),
    ("training_places.csv", {"training_places": rows("region occupation year central", ("R", "*", "*", 1)),
                             "parameters": parameter("trainees_per_permit", 0.1)}),
    ("budgets.csv", {"budgets": rows("region year central", ("R", "*", 5_900)),
                     "parameters": parameter("permit_cost", 300)})])
def test_a_smallest_quota_that_nothing_can_carry(tmp_path: Path, where: str, tables: dict[str, Any]) -> None:
    """Between 11 and 20 permits in lots of 5 are 15; nurses alone need 20."""
    quotas = parameter("lot", 5) + parameter("min_quota", 11) + parameter("min_quota", 20, "2221")
    parameters = quotas + tables.get("parameters", [])
    lines = found(tmp_path, **(tables | {"parameters": parameters}))
    named = "Builder (0110), Nurse (2221)" if where == "training_places.csv" else "Nurse (2221)"
    assert f"the smallest quota, or one lot, is more than {where} allows: {named}; they can get no permits" in lines


def test_a_smallest_quota_that_expansion_can_carry(tmp_path: Path) -> None:
    tables: dict[str, Any] = desk(63) | {"parameters": parameter("min_quota", 10)}
    grown = rows("parameter service place central", ("max_expansion", "desk", "R", 7), ("lead_time", "desk", "R", 1))
    assert "than Permit desk allows: Builder (0110), Nurse (2221)" in found(tmp_path / "a", **tables)
    assert "allows" in found(tmp_path / "b", service_parameters=grown, **tables)
    assert "allows" not in found(tmp_path / "c", last_year=2027, service_parameters=grown, **tables)


def test_one_lot_that_is_more_than_the_largest_quota(tmp_path: Path) -> None:
    lot = parameter("lot", 10, "2221") + parameter("max_quota", 8, "2221")
    assert "than max_quota allows: Nurse (2221)" in found(tmp_path, parameters=lot)


def test_what_must_be_listed_needs_more_permits_than_there_are(tmp_path: Path) -> None:
    rules, total = {"must_list": ["*"]}, rows("region year central", ("R", "*", 19))
    tables: dict[str, Any] = {"parameters": parameter("min_quota", 10), "permit_totals": total}
    assert "what must be listed needs 20 permits a year by min_quota, but permit_totals.csv allows 19 in 2026" in found(
        tmp_path / "a", rules, **tables)
    assert no_plan(tmp_path / "b", rules, **tables)
    assert found(tmp_path / "c", rules, parameters=parameter("min_quota", 9), permit_totals=total) == ""


def test_what_must_be_listed_needs_more_of_a_service_than_there_is(tmp_path: Path) -> None:
    rules, quotas = {"must_list": ["*"]}, parameter("min_quota", 10)
    assert "R: what must be listed needs 140 hours a year by min_quota, but there are 139 in 2026." in found(
        tmp_path / "a", rules, parameters=quotas, **desk(139))
    assert no_plan(tmp_path / "b", rules, parameters=quotas, **desk(139))
    assert found(tmp_path / "c", rules, parameters=quotas, **desk(140)) == ""


def test_what_must_be_listed_costs_more_than_there_is(tmp_path: Path) -> None:
    """Ten permits for each of two: 20 at 300 EUR and a tenth of a training start at 1,000 EUR, 8,000 EUR."""
    rules = {"must_list": ["*"]}
    prices = (parameter("min_quota", 10) + parameter("permit_cost", 300) + parameter("trainees_per_permit", 0.1)
              + parameter("training_cost", 1000))
    places = rows("region occupation year central", ("R", "*", "*", 1))
    for budget, wrong in ((7_999, True), (8_000, False)):
        lines = found(tmp_path / str(budget), rules, parameters=prices, training_places=places,
                      budgets=rows("region year central", ("R", "*", budget)))
        assert ("costs 8,000 EUR a year by min_quota, with its training and services, but budgets.csv allows 7,999 in "
                "2026" in lines) == wrong


def test_what_must_be_listed_is_too_risky(tmp_path: Path) -> None:
    rules = {"must_list": ["0110"], "risk_shares": {"high": 0.25}}
    for total, wrong in ((39, True), (40, False)):
        tables: dict[str, Any] = {"parameters": parameter("min_quota", 10),
                                  "permit_totals": rows("region year central", ("R", "*", total))}
        assert ("risk class high needs 10 permits a year by min_quota, but a share of 0.25 of permit_totals.csv is "
                "9.75 in 2026: Builder (0110)" in found(tmp_path / f"{total}", rules, **tables)) == wrong
        assert not wrong or no_plan(tmp_path / "none", rules, **tables)


def test_more_exits_of_a_tier_than_a_review_allows(tmp_path: Path) -> None:
    rules = {"list_length_by_tier": {"high": 0, "medium": 0}, "list_changes": 1}
    listed = in_force("0110", "2221")
    assert "needs at least 0 entries and 2 exits" in found(tmp_path / "a", rules, list_in_force=listed)
    assert no_plan(tmp_path / "b", rules, list_in_force=listed)
    assert found(tmp_path / "c", rules | {"list_changes": 2}, list_in_force=listed) == ""


def test_a_floor_that_the_migrant_share_or_vacancies_put_out_of_reach(tmp_path: Path) -> None:
    """Two fifths may come; twelve vacancies are asked for, and only ten builders and four nurses are short."""
    rules = {"fairness": {"area_coverage": 0.5}}
    share, vacancies = parameter("max_migrant_share", 0.4), parameter("min_other_vacancies", 12)
    assert "asks for 50% of the shortage of A1, but only 40.0% of it" in found(tmp_path / "a", rules, parameters=share)
    assert "asks for 50% of the shortage of A1, but only 0.0% of it" in found(
        tmp_path / "b", rules, parameters=vacancies)
    assert no_plan(tmp_path / "c", rules, parameters=share) and no_plan(tmp_path / "d", rules, parameters=vacancies)
    assert found(tmp_path / "e", {"fairness": {"area_coverage": 0.4}}, parameters=share) == ""


def test_a_migrant_share_of_nothing(tmp_path: Path) -> None:
    assert "max_migrant_share is 0: Nurse (2221); nobody can come for them." in found(
        tmp_path / "a", parameters=parameter("max_migrant_share", 0, "2221"))
    assert found(tmp_path / "b", parameters=parameter("max_migrant_share", 0.1)) == ""


@pytest.mark.parametrize(("setting", "name"), [("area_coverage", "A1"), ("sector_coverage", "construction")])
def test_a_floor_that_exclusions_put_out_of_reach(tmp_path: Path, setting: str, name: str) -> None:
    """Builders are 10 of 14 short in A1, and all of construction."""
    rules = {"fairness": {setting: 0.3}, "must_not_list": ["0110"]}
    most = "28.6%" if setting == "area_coverage" else "0.0%"
    assert f"R: {setting} asks for 30% of the shortage of {name}, but only {most} of it can be filled at all" in found(
        tmp_path / "a", rules)
    assert setting != "area_coverage" or no_plan(tmp_path / "b", rules)
    assert found(tmp_path / "c", rules, parameters=parameter("training_success", 0.5),
                 training_places=rows("region occupation year central", ("R", "0110", "*", 50))) == ""


def test_training_places_without_a_shortage(tmp_path: Path) -> None:
    places = rows("region occupation year central", ("R", "2221", "*", 5))
    assert "training places, but nobody is short in any of its areas: Nurse (2221)." in found(
        tmp_path / "a", shortages=BUILDERS, training_places=places)
    everyone = rows("region occupation year central", ("R", "*", "*", 5))
    assert found(tmp_path / "b", shortages=BUILDERS, training_places=everyone) == ""


def test_a_service_that_is_used_without_a_capacity(tmp_path: Path) -> None:
    assert found(tmp_path / "a", **desk(None)) == (
        "Permit desk: used, but without a capacity in every year: R; it has no limit there.")
    one = desk(500, per="person", scope="area", place="A1")
    assert "without a capacity in every year: A2; it has no limit" in found(tmp_path / "b", **one)
    assert found(tmp_path / "c", **desk(500)) == ""


def test_a_capacity_that_nobody_uses(tmp_path: Path) -> None:
    tables = desk(100)
    del tables["service_use"]
    assert found(tmp_path / "a", **tables) == "Permit desk: a capacity, but nobody uses it: R."
    two = {"regions": rows("region", ("R",), ("Q",)), "areas": rows("area region", ("A1", "R"), ("B1", "Q"))}
    elsewhere = contradictions(world(tmp_path / "b", {"regions": {"R": {}, "Q": {}}}, **two, **(desk(100) | {
        "capacities": rows("service place year central", ("desk", "*", "*", 100))})))
    assert elsewhere == ["Permit desk: a capacity, but nobody uses it: Q."]


def test_the_cases_that_come_with_the_program_have_none(tmp_path: Path) -> None:
    from optimiser.generate import generate
    from optimiser.newcase import create
    from optimiser.problem import load

    create(tmp_path / "new")
    generate(tmp_path / "made", 60, 2, 5, 3, 1)
    belgium = Path(__file__).parents[1] / "configs" / "belgium.yaml"
    for config in (tmp_path / "new" / "config.yaml", tmp_path / "made" / "config.yaml", belgium):
        assert contradictions(load(config)) == []
