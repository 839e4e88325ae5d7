"""The pictures of acting apart: what stays unfilled alone and together, and the fair part of the gain."""

from __future__ import annotations

from optimiser.explore.finding import Finding
from optimiser.report.charts_evaluate import gains, pair
from optimiser.report.views import Figure
from optimiser.report.words import Words


def draw(words: Words, finding: Finding) -> list[Figure]:
    """Two pictures of the regions that share something; none where a region alone has no plan."""
    table = finding.tables.get("apart")
    if table is None or not (table["high_alone"] < float("inf")).all():
        return []
    rows = table.to_dict("records")
    fair = gains(words, "apart_fair", [(words.region(str(row["region"])), (row["low_gain"] + row["high_gain"]) / 2)
                                       for row in rows])
    both = pair(words, "apart", [(words.region(str(row["region"])), row["high_alone"], row["unfilled_together"])
                                 for row in rows], ("apart_alone", "apart_together"))
    return [both, *([fair] if fair else [])]
