"""The application, and the arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimiser.texts import say

app = typer.Typer(help=say("cli.help"), no_args_is_help=True, add_completion=False, rich_markup_mode=None,
                  pretty_exceptions_enable=False)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help=say("cli.config"), show_default=False)]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN_DIR", help=say("cli.run_dir"), show_default=False)]
Scenarios = Annotated[list[str] | None, typer.Option("--scenario", metavar="NAME", help=say("cli.scenario"))]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help=say("cli.set"))]
Base = Annotated[Path | None, typer.Option("--base", metavar="RUN_DIR", help=say("cli.base"))]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help=say("cli.out"))]
Gap = Annotated[float | None, typer.Option("--gap", min=0, max=1, metavar="G", help=say("cli.gap"))]
Seconds = Annotated[float | None, typer.Option("--time-limit", min=0.1, max=1_000_000, metavar="S",
                                               help=say("cli.time_limit"))]
Force = Annotated[bool, typer.Option("--force", help=say("cli.force"))]
