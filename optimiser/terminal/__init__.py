"""What a person sees in the terminal: the search as it goes, and a summary of what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from optimiser.explore.finding import Finding, kind
from optimiser.overview import Overview, scenarios
from optimiser.problem import Problem
from optimiser.report import explored
from optimiser.report.words import Words
from optimiser.solution import UNITS, Solution
from optimiser.solver import Progress
from optimiser.terminal.lines import (
    TITLE,
    add_names,
    add_numbers,
    new_table,
    print_line,
    print_lines,
    print_table,
    screen,
)
from optimiser.texts import say

TOP = 10  # shortages shown of those that stay unfilled
AMOUNT = 8  # characters of a column of numbers, so that its heading has room
NAMES = 34  # characters of a name or text in such a table
ROWS = 12  # of a table that an exploration found
PLACES = 20  # full services shown
YEARS_SHOWN = 6  # years shown of a case: more columns would not fit on a narrow screen
NUMBER = 5  # characters that a column of numbers keeps at least
EVERY = 10.0  # seconds between two lines of a search where there is no screen
WIDE = 10.0  # gap from which on its size is not told
FULL = 0.995  # a service counts as full from this share of its capacity on


@contextmanager
def searching() -> Iterator[Callable[[str, Progress], None]]:
    """Show every region's best plan, bound and gap while the search runs; as lines where there is no screen."""
    console = Console(stderr=True)
    latest: dict[str, Progress] = {}
    if not console.is_terminal:
        told: dict[str, float] = {}

        def log(name: str, progress: Progress) -> None:
            before = latest.get(name, progress)
            if progress.number != before.number:
                print_line(console, _progress_line(name, before))
            if name not in told or progress.seconds - told[name] >= EVERY:
                print_line(console, _progress_line(name, progress))
                told[name] = progress.seconds
            latest[name] = progress

        yield log
        return
    with Live(_search_table(latest), console=console, refresh_per_second=4, transient=True) as live:
        def show(name: str, progress: Progress) -> None:
            latest[name] = progress
            live.update(_search_table(latest))

        yield show


@contextmanager
def counting() -> Iterator[Callable[[int, int, str], None]]:
    """A bar of how much is proved, with what is being asked; as lines where there is no screen."""
    console = Console(stderr=True)
    if not console.is_terminal:
        told = [-EVERY]

        def log(done: int, total: int, what: str) -> None:
            if time.monotonic() - told[0] >= EVERY:
                print_line(console, say("terminal.proved", done=done, total=total, what=what))
                told[0] = time.monotonic()

        yield log
        return
    with Bar(BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn(), console=console,
             transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=escape(
            say("terminal.proved", done=done, total=total, what=what)))


def _progress_line(name: str, p: Progress) -> str:
    key = "progress" if p.stage in UNITS else "progress_tie"
    return say(f"terminal.{key}", regions=name, number=p.number, stages=p.stages, stage=_aim(p.stage),
               value=_number(p.incumbent), bound=_number(p.bound), gap=_percent(p.gap), seconds=f"{p.seconds:.0f}")


def _search_table(latest: dict[str, Progress]) -> Table:
    table = new_table(say("terminal.searching"))
    table.expand = True
    table.add_column(say("terminal.regions"), no_wrap=True, max_width=TITLE, overflow="ellipsis")
    table.add_column(say("terminal.stage"), no_wrap=True, ratio=1, overflow="ellipsis")
    for key in ("incumbent", "best", "gap", "seconds"):
        add_numbers(table, say(f"terminal.{key}"))
    for name, p in sorted(latest.items()):
        cells = (_number(p.incumbent), _number(p.bound), _percent(p.gap)) if p.stage in UNITS else ("", "", "")
        table.add_row(escape(name), f"{p.number}/{p.stages} {_aim(p.stage)}", *cells, f"{p.seconds:.0f}")
    return table


def _aim(name: str) -> str:
    """An aim and its unit; the tie-break has none."""
    title = say(f"objective.{name}")
    return f"{title}, {UNITS[name]}" if name in UNITS else title


def show_solution(problem: Problem, solution: Solution, folder: Path) -> None:
    """The lists with quotas and what they fill, the largest unfilled shortages, the full services, and the aims."""
    console = screen()
    for line in scenarios(problem):
        print_line(console, line)
    for region in problem.regions:
        console.print()
        console.rule(escape(f"{problem.title('regions', region)} ({region})"), align="left")
        print_table(console, _list_table(problem, solution, region, console.width))
        print_line(console, say("terminal.filled_means"))
        _print_unfilled(console, problem, solution, region)
        _print_full_services(console, problem, solution, region)
        print_table(console, _aims_table(solution, region))
        print_line(console, say("terminal.best_means"))
    console.print()
    for opinion in solution.status.get("opinions", []):
        words = {"regions": ", ".join(opinion["regions"]), "method": say(f"solve.{opinion['method']}"),
                 "value": _number(opinion["value"]), "bound": _number(opinion["bound"])}
        print_line(console, say(f"terminal.opinion_{opinion['verdict']}", **words))
    ended = solution.status["termination"]
    if ended in ("interrupted", "failed") or solution.status["clock_cut"]:
        key = ended if ended in ("interrupted", "failed") else "clock_cut"
        print_line(console, say(f"terminal.ended_{key}"), style="yellow")
    print_line(console, say("terminal.written", folder=folder, report=folder / "report.html"))


