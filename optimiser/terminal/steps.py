"""The log of a search: what each of its steps gained."""

from __future__ import annotations

from rich.markup import escape

from optimiser.solution import UNITS, Solution
from optimiser.solving import relative_gap
from optimiser.terminal.lines import add_names, add_numbers, new_table, print_table, screen
from optimiser.texts import say


def show_steps(solution: Solution) -> None:
    """A table of every search's steps: the aim, best plan, bound and gap when the step ended, and its seconds."""
    table = new_table(say("terminal.steps"))
    for key in ("stage", "regions", "step"):
        add_names(table, say(f"terminal.{key}"))
    for key in ("incumbent", "best", "gap", "seconds"):
        add_numbers(table, say(f"terminal.{key}"))
    for search in solution.status.get("searches", []):
        for step in search["steps"]:
            value, bound = step["value"], step["bound"]
            gap = "" if value is None or bound is None else f"{relative_gap(value, bound):.3%}"
            named = step["objective"] in UNITS
            table.add_row(say(f"objective.{step['objective']}"), escape(", ".join(search["regions"])),
                          say(f"step.{step['step']}"), *(_number(number) if named else "" for number in (value, bound)),
                          gap if named else "", f"{step['seconds']:.1f}")
    print_table(screen(), table)


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:,.3f}" if abs(number) < 1 else f"{number:,.0f}"
