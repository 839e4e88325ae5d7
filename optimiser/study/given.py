"""A design that is given: the rows of a CSV file, checked cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from optimiser.cells import NUMBER, cell, got, meant
from optimiser.config import Places
from optimiser.errors import Fault, InputError, few
from optimiser.plaintext import read_text
from optimiser.study.factors import Factor
from optimiser.study.settings import StudySettings
from optimiser.tables import MAX_BYTES
from optimiser.texts import say

MOST_NAMES = 12  # factors that a fault names


def read_given(study: Path, settings: StudySettings, factors: Sequence[Factor], places: Places, faults: list[Fault]
               ) -> pd.DataFrame | None:
    """The rows of the file that a study names, one column of float per factor; None when the design is of another kind.

    What is wrong with the file is added to `faults`.
    """
    if settings.design.kind != "given" or settings.design.file is None:
        return None
    path = study.parent / settings.design.file
    if not path.is_file():
        faults.append(Fault(*places.of(("design", "file")), "design.file", repr(settings.design.file),
                            say("study_design.a_file"), say("faults.check_path")))
        return None
    try:
        records = list(csv.reader(read_text(path, MAX_BYTES).splitlines(), strict=True))
    except csv.Error as error:
        faults.append(Fault(str(path), 0, "", str(error), say("faults.valid_csv"), say("faults.fix_quotes")))
        return None
    except InputError as error:
        faults += error.faults
        return None
    header, rows = (records or [[]])[0], [(n, row) for n, row in enumerate(records[1:], 2) if row]
    found = [*_header(path, header, factors)]
    if not found and not rows:
        found = [Fault(str(path), 0, "", say("faults.nothing"), say("study_design.some_rows"), say(
            "study_design.add_rows"))]
    if not found:
        found = [*_cells(path, header, rows, factors)]
    faults += found
    if found:
        return None
    frame = pd.DataFrame([[float(text) for text in row] for _, row in rows], columns=header)
    return frame[[factor.name for factor in factors]]


def _header(path: Path, header: list[str], factors: Sequence[Factor]) -> Iterator[Fault]:
    names = [factor.name for factor in factors]
    shown = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
    unknown = [name for name in header if name not in names]
    yield from few(unknown, lambda name: Fault(
        str(path), 1, repr(name)[:80], say("faults.unknown_column"), say("faults.one_of", names=shown),
        meant(name, names) or say("faults.remove_column")))
    yield from (Fault(str(path), 1, name, say("faults.column_twice"), say("faults.column_once"),
                      say("faults.remove_column")) for name in names if header.count(name) > 1)
    missing = [name for name in names if name not in header]
    yield from few(missing, lambda name: Fault(str(path), 1, name, say("faults.no_column"), say(
        "study_design.every_factor"), say("study_design.add_factor")))


def _cells(path: Path, header: list[str], rows: list[tuple[int, list[str]]], factors: Sequence[Factor]
           ) -> Iterator[Fault]:
    """Every row has a number for every factor, within its range."""
    shifted = [(n, row) for n, row in rows if len(row) != len(header)]
    if shifted:
        yield from few(shifted, lambda found: Fault(
            str(path), found[0], "", _count(len(found[1])), _count(len(header)), say("faults.shifted_row")))
        return
    by_name = {factor.name: factor for factor in factors}
    bad = [(n, by_name[name], text) for n, row in rows for name, text in zip(header, row, strict=True)
           if not _fits(text, by_name[name])]
    yield from few(bad, lambda found: Fault(
        str(path), found[0], found[1].name, got(found[2]), say(
            "study_design.lever_range" if found[1].kind == "lever" else "study_design.position_range",
            low=cell(found[1].low), high=cell(found[1].high), values=", ".join(map(cell, found[1].values))),
        say("study_design.check_number")))


def _count(n: int) -> str:
    return say("faults.one_cell" if n == 1 else "faults.cells", n=n)


def _fits(text: str, factor: Factor) -> bool:
    if not NUMBER.fullmatch(text):
        return False
    number = float(text)
    return number in (factor.base, *factor.values) if factor.kind == "lever" else factor.low < number < factor.high
