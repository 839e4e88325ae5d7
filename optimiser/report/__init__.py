"""The report of a run: one self-contained page for a reader, one workbook for whoever computes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimiser.explore.finding import Finding
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.storage import write_whole


def write(problem: Problem, solution: Solution, folder: Path | str, language: str = "en",
          findings: Sequence[Finding] = ()) -> None:
    """Write `report.html` and `lists.xlsx` into a folder.

    Parameters
    ----------
    problem, solution
        The case and its answer.
    folder : Path or str
        An existing folder.
    language : str
        Language of titles and texts; English stands in where a text is not translated.
    findings : sequence of Finding
        What explorations found, printed as sections of the page.
    """
    # The drawing and spreadsheet libraries are heavy; nobody else should wait for them.
    from optimiser.report.page import page
    from optimiser.report.words import Words
    from optimiser.report.workbook import workbook

    folder = Path(folder)
    words = Words(problem, language)
    write_whole({folder / "report.html": page(words, solution, findings).encode(),
                 folder / "lists.xlsx": workbook(words, solution)})


def write_finding(problem: Problem, finding: Finding, folder: Path | str, language: str = "en") -> None:
    """Write `report.html` and `tables.xlsx` of what an exploration found into an existing folder."""
    from optimiser.report import explored
    from optimiser.report.page import finding_page
    from optimiser.report.words import Words

    folder = Path(folder)
    words = Words(problem, language)
    write_whole({folder / "report.html": finding_page(words, finding).encode(),
                 folder / "tables.xlsx": explored.book(words, finding)})
