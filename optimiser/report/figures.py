"""The pictures: charts by Altair, turned into SVG without a browser. Drawn for a phone's width and scaled up."""

from __future__ import annotations

import math
import re
from html import escape
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from optimiser.schema import BASES

WIDTH = 340
FONT = "Helvetica, Arial, sans-serif"
INK = "#1f2933"
MUTED = "#52606d"
PART_COLOURS = {"activated": "#c77700", "filled_by_training": "#00664b", "filled_by_scheme": "#0072b2",
                "unfilled": "#b4bcc6"}
BASIS_COLOURS = {"observed": "#00664b", "derived": "#0072b2", "estimated": "#c77700", "assumed": "#b4bcc6"}
COVERAGE_RAMP = ("#f2f6fa", "#cfe1f2", "#93c4e0", "#4a98c9", "#1764ab", "#08306b")
MOST_LETTERS = 46
TILE_ROOM = 62  # a tile narrower than this shows a code in place of a name


def shortage_bars(frame: pd.DataFrame, labels: dict[str, str], title: str, description: str) -> str:
    """Stacked bars, one per row, with the name above and the total at the end.

    Parameters
    ----------
    frame : DataFrame
        name, total (text), and one column of numbers per key of `labels`, in stacking order.
    labels : dict part -> text of the legend

    Returns
    -------
    str
        An SVG element.
    """
    parts = list(labels)
    long = frame.assign(order=range(len(frame))).melt(["order", "name", "total"], parts, "part", "number")
    long["number"] = long["number"].clip(lower=0.0)
    long["rank"] = long["part"].map({part: i for i, part in enumerate(parts)})
    long["label"] = long["part"].map(labels)
    rows = frame.assign(order=range(len(frame)), name=[_short(str(name)) for name in frame["name"]])
    rows["sum"] = frame[parts].clip(lower=0.0).sum(axis=1)
    y = alt.Y("order:O", axis=None, scale=alt.Scale(paddingInner=0.62, paddingOuter=0.4))
    longest = max(float(rows["sum"].max()), 1e-9)
    x = alt.X("number:Q", axis=None, stack="zero", scale=alt.Scale(domain=[0, longest * 1.18]))
    colour = alt.Color("label:N", title=None, sort=list(labels.values()), scale=alt.Scale(
        domain=list(labels.values()), range=[PART_COLOURS[part] for part in parts]),
        legend=alt.Legend(orient="top", columns=2, symbolType="square", labelLimit=160))
    bars = alt.Chart(long).mark_bar(stroke="white", strokeWidth=0.6).encode(
        x=x, y=y, color=colour, order=alt.Order("rank:Q"))
    names = alt.Chart(rows).mark_text(align="left", baseline="bottom", dy=-9, fontSize=12, color=INK).encode(
        x=alt.datum(0), y=y, text="name:N")
    sums = alt.Chart(rows).mark_text(align="left", dx=4, fontSize=11, color=MUTED).encode(
        x="sum:Q", y=y, text="total:N")
    return _svg((bars + names + sums).properties(width=WIDTH, height=max(1, len(frame)) * 38), title, description)


def tile_map(frame: pd.DataFrame, title: str, description: str) -> str:
    """One square per area where it lies, darker the more of its shortage is filled.

    Parameters
    ----------
    frame : DataFrame
        area, name, text (of the coverage), coverage (share, NaN when there is nothing to fill), tile_row, tile_column.

    Returns
    -------
    str
        An SVG element.
    """
    frame = frame.copy()
    for axis in ("tile_row", "tile_column"):
        frame[axis] = frame[axis] - frame[axis].min()
    columns, rows = int(frame["tile_column"].max()) + 1, int(frame["tile_row"].max()) + 1
    side = min(92.0, max(34.0, WIDTH / columns))
    frame["label"] = frame["name"].map(_wrapped) if side >= TILE_ROOM else frame["area"]
    fills = [coverage_colour(value, float(frame["coverage"].max())) for value in frame["coverage"]]
    frame["fill"], frame["ink"] = fills, [ink_on(fill) for fill in fills]
    x = alt.X("tile_column:O", axis=None, scale=alt.Scale(domain=list(range(columns)), padding=0.03))
    y = alt.Y("tile_row:O", axis=None, scale=alt.Scale(domain=list(range(rows)), padding=0.03))
    tiles = alt.Chart(frame).mark_rect(stroke=MUTED, strokeWidth=0.8, cornerRadius=3).encode(
        x=x, y=y, color=alt.Color("fill:N", scale=None))
    text = alt.Chart(frame).encode(x=x, y=y, color=alt.Color("ink:N", scale=None))
    size = 11 if side >= TILE_ROOM else 9
    names = text.mark_text(fontSize=size, dy=-9, lineBreak="\n", lineHeight=size + 1, baseline="middle").encode(
        text="label:N")
    values = text.mark_text(fontSize=size + 3, dy=side * 0.27, fontWeight="bold").encode(text="text:N")
    chart = (tiles + names + values).properties(width=side * columns, height=side * rows)
    return _svg(chart, title, description)


