"""The picture of alternatives: a matrix of occupations and lists, darker the more reviews a list has an occupation."""

from __future__ import annotations

import altair as alt
import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.report.figures import INK, MUTED, WIDTH, colour, ink_on, short, svg
from optimiser.report.views import Figure, Grid
from optimiser.report.words import Words
from optimiser.texts import say

MOST = 40  # rows of a picture; the table behind it holds all
ROW = 20  # height of a row, in pixels
HEAD = 18  # height of the line of numbers above the rows
CELL = 22  # most that a cell is wide
NAMES = 0.52  # share of the width that names get at least
LETTER = 6.5  # pixels of a letter, about


def draw(words: Words, finding: Finding) -> list[Figure]:
    """Per region, the occupations that not all lists treat alike."""
    table = finding.tables["alternatives_lists"]
    return [figure for region, part in table.groupby("region", sort=True)
            if (figure := _matrix(words, str(region), part))]


def _matrix(words: Words, region: str, part: pd.DataFrame) -> Figure | None:
    counts = part.pivot(index="occupation", columns="number_alternative", values="count_reviews").fillna(0)
    spelt = part.pivot(index="occupation", columns="number_alternative", values="reviews_listed").fillna("-")
    differ = counts[spelt.nunique(axis=1) > 1]
    if differ.empty or counts.shape[1] < 2:
        return None
    differ = differ.assign(best=differ[0], all=differ.sum(axis=1)).sort_values(
        ["best", "all"], ascending=False, kind="stable").drop(columns=["best", "all"])
    title = say("explore.chart_alternatives", words.language, region=words.region(region))
    rows = [(f"{words.occupation(str(o))} ({o})", *(str(spelt.at[o, n]) for n in differ.columns)) for o in differ.index]
    head = (say("explore.chart_of", words.language), *(
        say("explore.chart_best" if n == 0 else "explore.chart_alternative", words.language, n=n)
        for n in differ.columns))
    note = words.cut(len(rows), MOST, "rows_shown")
    return Figure(title, _drawn(words, differ.head(MOST), spelt, title), Grid(title, head, rows[:MOST], (), note),
                  note=say("explore.chart_alternatives_note", words.language))


def _drawn(words: Words, counts: pd.DataFrame, spelt: pd.DataFrame, title: str) -> str:
    """Cells beside names, in pixels."""
    columns, height = list(counts.columns), HEAD + ROW * len(counts)
    cell = min(CELL, (1 - NAMES) * WIDTH / len(columns))
    left = WIDTH - cell * len(columns)
    most = max(float(counts.to_numpy().max()), 1.0)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], range=[0, WIDTH]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))
    cells = pd.DataFrame([{"x": left + cell * i + 1, "x2": left + cell * (i + 1) - 1, "y": HEAD + ROW * n + 1,
                           "y2": HEAD + ROW * (n + 1) - 1, "fill": (fill := colour(number, most)),
                           "ink": ink_on(fill), "text": _short(str(spelt.at[o, c])),
                           "middle": left + cell * (i + 0.5), "centre": HEAD + ROW * (n + 0.5)}
                          for n, (o, row) in enumerate(zip(counts.index, counts.to_numpy(), strict=True))
                          for i, (c, number) in enumerate(zip(columns, map(float, row), strict=True))])
    names = pd.DataFrame([{"x": 0.0, "y": HEAD + ROW * (n + 0.5),
                           "text": short(f"{o} {words.occupation(str(o))}", int(left / LETTER))}
                          for n, o in enumerate(counts.index)])
    heads = pd.DataFrame([{"x": left + cell * (i + 0.5), "y": HEAD / 2, "text": str(c)}
                          for i, c in enumerate(columns)])
    layers = [
        alt.Chart(cells).mark_rect(stroke=None).encode(x=x, x2="x2:Q", y=y, y2="y2:Q",
                                                       color=alt.Color("fill:N", scale=None)),
        alt.Chart(cells).mark_text(fontSize=8, baseline="middle").encode(
            x=alt.X("middle:Q", axis=None), y=alt.Y("centre:Q", axis=None), text="text:N",
            color=alt.Color("ink:N", scale=None)),
        alt.Chart(names).mark_text(align="left", baseline="middle", fontSize=11, color=INK).encode(
            x=x, y=y, text="text:N"),
        alt.Chart(heads).mark_text(baseline="middle", fontSize=10, color=MUTED).encode(x=x, y=y, text="text:N")]
    return svg(alt.layer(*layers).properties(width=WIDTH, height=height), title, title)


def _short(reviews: str) -> str:
    """`1, 2, 3` as `1-3`; what has gaps as its first and last with a dot between them."""
    numbers = [int(number) for number in reviews.split(", ") if number.isdigit()]
    if len(numbers) < 2:
        return str(numbers[0]) if numbers else ""
    return f"{numbers[0]}{'-' if numbers[-1] - numbers[0] == len(numbers) - 1 else '..'}{numbers[-1]}"
