"""Commands that explore a case: each asks one question and writes what it found as a folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from optimiser.cli.app import Base, Changes, ConfigFile, Force, Gap, Out, Scenarios, Seconds, app
from optimiser.cli.cases import refuse_unsound
from optimiser.texts import say

Within = Annotated[str, typer.Option("--within", metavar="SHARE", help=say("cli.within"))]


def explored(question: str, config: Path, ask: Callable, *, scenario: list[str] | None = None,
             settings: list[str] | None = None, base: Path | None = None, out: Path | None = None,
             gap: float | None = None, seconds: float | None = None, force: bool = False,
             watch: bool = True) -> None:
    """The path of every exploring command: read the case, open a desk, ask, write a folder, show it.

    `ask(problem, desk)` gives the Finding; without `watch` it shows by itself how it goes.
    """
    from optimiser import run_folder
    from optimiser.explore.desk import Desk
    from optimiser.explore.finding import MARK
    from optimiser.problem import load
    from optimiser.save import write_finding
    from optimiser.storage import next_free, whole_folder
    from optimiser.terminal import searching, show_finding

    problem = load(config, scenario or (), settings or ())
    if base:
        refuse_unsound(base)
    known = run_folder.read(base) if base else None
    target = out or next_free(Path("runs"), "-".join([config.stem, *(scenario or ()), question]))
    limits = problem.config.solver
    with whole_folder(target, force, MARK) as folder:
        with searching() if watch else nullcontext() as on_progress:
            desk = Desk(limits.gap if gap is None else gap, limits.time_limit if seconds is None else seconds,
                        limits.seed, on_progress)
            if known:
                desk.begin(problem, *known)
            finding = ask(problem, desk)
        given = ", ".join([*(scenario or ()), *(settings or ())])
        asked = say("explore.asked_with" if given else "explore.asked", config=config.name, given=given,
                    gap=f"{desk.gap:.2%}", seconds=f"{desk.seconds:g}")
        finding = replace(finding, asked=asked)
        write_finding(problem, finding, folder)
    show_finding(problem, finding, target)


@app.command(help=say("cli.evaluate"))
def evaluate(
    config: ConfigFile,
    list_file: Annotated[Path, typer.Option("--list", metavar="FILE.csv", help=say("cli.list_file"),
                                            show_default=False)],
    quotas: Annotated[bool, typer.Option("--quotas", help=say("cli.list_quotas"))] = False,
    base: Base = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.beside.evaluate import evaluate_list

    explored("evaluate", config, lambda problem, desk: evaluate_list(problem, list_file, quotas, desk),
             scenario=scenario, settings=settings, base=base, out=out, gap=gap, seconds=time_limit, force=force)


@app.command(help=say("cli.compare"))
def compare(
    run_dirs: Annotated[list[Path], typer.Argument(metavar="RUN_A RUN_B...", help=say("cli.compared_runs"),
                                                   show_default=False)],
    out: Out = None,
    force: Force = False,
) -> None:
    from optimiser import run_folder
    from optimiser.explore.beside.compare import compare_runs
    from optimiser.explore.finding import MARK
    from optimiser.save import write_finding
    from optimiser.storage import next_free, whole_folder
    from optimiser.terminal import show_finding

    target = out or next_free(Path("runs"), "compare")
    with whole_folder(target, force, MARK) as folder:
        finding = compare_runs(run_dirs)
        problem = run_folder.read(run_dirs[0])[0]
        write_finding(problem, finding, folder)
    show_finding(problem, finding, target)


@app.command(help=say("cli.explain"))
def explain(
    config: ConfigFile,
    region: Annotated[str, typer.Option("--region", metavar="REGION", help=say("cli.of_region"), show_default=False)],
    occupation: Annotated[str, typer.Option("--occupation", metavar="CODE", help=say("cli.of_occupation"),
                                            show_default=False)],
    quota: Annotated[bool, typer.Option("--quota", help=say("cli.explain_quota"))] = False,
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=1_000_000, metavar="S",
                                           help=say("cli.explain_seconds"))] = 120.0,
    deep: Annotated[bool, typer.Option("--deep", help=say("cli.explain_deep"))] = False,
    base: Base = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.why.explain import explain as asked
    from optimiser.explore.why.explain import lever_name

    def ask(problem, desk):
        return asked(problem, region, occupation, quota=quota, desk=desk, seconds=seconds, deep=deep,
                     tell=lambda done, of, lever: typer.echo(
                         say("cli.explain_number", done=done, of=of, what=lever_name(problem, lever)), err=True))

    explored("explain", config, ask, scenario=scenario, settings=settings, base=base, out=out, gap=gap,
             seconds=time_limit, force=force)


@app.command(help=say("cli.ladder"))
def ladder(
    config: ConfigFile,
    service: Annotated[str | None, typer.Option("--service", metavar="CODE", help=say("cli.ladder_service"))] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="REGION", help=say("cli.ladder_region"))] = None,
    place: Annotated[str | None, typer.Option("--place", metavar="CODE", help=say("cli.ladder_place"))] = None,
    step: Annotated[list[str] | None, typer.Option("--step", metavar="STEP", help=say("cli.ladder_step"))] = None,
    base: Base = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.worth.ladder import ladder as asked

    explored("ladder", config, lambda problem, desk: asked(problem, service=service, region=region, place=place,
                                                           steps=step or (), desk=desk),
             scenario=scenario, settings=settings, base=base, out=out, gap=gap, seconds=time_limit, force=force)


@app.command(help=say("cli.bins"))
def bins(
    config: ConfigFile,
    within: Within = "1%",
    seconds: Annotated[float, typer.Option("--time-limit", min=0.1, max=1_000_000, metavar="S",
                                           help=say("cli.bins_time"))] = 540.0,
    answers: Annotated[Path | None, typer.Option("--answers", metavar="FILE", help=say("cli.bins_answers"))] = None,
    base: Base = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    force: Force = False,
) -> None:
    from optimiser.explore.near.bins import bins as asked
    from optimiser.explore.near.nearly import share_of
    from optimiser.storage import next_free
    from optimiser.terminal import counting

    share = share_of(within)
    target = out or next_free(Path("runs"), "-".join([config.stem, *(scenario or ()), "bins"]))
    kept = answers or target.parent / f"{target.name}.answers.jsonl"

    def ask(problem, desk):
        with counting() as tell:
            return asked(problem, share, desk=desk, seconds=seconds, answers=kept, tell=tell)

    try:
        explored("bins", config, ask, scenario=scenario, settings=settings, base=base, out=target, gap=gap,
                 force=force, watch=False)
    except KeyboardInterrupt:
        if kept.exists():
            typer.echo(say("cli.bins_interrupted", file=kept), err=True)
        raise
    if kept.exists():
        typer.echo(say("cli.bins_kept", file=kept))


@app.command(help=say("cli.alternatives"))
def alternatives(
    config: ConfigFile,
    within: Within = "1%",
    count: Annotated[int, typer.Option("--count", min=1, max=50, metavar="N",
                                       help=say("cli.alternatives_number"))] = 5,
    seconds: Annotated[float, typer.Option("--time-limit", min=0.1, max=1_000_000, metavar="S",
                                           help=say("cli.alternatives_time"))] = 300.0,
    base: Base = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    force: Force = False,
) -> None:
    from optimiser.explore.near.alternatives import alternatives as asked
    from optimiser.explore.near.nearly import share_of

    share = share_of(within)
    explored("alternatives", config, lambda problem, desk: asked(problem, share, count, desk=desk, seconds=seconds),
             scenario=scenario, settings=settings, base=base, out=out, gap=gap, force=force)


@app.command(help=say("cli.repair"))
def repair(
    config: ConfigFile,
    count: Annotated[int, typer.Option("--count", min=1, max=20, metavar="N", help=say("cli.repair_count"))] = 5,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.negotiate.repair import repair as asked

    explored("repair", config, lambda problem, desk: asked(problem, count=count, desk=desk), scenario=scenario,
             settings=settings, out=out, gap=gap, seconds=time_limit, force=force)


@app.command(help=say("cli.frontier"))
def frontier(
    config: ConfigFile,
    x: Annotated[str, typer.Option("--x", metavar="AIM", help=say("cli.frontier_x"))] = "cost",
    y: Annotated[str, typer.Option("--y", metavar="AIM", help=say("cli.frontier_y"))] = "unfilled",
    points: Annotated[int, typer.Option("--points", min=2, max=200, metavar="N",
                                        help=say("cli.frontier_points"))] = 12,
    region: Annotated[str | None, typer.Option("--region", metavar="REGION", help=say("cli.of_region"))] = None,
    base: Base = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.worth.frontier import frontier as asked

    explored("frontier", config, lambda problem, desk: asked(problem, x, y, points=points, region=region, desk=desk),
             scenario=scenario, settings=settings, base=base, out=out, gap=gap, seconds=time_limit, force=force)


@app.command(help=say("cli.apart"))
def apart(
    config: ConfigFile,
    shares: Annotated[str | None, typer.Option("--shares", metavar="REGION=SHARE,...",
                                               help=say("cli.apart_shares"))] = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.worth.apart import apart as asked
    from optimiser.explore.worth.apart import shares_of

    given = shares_of(shares) if shares else None
    explored("apart", config, lambda problem, desk: asked(problem, given, desk=desk), scenario=scenario,
             settings=settings, out=out, gap=gap, seconds=time_limit, force=force)
