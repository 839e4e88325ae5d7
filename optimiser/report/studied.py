"""The report of a study: a page to read and a workbook with every table of its analysis."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import xlsxwriter

from optimiser.report import workbook
from optimiser.report.page import printed
from optimiser.report.study_drivers import enough, measure, moves
from optimiser.report.study_findings import failing, holds, quotas, regrets
from optimiser.report.study_made import made, short
from optimiser.report.study_names import Names
from optimiser.report.words import Words
from optimiser.storage import write_whole
from optimiser.study.analyse import Analysis
from optimiser.study.spec import Study

CHAPTERS = (short, holds, quotas, moves, failing, regrets, measure, enough, made)
SHARES = ("share_", "low_any", "low_first", "low_all", "high_any", "high_first", "high_all", "coverage", "density",
          "base_rate", "test_density")
"""Columns of shares, by their names or what these begin with."""


def write_study(analysis: Analysis, folder: Path | str, study: Study, status: pd.DataFrame,
                language: str = "en") -> None:
    """Write `report.html` and `tables.xlsx` into an existing folder.

    Parameters
    ----------
    analysis : Analysis
    folder : Path or str
    study : Study
        What was asked: its words, its case for titles, its settings.
    status : DataFrame
        How every row ended, as in a store.
    language : str
        Language of titles and texts; the lines of the analysis stay as they are.
    """
    folder = Path(folder)
    names = Names(Words(study.problem, language), study, status)
    write_whole({folder / "report.html": page(names, analysis).encode(), folder / "tables.xlsx": book(names, analysis)})


def page(names: Names, analysis: Analysis) -> str:
    """The whole page; chapters that have nothing to tell are left out."""
    chapters = [chapter for draw in CHAPTERS if (chapter := draw(names, analysis))]
    return printed("studied.html", names.words, title=analysis.title or names.study.title, n=names, chapters=chapters)


def book(names: Names, analysis: Analysis) -> bytes:
    """Every table of the analysis as a sheet, behind the answer in words; and how the rows ended."""
    buffer = io.BytesIO()
    made_book = xlsxwriter.Workbook(buffer, workbook.OPTIONS)
    made_book.set_properties({"title": analysis.title, "created": workbook.CREATED})
    looks = workbook.looks(made_book)
    for name, frame in sheets(names, analysis).items():
        workbook.write_sheet(made_book.add_worksheet(names(f"sheet_{name}")), names.words, frame, looks,
                             lambda column, sheet=name: heading(names, sheet, column), look)
    made_book.close()
    return buffer.getvalue()


def sheets(names: Names, analysis: Analysis) -> dict[str, pd.DataFrame]:
    """The tables with titles beside their codes, behind the words and what each sheet holds."""
    tables = {**analysis.tables, "status": names.status}
    about = [(names("answer"), line) for line in analysis.lines]
    about += [(names("sheet", name=names(f"sheet_{name}")), names(f"sheet_about_{name}")) for name in tables]
    first = pd.DataFrame([(names("study"), analysis.title), *about, (names("caution"), names("honest"))],
                         columns=["about", "text"])
    return {"first": first} | {name: titled(names, frame) for name, frame in tables.items()}


def titled(names: Names, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with a title behind regions, occupations and factors."""
    looked = {"region": names.words.region, "occupation": names.words.occupation, "factor": names.factor,
              "factor_a": names.factor, "factor_b": names.factor}
    columns = {}
    for name in map(str, frame.columns):
        columns[name] = frame[name]
        if name in looked:
            columns[f"{name}_title"] = frame[name].map(lambda code, title=looked[name]: title(str(code))).astype(object)
    return pd.DataFrame(columns)


def heading(names: Names, sheet: str, column: str) -> str:
    """The heading of a column, which may mean something of its own on a sheet."""
    return names.known(f"column_in_{sheet}_{column}", names.known(f"column_{column}", column))


def look(column: object, text: bool) -> str:
    """The format of a column."""
    if text:
        return "wrap" if column == "text" else "text"
    return workbook.SHARE if str(column).startswith(SHARES) else workbook.FREE
