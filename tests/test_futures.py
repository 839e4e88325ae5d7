"""Futures as a config names them: read, refused with their place, averaged; and the command that designs for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inline
import pytest
from worlds import rows, write_world

from optimiser import cli, strictyaml
from optimiser.errors import Fault, InputError
from optimiser.explore import finding
from optimiser.explore.ahead import holding, stages
from optimiser.futures import Future, load_futures, mean, together
from optimiser.problem import Problem, load

HEAD = {"title": "A patch", "reason": "to test", "source": "nobody"}
BOOM = {"scale": [{"table": "shortages", "where": {"occupation": "0110"}, "by": 3}]}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (stages, holding):
        monkeypatch.setattr(module, "solve_many", inline.solve_many)
    yield


def case(folder: Path, futures: list[dict[str, Any]], config: dict[str, Any] | None = None, **section: Any) -> Path:
    """Builders and nurses short, a list of one; a scenario `boom` beside the config."""
    path = write_world(
        folder, {"regions": {"R": {"list_length": 1}}} | (config or {}) | {"scenarios": section | {"futures": futures}},
        shortages=rows("area occupation year low central high", ("A1", "0110", 2026, 2, 4, 10),
                       ("A1", "2221", 2026, 5, 6, 7)),
        permit_totals=rows("region year central", ("R", "*", 20)))
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "boom.yaml").write_text(strictyaml.dump(HEAD | BOOM), encoding="utf-8")
    return path


def faults(path: Path) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        load_futures(path)
    return list(caught.value.faults)


def builders(problem: Problem) -> float:
    return problem.shortage["0110", "A1", 2026]


def test_futures_are_scenarios_and_settings(tmp_path: Path) -> None:
    path = case(tmp_path, [{"name": "plain"}, {"name": "boom", "weight": 2, "scenarios": ["boom"]},
                           {"name": "low", "set": {"values": "low"}},
                           {"name": "high boom", "scenarios": ["boom"], "set": {"values": "high"}}])
    found = load_futures(path)
    assert [(future.name, future.weight, builders(future.problem)) for future in found] == [
        ("plain", 1, 4), ("boom", 2, 12), ("low", 1, 2), ("high boom", 1, 30)]
    assert builders(load(path)) == 4  # the case as it stands
    changed = load_futures(path, settings=["values=high"])
    assert [builders(future.problem) for future in changed] == [10, 30, 2, 30]
    average = mean(found)
    assert builders(average) == pytest.approx((4 + 2 * 12 + 2 + 30) / 5)
    assert average.permit_total == {("R", 2026): 20}


def test_an_unknown_scenario_is_located(tmp_path: Path) -> None:
    path = case(tmp_path, [{"name": "a"}, {"name": "b", "scenarios": ["bom"]}])
    [fault] = faults(path)
    lines = path.read_text("utf-8").splitlines()
    assert fault.file == str(path) and "bom" in lines[fault.row - 1]
    assert (fault.column, fault.hint) == ("scenarios.futures.1.scenarios.0", "did you mean boom?")


@pytest.mark.parametrize(("future", "column", "expected"), [
    ({"name": "b", "weight": 0}, "scenarios.futures.1.weight", "more than 0"),
    ({"name": "b", "weight": -1}, "scenarios.futures.1.weight", "more than 0"),
    ({"name": "b", "wieght": 1}, "scenarios.futures.1.wieght", "one of"),
    ({"weight": 1}, "scenarios.futures.1.name", "a value"),
    ({"name": "a"}, "scenarios.futures.1.name", "another name"),
    ({"name": "b", "set": {"regions.R.list_length": 2}}, "scenarios.futures.1: regions.R.list_length", "the same"),
    ({"name": "b", "set": {"last_year": 2027}}, "scenarios.futures.1: years", "the same"),
    ({"name": "b", "set": {"vales": "low"}}, "vales", "")])
def test_what_is_wrong_with_a_future_is_located(tmp_path: Path, future: dict[str, Any], column: str, expected: str
                                                ) -> None:
    found = {fault.column: fault for fault in faults(case(tmp_path, [{"name": "a"}, future]))}
    assert column in found and expected in found[column].expected
    assert found[column].row > 0 and found[column].file.endswith("config.yaml")


@pytest.mark.parametrize(("section", "column"), [({"alpha": 0}, "alpha"), ({"alpha": 1}, "alpha"),
                                                 ({"measure": "worst"}, "measure")])
def test_what_is_wrong_with_the_section_is_located(tmp_path: Path, section: dict[str, Any], column: str) -> None:
    [fault] = faults(case(tmp_path, [{"name": "a"}], **section))
    assert fault.column == f"scenarios.{column}" and fault.row > 0


def test_no_futures_at_all(tmp_path: Path) -> None:
    [fault] = faults(write_world(tmp_path))
    assert fault.column == "scenarios.futures" and fault.got == "no futures"
    assert faults(case(tmp_path / "none", []))[0].column == "scenarios.futures"


def test_another_first_aim_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    path = case(tmp_path, [{"name": "a"}], {"regions": {"R": {"objectives": [{"name": "cost"}]}}})
    assert run(monkeypatch, path, tmp_path / "out") == 2
    assert "regions.R.objectives: got cost as the first aim of R" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_lots_of_another_size_and_other_occupations(tmp_path: Path) -> None:
    """A lot is the same in all; an occupation that is short in one future could be listed in all."""
    def town(name: str, lot: int, *short: tuple[Any, ...]) -> Problem:
        return load(write_world(tmp_path / name, {}, shortages=rows("area occupation year central", *short),
                                parameters=rows("parameter region occupation central", ("lot", "*", "*", lot))))

    one = town("one", 1, ("A1", "0110", 2026, 3))
    other = town("other", 1, ("A1", "2221", 2026, 3))
    found = together([Future("a", 1, one), Future("b", 1, other)])
    assert [future.problem.candidates["R"] for future in found] == [("0110", "2221")] * 2
    with pytest.raises(InputError, match="parameters.lot"):
        together([Future("a", 1, one), Future("b", 1, town("large", 5, ("A1", "0110", 2026, 3)))])


def run(monkeypatch: pytest.MonkeyPatch, config: Path, out: Path, *more: str) -> int:
    monkeypatch.setattr(sys, "argv", ["optimiser", "design", str(config), "--out", str(out), *more])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_command_writes_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """Of 4 or 12 builders and 6 nurses: nurses leave 4 or 12, builders 6 and 6."""
    path = case(tmp_path, [{"name": "plain"}, {"name": "boom", "scenarios": ["boom"]}])
    assert run(monkeypatch, path, tmp_path / "out", "--measure", "cvar", "--alpha", "0.5") == 0
    assert "leave 6.0 weighted person-years unfilled on average over the worst 50%" in " ".join(
        capsys.readouterr().out.split())
    told = finding.read(tmp_path / "out")
    assert told.question == "design" and told.facts["futures"] == ["plain", "boom"]
    assert list(told.tables["design_list"]["occupation"]) == ["0110"]
    assert list(told.tables["design_futures"]["unfilled_design"]) == [6, 6]
    assert list(told.tables["design_quotas"]["quota"]) == [12]
    first = (tmp_path / "out" / "finding.json").read_bytes()
    assert run(monkeypatch, path, tmp_path / "again", "--measure", "cvar", "--alpha", "0.5") == 0
    assert (tmp_path / "again" / "finding.json").read_bytes() == first


def test_validate_looks_at_the_futures_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    path = case(tmp_path, [{"name": "plain"}, {"name": "boom", "scenarios": ["bom"]}])
    monkeypatch.setattr(sys, "argv", ["optimiser", "validate", str(path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 2 and "scenarios.futures.1.scenarios.0" in told and "did you mean boom?" in told


def test_entries_that_are_faulty_are_not_told_to_be_missing(tmp_path: Path) -> None:
    [wrong] = faults(case(tmp_path, [{"name": "plain", "weight": 0}]))
    assert wrong.column == "scenarios.futures.0.weight"
