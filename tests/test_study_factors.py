"""Factors: every row gives the case that tables with other numbers would give; numbers spread and correlate as told."""

from __future__ import annotations

import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies
from scipy import stats
from studycase import BUILDERS, NURSES, study

from optimiser import patching, scenario
from optimiser.config import Places
from optimiser.errors import InputError
from optimiser.problem import Problem, build
from optimiser.schema import PARAMETERS
from optimiser.study.design import design
from optimiser.study.distributions import Law, of_numbers, of_ranges
from optimiser.study.factors import Variants
from optimiser.study.origins import NUMERIC, TABLES
from optimiser.study.spec import load
from optimiser.tables import Tables

BELGIUM = Path(__file__).parent.parent / "configs" / "studies"
EVERYTHING = [{"name": table, "table": table, "distribution": "triangular"} for table in NUMERIC]
WHOLE = {parameter.name for parameter in PARAMETERS if parameter.whole}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Variants:
    return Variants(study(tmp_path_factory.mktemp("everything"), uncertainties=EVERYTHING))


def numbers(problem: Problem) -> dict[str, Any]:
    return {field: getattr(problem, field) for field in TABLES}


def replaced(tables: Tables, name: str, positions: np.ndarray, law: Any) -> Tables:
    """Tables in which every row of one has its quantile as its only number."""
    frame = tables[name]
    low, central, high = (frame[column].to_numpy() for column in ("low", "central", "high"))
    found = np.where(high > low, np.round(law(positions, low, central, high), 3), central)
    if "parameter" in frame:
        found = np.where(frame["parameter"].isin(list(WHOLE)), np.round(found), found)
    return tables | {name: frame.assign(low=np.nan, central=found, high=np.nan)}


def triangular(u: Any, low: Any, central: Any, high: Any) -> Any:
    """The quantile by the formula of the textbook, below and above the mode."""
    width = np.where(high > low, high - low, 1.0)
    rising, falling = (np.sqrt(part) for part in (u * width * (central - low), (1 - u) * width * (high - central)))
    return np.where(u < (central - low) / width, low + rising, high - falling)


def pert(u: Any, low: Any, central: Any, high: Any) -> Any:
    width = np.where(high > low, high - low, 1.0)
    return low + width * stats.beta(1 + 4 * (central - low) / width, 1 + 4 * (high - central) / width).ppf(u)


@given(positions=strategies.lists(strategies.floats(0.01, 0.99).filter(lambda u: u != 0.5), min_size=len(NUMERIC),
                                  max_size=len(NUMERIC)))
def test_a_row_is_the_case_of_tables_with_other_numbers(everything: Variants, positions: list[float]) -> None:
    base = everything._study.problem
    tables = base.tables
    for name, position in zip(NUMERIC, positions, strict=True):
        tables = replaced(tables, name, np.full(len(tables[name]), position), triangular)
    made = everything.problem(dict(zip(NUMERIC, positions, strict=True)))
    assert numbers(made) == numbers(build(base.config, tables))
    assert {each.name: getattr(made, each.name) for each in fields(Problem) if each.name not in TABLES} == {
        each.name: getattr(base, each.name) for each in fields(Problem) if each.name not in TABLES}


def test_a_row_of_the_belgian_study_is_the_case_of_tables_with_other_numbers() -> None:
    belgium = load(BELGIUM / "belgium-uncertain-shortages.yaml")
    row = design(belgium).iloc[7].to_dict() | {factor.name: 0.5 for factor in belgium.factors if factor.kind == "cycle"}
    row |= {"cycle": 0.8, "uptake[BE2]": 0.3, "uptake[BE3]": 0.3}
    base, tables = belgium.problem, belgium.problem.tables
    for name in ("shortages", "activatable"):
        own = np.array([row[f"shortage[{base.region_of[area]} {occupation}]"] for area, occupation in zip(
            tables[name]["area"], tables[name]["occupation"], strict=True)])
        normal = 0.5 * stats.norm.ppf(0.8) + np.sqrt(1 - 0.25 - 0.09) * stats.norm.ppf(own)
        tables = replaced(tables, name, stats.norm.cdf(normal), pert)
    taken = tables["parameters"]["parameter"] == "uptake"
    whole = replaced({"parameters": tables["parameters"][taken]}, "parameters", np.full(1, 0.3), pert)
    tables = tables | {"parameters": tables["parameters"].assign(
        central=tables["parameters"]["central"].mask(taken, whole["parameters"]["central"].iloc[0]))}
    made = Variants(belgium).problem(row)
    assert numbers(made) == numbers(build(base.config, tables))
    assert made.candidates == base.candidates


