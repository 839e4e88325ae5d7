"""Repairs: the cheapest by trying every list and smallest quota, each kind of move by hand, and what is refused."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import inline
import pytest
from plants import PLANTS, planted
from worlds import Rows, rows, world, write_world

from optimiser.errors import InputError
from optimiser.explore import desk as desk_module
from optimiser.explore.desk import Desk
from optimiser.explore.negotiate import repairs as repairs_module
from optimiser.explore.negotiate.repair import repair, verify
from optimiser.explore.negotiate.repairs import Search, rounded_up
from optimiser.problem import Problem, load

BUILDERS, NURSES = "0110", "2221"
YEARS = (2026, 2027)
PRICES = {"service_capacity": {"desk": 3}, "permit_total": 10, "budget": 0.05, "list_length": 25, "list_changes": 12,
          "minimum_stay": 60, "must_list": 40, "must_not_list": 90, "groups": 50, "min_quota": 8}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desk_module, "solve_many", inline.solve_many)
    monkeypatch.setattr(repairs_module, "solve_many", inline.solve_many)
    yield


def drawn(folder: Path, rng: random.Random) -> Problem | None:
    """A world in which only lists and smallest quotas matter; None when its config alone contradicts itself."""
    wishes: dict[str, tuple[float, Any]] = {
        "list_length": (0.4, 1), "list_changes": (0.6, rng.choice([0, 1])), "minimum_stay": (0.4, 2),
        "must_list": (0.7, rng.choice([[BUILDERS], [BUILDERS, NURSES]])), "must_not_list": (0.2, [NURSES]),
        "groups": (0.3, [[BUILDERS, NURSES]])}
    rules = {name: wish for name, (chance, wish) in wishes.items() if rng.random() < chance}
    prices = {name: price if isinstance(price, dict) else round(price * rng.uniform(0.3, 3), 2)
              for name, price in PRICES.items() if rng.random() < 0.9}
    try:
        return world(
            folder, {"last_year": 2027, "regions": {"R": rules}, "repair_prices": prices},
            parameters=rows("parameter region occupation central", ("lot", "*", "*", 2), ("permit_cost", "*", "*", 100),
                            *(("min_quota", "*", o, rng.choice([2, 4])) for o in (BUILDERS, NURSES))),
            shortages=rows("area occupation year central",
                           *(("A1", o, t, 9) for o in (BUILDERS, NURSES) for t in YEARS)),
            list_in_force=rows("region occupation entry", *(("R", o, "x") for o in (BUILDERS, NURSES)
                                                            if rng.random() < 0.5)),
            permit_totals=rows("region year central", *(("R", t, rng.choice([0, 2, 3, 8])) for t in YEARS)),
            budgets=rows("region year central", ("R", "*", rng.choice([150, 300, 2000]))),
            services=rows("service scope unit", ("desk", "region", "hours")),
            service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 1.7)),
            capacities=rows("service place year central", *(("desk", "R", t, rng.choice([2, 5, 20])) for t in YEARS)))
    except InputError:
        return None


def price_of(problem: Problem, listed: dict[tuple[str, int], bool], less: dict[str, int], barred: set[Hashable]
             ) -> float:
    """What it counts to have these lists with these smallest quotas, the cheapest way; infinite when it can't be."""
    rules, prices = problem.rules("R"), problem.config.repair_prices
    assert prices
    held = [problem.in_force["R"], *(frozenset(o for o in (BUILDERS, NURSES) if listed[o, t]) for t in YEARS)]
    total = 0.0

    def pay(name: str, amount: float, kind: Hashable = None, of: str = "") -> None:
        nonlocal total
        price = getattr(prices, name)
        price = price.get(of) if isinstance(price, dict) else price
        if amount > 1e-9:
            total += math.inf if price is None or (kind or (name, "R")) in barred else price * amount

    for o in problem.candidates["R"]:
        lock = problem.locked.get(("R", o))
        on = [listed[o, t] for t in YEARS]
        if lock == 1 and on != [True, True]:
            if on == [True, False]:
                return math.inf  # later or never: what has come does not go
            pay("must_list", 1, ("later", "R"))
            pay("must_list", 0 if on[1] else 1, ("dropped", "R"))
        if lock == 0:
            pay("must_not_list", any(on))
    pay("list_length", max(map(len, held[1:])) - rules.list_length if rules.list_length is not None else 0)
    pay("list_changes", max(len(a ^ b) for a, b in itertools.pairwise(held)) - rules.list_changes
        if rules.list_changes is not None else 0)
    pay("minimum_stay", rules.minimum_stay > 1 and bool((held[1] - held[0]) - held[2]))
    pay("groups", any(0 < len(now) < 2 for now in held[1:]) if problem.groups["R"] else 0)
    for number in less.values():
        pay("min_quota", number)
    for t, now in zip(YEARS, held[1:], strict=True):
        permits = sum(2 * math.ceil(((problem.parameter("min_quota", "R", o) or 0) - less[o]) / 2) for o in now)
        pay("permit_total", math.ceil(permits - problem.permit_total["R", t]))
        pay("service_capacity", 1.7 * permits - problem.capacity["desk", "R", t], ("service", "desk", "R"), "desk")
        pay("budget", 100 * permits - problem.budget["R", t])
    return total


