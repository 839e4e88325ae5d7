"""How large a design is, before it is made: rows, bytes, and whether its mathematics and the disk have room for it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from scipy.stats import qmc

from optimiser.config import Keys, Places
from optimiser.errors import Fault
from optimiser.problem import Problem
from optimiser.study.factors import Factor
from optimiser.study.settings import Design, StudySettings
from optimiser.texts import say

PER_FACTOR = 16  # bytes of a row: a number of the design, on disk and once more while it is written
PER_LISTED = 120  # bytes of a row for an occupation listed in a review: a line of the journal and a row of a table
PER_ROW = 4_000  # bytes of a row for everything else: outcomes, status, reasons
MOST_FRACTIONAL = 512  # factors: the largest Hadamard matrix that SALib makes


def planned(design: Design, factors: Sequence[Factor]) -> int:
    """Rows of a design, without the base row; 0 when that is for a file to say.

    Morris: (D + 1) N, Saltelli: (D + 2) N, or (2 D + 2) N with second order, for D factors or groups of them.
    """
    moved = len({factor.group for factor in factors}) if design.groups else len(factors)
    if design.kind == "one_at_a_time":
        return sum(len(set(one.values) - {one.base}) if one.kind == "lever" else 2 for one in factors)
    if design.kind == "grid":
        return math.prod(len(one.values) if one.kind == "lever" else max(len(design.positions), 1) for one in factors)
    if design.kind == "fractional":
        return 2 << (moved - 1).bit_length()
    if design.kind == "morris":
        return (design.trajectories or 0) * (moved + 1)
    if design.kind == "saltelli":
        return (design.samples or 0) * (2 * moved + 2 if design.second_order else moved + 2)
    return design.rows or 0


def row_bytes(problem: Problem, factors: Sequence[Factor]) -> int:
    """What a row may take on the disk, in bytes: its design and a list of the greatest length in every review."""
    listed = 0
    for region in problem.regions:
        length = problem.rules(region).list_length
        longest = len(problem.candidates[region])
        listed += min(longest, longest if length is None else length) * len(problem.reviews[region])
    return PER_ROW + PER_FACTOR * len(factors) + PER_LISTED * listed


def size(settings: StudySettings, problem: Problem, factors: Sequence[Factor], places: Places) -> Iterator[Fault]:
    """Is the design of a size that its mathematics and the disk of the working folder have room for?"""
    design = settings.design

    def fault(path: Keys, got: str, expected: str, hint: str) -> Fault:
        return Fault(*places.of(path), ".".join(map(str, path)), got, expected, hint)

    most = {"fractional": MOST_FRACTIONAL, "sobol": qmc.Sobol.MAXDIM, "saltelli": qmc.Sobol.MAXDIM // 2}
    if len(factors) > (limit := most.get(design.kind, len(factors))):
        yield fault(("design", "kind"), say("study_design.factors", n=len(factors)),
                    say("study_design.most_factors", kind=design.kind, n=limit), say("study_design.fewer_factors"))
        return
    if design.groups and len({factor.group for factor in factors}) < 2:
        yield fault(("design", "groups"), say("study_design.one_group"), say("study_design.two_groups"),
                    say("faults.remove_setting"))
    if design.kind == "grid" and not settings.levers and not design.positions:
        yield fault(("design",), say("study_design.nothing_in_grid"), say("study_design.something_moves"),
                    say("study_design.give_positions"))
    each, free = row_bytes(problem, factors), shutil.disk_usage(Path.cwd()).free
    if (rows := planned(design, factors)) * each > free:
        counted = next((name for name in ("rows", "trajectories", "samples") if getattr(design, name)), "kind")
        yield fault(("design", counted), say("study_design.rows_of", n=f"{rows:,}", each=f"{each:,}"),
                    say("study_design.rows_that_fit", n=f"{free // each:,}", free=f"{free / 1e9:,.1f}"),
                    say("study_design.fewer_rows"))
