"""The pictures of compared runs: what each fills by area, gains and losses by sector and occupation, run by run."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from optimiser.explore.finding import Finding
from optimiser.report.charts_evaluate import gains, pair
from optimiser.report.views import Figure
from optimiser.report.words import Words
from optimiser.texts import say


def draw(words: Words, finding: Finding) -> list[Figure]:
    """Three pictures per compared run."""
    runs = list(dict.fromkeys(finding.tables["compare_areas"]["run"])) if "compare_areas" in finding.tables else []
    return [_of(words, figure, str(run)) for run in runs for figure in _figures(words, finding, str(run)) if figure]


def _figures(words: Words, finding: Finding, run: str) -> list[Figure | None]:
    areas, sectors, occupations = (_part(finding, name, run) for name in (
        "compare_areas", "compare_sectors", "compare_occupations"))
    return [
        pair(words, "compare_by_area", [(words.area(str(row["area"])), row["filled_reference"], row["filled_run"])
                                        for row in areas], ("reference", "run")),
        gains(words, "compare_by_sector", [(f"{row['sector'] or words('nothing')}, {words.region(str(row['region']))}",
                                            row["filled_more"]) for row in sectors]),
        gains(words, "compare_by_occupation", [(f"{words.occupation(str(row['occupation']))}, "
                                                f"{words.region(str(row['region']))}", row["filled_more"])
                                               for row in occupations])]


def _part(finding: Finding, name: str, run: str) -> list[dict]:
    frame: pd.DataFrame = finding.tables[name]
    return frame[frame["run"] == run].to_dict("records")


def _of(words: Words, figure: Figure, run: str) -> Figure:
    """The figure with the name of the run before its title."""
    return replace(figure, title=say("explore.chart_of_run", words.language, run=run, title=figure.title))
