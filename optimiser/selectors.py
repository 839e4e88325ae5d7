"""Which occupations a selector means, and which of several rows wins."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimiser.cells import nearest
from optimiser.errors import Fault, few
from optimiser.schema import ANY, SELECTOR_WORDS
from optimiser.tables import ROW
from optimiser.texts import say

_ATTRIBUTES = {"sector": "sector", "tier": "skill_tier", "risk": "risk_class", "regulated": "regulated"}
Specificity = tuple[int, int]


@dataclass(frozen=True)
class Selectors:
    """Answers for one `occupations` table; rows in canonical order."""

    occupations: tuple[str, ...]
    codes: frozenset[str]
    attributes: Mapping[tuple[str, str], tuple[str, ...]]

    @classmethod
    def of(cls, table: pd.DataFrame) -> Selectors:
        """Index the attributes of an `occupations` table once."""
        attributes: dict[tuple[str, str], tuple[str, ...]] = {}
        for word, column in _ATTRIBUTES.items():
            for value, rows in table[table[column] != ""].groupby(column, sort=True):
                attributes[word, str(value)] = tuple(rows["occupation"])
        return cls(tuple(table["occupation"]), frozenset(table["occupation"]), attributes)

    def members(self, selector: str) -> tuple[str, ...]:
        """Occupations the selector means; empty when it means none."""
        if selector == ANY:
            return self.occupations
        if selector in self.codes:
            return (selector,)
        word, _, value = selector.partition(":")
        if word == "group" and value:
            return tuple(code for code in self.occupations if code.startswith(value))
        return self.attributes.get((word, value), ())

    def specificity(self, selector: str) -> Specificity:
        """Order of precedence: a code, the longest group, another selector, `*`."""
        if selector == ANY:
            return (0, 0)
        if selector in self.codes:
            return (3, 0)
        word, _, value = selector.partition(":")
        return (2, len(value)) if word == "group" else (1, 0)

    def fault(self, file: str, row: int, column: str, selector: str) -> Fault:
        """The fault of a selector that means nothing."""
        word, colon, _ = selector.partition(":")
        if colon and word in SELECTOR_WORDS:
            got = say("faults.selector_nothing", selector=repr(selector[:80]))
            return Fault(file, row, column, got, say("faults.selector_matches"), say("faults.check_selector"))
        return Fault(file, row, column, repr(selector[:80]), say("faults.selector"),
                     nearest(selector, set(self.codes)) or say("faults.add_code", table="occupations"))


def resolve(
    frame: pd.DataFrame,
    selectors: Selectors,
    regions: Iterable[str],
    years: Iterable[int],
    extra: tuple[str, ...],
    value: str,
    shown: str,
    faults: list[Fault],
) -> dict[tuple[Any, ...], float]:
    """The winning number for every combination the rows of a table speak of.

    Parameters
    ----------
    frame : DataFrame
        Rows with `region` and `occupation` (wild), perhaps `year` (wild), the `extra` key columns and `value`.
    extra : tuple of str
        Key columns taken as they are.
    value : str
        Column of the number: low, central or high; `central` stands in where low or high is empty.

    Returns
    -------
    dict
        `(*extra, region, occupation[, year]) -> number`. Specificity is compared by occupation, then region, then
        year; two equally specific rows are a fault.
    """
    regions, years = tuple(regions), tuple(years)
    best: dict[tuple[Any, ...], tuple[tuple[int, ...], float, int, str]] = {}
    with_year = "year" in frame
    meaning = {str(selector): selectors.members(str(selector)) for selector in frame["occupation"].unique()}
    unknown, ambiguous = [], []
    for record in frame.to_dict("records"):
        selector, row = str(record["occupation"]), int(record[ROW])
        if not meaning[selector]:
            unknown.append((row, selector))
        number = record[value] if pd.notna(record[value]) else record["central"]
        rank = (*selectors.specificity(selector), int(record["region"] != ANY),
                int(with_year and record["year"] != ANY))
        for key in _keys(record, meaning[selector], regions, years if with_year else None, extra):
            held = best.get(key)
            if held and held[0] == rank:
                ambiguous.append((row, held[3], selector, key[len(extra) + 1]))
                break
            if not held or held[0] < rank:
                best[key] = (rank, float(number), row, selector)
    faults += few(sorted(unknown), lambda found: selectors.fault(shown, found[0], "occupation", found[1]))
    faults += few(sorted(ambiguous), lambda found: Fault(
        shown, found[0], "occupation", say("faults.ambiguous", first=repr(found[1]), second=repr(found[2]),
                                           occupation=found[3]), say("faults.one_winner"), say("faults.add_exact")))
    return {key: held[1] for key, held in best.items()}


def _keys(
    record: dict[Hashable, object], members: tuple[str, ...], regions: tuple[str, ...],
    years: tuple[int, ...] | None, extra: tuple[str, ...],
) -> Iterator[tuple[Hashable, ...]]:
    head = tuple(record[name] for name in extra)
    for region in regions if record["region"] == ANY else [r for r in regions if r == record["region"]]:
        for occupation in members:
            if years is None:
                yield (*head, region, occupation)
                continue
            for year in years if record["year"] == ANY else [t for t in years if str(t) == record["year"]]:
                yield (*head, region, occupation, year)
