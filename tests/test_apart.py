"""The price of acting apart: by hand for two and three regions, by the oracle for random ones, and bad shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import inline
import pytest
from oracle import optimum
from tiny import write_tiny
from worlds import rows, world

from optimiser.config import Objective
from optimiser.errors import InputError
from optimiser.explore import desk as desk_module
from optimiser.explore.desk import Desk
from optimiser.explore.finding import Finding
from optimiser.explore.worth import apart as apart_module
from optimiser.explore.worth.apart import apart, split
from optimiser.problem import Problem, load
from optimiser.variant import with_rules


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desk_module, "solve_many", inline.solve_many)
    yield


def sharers(folder: Path, short: Mapping[str, float], files: float, scope: str = "shared") -> Problem:
    """Regions with one area each that are short of builders; a permit takes a file of a desk that all share."""
    return world(
        folder, {"regions": {r: {} for r in short}}, regions=rows("region", *((r,) for r in short)),
        areas=rows("area region", *((f"{r}1", r) for r in short)),
        shortages=rows("area occupation year central", *((f"{r}1", "0110", 2026, n) for r, n in short.items())),
        services=rows("service scope unit", ("desk", scope, "files")),
        service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 1)),
        capacities=rows("service place year central", ("desk", "*", "*", files)))


def gains(finding: Finding) -> dict[str, tuple[float, float]]:
    table = finding.tables["apart"].set_index("region")
    return {str(r): (row["low_gain"], row["high_gain"]) for r, row in table.iterrows()}


def close(found: dict[str, tuple[float, float]], wanted: dict[str, float]) -> None:
    """Nothing is open in a world this small."""
    assert set(found) == set(wanted)
    for r, (low, high) in found.items():
        assert low == pytest.approx(wanted[r], abs=1e-6) and high == pytest.approx(wanted[r], abs=1e-6), r


def test_two_regions(tmp_path: Path) -> None:
    """Ten files; 2 and 12 short. With five each 0 and 7 stay unfilled, together 4: a gain of 3, half for each."""
    finding = apart(sharers(tmp_path, {"Q": 2, "R": 12}, 10), {"Q": 0.5, "R": 0.5})
    close(gains(finding), {"Q": 1.5, "R": 1.5})
    assert "together they leave 3.0 weighted person-years less unfilled" in finding.lines[0]
    table = finding.tables["apart"].set_index("region")
    assert list(table["high_alone"]) == [0, 7] and table["unfilled_together"].sum() == 4


def test_shares_by_shortage(tmp_path: Path) -> None:
    """2 of 14 of ten files are one whole permit, 12 of 14 are eight: 1 and 4 stay unfilled, together 4."""
    finding = apart(sharers(tmp_path, {"Q": 2, "R": 12}, 10))
    assert list(finding.tables["apart"]["share"]) == pytest.approx([1 / 7, 6 / 7])
    close(gains(finding), {"Q": 0.5, "R": 0.5})


THREE = {"A": 2, "B": 6, "C": 10}


def test_three_regions(tmp_path: Path) -> None:
    """Nine files, three each: alone 0, 3 and 7 stay unfilled; A with B 2, A with C 6, B with C 10, all 9.

    So A saves 1 with either of them and B with C nothing: of the 1 that all save, A brings 2/3, B and C 1/6 each.
    """
    finding = apart(sharers(tmp_path, THREE, 9), dict.fromkeys(THREE, 1 / 3))
    close(gains(finding), {"A": 2 / 3, "B": 1 / 6, "C": 1 / 6})
    assert dict(zip(finding.tables["apart_coalitions"]["regions"], finding.tables["apart_coalitions"]["high_pooled"],
                    strict=True)) == {"A": 0, "B": 3, "C": 7, "A-B": 2, "A-C": 6, "B-C": 10, "A-B-C": 9}


def test_many_regions_are_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is gained is split; the mean over drawn orders is near the true one, and it is said to be drawn."""
    monkeypatch.setattr(apart_module, "MOST_EXACT", 2)
    finding = apart(sharers(tmp_path, THREE, 9), dict.fromkeys(THREE, 1 / 3))
    found = {r: low for r, (low, _) in gains(finding).items()}
    assert sum(found.values()) == pytest.approx(1)
    error = finding.facts["A-B-C"]["error"]
    assert all(abs(found[r] - wanted) <= 4 * error[r] + 1e-9 for r, wanted in
               {"A": 2 / 3, "B": 1 / 6, "C": 1 / 6}.items())
    assert any("24 orders of joining drawn with the seed" in line for line in finding.lines)


