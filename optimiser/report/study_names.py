"""Names and numbers of a study as a reader sees them."""

from __future__ import annotations

import math

import pandas as pd

from optimiser.report.words import Words
from optimiser.study.analyse import Analysis
from optimiser.study.analyse.layouts import MORRIS, ONE_AT_A_TIME
from optimiser.study.analyse.sample import LISTING, OUTCOME
from optimiser.study.analyse.titles import Titles
from optimiser.study.factors import Factor
from optimiser.study.spec import Study
from optimiser.texts import catalogue, say

LINES = 8  # of an analysis shown at once; the others are folded away
DASH = "\u2013"


class Names:
    """Texts of a study's report; call it for the text `study_report.<key>`.

    Attributes
    ----------
    words : texts and titles of the case
    study : what was asked
    status : how every row ended, as in a store
    """

    def __init__(self, words: Words, study: Study, status: pd.DataFrame):
        self.words = words
        self.study = study
        self.status = status
        self.titles = Titles.of(study, words.language)
        self.factors: dict[str, Factor] = {factor.name: factor for factor in study.factors}

    def __call__(self, key: str, **values: object) -> str:
        return say(f"study_report.{key}", self.words.language, **values)

    def known(self, key: str, otherwise: str) -> str:
        """The text where there is one."""
        return self(key) if f"study_report.{key}" in catalogue("en") else otherwise

    def lines(self, found: Analysis, *tables: str, most: int = LINES) -> tuple[list[str], list[str]]:
        """What the analysis says of some tables: lines shown at once, and those folded away."""
        every = [line for name in tables for line in found.sections.get(name, [])]
        return every[:most], every[most:]

    def factor(self, name: str) -> str:
        """A factor in words; a group of factors is called as in the study file."""
        return self.titles.factor(name)

    def is_lever(self, name: str) -> bool:
        return name in self.factors and self.factors[name].kind == "lever"

    def occupation(self, code: str) -> str:
        """`Nurse (2221)`, or the code alone where it has no title."""
        return self.titles.occupation(code)

    def coded(self, code: str) -> str:
        """`2221 Nurse`: for pictures, where long titles are cut."""
        title = self.words.occupation(code)
        return code if title == code else f"{code} {title}"

    def target(self, kind: str, target: str) -> str:
        """What is moved: an outcome with its unit, an occupation, or whether there is a plan."""
        return self.occupation(target) if kind == LISTING else self.known(f"outcome_{target}", target)

    def component(self, name: str) -> str:
        """`Flanders and Wallonia` for `BE2-BE3`."""
        return self.titles.region(name)

    def bare(self, kind: str, target: str, number: float) -> str:
        """An amount of a target whose unit has been told: shares in percent, everything else as it is."""
        if kind != OUTCOME or target == "worst_coverage":
            return self.words.percent(number, 1)
        return self.words.amount(number)

    def between(self, low: float, high: float, digits: int | None = None) -> str:
        """`12–15`, or nothing where an end is not known."""
        if math.isnan(low) or math.isnan(high):
            return ""
        if math.isinf(high):
            return self("from", n=self.number(low, digits))
        ends = [self.number(end, digits) for end in (low, high)]
        return ends[0] if ends[0] == ends[1] else (DASH if low >= 0 else self("to")).join(ends)

    def number(self, number: float, digits: int | None = None) -> str:
        """An amount, or with so many decimals."""
        if digits is None or not math.isfinite(number):
            return self.words.amount(number)
        return f"{number:,.{digits}f}" if round(number, digits) else f"{0:.{digits}f}"

    def with_interval(self, number: float, low: float, high: float, digits: int | None = None) -> str:
        """`14 (12–15)`, or `14` without an interval."""
        told, ends = self.number(number, digits), self.between(low, high, digits)
        return f"{told} ({ends})" if ends not in ("", told) else told

    def share(self, share: float, low: float, high: float) -> str:
        """`96 % (93–98)`; the ends are rounded outwards."""
        if math.isnan(share):
            return self.words("nothing")
        ends = f"{math.floor(100 * low + 1e-9)}{DASH}{math.ceil(100 * high - 1e-9)}"
        return f"{self.words.percent(share)} ({ends})"

    def yes(self, number: float) -> str:
        """`yes`, `no`, or nothing where nobody knows."""
        return self.words("nothing") if math.isnan(number) else self.words("yes" if number else "no")

    def cut(self, rows: int, most: int) -> str:
        """What a picture or table leaves out, if anything."""
        return self.words.cut(rows, most, "rows_shown")


def by_region(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """A table region by region, by code; nothing for an empty one."""
    return [(str(region), part) for region, part in table.groupby("region", sort=True)] if len(table) else []


def one_by_one(found: Analysis) -> bool:
    """Whether the rows change one factor at a time, so that their number says nothing of how likely something is."""
    return found.facts.get("layout") in (MORRIS, ONE_AT_A_TIME)