def _list_table(problem: Problem, solution: Solution, region: str, width: int) -> Table:
    quotas, lists = (frame[frame["region"] == region] for frame in (solution.quotas, solution.lists))
    unfilled = _of_region(problem, solution.unfilled, region)
    filled = unfilled.groupby("occupation")[["shortage", "filled_by_scheme"]].sum()
    permits = quotas.pivot(index="occupation", columns="year", values="quota").reindex(columns=list(problem.years))
    if width < TITLE + (len(problem.years) + 2) * (NUMBER + 2):  # too many years for this screen: all in one column
        permits = permits.sum(axis=1).to_frame(say("terminal.permits"))
    longest = lists[lists["review"] > 0].groupby("review").size().max() if len(permits) else 0
    table = new_table(say("terminal.list", n=len(permits), most=longest), footer=True)
    add_names(table, say("terminal.occupation"), say("terminal.together"))
    for year, total in permits.sum().items():
        add_numbers(table, str(year), f"{total:,.0f}")
    add_numbers(table, say("terminal.filled"), f"{filled['filled_by_scheme'].sum():,.0f}")
    add_numbers(table, say("terminal.share"))
    for occupation, numbers in zip(permits.index, permits.to_numpy(), strict=True):
        cells = ["-" if pd.isna(number) else f"{number:,.0f}" for number in numbers]
        shortage, got = filled.loc[occupation] if occupation in filled.index else (0.0, 0.0)
        table.add_row(_titled(problem, occupation), *cells, f"{got:,.0f}", f"{got / shortage:.0%}" if shortage else "-")
    return table


def _print_unfilled(console: Console, problem: Problem, solution: Solution, region: str) -> None:
    rows = _of_region(problem, solution.unfilled, region).groupby("occupation")["unfilled"].sum()
    largest = rows[rows > 0].sort_values(ascending=False, kind="stable").head(TOP)
    table = new_table(say("terminal.unfilled"), footer=True)
    add_names(table, say("terminal.occupation"), say("terminal.all"))
    add_numbers(table, say("terminal.person_years"), f"{rows.sum():,.0f}")
    for occupation, number in largest.items():
        table.add_row(_titled(problem, str(occupation)), f"{number:,.0f}")
    if len(largest):
        print_table(console, table)
    else:
        console.print()
        print_line(console, say("terminal.nothing_unfilled"))


def _print_full_services(console: Console, problem: Problem, solution: Solution, region: str) -> None:
    services = solution.services
    theirs = [region in problem.regions_of(g, p) for g, p in zip(services["service"], services["place"], strict=True)]
    here = services.loc[pd.Series(theirs, index=services.index, dtype=bool)]
    limit = here["capacity"] + here["expansion"]
    full = list(here[(limit > 0) & (here["used"] >= FULL * limit)].groupby(["service", "place"], sort=True))
    console.print()
    print_line(console, say("terminal.full_services" if full else "terminal.no_full_services"), style="italic")
    for (service, place), rows in full[:PLACES]:
        where = next((problem.title(t, str(place)) for t in ("areas", "regions")
                      if problem.title(t, str(place)) != place), place)
        years = ", ".join(map(str, rows["year"]))
        print_line(console, f"{problem.title('services', str(service))}, {where}: {years}")
    if len(full) > PLACES:
        print_line(console, say("terminal.more_full", n=f"{len(full) - PLACES:,}"))


def _aims_table(solution: Solution, region: str) -> Table:
    table = new_table(say("terminal.objectives"))
    add_names(table, say("terminal.aim"))
    for key in ("value", "best", "gap"):
        add_numbers(table, say(f"terminal.{key}"))
    for row in solution.objectives[solution.objectives["region"] == region].to_dict("records"):
        table.add_row(f"{row['rank']}. {_aim(row['objective'])}", _number(row["value"]), _number(row["bound"]),
                      _percent(row["gap"]))
    return table


def show_finding(problem: Problem, finding: Finding, folder: Path) -> None:
    """What an exploration found: the answer in words, then its tables."""
    console, words = screen(), Words(problem)
    console.print()
    console.rule(escape(finding.title), align="left")
    for line in finding.told:
        print_line(console, line)
    for name, frame in finding.tables.items():
        if len(frame):
            table, hidden = _finding_table(words, name, frame, console.width)
            console.print()
            print_line(console, f"{table.title}{say('terminal.more_columns', n=hidden) if hidden else ''}",
                        style="italic")
            table.title = None
            console.print(table)
            if len(frame) > ROWS:
                print_line(console, say("terminal.more_rows", n=f"{len(frame) - ROWS:,}"))
    console.print()
    print_line(console, say("terminal.found_written", folder=folder, report=folder / "report.html"))


