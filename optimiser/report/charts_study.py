"""The pictures of a study: bars with their intervals and marks below each other, curves in bands, panels over rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from optimiser.report.figures import INK, MUTED, WIDTH, short, svg

SURE, OPEN, NOISE = "#3f9e86", "#93c4e0", "#d3dae2"  # of bars: beyond doubt, in between, not to be told from noise
BASE = "#b3500f"  # of the base case's own number
FLOOR = "#7b2d8b"  # of the level of noise
BAND = "#93c4e0"
LINES = ("#0072b2", "#c77700", "#00664b", "#7b2d8b", "#52606d")  # of curves; told apart by their dashes as well
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3])
ROW, BAR, CAP = 36, 9, 4  # height of a row, of its bar and half of an interval's end, in pixels
LETTERS = 46  # of a name above its bar
LETTER = 5.6  # pixels of a letter of a number
LEFT = 6  # pixels kept before a bar for the end of an interval
HEIGHT, PANEL = 210, 54  # of a chart with axes and of one panel of several
GRID = "#e4e7eb"


@dataclass(frozen=True)
class Span:
    """One bar below its name; what is NaN is not drawn.

    Attributes
    ----------
    name, told : str
        Above the bar and behind it.
    start, end : float
        Ends of the bar.
    colour : str
    low, high : float
        Ends of the interval, a thin line over the bar.
    middle, mark : float
        A dark tick (a median) and a coloured one (the base case, the level of noise).
    """

    name: str
    told: str
    start: float
    end: float
    colour: str
    low: float = math.nan
    high: float = math.nan
    middle: float = math.nan
    mark: float = math.nan


def spans(rows: Sequence[Span], title: str, description: str, *, most: float = math.nan, mark: str = BASE) -> str:
    """Bars below each other, all on one scale.

    Parameters
    ----------
    rows : sequence of Span
        At least one.
    most : float
        Upper end of the scale; without, the largest number drawn. The scale holds 0 always.
    mark : str
        Colour of the marks.

    Returns
    -------
    str
        An SVG element; its legend is left to the page.
    """
    numbers = [number for row in rows for number in (row.start, row.end, row.low, row.high, row.middle, row.mark, 0.0)
               if math.isfinite(number)]
    least, largest = min(numbers), max(numbers) if math.isnan(most) else most
    room = max(len(row.told) for row in rows) * LETTER + 10
    by = (WIDTH - room - LEFT) / max(largest - least, 1e-9)

    def at(number: float) -> float:
        return LEFT + (min(max(number, least), largest) - least) * by

    height = ROW * len(rows)
    x, y = alt.X("x:Q", axis=None, scale=_pixels(WIDTH)), alt.Y("y:Q", axis=None, scale=_pixels(height))
    middle = [ROW * n + 24.0 for n in range(len(rows))]
    bars = [{"x": at(min(row.start, row.end)), "x2": max(at(max(row.start, row.end)), at(min(row.start, row.end)) + 1),
             "y": y0, "colour": row.colour} for row, y0 in zip(rows, middle, strict=True)
            if math.isfinite(row.start) and math.isfinite(row.end)]
    layers: list[Any] = [_ticks([(at(0.0), y0, BAR) for y0 in middle], MUTED, 0.8, x, y)]
    if bars:
        layers.append(alt.Chart(pd.DataFrame(bars)).mark_bar(orient="horizontal", size=BAR).encode(
            x=x, x2="x2:Q", y=y, color=alt.Color("colour:N", scale=None)))
    wide = [(at(row.low), at(row.high), y0) for row, y0 in zip(rows, middle, strict=True)
            if math.isfinite(row.low) and math.isfinite(row.high)]
    if wide:
        layers.append(alt.Chart(pd.DataFrame(wide, columns=["x", "x2", "y"])).mark_rule(
            color=INK, strokeWidth=1.2).encode(x=x, x2="x2:Q", y=y))
        layers.append(_ticks([(end, y0, CAP) for low, high, y0 in wide for end in (low, high)], INK, 1.2, x, y))
    for name, colour, thick in (("mark", mark, 3.4), ("middle", INK, 1.8)):
        if ticks := [(at(number), y0, BAR) for row, y0 in zip(rows, middle, strict=True)
                     if math.isfinite(number := getattr(row, name))]:
            layers.append(_ticks(ticks, colour, thick, x, y))
    texts = pd.DataFrame({"name": [short(row.name, LETTERS) for row in rows], "told": [row.told for row in rows],
                          "top": [ROW * n + 9 for n in range(len(rows))], "y": middle})
    base = alt.Chart(texts)
    layers += [base.mark_text(align="left", baseline="middle", fontSize=12, color=INK).encode(
        x=alt.value(0), y=alt.Y("top:Q", axis=None, scale=_pixels(height)), text="name:N"),
        base.mark_text(align="right", baseline="middle", fontSize=10, color=MUTED).encode(
            x=alt.value(WIDTH), y=y, text="told:N")]
    return svg(alt.layer(*layers).properties(width=WIDTH, height=height), title, description)


def _pixels(length: float) -> alt.Scale:
    """A scale that leaves pixels as they are; bars would bring padding, and texts rounding, with them."""
    return alt.Scale(domain=[0, length], range=[0, length], padding=0, nice=False, zero=False)


def _ticks(places: list[tuple[float, float, int]], colour: str, thick: float, x: alt.X, y: alt.Y) -> alt.Chart:
    """Upright strokes: where, at which height, half as long."""
    frame = pd.DataFrame([{"x": at, "y": middle - half, "y2": middle + half} for at, middle, half in places])
    return alt.Chart(frame).mark_rule(color=colour, strokeWidth=thick).encode(x=x, y=y, y2="y2:Q")


def curves(frame: pd.DataFrame, across: str, up: str, title: str, description: str) -> str:
    """Curves in their bands, over a common axis.

    Parameters
    ----------
    frame : DataFrame
        line (number of the curve, from 0, at most as many as `LINES`), x, low, high (percentages).
    across, up : str
        What the axes count.
    """
    x = alt.X("x:Q", title=across, scale=alt.Scale(nice=False, domainMin=0),
              axis=alt.Axis(grid=False, tickCount=5, format="~s"))
    y = alt.Y("low:Q", title=up, scale=alt.Scale(domain=[0, 100]),
              axis=alt.Axis(gridColor=GRID, tickCount=5, domain=False))
    layers: list[Any] = []
    for line, part in frame.groupby("line", sort=True):
        n = int(str(line))
        base = alt.Chart(part)
        layers.append(base.mark_area(color=LINES[n], opacity=0.25).encode(x=x, y=y, y2="high:Q"))
        layers.append(base.mark_line(color=LINES[n], strokeWidth=1.8, strokeDash=DASHES[n]).encode(
            x=x, y=alt.Y("high:Q", title=up)))
    return svg(alt.layer(*layers).properties(width=WIDTH - 50, height=HEIGHT), title, description)


def panels(frame: pd.DataFrame, across: str, title: str, description: str, *, percent: bool = False,
           borders: Sequence[float] = ()) -> str:
    """One small chart below the other, all over the same rows: a line in its band.

    Parameters
    ----------
    frame : DataFrame
        panel (number, from the top), name, rows, value, low, high.
    across : str
        What the common axis counts.
    percent : bool
        Whether the values are shares, drawn from 0 to 100 %.
    borders : sequence of float
        Values at which a dashed line is drawn.
    """
    ends = [0.0, float(frame["rows"].max())]
    charts = []
    for number, part in frame.groupby("panel", sort=True):
        last = bool(number == frame["panel"].max())
        x = alt.X("rows:Q", title=across if last else None, scale=alt.Scale(domain=ends, nice=False),
                  axis=alt.Axis(grid=False, tickCount=5, format="~s", labels=last, ticks=last))
        most = 1.0 if percent else max(float(part[["value", "high"]].max().max()), 1e-9)
        y = alt.Scale(domain=[0, most], nice=False, clamp=True)
        axis = alt.Axis(gridColor=GRID, values=[0, most / 2, most], domain=False, format="%" if percent else ".2~g")
        base = alt.Chart(part)
        layers: list[Any] = []
        if borders:
            layers.append(alt.Chart(pd.DataFrame({"value": list(borders)})).mark_rule(
                color=BASE, strokeDash=[4, 3], strokeWidth=1).encode(y=alt.Y("value:Q", scale=y)))
        drawn = part[part["low"].notna() & part["high"].notna()]
        if len(drawn):
            layers.append(alt.Chart(drawn).mark_area(color=BAND, opacity=0.7).encode(
                x=x, y=alt.Y("low:Q", scale=y, axis=axis, title=None), y2="high:Q"))
        layers.append(base.mark_line(color=LINES[0], strokeWidth=1.6, point=alt.OverlayMarkDef(
            color=LINES[0], size=14)).encode(x=x, y=alt.Y("value:Q", scale=y, axis=axis, title=None)))
        head = alt.TitleParams(short(str(part["name"].iloc[0]), LETTERS), anchor="start", fontSize=12,
                               fontWeight="normal", color=INK, offset=4)
        charts.append(alt.layer(*layers).properties(width=WIDTH - 46, height=PANEL, title=head))
    return svg(alt.vconcat(*charts, spacing=8), title, description)
