"""How limits that clash read: whose they are, the numbers of both sides, and many of a kind in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import rows, world

from optimiser.clash import in_words
from optimiser.errors import InfeasibleError
from optimiser.model.plain import Plain, plain
from optimiser.problem import Problem
from optimiser.solver.limits import Clash
from optimiser.solving import solve

Tell = Callable[..., list[str]]


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return world(
        tmp_path, {"last_year": 2029, "regions": {"R": {"must_list": ["0110"], "must_not_list": ["2221"],
                                                        "review_years": 2, "list_length": 1,
                                                        "fairness": {"area_coverage": 0.9}}}},
        services=rows("service title_en scope unit source", ("course", "Course", "area", "hours", "S")),
        capacities=rows("service place year central", ("course", "A1", "*", 300), ("course", "A2", "*", 40)),
        service_use=rows("service region occupation per cohort_year central", ("course", "R", "*", "person", 0, 7)),
        service_parameters=rows("parameter service place central", ("max_expansion", "course", "A2", 7),
                                ("lead_time", "course", "A2", 2)),
        parameters=rows("parameter region occupation central", ("max_migrant_share", "R", "*", 0.4),
                        ("min_quota", "R", "*", 3), ("lot", "R", "*", 2)),
        permit_totals=rows("region year central", ("R", "*", 5)),
        shortages=rows("area occupation year central", *((a, o, t, 10) for a in ("A1", "A2") for o in ("0110", "2221")
                                                         for t in range(2026, 2030))))


@pytest.fixture
def tell(problem: Problem) -> Tell:
    """The words of one conflict, of limits given as "family, region or place, ...: distance"."""
    asked = plain(problem, ("R",))

    def words(*wanted: tuple[Any, ...], **more: Any) -> list[str]:
        return in_words(problem, asked.limits, [clash(asked, *wanted, **more)])

    return words


def clash(asked: Plain, *wanted: tuple[Any, ...], **more: Any) -> Clash:
    """All limits whose family and index begin as wanted, each with the number by which they must give way, or None."""
    parts, beyond = [], {}
    for *beginning, number in wanted:
        part = tuple(i for i, limit in enumerate(asked.limits)
                     if [limit.key[0], *limit.key[1]][: len(beginning)] == beginning)
        assert part, beginning
        parts.append(part)
        if number is not None:
            beyond[asked.limits[part[0]].group] = (number, True)
    return Clash(tuple(parts), beyond, **more)


def test_both_sides_have_their_numbers(tell: Tell) -> None:
    assert tell(("fair_areas", "R", "A1", 0.2), ("permit_total", "R", 2026, 37.0),
                ("service_capacity", "course", "A1", 2027, 112.0)) == [
        "R: at least a share of 0.9 of the shortage of A1 must be filled (area_coverage); the others leave at most 0.7",
        "R: at most 5 permits a year in 2026; the others need at least 42",
        "Course (course) in A1: at most 300 hours in 2027; the others need at least 412 hours"]


def test_a_number_that_giving_way_by_would_be_too_little_is_not_told(tell: Tell) -> None:
    """What would do is told: 112.31 hours more are needed, not 112.3; a share of 0.69996, not 0.7."""
    other = ("list_length", "R", 1, None)
    assert "at least 412.4 hours" in tell(("service_capacity", "course", "A1", 2027, 112.31), other)[0]
    assert "at most 0.6999" in tell(("fair_areas", "R", "A1", 0.20004), other)[0]
    assert tell(("permit_total", "R", 2026, 36.99999999), other)[0].endswith("at least 42")
    assert tell(("permit_total", "R", 2026, 36.1), other)[0].endswith("at least 42")


def test_where_extra_capacity_may_stand_only_the_difference_is_known(tell: Tell) -> None:
    assert tell(("service_capacity", "course", "A2", 2028, 5.0), ("max_expansion", "course", "A2", 2028, 5.0)) == [
        "Course (course) in A2: at most 40 hours in 2028; the others miss it by at least 5 hours",
        "Course (course) in A2: at most 7 hours of extra capacity in 2028; the others need at least 12 hours"]


def test_a_smallest_quota_counts_in_whole_lots(tell: Tell) -> None:
    assert tell(("quota_at_least", "R", "0110", 2.0), ("permit_total", "R", None))[0] == (
        "R: at least 3 permits each when listed for Builder (0110) in 2026-2029 (min_quota); the others leave at most "
        "2")


def test_a_limit_that_clashes_alone_says_so(tell: Tell) -> None:
    assert tell(("fair_areas", "R", "A1", 0.2))[0].endswith("; at most 0.7 can be had whatever the other limits are")


def test_a_share_of_the_shortage_is_a_share_on_both_sides(tell: Tell) -> None:
    assert "at most a share of 0.4 of the shortage of Builder (0110) in 2027 (max_migrant_share); the others need " \
        "at least 0.55" in tell(("domestic_first", "0110", "A1", 2027, 0.15), ("list_length", "R", 1, None))[0]


def test_locks_say_which_way_and_for_which_years(tell: Tell) -> None:
    assert tell(("must_list", "R", "0110", 1, None), ("must_not_list", "R", None)) == [
        "R: Builder (0110) must be listed in 2026-2027 (must_list)",
        "R: Nurse (2221) may not be listed in 2026-2029 (must_not_list, exclusions.csv)"]


def test_places_have_a_line_each_and_years_one_together(tell: Tell) -> None:
    assert tell(("service_capacity", "course", "A1", 2026, None), ("service_capacity", "course", "A1", 2028, None),
                ("service_capacity", "course", "A1", 2029, 1.0), ("service_capacity", "course", "A2", 2026, None)) == [
        "Course (course) in A1: at most 300 hours in 2026, 2028-2029; the others need at least 301 hours",
        "Course (course) in A2: at most 40 hours in 2026"]


def test_more_than_one_conflict(problem: Problem) -> None:
    asked = plain(problem, ("R",))
    lines = in_words(problem, asked.limits, [clash(asked, ("list_length", "R", 1, None)),
                                             clash(asked, ("permit_total", "R", 2026, None), irreducible=False)])
    assert lines == ["R: at most 1 occupations on the list in 2026-2027", "Apart from these, there clash too:",
                     "R: at most 5 permits a year in 2026",
                     "Perhaps not all of these are needed for the clash; there was no time to see."]


def test_a_clash_of_many_shortages_is_short(tmp_path: Path) -> None:
    """Nine tenths of what 40 occupations lack, 108 of 120 persons, can't be filled with 5 permits."""
    codes = [f"{n:04d}" for n in range(1000, 1040)]
    case = world(
        tmp_path, {"regions": {"R": {"fairness": {"area_coverage": 0.9}}}},
        occupations=rows("occupation sector skill_tier regulated risk_class",
                         *((code, "care", "medium", "no", "low") for code in codes)),
        shortages=rows("area occupation year central", *(("A1", code, 2026, 3) for code in codes)),
        permit_totals=rows("region year central", ("R", "*", 5)))
    with pytest.raises(InfeasibleError) as caught:
        solve(case)
    assert list(caught.value.clashes) == [
        "R: at least a share of 0.9 of the shortage of A1 must be filled (area_coverage); "
        "the others leave at most 0.0416",
        "R: at most 5 permits a year in 2026; the others need at least 108"]


def test_many_of_a_kind_are_one_line(tmp_path: Path) -> None:
    """Four that must be listed need two permits each, and there are seven."""
    codes = [f"{n:04d}" for n in range(1000, 1005)]
    case = world(
        tmp_path, {"regions": {"R": {"must_list": codes[1:]}}},
        occupations=rows("occupation sector skill_tier regulated risk_class",
                         *((code, "care", "medium", "no", "low") for code in codes)),
        parameters=rows("parameter region occupation central", ("min_quota", "R", "*", 2)),
        permit_totals=rows("region year central", ("R", "*", 7)),
        shortages=rows("area occupation year central", *(("A1", code, 2026, 3) for code in codes)))
    with pytest.raises(InfeasibleError) as caught:
        solve(case)
    assert list(caught.value.clashes) == [
        "R: 1001, 1002, 1003 and 1 more must be listed in 2026 (must_list)",
        "R: at most 7 permits a year in 2026; the others need at least 8",
        "R: at least 2 permits each when listed for 1001, 1002, 1003 and 1 more in 2026 (min_quota)"]
