"""The same model by way of Pyomo, and where it differs from the one in light columns: nowhere, or nothing is solved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np

from optimiser.model.frame import Frame
from optimiser.model.handover import Handed, hand_over
from optimiser.model.in_pyomo import InPyomo
from optimiser.solver import Stage

LAST_DIGITS = 1e-14  # relative; the two add the terms of a sum in different orders


def by_pyomo(frame: Frame) -> Handed:
    """The model of a frame, built in Pyomo and written by Pyomo's own compiler."""
    return hand_over(frame, InPyomo)


def differences(light: Handed, reference: Handed) -> Iterator[str]:
    """What of a model is not the same as in its reference: rows and columns by name, everything else by its kind."""
    for name in ("rows", "columns", "parts"):
        if getattr(light, name) != getattr(reference, name):
            yield name
            return
    one, other = light.program, reference.program
    for name in ("col_lower", "col_upper", "integer"):
        for i in np.flatnonzero(~_close(getattr(one, name), getattr(other, name))):
            yield f"{name} of {one.col_names[i]}"
    sides = _close(one.row_lower, other.row_lower) & _close(one.row_upper, other.row_upper)
    apart: Any = (one.matrix - other.matrix).tocoo()
    sizes = np.asarray(abs(other.matrix).max(axis=1).todense()).ravel()
    sides[apart.row[abs(apart.data) > LAST_DIGITS * sizes[apart.row]]] = False
    for i in np.flatnonzero(~sides):
        yield one.row_names[i]
    for first, second in zip_longest(one.stages, other.stages):
        if first is None or second is None:
            yield "stages"
        elif not _same(first, second):
            yield f"aim {first.name}"


def _same(one: Stage, other: Stage) -> bool:
    """Whether two stages minimise and keep the same."""
    same_parts = len(one.parts) == len(other.parts) and all(
        np.all(_close(mine, theirs)) for parts in zip(one.parts, other.parts, strict=True)
        for mine, theirs in zip(*parts, strict=True))
    return (same_parts and (one.name, one.proof, one.passing) == (other.name, other.proof, other.passing)
            and bool(_close(one.cost, other.cost).all() and _close(one.constant, other.constant)))


def _close(one: np.ndarray | float, other: np.ndarray | float) -> np.ndarray:
    return np.isclose(one, other, rtol=LAST_DIGITS, atol=0)
