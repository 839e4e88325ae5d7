"""Names and numbers as a reader sees them, in one language."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

from optimiser.problem import Problem
from optimiser.report.content import PERMITS
from optimiser.schema import ANY, BASES, SHARED
from optimiser.texts import say

NAMED = 3  # so many names are spelled out before the rest is counted
WIDE = 10.0  # share beyond which the size is not told
Titles = dict[str, str]


class Words:
    """Texts, titles and formatted numbers of one problem; call it for a text of the report's theme."""

    def __init__(self, problem: Problem, language: str = "en"):
        self.problem = problem
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """The text `report.<key>` with its names filled in."""
        return say(f"report.{key}", self.language, **values)

    @cached_property
    def _titles(self) -> dict[str, Titles]:
        tables = ("regions", "areas", "occupations", "services")
        return {table: self.problem._titles(table, self.language) for table in tables}

    def region(self, code: str) -> str:
        """Title of a region; every region for `*`."""
        return self("every_region") if code == ANY else self._titles["regions"].get(code, code)

    def occupation(self, code: str) -> str:
        """Title of an occupation, or a selector in words."""
        if code in self._titles["occupations"]:
            return self._titles["occupations"][code]
        word, _, value = code.partition(":")
        if code == ANY:
            return self("every_occupation")
        return self(f"selector_{word}", value=value) if value else code

    def service(self, code: str) -> str:
        """Title of a service, or of the permit total."""
        return self("permit_total") if code == PERMITS else self._titles["services"].get(code, code)

    def unit(self, service: str) -> str:
        """What a service counts."""
        return self("permits") if service == PERMITS else self.problem.services[service].unit

    def place(self, service: str, code: str) -> str:
        """Title of a place of a service."""
        if code == SHARED:
            return self("shared_place")
        scope = "region" if service == PERMITS else self.problem.services[service].scope
        return self._titles["areas" if scope == "area" else "regions"].get(code, code)

    def area(self, code: str) -> str:
        """Title of an area."""
        return self._titles["areas"].get(code, code)

    def attributes(self, occupation: str) -> list[str]:
        """Code, sector, skill and legal status of an occupation; unknown ones are left out."""
        sector, tier, regulated = (self.problem.attribute(name, occupation)
                                   for name in ("sector", "skill_tier", "regulated"))
        named = [occupation, sector, self(f"tier_{tier}") if tier else "",
                 self("regulated") if regulated == "yes" else ""]
        return [text for text in named if text]

    def bases(self, bases: Iterable[str]) -> str:
        """How numbers are known, in words: `derived and estimated`."""
        return self.names([self(f"basis_{basis}") for basis in bases], len(BASES))

    def names(self, names: Iterable[str], most: int = NAMED) -> str:
        """`A, B and C`, or `A, B, C and 4 more`."""
        found = list(names)
        if len(found) > most:
            return self("and_more", names=", ".join(found[:most]), n=self.amount(len(found) - most))
        if len(found) < 2:
            return "".join(found)
        return self("and", first=", ".join(found[:-1]), last=found[-1])

    def count(self, key: str, number: float) -> str:
        """The text `<key>_one` for exactly one and `<key>_many` for any other number, with {n}."""
        return self(f"{key}_one" if self.amount(number) == "1" else f"{key}_many", n=self.amount(number))

    def cut(self, rows: int, most: int, key: str) -> str:
        """The text `key` with {shown} and {n} when a table leaves rows out; nothing otherwise."""
        return self(key, shown=most, n=self.amount(rows)) if rows > most else ""

    def amount(self, number: float) -> str:
        """A number with thousands separators: whole from 10 on, one decimal below."""
        if not math.isfinite(number):
            return self("nothing")
        text = f"{number:,.0f}" if abs(number) >= 9.95 or number == round(number) else f"{number:,.1f}"
        return self("below_tenth") if text in ("0.0", "-0.0") else text

    def figure(self, number: float) -> str:
        """A number with two significant digits, or whole from 10 on."""
        if not math.isfinite(number):
            return self("nothing")
        return f"{number:,.0f}" if abs(number) >= 10 or number == round(number) else f"{number:.2g}"

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share as a percentage: `decimals` from 10 % on, one below; never rounded up to a full 100 %.

        Beyond `WIDE` it says no more than that: such a gap is one of a value next to nothing.
        """
        if not math.isfinite(share):
            return self("nothing")
        if share > WIDE:
            return self("percent", n=f">\u00a0{100 * WIDE:,.0f}")
        if 0.995 <= share < 1:
            return self("percent", n=">\u00a099")
        hundredths = 100 * share
        if 0 < abs(hundredths) < 0.05:
            return self("percent", n="<\u00a00.1")
        whole = abs(hundredths) >= 9.95 or hundredths == round(hundredths)
        return self("percent", n=f"{hundredths:,.{decimals if share else 0}f}" if whole else f"{hundredths:.1f}")

    def euro(self, number: float) -> str:
        """An amount of money, in millions from one million on."""
        if abs(number) >= 999_500:
            return self("million_euro", n=f"{number / 1e6:,.1f}")
        return self("euro", n=f"{number:,.0f}")

    def span(self, first: int, last: int) -> str:
        """`2026` or `2026-2027` with an en dash."""
        return str(first) if first == last else f"{first}\u2013{last}"
