"""What a person sees in the terminal: the search as it goes, and a summary of what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.solver import Progress
from optimiser.texts import say

TOP = 10
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
        console.print(_list_table(problem, solution, region))
        console.print(_unfilled_table(problem, solution, region))
        _print_full_services(console, problem, solution, region)
        _print_objectives(console, solution, region)
    console.print()
    if solution.status["clock_cut"]:
        console.print(say("terminal.clock_cut"), style="yellow")
    console.print(escape(say("terminal.written", folder=folder, report=folder / "report.html")), highlight=False)


def _list_table(problem: Problem, solution: Solution, region: str) -> Table:
    quotas = solution.quotas[solution.quotas["region"] == region]
    filled = _of_region(problem, solution.unfilled, region).groupby("occupation")[
        ["shortage", "filled_by_scheme"]].sum()
    table = Table(title=say("terminal.list", n=quotas["occupation"].nunique()), title_justify="left")
    table.add_column(say("terminal.occupation"))
    for year in problem.years:
        table.add_column(str(year), justify="right")
    table.add_column(say("terminal.filled"), justify="right")
    table.add_column(say("terminal.of_shortage"), justify="right")
    for occupation, rows in quotas.groupby("occupation", sort=True):
        by_year = rows.set_index("year")["quota"]
        cells = [f"{by_year[t]:,}" if t in by_year else "-" for t in problem.years]
        shortage, got = filled.loc[occupation] if occupation in filled.index else (0.0, 0.0)
        share = _percent(got / shortage) if shortage else "-"
        name = f"{occupation} {problem.title('occupations', str(occupation))}"
        table.add_row(escape(name), *cells, f"{got:,.0f}", share)
    return table


def _unfilled_table(problem: Problem, solution: Solution, region: str) -> Table:
    rows = _of_region(problem, solution.unfilled, region).groupby("occupation")["unfilled"].sum()
    table = Table(title=say("terminal.unfilled", total=f"{rows.sum():,.0f}"), title_justify="left")
    table.add_column(say("terminal.occupation"))
    table.add_column(say("terminal.person_years"), justify="right")
    largest = rows.sort_values(ascending=False, kind="stable").head(TOP)
    for occupation, number in largest.items():
        table.add_row(escape(f"{occupation} {problem.title('occupations', str(occupation))}"), f"{number:,.0f}")
    return table


def _print_full_services(console: Console, problem: Problem, solution: Solution, region: str) -> None:
    services = solution.services
    here = services[[region in problem.regions_of(g, p) for g, p in zip(services["service"], services["place"],
                                                                       strict=True)]]
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
    for row in solution.objectives[solution.objectives["region"] == region].itertuples():
        line = say("terminal.objective_line", name=say(f"objective.{row.objective}"), value=_number(row.value),
                   unit=row.unit, bound=_number(row.bound), gap=_percent(row.gap))
        console.print(escape(f"  {line}"), highlight=False)


def _of_region(problem: Problem, frame: pd.DataFrame, region: str) -> pd.DataFrame:
    return frame[frame["area"].isin(problem.areas[region])]


def _number(value: float | None) -> str:
    if value is None or pd.isna(value) or abs(value) == float("inf"):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"


def _percent(value: float | None) -> str:
    return "-" if value is None or pd.isna(value) or abs(value) == float("inf") else f"{value:.2%}"
