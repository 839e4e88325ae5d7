"""Metamorphic properties: how the best value must change, or not, when a case changes, whatever the value is.

Only the first aim, which is drawn, is monotone: a better one may leave less to the aims after it. Where two cases
allow the same plans the second aim is compared too; the third counts whole changes of the list, and which of two lists
that tie in the aims before it is kept may hang on the last digits alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from relaxations import RELAXATIONS
from villages import AIMS as EVERY_AIM
from villages import FOUND, Village, handed, optima, villages
from worlds import rows

from optimiser.errors import InfeasibleError, InputError
from optimiser.solution import Solution
from optimiser.solving import solve

AIMS = EVERY_AIM[:2]


def better(one: float, other: float) -> bool:
    """Whether a minimised value is better than another, beyond what proving them leaves open."""
    return one < other - FOUND * max(1.0, abs(other))


def same(one: list[float] | None, other: list[float] | None) -> bool:
    """Whether two cases have the same values, or both have no plan."""
    if one is None or other is None:
        return one is other
    return not any(better(a, b) or better(b, a) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", RELAXATIONS)
@given(village=villages(), data=st.data())
def test_relaxing_a_limit_never_worsens(name: str, village: Village, data: Any) -> None:
    """The first aim is at least as good with the looser limit, and a plan that there was is not lost."""
    tight, loose = RELAXATIONS[name](data.draw, village)
    try:
        before = tight.problem()
    except InputError:  # locks that contradict other rules are faults of the input
        assume(False)
        return
    first, second = optima(before), optima(loose.problem())
    assert first is None or second is not None
    if first is not None and second is not None:
        assert not better(first[0], second[0]), (first, second)


# Everything times a whole number
SCALED_TABLES = ("shortages", "activatable", "capacities", "permit_totals", "budgets", "training_places")
SCALED_PARAMETERS = ("lot", "min_quota", "max_quota", "min_other_vacancies", "max_expansion")


def scaled(village: Village, k: int) -> Village:
    """Persons, permits, units and money times k; shares, prices and numbers of occupations stay."""
    large = village.copy()
    with_lot = {row["region"] for row in large.tables["parameters"] if row["parameter"] == "lot"}
    large.tables["parameters"] += rows("parameter region occupation central", *(
        ("lot", r, "*", 1) for r in large.regions if r not in with_lot))
    for name in SCALED_TABLES:
        for row in large.tables[name]:
            row["central"] *= k
    for name in ("parameters", "service_parameters"):
        for row in large.tables[name]:
            row["central"] *= k if row["parameter"] in SCALED_PARAMETERS else 1
    return large


@given(village=villages(regions=("Q",), aims=AIMS), k=st.sampled_from([2, 3, 7, 10, 100]))
def test_everything_times_a_whole_number(village: Village, k: int) -> None:
    """k times the shortages, capacities, limits and lots: k times the unfilled and the same coverage, since the
    plans of both cases are the same but for the factor.
    """
    small, large = optima(village.problem(), len(AIMS)), optima(scaled(village, k).problem(), len(AIMS))
    factors = {"unfilled": k}
    assert same(large, small and [value * factors.get(aim, 1) for aim, value in zip(AIMS, small, strict=True)])


# An area in two halves
HALVED_TABLES = ("shortages", "activatable")
PLACED_TABLES = ("capacities", "service_parameters")
UNHALVED = ("unit_cost", "expansion_cost", "lead_time")


def halved(village: Village, area: str) -> Village:
    """An area as two halves: of its shortages, jobseekers, capacities and room to grow; all else is as before.

    The halves reach each other and whatever the whole reached, and are reached from where it was.
    """
    names = [f"{area}a", f"{area}b"]
    split = village.copy()
    split.tables["areas"] = [{**row, "area": name} for row in split.tables["areas"]
                             for name in (names if row["area"] == area else [row["area"]])]
    for table, column in [*((t, "area") for t in HALVED_TABLES), *((t, "place") for t in PLACED_TABLES)]:
        split.tables[table] = [
            {**row, column: name, "central": row["central"] / (1 if row.get("parameter") in UNHALVED else len(into))}
            for row in split.tables[table]
            for into in [names if row[column] == area else [row[column]]] for name in into]
    ways = {(a, b) for row in split.tables["commuting"]
            for a in (names if row["area"] == area else [row["area"]])
            for b in (names if row["reaches"] == area else [row["reaches"]])}
    split.tables["commuting"] = rows("area reaches", *sorted(ways | {(names[0], names[1]), (names[1], names[0])}))
    return split


@given(village=villages(regions=("Q",), aims=AIMS), data=st.data())
def test_an_area_in_two_halves(village: Village, data: Any) -> None:
    """Nothing changes in total.

    It holds because every rule is convex in the areas and speaks of shares or sums: half of every arrival in each half
    is allowed where the whole was, and what two halves receive, added up, is allowed for the whole and fills no less.
    It needs halves that reach each other, since vacancies are counted within reach, and service places that are halved
    with their room to grow; a place of a service with fixed parts per area would break it.
    """
    area = data.draw(st.sampled_from(village.areas("Q")))
    assert same(optima(village.problem(), len(AIMS)), optima(halved(village, area).problem(), len(AIMS)))


# Regions that share nothing
def beside(one: Village, other: Village) -> Village:
    """Two cases as one: services of the second under other names, so that nothing is shared."""
    both, second = one.copy(), other.copy()
    both.settings["regions"] |= second.settings["regions"]
    for name, records in second.tables.items():
        renamed = [{**row, **({"service": f"{row['service']}2"} if "service" in row else {})} for row in records]
        both.tables[name] = both.tables.get(name, []) + (renamed if name not in ("sources", "occupations") else [])
    return both


@given(data=st.data(), years=st.integers(1, 2))
def test_a_region_that_shares_nothing(data: Any, years: int) -> None:
    """Two countries side by side have the values of both, whatever services of their own they share inside."""
    one = data.draw(villages(regions=("Q", "R"), years=years, aims=("unfilled",)))
    other = data.draw(villages(regions=("Y", "Z"), years=years, aims=("unfilled",)))
    parts, both = [optima(one.problem()), optima(other.problem())], optima(beside(one, other).problem())
    assert same(both, None if None in parts else [sum(part[0] for part in parts if part)])


@given(data=st.data(), years=st.integers(1, 2))
def test_a_region_that_shares_nothing_has_the_same_programme(data: Any, years: int) -> None:
    """Without shared services the programme of a region is the same to the last digit, and so are all its answers."""
    one = data.draw(villages(regions=("Q",), years=years, scopes=("area", "region")))
    other = data.draw(villages(regions=("Z",), years=years, scopes=("area", "region")))
    alone = [each.program for village in (one, other) for each in handed(village.problem())]
    together = [each.program for each in handed(beside(one, other).problem())]
    for mine, its in zip(alone, together, strict=True):
        assert np.array_equal(mine.matrix.toarray(), its.matrix.toarray())
        for name in ("row_lower", "row_upper", "col_lower", "col_upper", "integer"):
            assert np.array_equal(getattr(mine, name), getattr(its, name)), name
        for one_aim, other_aim in zip(mine.stages[:-1], its.stages[:-1], strict=True):  # the tie-break goes by names
            assert np.array_equal(one_aim.cost, other_aim.cost) and one_aim.constant == other_aim.constant


# Published values
def published(village: Village) -> Solution | None:
    """The whole way of a case, or None without a plan."""
    try:
        return solve(village.problem(), gap=0.0)
    except InfeasibleError:
        return None


def first_value(solution: Solution) -> float:
    """What is published of all regions' first aim, so that less is better."""
    first = solution.objectives[solution.objectives["rank"] == 1]
    return float(first["value"].sum()) * (-1 if first["objective"].iloc[0] == "worst_coverage" else 1)