def _finding_table(words: Words, name: str, frame: pd.DataFrame, width: int) -> tuple[Table, int]:
    """The first rows of a table, and as many of its columns as fit; how many don't."""
    table = new_table(say(f"explore.table_{name}"))
    columns = list(map(str, frame.columns))
    rows = [[explored.text(words, column, value) for column, value in zip(columns, row, strict=True)]
            for row in frame.head(ROWS).itertuples(index=False)]
    taken = 0
    for i, column in enumerate(columns):
        heading = explored.heading(words, column)
        names = kind(column) in ("code", "text")
        needed = max(cell_len(part) for part in (*heading.split(), *(row[i] for row in rows)))
        needed = min(needed, NAMES) if names else max(needed, AMOUNT)
        taken += needed + 2
        if taken > width and i:
            break
        table.add_column(heading, justify="left" if names else "right", overflow="ellipsis", width=needed)
    for row in rows:
        table.add_row(*(_cut(text, NAMES) for text in row[:len(table.columns)]))
    return table, len(columns) - len(table.columns)


def _cut(text: str, most: int) -> str:
    return escape(text if cell_len(text) <= most else f"{text[:most - 1]}\u2026")


def show_blocks(blocks: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Headings, and the lines that stand below each."""
    console = screen()
    for heading, lines in blocks:
        print_lines(console, escape(heading), lines)


def show_overview(overview: Overview, notes: Sequence[str], contradictions: Sequence[str]) -> None:
    """What a case holds, what is assumed or left out, and what in it contradicts itself."""
    console = screen()
    years = overview.years
    console.rule(escape(overview.title or say("overview.untitled")), align="left")
    numbers: dict[str, Any] = {"first": years[0], "last": years[-1], "values": overview.values, **overview.counts}
    console.print(say("overview.scale", **numbers), highlight=False)
    for table in (_regions_table(overview), _shortages_table(overview), _bases_table(overview),
                  _services_table(overview)):
        if table.row_count:
            print_table(console, table)
    if notes:
        print_lines(console, say("overview.notes"), notes)
    heading = say("overview.contradictions" if contradictions else "overview.no_contradictions")
    print_lines(console, heading, contradictions)


def _regions_table(overview: Overview) -> Table:
    table = _columns("regions", ("region",), ("areas", "candidates", "in_force", "list_length", "reviews"))
    for row in overview.regions.to_dict("records"):
        length = say("overview.no_limit") if pd.isna(row["list_length"]) else f"{row['list_length']:,.0f}"
        table.add_row(_named(row, "region"), f"{row['areas']:,}", f"{row['candidates']:,}", f"{row['in_force']:,}",
                      length, f"{row['reviews']:,}")
    return table


def _shortages_table(overview: Overview) -> Table:
    table = _columns("shortages", ("region",), ())
    years = overview.years[::-(-len(overview.years) // YEARS_SHOWN)]
    for year in years:
        add_numbers(table, str(year))
    persons = overview.shortages.set_index(["region", "year"])["shortage"].to_dict()
    for row in overview.regions.to_dict("records"):
        table.add_row(_named(row, "region"), *(f"{persons[row['region'], year]:,.0f}" for year in years))
    return table


def _bases_table(overview: Overview) -> Table:
    table = _columns("bases", ("basis",), ("person_years", "share", "rows", "share"))
    for row in overview.bases.to_dict("records"):
        table.add_row(row["basis"], f"{row['person_years']:,.0f}", f"{row['share_of_person_years']:.1%}",
                      f"{row['rows']:,}", f"{row['share_of_rows']:.1%}")
    return table


def _services_table(overview: Overview) -> Table:
    table = _columns("services", ("service", "unit"), ("places", "limited"))
    for row in overview.services.to_dict("records"):
        table.add_row(_named(row, "service"), escape(row["unit"]), f"{row['places']:,}", f"{row['limited']:,}")
    return table


def _named(row: dict[Hashable, Any], code: str) -> str:
    """A title with its code behind it, unless the code is all there is."""
    return escape(row["title"] if row["title"] == row[code] else f"{row['title']} ({row[code]})")


def _columns(title: str, left: Iterable[str], right: Iterable[str]) -> Table:
    """An empty table of the overview; names on the left, numbers on the right."""
    table = new_table(say(f"overview.{title}"))
    for name in left:
        add_names(table, say(f"overview.{name}"))
    for name in right:
        add_numbers(table, say(f"overview.{name}"))
    return table


# Numbers and names --------------------------------------------------------------------------------------------


def _titled(problem: Problem, occupation: str) -> str:
    return escape(f"{occupation} {problem.title('occupations', occupation)}")


def _of_region(problem: Problem, frame: pd.DataFrame, region: str) -> pd.DataFrame:
    return frame[frame["area"].isin(problem.areas[region])]


def _number(value: float | None) -> str:
    if value is None or pd.isna(value) or abs(value) == float("inf"):
        return say("terminal.not_known")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"


def _percent(value: float | None) -> str:
    if value is None or pd.isna(value) or abs(value) == float("inf"):
        return say("terminal.not_known")
    # of a value next to nothing: the number of percents says nothing more
    return say("terminal.wide") if value > WIDE else f"{value:.2%}"