def cheapest(problem: Problem, barred: set[Hashable] | None = None) -> float:
    """By trying every list of both years with every smallest quota."""
    found = math.inf
    cells = [(o, t) for o in (BUILDERS, NURSES) for t in YEARS]
    least = {o: int(problem.parameter("min_quota", "R", o) or 0) for o in (BUILDERS, NURSES)}
    for on in itertools.product((False, True), repeat=len(cells)):
        for less in itertools.product(*(range(0, number + 1, 2) for number in least.values())):
            found = min(found, price_of(problem, dict(zip(cells, on, strict=True)),
                                        dict(zip(least, less, strict=True)), barred or set()))
    return found


@pytest.mark.drawn(30, 2_000)
def test_no_repair_is_cheaper(tmp_path: Path, numbers: range, figures: Any) -> None:
    """The first repair against everything that could be done; the second against all that spare one of its kinds."""
    for number in numbers:
        problem = drawn(tmp_path / str(number), random.Random(f"repair {number}"))
        if problem is None:
            figures["contradictory"] += 1
            continue
        best, found = cheapest(problem), Search(problem, ("R",), 60, 1).run(5)
        if best == 0:
            assert not found.needed, number
        elif math.isinf(best):
            assert found.hopeless, number
        else:
            assert found.needed and not found.hopeless
            figures["repaired"] += 1
            assert found.least == pytest.approx(best, rel=0.002), number
            assert best * 0.998 <= found.repairs[0].price <= best * 1.012, number
            first = found.repairs[0].named("kind")
            others = [repair.price for repair in found.repairs if not first <= repair.named("kind")]
            second = min(cheapest(problem, {kind}) for kind in first)
            if math.isfinite(second):
                assert others and second * 0.998 <= min(others) <= second * 1.012, number
            else:
                assert not others, number
            verified = verify(problem, ("R",), found.repairs, Desk(0.01, 60))  # plans that pass the exact check
            assert [each.repair.price for each in verified] == pytest.approx(
                [repair.price for repair in found.repairs], rel=0.004), number


def one(folder: Path, kind: str, rules: dict[str, Any], price: Any = 2.0, **tables: Rows) -> tuple[Any, list[str]]:
    """The only repair of a world in which only one kind of limit has a price."""
    problem = world(folder, {"regions": {"R": rules}, "repair_prices": {kind: price}}, **tables)
    finding = repair(problem)
    assert len(finding.tables["repairs"]) == 1, finding.lines
    return finding.tables["repair_steps"].iloc[0], list(finding.lines)


def parameter(*values: tuple[str, float]) -> Rows:
    return rows("parameter region occupation central", *((name, "*", "*", number) for name, number in values))


TOTAL = rows("region year central", ("R", "*", 7))


