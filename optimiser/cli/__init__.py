"""The command line: every error ends in plain lines and the exit code of its kind."""

from __future__ import annotations

import os
import signal
import sys

import typer

from optimiser.cli import cases, designing, exploring, studying
from optimiser.cli.app import app
from optimiser.errors import InfeasibleError, InputError, OptimiserError, ResultError
from optimiser.texts import say

__all__ = ["app", "cases", "designing", "exploring", "main", "studying"]

INTERRUPTED = 130  # the exit code of whoever is ended by Ctrl-C


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
