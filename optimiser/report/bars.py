"""Bars that compare: two of a kind side by side, and what is gained or lost around a line."""

from __future__ import annotations

import altair as alt
import pandas as pd

from optimiser.report.figures import INK, MUTED, WIDTH, short, svg

SIDES = ("#b4bcc6", "#0072b2")  # of the one that is compared with, and of the other
GAIN, LOSS = "#0072b2", "#c77700"
BAR, LINE, GAP = 11, 16, 10  # heights of a bar, of a line of text and between rows, in pixels
LETTERS = 46
NUMBER_ROOM = 58  # pixels kept beside a bar for its number


def paired_bars(frame: pd.DataFrame, title: str, description: str) -> str:
    """Two bars per row below its name, each with its number behind it.

    Parameters
    ----------
    frame : DataFrame
        name, first, second (numbers, at least 0), first_told, second_told (texts).

    Returns
    -------
    str
        An SVG element; its legend is left to the page.
    """
    step = LINE + 2 * BAR + GAP
    most = max(float(frame[["first", "second"]].to_numpy().max()), 1e-9) if len(frame) else 1.0
    scale = (WIDTH - NUMBER_ROOM) / most
    pieces = [{"y": step * row + LINE + BAR * (n + 0.5), "x": 0.0, "x2": float(number) * scale, "colour": SIDES[n],
               "text": told} for row, values in enumerate(zip(frame["first"], frame["second"], strict=True))
              for n, (number, told) in enumerate(zip(values, _told(frame, row), strict=True))]
    numbers = [{"x": piece["x2"] + 4, "y": piece["y"], "text": piece["text"], "align": "left"} for piece in pieces]
    return _drawn(list(frame["name"]), step, pieces, numbers, title, description)


def gain_bars(frame: pd.DataFrame, title: str, description: str) -> str:
    """One bar per row below its name: to the right what is gained, to the left what is lost.

    Parameters
    ----------
    frame : DataFrame
        name, more (number), told (text).
    """
    step = LINE + BAR + GAP
    numbers = frame["more"].astype(float)
    right, left = max(float(numbers.max()), 0.0), max(float(-numbers.min()), 0.0)
    room = WIDTH - NUMBER_ROOM * ((right > 0) + (left > 0))
    scale = room / max(right + left, 1e-9)
    zero = (NUMBER_ROOM if left > 0 else 0) + left * scale
    pieces = [{"y": step * row + LINE + BAR / 2, "x": zero, "x2": zero + number * scale,
               "colour": GAIN if number >= 0 else LOSS} for row, number in enumerate(numbers)]
    texts = [{"x": piece["x2"] + (4 if number >= 0 else -4), "y": piece["y"], "text": told,
              "align": "left" if number >= 0 else "right"}
             for piece, number, told in zip(pieces, numbers, frame["told"], strict=True)]
    return _drawn(list(frame["name"]), step, pieces, texts, title, description, zero)


def _told(frame: pd.DataFrame, row: int) -> tuple[str, str]:
    return str(frame["first_told"].iloc[row]), str(frame["second_told"].iloc[row])


def _drawn(names: list[str], step: int, pieces: list[dict], numbers: list[dict], title: str, description: str,
           zero: float = 0.0) -> str:
    """Bars, the line they begin at, names above them and numbers at their ends, all in pixels."""
    height = step * len(names)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], range=[0, WIDTH]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))
    bars = alt.Chart(pd.DataFrame(pieces)).mark_bar(orient="horizontal", size=BAR - 1).encode(
        x=x, x2="x2:Q", y=y, color=alt.Color("colour:N", scale=None))
    ends = [{"x": zero, "y": step * row + LINE - 1, "y2": step * (row + 1) - GAP + 1} for row in range(len(names))]
    begin = alt.Chart(pd.DataFrame(ends)).mark_rule(color=MUTED, strokeWidth=0.8).encode(x=x, y=y, y2="y2:Q")
    layers: list[alt.Chart] = [bars, begin]
    rows = pd.DataFrame({"text": [short(name, LETTERS) for name in names],
                         "y": [step * row + LINE / 2 for row in range(len(names))]})
    layers.append(alt.Chart(rows).mark_text(align="left", baseline="middle", fontSize=12, color=INK).encode(
        x=alt.value(0), y=y, text="text:N"))
    told = pd.DataFrame(numbers)
    for align in ("left", "right"):
        if (told["align"] == align).any():
            layers.append(alt.Chart(told[told["align"] == align]).mark_text(
                align=align, baseline="middle", fontSize=10, color=MUTED).encode(x=x, y=y, text="text:N"))
    return svg(alt.layer(*layers).properties(width=WIDTH, height=height), title, description)
