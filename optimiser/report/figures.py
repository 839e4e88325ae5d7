"""The pictures: charts by Altair, turned into SVG without a browser. Drawn for a phone's width and scaled up."""

from __future__ import annotations

import math
import re
from html import escape
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

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
    """Stacked bars, one per row, with the name above and a remark at the end.

    Parameters
    ----------
    frame : DataFrame
        name, total (the remark), and one column of numbers per key of `labels`, in stacking order.
    labels : dict part -> text of the legend

    Returns
    -------
    str
        An SVG element.
    """
    rows = _in_order(frame)
    rows["end"] = frame[list(labels)].clip(lower=0.0).sum(axis=1)
    x = _length("number", float(rows["end"].max()))
    colours = [PART_COLOURS[part] for part in labels]
    bars = _stacked(rows, labels, colours, x, columns=2)
    return _svg(_sized(bars + _names(rows) + _remarks(rows, "total"), rows), title, description)


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
    """Plain bars of the coverage of areas: `name`, `text`, `coverage`; where there is no tile map."""
    rows = _in_order(frame)
    rows["end"] = rows["coverage"].fillna(0.0)
    bars = alt.Chart(rows).mark_bar(color=PART_COLOURS["filled_by_scheme"]).encode(
        x=_length("end", float(rows["end"].max())), y=_line())
    return _svg(_sized(bars + _names(rows) + _remarks(rows, "text"), rows), title, description)


def basis_bars(frame: pd.DataFrame, labels: dict[str, str], title: str, description: str) -> str:
    """Bars of equal length, split by basis: `name`, and one column of shares per basis."""
    rows = _in_order(frame)
    colours = [BASIS_COLOURS[basis] for basis in labels]
    bars = _stacked(rows, labels, colours, _length("number", 1.0, room=1.0), columns=4)
    return _svg(_sized(bars + _names(rows), rows), title, description)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(order=range(len(frame)), name=[_short(str(name)) for name in frame["name"]])


def _line() -> alt.Y:
    """One line per row, with room for its name above the bar."""
    return alt.Y("order:O", axis=None, scale=alt.Scale(paddingInner=0.62, paddingOuter=0.4))


def _length(column: str, longest: float, room: float = 1.18) -> alt.X:
    """Length of a bar, with room for a remark behind the longest one."""
    scale = alt.Scale(domain=[0, max(longest, 1e-9) * room])
    return alt.X(f"{column}:Q", axis=None, stack="zero", scale=scale)


def _stacked(rows: pd.DataFrame, labels: dict[str, str], colours: list[str], x: alt.X, columns: int) -> alt.Chart:
    """Bars made of parts, one colour each, with a legend above."""
    long = rows.melt(["order"], list(labels), "part", "number")
    long["number"] = long["number"].clip(lower=0.0)
    long["rank"] = [list(labels).index(part) for part in long["part"]]
    long["label"] = [labels[part] for part in long["part"]]
    texts = list(labels.values())
    colour = alt.Color("label:N", title=None, sort=texts, scale=alt.Scale(domain=texts, range=colours),
                       legend=alt.Legend(orient="top", columns=columns, symbolType="square", labelLimit=160))
    return alt.Chart(long).mark_bar(stroke="white", strokeWidth=0.6).encode(
        x=x, y=_line(), color=colour, order=alt.Order("rank:Q"))


def _names(rows: pd.DataFrame) -> alt.Chart:
    return alt.Chart(rows).mark_text(align="left", baseline="bottom", dy=-9, fontSize=12, color=INK).encode(
        x=alt.datum(0), y=_line(), text="name:N")


def _remarks(rows: pd.DataFrame, column: str) -> alt.Chart:
    return alt.Chart(rows).mark_text(align="left", dx=4, fontSize=11, color=MUTED).encode(
        x="end:Q", y=_line(), text=f"{column}:N")


def _sized(chart: Any, rows: pd.DataFrame) -> Any:
    return chart.properties(width=WIDTH, height=len(rows) * 38)


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


def _short(text: str, letters: int = MOST_LETTERS) -> str:
    return text if len(text) <= letters else text[:letters - 1].rstrip() + "\u2026"


def _wrapped(name: str, letters: int = 12) -> str:
    """A name on at most two lines, broken at the space or hyphen that makes them most even."""
    breaks = [found.end() for found in re.finditer("[ -]", name)]
    if len(name) <= letters or not breaks:
        return _short(name, letters)
    middle = min(breaks, key=lambda place: abs(len(name) - 2 * place))
    return f"{_short(name[:middle].rstrip(), letters)}\n{_short(name[middle:], letters)}"


def _svg(chart: Any, title: str, description: str) -> str:
    """A chart as an SVG element that scales with its box and is read out as its title and description."""
    spec = chart.configure(font=FONT, background="transparent", padding=2).configure_view(stroke=None).configure_legend(
        labelFontSize=11, labelColor=INK, symbolStrokeWidth=0, offset=12).to_dict()
    svg = vl_convert.vegalite_to_svg(spec)
    svg = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", svg)
    size = re.match(r'<svg [^>]*?width="([0-9.]+)" height="([0-9.]+)"', svg)
    if not size:
        raise ValueError("the chart came back without a size")
    width, height = (math.ceil(float(number)) for number in size.groups())
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
            f'style="max-width:{width * 1.35:.0f}px" aria-label="{escape(f"{title}. {description}")}">')
    return head + svg[svg.index(">") + 1:]
