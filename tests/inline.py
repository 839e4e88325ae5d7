"""The solving layer without child processes: the same searches, fast enough for thousands of tiny worlds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimiser.solver import Answer, Known, Program, solve_here
from optimiser.solver.program import NOTHING

answers: list[Answer] = []
"""Of the last call."""


def solve_many(programs: list[Program], *, gap: float, time_limit: float, seed: int, known: Sequence[Known] = (),
               **_: Any) -> list[Answer]:
    """As `solver.solve_many`, one after the other in this process."""
    answers[:] = [solve_here(program, gap=gap, time_limit=time_limit, seed=seed, known=known[i] if known else NOTHING)
                  for i, program in enumerate(programs)]
    return list(answers)


def explain(*_: Any) -> list[str]:
    """Instead of `solver.explain`: what clashes is not asked here."""
    return []
