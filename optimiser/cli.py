"""The command line: what each command is called and which function answers it; no logic of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from optimiser.errors import InfeasibleError, InputError, OptimiserError, ResultError, SolverError
from optimiser.texts import say

app = typer.Typer(help=say("cli.help"), no_args_is_help=True, add_completion=False, rich_markup_mode=None,
                  pretty_exceptions_enable=False)

INTERRUPTED = 130  # the exit code of whoever is ended by Ctrl-C

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help=say("cli.config"), show_default=False)]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN_DIR", help=say("cli.run_dir"), show_default=False)]
Scenarios = Annotated[list[str] | None, typer.Option("--scenario", metavar="NAME", help=say("cli.scenario"))]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help=say("cli.set"))]
Force = Annotated[bool, typer.Option("--force", help=say("cli.force"))]


@app.command(help=say("cli.validate"))
def validate(config: ConfigFile, scenario: Scenarios = None, settings: Changes = None) -> None:
    from optimiser.contradictions import contradictions
    from optimiser.overview import notes, overview
    from optimiser.problem import load
    from optimiser.terminal import show_overview

    problem = load(config, scenario or (), settings or ())
    show_overview(overview(problem), notes(problem), contradictions(problem))


@app.command(help=say("cli.solve"))
def solve(
    config: ConfigFile,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=say("cli.out"))] = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Annotated[float | None, typer.Option("--gap", min=0, max=1, metavar="G", help=say("cli.gap"))] = None,
    time_limit: Annotated[float | None, typer.Option("--time-limit", min=0.1, max=1_000_000, metavar="S",
                                                        help=say("cli.time_limit"))] = None,
    verify: Annotated[bool, typer.Option("--verify", help=say("cli.verify"))] = False,
    force: Force = False,
) -> None:
    from optimiser.problem import load
    from optimiser.save import kept_for_study, write_run
    from optimiser.solving import solve as search
    from optimiser.storage import next_free, whole_folder
    from optimiser.terminal import searching, show_solution

    began = time.monotonic()
    problem = load(config, scenario or (), settings or ())
    target = out or next_free(Path("runs"), "-".join([config.stem, *(scenario or ())]))
    with whole_folder(target, force) as folder:
        with kept_for_study(problem, target), searching() as on_progress:
            solution = search(problem, gap, time_limit, on_progress, began, verify)
        write_run(problem, solution, folder)
    show_solution(problem, solution, target)
    if verify and not solution.confirmed:
        raise SolverError(say("cli.unconfirmed", folder=target))


@app.command(help=say("cli.check"))
def check(run_dir: RunFolder) -> None:
    _refuse_unsound(run_dir)
    typer.echo(say("cli.check_passed", folder=run_dir))


@app.command(help=say("cli.report"))
def report(run_dir: RunFolder) -> None:
    from optimiser import report as reports
    from optimiser import run_folder

    _refuse_unsound(run_dir)
    problem, solution = run_folder.read(run_dir)
    reports.write(problem, solution, run_dir)
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
    force: Force = False,
) -> None:
    from optimiser.generate import generate as make

    make(out, occupations, regions, areas, years, seed, force)
    typer.echo(say("cli.created", config=out / "config.yaml"))


@app.command(help=say("cli.estimate"))
def estimate(folder: Annotated[Path, typer.Argument(metavar="DIR", help=say("cli.estimate_dir"), show_default=False)],
             force: Annotated[bool, typer.Option("--force", help=say("cli.estimate_force"))] = False) -> None:
    from optimiser.estimate import write

    write(folder, force)
    typer.echo(say("cli.estimated", folder=folder))


def main() -> None:
    """Run a command; every error ends in plain lines and the exit code of its kind."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside: the same as by Ctrl-C
        result = app(standalone_mode=False)
        if result == INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(result if isinstance(result, int) else 0)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "optimiser")
        _complain([error.format_message(), say("cli.see_help", command=command)])
        sys.exit(2)
    except OptimiserError as error:
        _complain(_lines(error))
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _complain([say("cli.interrupted")])
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has left
        sys.exit(1)
    except Exception as error:  # the last resort: a user never sees a traceback
        if os.environ.get("OPTIMISER_DEBUG"):
            raise
        _complain([say("cli.file", file=error.filename, reason=error.strerror)
                   if isinstance(error, OSError) and error.filename else
                   say("cli.internal", kind=type(error).__name__, message=" ".join(str(error).split()))])
        sys.exit(1)


def _refuse_unsound(run_dir: Path) -> None:
    """Nothing is said or made of a run that breaks a rule."""
    from optimiser.check import check_run

    if broken := check_run(run_dir):
        raise ResultError(say("cli.check_failed" if len(broken) > 1 else "cli.check_failed_once", folder=run_dir,
                              n=len(broken)), broken)


def _lines(error: OptimiserError) -> list[str]:
    if isinstance(error, InputError):
        count = len(error.faults)
        return [*map(str, error.faults), say("cli.one_fault" if count == 1 else "cli.faults", n=count)]
    details = error.clashes if isinstance(error, InfeasibleError) else (
        error.violations if isinstance(error, ResultError) else ())
    return [str(error), *(f"  - {line}" for line in details)]


def _complain(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)