def test_a_promise_to_areas(tmp_path: Path) -> None:
    """14 short in A1, 7 permits: half of it can be filled, 0.8 is promised; 30 points at 2 each."""
    step, lines = one(tmp_path, "area_coverage", {"fairness": {"area_coverage": 0.8}}, permit_totals=TOTAL)
    assert (step["setting_now"], step["setting_then"], step["value_price"]) == pytest.approx((0.8, 0.5, 60))
    assert any("promise every area 50% of its shortage instead of 80%" in line for line in lines)


def test_a_promise_to_sectors(tmp_path: Path) -> None:
    """Ten builders and four nurses: with 7 permits, all sectors get the same half at most."""
    step, _ = one(tmp_path, "sector_coverage", {"fairness": {"sector_coverage": 0.75}}, permit_totals=TOTAL)
    assert (step["setting_then"], step["value_price"]) == pytest.approx((0.5, 50))


def test_a_share_of_risk(tmp_path: Path) -> None:
    """Builders must be listed with 4 permits, nurses may have 1 at most: 4 of 5, instead of a quarter."""
    step, lines = one(tmp_path, "risk_shares", {"must_list": [BUILDERS], "risk_shares": {"high": 0.25}},
                      permit_totals=TOTAL, parameters=rows("parameter region occupation central", (
                          "min_quota", "*", BUILDERS, 4), ("max_quota", "*", NURSES, 1)))
    assert (step["setting_then"], step["value_price"]) == pytest.approx((0.8, 2 * (4 - 0.25 * 5)))
    assert any("may take 80% of the permits instead of 25%" in line for line in lines)


def test_a_share_of_migrants(tmp_path: Path) -> None:
    """A tenth of ten builders may come, and half of all fourteen must be filled: by 7 builders."""
    step, _ = one(tmp_path, "max_migrant_share", {"fairness": {"area_coverage": 0.5}, "must_not_list": [NURSES]},
                  parameters=parameter(("max_migrant_share", 0.1)))
    assert step["index"] == "R 0110" and (step["setting_then"], step["value_price"]) == pytest.approx((0.7, 120))


def test_other_vacancies(tmp_path: Path) -> None:
    """Ten builders are short, and twenty other vacancies would have to remain."""
    step, lines = one(tmp_path, "min_other_vacancies", {"fairness": {"area_coverage": 0.5}, "must_not_list": [NURSES]},
                      parameters=parameter(("min_other_vacancies", 20)))
    assert step["value_price"] == 2 and any("do without other vacancies within reach for Builder" in s for s in lines)


def test_training_beside_permits(tmp_path: Path) -> None:
    """4 permits want 8 starts, there are 5 places: three more at 2 each, or no starts at all."""
    rules, tables = {"must_list": [BUILDERS]}, {
        "parameters": parameter(("min_quota", 4), ("trainees_per_permit", 2)),
        "training_places": rows("region occupation year central", ("*", "*", "*", 5))}
    step, lines = one(tmp_path / "a", "training_places", rules, **tables)
    assert (step["setting_now"], step["setting_then"], step["value_price"]) == (5, 8, 6)
    assert "+3 training places for Builder (0110) in R in 2026" in lines[1]
    step, _ = one(tmp_path / "b", "trainees_per_permit", rules, **tables)
    assert step["value_price"] == 2


def test_a_largest_quota_and_extra_capacity(tmp_path: Path) -> None:
    """Half of 14 are wanted: 7 permits where 3 are allowed; 14 hours where there are 4, and 2 may be added."""
    rules = {"fairness": {"area_coverage": 0.5}, "must_not_list": [NURSES]}
    step, _ = one(tmp_path / "a", "max_quota", rules, parameters=parameter(("max_quota", 3)))
    assert (step["setting_now"], step["setting_then"], step["value_price"]) == (3, 7, 8)
    services = {"services": rows("service scope unit", ("course", "area", "hours")),
                "service_use": rows("service region occupation per cohort_year central",
                                    ("course", "*", "*", "person", 0, 2)),
                "capacities": rows("service place year central", ("course", "*", "*", 4)),
                "service_parameters": rows("parameter service place central", ("max_expansion", "course", "*", 2))}
    step, lines = one(tmp_path / "b", "max_expansion", rules, {"course": 2}, **services)
    assert (step["setting_now"], step["setting_then"], step["value_price"]) == (2, 10, 16)
    step, lines = one(tmp_path / "c", "service_capacity", rules, {"course": 2}, **services)
    assert (step["setting_then"], step["value_price"]) == (12, 16)
    assert "+8 hours of course in A1 in 2026" in lines[1]


