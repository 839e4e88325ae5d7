"""The solving layer without child processes: the same searches, fast enough for thousands of tiny worlds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from optimiser.solver import Answer, Known, Program
from optimiser.solver.gate import refuse_out_of_range
from optimiser.solver.search import Search

answers: list[Answer] = []
"""Of the last call."""


def solve_many(programs: list[Program], *, gap: float, time_limit: float, seed: int, known: Sequence[Known] = (),
               **_: Any) -> list[Answer]:
    """As `solver.solve_many`, one after the other in this process."""
    for program in programs:
        refuse_out_of_range(program)
    answers.clear()
    for i, program in enumerate(programs):
        began = time.monotonic()
        search = Search(program, gap, time_limit, seed, lambda *_: None, known[i] if known else Known())
        x = search.run()
        status = "infeasible" if search.infeasible else (search.stages[0].status if search.stages else "failed")
        answers.append(Answer(status, x, tuple(search.stages), time.monotonic() - began, "", search.clock_cut,
                              search.duals))
    return list(answers)


def explain(*_: Any) -> list[str]:
    """Instead of `solver.explain`: what clashes is not asked here."""
    return []
