"""The command that designs a list for several futures."""

from __future__ import annotations

from typing import Annotated

import typer

from optimiser.cli.app import Changes, ConfigFile, Force, Gap, Out, Scenarios, Seconds, app
from optimiser.cli.exploring import explored
from optimiser.texts import say


@app.command(help=say("futures.cli_design"))
def design(
    config: ConfigFile,
    measure: Annotated[str | None, typer.Option("--measure", metavar="NAME", help=say("futures.cli_measure"))] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", metavar="SHARE", help=say("futures.cli_alpha"))] = None,
    out: Out = None,
    scenario: Scenarios = None,
    settings: Changes = None,
    gap: Gap = None,
    time_limit: Seconds = None,
    force: Force = False,
) -> None:
    from optimiser.explore.ahead.design import design_list
    from optimiser.futures import load_futures

    def ask(problem, desk):
        return design_list(problem, load_futures(config, scenario or (), settings or ()), measure=measure, alpha=alpha,
                           desk=desk)

    explored("design", config, ask, scenario=scenario, settings=settings, out=out, gap=gap, seconds=time_limit,
             force=force)
