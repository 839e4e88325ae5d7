"""Lists that somebody else drew up: read from a file or given in Python, every fault located, as what they decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.cells import cell, nearest
from optimiser.errors import Fault, InputError, few
from optimiser.problem import Problem
from optimiser.schema import LIST
from optimiser.tables import ROW, read
from optimiser.texts import say

Key = tuple[str, str, int]
Lists = Mapping[str, Iterable[str]] | Mapping[tuple[str, int], Iterable[str]]
Row = Mapping[Any, Any]
Rows = Sequence[Row]
IN_PYTHON = "lists"  # stands for the file in faults of lists that were given in Python


@dataclass(frozen=True)
class GivenList:
    """What a list file says of a case.

    Attributes
    ----------
    name : str
        Of the file, without its ending.
    regions : tuple of str
        Regions of which it speaks, in canonical order.
    listed : frozenset of (region, occupation, review number)
    quota : dict (region, occupation, year) -> permits
        Only where the file gives one.
    entries : dict (region, occupation) -> tuple of official titles
    """

    name: str
    regions: tuple[str, ...]
    listed: frozenset[Key]
    quota: dict[Key, int] = field(default_factory=dict)
    entries: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def on(self, region: str, review: int) -> frozenset[str]:
        """Occupations of a region in a review."""
        return frozenset(o for r, o, e in self.listed if (r, e) == (region, review))


def read_list(problem: Problem, path: Path | str, quotas: bool = False) -> GivenList:
    """A list file, checked against a case.

    Parameters
    ----------
    quotas : bool
        Whether its quotas are asked for: then it must give at least one.

    Raises
    ------
    InputError
        With every fault of the file, and the nearest name that is known.
    """
    path = Path(path)
    return _given(problem, read(path, LIST), path.stem, str(path), quotas)


def of_lists(problem: Problem, lists: Lists, quotas: Mapping[Key, int] | None = None, name: str = IN_PYTHON
             ) -> GivenList:
    """Lists given in Python, checked like a file.

    Parameters
    ----------
    lists : dict region -> occupations, or (region, review number) -> occupations
    quotas : dict (region, occupation, year) -> permits, optional
        Of occupations that are listed then.

    Raises
    ------
    InputError
    """
    records: list[tuple[Any, ...]] = []
    for where, occupations in lists.items():
        region, review = where if isinstance(where, tuple) else (where, np.nan)
        records += [(region, o, float(review), "", np.nan) for o in occupations]
    rows = len(records)
    records += [(r, o, np.nan, str(t), float(number)) for (r, o, t), number in (quotas or {}).items()]
    frame = pd.DataFrame.from_records(records, columns=["region", "occupation", "review", "year", "quota"])
    frame = frame.assign(entry="", source="").astype({"review": float, "quota": float})
    frame[ROW] = range(1, len(frame) + 1)
    listed = _given(problem, frame.iloc[:rows], name, IN_PYTHON, False)
    told = _given(problem, frame, name, IN_PYTHON, bool(quotas))
    if alone := sorted(told.listed - listed.listed):
        raise InputError(few(alone, lambda key: Fault(
            IN_PYTHON, 0, "quotas", say("explore.given_unlisted", occupation=key[1], region=key[0], review=key[2]),
            say("explore.given_listed"), say("explore.given_add"))))
    regions = {where[0] if isinstance(where, tuple) else where for where in lists}
    return GivenList(name, tuple(r for r in problem.regions if r in regions), told.listed, told.quota)


def _given(problem: Problem, frame: pd.DataFrame, name: str, file: str, quotas: bool) -> GivenList:
    faults: list[Fault] = []
    rows = frame.sort_values(ROW, kind="stable").to_dict("records")
    known = _codes(problem, rows, file, faults)
    timed = _times(problem, known, file, faults)
    faults += [*_lots(problem, known, file), *_twice(problem, timed, file)]
    if quotas and frame["quota"].isna().all():
        faults.append(Fault(file, 0, "quota", say("explore.given_no_quota"), say("explore.given_a_quota"),
                            say("explore.given_add_quotas")))
    if faults:
        raise InputError(faults)
    listed: set[Key] = set()
    quota: dict[Key, int] = {}
    entries: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        r, o = row["region"], row["occupation"]
        listed |= {(r, o, problem.review_of(r, t).number) for t in _years(problem, row)}
        if not np.isnan(row["quota"]):
            quota |= {(r, o, t): int(row["quota"]) for t in _years(problem, row)}
        if row["entry"]:
            entries.setdefault((r, o), []).append(row["entry"])
    regions = tuple(r for r in problem.regions if r in set(frame["region"]))
    return GivenList(name, regions, frozenset(listed), dict(sorted(quota.items())),
                     {key: tuple(titles) for key, titles in sorted(entries.items())})


def _years(problem: Problem, row: Row) -> list[int]:
    """Years of which a row speaks: its year, those of its review, or all."""
    if row["year"]:
        return [int(row["year"])]
    if np.isnan(row["review"]):
        return list(problem.years)
    review = problem.reviews[row["region"]][int(row["review"]) - 1]
    return list(range(review.first_year, review.last_year + 1))


def _codes(problem: Problem, rows: Rows, file: str, faults: list[Fault]) -> Rows:
    """Rows whose region decides in the case and whose occupation stands in its tables; others are added to `faults`."""
    occupations = set(problem.tables["occupations"]["occupation"])
    kinds = (("region", set(problem.regions), say("explore.given_region", names=", ".join(problem.regions)),
              say("explore.given_other_region")),
             ("occupation", occupations, say("faults.known_code", table="occupations"),
              say("faults.add_code", table="occupations")))
    for column, codes, expected, hint in kinds:
        foreign = [row for row in rows if row[column] not in codes]
        faults += few(foreign, lambda row, column=column, codes=codes, expected=expected, hint=hint: Fault(
            file, row[ROW], column, repr(row[column][:80]), expected, nearest(row[column], codes) or hint))
    return [row for row in rows if all(row[column] in codes for column, codes, *_ in kinds)]


def _times(problem: Problem, rows: Rows, file: str, faults: list[Fault]) -> Rows:
    """Rows whose review and year are those of the plan and fit together; others are added to `faults`."""
    first, last = problem.years[0], problem.years[-1]

    def review_of(row: Row) -> int:
        return problem.review_of(row["region"], int(row["year"])).number

    beyond = [row for row in rows if row["review"] > len(problem.reviews[row["region"]])]
    foreign = [row for row in rows if row["year"] and int(row["year"]) not in problem.years]
    rest = [row for row in rows if row not in beyond and row not in foreign]
    apart = [row for row in rest if row["year"] and not np.isnan(row["review"]) and row["review"] != review_of(row)]
    faults += few(beyond, lambda row: Fault(
        file, row[ROW], "review", cell(row["review"]),
        say("faults.between", minimum=1, maximum=len(problem.reviews[row["region"]])),
        say("explore.given_reviews", region=row["region"], first=first, last=last)))
    faults += few(foreign, lambda row: Fault(
        file, row[ROW], "year", row["year"], say("faults.between", minimum=first, maximum=last),
        say("explore.given_planned")))
    faults += few(apart, lambda row: Fault(
        file, row[ROW], "review/year", f"{cell(row['review'])}, {row['year']}",
        say("explore.given_review_of", year=row["year"], review=review_of(row)), say("explore.given_one_of_both")))
    return [row for row in rest if row not in apart]


def _lots(problem: Problem, rows: Rows, file: str) -> Iterator[Fault]:
    """Quotas are whole numbers of lots."""
    def size(row: Row) -> int:
        return int(problem.parameter("lot", row["region"], row["occupation"]) or 1)

    def fault(row: Row) -> Fault:
        lot = size(row)
        below = int(row["quota"] // lot * lot)
        return Fault(file, row[ROW], "quota", cell(row["quota"]), say("explore.given_lots", lot=lot),
                     say("explore.given_near", below=below, above=below + lot))

    yield from few([row for row in rows if not np.isnan(row["quota"]) and row["quota"] % size(row)], fault)


def _twice(problem: Problem, rows: Rows, file: str) -> Iterator[Fault]:
    """An occupation has one quota in a year; that rows are unique was seen when the file was read."""
    given: dict[Key, int] = {}  # key -> row
    again: list[tuple[Row, int]] = []
    for row in rows:
        keys: list[Key] = [(str(row["region"]), str(row["occupation"]), t) for t in _years(problem, row)
                           if not np.isnan(row["quota"])]
        if first := next((given[key] for key in keys if key in given), 0):
            again.append((row, first))
        for key in keys:
            given.setdefault(key, int(row[ROW]))
    yield from few(again, lambda found: Fault(
        file, found[0][ROW], "quota", cell(found[0]["quota"]), say("explore.given_once"),
        say("explore.given_add_up", row=found[1])))
