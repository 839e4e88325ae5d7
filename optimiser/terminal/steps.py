"""The log of a search: what each of its steps gained."""

from __future__ import annotations

from typing import Any

from optimiser.solution import Solution
from optimiser.solving import published_gap
from optimiser.terminal.lines import add_names, add_numbers, new_table, print_table, screen
from optimiser.texts import say


def show_steps(solution: Solution) -> None:
    """A table for every search: the aim, the step, best plan, bound and gap when it ended, and its seconds."""
    for search in solution.status.get("searches", []):
        table = new_table(say("terminal.steps", regions=", ".join(search["regions"])))
        for key in ("stage", "step"):
            add_names(table, say(f"terminal.{key}"))
        for key in ("incumbent", "best", "gap", "seconds"):
            add_numbers(table, say(f"terminal.{key}"))
        for step in search["steps"]:
            table.add_row(say(f"objective.{step['objective']}"), say(f"step.{step['step']}"), *_gained(step),
                          f"{step['seconds']:.1f}")
        print_table(screen(), table)


def _gained(step: dict[str, Any]) -> tuple[str, str, str]:
    """Best plan, bound and gap; the tie-break has none."""
    value, bound = step["value"], step["bound"]
    gap = "" if value is None or bound is None else f"{published_gap(value, bound):.2%}"
    return _number(value), _number(bound), gap


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:,.3f}" if abs(number) < 1 else f"{number:,.0f}"