def test_a_year_later(tmp_path: Path) -> None:
    """No permits in 2026, and both must be listed with two each: a year later is cheaper than any permit."""
    problem = world(tmp_path, {"last_year": 2027, "regions": {"R": {"must_list": [BUILDERS, NURSES]}},
                               "repair_prices": {"must_list": 1, "permit_total": 5}},
                    parameters=parameter(("min_quota", 2)),
                    shortages=rows("area occupation year central",
                                   *(("A1", o, t, 9) for o in (BUILDERS, NURSES) for t in YEARS)),
                    permit_totals=rows("region year central", ("R", 2026, 0), ("R", 2027, 4)))
    finding = repair(problem)
    later = "1. R: list 2 occupations (Builder (0110), Nurse (2221)) a year later, from 2027 on. Counts 2."
    assert later in finding.lines
    assert any("+4 permits in R in 2026. Counts 20." in line for line in finding.lines)
    assert finding.facts["R"]["prices"][0] == 2


def test_law_does_not_move(tmp_path: Path) -> None:
    """What exclusions.csv names stays off the list; must_not_list gives way."""
    rules = {"fairness": {"sector_coverage": 0.1}}
    gone = rows("region occupation reason", ("R", NURSES, "law"))
    force = rows("region occupation entry", ("R", NURSES, "x"))
    problem = world(tmp_path / "a", {"regions": {"R": rules}, "repair_prices": {"must_not_list": 1}}, exclusions=gone,
                    list_in_force=force)
    assert "no change of the limits that have a price" in repair(problem).lines[0]
    step, _ = one(tmp_path / "b", "must_not_list", rules | {"must_not_list": [NURSES]}, list_in_force=force)
    assert step["index"] == "R 2221"


def test_without_prices_a_percent_counts_one(tmp_path: Path) -> None:
    """8 permits where there are 5: sixty percent."""
    problem = world(tmp_path, {"regions": {"R": {"must_list": [BUILDERS, NURSES]}}}, parameters=parameter(
        ("min_quota", 4)), permit_totals=rows("region year central", ("R", "*", 5)))
    finding = repair(problem)
    assert any("+3 permits in R in 2026. Counts 60." in line for line in finding.lines)
    assert "one percent of a number counts 1" in finding.lines[-1]


def test_nothing_to_repair(tmp_path: Path) -> None:
    finding = repair(world(tmp_path))
    assert "there is nothing to repair" in finding.lines[0] and finding.tables == {}


def test_a_price_of_an_unknown_service_is_a_fault(tmp_path: Path) -> None:
    path = write_world(tmp_path, {"repair_prices": {"service_capacity": {"dsek": 1}}},
                       services=rows("service scope unit", ("desk", "region", "hours")))
    with pytest.raises(InputError, match="the service 'dsek'.*did you mean desk"):
        load(path)


@pytest.mark.parametrize(("amount", "told"), [(139.4, 140), (1394, 1400), (139.0, 139), (0.0001234, 0.00013),
                                              (0.5, 0.5), (979.3, 980)])
def test_amounts_are_rounded_up(amount: float, told: float) -> None:
    assert rounded_up(amount) == pytest.approx(told)


def test_a_planted_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    """35 on the list, 3 changes, 40 in force: 5 changes instead, or 37 on the list."""
    monkeypatch.undo()
    problem = planted(next(plant for plant in PLANTS if plant.name == "list length"))
    found = Search(problem, ("BE3",), 60, 1).run(2)
    told = [[(step.move.key[0], step.new) for step in each.steps] for each in found.repairs]
    assert told == [[("list_changes", 5.0)], [("list_length", 37.0)]] and found.least == pytest.approx(40_000)
