"""Which complete design the rows of a sample are, told from the numbers themselves: Saltelli, Morris, fractional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from SALib.sample.ff import generate_contrast

SALTELLI, MORRIS, FRACTIONAL, ONE_AT_A_TIME = "saltelli", "morris", "fractional", "one_at_a_time"
GRID, FREE = "grid", "free"
SWEPT = 10


@dataclass(frozen=True)
class Layout:
    """How the rows of a sample hang together.

    Attributes
    ----------
    kind : str
        saltelli, morris, fractional, one_at_a_time, grid, or free: any other, to be treated as given data.
    block : int
        Rows that belong together: one base point of Saltelli's, one trajectory of Morris's; else 1.
    second : bool
        Whether Saltelli's rows allow second-order indices.
    names : tuple of str
        What indices are of: factors, or groups where the design moves groups.
    groups : tuple of str or None
        The group of every factor, where there are groups.
    """

    kind: str
    block: int
    second: bool
    names: tuple[str, ...]
    groups: tuple[str, ...] | None = None

    @property
    def random(self) -> bool:
        """Whether the rows are drawn at random, so that they show how often something happens."""
        return self.kind in (SALTELLI, FREE)

    @property
    def scattered(self) -> bool:
        """Whether any part of the rows is as good as another for trying what holds."""
        return self.kind in (SALTELLI, GRID, FREE)

    @property
    def growing(self) -> bool:
        """Whether a part of the rows, from the first on, is a smaller design of the same kind."""
        return self.random or self.kind == MORRIS

    def alone(self, rows: int) -> np.ndarray:
        """Which rows don't repeat others: of Saltelli's, the first (A) and the last (B) of every block."""
        place = np.arange(rows) % self.block
        return (place == 0) | (place == self.block - 1) if self.kind == SALTELLI else np.ones(rows, dtype=bool)

    def problem(self, x: pd.DataFrame) -> dict[str, Any]:
        """What SALib asks to be told about a design; bounds are those of the rows."""
        told: dict[str, Any] = {"num_vars": x.shape[1], "names": [str(name) for name in x.columns],
                                "bounds": [[float(x[name].min()), float(x[name].max())] for name in x]}
        return told | ({"groups": list(self.groups)} if self.groups else {})


def layout(x: pd.DataFrame, base: pd.Series | None = None, groups: Mapping[str, str] | None = None) -> Layout:
    """The complete design that the rows are, in their order.

    A design is known by what its rows have in common, so that a sample read from a file is recognised as well, and no
    formula is ever fed rows that it is not made for.

    Parameters
    ----------
    x : DataFrame, rows x factors
    base : Series, optional
        The factors of the base row; without it, rows that change one factor at a time can't be told.
    groups : mapping of str, optional
        The group of each factor, where the design moves groups of factors together.
    """
    names = [str(name) for name in x.columns]
    group_of = [groups[name] for name in names] if groups else names
    units = tuple(dict.fromkeys(group_of))
    member = np.array([[group == unit for group in group_of] for unit in units], dtype=bool).reshape(len(units), -1)
    kept = tuple(group_of) if groups else None
    rows, d = x.to_numpy(float), len(units)
    for second in (True, False):
        step = 2 * d + 2 if second else d + 2
        if d and len(rows) and len(rows) % step == 0 and _saltelli(rows.reshape(-1, step, x.shape[1]), member, second):
            return Layout(SALTELLI, step, second, units, kept)
    # steps of a single unit are like any other rows
    if d > 1 and len(rows) and len(rows) % (d + 1) == 0 and _morris(rows.reshape(-1, d + 1, x.shape[1]), member):
        return Layout(MORRIS, d + 1, False, units, kept)
    if _fractional(rows):
        return Layout(FRACTIONAL, 1, False, tuple(names))
    # a single factor moved over many values is a sample of it
    if base is not None and len(rows) and (len(names) > 1 or len(rows) <= SWEPT) and (
            (rows != base.to_numpy(float)).sum(axis=1) <= 1).all():
        return Layout(ONE_AT_A_TIME, 1, False, tuple(names))
    return Layout(GRID if _grid(rows) else FREE, 1, False, tuple(names))


def _grid(rows: np.ndarray) -> bool:
    """Whether the rows are all combinations of a few values of each factor."""
    number = []
    for column in rows.T:
        number.append(len(np.unique(column)))
        if number[-1] >= len(rows):
            return False
    return len(rows) > 1 and prod(number) == len(rows) == len(np.unique(rows, axis=0))


def _saltelli(blocks: np.ndarray, member: np.ndarray, second: bool) -> bool:
    """Whether every block is A, then A with one unit from B each, (then B with one from A each,) then B."""
    a, b = blocks[:, 0], blocks[:, -1]
    d = len(member)
    if (a == b).all():
        return False
    mixed = all((blocks[:, j + 1] == np.where(member[j], b, a)).all() for j in range(d))
    return mixed and (not second or all((blocks[:, d + j + 1] == np.where(member[j], a, b)).all() for j in range(d)))


def _morris(blocks: np.ndarray, member: np.ndarray) -> bool:
    """Whether every step of every trajectory changes one unit, and each unit is changed once."""
    changed = (np.diff(blocks, axis=1) != 0) @ member.T.astype(int) > 0
    return bool((changed.sum(axis=1) == 1).all() and (changed.sum(axis=2) == 1).all())


def _fractional(rows: np.ndarray) -> bool:
    """Whether the rows are SALib's two-level fraction: the signs of a Hadamard matrix and their mirror image."""
    d = rows.shape[1]
    if d < 2 or d > 512:
        return False
    signs = generate_contrast({"num_vars": d})[:, :d]
    middle = (rows.min(axis=0) + rows.max(axis=0)) / 2 if len(rows) else np.zeros(d)
    return rows.shape == signs.shape and bool((np.sign(rows - middle) == signs).all()) and all(
        len(np.unique(rows[:, j])) == 2 for j in range(d))
