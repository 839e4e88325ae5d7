"""How seconds and memory grow with occupations, areas and years: a file, and a chart in docs/growth.svg."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from benchmarks import measure
from benchmarks.cases import REVIEWS, ROOT, Country

CHART = ROOT / "docs" / "growth.svg"
GAP = 0.01  # to which the search goes
BASE = {"occupations": 109, "areas": 10, "years": 5}
SERIES = {"occupations": (60, 109, 218, 436, 872), "areas": (10, 20, 40, 80), "years": (2, 3, 5, 7, 10)}
MEASURES = {"frame_s": "frame (s)", "handover_s": "matrices (s)", "lp_s": "relaxation (s)",
            "search_s": "search to 1 % (s)", "memory_mib": "memory (MiB)"}
FONT = "Helvetica, Arial, sans-serif"
COLOURS = ["#0072b2", "#c77700"]


def country(series: str, size: int, reviews: str) -> Country:
    """A country of two regions in which one size is as given; `areas` are those of the whole country."""
    sizes = BASE | {series: size}
    return Country(f"{series}-{size}-{reviews}", sizes["occupations"], 2, sizes["areas"] // 2, sizes["years"], reviews)


def one(case: Country, seconds: float) -> dict[str, float | None]:
    """What one country took: the times to the relaxation's end and to the gap, and None where they were not reached."""
    with tempfile.TemporaryDirectory() as name:
        prepared = measure.prepare(case, Path(name), seconds, mps=False)
        found = measure.search("ours", Path(name), seconds, GAP)
    relaxed = None if prepared["lp_bound"] is None else prepared["lp_s"]
    taken = {"lp_s": relaxed, "search_s": found["to_1pct_s"],
             "memory_mib": max(prepared["build_mib"], found["memory_mib"])}
    return {name: value for name, value in (prepared | found | taken).items() if name in MEASURES}


def exponents(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the power of the size that each line follows, fitted to the logarithms."""
    lines = rows.groupby(["series", "reviews", "measure"], sort=False)
    return rows.assign(exponent=lines["value"].transform(
        lambda values: power(rows.loc[values.index, "size"].to_numpy(float), values.to_numpy(float))))


def power(sizes: np.ndarray, values: np.ndarray) -> float:
    """The exponent of a power law, by least squares over the logarithms; nan with fewer than two numbers."""
    known = np.isfinite(values) & (values > 0)
    return float(np.polyfit(np.log(sizes[known]), np.log(values[known]), 1)[0]) if known.sum() > 1 else float("nan")


def chart(rows: pd.DataFrame) -> str:
    """Small multiples, both axes logarithmic: a straight line is a power, and its slope the exponent."""
    shown = rows.dropna(subset=["value"])
    parts = [[_panel(shown[(shown["series"] == series) & (shown["measure"] == name)], series, title)
              for series in SERIES] for name, title in MEASURES.items()]
    drawn = alt.vconcat(*(alt.hconcat(*row) for row in parts)).configure(font=FONT).configure_view(stroke=None)
    return vl_convert.vegalite_to_svg(drawn.to_dict())


def _panel(rows: pd.DataFrame, series: str, title: str) -> Any:
    fitted = rows.drop_duplicates("reviews")
    heading = ", ".join(f"{review} {exponent:.2f}" for review, exponent in zip(
        fitted["reviews"], fitted["exponent"], strict=True) if np.isfinite(exponent))
    x = alt.X("size:Q", title=series, scale=alt.Scale(type="log", nice=False),
              axis=alt.Axis(values=list(SERIES[series]), grid=False))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(tickCount=4, format="~g"))
    colour = alt.Color("reviews:N", scale=alt.Scale(domain=list(REVIEWS), range=COLOURS), title="reviews")
    lines = alt.Chart(rows).encode(x=x, y=y, color=colour)
    return alt.layer(lines.mark_line(), lines.mark_point(filled=True, size=40)).properties(
        width=210, height=120, title=alt.Title(f"size to the power: {heading}", fontSize=10, fontWeight="normal"))


def measure_all(out: Path, seconds: float) -> None:
    """Measure every size once, one after the other; the file is written again after each."""
    rows: list[dict[str, Any]] = []
    known: dict[tuple[Any, ...], dict[str, float | None]] = {}
    for series, sizes in SERIES.items():
        for reviews in REVIEWS:
            for size in sizes:
                case = country(series, size, reviews)
                key = (case.occupations, case.areas, case.years, reviews)
                if key not in known:
                    known[key] = one(case, seconds)
                    print(case.name, *(f"{name} {value}" if value is None else f"{name} {value:.2f}"
                                       for name, value in known[key].items()), flush=True)
                rows += [{"series": series, "reviews": reviews, "size": size, "measure": name, "value": value}
                         for name, value in known[key].items()]
                table = exponents(pd.DataFrame(rows))
                table.round(4).to_csv(out, index=False, lineterminator="\n")
    CHART.write_text(chart(exponents(pd.DataFrame(rows))) + "\n", encoding="utf-8")
    last = exponents(pd.DataFrame(rows)).drop_duplicates(["series", "reviews", "measure"])
    print(last.drop(columns=["size", "value"]).round(2).to_string(index=False))
