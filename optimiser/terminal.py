"""What a person sees in the terminal: the search as it goes, and a summary of what it found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAVY
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from optimiser.overview import Overview
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.solver import Progress
from optimiser.texts import say

TOP = 10
NUMBER = 5  # characters that a column of numbers keeps on a narrow screen, where titles are cut instead
YEARS_SHOWN = 6  # more columns would not fit on a narrow screen
FULL = 0.995  # a service counts as full from this share of its capacity on


@contextmanager
def searching() -> Iterator[Callable[[str, Progress], None]]:
    """Show every region's best plan, bound and gap while the search runs; a line per stage where there is no screen."""
    console = Console(stderr=True)
    latest: dict[str, Progress] = {}
    if not console.is_terminal:
        def log(name: str, progress: Progress) -> None:
            before = latest.get(name)
            if before is None or before.number != progress.number:
                console.print(escape(say("terminal.stage_line", regions=name, stage=say(f"objective.{progress.stage}"),
                                         number=progress.number, stages=progress.stages,
                                         seconds=round(progress.seconds, 1))), highlight=False)
            latest[name] = progress

        yield log
        return
    with Live(_search_table(latest), console=console, refresh_per_second=4, transient=True) as live:
        def show(name: str, progress: Progress) -> None:
            latest[name] = progress
            live.update(_search_table(latest))

        yield show


def _search_table(latest: dict[str, Progress]) -> Table:
    table = Table(title=say("terminal.searching"), title_justify="left")
    for key in ("regions", "stage", "incumbent", "bound", "gap", "seconds"):
        table.add_column(say(f"terminal.{key}"), justify="left" if key in ("regions", "stage") else "right")
    for name, p in sorted(latest.items()):
        stage = f"{p.number}/{p.stages} {say(f'objective.{p.stage}')}"
        table.add_row(escape(name), stage, _number(p.incumbent), _number(p.bound), _percent(p.gap), f"{p.seconds:.0f}")
    return table


def show_solution(problem: Problem, solution: Solution, folder: Path) -> None:
    """The lists with quotas and what they fill, the largest unfilled shortages, and the full services."""
    console = Console()
    for region in problem.regions:
        console.print()
        console.rule(escape(f"{problem.title('regions', region)} ({region})"), align="left")
        console.print(_list_table(problem, solution, region, console.width))
        console.print(say("terminal.filled_means"))
        console.print(_unfilled_table(problem, solution, region))
        _print_full_services(console, problem, solution, region)
        _print_objectives(console, solution, region)
    console.print()
    ended = solution.status["termination"]
    if ended in ("interrupted", "failed") or solution.status["clock_cut"]:
        key = ended if ended in ("interrupted", "failed") else "clock_cut"
        console.print(say(f"terminal.ended_{key}"), style="yellow")
    console.print(escape(say("terminal.written", folder=folder, report=folder / "report.html")), highlight=False)


def _list_table(problem: Problem, solution: Solution, region: str, width: int) -> Table:
    quotas = solution.quotas[solution.quotas["region"] == region]
    filled = _of_region(problem, solution.unfilled, region).groupby("occupation")[
        ["shortage", "filled_by_scheme"]].sum().to_dict("index")
    table = Table(title=say("terminal.list", n=quotas["occupation"].nunique()), title_justify="left",
                  show_footer=True, box=SIMPLE_HEAVY)
    left = width - (len(problem.years) + 2) * (NUMBER + 3) - 6
    table.add_column(say("terminal.occupation"), say("terminal.together"), no_wrap=True, overflow="ellipsis",
                     max_width=max(NUMBER, left))
    for year, total in quotas.groupby("year")["quota"].sum().reindex(problem.years, fill_value=0).items():
        table.add_column(str(year), f"{total:,}", justify="right", min_width=NUMBER)
    table.add_column(say("terminal.filled"), f"{sum(row['filled_by_scheme'] for row in filled.values()):,.0f}",
                     justify="right", min_width=NUMBER + 1)
    table.add_column(say("terminal.share"), justify="right", min_width=NUMBER)
    for occupation, rows in quotas.groupby("occupation", sort=True):
        by_year = rows.set_index("year")["quota"]
        cells = [f"{by_year[t]:,}" if t in by_year else "-" for t in problem.years]
        shortage, got = filled.get(occupation, {"shortage": 0.0, "filled_by_scheme": 0.0}).values()
        share = f"{got / shortage:.0%}" if shortage else "-"
        name = f"{occupation} {problem.title('occupations', str(occupation))}"
        table.add_row(escape(name), *cells, f"{got:,.0f}", share)
    return table


def _unfilled_table(problem: Problem, solution: Solution, region: str) -> Table:
    rows = _of_region(problem, solution.unfilled, region).groupby("occupation")["unfilled"].sum()
    table = Table(title=say("terminal.unfilled"), title_justify="left", show_footer=True)
    table.add_column(say("terminal.occupation"), say("terminal.all"), no_wrap=True, overflow="ellipsis")
    table.add_column(say("terminal.person_years"), f"{rows.sum():,.0f}", justify="right")
    largest = rows.sort_values(ascending=False, kind="stable").head(TOP)
    for occupation, number in largest.items():
        table.add_row(escape(f"{occupation} {problem.title('occupations', str(occupation))}"), f"{number:,.0f}")
    return table


