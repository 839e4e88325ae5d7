"""The cases of the benchmark set: Belgium, and invented countries of several sizes, reviews and lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from optimiser.generate import generate
from optimiser.problem import Problem, load

ROOT = Path(__file__).resolve().parent.parent
SEED = 1
SIZES = {  # occupations, regions, areas in each region, years, share of empty pairs (None: as generate does)
    "S": (60, 2, 5, 5, None),
    "M": (150, 2, 5, 5, None),
    "L": (436, 2, 5, 5, None),
    "XL": (436, 2, 40, 5, None),
    "W": (220, 13, 31, 3, 0.6),
}
REVIEWS = ("once", "yearly")
LISTS = {"tight": 40, "loose": 6}  # a list may have one occupation out of so many


@dataclass(frozen=True)
class Country:
    """An invented country; `length` is the most occupations on a list, None as `optimiser generate` chooses it."""

    name: str
    occupations: int
    regions: int
    areas: int
    years: int
    reviews: str
    length: int | None = None
    empty: float | None = None

    def problem(self, folder: Path) -> Problem:
        """The country, written to a new folder and read from it."""
        generate(folder / "case", self.occupations, self.regions, self.areas, self.years, SEED, reviews=self.reviews,
                 list_length=self.length, empty=self.empty)
        return load(folder / "case" / "config.yaml")


@dataclass(frozen=True)
class Shipped:
    """A case that comes with the project."""

    name: str
    config: Path

    def problem(self, _: Path) -> Problem:
        """The case, read from its own folder."""
        return load(self.config)


Case = Country | Shipped
CASES: dict[str, Case] = {"belgium": Shipped("belgium", ROOT / "configs" / "belgium.yaml")} | {
    (name := f"{size}-{reviews}-{length}"): Country(name, occupations, regions, areas, years, reviews,
                                                    max(1, occupations // LISTS[length]), empty)
    for size, (occupations, regions, areas, years, empty) in SIZES.items() for reviews in REVIEWS for length in LISTS}
