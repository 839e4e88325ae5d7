"""What every table and line in the terminal has in common."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.box import SIMPLE_HEAVY
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

FILE_WIDTH = 140  # characters of a line where there is no screen
TITLE = 16  # characters that must be left for titles


def screen() -> Console:
    """As wide as the screen; where there is none, wide enough for whole titles."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=FILE_WIDTH)


def new_table(title: str, footer: bool = False) -> Table:
    """An empty table: two spaces between columns, no lines around it."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAVY, show_edge=False, pad_edge=False,
                 padding=(0, 1, 0, 0), show_footer=footer)


def add_names(table: Table, heading: str, footer: str = "") -> None:
    """A column of names or texts, cut where the screen is too narrow."""
    table.add_column(heading, footer, no_wrap=True, overflow="ellipsis")


def add_numbers(table: Table, heading: str, footer: str = "") -> None:
    """A column of numbers, never cut."""
    table.add_column(heading, footer, justify="right", no_wrap=True)


def print_table(console: Console, table: Table) -> None:
    """An empty line and a table; where the screen is too narrow the names of its first column are cut."""
    first, *others = table.columns
    taken = sum(2 + max(map(cell_len, map(str, (column.header, column.footer, *column.cells)))) for column in others)
    first.max_width = max(TITLE, console.width - taken)
    title, table.title = table.title, None  # rich would break it at the width of the table
    console.print()
    print_line(console, str(title), style="italic")
    console.print(table)


def print_line(console: Console, line: str, style: str = "") -> None:
    """A line, wrapped at words on a screen and left whole elsewhere."""
    console.print(escape(line), style=style, highlight=False, soft_wrap=not console.is_terminal)


def print_lines(console: Console, heading: str, lines: Sequence[str]) -> None:
    """A heading and its lines, indented; where there is no screen, each stays one line."""
    console.print()
    console.print(heading, style="italic", highlight=False)
    if not console.is_terminal:
        for line in lines:
            console.print(escape(f" - {line}"), highlight=False, soft_wrap=True)
    elif lines:
        grid = Table.grid(padding=(0, 1))
        for line in lines:
            grid.add_row(" -", escape(line))
        console.print(grid)