@settings(max_examples=8)
@given(village=villages(), data=st.data())
def test_published_values_keep_their_order(village: Village, data: Any) -> None:
    """Rounding to three decimals costs no more than it may: a looser limit is no worse in what is published either."""
    name = data.draw(st.sampled_from(["list_length", "permit_total", "capacity", "budget", "band", "max_quota"]))
    tight, loose = RELAXATIONS[name](data.draw, village)
    first, second = published(tight), published(loose)
    assert first is None or second is not None
    if first is not None and second is not None:
        assert first_value(second) <= first_value(first) + 1e-3 * max(1.0, abs(first_value(first)))


def one_way(needed: int) -> Village:
    """Workers of A1 reach A2, those of A2 reach A3, nobody the other way; 1, 5 and 20 builders are short."""
    areas = (("A1", 1), ("A2", 5), ("A3", 20))
    return Village({"tables": ".", "first_year": 2026, "last_year": 2026, "regions": {"R": {}}}, {
        "sources": rows("source publisher title date confidence", ("S", "Nobody", "Made up", 2026, "low")),
        "regions": rows("region", ("R",)), "areas": rows("area region", *((p, "R") for p, _ in areas)),
        "occupations": rows("occupation", ("0110",)),
        "shortages": rows("area occupation year central", *((p, "0110", 2026, n) for p, n in areas)),
        "commuting": rows("area reaches", ("A1", "A2"), ("A2", "A3")),
        "parameters": rows("parameter region occupation central", ("min_other_vacancies", "R", "0110", needed))})


def test_where_reach_is_one_way_fewer_vacancies_can_turn_a_limit_on() -> None:
    """The one place where relaxing worsens, in the rule itself; docs/model.md says so at `worker_independence`.

    With 6 to remain, A1 (6 within reach) takes nobody, sets no limit, and A2 takes 5, A3 14: 7 stay unfilled. With 5 to
    remain, A1's own limit of 6 - 5 = 1 person within reach holds for those in A2 too: A1 and A2 take 1, A3 15, and 10
    stay unfilled.
    """
    assert optima(one_way(6).problem()) == pytest.approx([7.0])
    assert optima(one_way(5).problem()) == pytest.approx([10.0])
