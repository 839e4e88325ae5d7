"""Repairs, frontiers and acting apart through the real commands: what is written, drawn and refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import inline
import pytest
from test_apart import THREE
from worlds import rows, write_world

import optimiser
from optimiser.cli import main
from optimiser.explore import desk, finding
from optimiser.explore.negotiate import repairs

YEARS = (2026, 2027)
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Exit code, output and complaints of a command, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for module in (desk, repairs):
        monkeypatch.setattr(module, "solve_many", inline.solve_many)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["optimiser", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return run


def test_repair(told: Told) -> None:
    """Two must be listed with two permits each, where none are given in the first year."""
    write_world(
        Path("case"), {"last_year": 2027, "regions": {"R": {"must_list": ["0110", "2221"]}},
                       "repair_prices": {"must_list": 1, "permit_total": 5}},
        parameters=rows("parameter region occupation central", ("min_quota", "*", "*", 2)),
        shortages=rows("area occupation year central", *(("A1", o, t, 9) for o in ("0110", "2221") for t in YEARS)),
        permit_totals=rows("region year central", ("R", 2026, 0), ("R", 2027, 4)))
    code, out, _ = told("repair", "case/config.yaml", "--out", "found")
    assert code == 0
    assert "1. R: list 2 occupations (Builder (0110), Nurse (2221)) a year later, from 2027 on. Counts 2." in out
    read = finding.read(Path("found"))
    assert list(read.tables["repairs"]["value_price"]) == [2, 11, 20] and "list 2 occupations" in Path(
        "found/report.html").read_text("utf-8")
    assert read.lines == optimiser.repair(optimiser.load("case/config.yaml")).lines  # Python says the same
    assert read.told[-1] in out and read.told[-1].startswith("Asked of config.yaml")
    code, out, _ = told("repair", "case/config.yaml", "--count", "1", "--set", "repair_prices.must_list=50",
                        "--out", "dear")
    assert code == 0 and "1. +4 permits in R in 2026. Counts 20." in out
    code, _, err = told("repair", "case/config.yaml", "--set", "repair_prices.must_lsit=50", "--out", "none")
    assert code == 2 and "did you mean must_list?" in err and not Path("none").exists()


def test_frontier(told: Told) -> None:
    write_world(Path("case"), parameters=rows("parameter region occupation central", ("permit_cost", "*", "*", 100)))
    code, out, _ = told("frontier", "case/config.yaml", "--points", "5", "--out", "found")
    assert code == 0 and "from 0 EUR with 14 weighted person-years unfilled to 1,400 EUR with 0 weighted" in out
    page = Path("found/report.html").read_text("utf-8")
    assert "R: the frontier" in page and page.count("<svg") == 1
    assert list(finding.read(Path("found")).tables["frontier"]["value_cost"])[:5] == [0, 300, 700, 1000, 1400]
    code, _, err = told("frontier", "case/config.yaml", "--x", "costs", "--region", "S", "--out", "none")
    assert code == 2 and "did you mean cost?" in err and "--region: got 'S'" in err and not Path("none").exists()


def test_every_public_name_can_be_called() -> None:
    assert [name for name in optimiser.__all__ if not callable(getattr(optimiser, name))] == []


def test_apart(told: Told) -> None:
    """The three regions of `test_apart`, and a case that shares nothing."""
    write_world(
        Path("case"), {"regions": {r: {} for r in THREE}}, regions=rows("region", *((r,) for r in THREE)),
        areas=rows("area region", *((f"{r}1", r) for r in THREE)),
        shortages=rows("area occupation year central", *((f"{r}1", "0110", 2026, n) for r, n in THREE.items())),
        services=rows("service scope unit", ("desk", "shared", "files")),
        service_use=rows("service region occupation per cohort_year central", ("desk", "*", "*", "permit", 0, 1)),
        capacities=rows("service place year central", ("desk", "*", "*", 9)))
    code, out, _ = told("apart", "case/config.yaml", "--shares", "A=0.4,B=0.3,C=0.3", "--out", "found")
    assert code == 0 and "together they leave 3.0 weighted person-years less unfilled than apart" in out
    assert Path("found/report.html").read_text("utf-8").count("<svg") == 2
    code, _, err = told("apart", "case/config.yaml", "--shares", "A=0.4,B=0.3,A=0.3,C", "--out", "none")
    assert code == 2 and "got 'A=0.3'" in err and "got 'C'" in err and not Path("none").exists()
    write_world(Path("alone"))
    code, out, _ = told("apart", "alone/config.yaml", "--out", "nothing")
    assert code == 0 and "acting apart costs nothing here" in out
