"""Each constraint family once where it binds and once where it is slack; every optimum is worked out by hand.

The hamlet: region R, areas A1 and A2, occupations 0110 (Builder, construction, high risk) and 2221 (Nurse, health,
regulated); in A1 ten builders and four nurses are short in 2026. Left alone, everybody can come and nothing stays
unfilled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from worlds import rows, world

from optimiser.errors import InfeasibleError
from optimiser.solution import Solution
from optimiser.solving import solve

TWO_YEARS = rows("area occupation year central", ("A1", "0110", 2026, 10), ("A1", "0110", 2027, 10))


def answer(folder: Path, rules: Any = None, last_year: Any = 2026, **tables: Any) -> Solution:
    """The optimum of the hamlet with other rules and tables."""
    return solve(world(folder, {"regions": {"R": rules or {}}, "last_year": last_year}, **tables))


def left(solution: Solution, **where: Any) -> float:
    """Persons short that stay unfilled."""
    frame = solution.unfilled
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return round(float(frame["unfilled"].sum()), 6)


def quota(solution: Solution, occupation: str, year: int = 2026) -> int:
    frame = solution.quotas
    return int(frame["quota"][(frame["occupation"] == occupation) & (frame["year"] == year)].sum())


def parameter(name: str, value: float, occupation: str = "*") -> list[dict[str, Any]]:
    return rows("parameter region occupation central", (name, "R", occupation, value))


def stay(*shares: float) -> list[dict[str, Any]]:
    return rows("region occupation cohort_year central", *(("R", "*", age, share) for age, share in enumerate(shares)))


def service(scope: str, use: float, capacity: float, place: str, per: str = "person") -> dict[str, Any]:
    """One service, used by everybody in the first year."""
    return {
        "services": rows("service scope unit source", ("desk", scope, "hours", "S")),
        "service_use": rows("service region occupation per cohort_year central", ("desk", "R", "*", per, 0, use)),
        "capacities": rows("service place year central", ("desk", place, "*", capacity)),
    }


# 0. Nothing switched on
def test_left_alone_everything_is_filled(tmp_path: Path) -> None:
    solution = answer(tmp_path)
    assert left(solution) == 0
    assert (quota(solution, "0110"), quota(solution, "2221")) == (10, 4)


# 1. Shortage balance
def test_retention_lets_a_cohort_fade(tmp_path: Path) -> None:
    """Lots of 20, at most one a year: 20 x 0.5 = 10 at once, then 20 x 0.25 + 20 x 0.5 covers the second year too."""
    tables = {"shortages": TWO_YEARS, "retention": stay(0.5, 0.25)}
    assert left(answer(tmp_path / "free", last_year=2027, **tables)) == 0
    few = answer(tmp_path / "few", last_year=2027, **tables, parameters=parameter("max_quota", 12))
    # 12 x 0.5 = 6 in 2026; 12 x 0.25 + 12 x 0.5 = 9 in 2027
    assert (left(few, year=2026), left(few, year=2027)) == (4, 1)


def test_additional_counts_only_those_who_would_not_have_come(tmp_path: Path) -> None:
    few = answer(tmp_path, parameters=parameter("additional", 0.5) + parameter("max_quota", 10, "0110"))
    assert left(few, occupation="0110") == 5


def test_activatable_jobseekers_come_first(tmp_path: Path) -> None:
    solution = answer(tmp_path, activatable=rows("area occupation year central", ("A1", "0110", 2026, 7)))
    assert quota(solution, "0110") == 3
    assert left(solution) == 0


# 2. Arrivals within quota
def test_uptake_makes_permits_bring_fewer_people(tmp_path: Path) -> None:
    solution = answer(tmp_path, parameters=parameter("uptake", 0.5) + parameter("max_quota", 8, "0110"))
    assert left(solution, occupation="0110") == 6  # 10 - 0.5 x 8
    assert quota(solution, "2221") == 8  # 4 / 0.5


# 3. Quota only if listed
def test_quotas_are_whole_lots_above_the_minimum(tmp_path: Path) -> None:
    """A minimum of 5 with lots of 3 means 6 permits for 4 nurses; the total of 12 leaves 6 for 10 builders."""
    tables = {"parameters": parameter("lot", 3) + parameter("min_quota", 5),
              "permit_totals": rows("region year central", ("R", "*", 12))}
    solution = answer(tmp_path, **tables)
    assert {quota(solution, "0110"), quota(solution, "2221")} <= {0, 6, 9, 12}
    assert left(solution) == 4  # 9 or 12 builders instead would leave 4 too, 6 and 6 leaves 4: a tie of values


def test_max_quota_binds(tmp_path: Path) -> None:
    assert left(answer(tmp_path, parameters=parameter("max_quota", 3, "0110"))) == 7


# 4. List length
def test_list_length_chooses_the_larger_shortage(tmp_path: Path) -> None:
    solution = answer(tmp_path / "binds", {"list_length": 1})
    assert set(solution.quotas["occupation"]) == {"0110"}
    assert left(solution) == 4
    assert left(answer(tmp_path / "slack", {"list_length": 2})) == 0


def test_list_length_by_tier_and_sector(tmp_path: Path) -> None:
    assert left(answer(tmp_path / "tier", {"list_length_by_tier": {"medium": 0}})) == 10
    assert left(answer(tmp_path / "sector", {"list_length_by_sector": {"health": 0}})) == 4
    assert left(answer(tmp_path / "slack", {"list_length_by_sector": {"health": 1}})) == 0


# 5. List changes and minimum stay
def test_list_changes_are_measured_against_the_list_in_force(tmp_path: Path) -> None:
    in_force = rows("region occupation entry source", ("R", "2221", "Nurse", "S"))
    binds = answer(tmp_path / "binds", {"list_changes": 0}, list_in_force=in_force)
    assert set(binds.quotas["occupation"]) == {"2221"}
    assert left(binds) == 10
    slack = answer(tmp_path / "slack", {"list_changes": 1}, list_in_force=in_force)
    assert left(slack) == 0
    assert slack.lists.query("review == 1")["entered"].tolist() == ["yes", "no"]


def test_minimum_stay_keeps_an_entry(tmp_path: Path) -> None:
    """Builders are short in 2026 only (10), nurses in 2027 only (4); one place on the list."""
    shortages = rows("area occupation year central", ("A1", "0110", 2026, 10), ("A1", "2221", 2027, 4))
    free = answer(tmp_path / "free", {"list_length": 1}, 2027, shortages=shortages)
    assert left(free) == 0
    bound = answer(tmp_path / "bound", {"list_length": 1, "minimum_stay": 2}, 2027, shortages=shortages)
    assert left(bound) == 4


# 6. Locks
def test_locks(tmp_path: Path) -> None:
    rules = {"list_length": 1}
    assert left(answer(tmp_path / "must", rules | {"must_list": ["2221"]})) == 10
    assert left(answer(tmp_path / "never", {"must_not_list": ["0110"]})) == 10
    exclusions = rows("region occupation reason source", ("R", "0110", "pay", "S"))
    assert left(answer(tmp_path / "law", exclusions=exclusions)) == 10


def test_a_group_is_listed_whole_or_not_at_all(tmp_path: Path) -> None:
    assert left(answer(tmp_path / "binds", {"list_length": 1, "groups": [["0110", "2221"]]})) == 14
    assert left(answer(tmp_path / "slack", {"list_length": 2, "groups": [["0110", "2221"]]})) == 0


# 7. Service capacity
@pytest.mark.parametrize(("scope", "place"), [("area", "A1"), ("region", "R"), ("shared", "shared")])
def test_service_capacity_binds_at_every_scope(tmp_path: Path, scope: str, place: str) -> None:
    assert left(answer(tmp_path / "binds", **service(scope, 10, 60, place))) == 8  # six people at 10 hours
    assert left(answer(tmp_path / "slack", **service(scope, 10, 140, place))) == 0


def test_service_use_per_permit(tmp_path: Path) -> None:
    tables = service("region", 10, 60, "R", "permit") | {"parameters": parameter("uptake", 0.5)}
    assert left(answer(tmp_path, **tables)) == 11  # six permits bring three people


def test_expansion_is_used_when_it_is_ready(tmp_path: Path) -> None:
    """Two years, ten hours a person, sixty a year; forty more can stand, from the second year on."""
    more = rows("parameter service place central", ("max_expansion", "desk", "*", 40), ("lead_time", "desk", "*", 1))
    tables = service("area", 10, 60, "A1") | {"shortages": TWO_YEARS, "retention": stay(1, 0)}
    assert left(answer(tmp_path / "none", last_year=2027, **tables)) == 8
    solution = answer(tmp_path / "more", last_year=2027, **tables, service_parameters=more)
    assert (left(solution, year=2026), left(solution, year=2027)) == (4, 0)
    assert solution.services.set_index("year")["expansion"].to_dict() == {2026: 0, 2027: 40}


# 8. Permit total
def test_permit_total(tmp_path: Path) -> None:
    assert left(answer(tmp_path / "binds", permit_totals=rows("region year central", ("R", 2026, 12)))) == 2
    assert left(answer(tmp_path / "slack", permit_totals=rows("region year central", ("R", "*", 14)))) == 0


# 9. Domestic first
def test_migrants_fill_at_most_a_share(tmp_path: Path) -> None:
    assert left(answer(tmp_path, parameters=parameter("max_migrant_share", 0.5, "0110"))) == 5


def test_a_share_counts_people_present_not_each_year(tmp_path: Path) -> None:
    solution = answer(tmp_path, last_year=2027, shortages=TWO_YEARS, parameters=parameter("max_migrant_share", 0.5))
    assert (left(solution, year=2026), left(solution, year=2027)) == (5, 5)


def test_permits_need_training_starts(tmp_path: Path) -> None:
    tables = {"parameters": parameter("trainees_per_permit", 0.5, "0110"),
              "training_places": rows("region occupation year central", ("R", "0110", "*", 3))}
    solution = answer(tmp_path, **tables)
    assert quota(solution, "0110") == 6
    assert solution.training["trainees"].tolist() == [3]


def test_the_trained_fill_shortages_after_their_lag(tmp_path: Path) -> None:
    tables = {"shortages": TWO_YEARS,
              "parameters": (parameter("training_success", 0.5) + parameter("training_lag", 1)
                             + parameter("max_quota", 4)),
              "training_places": rows("region occupation year central", ("R", "*", "*", 8))}
    solution = answer(tmp_path, last_year=2027, **tables)
    # 2026: 10 - 4; 2027: 10 - 4 - 4 - 8 x 0.5 < 0, so training need not be full but nothing is left
    assert (left(solution, year=2026), left(solution, year=2027)) == (6, 0)


# 10. Worker independence
def test_other_vacancies_must_remain(tmp_path: Path) -> None:
    assert left(answer(tmp_path / "binds", parameters=parameter("min_other_vacancies", 3)), occupation="0110") == 3
    near = rows("area reaches source", ("A1", "A2", "S"))
    short = rows("area occupation year central", ("A1", "0110", 2026, 10), ("A2", "0110", 2026, 2))
    solution = answer(tmp_path / "reach", parameters=parameter("min_other_vacancies", 3), commuting=near,
                      shortages=short)
    # A1 reaches A2: 12 vacancies, nine may be filled; A2 alone has two, fewer than three: nobody comes there
    assert (left(solution, area="A1"), left(solution, area="A2")) == (1, 2)


def test_risk_shares(tmp_path: Path) -> None:
    """High-risk builders take at most half of the quotas; nurses can use four permits and no more are of use."""
    binds = answer(tmp_path / "binds", {"risk_shares": {"high": 0.5}}, parameters=parameter("max_quota", 4, "2221"))
    assert quota(binds, "0110") == 4
    assert left(binds) == 6
    slack = answer(tmp_path / "slack", {"risk_shares": {"high": 0.75}})
    assert left(slack) == 0


# 11. Fairness
SPREAD = rows("area occupation year central", ("A1", "0110", 2026, 10), ("A2", "2221", 2026, 10))


def test_every_area_gets_its_share(tmp_path: Path) -> None:
    """Six permits; nurses of A2 weigh double, but A1 must get a fifth of its ten."""
    tables = {"shortages": SPREAD, "permit_totals": rows("region year central", ("R", "*", 6)),
              "parameters": parameter("weight", 2, "2221")}
    free = answer(tmp_path / "free", **tables)
    assert (left(free, area="A1"), left(free, area="A2")) == (10, 4)
    fair = answer(tmp_path / "fair", {"fairness": {"area_coverage": 0.2}}, **tables)
    assert (left(fair, area="A1"), left(fair, area="A2")) == (8, 6)
    sectors = answer(tmp_path / "sectors", {"fairness": {"sector_coverage": 0.2}}, **tables)
    assert (left(sectors, area="A1"), left(sectors, area="A2")) == (8, 6)


def test_a_band_round_the_region(tmp_path: Path) -> None:
    """Six of twenty filled is 0.3; within 0.1 of it, A1 gets at least two of ten and A2 at most four."""
    tables = {"shortages": SPREAD, "permit_totals": rows("region year central", ("R", "*", 6)),
              "parameters": parameter("weight", 2, "2221")}
    solution = answer(tmp_path, {"fairness": {"band": 0.1}}, **tables)
    assert (left(solution, area="A1"), left(solution, area="A2")) == (8, 6)


# 12. Budget
def test_budget(tmp_path: Path) -> None:
    tables = {"parameters": parameter("permit_cost", 1000)}
    binds = answer(tmp_path / "binds", **tables, budgets=rows("region year central", ("R", "*", 9500)))
    assert left(binds) == 5  # nine permits
    assert left(answer(tmp_path / "slack", **tables, budgets=rows("region year central", ("R", "*", 14000)))) == 0


# Objectives and their order
def test_worst_coverage_comes_after_unfilled(tmp_path: Path) -> None:
    """Six permits fill six of twenty wherever they go; among those plans the worst area gets most with three each."""
    tables = {"shortages": SPREAD, "permit_totals": rows("region year central", ("R", "*", 6))}
    solution = answer(tmp_path, **tables)
    assert (left(solution, area="A1"), left(solution, area="A2")) == (7, 7)


def test_a_tolerance_is_given_back_to_later_objectives(tmp_path: Path) -> None:
    """Fewest list changes may cost a tolerance: with four nurses unfilled within it they stay out."""
    tables = {"permit_totals": rows("region year central", ("R", "*", 10)),
              "list_in_force": rows("region occupation entry source", ("R", "2221", "Nurse", "S"))}
    order = [{"name": "unfilled", "tolerance": 0.0}, {"name": "list_changes"}]
    strict = answer(tmp_path / "strict", {"objectives": order}, **tables)
    assert left(strict) == 4
    loose = [{"name": "list_changes"}, {"name": "unfilled"}]
    assert left(answer(tmp_path / "loose", {"objectives": loose}, **tables)) == 10


def test_shared_service_couples_regions(tmp_path: Path) -> None:
    """Two regions, one desk of sixty hours, ten a person: six people between ten builders of R and ten of S."""
    tables = {
        "regions": rows("region", ("R",), ("S",)), "areas": rows("area region", ("A1", "R"), ("B1", "S")),
        "shortages": rows("area occupation year central", ("A1", "0110", 2026, 10), ("B1", "0110", 2026, 10)),
        "services": rows("service scope unit source", ("desk", "shared", "hours", "S")),
        "service_use": rows("service region occupation per cohort_year central", ("desk", "*", "*", "person", 0, 10)),
        "capacities": rows("service place year central", ("desk", "shared", "*", 60)),
    }
    solution = solve(world(tmp_path, {"regions": {"R": {}, "S": {}}}, **tables))
    assert left(solution) == 14
    assert float(solution.services["used"].iloc[0]) == 60


# Clashes
def test_clashing_limits_are_named(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError) as caught:
        answer(tmp_path, {"must_list": ["0110"]}, parameters=parameter("min_quota", 10),
               permit_totals=rows("region year central", ("R", "*", 5)))
    words = "\n".join(caught.value.clashes)
    assert "at least 10 permits" in words
    assert "Builder (0110)" in words
