"""The workbook: codes stay texts, nothing is a formula, numbers are numbers."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from valley import BUILDERS, NURSES, answered, valley
from worlds import rows, world

from optimiser import cells
from optimiser.plan import Plan
from optimiser.report.words import Words
from optimiser.report.workbook import workbook
from optimiser.solution import derive

FORMULA = '=HYPERLINK("http://nowhere.invalid")'


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    quoted = '"' + FORMULA.replace('"', '""') + '"'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "_FORMULA", re.compile(r"(?!)"))  # or it would be refused on input
        problem = valley(tmp_path_factory.mktemp("book"), occupations=rows(
            "occupation title_en sector skill_tier regulated risk_class",
            (BUILDERS, quoted, "construction", "medium", "no", "high"),
            (NURSES, "Nurse", "health", "high", "yes", "low")))
    return openpyxl.load_workbook(io.BytesIO(workbook(Words(problem), answered(problem))))


def table(book: Workbook, name: str) -> list[dict[str, object]]:
    head, *body = book[name].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in body]


def test_codes_are_texts_and_quotas_numbers(book: Workbook) -> None:
    row = table(book, "Lists and quotas")[0]
    assert row["Occupation code"] == BUILDERS  # its leading zero counts
    assert (row["2026"], row["2027"]) == (10, 4)
    assert row["Why"] == "Fills 4.9 person-years per 1,000 hours (Courses, full in Upper End)."
    assert (row["Tie (not proved to belong on the list)"], row["Basis of its shortage"]) == ("no", "estimated")


def test_the_first_sheet_is_to_read_and_names_the_others(book: Workbook) -> None:
    first, *others = book.sheetnames
    about = [str(row["About"]) for row in table(book, first)]
    assert first == "Read first"
    assert [text.removeprefix("Sheet: ") for text in about if text.startswith("Sheet: ")] == others
    assert "Counted or estimated" in about


def test_every_shortage_carries_its_range_basis_and_source(book: Workbook) -> None:
    row = table(book, "Shortage by area and year")[0]
    assert (row["Low"], row["Central"], row["High"], row["Basis"], row["Source"]) == (5, 10, 20, "estimated", "S")
    assert row["On the list that year"] == "yes"


def test_numbers_and_aims_are_named_in_words(book: Workbook) -> None:
    assert "Shortage of" in str(table(book, "Influential estimates")[-1]["Number"]) + str(
        table(book, "Influential estimates")[0]["Number"])
    assert table(book, "Aims")[0]["Aim"] == "Shortage that stays unfilled"
    assert table(book, "Aims")[0]["How its search ended"] == "within the gap asked for"
    assert table(book, "Basis")[0]["Figures of"] == "All shortages, The Valley"


def test_nothing_is_a_formula_or_a_link(book: Workbook) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert FORMULA in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert not any(cell.hyperlink for cell in cells)


def test_sheets_hold_every_row(book: Workbook) -> None:
    short = table(book, "Shortage by area and year")
    assert sum(float(str(row["Unfilled"])) for row in short) == pytest.approx(19.1)
    assert len(table(book, "Services")) == 6
    assert [row["Occupation code"] for row in table(book, "By occupation")] == [BUILDERS, NURSES]
    assert table(book, "Public cost")[0]["Total (EUR)"] == 8200
    assert len(table(book, "Influential estimates")) == 4


def test_headers_are_frozen_and_columns_have_widths(book: Workbook) -> None:
    assert all(sheet.freeze_panes == "A2" for sheet in book)
    assert all(sheet.column_dimensions["A"].width >= 8 for sheet in book)


def test_shares_and_gaps_are_shown_as_such(book: Workbook) -> None:
    head = [str(cell.value) for cell in book["Aims"][1]]
    looks = {name: book["Aims"].cell(2, place).number_format for place, name in enumerate(head, start=1)}
    assert (looks["Gap"], looks["Later aims may give back"], looks["Value"]) == ("0.0%", "0.0%", "General")
    assert book["Lists and quotas"].cell(2, head.index("Region code") + 1).number_format == "@"
    assert table(book, "Entries and exits")[0]["Move"] == "Leave"


def test_no_date_but_the_fixed_one(tmp_path: Path) -> None:
    problem = valley(tmp_path)
    with zipfile.ZipFile(io.BytesIO(workbook(Words(problem), answered(problem)))) as archive:
        core = archive.read("docProps/core.xml").decode()
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_an_empty_plan_makes_a_workbook(tmp_path: Path) -> None:
    problem = world(tmp_path, shortages=[])
    book = openpyxl.load_workbook(io.BytesIO(workbook(Words(problem), derive(problem, Plan()))))
    assert table(book, "Lists and quotas") == []
    assert "no shortage" in " ".join(str(row["Text"]) for row in table(book, "Read first")).lower()
