"""The country that `optimiser new` writes: complete, commented, valid, and worth solving."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from optimiser.check import violations
from optimiser.errors import InputError
from optimiser.newcase import create
from optimiser.problem import load
from optimiser.schema import TABLES
from optimiser.solving import solve


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "country"
    create(folder)
    return folder


def test_it_holds_one_config_a_readme_and_every_table(country: Path) -> None:
    assert {file.name for file in country.iterdir()} == {"config.yaml", "README.md", *(t.file for t in TABLES)}
    assert all(len((country / table.file).read_text("utf-8").splitlines()) > 1 for table in TABLES)


def test_every_setting_has_a_comment_and_every_table_a_line_of_the_readme(country: Path) -> None:
    for line in (country / "config.yaml").read_text("utf-8").splitlines():
        heading = line.rstrip().endswith(":") or "- {name: " in line or line == ""
        assert heading or "#" in line, line
    readme = (country / "README.md").read_text("utf-8")
    assert all(f"| `{table.file}` |" in readme for table in TABLES)


def test_the_readme_names_no_column_that_a_table_lacks(country: Path) -> None:
    rows = [line.split("|") for line in (country / "README.md").read_text("utf-8").splitlines() if ".csv` |" in line]
    for _, file, _, columns, _ in rows:
        table = next(t for t in TABLES if t.file == file.strip(" `"))
        named = columns.split("`")[1::2]
        assert {column.name for column in table.columns} & set(named), file


def test_its_numbers_call_themselves_invented(country: Path) -> None:
    for table in TABLES:
        with (country / table.file).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row.get("source", "example") == "example"
                assert row.get("basis", "assumed") == "assumed"


def test_an_existing_folder_is_one_fault_and_stays_as_it_is(country: Path) -> None:
    before = (country / "config.yaml").stat().st_mtime_ns
    with pytest.raises(InputError) as caught:
        create(country)
    assert len(caught.value.faults) == 1 and "\n" not in str(caught.value)
    assert (country / "config.yaml").stat().st_mtime_ns == before


def test_force_replaces_a_folder(tmp_path: Path) -> None:
    create(tmp_path / "a")
    (tmp_path / "a" / "shortages.csv").unlink()
    create(tmp_path / "a", force=True)
    assert (tmp_path / "a" / "shortages.csv").exists()


def test_it_solves_with_an_answer_that_is_not_obvious(country: Path) -> None:
    problem = load(country / "config.yaml")
    solution = solve(problem)
    assert not violations(problem, solution.plan)
    assert solution.status["termination"] in ("optimal", "within_gap") and not solution.status["clock_cut"]
    for region in problem.regions:
        listed = set(solution.lists["occupation"][solution.lists["region"] == region])
        assert "2221" in listed and listed != set(problem.candidates[region])
    assert (solution.unfilled["unfilled"] > 0).any() and (solution.unfilled["filled_by_scheme"] > 0).any()
    assert (solution.lists["entered"] == "yes").any()
    assert (solution.services["used"] >= 0.99 * solution.services["capacity"]).any()