def _print_full_services(console: Console, problem: Problem, solution: Solution, region: str) -> None:
    services = solution.services
    theirs = [region in problem.regions_of(g, p) for g, p in zip(services["service"], services["place"], strict=True)]
    here = services.loc[pd.Series(theirs, index=services.index, dtype=bool)]
    limit = here["capacity"] + here["expansion"]
    full = here[(limit > 0) & (here["used"] >= FULL * limit)]
    console.print(say("terminal.full_services" if len(full) else "terminal.no_full_services"), style="bold")
    for (service, place), rows in full.groupby(["service", "place"], sort=True):
        years = ", ".join(str(year) for year in rows["year"])
        where = next((problem.title(t, str(place)) for t in ("areas", "regions")
                      if problem.title(t, str(place)) != place), place)
        console.print(escape(f"  {problem.title('services', str(service))}, {where}: {years}"), highlight=False)


def _print_objectives(console: Console, solution: Solution, region: str) -> None:
    console.print(say("terminal.objectives"), style="bold")
    for row in solution.objectives[solution.objectives["region"] == region].to_dict("records"):
        known = not pd.isna(row["bound"])
        key = "no_bound" if not known else "first_aim" if row["rank"] == 1 else "later_aim"
        line = say(f"terminal.{key}", name=say(f"objective.{row['objective']}"), value=_number(row["value"]),
                   unit=row["unit"], bound=_number(row["bound"]), gap=_percent(row["gap"]))
        console.print(escape(f"  {line}"), highlight=False)


def show_overview(overview: Overview, notes: Sequence[str], contradictions: Sequence[str]) -> None:
    """What a case holds, what is assumed or left out, and what in it contradicts itself."""
    console = Console()
    years = overview.years
    console.rule(escape(overview.title or say("overview.untitled")), align="left")
    numbers: dict[str, Any] = {"first": years[0], "last": years[-1], "values": overview.values, **overview.counts}
    console.print(say("overview.scale", **numbers), highlight=False)
    for table in (_regions_table(overview), _shortages_table(overview), _bases_table(overview),
                  _services_table(overview)):
        if table.row_count:
            console.print(table)
    if notes:
        _print_lines(console, say("overview.notes"), notes)
    heading = say("overview.contradictions" if contradictions else "overview.no_contradictions")
    _print_lines(console, heading, contradictions)


def _regions_table(overview: Overview) -> Table:
    table = _table("regions", ("region",), ("areas", "candidates", "in_force", "list_length", "reviews"))
    for row in overview.regions.to_dict("records"):
        length = say("overview.no_limit") if pd.isna(row["list_length"]) else f"{row['list_length']:,.0f}"
        table.add_row(_named(row, "region"), f"{row['areas']:,}", f"{row['candidates']:,}", f"{row['in_force']:,}",
                      length, f"{row['reviews']:,}")
    return table


def _shortages_table(overview: Overview) -> Table:
    table = _table("shortages", ("region",), ())
    years = overview.years[::-(-len(overview.years) // YEARS_SHOWN)]
    for year in years:
        table.add_column(str(year), justify="right")
    persons = overview.shortages.set_index(["region", "year"])["shortage"].to_dict()
    for row in overview.regions.to_dict("records"):
        table.add_row(_named(row, "region"), *(f"{persons[row['region'], year]:,.0f}" for year in years))
    return table


def _bases_table(overview: Overview) -> Table:
    table = _table("bases", ("basis",), ("person_years", "share", "rows", "share"))
    for row in overview.bases.to_dict("records"):
        table.add_row(row["basis"], f"{row['person_years']:,.0f}", f"{row['share_of_person_years']:.1%}",
                      f"{row['rows']:,}", f"{row['share_of_rows']:.1%}")
    return table


def _services_table(overview: Overview) -> Table:
    table = _table("services", ("service", "unit"), ("places", "limited"))
    for row in overview.services.to_dict("records"):
        table.add_row(_named(row, "service"), escape(row["unit"]), f"{row['places']:,}", f"{row['limited']:,}")
    return table


def _named(row: dict[Hashable, Any], code: str) -> str:
    """A title with its code behind it, unless the code is all there is."""
    return escape(row["title"] if row["title"] == row[code] else f"{row['title']} ({row[code]})")


def _table(title: str, left: Iterable[str], right: Iterable[str]) -> Table:
    """An empty table of the overview; names on the left, numbers on the right."""
    table = Table(title=say(f"overview.{title}"), title_justify="left")
    for name in left:
        table.add_column(say(f"overview.{name}"))
    for name in right:
        table.add_column(say(f"overview.{name}"), justify="right")
    return table


def _print_lines(console: Console, heading: str, lines: Sequence[str]) -> None:
    """A heading and its lines, indented; where there is no screen, each stays one line."""
    console.print(heading, style="bold", highlight=False)
    if not console.is_terminal:
        for line in lines:
            console.print(escape(f" - {line}"), highlight=False, soft_wrap=True)
    elif lines:
        grid = Table.grid(padding=(0, 1))
        for line in lines:
            grid.add_row(" -", escape(line))
        console.print(grid)


def _of_region(problem: Problem, frame: pd.DataFrame, region: str) -> pd.DataFrame:
    return frame[frame["area"].isin(problem.areas[region])]


def _number(value: float | None) -> str:
    if value is None or pd.isna(value) or abs(value) == float("inf"):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"


def _percent(value: float | None) -> str:
    return "-" if value is None or pd.isna(value) or abs(value) == float("inf") else f"{value:.2%}"
