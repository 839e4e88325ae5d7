"""The check of domains, quotas and lists: a plan exactly at the limit, and one the smallest step beyond it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest
from hamlet import BUILDERS, NURSES, STEP, builders, found, hamlet, listing, parameter
from worlds import rows, world

from optimiser.check import FAMILIES, Facts, violations
from optimiser.check.rule import decimal
from optimiser.exact import evaluate
from optimiser.model.build import FAMILIES as MODEL_FAMILIES
from optimiser.plan import Plan


def test_the_check_knows_every_family_of_the_model() -> None:
    assert list(FAMILIES) == ["domains", *(family.name for family in MODEL_FAMILIES)]


def test_doing_nothing_breaks_nothing(tmp_path: Path) -> None:
    assert found(hamlet(tmp_path), Plan()) == []


# 0. Domains
def test_keys_must_exist(tmp_path: Path) -> None:
    plan = Plan(listed=listing((BUILDERS, 2)), quota={("X", BUILDERS, 2026): 1},
                arrivals={(BUILDERS, "A9", 2026): F(1)}, trainees={("R", "9999", 2026): F(1)},
                expansion={("desk", "R", 2026): F(1)})
    assert found(hamlet(tmp_path), plan) == [
        ("domains", "listed R 0110 2: the case has no such key"),
        ("domains", "quota X 0110 2026: the case has no such key"),
        ("domains", "arrivals 0110 A9 2026: the case has no such key"),
        ("domains", "training starts R 9999 2026: the case has no such key"),
        ("domains", "expansion desk R 2026: the case has no such key"),
    ]


@pytest.mark.parametrize("year", [2025, 2027])
def test_years_outside_the_plan_do_not_exist(tmp_path: Path, year: int) -> None:
    plan = Plan(quota={("R", BUILDERS, year): 0}, arrivals={(BUILDERS, "A1", year): F(0)})
    assert [family for family, _ in found(hamlet(tmp_path), plan)] == ["domains", "domains"]


def test_floats_are_refused_before_anything_is_worked_out(tmp_path: Path) -> None:
    plan: Any = Plan(quota={("R", BUILDERS, 2026): 5.0}, arrivals={(BUILDERS, "A1", 2026): 0.1})  # pyright: ignore
    assert found(hamlet(tmp_path), plan) == [
        ("domains", "quota R 0110 2026: 5.0 is no exact number"),
        ("domains", "arrivals 0110 A1 2026: 0.1 is no exact number"),
    ]


def test_only_candidates_are_listed(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 10)))
    assert found(problem, Plan(listing((BUILDERS, 1)))) == []
    assert found(problem, Plan(listing((NURSES, 1)))) == [
        ("domains", "2221 is listed in R in review 1, but has no shortage there and nothing names it: "
         "it is no candidate")]


def test_quotas_are_whole_lots(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, parameters=parameter("lot", 5))
    assert found(problem, builders(10)) == []
    assert found(problem, builders(11)) == [
        ("domains", "0110 in R in 2026: a quota of 11 permits is no whole number of lots of 5")]


def test_amounts_have_the_published_decimals(tmp_path: Path) -> None:
    assert found(hamlet(tmp_path), builders(5, F("4.999"))) == []
    assert found(hamlet(tmp_path), builders(5, F("4.9995"))) == [
        ("domains", "arrivals 0110 A1 2026: 4.9995 has more than 3 decimals (the nearest that fits is 5)")]


def test_nothing_is_negative(tmp_path: Path) -> None:
    assert found(hamlet(tmp_path), builders(-1, -STEP)) == [
        ("domains", "quota R 0110 2026: -1 is negative"),
        ("domains", "arrivals 0110 A1 2026: -0.001 is negative")]


# 1. Shortage balance
def test_nobody_is_counted_as_filled_who_is_not(tmp_path: Path) -> None:
    problem, cell = hamlet(tmp_path), (BUILDERS, "A1", 2026)
    plan = builders(5, 5)
    outcome = evaluate(problem, plan)

    def balance(**wrong: Any) -> list[str]:
        rule, = FAMILIES["shortage_balance"]
        return [str(v) for v in rule(Facts(problem, plan, replace(outcome, **wrong), problem.regions))]

    assert balance() == []
    assert balance(unfilled=outcome.unfilled | {cell: 5 - STEP}) == [
        "0110 in A1 in 2026: 9.999 people filled and unfilled, the net shortage is 10",
        "0110 in A1 in 2026: 4.999 people unfilled, at least 5 are"]
    assert balance(unfilled=outcome.unfilled | {cell: F(0)},
                   filled_by_scheme=outcome.filled_by_scheme | {cell: F(10)}) == [
        "0110 in A1 in 2026: 0 people unfilled, at least 5 are"]


# 2. Arrivals within quota
def test_arrivals_stay_within_the_quota(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, parameters=parameter("uptake", 0.8))
    in_both = {(BUILDERS, "A1", 2026): F(3), (BUILDERS, "A2", 2026): F(1)}
    assert found(problem, builders(5, arrivals=in_both)) == []
    assert found(problem, builders(5, arrivals=in_both | {(BUILDERS, "A2", 2026): 1 + STEP})) == [
        ("arrivals_within_quota", "0110 in R in 2026: 4.001 people arrive, 4 can (5 permits, 0.8 people per permit)")]


# 3. Quota only if listed
def test_unlisted_occupations_get_nothing(tmp_path: Path) -> None:
    unlisted = replace(builders(1, STEP), listed=frozenset())
    assert found(hamlet(tmp_path), builders(1, STEP)) == []
    assert found(hamlet(tmp_path), unlisted) == [
        ("quota_only_if_listed", "0110 in R in 2026: a quota of 1 permits, but it is not listed (0 allowed)"),
        ("quota_only_if_listed", "0110 in A1 in 2026: 0.001 people arrive, but it is not listed (0 allowed)")]


def test_the_list_of_the_year_counts(tmp_path: Path) -> None:
    """Listed in review 2 (2028 on): permits of 2027 are one year early."""
    problem = hamlet(tmp_path, {"review_years": 2}, last_year=2029)
    plan = Plan(listing((BUILDERS, 2)), {("R", BUILDERS, 2028): 1})
    assert found(problem, plan) == []
    assert found(problem, replace(plan, quota={("R", BUILDERS, 2027): 1})) == [
        ("quota_only_if_listed", "0110 in R in 2027: a quota of 1 permits, but it is not listed (0 allowed)")]


def test_smallest_quota_holds_in_every_year_in_whole_lots(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"review_years": 2}, last_year=2027,
                     parameters=parameter("lot", 5) + parameter("min_quota", 7))
    assert found(problem, builders(quota={("R", BUILDERS, 2026): 10, ("R", BUILDERS, 2027): 10})) == []
    assert found(problem, builders(quota={("R", BUILDERS, 2026): 10, ("R", BUILDERS, 2027): 5})) == [
        ("quota_only_if_listed", "0110 in R in 2027: a quota of 5 permits, at least 10 are required (lots of 5)")]


def test_largest_quota(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, parameters=parameter("max_quota", 6))
    assert found(problem, builders(6)) == []
    assert found(problem, builders(7)) == [
        ("quota_only_if_listed", "0110 in R in 2026: a quota of 7 permits, at most 6 are allowed")]


# 4. List length
@pytest.mark.parametrize(("rules", "words"), [
    ({"list_length": 1}, "list of R in review 1: 2 occupations, at most 1 are allowed"),
    ({"list_length_by_tier": {"high": 0}},
     "list of R in review 1: 1 occupations of skill tier high, at most 0 are allowed"),
    ({"list_length_by_sector": {"health": 0}},
     "list of R in review 1: 1 occupations of sector health, at most 0 are allowed"),
])
def test_list_length(tmp_path: Path, rules: dict[str, Any], words: str) -> None:
    problem = hamlet(tmp_path, rules)
    assert found(problem, Plan(listing((BUILDERS, 1)))) == []
    assert found(problem, Plan(listing((BUILDERS, 1), (NURSES, 1)))) == [("list_length", words)]


# 5. List changes and minimum stay
def test_list_changes_count_entries_and_exits_from_the_list_in_force(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"list_changes": 1}, last_year=2027,
                     list_in_force=rows("region occupation entry", ("R", BUILDERS, "Bricklayer")))
    both = [(BUILDERS, 1), (NURSES, 1)]
    assert found(problem, Plan(listing(*both, (NURSES, 2)))) == []
    assert found(problem, Plan(listing((NURSES, 1), (NURSES, 2)))) == [
        ("list_changes", "list of R in review 1: 2 entries and exits, at most 1 are allowed (0110, 2221)")]
    assert found(problem, Plan(listing(*both))) == [
        ("list_changes", "list of R in review 2: 2 entries and exits, at most 1 are allowed (0110, 2221)")]


def test_minimum_stay(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"minimum_stay": 2}, last_year=2029)
    stays = listing((BUILDERS, 1), (BUILDERS, 2), (BUILDERS, 4))
    assert found(problem, Plan(stays)) == []
    assert found(problem, Plan(listing((BUILDERS, 1), (BUILDERS, 3), (BUILDERS, 4)))) == [
        ("list_changes",
         "0110 in R: listed for 1 reviews (in at review 1, out at review 2), at least 2 are required")]


def test_entries_before_the_plan_are_long_past(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"minimum_stay": 3}, last_year=2028,
                     list_in_force=rows("region occupation entry", ("R", BUILDERS, "Bricklayer")))
    assert found(problem, Plan(listing((BUILDERS, 1)))) == []


# 6. Locks
def test_must_list_holds_in_every_review(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"must_list": [BUILDERS]}, last_year=2027)
    assert found(problem, Plan(listing((BUILDERS, 1), (BUILDERS, 2)))) == []
    assert found(problem, Plan(listing((BUILDERS, 1)))) == [
        ("locks", "0110 in R in review 2: not listed, but must be")]


def test_excluded_occupations_are_never_listed(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"must_not_list": [BUILDERS]})
    assert found(problem, Plan(listing((NURSES, 1)))) == []
    assert found(problem, Plan(listing((BUILDERS, 1)))) == [
        ("locks", "0110 in R in review 1: listed, but must not be")]


def test_groups_are_listed_whole_or_not_at_all(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, {"groups": [[BUILDERS, NURSES]]})
    assert found(problem, Plan(listing((BUILDERS, 1), (NURSES, 1)))) == []
    assert found(problem, Plan(listing((BUILDERS, 1)))) == [
        ("locks", "list of R in review 1: 1 of 2 occupations of a group (listed: 0110; missing: 2221)")]


def test_other_regions_are_left_alone_when_only_some_are_asked_for(tmp_path: Path) -> None:
    problem = world(tmp_path, {"regions": {"Q": {"must_list": [NURSES]}, "R": {"must_list": [NURSES]}}},
                    regions=rows("region", ("Q",), ("R",)), areas=rows("area region", ("A1", "R"), ("B1", "Q")))
    plan = Plan(listing((NURSES, 1)))
    assert violations(problem, plan, ["R"]) == []
    assert [str(v) for v in violations(problem, plan)] == ["2221 in Q in review 1: not listed, but must be"]


# Numbers in words
@pytest.mark.parametrize(("number", "words"), [(412, "412"), (F(1, 3), "0.333"), (F("-0.5"), "-0.5"), (0, "0"),
                         (F("1200.000"), "1200"), (F("0.0004"), "0")])
def test_numbers_have_three_decimals_at_most(number: F | int, words: str) -> None:
    assert decimal(number, 3) == words


def test_both_sides_differ_in_the_words_however_close_they_are(tmp_path: Path) -> None:
    problem = hamlet(tmp_path, shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 1e6)),
                     parameters=parameter("max_migrant_share", 0.0000034567))
    assert found(problem, builders(5, F("3.457"))) == [
        ("domestic_first", "0110 in A1 in 2026: 3.457 people of the scheme present, at most 3.4567 may be "
         "(0.000003 of the largest net shortage so far, 1000000)")]
