"""An analysis: what a study comes to, in plain words and tidy tables, and how it stands on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import InputError, ResultError
from optimiser.explore.finding import MARK, Finding, write
from optimiser.plaintext import read_text
from optimiser.tables import MAX_BYTES
from optimiser.texts import say

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
        folder = Path(folder)
        try:
            told = json.loads(read_text(folder / MARK, MAX_BYTES))
            tables = {str(name): _table(folder / f"{name}.csv") for name in told["tables"]}
            facts = dict(told["facts"])
            sections = {str(name): list(map(str, lines)) for name, lines in facts.pop("sections").items()}
            return Analysis(str(told["title"]), tuple(map(str, told["lines"])), tables, sections, facts)
        except InputError as error:
            raise ResultError(say("explore.unreadable", folder=folder), [fault.got for fault in error.faults]) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ResultError(say("explore.unreadable", folder=folder), [f"{type(error).__name__}: {error}"]) from None


def _table(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
    for name in frame:
        if name not in TEXT:
            frame[name] = pd.to_numeric(frame[name].where(frame[name] != ""))
    return frame
