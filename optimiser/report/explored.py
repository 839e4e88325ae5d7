"""What an exploration found, for a reader: a section of a page, a page of its own, and a workbook."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import xlsxwriter

from optimiser.explore.finding import Finding, kind
from optimiser.report import (
    charts_alternatives,
    charts_apart,
    charts_bins,
    charts_compare,
    charts_design,
    charts_evaluate,
    charts_explain,
    charts_frontier,
    charts_ladder,
    workbook,
)
from optimiser.report.views import MOST_ROWS, Figure, Grid, Section
from optimiser.report.words import Words
from optimiser.texts import catalogue, say

LONGEST_NAME = 31  # letters of the name of a sheet
Draw = Callable[[Words, Finding], Sequence[Figure]]
CHARTS: dict[str, Draw] = {"alternatives": charts_alternatives.draw, "apart": charts_apart.draw,
                           "bins": charts_bins.draw, "frontier": charts_frontier.draw,
                           "compare": charts_compare.draw, "design": charts_design.draw,
                           "evaluate": charts_evaluate.draw, "explain": charts_explain.draw,
                           "ladder": charts_ladder.draw}
"""The figures of a question, by its name; those that need none are not in here."""


def section(words: Words, finding: Finding, number: int = 1) -> Section:
    """A finding with every text ready to print."""
    draw = CHARTS.get(finding.question)
    return Section(
        anchor=f"explored-{number}", heading=say(f"explore.title_{finding.question}", words.language),
        title=finding.title, lines=finding.told, figures=list(draw(words, finding)) if draw else [],
        grids=[grid(words, name, frame) for name, frame in finding.tables.items() if len(frame)])


def grid(words: Words, name: str, frame: pd.DataFrame) -> Grid:
    """A table of a finding; long ones are cut, and say so."""
    columns = list(map(str, frame.columns))
    rows = [[text(words, column, value) for column, value in zip(columns, row, strict=True)]
            for row in frame.head(MOST_ROWS).itertuples(index=False)]
    numbers = [i for i, column in enumerate(columns) if kind(column) not in ("code", "text")]
    return Grid(say(f"explore.table_{name}", words.language), tuple(heading(words, column) for column in columns), rows,
                numbers, words.cut(len(frame), MOST_ROWS, "rows_shown"))


def heading(words: Words, column: str) -> str:
    """The heading of a column; `unfilled_a` is headed as `unfilled`, with `a` behind it."""
    known = catalogue("en")
    for end in range(len(column), 0, -1):
        if end in (len(column),) or column[end] == "_":
            key, rest = f"explore.column_{column[:end]}", column[end + 1:]
            if key in known:
                return f"{say(key, words.language)} {rest}".strip()
    return column


def text(words: Words, column: str, value: Any) -> str:
    """A value of a column as a reader sees it."""
    what = kind(column)
    if what == "code":
        return title(words, column, str(value))
    if what == "text":
        return "" if not isinstance(value, str) and pd.isna(value) else str(value)
    if pd.isna(value):
        return words("nothing")
    if what == "plain":
        return f"{value:.0f}"
    if what == "precise":
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return words.percent(float(value), 1) if what == "share" else words.amount(float(value))


def title(words: Words, column: str, code: str) -> str:
    """A code with its title, whatever it is a code of."""
    looked = {"region": words.region, "area": words.area, "occupation": words.occupation, "service": words.service}
    for name, find in looked.items():
        if column == name or column.startswith(f"{name}_"):
            return code if find(code) == code else f"{find(code)} ({code})"
    for find in (words.area, words.region):
        if find(code) != code:
            return f"{find(code)} ({code})"
    return code


def book(words: Words, finding: Finding) -> bytes:
    """Every table of a finding as a sheet of a workbook, behind a sheet with the answer in words."""
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer, workbook.OPTIONS)
    made.set_properties({"title": finding.title, "created": workbook.CREATED})
    looks = workbook.looks(made)
    answer = pd.DataFrame({"answer": [finding.title, *finding.told]})
    for name, frame in ({"answer": answer} | finding.tables).items():
        sheet = made.add_worksheet(name.replace("_", " ").capitalize()[:LONGEST_NAME])
        workbook.write_sheet(sheet, words, titled(words, frame), looks, lambda column: heading(words, column))
    made.close()
    return buffer.getvalue()


def titled(words: Words, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with a title behind every column of codes."""
    columns: dict[str, Any] = {}
    for name in map(str, frame.columns):
        columns[name] = frame[name]
        if kind(name) == "code":
            columns[f"{name}_title"] = [title(words, name, str(code)).removesuffix(f" ({code})")
                                        for code in frame[name]]
    return pd.DataFrame(columns)
