"""The pictures of a ladder: what more of a service is worth, as a curve in its band; or one interval per service."""

from __future__ import annotations

import altair as alt
import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.report.bars import GAIN
from optimiser.report.figures import INK, MUTED, WIDTH, short, svg
from optimiser.report.views import Figure, Grid
from optimiser.report.words import Words
from optimiser.texts import say

BAND = "#93c4e0"
HEIGHT = 200
ROW, BAR = 38, 10  # height of a row and of its bar, in pixels
LETTERS = 46
LEGEND = ((BAND, "band"), (GAIN, "found"))


def draw(words: Words, finding: Finding) -> list[Figure]:
    """The curve of one service, or the intervals of all."""
    if "ladder" in finding.tables:
        return [_curve(words, finding)]
    return [_intervals(words, finding.tables["ladder_all"])] if "ladder_all" in finding.tables else []


def _figure(words: Words, key: str, drawn: str, rows: list[tuple[str, ...]]) -> Figure:
    title = say(f"explore.chart_{key}", words.language)
    head = tuple(say(f"explore.{name}", words.language) for name in (
        "chart_of", "column_chart_low", "column_chart_high", "column_value_found"))
    legend = tuple((colour, say(f"explore.chart_ladder_{name}", words.language)) for colour, name in LEGEND)
    return Figure(title, drawn, Grid(title, head, rows), legend=legend)


def _curve(words: Words, finding: Finding) -> Figure:
    """Gain over units a year: the band that is proved, and what was found within it."""
    table = finding.tables["ladder"]
    frame = pd.concat([pd.DataFrame({"extra_units": [0.0], "low": [0.0], "high": [0.0], "value_found": [0.0]}),
                       table[["extra_units", "low", "high", "value_found"]]], ignore_index=True)
    x = alt.X("extra_units:Q", title=str(finding.facts["unit_of_service"]), scale=alt.Scale(nice=False),
              axis=alt.Axis(grid=False, tickCount=5, format="~s"))
    y = alt.Y("low:Q", title=str(finding.facts["unit"]), axis=alt.Axis(gridColor="#e4e7eb", tickCount=5, domain=False),
              scale=alt.Scale(domainMin=0))
    steps = list(table[["extra_units", "low", "high"]].itertuples(index=False))
    # Between two steps a gain is at least that of the smaller and at most that of the larger one.
    edges = [(units, before[1], high) for before, (end, _, high) in zip([(0.0, 0.0, 0.0), *steps], steps, strict=False)
             for units in (before[0], end)]
    band = alt.Chart(pd.DataFrame(edges, columns=["extra_units", "low", "high"])).mark_area(
        color=BAND, opacity=0.6).encode(x=x, y=y, y2="high:Q")
    line = alt.Chart(frame).mark_line(color=GAIN, point=alt.OverlayMarkDef(color=GAIN, size=36)).encode(
        x=x, y=alt.Y("value_found:Q"))
    title = say("explore.chart_ladder", words.language)
    rows = [(str(row["step"]), *(words.amount(row[name]) for name in ("low", "high", "value_found")))
            for row in table.to_dict("records")]
    return _figure(words, "ladder", svg(alt.layer(band, line).properties(width=WIDTH - 60, height=HEIGHT), title,
                                        finding.title), rows)


def _intervals(words: Words, table: pd.DataFrame) -> Figure:
    """One interval per step, below its name, with what was found as a mark on it; those found largest first."""
    table = table.sort_values(["value_found", "high"], ascending=False, kind="stable").reset_index(drop=True)
    names = [f"{words.service(row['service'])}, {words.region(row['region'])}: {row['step']}"
             for row in table.to_dict("records")]
    height = ROW * len(table)
    frame = pd.DataFrame({"name": [short(name, LETTERS) for name in names], "low": table["low"], "high": table["high"],
                          "found": table["value_found"], "row": [ROW * i for i in range(len(table))]})
    frame["text"] = [f"{words.amount(low)}\u2013{words.amount(high)}"
                     for low, high in zip(table["low"], table["high"], strict=True)]
    frame["bar"], frame["word"] = frame["row"] + 24, frame["row"] + 9
    x = alt.Scale(domain=[0, max(float(frame["high"].max()), 1e-9)], range=[0, WIDTH - 70])
    y = alt.Scale(domain=[0, height], range=[0, height])
    base = alt.Chart(frame).encode(y=alt.Y("bar:Q", axis=None, scale=y))
    layers = [
        base.mark_bar(orient="horizontal", size=BAR, color=BAND).encode(
            x=alt.X("low:Q", axis=None, scale=x), x2="high:Q"),
        base.mark_tick(orient="vertical", size=BAR + 6, thickness=3, color=GAIN).encode(
            x=alt.X("found:Q", axis=None, scale=x)),
        base.mark_text(align="left", baseline="middle", dx=5, fontSize=10, color=MUTED).encode(
            x=alt.X("high:Q", axis=None, scale=x), text="text:N"),
        alt.Chart(frame).mark_text(align="left", baseline="middle", fontSize=12, color=INK).encode(
            x=alt.value(0), y=alt.Y("word:Q", axis=None, scale=y), text="name:N")]
    title = say("explore.chart_ladder_all", words.language)
    rows = [(name, *(words.amount(row[key]) for key in ("low", "high", "value_found")))
            for name, row in zip(names, table.to_dict("records"), strict=True)]
    return _figure(words, "ladder_all", svg(alt.layer(*layers).properties(width=WIDTH, height=height), title, title),
                   rows)
