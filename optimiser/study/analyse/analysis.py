"""An analysis: what a study comes to, in plain words and tidy tables, and how it stands on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.explore.finding import Finding, read, write

TEXT = {"region", "occupation", "class", "kind", "target", "factor", "method", "index", "factor_a", "factor_b",
        "half_a", "half_b", "event", "list", "quantity", "flips_most"}
"""Columns that hold words or codes; all others hold numbers."""


@dataclass(frozen=True)
class Analysis:
    """What a study comes to.

    Attributes
    ----------
    title : str
        Of the study.
    lines : tuple of str
        The answer in plain words.
    tables : dict name -> DataFrame
        frequency, quotas, indices, tornado, interactions, conditions, regret, robust_lists, convergence, evidence; all
        of them always, with the columns that `optimiser.study.analyse` describes.
    sections : dict name of a table -> lines
        All lines by the table that they tell of; `lines` has the first of each.
    facts : dict
        rows (of the sample), factors, layout, seed, core, outside; JSON.
    """

    title: str
    lines: tuple[str, ...]
    tables: dict[str, pd.DataFrame] = field(repr=False)
    sections: dict[str, list[str]] = field(default_factory=dict, repr=False)
    facts: dict[str, Any] = field(default_factory=dict, repr=False)

    def write(self, folder: Path) -> None:
        """Tables as CSV and the words as JSON, into an existing folder."""
        write(Finding("study", self.title, self.lines, self.tables, {**self.facts, "sections": self.sections}), folder)

    @staticmethod
    def read(folder: Path | str) -> Analysis:
        """An analysis as it was written.

        Raises
        ------
        ResultError
            When something is missing or can't be read.
        """
        found = read(folder, TEXT.__contains__)
        sections = found.facts.pop("sections", {})
        return Analysis(found.title, found.lines, found.tables, sections, found.facts)
