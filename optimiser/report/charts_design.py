"""The picture of a design: what it leaves unfilled in every future beyond the best possible there."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.report.bars import SIDES, paired_bars
from optimiser.report.content import records
from optimiser.report.views import Figure, Grid
from optimiser.report.words import Words
from optimiser.texts import say

MOST = 20  # futures of a picture; the table behind it holds all


def draw(words: Words, finding: Finding) -> list[Figure]:
    """One picture per group of regions that were designed for together."""
    table = finding.tables.get("design_futures")
    if table is None or table.empty:
        return []
    return [_drawn(words, str(regions), part) for regions, part in table.groupby("regions", sort=False)]


def _drawn(words: Words, regions: str, part: pd.DataFrame) -> Figure:
    """Two bars per future: the list and quotas of the mean numbers above, the design below; they begin at the bound."""
    def text(key: str, **values: object) -> str:
        return say(f"futures.chart_{key}", words.language, **values)

    title = text("title", regions=words.names([words.region(code) for code in regions.split(", ")], len(part)))
    sides = [text("mean"), text("design")]
    rows = records(part)
    compared = part["unfilled_mean"].notna().any()  # else the mean numbers have no plan, or it breaks rules everywhere
    frame = pd.DataFrame([{
        "name": text("future", future=row["future"], best=words.amount(row["low_alone"])),
        "first": _beyond(row, "unfilled_mean"), "second": _beyond(row, "unfilled_design"),
        "first_told": _told(words, row, "unfilled_mean") or (text("breaks") if compared else ""),
        "second_told": _told(words, row, "unfilled_design")} for row in rows[:MOST]])
    head = (text("head_future"), text("head_best"), sides[1], sides[0])
    told = [(str(row["future"]), words.amount(row["low_alone"]), words.amount(row["unfilled_design"]),
             text("breaks") if pd.isna(row["unfilled_mean"]) else words.amount(row["unfilled_mean"])) for row in rows]
    note = " ".join(part for part in (text("about"), words.cut(len(rows), MOST, "rows_shown")) if part)
    legend = [(SIDES[0], sides[0]), (SIDES[1], sides[1])] if compared else [(SIDES[1], sides[1])]
    return Figure(title, paired_bars(frame, title, text("about")), Grid(title, head, told, range(1, 4)), note, legend)


def _beyond(row: dict[str, Any], column: str) -> float:
    """How much more stays unfilled than the bound of the future alone."""
    return 0.0 if pd.isna(row[column]) else max(0.0, float(row[column]) - float(row["low_alone"]))


def _told(words: Words, row: dict[str, Any], column: str) -> str:
    return "" if pd.isna(row[column]) else f"+{words.amount(_beyond(row, column))}"
