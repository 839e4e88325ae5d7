"""Which limits clash: an irreducible set of rows and column bounds that no point satisfies together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optimiser.errors import SolverError
from optimiser.solver.highs import conflict, run
from optimiser.solver.program import Program

CHECK_SECONDS = 10.0


def irreducible_conflict(program: Program, seconds: float) -> list[str]:
    """Names of the rows and columns of a conflict, in the order of the programme.

    When the relaxation clashes already, HiGHS names an irreducible set. Otherwise limits are dropped, half of them at
    a time, as long as the rest still clashes (QuickXplain, Junker 2004); a check that does not end within its time
    counts as no clash, so that the set is then a conflict but perhaps not irreducible.
    """
    ends = time.monotonic() + seconds
    try:
        found = conflict(_relaxed(program), seconds / 2)
    except SolverError:
        found = []
    if found:
        names = [program.row_names[i] if kind == "row" else program.col_names[i] for kind, i in found]
        return sorted(set(names), key=[*program.row_names, *program.col_names].index)
    locks = [len(program.row_names) + int(j) for j in np.flatnonzero(program.col_lower > 0)]
    limits = [*range(len(program.row_names)), *locks]
    kept = _Explainer(program, ends).explain(limits)
    names = [*program.row_names, *program.col_names]
    return [names[i] for i in sorted(kept)]


def _relaxed(program: Program) -> Program:
    return replace(program, integer=np.zeros_like(program.integer))


class _Explainer:
    """QuickXplain over limits numbered as rows, then columns with a positive lower bound."""

    def __init__(self, program: Program, ends: float):
        self.program = program
        self.ends = ends

    def explain(self, limits: Sequence[int]) -> list[int]:
        """An irreducible clashing subset of `limits`."""
        return self._among([], False, list(limits))

    def _among(self, background: list[int], changed: bool, limits: list[int]) -> list[int]:
        if changed and self._clashes(background):
            return []
        if len(limits) == 1:
            return limits
        middle = len(limits) // 2
        first, second = limits[:middle], limits[middle:]
        of_second = self._among([*background, *first], True, second)
        of_first = self._among([*background, *of_second], bool(of_second), first)
        return [*of_first, *of_second]

    def _clashes(self, limits: list[int]) -> bool:
        """Whether no point satisfies these limits; False when that is not known in time."""
        left = min(CHECK_SECONDS, self.ends - time.monotonic())
        if left <= 0:
            return False
        rows = np.array([i for i in limits if i < len(self.program.row_names)], dtype=int)
        columns = np.array([i - len(self.program.row_names) for i in limits if i >= len(self.program.row_names)],
                           dtype=int)
        lower = np.minimum(self.program.col_lower, 0.0)
        lower[columns] = self.program.col_lower[columns]
        names = tuple(self.program.row_names[i] for i in rows)
        part = replace(self.program, matrix=self.program.matrix.tocsr()[rows].tocsc(), row_names=names, col_lower=lower,
                       row_lower=self.program.row_lower[rows], row_upper=self.program.row_upper[rows])
        return run(part, None, left).end == "infeasible"
