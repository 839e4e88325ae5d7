"""The picture of a frontier: points that no plan undercuts, the band in which better ones may lie, the base run."""

from __future__ import annotations

import altair as alt
import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.report.bars import GAIN, LOSS
from optimiser.report.figures import WIDTH, svg
from optimiser.report.views import Figure, Grid
from optimiser.report.words import Words
from optimiser.texts import say

BAND = "#93c4e0"
HEIGHT = 220
LEGEND = ((GAIN, "point"), (BAND, "band"))
SHARE = "worst_coverage"


def draw(words: Words, finding: Finding) -> list[Figure]:
    """One picture per frontier with more than one point."""
    return [_drawn(words, facts) for facts in finding.facts.values() if len(facts["points"]) > 1]


def _drawn(words: Words, facts: dict) -> Figure:
    scale = [100.0 if facts[axis] == SHARE else 1.0 for axis in ("x", "y")]
    titles = [say(f"explore.column_{'share' if facts[axis] == SHARE else 'value'}_{facts[axis]}", words.language)
              + (" (%)" if facts[axis] == SHARE else "") for axis in ("x", "y")]
    points = pd.DataFrame([(x * scale[0], y * scale[1], y * scale[1] if low is None else low * scale[1])
                           for x, y, _, low in facts["points"]], columns=["x", "y", "low"])
    x, y = (alt.Scale(domain=_domain([*points[axis], *(points["low"] if axis == "y" else []), *_base(facts, n, scale)]),
                      nice=False) for n, axis in enumerate(("x", "y")))
    across = alt.X("x:Q", title=titles[0], scale=x, axis=alt.Axis(grid=False, tickCount=5, format="~s"))
    up = alt.Y("y:Q", title=titles[1], scale=y, axis=alt.Axis(gridColor="#e4e7eb", tickCount=5, domain=False,
                                                             format="~s"))
    edge = points.assign(high=points["y"])
    line = alt.Chart(points).mark_line(color=GAIN, strokeWidth=1.6, point=alt.OverlayMarkDef(color=GAIN, size=34))
    layers = [alt.Chart(edge).mark_rule(color=BAND, strokeWidth=6).encode(x=across, y=alt.Y("low:Q", scale=y),
                                                                            y2="high:Q"),
              line.encode(x=across, y=up)]
    if facts["base"]:
        mark = pd.DataFrame([{"x": facts["base"][0] * scale[0], "y": facts["base"][1] * scale[1]}])
        layers.append(alt.Chart(mark).mark_point(color=LOSS, size=110, strokeWidth=2.4, shape="circle").encode(
            x=across, y=up))
    title = say("explore.chart_frontier", words.language, regions=", ".join(map(words.region, facts["regions"])))
    rows = [tuple(f"{value * by:,.4g}" if by == 100 else words.amount(value) for value, by in
                  zip(pair[:2], scale, strict=True)) for pair in facts["points"]]
    marks = (*LEGEND, *([(LOSS, "base" if facts["run"] else "leading")] if facts["base"] else []))
    legend = tuple((colour, say(f"explore.chart_frontier_{key}", words.language)) for colour, key in marks)
    drawn = svg(alt.layer(*layers).properties(width=WIDTH - 62, height=HEIGHT), title, ", ".join(titles))
    return Figure(title, drawn, Grid(title, tuple(titles), rows, numbers=[0, 1]), legend=legend)


def _base(facts: dict, n: int, scale: list[float]) -> list[float]:
    return [facts["base"][n] * scale[n]] if facts["base"] else []


def _domain(numbers: list[float]) -> list[float]:
    """All of them, with a little room around, so that no mark is cut."""
    low, high = min(numbers), max(numbers)
    room = max((high - low) * 0.05, 1e-9)
    return [low - room, high + room]
