"""What a person sees of a study in the terminal: how far a run is, and how a folder stands."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from optimiser.study.columns import STATUSES
from optimiser.study.run import Progress
from optimiser.study.standing import Standing
from optimiser.terminal.lines import add_names, add_numbers, new_table, print_line, print_lines, print_table, screen
from optimiser.texts import say

EVERY = 10.0  # seconds between two lines where there is no screen


@contextmanager
def answering() -> Iterator[Callable[[Progress], None]]:
    """A bar of how much is answered, with rate, failures and time left; as lines where there is no screen."""
    console = Console(stderr=True)
    if not console.is_terminal:
        told = [-math.inf]

        def log(progress: Progress) -> None:
            if time.monotonic() - told[0] >= EVERY or progress.done == progress.total:
                print_line(console, progress_line(progress))
                told[0] = time.monotonic()

        yield log
        return
    with Bar(BarColumn(bar_width=24), TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda progress: bar.update(task, completed=progress.done, total=progress.total,
                                          description=escape(progress_line(progress)))


def progress_line(progress: Progress) -> str:
    """How far a run is, in a line."""
    line = say("study_run.progress", done=progress.done, total=progress.total, failed=progress.failed)
    if progress.seconds_left is None or progress.done == progress.total:
        return line
    return line + say("study_run.pace", rate=f"{60 * progress.rate:,.4g}", left=_span(progress.seconds_left))


def _span(seconds: float) -> str:
    """A time as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def show_standing(title: str, standing: Standing, next_command: str, again: str = "",
                  titled: Callable[[str], str] = str) -> None:
    """How a study stands, component by component (`titled` names them), why tasks failed, and what to type next.

    `again` says how to ask again what failed.
    """
    console = screen()
    frame = standing.components
    shown = [status for status in STATUSES if frame[status].any()]
    table = new_table(title)
    add_names(table, say("study_run.component"))
    for name in ("done", "total", "reused", *shown):
        add_numbers(table, say(f"study_run.{name}"))
    for line in frame.to_dict("records"):
        counts = (f"{line[name]:,}" for name in ("done", "total", "reused", *shown))
        table.add_row(escape(titled(line["component"])), *counts)
    print_table(console, table)
    if len(standing.shards) > 1 or (len(standing.shards) and standing.shards["shard"][0] != "1/1"):
        table = new_table(say("study_run.shards"))
        add_names(table, say("study_run.shard"))
        for name in ("done", "total"):
            add_numbers(table, say(f"study_run.{name}"))
        add_names(table, "")
        for line in standing.shards.to_dict("records"):
            table.add_row(line["shard"], f"{line['done']:,}", f"{line['total']:,}",
                          say("study_run.at_work") if line["running"] else "")
        print_table(console, table)
    if standing.reasons:
        print_lines(console, say("study_run.reasons"),
                    [say("study_run.reason", count=count, reason=reason) for reason, count in standing.reasons])
        if again:
            console.print()
            print_line(console, again)
    console.print()
    left = int((frame["total"] - frame["done"]).sum())
    if standing.running and not math.isnan(standing.rate):
        print_line(console, say("study_run.rate", rate=f"{standing.rate:,.4g}",
                                left=_span(60 * left / standing.rate)))
    print_line(console, say("study_run.complete" if standing.complete else "study_run.incomplete", left=left))
    print_line(console, next_command)
