"""List files: what their rows speak of, and every fault of them in one located line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from worlds import rows, world, write_world

from optimiser.cli import main
from optimiser.errors import InputError
from optimiser.explore.beside.given import of_lists, read_list
from optimiser.problem import Problem

BUILDER, NURSE = "0110", "2221"


def listed(problem: Problem, folder: Path, text: str, quotas: bool = False) -> Any:
    path = folder / "wish.csv"
    path.write_text(text, encoding="utf-8")
    return read_list(problem, path, quotas)


def test_rows_speak_of_all_reviews_or_one_or_a_year(tmp_path: Path) -> None:
    problem = world(tmp_path, {"last_year": 2029, "regions": {"R": {"review_years": 2}}})
    found = listed(problem, tmp_path, "region,occupation,entry\nR,0110,Mason\nR,0110,Roofer\n")
    assert found.listed == {("R", BUILDER, 1), ("R", BUILDER, 2)}
    assert found.entries == {("R", BUILDER): ("Mason", "Roofer")}
    assert found.name == "wish"
    found = listed(problem, tmp_path, "region,occupation,review,year,quota\nR,0110,2,,7\nR,2221,,2027,3\n")
    assert found.listed == {("R", BUILDER, 2), ("R", NURSE, 1)}
    assert found.quota == {("R", BUILDER, 2028): 7, ("R", BUILDER, 2029): 7, ("R", NURSE, 2027): 3}
    assert listed(problem, tmp_path, "region,occupation,quota\nR,0110,7\n", True).quota == {
        ("R", BUILDER, t): 7 for t in range(2026, 2030)}


FAULTS = {
    "region,occupation\nR,0111\n": ("row 2, occupation: got '0111'", "did you mean 0110"),
    "region,occupation\nR,110\n": ("row 2, occupation: got '110'", "0110"),
    "region,occupation\nS,0110\n": ("row 2, region: got 'S'", "R"),
    "region,ocupation\nR,0110\n": ("row 1, 'ocupation'", "did you mean occupation"),
    "region,occupation\nR,0110\nR,2221\nR,0110\n": ("row 4, region/occupation/entry/review/year", "row 2"),
    "region,occupation,quota\nR,0110,7\n": ("row 2, quota: got 7", "the nearest are 5 and 10"),
    "region,occupation,quota\nR,0110,-5\n": ("row 2, quota: got '-5'", "between 0 and"),
    "region,occupation,quota\nR,0110,5.5\n": ("row 2, quota: got '5.5'", "whole"),
    "region,occupation,review\nR,0110,2\n": ("row 2, review: got 2", "between 1 and 1"),
    "region,occupation,year\nR,0110,2031\n": ("row 2, year: got 2031", "between 2026 and 2026"),
    "region,occupation,entry,quota\nR,0110,a,5\nR,0110,b,5\n": ("row 3, quota: got 5", "row 2"),
    "region;occupation\nR;0110\n": ("row 1", "comma-separated"),
    "region,occupation\n": ("quota", "no quota"),
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: text.splitlines()[-1])
def test_faults_of_a_file_are_located_in_one_line(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    """Through the command; nothing is written."""
    config = write_world(tmp_path / "case", parameters=rows("parameter region occupation central",
                                                            ("lot", "R", "*", 5)))
    (tmp_path / "wish.csv").write_text(text, encoding="utf-8")
    options = ["--quotas"] if FAULTS[text][0] == "quota" else []
    monkeypatch.setattr(sys, "argv", ["optimiser", "evaluate", str(config), "--list", str(tmp_path / "wish.csv"),
                                      "--out", str(tmp_path / "out"), *options])
    with pytest.raises(SystemExit) as stop:
        main()
    lines = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert lines[-1] == ("1 fault" if len(lines) == 2 else f"{len(lines) - 1} faults") + "; nothing was computed."
    assert any(all(part in line for part in (str(tmp_path / "wish.csv"), *FAULTS[text])) for line in lines), lines
    assert len(lines) == 2 or "ocupation" in text
    assert not (tmp_path / "out").exists()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    problem = world(tmp_path)
    with pytest.raises(InputError) as error:
        listed(problem, tmp_path, "region,occupation,year,quota\nR,0111,,\nS,0110,,\nR,0110,2030,\nR,2221,2026,1\n"
                                  "R,2221,,2\n")
    assert sorted(fault.row for fault in error.value.faults) == [2, 3, 4, 6]
    with pytest.raises(InputError, match="not listed in review 1"):
        of_lists(problem, {"R": [BUILDER]}, {("R", NURSE, 2026): 1})
