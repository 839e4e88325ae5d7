"""Commands that make, solve, check and show a case: what each is called and which function answers it."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import Base, Changes, ConfigFile, Force, Gap, Out, RunFolder, Scenarios, Seconds, app
from optimiser.errors import ResultError, SolverError
from optimiser.texts import say


class Method(StrEnum):
    """How a case is searched; see `solving.solve`."""

    search = "search"
    direct = "direct"


@app.command(help=say("cli.validate"))
def validate(config: ConfigFile, scenario: Scenarios = None, settings: Changes = None) -> None:
    from optimiser.contradictions import contradictions
    from optimiser.futures import load_futures
    from optimiser.overview import notes, overview
    from optimiser.problem import load
    from optimiser.terminal import show_overview

    problem = load(config, scenario or (), settings or ())
    if problem.config.scenarios:
        load_futures(config, scenario or (), settings or ())
    show_overview(overview(problem), notes(problem), contradictions(problem))


@app.command(help=say("cli.scenarios"))
def scenarios(config: ConfigFile) -> None:
    from optimiser.errors import InputError
    from optimiser.problem import load
    from optimiser.scenario import blocks, listing
    from optimiser.terminal import show_blocks

    found, faults = listing(config), []
    for one in found or [None]:
        try:
            load(config, [one.name] if one else [])
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    if not found:
        typer.echo(say("scenario.none", folder=config.parent / "scenarios"))
    show_blocks(blocks(found))


@app.command(help=say("cli.solve"))
def solve(
    config: ConfigFile,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    base: Base = None,
    verify: Annotated[bool, typer.Option("--verify", help=say("cli.verify"))] = False,
    method: Annotated[Method, typer.Option("--method", help=say("cli.method"))] = Method.search,
    steps: Annotated[bool, typer.Option("--steps", help=say("cli.steps"))] = False,
    force: Force = False,
) -> None:
    from optimiser import run_folder
    from optimiser.problem import load
    from optimiser.save import kept_for_study, write_run
    from optimiser.solving import solve as search
    from optimiser.storage import next_free, whole_folder
    from optimiser.terminal import searching, show_solution
    from optimiser.terminal.steps import show_steps

    began = time.monotonic()
    problem = load(config, scenario or (), settings or ())
    like = [run_folder.read(base)[1].plan] if base else []
    target = out or next_free(Path("runs"), "-".join([config.stem, *(scenario or ())]))
    with whole_folder(target, force) as folder:
        with kept_for_study(problem, target), searching() as on_progress:
            solution = search(problem, gap, time_limit, on_progress, began, verify, like, method.value)
        write_run(problem, solution, folder)
    show_solution(problem, solution, target)
    if steps:
        show_steps(solution)
    if verify and not solution.confirmed:
        raise SolverError(say("cli.unconfirmed", folder=target))


@app.command(help=say("cli.check"))
def check(run_dir: RunFolder) -> None:
    refuse_unsound(run_dir)
    typer.echo(say("cli.check_passed", folder=run_dir))


@app.command(help=say("cli.report"))
def report(run_dir: RunFolder,
           found: Annotated[list[Path] | None, typer.Option("--with", metavar="DIR", help=say("cli.with"))] = None
           ) -> None:
    from optimiser import report as reports
    from optimiser import run_folder
    from optimiser.explore.finding import read

    findings = [read(folder) for folder in found or ()]
    refuse_unsound(run_dir)
    problem, solution = run_folder.read(run_dir)
    reports.write(problem, solution, run_dir, findings=findings)
    typer.echo(say("cli.report_written", folder=run_dir))


@app.command(help=say("cli.new"))
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help=say("cli.new_dir"), show_default=False)],
        force: Force = False) -> None:
    from optimiser.newcase import create

    create(folder, force)
    typer.echo(say("cli.created", config=folder / "config.yaml"))


@app.command(help=say("cli.generate"))
def generate(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help=say("cli.new_dir"), show_default=False)],
    occupations: Annotated[int, typer.Option(min=1, max=20_000, metavar="N", help=say("cli.occupations"))] = 60,
    regions: Annotated[int, typer.Option(min=1, max=200, metavar="N", help=say("cli.regions"))] = 2,
    areas: Annotated[int, typer.Option(min=1, max=2_000, metavar="N", help=say("cli.areas"))] = 5,
    years: Annotated[int, typer.Option(min=1, max=30, metavar="N", help=say("cli.years"))] = 5,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help=say("cli.seed"))] = 1,
    reviews: Annotated[str, typer.Option("--reviews", metavar="WHEN", help=say("cli.reviews"))] = "mixed",
    list_length: Annotated[int | None, typer.Option("--list-length", metavar="N", help=say("cli.list_length"))] = None,
    empty: Annotated[float | None, typer.Option("--empty", metavar="SHARE", help=say("cli.empty"))] = None,
    force: Force = False,
) -> None:
    from optimiser.generate import generate as make

    make(out, occupations, regions, areas, years, seed, force, reviews=reviews, list_length=list_length, empty=empty)
    typer.echo(say("cli.created", config=out / "config.yaml"))


@app.command(help=say("cli.estimate"))
def estimate(folder: Annotated[Path, typer.Argument(metavar="DIR", help=say("cli.estimate_dir"), show_default=False)],
             force: Annotated[bool, typer.Option("--force", help=say("cli.estimate_force"))] = False) -> None:
    from optimiser.estimate import write

    write(folder, force)
    typer.echo(say("cli.estimated", folder=folder))


def refuse_unsound(run_dir: Path) -> None:
    """Nothing is said or made of a run that breaks a rule."""
    from optimiser.check import check_run

    if broken := check_run(run_dir):
        raise ResultError(say("cli.check_failed" if len(broken) > 1 else "cli.check_failed_once", folder=run_dir,
                              n=len(broken)), broken)