def area_bars(frame: pd.DataFrame, title: str, description: str) -> str:
    """Plain bars of the coverage of areas: `area`, `name`, `text`, `coverage`; where there is no tile map."""
    rows = frame.assign(order=range(len(frame)), name=[_short(str(name)) for name in frame["name"]],
                        coverage=frame["coverage"].fillna(0.0))
    y = alt.Y("order:O", axis=None, scale=alt.Scale(paddingInner=0.62, paddingOuter=0.4))
    longest = max(float(rows["coverage"].max()), 1e-9)
    x = alt.X("coverage:Q", axis=None, scale=alt.Scale(domain=[0, longest * 1.18]))
    bars = alt.Chart(rows).mark_bar(color=PART_COLOURS["filled_by_scheme"]).encode(x=x, y=y)
    names = alt.Chart(rows).mark_text(align="left", baseline="bottom", dy=-9, fontSize=12, color=INK).encode(
        x=alt.datum(0), y=y, text="name:N")
    values = alt.Chart(rows).mark_text(align="left", dx=4, fontSize=11, color=MUTED).encode(x=x, y=y, text="text:N")
    return _svg((bars + names + values).properties(width=WIDTH, height=max(1, len(frame)) * 38), title, description)


def basis_bars(frame: pd.DataFrame, labels: dict[str, str], title: str, description: str) -> str:
    """Bars of equal length, split by basis: `name`, and one column of shares per basis."""
    long = frame.assign(order=range(len(frame))).melt(["order", "name"], list(BASES), "basis", "share")
    long["label"] = long["basis"].map(labels)
    long["rank"] = long["basis"].map({basis: i for i, basis in enumerate(BASES)})
    rows = frame.assign(order=range(len(frame)), name=[_short(str(name)) for name in frame["name"]])
    y = alt.Y("order:O", axis=None, scale=alt.Scale(paddingInner=0.62, paddingOuter=0.4))
    colour = alt.Color("label:N", title=None, sort=[labels[basis] for basis in BASES], scale=alt.Scale(
        domain=[labels[basis] for basis in BASES], range=[BASIS_COLOURS[basis] for basis in BASES]),
        legend=alt.Legend(orient="top", columns=4, symbolType="square"))
    bars = alt.Chart(long).mark_bar(stroke="white", strokeWidth=0.6).encode(
        x=alt.X("share:Q", axis=None, stack="zero", scale=alt.Scale(domain=[0, 1])), y=y, color=colour,
        order=alt.Order("rank:Q"))
    names = alt.Chart(rows).mark_text(align="left", baseline="bottom", dy=-9, fontSize=12, color=INK).encode(
        x=alt.datum(0), y=y, text="name:N")
    return _svg((bars + names).properties(width=WIDTH, height=max(1, len(frame)) * 38), title, description)


def coverage_colour(value: float, most: float) -> str:
    """Colour of a share on the ramp from 0 to the largest share shown; white when there is none."""
    if not math.isfinite(value):
        return "#ffffff"
    step = round((len(COVERAGE_RAMP) - 1) * value / most) if most > 0 else 0
    return COVERAGE_RAMP[min(max(step, 0), len(COVERAGE_RAMP) - 1)]


def ink_on(background: str) -> str:
    """Black or white ink, whichever stands out more."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, background))


def contrast(first: str, second: str) -> float:
    """Contrast of two `#rrggbb` colours as WCAG 2 defines it, from 1 to 21."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS - 1].rstrip() + "\u2026"


def _wrapped(name: str, letters: int = 12) -> str:
    """A name on at most two lines, broken at a space or hyphen where the halves are most even."""
    breaks = [m.end() for m in re.finditer(r"[ -]", name)]
    if len(name) <= letters or not breaks:
        return name if len(name) <= letters + 2 else name[:letters] + "\u2026"
    best = min(breaks, key=lambda i: abs(len(name) - 2 * i))
    return f"{_wrapped(name[:best].rstrip(), 100)}\n{_cut(name[best:], letters + 2)}"


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[:letters - 1] + "\u2026"


def _svg(chart: Any, title: str, description: str) -> str:
    """A chart as an SVG element that scales with its box and is read out as its title and description."""
    spec = chart.configure(font=FONT, background="transparent", padding=2).configure_view(stroke=None).configure_legend(
        labelFontSize=11, labelColor=INK, symbolStrokeWidth=0, offset=4).to_dict()
    svg = vl_convert.vegalite_to_svg(spec)
    svg = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", svg)
    size = re.match(r'<svg [^>]*?width="([0-9.]+)" height="([0-9.]+)"', svg)
    if not size:
        raise ValueError("the chart came back without a size")
    width, height = (math.ceil(float(number)) for number in size.groups())
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
            f'style="max-width:{width * 1.35:.0f}px" aria-label="{escape(f"{title}. {description}")}">')
    return head + svg[svg.index(">") + 1:]
