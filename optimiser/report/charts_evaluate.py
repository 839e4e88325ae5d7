"""The pictures of an evaluated list: what it fills beside the optimum, and where the two differ most."""

from __future__ import annotations

import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.report.bars import SIDES, gain_bars, paired_bars
from optimiser.report.views import Figure, Grid
from optimiser.report.words import Words
from optimiser.texts import say

MOST = 16  # rows of a picture; the table behind it holds all


def draw(words: Words, finding: Finding) -> list[Figure]:
    """What the given list and the optimum fill by area; the occupations in which they differ most."""
    areas, occupations = finding.tables.get("evaluate_areas"), finding.tables.get("evaluate_occupations")
    if areas is None or occupations is None:
        return []
    return [figure for figure in (_areas(words, areas), _occupations(words, occupations)) if figure]


def _areas(words: Words, areas: pd.DataFrame) -> Figure:
    rows = [(words.area(str(row["area"])), row["filled_optimum"], row["filled_list"])
            for row in areas.to_dict("records")]
    return pair(words, "evaluate_by_area", rows, ("evaluate_optimum", "evaluate_given"))


def _occupations(words: Words, occupations: pd.DataFrame) -> Figure | None:
    """Occupations by how much more, or less, the given list fills than the optimum."""
    table = occupations.assign(more=occupations["filled_list"] - occupations["filled_optimum"])
    rows = [(f"{words.occupation(str(row['occupation']))}, {words.region(str(row['region']))}", row["more"])
            for row in table.to_dict("records")]
    return gains(words, "evaluate_by_occupation", rows)


def pair(words: Words, key: str, rows: list[tuple[str, float, float]], sides: tuple[str, str]) -> Figure:
    """Two bars per row; `explore.chart_<key>` is what the picture shows, `explore.side_<side>` its legend."""
    title, named = say(f"explore.chart_{key}", words.language), [say(f"explore.side_{side}", words.language)
                                                               for side in sides]
    told = [(name, words.amount(a), words.amount(b)) for name, a, b in rows]
    frame = pd.DataFrame({"name": [name for name, *_ in rows], "first": [a for _, a, _ in rows],
                          "second": [b for *_, b in rows], "first_told": [a for _, a, _ in told],
                          "second_told": [b for *_, b in told]})
    grid = Grid(title, (say("explore.chart_of", words.language), *named), told)
    return Figure(title, paired_bars(frame, title, ", ".join(named)), grid,
                  legend=tuple(zip(SIDES, named, strict=True)))


def gains(words: Words, key: str, rows: list[tuple[str, float]]) -> Figure | None:
    """Gains and losses, largest first; nothing when there are none."""
    shown = sorted((row for row in rows if abs(row[1]) >= 0.5), key=lambda row: -abs(row[1]))
    if not shown:
        return None
    title = say(f"explore.chart_{key}", words.language)
    told = [(name, f"{'+' if more > 0 else ''}{words.amount(more)}") for name, more in shown]
    frame = pd.DataFrame(told[:MOST], columns=["name", "told"]).assign(more=[more for _, more in shown[:MOST]])
    head = (say("explore.chart_of", words.language), say("explore.chart_more", words.language))
    note = words.cut(len(shown), MOST, "rows_shown")
    return Figure(title, gain_bars(frame.sort_values("more", ascending=False), title, note or title),
                  Grid(title, head, told[:MOST], note=note))
