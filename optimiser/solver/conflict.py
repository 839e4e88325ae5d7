"""Which limits clash: irreducible sets of rows that no point satisfies together, and how far they are apart."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from optimiser.solver.highs import run
from optimiser.solver.limits import Clash, Limit, Path
from optimiser.solver.program import Program, Stage

Way = tuple[Stage | None, dict[str, Any], float]  # what is minimised, options of the solver, seconds

CLASHES = 3  # independent ones that are looked for
SHARE = 0.6  # of the time left that a search for one of them may take; the rest is for its numbers and for others
CHECK_SECONDS = 10.0
# Most checks take the simplex method a moment; a clash by a hair can keep it busy for long, the other method never.
RELAXED: tuple[Way, ...] = ((None, {}, 1.0), (None, {"solver": "ipm"}, CHECK_SECONDS))
MEASURE_SECONDS = 5.0
MEASURE_NODES = 100
MEASURED = 3  # groups of a kind, at most: of more, no reader would want every number
MOST_CHECKS = 48  # to take a part apart; one that needs more of them says little more in pieces
MOST = 1e6  # that a number can be beyond


def clashes(program: Program, limits: Sequence[Limit], seconds: float) -> list[Clash]:
    """Independent conflicts of a programme, one after the other: no two share a group of limits.

    Parameters
    ----------
    limits : sequence of Limit
        The rows that may be dropped, those first that are rather named where there is a choice.
    seconds : float
        For all of them together. What is known by then is told.

    Returns
    -------
    list of Clash
        Empty when the rows without a limit clash alone, or when nothing was proved in time.
    """
    explainer = Explainer(program, limits, time.monotonic() + seconds)
    found: list[Clash] = []
    left = list(range(len(limits)))
    while left and len(found) < CLASHES and (clash := explainer.clash(left)):
        found.append(clash)
        told = {limits[i].group for part in clash.parts for i in part}
        left = [i for i in left if limits[i].group not in told]
    return found


class TooManyChecks(Exception):
    """A part takes more checks than it is worth."""


class Explainer:
    """QuickXplain (Junker 2004) over parts: all limits of a kind first, then ever smaller parts of those that clash.

    Where the relaxation clashes already it is asked, which is quicker, and whole numbers only have the last word.

    A check that does not end in time counts as no clash, so that the set is then a conflict but perhaps not
    irreducible.
    """

    def __init__(self, program: Program, limits: Sequence[Limit], ends: float):
        self.program = program
        self.limits = limits
        self.ends = ends
        self.until = ends
        self.matrix = program.matrix.tocsr()
        self.sure = True
        # Asked for a point with few choices, any such point, HiGHS 1.16 proves in a second that there is none where it
        # takes minutes when it is asked for just a point.
        choices = program.integer & (program.col_upper <= 1)
        self.ways: tuple[Way, ...] = ((Stage("few", choices.astype(float)), {}, CHECK_SECONDS),)
        self.checks: int | None = None  # left, where they are counted
        self.whole = False
        self.always = np.ones(len(program.row_lower), dtype=bool)
        self.always[[limit.row for limit in limits]] = False

    def clash(self, among: Sequence[int]) -> Clash | None:
        """An irreducible conflict among some limits; None when there is none, or none is proved in time."""
        now = time.monotonic()
        self.sure, self.until = True, now + SHARE * (self.ends - now)
        self.whole = False
        if not self._clashes([among]):
            self.whole = True
            if not self._clashes([among]):
                return None
        if self._clashes([]):
            return None
        parts = self._irreducible(self._split(among, 1))
        depth = max((len(self.limits[i].path) for part in parts for i in part), default=1)
        for level in range(2, depth + 1):
            parts = self._finer(parts, level)
        if not self.whole:
            parts = self._confirmed(parts)
        return Clash(tuple(map(tuple, parts)), self._measured(parts), self.sure)

    def _split(self, part: Sequence[int], level: int) -> list[list[int]]:
        found: dict[Path, list[int]] = {}
        for i in part:
            found.setdefault(self.limits[i].path[:level], []).append(i)
        return list(found.values())

    def _finer(self, parts: list[list[int]], level: int) -> list[list[int]]:
        """Every part in smaller ones, as far as they are needed; parts that would take too many checks stay whole.

        Pieces that speak of what the others speak of, an occupation or a year, are tried alone first.
        """
        done: list[list[int]] = []
        for n, part in enumerate(parts):
            others, pieces = [*done, *parts[n + 1:]], self._split(part, level)
            if len(pieces) > 1 and time.monotonic() < self.until:
                spoken_of = {name for other in done for i in other for name in self.limits[i].path[1:]}
                akin = [piece for piece in pieces if self.limits[piece[0]].path[level - 1] in spoken_of]
                if 0 < len(akin) < len(pieces) and self._clashes([*others, *akin]):
                    pieces = akin
                self.checks = MOST_CHECKS
                try:
                    pieces = self._irreducible(pieces, others)
                except TooManyChecks:
                    pieces = [[i for piece in pieces for i in piece]]
                self.checks = None
            done += pieces
        return done

    def _irreducible(self, parts: list[list[int]], others: Sequence[Sequence[int]] = ()) -> list[list[int]]:
        """Those of the parts that the others need to clash."""
        return self._among(list(others), False, parts)

    def _among(self, others: list[Sequence[int]], changed: bool, parts: list[list[int]]) -> list[list[int]]:
        if changed and self._clashes(others):
            return []
        if len(parts) == 1:
            return parts
        middle = len(parts) // 2
        first, second = parts[:middle], parts[middle:]
        of_second = self._among([*others, *first], True, second)
        of_first = self._among([*others, *of_second], bool(of_second), first)
        return [*of_first, *of_second]

    def _confirmed(self, parts: list[list[int]]) -> list[list[int]]:
        """A conflict of the relaxation without the parts that whole numbers don't need, those named last first."""
        self.whole = True
        for part in reversed(parts):
            rest = [other for other in parts if other is not part]
            if self._clashes(rest):
                parts = rest
        return parts

    def _clashes(self, parts: Sequence[Sequence[int]]) -> bool:
        """Whether no point satisfies these limits; False when that is not known in time."""
        if self.checks is not None:
            self.checks -= 1
            if self.checks < 0:
                raise TooManyChecks
        program, end = self._holding(parts), "time_limit"
        if not self.whole:
            program = replace(program, integer=np.zeros_like(program.integer))
        for aim, options, most in self.ways if self.whole else RELAXED:
            left = min(most, self.until - time.monotonic())
            if end == "time_limit" and left > 0:
                end = run(program, aim, left, gap=1.0, **options).end
        self.sure &= end in ("infeasible", "optimal")
        return end == "infeasible"

    def _holding(self, parts: Sequence[Sequence[int]]) -> Program:
        """The programme with these limits only."""
        held = self.always.copy()
        held[[self.limits[i].row for part in parts for i in part]] = True
        rows = np.flatnonzero(held)
        return replace(self.program, matrix=self.matrix[rows].tocsc(), row_lower=self.program.row_lower[rows],
                       row_upper=self.program.row_upper[rows],
                       row_names=tuple(self.program.row_names[i] for i in rows))

    def _measured(self, parts: list[list[int]]) -> dict[Path, tuple[float, bool]]:
        """How far the limits of every group must give way for the rest of the conflict to be met."""
        groups: dict[Path, list[int]] = {}
        for part in parts:
            for i in part:
                if self.limits[i].step:
                    groups.setdefault(self.limits[i].group, []).append(i)
        found: dict[Path, tuple[float, bool]] = {}
        kinds = Counter(group[0] for group in groups)
        for group, members in groups.items():
            if kinds[group[0]] > MEASURED:
                continue
            left = min(MEASURE_SECONDS, (self.ends - time.monotonic()) / 2)
            if left > 0 and (number := self._beyond(parts, members, left)) is not None:
                found[group] = number
        return found

    def _beyond(self, parts: list[list[int]], members: list[int], seconds: float) -> tuple[float, bool] | None:
        """Least number by which the members must all give way, and whether it is proved.

        The relaxation stands in where whole numbers take too long; what it says is never too much.
        """
        program = self._elastic(self._holding(parts), members)
        cost = np.zeros(len(program.col_lower))
        cost[-1] = 1.0
        stage = Stage("beyond", cost)
        found = run(program, stage, seconds, nodes=MEASURE_NODES)
        if found.end == "optimal" and found.x is not None:
            return found.value, True
        if found.bound <= 0 or not np.isfinite(found.bound):
            found = run(replace(program, integer=np.zeros_like(program.integer)), stage, seconds, solver="ipm")
        return (found.bound, False) if np.isfinite(found.bound) and found.bound > 0 else None

    def _elastic(self, program: Program, members: list[int]) -> Program:
        """The programme with a last column by which the members give way."""
        step = {self.program.row_names[limit.row]: limit.step for limit in (self.limits[i] for i in members)}
        steps = np.array([step.get(name, 0.0) for name in program.row_names])
        steps[np.isfinite(program.row_upper)] *= -1
        return replace(
            program, matrix=sparse.csc_array(sparse.hstack([program.matrix, steps[:, None]])),
            col_lower=np.append(program.col_lower, 0.0), col_upper=np.append(program.col_upper, MOST),
            integer=np.append(program.integer, False), col_names=(*program.col_names, "beyond"))
