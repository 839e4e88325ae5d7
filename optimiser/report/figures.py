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
RAMP = ("#f2f6fa", "#cfe1f2", "#93c4e0", "#4a98c9", "#1764ab", "#08306b")
MOST_LETTERS = (46, 56)  # of a first and a second line of text as wide as the picture
TILE_ROOM = 62  # a tile narrower than this shows a code in place of a name
BAR, LINE = 14, 16  # heights of a bar and of a line of text, in pixels


def shortage_bars(frame: pd.DataFrame, parts: list[str], title: str, description: str) -> str:
    """Stacked bars, one per row, each below its name and a remark.

    Parameters
    ----------
    frame : DataFrame
        name, remark, and one column of numbers per part, in stacking order.
    parts : list of str
        Keys of `PART_COLOURS`.

    Returns
    -------
    str
        An SVG element; its legend is left to the page.
    """
    return _bars(frame, {part: PART_COLOURS[part] for part in parts}, ("name", "remark"), title, description)


def area_bars(frame: pd.DataFrame, title: str, description: str) -> str:
    """Plain bars of what stays unfilled in areas: `name`, `remark`, `unfilled`; where there is no tile map."""
    return _bars(frame, {"unfilled": PART_COLOURS["unfilled"]}, ("name", "remark"), title, description)


def basis_bars(frame: pd.DataFrame, bases: list[str], title: str, description: str) -> str:
    """Bars of equal length, split by basis: `name`, and one column of shares per basis."""
    return _bars(frame, {basis: BASIS_COLOURS[basis] for basis in bases}, ("name",), title, description)


def _bars(frame: pd.DataFrame, colours: dict[str, str], lines: tuple[str, ...], title: str, description: str) -> str:
    """Bars made of parts, one per row, below their lines of text."""
    step = LINE * len(lines) + BAR + 12
    height = step * len(frame)
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))
    numbers = frame[list(colours)].astype(float).clip(lower=0.0).reset_index(drop=True)
    ends = numbers.cumsum(axis=1)
    x = alt.Scale(domain=[0, max(float(ends.to_numpy().max()), 1e-9)])
    pieces = pd.DataFrame([{"place": step * row + LINE * len(lines) + BAR / 2 + 4, "from": ends.at[row, part] - number,
                            "to": ends.at[row, part], "colour": colour}
                           for part, colour in colours.items() for row, number in enumerate(numbers[part]) if number])
    layers = [alt.Chart(pieces).mark_bar(orient="horizontal", size=BAR, stroke="white", strokeWidth=0.6).encode(
        x=alt.X("from:Q", axis=None, scale=x), x2="to:Q", y=y, color=alt.Color("colour:N", scale=None))
    ] if len(pieces) else []
    for number, line in enumerate(lines):
        texts = pd.DataFrame({"text": [short(str(text), MOST_LETTERS[number]) for text in frame[line]],
                              "place": [step * row + LINE * (number + 0.5) for row in range(len(frame))]})
        size, ink = (12, INK) if number == 0 else (11, MUTED)
        layers.append(alt.Chart(texts).mark_text(align="left", baseline="middle", fontSize=size, color=ink).encode(
            x=alt.value(0), y=y, text="text:N"))
    return svg(alt.layer(*layers).properties(width=WIDTH, height=height), title, description)


def tile_map(frame: pd.DataFrame, title: str, description: str) -> str:
    """One square per area where it lies, darker the more of its shortage stays unfilled.

    Parameters
    ----------
    frame : DataFrame
        area, name, unfilled (person-years), number and share (texts), tile_row, tile_column.

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
    wide = side >= TILE_ROOM
    frame["label"] = frame["name"].map(_wrapped) if wide else frame["area"]
    fills = [colour(value, float(frame["unfilled"].max())) for value in frame["unfilled"]]
    frame["fill"], frame["ink"] = fills, [ink_on(fill) for fill in fills]
    x = alt.X("tile_column:O", axis=None, scale=alt.Scale(domain=list(range(columns)), padding=0.03))
    y = alt.Y("tile_row:O", axis=None, scale=alt.Scale(domain=list(range(rows)), padding=0.03))
    tiles = alt.Chart(frame).mark_rect(stroke=MUTED, strokeWidth=0.8, cornerRadius=3).encode(
        x=x, y=y, color=alt.Color("fill:N", scale=None))
    text = alt.Chart(frame).encode(x=x, y=y, color=alt.Color("ink:N", scale=None))
    letters = max(len(number) for number in frame["number"])
    size = min(14.0 if wide else 9.0, side / (0.62 * letters))
    layers = [tiles, text.mark_text(fontSize=size, dy=side * 0.12, fontWeight="bold").encode(text="number:N")]
    for lines, part in frame.groupby(frame["label"].str.count("\n")):
        layers.append(text.properties(data=part).mark_text(
            fontSize=11 if wide else 9, dy=-side * 0.22 - 6 * int(str(lines)), lineBreak="\n", lineHeight=12,
            baseline="middle").encode(text="label:N"))
    if wide:
        layers.append(text.mark_text(fontSize=10, dy=side * 0.34).encode(text="share:N"))
    return svg(alt.layer(*layers).properties(width=side * columns, height=side * rows), title, description)


def colour(value: float, most: float) -> str:
    """Colour of a number on the ramp from 0 to the largest one shown."""
    step = round((len(RAMP) - 1) * value / most) if most > 0 else 0
    return RAMP[min(max(step, 0), len(RAMP) - 1)]


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


def short(text: str, letters: int) -> str:
    """A text cut to so many letters, the last of them an ellipsis."""
    return text if len(text) <= letters else text[:letters - 1].rstrip() + "\u2026"


def _wrapped(name: str, letters: int = 12) -> str:
    """A name on at most two lines, broken at the space or hyphen that makes them most even."""
    breaks = [found.end() for found in re.finditer("[ -]", name)]
    if len(name) <= letters or not breaks:
        return short(name, letters)
    middle = min(breaks, key=lambda place: abs(len(name) - 2 * place))
    return f"{short(name[:middle].rstrip(), letters)}\n{short(name[middle:], letters)}"


def svg(chart: Any, title: str, description: str) -> str:
    """A chart as an SVG element that scales with its box and is read out as its title and description."""
    spec = chart.configure(font=FONT, background="transparent", padding=2).configure_view(stroke=None).to_dict()
    drawn = vl_convert.vegalite_to_svg(spec)
    drawn = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", drawn)
    size = re.match(r'<svg [^>]*?width="([0-9.]+)" height="([0-9.]+)"', drawn)
    if not size:
        raise ValueError("the chart came back without a size")
    width, height = (math.ceil(float(number)) for number in size.groups())
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
            f'style="max-width:{width * 1.35:.0f}px" aria-label="{escape(f"{title}. {description}")}">')
    return head + drawn[drawn.index(">") + 1:]
