"""Findings: what an exploration came to - plain words first, tidy tables behind them - and how they stand on disk."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import InputError, ResultError
from optimiser.plaintext import read_text
from optimiser.run_folder import write_table
from optimiser.tables import MAX_BYTES
from optimiser.texts import say

MARK = "finding.json"
KINDS: dict[str, str] = {
    **dict.fromkeys(("region", "area", "occupation", "service", "place"), "code"),
    **dict.fromkeys(("year", "review", "first_year", "last_year", "rank", "number", "points"), "plain"),
    **dict.fromkeys(("quota", "permits", "listed", "count", "differences"), "whole"),
    **dict.fromkeys(("share", "gap", "factor"), "share"),
    "setting": "precise",
    **dict.fromkeys(("low", "high", "value", "bound", "best", "from", "to", "unfilled", "filled", "shortage",
                     "capacity", "used", "extra", "cost"), "number"),
}
"""What a column holds, by its name or what its name begins with (`unfilled_a`); everything else is text. Tables show a
code with its title, numbers with separators - precise ones with four digits -, shares as percentages; files keep them
as they are."""


@dataclass(frozen=True)
class Finding:
    """The answer to an exploring question.

    Attributes
    ----------
    question : str
        bins, evaluate, compare...; `explore.title_<question>` is its heading.
    title : str
        The question as it was asked, in one line.
    lines : tuple of str
        The answer in plain words, the most important first.
    tables : dict name -> DataFrame
        Tidy tables; `explore.table_<name>` is what is said above one, `explore.column_<column>` the heading of a
        column (see `KINDS`).
    facts : dict
        Whatever a chart or another program needs beside the tables; JSON.
    asked : str
        What a command asked the question of, in one line; empty in Python.
    """

    question: str
    title: str
    lines: tuple[str, ...]
    tables: dict[str, pd.DataFrame] = field(repr=False)
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    asked: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """The lines, and after them what a command asked the question of."""
        return (*self.lines, *([self.asked] if self.asked else []))


def kind(column: str) -> str:
    """What a column holds: code, plain, whole, share, precise, number or text."""
    known = [name for name in KINDS if column == name or column.startswith(f"{name}_")]
    return KINDS[max(known, key=len)] if known else "text"


def interval(low: float, high: float, digits: int = 0) -> str:
    """An interval in words: a number when both ends are the same as far as shown, a tie when it spans zero."""
    if low == high == float("inf"):
        return say("explore.no_plan")
    if high == float("inf"):
        return say("explore.at_least", low=f"{low:,.{digits}f}")
    if low == -float("inf"):
        return say("explore.at_most", high=f"{high:,.{digits}f}")
    ends = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return ends[0] if ends[0] == ends[1] else say("explore.between", low=ends[0], high=ends[1])


def write(finding: Finding, folder: Path) -> None:
    """Tables as CSV and the words as JSON, into an existing folder."""
    for name, frame in finding.tables.items():
        write_table(frame, folder / f"{name}.csv")
    told = {"question": finding.question, "title": finding.title, "lines": list(finding.lines),
            "tables": list(finding.tables), "facts": finding.facts, "asked": finding.asked}
    (folder / MARK).write_text(json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n",
                               encoding="utf-8")


def read(folder: Path | str, is_text: Callable[[str], bool] = lambda column: kind(column) in ("code", "text")
         ) -> Finding:
    """A finding as it was written.

    Parameters
    ----------
    is_text : callable
        Whether a column holds words or codes; all others hold numbers.

    Raises
    ------
    ResultError
        When something is missing or can't be read.
    """
    folder = Path(folder)
    try:
        told = json.loads(read_text(folder / MARK, MAX_BYTES))
        tables = {str(name): _table(read_text(folder / f"{name}.csv", MAX_BYTES), is_text)
                  for name in told["tables"]}
        return Finding(str(told["question"]), str(told["title"]), tuple(map(str, told["lines"])), tables,
                       dict(told["facts"]), str(told.get("asked", "")))
    except InputError as error:
        raise ResultError(say("explore.unreadable", folder=folder), [fault.got for fault in error.faults]) from None
    except (ValueError, KeyError, TypeError, RecursionError, csv.Error) as error:
        raise ResultError(say("explore.unreadable", folder=folder), [f"{type(error).__name__}: {error}"]) from None


def _table(text: str, is_text: Callable[[str], bool]) -> pd.DataFrame:
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    frame = pd.DataFrame(rows[1:], columns=rows[0], dtype="str")
    for name in frame:
        if not is_text(str(name)):
            frame[name] = pd.to_numeric(frame[name].where(frame[name] != ""))
    return frame


def frame_of(rows: Iterable[tuple[Any, ...]], columns: str) -> pd.DataFrame:
    """A table of rows with the columns that a line names, one after the other."""
    return pd.DataFrame.from_records(list(rows), columns=columns.split())