def test_the_base_row_is_the_case_itself(everything: Variants) -> None:
    base = everything._study.problem
    assert everything.problem(design(everything._study).iloc[0].to_dict()) is base
    assert everything.problem({}) is base
    moved = everything.problem({"budgets": 0.9})
    assert moved.budget != base.budget
    assert moved.shortage == base.shortage


def test_part_of_a_row_moves_alone(tmp_path: Path) -> None:
    """The row of `*` holds for both regions; a factor of each region moves its own part, as a scenario would."""
    made = study(tmp_path, uncertainties=[{"name": "taken", "table": "parameters", "where": {"parameter": "uptake"},
                                           "by": "region", "distribution": {"uniform": [0.5, 1.0]}}])
    assert [factor.name for factor in made.factors] == ["taken[Q]", "taken[R]"]
    assert [factor.words for factor in made.factors] == ["taken: The Ridge", "taken: The Vale"]
    found = Variants(made).problem({"taken[Q]": 0.2})
    change = scenario.Change(table="parameters", where={"parameter": "uptake", "region": "Q"}, to=0.51)  # 0.6 x 0.85
    patch = scenario.Patch(numbers=(scenario.Numbers(change, "change", 0, Places("")),))
    tables = patching.apply_numbers(made.problem.tables, patch, made.problem.years, [])
    assert numbers(found) == numbers(build(made.problem.config, tables))
    assert found.parameter("uptake", "R", NURSES) == 0.7


def test_where_speaks_of_what_follows_from_areas_and_occupations(tmp_path: Path) -> None:
    made = study(tmp_path, uncertainties=[
        {"name": "care", "table": "shortages", "where": {"region": "R", "sector": "health"}, "distribution": "pert"},
        {"name": "sites", "table": "shortages", "where": {"occupation": "tier:medium", "year": [2026]},
         "distribution": "pert"},
        {"name": "rooms", "table": "capacities", "by": ["service", "region"], "distribution": "pert"}])
    changed = Variants(made).problem({"care": 0.9, "sites": 0.9}).shortage
    assert {key for key, number in made.problem.shortage.items() if changed[key] != number} == {
        *((NURSES, area, year) for area in ("A1", "A2") for year in (2026, 2027)),
        *((BUILDERS, area, 2026) for area in ("A1", "A2", "B1"))}
    assert [factor.name for factor in made.factors][2:] == ["rooms[course Q]", "rooms[course R]", "rooms[desk R]"]


def test_other_tables_go_along(tmp_path: Path) -> None:
    made = study(tmp_path, uncertainties=[{"name": "short", "table": "shortages", "along": "activatable",
                                           "by": "region", "distribution": {"uniform": [0, 2]}}])
    found = Variants(made).problem({"short[R]": 0.75})
    assert found.shortage[BUILDERS, "A1", 2026] == 15.0
    assert found.activatable == {(BUILDERS, "A1", 2026): 3.0}
    assert found.shortage[BUILDERS, "B1", 2026] == 10.0


def test_numbers_keep_to_what_a_table_can_hold(tmp_path: Path) -> None:
    short = [{"area": "A1", "occupation": BUILDERS, "year": 2026, "low": 0, "central": 0.001, "high": 3},
             {"area": "A1", "occupation": NURSES, "year": 2026, "low": 0, "central": 0, "high": 8},
             {"area": "A2", "occupation": NURSES, "year": 2026, "central": 7}]
    made = study(tmp_path, {"shortages": short}, uncertainties=[
        {"name": "short", "table": "shortages", "distribution": "triangular"},
        {"name": "taken", "table": "parameters", "where": {"parameter": "uptake"},
         "distribution": {"lognormal": [0.5, 2]}},
        {"name": "lag", "table": "parameters", "where": {"parameter": "training_lag"},
         "distribution": "triangular"}])
    variants = Variants(made)
    few, many = (variants.problem({"short": u, "taken": u, "lag": u}) for u in (1e-9, 0.99))
    assert few.shortage == {(NURSES, "A2", 2026): 7.0}  # below a thousandth nobody is short; no range, no move
    assert few.candidates == many.candidates == made.problem.candidates
    assert many.shortage == {(BUILDERS, "A1", 2026): 2.7, (NURSES, "A1", 2026): 7.2, (NURSES, "A2", 2026): 7.0}
    assert many.parameter("uptake", "R", BUILDERS) == 1.0  # persons per permit: at most 1
    assert {variants.problem({"lag": u}).parameter("training_lag", "R", NURSES) for u in np.arange(0.01, 1, 0.03)} == {
        0.0, 1.0, 2.0, 3.0}


