"""What the template is given: tables and figures whose texts are ready to print."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

MOST_ROWS = 40  # of a table or heat map on the page; the workbook holds all


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `css` names its look."""

    text: str
    css: str = ""


Rows = Sequence[Sequence[str | Cell]]


@dataclass(frozen=True)
class Grid:
    """A table: the first column heads its rows; `numbers` are the columns aligned right, by position.

    `rows` come first, then the `groups` of rows, each under its own heading.
    """

    caption: str
    head: tuple[str, ...]
    rows: Rows
    numbers: Collection[int] = range(1, 1000)
    note: str = ""
    groups: Sequence[tuple[str, Rows]] = ()


@dataclass(frozen=True)
class Figure:
    """A picture (an SVG element made by `figures.py`), its title, and the table that says the same."""

    title: str
    svg: str
    grid: Grid
    note: str = ""
    legend: Sequence[tuple[str, str]] = ()  # (colour, text)


@dataclass(frozen=True)
class Section:
    """What an exploration found: its heading, the question as asked, the answer in words, pictures and tables."""

    anchor: str
    heading: str
    title: str
    lines: Sequence[str]
    figures: Sequence[Figure]
    grids: Sequence[Grid]


@dataclass(frozen=True)
class Listing:
    """One row of a region's list; a `tie` when no proof says that it belongs there."""

    title: str
    meta: str
    marks: tuple[bool, ...]
    spoken: str
    quotas: tuple[Cell, ...]
    filled: str
    why: str
    tie: bool


@dataclass(frozen=True)
class RegionView:
    """All of a region's section."""

    name: str
    anchor: str
    summary: str
    scarce: str
    listings: list[tuple[str, list[Listing]]]  # under a heading each; the first one has none
    sizes: Grid
    moves: list[tuple[str, str, str]]
    exits: Grid | None
    bars: Figure | None
    areas: Figure | None
    by_area: Grid | None
    heat: Grid | None
    services: Grid | None
    pipeline: Grid | None
    costs: Grid


@dataclass(frozen=True)
class Block:
    """Part of a chapter: pictures (each with its table folded away), heat maps, tables, and tables folded away."""

    heading: str = ""
    figures: Sequence[Figure] = ()
    heats: Sequence[Grid] = ()
    grids: Sequence[Grid] = ()
    folded: Sequence[Grid] = ()


@dataclass(frozen=True)
class Chapter:
    """Part of a study's report: what it tells of, the lines of the analysis, and what shows them."""

    anchor: str
    heading: str
    about: str
    lines: Sequence[str]
    more: Sequence[str] = ()  # further lines, folded away
    facts: Sequence[tuple[str, str]] = ()
    blocks: Sequence[Block] = ()
