"""The pictures of the bins: what leaving out and listing costs at least and at most, bin by bin in colour."""

from __future__ import annotations

import altair as alt
import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.explore.near.binning import NECESSARY, NEVER, POSSIBLE, UNPROVED
from optimiser.report.figures import INK, MUTED, WIDTH, short, svg
from optimiser.report.views import Figure, Grid
from optimiser.report.words import Words
from optimiser.texts import say

COLOURS = {NECESSARY: "#00664b", POSSIBLE: "#0072b2", NEVER: "#c77700", UNPROVED: "#8a94a0"}
MOST = 14  # rows of a picture; the table behind it holds all
ROW, BAR = 38, 10  # height of a row and of its bar, in pixels
LETTERS = 46
ROOM = 96  # pixels kept behind the bars for their numbers
DOT = 3.0  # pixels that a known price is wide at least


def draw(words: Words, finding: Finding) -> list[Figure]:
    """Per region: what costs most to leave out, and what costs most to list."""
    table = finding.tables["bins"]
    figures = [_prices(words, str(region), part, side) for region, part in table.groupby("region", sort=True)
               for side in ("leaving_out", "listing")]
    return [figure for figure in figures if figure]


def _prices(words: Words, region: str, part: pd.DataFrame, side: str) -> Figure | None:
    """One interval per occupation, those whose price is sure to be highest first.

    Listing what the best list has costs nothing, nor does leaving out what it has not: these are left out.
    """
    low, high = f"low_{side}", f"high_{side}"
    on_best = say("docs.yes" if side == "leaving_out" else "docs.no", words.language)
    shown = part[part[high].notna() & part[low].notna() & (part["on_best"] == on_best)]
    shown = shown.sort_values([low, high, "occupation"], ascending=[False, False, True], kind="stable")
    if shown.empty:
        return None
    rows = [(f"{words.occupation(str(row['occupation']))} ({row['occupation']})", float(row[low]), float(row[high]),
             _key(words, str(row["bin"]))) for row in shown.to_dict("records")]
    told = [(name, words.amount(least), words.amount(most), say(f"explore.bin_{key}", words.language))
            for name, least, most, key in rows]
    title = say(f"explore.chart_bins_{side}", words.language, region=words.region(region))
    head = tuple(say(f"explore.{name}", words.language) for name in ("chart_of", f"column_{low}", f"column_{high}",
                                                                     "column_bin"))
    note = words.cut(len(rows), MOST, "rows_shown")
    keys = [key for key in COLOURS if any(row[3] == key for row in rows[:MOST])]
    return Figure(title, _drawn(words, rows[:MOST], title), Grid(title, head, told[:MOST], range(1, 3), note),
                  legend=tuple((COLOURS[key], say(f"explore.bin_{key}", words.language)) for key in keys))


def _key(words: Words, word: str) -> str:
    return next((key for key in COLOURS if say(f"explore.bin_{key}", words.language) == word), UNPROVED)


def _drawn(words: Words, rows: list[tuple[str, float, float, str]], title: str) -> str:
    """Bars from the least to the most that a price can be, in pixels from a common zero."""
    scale = (WIDTH - ROOM) / max(max(high for _, _, high, _ in rows), 1e-9)
    height = ROW * len(rows)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], range=[0, WIDTH]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height]))
    pieces = pd.DataFrame([{"x": low * scale, "x2": max(high * scale, low * scale + DOT), "y": ROW * n + 26,
                            "colour": COLOURS[key], "name": short(name, LETTERS), "top": ROW * n + 9,
                            "told": f"{words.amount(low)} \u2013 {words.amount(high)}", "end": high * scale + 8}
                           for n, (name, low, high, key) in enumerate(rows)])
    base = alt.Chart(pieces)
    zero = alt.Chart(pd.DataFrame([{"x": 0, "y": ROW * n + 18, "y2": ROW * n + 34} for n in range(len(rows))]))
    layers = [
        zero.mark_rule(color=MUTED, strokeWidth=0.8).encode(x=x, y=y, y2="y2:Q"),
        base.mark_bar(orient="horizontal", size=BAR).encode(x=x, x2="x2:Q", y=y, color=alt.Color("colour:N",
                                                                                               scale=None)),
        base.mark_text(align="left", baseline="middle", fontSize=12, color=INK).encode(
            x=alt.value(0), y=alt.Y("top:Q", axis=None), text="name:N"),
        base.mark_text(align="left", baseline="middle", fontSize=10, color=MUTED).encode(
            x=alt.X("end:Q", axis=None), y=y, text="told:N")]
    return svg(alt.layer(*layers).properties(width=WIDTH, height=height), title, title)
