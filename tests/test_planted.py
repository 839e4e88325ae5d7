"""Nothing planted in a table comes alive: no markup in the page or the terminal, no formula in a spreadsheet."""

from __future__ import annotations

import csv
import html
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from planted import plant, texts
from test_report_page import Tags
from valley import answered, valley

import optimiser
from optimiser import cells, report
from optimiser.plan import Plan
from optimiser.schema import BY_NAME, TABLES
from optimiser.solution import derive

MARK = '<b onload="x">{{ 7*7 }}{0}%s</b><script>alert(1)</script>&amp;[/red]'
CODE = "<u onclick=y>"
FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://nowhere.invalid")')
SHOWN = {"regions.title_en", "areas.title_en", "occupations.title_en", "occupations.sector", "services.title_en",
         "services.unit", "sources.publisher", "sources.title", "sources.note", "list_in_force.entry",
         "exclusions.reason"}  # what the page shows


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run folder of the planted case, and what the commands have printed."""
    folder = tmp_path_factory.mktemp("planted")
    config = plant(folder / "case", lambda table, column: MARK % f"{table.name}.{column.name}", CODE)
    said = ""
    for arguments in (["validate", config], ["solve", config, "--scenario", "s", "--out", folder / "run"],
                      ["check", folder / "run"]):
        ended = subprocess.run([sys.executable, "-m", "optimiser", *map(str, arguments)], capture_output=True,
                               text=True, check=False)
        said += ended.stdout + ended.stderr
        assert ended.returncode == 0, said
    return folder / "run", said


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the same case with nothing planted."""
    folder = tmp_path_factory.mktemp("clean")
    problem = valley(folder / "in")
    report.write(problem, answered(problem), folder)
    return (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("language", ["en", "nl", "fr", "de"])
def test_no_text_of_any_table_is_markup(run: tuple[Path, str], clean: str, tmp_path: Path, language: str) -> None:
    problem, solution = optimiser.read_run(run[0])
    report.write(problem, solution, tmp_path, language)
    page = (tmp_path / "report.html").read_text("utf-8")
    allowed, found = Tags(clean).found, Tags(page).found
    assert {tag for tag, _ in found} <= {tag for tag, _ in allowed} | {"tspan"}  # lines of a long label
    assert not [tag for tag, names in found if any(name.startswith("on") for name in names)]
    assert "<script" not in page and "49{0}" not in page and "{{ 7*7 }}" in page
    shown = set(re.findall(r"\{0\}([a-z_]+\.[a-z_]+)", html.unescape(page)))
    assert shown >= {name.replace("_en", f"_{language}") for name in SHOWN}
    assert html.escape(CODE) in page.replace("&#34;", "&quot;")


def test_no_text_of_any_table_is_a_command_to_the_terminal(run: tuple[Path, str]) -> None:
    said = "".join(run[1].split())
    assert "\x1b" not in said
    assert CODE.replace(" ", "") in said


def test_a_spreadsheet_shows_every_text_as_it_is(run: tuple[Path, str]) -> None:
    book = openpyxl.load_workbook(run[0] / "lists.xlsx")
    values = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    text = "\n".join(values)
    assert {name for name in SHOWN if (MARK % name) in text} >= SHOWN - {"exclusions.reason", "list_in_force.entry"}
    assert f"{CODE}0110" in values


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_refused_in_every_column_of_every_table(tmp_path: Path, formula: str) -> None:
    """Our own tables copy codes and texts letter by letter, so nothing that a spreadsheet would compute may come in."""
    config = plant(tmp_path, lambda *_: formula, formula)
    with pytest.raises(optimiser.InputError) as caught:
        optimiser.load(config)
    refused = {(Path(fault.file).name, fault.column) for fault in caught.value.faults}
    assert texts() <= refused
    assert all("as a formula" in fault.hint for fault in caught.value.faults if fault.column.startswith("title"))


@pytest.mark.parametrize("text", ["\t=1+1", "\r=1+1"])
def test_a_formula_behind_space_is_refused_too(tmp_path: Path, text: str) -> None:
    config = plant(tmp_path, lambda *_: text)
    with pytest.raises(optimiser.InputError) as caught:
        optimiser.load(config)
    refused = {Path(fault.file).name for fault in caught.value.faults}
    assert refused == {"config.yaml"} | {table.file for table in TABLES if any(c.kind == "text" for c in table.columns)}


@pytest.mark.parametrize("text", ["Nurse =1+1", "2 + 2", "a@b"])
def test_a_text_with_such_a_sign_in_it_is_no_formula(tmp_path: Path, text: str) -> None:
    assert optimiser.load(plant(tmp_path, lambda *_: text)).regions == ("R",)
    assert cells.value("-", BY_NAME["sources"].column("note")) == "-"


def test_the_tables_of_a_run_hold_no_formula(run: tuple[Path, str]) -> None:
    tables = sorted(run[0].rglob("*.csv"))
    assert len(tables) > 20
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            for value in (cell for row in csv.reader(file) for cell in row):
                assert not re.match(r"[=+@\t\r-].", value) or re.fullmatch(r"-[0-9.e-]+|-inf", value), (path, value)


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_workbook_would_show_a_formula_as_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                     formula: str) -> None:
    """A second lock on the same door: with the first one open, still nothing is computed."""
    monkeypatch.setattr(cells, "_FORMULA", re.compile(r"(?!)"))
    problem = optimiser.load(plant(tmp_path / "case", lambda *_: formula, formula))
    report.write(problem, derive(problem, Plan()), tmp_path)
    content = (tmp_path / "lists.xlsx").read_bytes()
    book = openpyxl.load_workbook(io.BytesIO(content))
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert sum(formula in str(cell.value) for cell in found) > 20
    assert not any(cell.data_type == "f" and cell.value != formula or cell.hyperlink for cell in found)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not [name for name in parts.namelist() if re.search(rb"<f[ >]", parts.read(name))]