# Rules -------------------------------------------------------------------------------------------------------------


def test_levers_and_scalars_change_rules_like_set(tmp_path: Path) -> None:
    made = study(tmp_path, levers=[{"name": "length", "path": "list_length.R", "values": [1, 2]}], uncertainties=[
        {"name": "even", "path": "fairness.R.area_coverage", "distribution": {"uniform": [0.0, 0.1]}},
        {"name": "review", "path": "regions.Q.review_years", "distribution": {"triangular": [1, 1, 4]}},
        {"name": "short", "table": "shortages", "distribution": {"uniform": [0, 2]}}])
    variants = Variants(made)
    one = variants.problem({"length": 1, "even": 0.3, "review": 0.9, "short": 0.75})
    assert one.rules("R").list_length == 1
    assert one.rules("R").fairness.area_coverage == 0.03
    assert one.rules("Q").review_years == 3  # 4 - sqrt(0.1 x 3 x 3) = 3.05
    assert len(one.reviews["Q"]) == 1
    assert one.shortage[BUILDERS, "A1", 2026] == 15.0
    assert variants.problem({"length": 2, "even": 0.5}) is made.problem
    again = variants.problem({"length": 1, "even": 0.3, "review": 0.9, "short": 0.1})
    assert again.config is one.config  # built once


def test_a_row_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    must = {"config": {"regions": {"R": {"list_length": 2, "must_list": [BUILDERS, NURSES]}, "Q": {}}}}
    made = study(tmp_path / "lock", must, levers=[{"name": "length", "path": "list_length.R", "values": [1, 2]}])
    with pytest.raises(InputError, match=r"study.yaml, row \d+, regions.R.list_length: got 1; expected at least 2"):
        Variants(made).problem({"length": 1})
    quotas = [{"parameter": name, "region": "*", "occupation": "*", "low": 1, "central": number, "high": 50}
              for name, number in (("min_quota", 5), ("max_quota", 40))]
    made = study(tmp_path / "quota", {"parameters": quotas}, uncertainties=[
        {"name": "least", "table": "parameters", "where": {"parameter": "min_quota"}, "distribution": "triangular"},
        {"name": "most", "table": "parameters", "where": {"parameter": "max_quota"}, "distribution": "triangular"}])
    Variants(made).problem({"least": 0.5, "most": 0.2})
    with pytest.raises(InputError, match="min_quota"):
        Variants(made).problem({"least": 0.95, "most": 0.05})


def test_a_study_and_its_variants_can_be_sent_to_another_process(everything: Variants) -> None:
    row = dict.fromkeys(NUMERIC, 0.3)
    sent = pickle.loads(pickle.dumps(everything))
    assert numbers(sent.problem(row)) == numbers(everything.problem(row))


# Distributions -----------------------------------------------------------------------------------------------------


def test_quantiles_by_hand() -> None:
    one = np.ones(1)
    law = of_ranges("lognormal", one * 50, one * 100, one * 400)
    assert [law.quantile(one * u)[0] for u in (0.05, 0.5, 0.95)] == pytest.approx([50, 100, 400])
    assert law.quantile(stats.norm.cdf([-2 * 1.6448536]))[0] == pytest.approx(25)  # twice as far below: halved twice
    assert law.quantile(stats.norm.cdf([0.5 * 1.6448536]))[0] == pytest.approx(200)  # half as far above: x 4 ** 0.5
    assert of_numbers("lognormal", (0.8, 1.25), one * 10).quantile(one / 2)[0] == pytest.approx(10)
    assert of_numbers("uniform", (0.8, 1.2), one * 10).quantile(one / 4)[0] == pytest.approx(9)
    assert of_numbers("triangular", (0, 1, 2), one).quantile(one / 8)[0] == pytest.approx(0.5)
    assert of_ranges("pert", one * np.nan, one * 3, one * np.nan).quantile(one / 8)[0] == 3


