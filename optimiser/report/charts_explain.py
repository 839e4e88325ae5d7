"""The picture of an explained occupation: what is filled more and less when the answer is forced the other way."""

from __future__ import annotations

from optimiser.explore.finding import Finding
from optimiser.report.charts_evaluate import gains
from optimiser.report.views import Figure
from optimiser.report.words import Words


def draw(words: Words, finding: Finding) -> list[Figure]:
    """Occupations that lose or gain, largest first; nothing where nothing was solved."""
    shifts = finding.tables.get("shifts")
    if shifts is None:
        return []
    figure = gains(words, "explain_shifts", [(words.occupation(str(row["occupation"])), row["filled_more"])
                                             for row in shifts.to_dict("records")])
    return [figure] if figure else []