def test_what_is_open_is_open_in_the_split(tmp_path: Path) -> None:
    """Alone 0 to 2 and 7 to 8, together 3 to 4: half of what all gain, between half of 7 - 4 and half of 10 - 3."""
    values = {frozenset("Q"): (0.0, 2.0), frozenset("R"): (7.0, 8.0), frozenset("QR"): (3.0, 4.0)}
    weights = dict(apart_module._weights(("Q", "R"), "Q"))
    assert apart_module._gain(weights, values, "Q") == pytest.approx((1.5, 3.5))


def test_nothing_is_shared(tmp_path: Path) -> None:
    finding = apart(sharers(tmp_path, {"Q": 2, "R": 12}, 10, scope="region"))
    assert len(finding.lines) == 1 and "acting apart costs nothing here" in finding.lines[0] and not finding.tables


@pytest.mark.parametrize(("shares", "told"), [
    ({"Q": 0.5, "R": 0.6}, "got 1.1; expected shares that add up to 1"),
    ({"Q": 1.0}, "got nothing; expected a share from 0 to 1"),
    ({"Q": 0.5, "R": 0.2, "RR": 0.3}, "got 'RR'; expected one of: Q, R; did you mean R?"),
    ({"Q": 1.5, "R": -0.5}, "got 1.5; expected a share from 0 to 1")])
def test_bad_shares(shares: dict[str, float], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        apart(sharers(tmp_path, {"Q": 2, "R": 12}, 10), shares)
    assert told in str(caught.value)


@pytest.mark.parametrize("number", [115, 168, 289, 359, 399])
def test_coalitions_against_the_oracle(number: int, tmp_path: Path) -> None:
    """Alone, a region is a case of its own with its share of a scarce desk and its extension, which it pays alone."""
    problem = load(write_tiny(tmp_path, number))
    shares = {"Q": 0.4, "R": 0.6}
    assert problem.service_parameters["max_expansion"]["desk", "shared"] > 0
    for r in shares:
        problem = with_rules(problem, r, objectives=(Objective(name="unfilled"),))
    found = split(problem, problem.regions, ("desk",), shares, Desk(0.0, 60))
    for r, share in shares.items():
        best = optimum(alone(problem, r, share), 1e-9, 1)
        low, high = found.values[frozenset([r])]
        if best is None:
            assert low == high == float("inf")
        else:
            assert low - 1e-6 <= best[0] <= high + 1e-6 and high - low < 0.1


def alone(problem: Problem, region: str, share: float) -> Problem:
    """The case of one region, worked out apart from what is tested: other regions are not there at all."""
    own = problem.areas[region]
    parameters = {name: dict(column) for name, column in problem.service_parameters.items()}
    if ("desk", "shared") in parameters["max_expansion"]:
        parameters["max_expansion"]["desk", "shared"] *= share
    return replace(
        problem, regions=(region,), areas={region: own},
        shortage={key: n for key, n in problem.shortage.items() if key[1] in own},
        activatable={key: n for key, n in problem.activatable.items() if key[1] in own},
        capacity={(g, p, t): n * share if g == "desk" else n for (g, p, t), n in problem.capacity.items()
                  if p in (*own, region, "shared")},
        service_parameters=parameters, reach={p: (p,) for p in own})