@pytest.mark.parametrize(("law", "known"), [
    (Law("triangular", np.zeros(1), np.full(1, 2.0), np.full(1, 8.0)), stats.triang(0.25, 0, 8)),
    (Law("pert", np.full(1, 10.0), np.full(1, 20.0), np.full(1, 50.0)), stats.beta(2, 4, 10, 40)),
    (Law("uniform", np.full(1, 3.0), np.full(1, 4.0), np.full(1, 5.0)), stats.uniform(3, 2)),
    (of_numbers("lognormal", (0.5, 2), np.full(1, 6.0)), stats.lognorm(np.log(2) / 1.6448536, scale=6)),
])
def test_marginals_are_those_of_the_distribution(law: Law, known: Any) -> None:
    """One number in the middle of each of a thousand equal parts: no further than half a part from the distribution."""
    drawn = law.quantile((np.arange(1000) + 0.5) / 1000)
    assert stats.kstest(drawn, known.cdf).statistic <= 0.5 / 1000 + 1e-6
    if law.kind == "pert":
        assert known.mean() == pytest.approx((10 + 4 * 20 + 50) / 6)
        assert drawn.mean() == pytest.approx(known.mean(), abs=0.02)


@given(kind=strategies.sampled_from(["triangular", "pert", "lognormal"]), positions=strategies.lists(
    strategies.floats(0.001, 0.999), min_size=2, max_size=9),
       ends=strategies.lists(strategies.floats(0.001, 1e6), min_size=3, max_size=3))
def test_quantiles_rise_and_stay_between_the_ends(kind: str, positions: list[float], ends: list[float]) -> None:
    low, central, high = (np.full(len(positions), end) for end in sorted(ends))
    drawn = of_ranges(kind, low, central, high).quantile(np.array(sorted(positions)))
    assert (np.diff(drawn) >= -1e-9 * high[0]).all()
    if kind != "lognormal":
        assert drawn.min() >= low[0] - 1e-9 * high[0]
        assert drawn.max() <= high[0] * (1 + 1e-9)


def test_the_cycle_correlates_as_worked_out_by_hand(tmp_path: Path) -> None:
    """Of 20,000 rows; a coefficient is then known to about 0.007, a distribution to about 0.01."""
    made = study(tmp_path, uncertainties=[
        {"name": "short", "table": "shortages", "by": ["area", "occupation"], "distribution": {"uniform": [0, 2]}},
        {"name": "able", "table": "activatable", "distribution": {"uniform": [0, 2]}}],
        cycle={"loading": 0.5, "by": "sector", "sector_loading": 0.4, "factors": "short", "against": "able"},
        design={"kind": "lhs", "rows": 20_000})
    assert [factor.name for factor in made.factors][-3:] == ["cycle", "cycle:construction", "cycle:health"]
    rows = design(made).iloc[1:, 1:-1].to_numpy(float)
    able = np.array([made.moves[1].positions(row)[0] for row in rows])
    positions = np.array([made.moves[0].positions(row) for row in rows])
    short = {number.key[:2]: positions[:, n] for n, number in enumerate(made.moves[0].numbers)}
    assert all(stats.kstest(column, "uniform").statistic < 0.012 for column in (*short.values(), able))

    def correlation(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.corrcoef(stats.norm.ppf(one), stats.norm.ppf(other))[0, 1])

    assert correlation(short[BUILDERS, "A1"], short[NURSES, "B1"]) == pytest.approx(0.25, abs=0.03)
    assert correlation(short[BUILDERS, "A1"], short[BUILDERS, "B1"]) == pytest.approx(0.25 + 0.16, abs=0.03)
    assert correlation(able, short[NURSES, "B1"]) == pytest.approx(-0.25, abs=0.03)
    assert correlation(able, short[BUILDERS, "B1"]) == pytest.approx(-0.41, abs=0.03)
