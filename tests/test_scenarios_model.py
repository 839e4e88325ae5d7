"""One list for several futures: by hand, against trying every list and quota, and what must hold of any design."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import inline
import pytest
from mills import ALPHA, F, by_trying, design, mill, town
from worlds import rows, world

from optimiser.check import violations
from optimiser.errors import InfeasibleError, InputError
from optimiser.exact import evaluate
from optimiser.explore.ahead import holding, regrets, stages
from optimiser.explore.ahead.design import design_list
from optimiser.explore.ahead.designed import Designed
from optimiser.explore.ahead.measures import MEASURES, measured, worst
from optimiser.explore.desk import Desk
from optimiser.futures import Future, mean, together
from optimiser.problem import Problem


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (stages, holding, regrets):
        monkeypatch.setattr(module, "solve_many", inline.solve_many)
    yield


def listed(found: Designed) -> set[str]:
    return {str(index[1]) for name, index in found.design.first if name == "listed"}


# Measures -----------------------------------------------------------------------------------------------------------


def test_measures_by_hand() -> None:
    """Of 1, 5, 9 with weights 1/2, 1/4, 1/4: mean 4; the worst half is 5 and 9: 7; of the worst 0.3, 9 counts 5/6."""
    values, weights = [F(1), F(5), F(9)], [F(1, 2), F(1, 4), F(1, 4)]
    assert measured("expected", values, weights) == 4
    assert measured("cvar", values, weights, F(1, 2)) == 7
    assert measured("cvar", values, weights, F(7, 10)) == F(5, 6) * 9 + F(1, 6) * 5
    assert measured("regret", values, weights, best=[F(0), F(2), F(8)]) == 3
    assert worst(values, weights, F(1, 2)) == (0, F(1, 2), F(1, 2))
    assert measured("cvar", values, weights, F(1, 1000)) == pytest.approx(4, abs=0.01)


@pytest.mark.parametrize("alpha", [F(1, 10), F(1, 3), F(9, 10)])
def test_cvar_is_the_least_of_its_formula(alpha: F) -> None:
    values, weights = [F(3), F(8), F(8), F(1)], [F(1, 8), F(1, 8), F(1, 4), F(1, 2)]
    least = min(eta + sum(w * max(F(0), v - eta) for w, v in zip(weights, values, strict=True)) / (1 - alpha)
                for eta in values)
    assert measured("cvar", values, weights, alpha) == least


# By hand ------------------------------------------------------------------------------------------------------------


def test_a_list_for_the_worst_differs_from_the_list_of_the_mean(tmp_path: Path) -> None:
    """Builders 30 short in a boom and none otherwise, nurses 8, 8 and 16; twenty permits, one place on the list.

    On average 10 builders and 32/3 nurses are short: the mean lists nurses, with 11 permits. In the futures builders
    leave 10 + 8, 8 and 16 unfilled, 14 on average; nurses with 16 permits 30, 0 and 0, 10 on average. The worst is
    30 with nurses, 18 with builders. Alone: 18 (20 of the builders), 0, 0; so nurses regret 12, builders 16.
    """
    futures = [Future("boom", 1, town(tmp_path / "a", 30, 8)), Future("calm", 1, town(tmp_path / "b", 0, 8)),
               Future("winter", 1, town(tmp_path / "c", 0, 16))]
    average = mean(together(futures))
    assert average.shortage == {("0110", "A1", 2026): 10, ("2221", "A1", 2026): pytest.approx(32 / 3)}
    found = {measure: design(futures, measure, 0.9) for measure in MEASURES}
    assert {measure: listed(one) for measure, one in found.items()} == {
        "expected": {"2221"}, "cvar": {"0110"}, "regret": {"2221"}}
    assert {measure: (one.low, one.high) for measure, one in found.items()} == {
        "expected": pytest.approx((10, 10)), "cvar": pytest.approx((18, 18)), "regret": pytest.approx((12, 12))}
    plans = found["expected"].design.plans
    assert {plan.quota["R", "2221", 2026] for plan in plans} == {16}  # the fewest that no future misses
    assert found["cvar"].mean_value == 30 and found["cvar"].saved == pytest.approx((12, 12))
    assert found["expected"].in_advance == pytest.approx((6, 6))
    assert found["expected"].worth_knowing == pytest.approx((4, 4))


@pytest.mark.parametrize("measure", ["cvar", "regret"])
def test_among_designs_as_good_at_worst_the_best_on_average(tmp_path: Path, measure: str) -> None:
    """Both may be listed: builders are 30 short in a boom, which 20 permits leave at 10 at best; nurses 5 in a calm.

    25 permits a year, of which builders may have 20: the 5 for nurses help in the calm alone, the better future.
    """
    def case(folder: Path, builders: float, nurses: float) -> Problem:
        short = [("A1", o, 2026, n) for o, n in (("0110", builders), ("2221", nurses)) if n]
        return world(folder, {"regions": {"R": {"list_length": 2}}},
                     shortages=rows("area occupation year central", *short),
                     permit_totals=rows("region year central", ("R", "*", 25)),
                     parameters=rows("parameter region occupation central", ("max_quota", "*", "0110", 20),
                                     ("lot", "*", "*", 1)))

    futures = [Future("boom", 1, case(tmp_path / "a", 30, 0)), Future("calm", 1, case(tmp_path / "b", 0, 5))]
    found = design(futures, measure, 0.9)
    assert [float(value) for value in found.design.all_values] == [10, 0]
    assert found.design.plans[0].quota == {("R", "0110", 2026): 20, ("R", "2221", 2026): 5}


def test_a_quota_keeps_to_the_tightest_future_but_to_the_greatest_use(tmp_path: Path) -> None:
    """Useful are 3 or 9 permits, allowed 7 or 20: 7 are authorised, though one future has no use for more than 3."""
    futures = [Future("few", 1, town(tmp_path / "a", 3, 0)), Future("many", 1, town(tmp_path / "b", 9, 0)),
               Future("tight", 1, town(tmp_path / "c", 9, 0, permits=7))]
    found = design(futures, "expected")
    assert [plan.quota for plan in found.design.plans] == [{("R", "0110", 2026): 7}] * 3
    assert found.high == pytest.approx((0 + 2 + 2) / 3)


def test_quotas_of_the_mean_that_break_a_rule_are_told(tmp_path: Path) -> None:
    """Ten permits in one future, two in the other: six of the mean are too many there."""
    futures = [Future("open", 1, town(tmp_path / "a", 9, 0, permits=10)),
               Future("shut", 1, town(tmp_path / "b", 9, 0, permits=2))]
    found = design(futures, "expected")
    assert found.of_average.values[1] is None and found.mean_value == float("inf")
    assert found.high == 7
    told = design_list(futures[0].problem, futures, desk=Desk(0.0, 60.0))
    assert "break a rule in some futures: shut" in "\n".join(told.lines)


def test_no_list_for_all(tmp_path: Path) -> None:
    """A smallest quota of 5 in one future, of which a locked occupation has no use, and 4 permits in the other."""
    def case(folder: Path, least: int, permits: int) -> Problem:
        return world(folder, {"regions": {"R": {"must_list": ["0110"]}}},
                     parameters=rows("parameter region occupation central", ("min_quota", "*", "*", least)),
                     permit_totals=rows("region year central", ("R", "*", permits)))

    futures = [Future("a", 1, case(tmp_path / "a", 5, 9)), Future("b", 1, case(tmp_path / "b", 1, 4))]
    with pytest.raises(InfeasibleError, match="no list and quotas keep them in all futures"):
        design(futures, "expected")
    with pytest.raises(InfeasibleError, match="the future 'c'"):
        design([*futures, Future("c", 1, case(tmp_path / "c", 5, 4))], "expected")


def test_a_mean_without_a_plan(tmp_path: Path) -> None:
    """Half must be filled with ten permits: 20 short, all of whom come and count; 0.8, of whom 0.2 come and 0.2 count.

    On average 10.4 are short, but 0.6 come and 0.6 count: 3.6 of 5.2 is the most. The futures leave 10 and 0.4.
    """
    def case(folder: Path, short: float, share: float) -> Problem:
        return world(folder, {"regions": {"R": {"fairness": {"area_coverage": 0.5}}}},
                     shortages=rows("area occupation year central", ("A1", "0110", 2026, short)),
                     permit_totals=rows("region year central", ("R", "*", 10)),
                     parameters=rows("parameter region occupation central", ("uptake", "*", "*", share),
                                     ("additional", "*", "*", share)))

    futures = [Future("a", 1, case(tmp_path / "a", 20, 1)), Future("b", 1, case(tmp_path / "b", 0.8, 0.2))]
    assert design(futures, "expected").high == pytest.approx(5.2)
    told = design_list(futures[0].problem, futures, desk=Desk(0.0, 60.0))
    assert "the case of mean numbers has no plan" in "\n".join(told.lines)


# Against trying everything ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_against_every_list_and_quota(tmp_path: Path, seed: int) -> None:
    futures = [Future(f"f{n}", weight, mill(tmp_path / str(n), n, seed)) for n, weight in enumerate((2, 1, 1))]
    for measure in MEASURES:
        found = design(futures, measure)
        wanted = by_trying(futures, measure)
        assert found.high == pytest.approx(wanted, abs=0.02), measure  # people are published with three decimals
        assert found.low <= wanted + 1e-6 and found.low >= wanted - 0.02, measure
        for future, plan, value in zip(together(futures), found.design.plans, found.design.all_values, strict=True):
            assert not violations(future.problem, plan)
            assert evaluate(future.problem, plan).objective["R", "unfilled"] == value
        assert len({(plan.listed, tuple(sorted(plan.quota.items()))) for plan in found.design.plans}) == 1


def test_what_must_hold_of_any_design(tmp_path: Path) -> None:
    """Wait and see <= designed <= mean numbers held; the mean <= CVaR; one future alone is the ordinary optimum."""
    futures = [Future(f"f{n}", 1, mill(tmp_path / str(n), n, 1)) for n in range(3)]
    found = {measure: design(futures, measure) for measure in MEASURES}
    for measure, one in found.items():
        assert one.low <= one.high + 1e-9 <= one.mean_value + 2e-9, measure
        assert one.list_low <= one.list_high + 1e-6 and one.low <= one.list_high + 1e-6
    assert found["expected"].in_advance[0] <= found["expected"].high
    assert found["expected"].high <= found["cvar"].high + 1e-9
    assert float(measured("cvar", found["expected"].design.all_values, [F(1, 3)] * 3, F(ALPHA))) >= found["cvar"].low
    for n, future in enumerate(futures):
        alone = design([future], "expected")
        assert alone.high == pytest.approx(float(found["expected"].alone[n].value), abs=0.01)
        assert design([future], "regret").high == pytest.approx(0, abs=0.01)


def test_a_future_counted_twice_is_one_of_double_weight(tmp_path: Path) -> None:
    cases = [mill(tmp_path / str(n), n, 2) for n in range(2)]
    twice = design([Future("a", 1, cases[0]), Future("b", 1, cases[0]), Future("c", 1, cases[1])], "expected")
    once = design([Future("a", 2, cases[0]), Future("c", 1, cases[1])], "expected")
    assert twice.high == pytest.approx(once.high, abs=0.01)


def test_nothing_of_the_first_aim_is_given_back(tmp_path: Path) -> None:
    """Later aims may give back half of it elsewhere; here fewest permits decide among equals only."""
    def case(folder: Path, builders: float) -> Problem:
        return world(folder, {"regions": {"R": {"objectives": [{"name": "unfilled", "tolerance": 0.5}]}}},
                     shortages=rows("area occupation year central", ("A1", "0110", 2026, builders)),
                     permit_totals=rows("region year central", ("R", "*", 5)))

    found = design([Future("a", 1, case(tmp_path / "a", 10)), Future("b", 1, case(tmp_path / "b", 20))], "expected")
    assert [float(value) for value in found.design.all_values] == [5, 15]
    assert found.design.plans[0].quota == {("R", "0110", 2026): 5}


def test_unknown_measures_are_refused(tmp_path: Path) -> None:
    case = town(tmp_path, 3, 4)
    with pytest.raises(InputError) as caught:
        design_list(case, [Future("a", 1, case)], measure="regrets", alpha=1.5)
    assert {(fault.column, fault.hint) for fault in caught.value.faults} == {
        ("measure", "did you mean regret?"), ("alpha", "0.9 looks at the worst tenth of the futures")}
    with pytest.raises(InputError) as caught:
        design_list(case, [Future("a", 1, case)], measure="regret", alpha=0.8)
    assert [(fault.column, fault.got, fault.hint) for fault in caught.value.faults] == [
        ("alpha", "0.8, regret", "leave it out, or ask for the measure cvar")]
